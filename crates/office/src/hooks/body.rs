//! What a message says: made when it is sent, so that it has nothing that was erased meanwhile.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::host::Shown;
use crate::audit::{masked, masked_name};
use crate::entry::{Place, Subject};
use crate::web::Happened;

/// The call, with no more of its caller than that.
fn call(subject: &Subject, uuid: &str, place: Place, shown: Shown) -> Value {
    let mut subject = subject.clone();
    if shown != Shown::All {
        subject.note.clear();
    }
    match shown {
        Shown::All => {}
        Shown::Masked => {
            subject.caller_name = masked_name(&subject.caller_name);
            subject.caller_number = masked(&subject.caller_number);
        }
        Shown::Nothing => {
            subject.caller_name.clear();
            subject.caller_number.clear();
        }
    }
    let mut call = Map::new();
    call.insert("uuid".to_owned(), uuid.into());
    call.insert("lot".to_owned(), place.lot.into());
    call.insert("orbit".to_owned(), place.orbit.into());
    if let Ok(Value::Object(subject)) = serde_json::to_value(subject) {
        call.extend(subject);
    }
    Value::Object(call)
}

/// What has happened: `{"type":…,"timestamp":…,"data":{…}}`.
pub(super) fn event(node: &str, event: &Happened, subject: &Subject, shown: Shown) -> Value {
    let place = Place { lot: event.lot.clone(), orbit: event.orbit.clone() };
    message(
        &event.action,
        event.at_ms,
        json!({
            "seq": event.seq,
            "at_ms": event.at_ms,
            "node": node,
            "action": event.action,
            "uuid": event.uuid,
            "from_uuid": event.from_uuid,
            "lot": event.lot,
            "orbit": event.orbit,
            "outcome": event.outcome,
            "retriever": event.retriever,
            "reason": event.reason,
            "step": event.step,
            "wait_ms": event.wait_ms,
            "call": call(subject, &event.uuid, place, shown),
        }),
    )
}

/// A question about a call.
pub(super) fn question(
    node: &str,
    at_ms: i64,
    (uuid, place): (&str, &Place),
    subject: &Subject,
    shown: Shown,
) -> Value {
    let mut data = call(subject, uuid, place.clone(), shown);
    data["node"] = node.into();
    message("question", at_ms, data)
}

fn message(what: &str, at_ms: i64, data: Value) -> Value {
    let timestamp = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    json!({ "type": format!("callpark.{what}"), "timestamp": timestamp.to_string(), "data": data })
}
