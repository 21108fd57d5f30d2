//! `at <time>`: who waited where at that moment.

use rusqlite::params;
use serde::Serialize;

use super::{MOST_ROWS, Reader};
use crate::entry::Place;
use crate::journal::{Call, Failure, table};

const DAY_MS: i64 = 86_400_000;

/// A call that was waiting at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Waited {
    /// Where it was then.
    pub then: Place,
    /// For how long it had waited then, in ms.
    pub waited_ms: i64,
    /// The whole call, as it went on. In JSON, its `lot` and `orbit` are the latest.
    #[serde(flatten)]
    pub call: Call,
}

impl Reader {
    /// The calls that were waiting at that moment, in ms since 1970; longest waiting first, and at most 1,000.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it takes longer than it may.
    pub fn at(&self, at_ms: i64) -> Result<Vec<Waited>, Failure> {
        // A range of the index over the times of parking would begin at the first call ever. Calls of more than a day are few
        // and have an index of their own, and so have those that are waiting.
        // The indexes are named, because SQLite does not know how few calls those are.
        let sql = format!(
            "WITH found(id) AS (\
             SELECT id FROM call INDEXED BY call_by_time \
             WHERE parked_at_ms > ?1 - ?2 AND parked_at_ms <= ?1 AND wait_ms <= ?2 AND ended_at_ms > ?1 \
             UNION ALL SELECT id FROM call INDEXED BY call_long \
             WHERE wait_ms > 86400000 AND parked_at_ms <= ?1 AND ended_at_ms > ?1 \
             UNION ALL SELECT id FROM call INDEXED BY call_waiting WHERE ended_at_ms IS NULL AND parked_at_ms <= ?1) \
             SELECT {columns} FROM found CROSS JOIN call USING (id) ORDER BY parked_at_ms, id LIMIT ?3",
            columns = table::COLUMNS
        );
        self.ask(|connection| {
            let mut statement = connection.prepare(&sql)?;
            let limit = i64::try_from(MOST_ROWS).unwrap_or(i64::MAX);
            let calls = statement.query_map(params![at_ms, DAY_MS, limit], |row| {
                let call = table::read(row)?;
                Ok(Waited {
                    then: call.place_at(at_ms).clone(),
                    waited_ms: at_ms.saturating_sub(call.subject.parked_at_ms),
                    call,
                })
            })?;
            Ok(calls.collect::<rusqlite::Result<_>>()?)
        })
    }
}
