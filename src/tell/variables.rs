//! The variables of a channel in which dialplans and CDRs find what became of a call.

use crate::park::{Action, ParkEvent, Refusal};
use crate::switch::{Channel, Session, log};

const PARKER: &str = "callpark_parker";
/// What we found out for an earlier park of the same call, and wrote into `callpark_parker` for its CDR.
pub(crate) const PARKER_FOUND: &str = "callpark_parker_found";

/// What CDRs and later dialplan see of that event.
pub(super) fn set(session: Session<'_>, event: &ParkEvent) {
    let channel = session.channel();
    let set = |name: &str, value: &str| channel.set_variable(name, Some(value));
    match event.action {
        Action::Park | Action::Move | Action::Replace => {
            set("callpark_lot", &event.lot.to_string());
            if let Some(orbit) = &event.orbit {
                set("callpark_orbit", orbit.as_str());
            }
            write_parker(channel, event.parker.as_deref());
            set("callpark_parked_at", &event.parked_at_epoch_ms.to_string());
            if event.action != Action::Move {
                for stale in [
                    "callpark_outcome",
                    "callpark_wait_ms",
                    "callpark_retriever",
                    "callpark_reason",
                ] {
                    channel.set_variable(stale, None);
                }
            }
        }
        _ => {}
    }
    if let Some(outcome) = event.outcome {
        set("callpark_outcome", outcome.as_str());
        set("callpark_wait_ms", &event.wait_ms.to_string());
        channel.set_variable("callpark_retriever", retriever(event).as_deref());
        channel.set_variable("callpark_reason", event.reason.as_deref());
    }
}

fn retriever(event: &ParkEvent) -> Option<String> {
    event.retriever.as_deref().map(str::to_owned)
}

pub(crate) fn named_parker(channel: Channel<'_>) -> Option<String> {
    let named = channel.variable(PARKER)?;
    (channel.variable(PARKER_FOUND).as_ref() != Some(&named)).then_some(named)
}

/// Writes the parker on a channel, for its CDR. The next park of that channel does not take this for a name that the dialplan
/// gave, unless it was one.
fn write_parker(channel: Channel<'_>, parker: Option<&str>) {
    if named_parker(channel).is_none_or(|named| Some(named.as_str()) != parker) {
        channel.set_variable(PARKER_FOUND, parker);
    }
    channel.set_variable(PARKER, parker);
}

/// Says in `callpark_status` how an application ended, and in the log if it did not do what it was asked.
pub(crate) fn report(
    session: Session<'_>,
    application: &str,
    data: &str,
    result: Result<&str, Refusal>,
) {
    let code = match result {
        Ok(status) => status,
        Err(refusal) => {
            log::notice(
                Some(&session.uuid()),
                format_args!(
                    "{application}({data}): {}: {refusal}; the dialplan goes on",
                    refusal.code()
                ),
            );
            refusal.code()
        }
    };
    session.channel().set_variable("callpark_status", Some(code));
}
