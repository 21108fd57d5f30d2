//! An entry as it is in the file: numbered, and with only what has changed.

use serde::{Deserialize, Serialize};

use crate::entry::{Action, Entry, Outcome, Place, Step, Subject};

/// One row of the table `entry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) at_ms: i64,
    pub(crate) action: Action,
    pub(crate) place: Place,
    pub(crate) detail: Detail,
}

/// The column `json`. What is absent is empty, or as in the entry before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Detail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Subject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deadline_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) capacity: Option<u32>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) wait_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) retriever: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) retriever_uuid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<Step>,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Detail {
    /// There is no retriever.
    pub(crate) fn nobody(&self) -> bool {
        self.retriever.is_empty() && self.retriever_uuid.is_empty()
    }
}

impl Row {
    /// The entry as a row, after a call that is known by this much. `subject` is what may be written of its caller.
    pub(crate) fn of(entry: &Entry, subject: Subject, known: Option<(&str, &Subject)>) -> Self {
        let uuid = known.is_none_or(|(uuid, _)| uuid != entry.uuid).then(|| entry.uuid.clone());
        let subject = known.is_none_or(|(_, before)| *before != subject).then_some(subject);
        Row {
            at_ms: entry.at_ms,
            action: entry.action,
            place: entry.place.clone(),
            detail: Detail {
                uuid,
                subject,
                deadline_ms: entry.deadline_ms,
                capacity: entry.capacity,
                wait_ms: entry.wait_ms,
                outcome: entry.outcome,
                retriever: entry.retriever.clone(),
                retriever_uuid: entry.retriever_uuid.clone(),
                reason: entry.reason.clone(),
                rule: entry.rule.clone(),
                step: entry.step.clone(),
            },
        }
    }
}
