//! What has happened since an entry.

use rusqlite::{OptionalExtension, params};

use super::Reader;
use crate::entry::Action;
use crate::journal::{Failure, row::Detail, table};
use crate::web::Happened;

impl Reader {
    /// The entries behind that one, at most so many, in their order.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it takes longer than it may.
    pub fn since(&self, seq: i64, most: usize) -> Result<Vec<Happened>, Failure> {
        const SQL: &str = "SELECT entry.seq, at_ms, action, entry.lot, entry.orbit, json, uuid, call_id \
             FROM entry LEFT JOIN call ON call.id = entry.call_id WHERE entry.seq > ? ORDER BY entry.seq LIMIT ?";
        const BEFORE: &str = "SELECT json ->> 'uuid' FROM entry WHERE call_id = ? AND seq < ? AND json ->> 'uuid' IS NOT NULL \
             ORDER BY seq DESC LIMIT 1";
        self.ask(|connection| {
            let mut statement = connection.prepare(SQL)?;
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![seq, most], |row| {
                let action: Action = row.get(2)?;
                let detail: Detail = table::from_json(row, 5)?;
                let latest: Option<String> = row.get(6)?;
                let call_id: Option<i64> = row.get(7)?;
                let some = |text: String| (!text.is_empty()).then_some(text);
                let happened = Happened {
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
                Ok((happened, call_id.filter(|_| action == Action::Replace)))
            })?;
            let mut found = Vec::new();
            for row in rows {
                let (mut happened, replaced) = row?;
                if let Some(call) = replaced {
                    let mut before = connection.prepare_cached(BEFORE)?;
                    let before = before.query_row(params![call, happened.seq], |row| row.get(0));
                    happened.from_uuid = before.optional()?;
                }
                found.push(happened);
            }
            Ok(found)
        })
    }
}
