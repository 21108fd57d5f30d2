//! Questions about parked calls, to whom knows the caller: `<question>`. Each is asked once, and its answer comes in time or not
//! at all.

use std::sync::Arc;

use hyper::body::Bytes;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};

use super::body;
use super::client::{Patience, post};
use super::host::{Shown, Suggestion};
use super::settings::Question;
use super::signature;
use super::thread::Shared;
use crate::entry::{Entry, Place, Subject};
use crate::journal::deliveries::is_among;
use crate::journal::now_ms;

/// How many questions are asked at the same time.
const AT_ONCE: usize = 16;
/// How many calls wait for theirs.
pub(super) const MOST_WAITING: usize = 256;

/// A call that is being parked.
pub(super) struct Asked {
    at_ms: i64,
    uuid: String,
    place: Place,
    subject: Subject,
}

impl Asked {
    pub(super) fn about(entry: &Entry) -> Self {
        Asked {
            at_ms: entry.at_ms,
            uuid: entry.uuid.clone(),
            place: entry.place.clone(),
            subject: entry.subject.clone(),
        }
    }
}

/// Asks until the thread ends.
pub(super) async fn run(shared: Arc<Shared>, mut calls: mpsc::Receiver<Asked>) {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(asked) = calls.recv().await {
        let asked = Arc::new(asked);
        let settings = shared.settings.borrow().clone();
        for question in &settings.questions {
            let reader = &question.hook.reader;
            let lot = &asked.place.lot;
            if !is_among(&reader.lots, reader.domain.as_deref(), lot) {
                continue;
            }
            let Some(shown) = shared.setup.host.shown(reader, lot) else { continue };
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
            let (shared, question, asked) =
                (Arc::clone(&shared), question.clone(), Arc::clone(&asked));
            tokio::spawn(async move {
                let _permit = permit;
                ask(&shared, &question, &asked, shown).await;
            });
        }
    }
}

async fn ask(shared: &Shared, question: &Question, asked: &Asked, shown: Shown) {
    let hook = &question.hook;
    let name = hook.name.as_str();
    let answered = answer(shared, question, asked, shown).await;
    shared.attempted(name, answered.as_ref().err().map(String::as_str));
    let Ok(Some((suggestion, wrong))) = answered else { return };
    let (uuid, parked_at_ms) = (&asked.uuid, asked.subject.parked_at_ms);
    let suggested = match suggestion.is_empty() {
        true => Ok(()),
        false => {
            let host = &shared.setup.host;
            host.suggested(name, &hook.reader, uuid, parked_at_ms, suggestion)
        }
    };
    // The endpoint is well, and its answer is not: the next one may be.
    if let Some(wrong) = wrong.or(suggested.err()) {
        shared.state(name, |state| state.error = Some(wrong));
    }
}

/// What the answer says, and what of it is of no use.
type Answered = Result<Option<(Suggestion, Option<String>)>, String>;

async fn answer(shared: &Shared, question: &Question, asked: &Asked, shown: Shown) -> Answered {
    let hook = &question.hook;
    let call = (asked.uuid.as_str(), &asked.place);
    let node = &shared.setup.node;
    let text = body::question(node, asked.at_ms, call, &asked.subject, shown).to_string();
    let id = format!("qst_{}_{}", asked.uuid, asked.subject.parked_at_ms);
    let headers = signature::headers(&hook.secret, &id, now_ms() / 1_000, text.as_bytes());
    let within = shared.setup.answer_within;
    let patience = Patience { whole: within, body: within };
    let answer = post(&shared.trust, hook, &headers, Bytes::from(text), patience).await?;
    if !answer.status.is_success() {
        return Err(format!("{} answers {}", hook.endpoint, answer.status.as_u16()));
    }
    if answer.body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let Value::Object(value) = value else {
        return Err(format!("{} does not answer with a JSON object", hook.endpoint));
    };
    Ok(Some(read(&value)))
}

/// What an answer says. Keys that are not known mean nothing.
fn read(value: &serde_json::Map<String, Value>) -> (Suggestion, Option<String>) {
    let mut wrong = None;
    let mut text = |key: &str| match value.get(key) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) if key == "priority" => Some(number.to_string()),
        Some(_) => {
            wrong = Some(format!("the value of {key} in the answer has another type"));
            None
        }
    };
    let suggestion = Suggestion {
        name: text("name"),
        priority: text("priority"),
        addressed_to: text("for"),
        note: text("note"),
    };
    (suggestion, wrong)
}
