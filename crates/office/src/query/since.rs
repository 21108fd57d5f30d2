//! What has happened since an entry.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Reader;
use crate::entry::{Action, Subject};
use crate::journal::{Failure, row::Detail, table};
use crate::web::Happened;

/// The columns of an entry, joined with its call, that [`read`] reads.
pub(super) const COLUMNS: &str =
    "entry.seq, at_ms, action, entry.lot, entry.orbit, json, uuid, entry.call_id";

/// An entry from [`COLUMNS`], which come first, and what else it has.
pub(super) fn read(
    connection: &Connection,
    row: &Row<'_>,
) -> rusqlite::Result<(Happened, Option<Subject>)> {
    const BEFORE: &str = "SELECT json ->> 'uuid' FROM entry WHERE call_id = ? AND seq < ? AND json ->> 'uuid' IS NOT NULL \
         ORDER BY seq DESC LIMIT 1";
    let action: Action = row.get(2)?;
    let detail: Detail = table::from_json(row, 5)?;
    let latest: Option<String> = row.get(6)?;
    let call_id: Option<i64> = row.get(7)?;
    let some = |text: String| (!text.is_empty()).then_some(text);
    let mut happened = Happened {
        seq: row.get(0)?,
        at_ms: row.get(1)?,
        action: action.as_str().to_owned(),
        lot: row.get(3)?,
        orbit: row.get(4)?,
        uuid: detail.uuid.or(latest).unwrap_or_default(),
        from_uuid: None,
        outcome: detail.outcome.map(|outcome| outcome.as_str().to_owned()),
        retriever: some(detail.retriever),
        reason: some(detail.reason),
        step: detail.step,
        wait_ms: detail.wait_ms,
        seen: None,
    };
    if let Some(call) = call_id.filter(|_| action == Action::Replace) {
        let mut before = connection.prepare_cached(BEFORE)?;
        let before = before.query_row(params![call, happened.seq], |row| row.get(0));
        happened.from_uuid = before.optional()?;
    }
    Ok((happened, detail.subject))
}

impl Reader {
    /// The entries behind that one, at most so many, in their order.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it takes longer than it may.
    pub fn since(&self, seq: i64, most: usize) -> Result<Vec<Happened>, Failure> {
        let sql = format!(
            "SELECT {COLUMNS} FROM entry LEFT JOIN call ON call.id = entry.call_id WHERE entry.seq > ? ORDER BY entry.seq LIMIT ?"
        );
        self.ask(|connection| {
            let mut statement = connection.prepare(&sql)?;
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let found = statement.query_map(params![seq, most], |row| read(connection, row))?;
            let found = found.map(|found| found.map(|(happened, _)| happened));
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }
}
