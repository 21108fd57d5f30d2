//! The projection: what the entries of one call add up to. Nothing here knows the file.

use serde::{Deserialize, Serialize};

use super::row::Row;
use crate::entry::{Action, Outcome, Place, Step, StepResult, Subject};

/// One parked call, from its park to its outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "web", schema(as = PastCall))]
pub struct Call {
    /// The number of the entry with which it began.
    pub id: i64,
    /// The node that held it.
    pub node: String,
    /// Its channel; after a replacement, the latest.
    pub uuid: String,
    /// The latest lot and orbit.
    #[serde(flatten)]
    pub place: Place,
    /// Who called whom, who parked.
    #[serde(flatten)]
    pub subject: Subject,
    /// When the return steps start, in ms since 1970.
    pub deadline_ms: Option<i64>,
    /// How many orbits the lot had when the call was parked.
    pub capacity: Option<u32>,
    /// When it ended, in ms since 1970. None: it is waiting.
    pub ended_at_ms: Option<i64>,
    /// For how long it was parked, in ms.
    pub wait_ms: Option<i64>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why it ended so.
    pub reason: String,
    /// Who took it, `user@domain`, or empty.
    pub retriever: String,
    /// The channel of the retriever, or empty.
    pub retriever_uuid: String,
    /// The places where it was before the latest one.
    pub earlier: Vec<Stay>,
    /// The return steps that were tried, each with its latest result.
    pub steps: Vec<Tried>,
    /// The claims that were given back.
    pub given_back: Vec<GivenBack>,
    /// It was parked again after a restart.
    pub recovered: bool,
    /// Its beginning is missing, because the journal had no room for it.
    pub partial: bool,
}

/// A place that a call has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Stay {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// Until when, in ms since 1970.
    pub until_ms: i64,
}

/// One attempt of a return step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Tried {
    /// Which, and what became of it.
    #[serde(flatten)]
    pub step: Step,
    /// Somebody answered.
    #[serde(default)]
    pub answered: bool,
    /// When it started, in ms since 1970.
    pub at_ms: i64,
    /// Why it failed or was skipped, or empty.
    #[serde(default)]
    pub reason: String,
}

/// A claim that was given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct GivenBack {
    /// By whom, `user@domain`, or empty.
    pub retriever: String,
    /// When, in ms since 1970.
    pub at_ms: i64,
    /// Why, or empty.
    #[serde(default)]
    pub reason: String,
}

/// How many attempts, claims and places one call keeps. A call that goes round in circles for days keeps the latest.
const MOST: usize = 200;

impl Call {
    /// The call that begins with this entry.
    pub(crate) fn begun_by(id: i64, node: &str, row: &Row) -> Self {
        Call {
            id,
            node: node.to_owned(),
            place: row.place.clone(),
            partial: row.action != Action::Park,
            ..Call::default()
        }
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, row: &Row) {
        let detail = &row.detail;
        if let Some(uuid) = &detail.uuid {
            self.uuid.clone_from(uuid);
        }
        if let Some(subject) = &detail.subject {
            self.subject.clone_from(subject);
        }
        if self.place != row.place {
            let place = std::mem::replace(&mut self.place, row.place.clone());
            push(&mut self.earlier, Stay { place, until_ms: row.at_ms });
        }
        self.deadline_ms = detail.deadline_ms;
        self.capacity = detail.capacity.or(self.capacity);
        if let Some(step) = &detail.step {
            self.tried(step, row);
        }
        if row.action == Action::Resume && !detail.nobody() {
            let retriever = match detail.retriever.as_str() {
                "" => detail.retriever_uuid.clone(),
                known => known.to_owned(),
            };
            let given = GivenBack { retriever, at_ms: row.at_ms, reason: detail.reason.clone() };
            push(&mut self.given_back, given);
        }
        if let Some(outcome) = detail.outcome {
            self.outcome = Some(outcome);
            self.ended_at_ms = Some(row.at_ms);
            self.wait_ms = Some(detail.wait_ms);
            self.reason.clone_from(&detail.reason);
            self.retriever.clone_from(&detail.retriever);
            self.retriever_uuid.clone_from(&detail.retriever_uuid);
            self.deadline_ms = None;
        } else if row.action == Action::Recover {
            self.recovered = true;
        }
    }

    fn tried(&mut self, step: &Step, row: &Row) {
        use StepResult::{Answered, Declined, Took};
        let answered = matches!(step.result, Answered | Declined | Took);
        let latest = self.steps.last_mut().filter(|latest| {
            let running = matches!(latest.step.result, StepResult::Started | StepResult::Answered);
            running && step.result != StepResult::Started && latest.step.number == step.number
        });
        match latest {
            Some(latest) => {
                latest.step.result = step.result;
                latest.answered |= answered;
                latest.reason.clone_from(&row.detail.reason);
            }
            None => {
                let reason = row.detail.reason.clone();
                let tried = Tried { step: step.clone(), answered, at_ms: row.at_ms, reason };
                push(&mut self.steps, tried);
            }
        }
    }

    /// Where the call was at that moment.
    #[must_use]
    pub fn place_at(&self, at_ms: i64) -> &Place {
        let left = self.earlier.iter().find(|stay| stay.until_ms > at_ms);
        left.map_or(&self.place, |stay| &stay.place)
    }
}

fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= MOST {
        list.remove(0);
    }
    list.push(item);
}
