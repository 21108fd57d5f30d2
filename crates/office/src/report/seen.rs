//! A call as reports see it: only what they need, read without copying.

use rusqlite::Row as SqlRow;

use super::Scope;
use crate::entry::{Outcome, Subject};
use crate::journal::{GivenBack, Stay, Tried, table};

/// The columns that [`Seen::of`] reads.
pub(super) const COLUMNS: &str = "lot, orbit, caller_number, parker, parked_at_ms, capacity, ended_at_ms, wait_ms, outcome, \
     retriever, earlier, steps, given_back";

/// A call in a report.
pub(super) struct Seen<'a> {
    pub(super) lot: &'a str,
    pub(super) orbit: &'a str,
    pub(super) caller_number: &'a str,
    pub(super) parker: &'a str,
    pub(super) parked_at_ms: i64,
    pub(super) capacity: Option<u32>,
    pub(super) ended_at_ms: Option<i64>,
    pub(super) wait_ms: Option<i64>,
    pub(super) outcome: Option<Outcome>,
    pub(super) retriever: &'a str,
    row: &'a SqlRow<'a>,
}

impl<'a> Seen<'a> {
    pub(super) fn of(row: &'a SqlRow<'a>) -> rusqlite::Result<Self> {
        Ok(Seen {
            lot: row.get_ref(0)?.as_str()?,
            orbit: row.get_ref(1)?.as_str()?,
            caller_number: row.get_ref(2)?.as_str()?,
            parker: row.get_ref(3)?.as_str()?,
            parked_at_ms: row.get(4)?,
            capacity: row.get(5)?,
            ended_at_ms: row.get(6)?,
            wait_ms: row.get(7)?,
            outcome: row.get(8)?,
            retriever: row.get_ref(9)?.as_str()?,
            row,
        })
    }

    pub(super) fn earlier(&self) -> rusqlite::Result<Vec<Stay>> {
        self.list(10)
    }

    pub(super) fn steps(&self) -> rusqlite::Result<Vec<Tried>> {
        self.list(11)
    }

    pub(super) fn given_back(&self) -> rusqlite::Result<Vec<GivenBack>> {
        self.list(12)
    }

    fn list<T: serde::de::DeserializeOwned>(&self, index: usize) -> rusqlite::Result<Vec<T>> {
        // Most are, and reading JSON takes longer than reading the rest of the row.
        if self.row.get_ref(index)?.as_str()? == "[]" {
            return Ok(Vec::new());
        }
        table::from_json(self.row, index)
    }
}

/// Somebody took the call: a retriever, or a return step.
pub(super) fn came(outcome: Option<Outcome>) -> bool {
    matches!(outcome, Some(Outcome::Retrieved | Outcome::Returned))
}

/// The caller did not wait any longer.
pub(super) fn gave_up(outcome: Option<Outcome>) -> bool {
    matches!(outcome, Some(Outcome::Abandoned | Outcome::Left | Outcome::Callback))
}

/// A call that was refused.
pub(super) struct Refused {
    pub(super) lot: String,
    pub(super) reason: String,
    pub(super) capacity: Option<u32>,
    domain: String,
}

impl Refused {
    /// `None`: it was a retriever who was refused.
    pub(super) fn of(row: &SqlRow<'_>) -> rusqlite::Result<Option<Self>> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Detail {
            reason: String,
            capacity: Option<u32>,
            subject: Subject,
            retriever_uuid: String,
        }
        let detail: Detail = table::from_json(row, 2)?;
        let Detail { reason, capacity, subject, retriever_uuid } = detail;
        if !retriever_uuid.is_empty() {
            return Ok(None);
        }
        Ok(Some(Refused { lot: row.get(1)?, reason, capacity, domain: subject.domain }))
    }

    pub(super) fn is_in(&self, scope: &Scope) -> bool {
        scope.lot.as_ref().is_none_or(|lot| *lot == self.lot)
            && scope.domain.as_ref().is_none_or(|domain| *domain == self.domain)
    }
}
