//! Which calls had no end when the file was opened: those that a crash has left.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::call::Call;
use super::failure::Failure;
use super::table;

/// What a file knew when it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The calls of this node that had no end, oldest first.
    pub unfinished: Vec<Unfinished>,
    /// What was [kept](crate::journal::Journal::keep), by its name.
    pub kept: BTreeMap<String, String>,
}

/// A call without an end, with all that is needed to park it again. Record [`Action::Recover`](crate::entry::Action) when it
/// is, or with the outcome `lost` when it is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unfinished {
    /// What the journal knows. `subject` has the caller's name and number even if `history-callers` says to write down less.
    #[serde(flatten)]
    pub call: Call,
    /// The round of return steps had begun: the latest step, 1 for the first.
    pub step: Option<u32>,
}

impl Unfinished {
    /// The deadline after a restart: what was left, and at least `least_ms`, in ms since 1970. None: never.
    #[must_use]
    pub fn deadline_from(&self, now_ms: i64, least_ms: i64) -> Option<i64> {
        Some(self.call.deadline_ms?.max(now_ms.saturating_add(least_ms)))
    }
}

/// The calls of that node without an end, oldest first.
pub(super) fn unfinished(connection: &Connection, node: &str) -> Result<Vec<Unfinished>, Failure> {
    let sql = format!(
        "SELECT {} FROM call WHERE ended_at_ms IS NULL AND node = ? ORDER BY id",
        table::COLUMNS
    );
    let mut statement = connection.prepare(&sql)?;
    let calls: rusqlite::Result<Vec<Call>> = statement.query_map([node], table::read)?.collect();
    let mut held =
        connection.prepare("SELECT caller_name, caller_number FROM held WHERE call_id = ?")?;
    let mut found = Vec::new();
    for mut call in calls? {
        let caller =
            held.query_row(params![call.id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if let Some((name, number)) = caller {
            call.subject.caller_name = name;
            call.subject.caller_number = number;
        }
        let step = call.steps.last().map(|tried| tried.step.number);
        found.push(Unfinished { call, step });
    }
    Ok(found)
}
