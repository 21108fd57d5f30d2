//! What is to be sent to webhooks now.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, params};

use super::Reader;
use super::since::{COLUMNS, read};
use crate::entry::Subject;
use crate::journal::Failure;
use crate::web::Happened;

/// An entry that is to be sent.
#[derive(Clone)]
pub(crate) struct Due {
    pub(crate) seq: i64,
    /// How often it was tried.
    pub(crate) attempts: usize,
    /// Since when it has waited, in ms since 1970.
    pub(crate) queued_ms: i64,
    pub(crate) happened: Happened,
    /// What the journal knows now of the call.
    pub(crate) subject: Subject,
}

/// What there is to do for one webhook.
pub(crate) struct Work {
    /// At most as much as was asked for.
    pub(crate) due: Vec<Due>,
    /// When something is due next, in ms since 1970.
    pub(crate) next_ms: Option<i64>,
}

impl Reader {
    /// What tells the entries of this file from those of every other one.
    pub(crate) fn journal_id(&self) -> Result<String, Failure> {
        let sql = "SELECT json ->> '$' FROM kept WHERE name = 'journal'";
        self.ask(|connection| Ok(connection.query_row(sql, [], |row| row.get(0))?))
    }

    /// What is due for each of these webhooks, at most so much, except for what is being sent.
    pub(crate) fn due(
        &self,
        hooks: &[(&str, usize, &HashSet<i64>)],
        now_ms: i64,
    ) -> Result<Vec<Work>, Failure> {
        let sql = format!(
            "SELECT {COLUMNS}, attempts, queued_ms, caller_name, caller_number, did, parker, addressed_to, priority, note, \
             parked_at_ms, domain \
             FROM outbox JOIN entry ON entry.seq = outbox.seq LEFT JOIN call ON call.id = entry.call_id \
             WHERE outbox.hook = ? AND state = 'waiting' AND due_ms <= ? ORDER BY due_ms, outbox.seq LIMIT ?"
        );
        const NEXT: &str = "SELECT min(due_ms) FROM outbox WHERE hook = ? AND state = 'waiting' AND due_ms > ? AND due_ms < ?";
        self.ask(|connection| {
            let mut all = Vec::with_capacity(hooks.len());
            for (hook, most, busy) in hooks {
                let next_ms = connection
                    .prepare_cached(NEXT)?
                    .query_row(params![hook, now_ms, i64::MAX], |row| row.get::<_, Option<i64>>(0))
                    .optional()?
                    .flatten();
                let mut due = Vec::new();
                if *most > 0 {
                    let asked = i64::try_from(most + busy.len()).unwrap_or(i64::MAX);
                    let mut statement = connection.prepare_cached(&sql)?;
                    let mut rows = statement.query(params![hook, now_ms, asked])?;
                    while let Some(row) = rows.next()? {
                        let seq: i64 = row.get(0)?;
                        if due.len() >= *most || busy.contains(&seq) {
                            continue;
                        }
                        let (happened, own) = read(connection, row)?;
                        // An entry of no call has its subject itself.
                        let subject = match row.get::<_, Option<String>>(10)? {
                            None => own.unwrap_or_default(),
                            Some(caller_name) => Subject {
                                caller_name,
                                caller_number: row.get(11)?,
                                did: row.get(12)?,
                                parker: row.get(13)?,
                                addressed_to: row.get(14)?,
                                priority: row.get(15)?,
                                note: row.get(16)?,
                                parked_at_ms: row.get(17)?,
                                domain: row.get(18)?,
                            },
                        };
                        let (attempts, queued_ms): (i64, i64) = (row.get(8)?, row.get(9)?);
                        let attempts = usize::try_from(attempts).unwrap_or_default();
                        due.push(Due { seq, attempts, queued_ms, happened, subject });
                    }
                }
                all.push(Work { due, next_ms });
            }
            Ok(all)
        })
    }
}
