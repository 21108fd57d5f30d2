//! Erasing callers: their names and numbers, and what was noted about their calls. That a call was parked stays.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use serde::Serialize;

use super::failure::Failure;
use super::jobs::from_entries;
use super::row::Detail;
use super::{callers, table};
use crate::entry::Subject;

/// How many entries or calls are looked at in one transaction.
const SLICE: i64 = 1_000;

/// What was found of a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// How many calls that have ended.
    pub calls: u64,
    /// How many calls that were not parked.
    pub refused: u64,
    /// How many calls that are waiting, and keep their caller until they end.
    pub waiting: u64,
}

/// Erases a caller, or all callers of a lot.
pub(super) struct Erase {
    whom: Whom,
    calls: BTreeSet<i64>,
    waiting: BTreeSet<i64>,
    pub(super) erased: Erased,
}

enum Whom {
    /// The caller with that number, in entries from `next` on.
    Number { number: String, next: i64 },
    /// Everybody who called before that moment.
    Lot { lot: String, before_ms: i64 },
}

impl Erase {
    pub(super) fn number(number: String) -> Self {
        Self::of(Whom::Number { number, next: 0 })
    }

    pub(super) fn lot(lot: String, before_ms: i64) -> Self {
        Self::of(Whom::Lot { lot, before_ms })
    }

    fn of(whom: Whom) -> Self {
        let erased = Erased::default();
        Erase { whom, calls: BTreeSet::new(), waiting: BTreeSet::new(), erased }
    }

    /// Does the next slice. True: that was the last.
    pub(super) fn slice(&mut self, connection: &mut Connection) -> Result<bool, Failure> {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (found, over) = match &mut self.whom {
            Whom::Number { number, next } => {
                let spellings = callers::exact(&tx, number)?;
                let sql =
                    "SELECT seq, call_id, json FROM entry WHERE seq >= ? ORDER BY seq LIMIT ?";
                let (found, last) = entries(&tx, sql, params![*next, SLICE])?;
                let theirs = |subject: &Subject| spellings.contains(&subject.caller_number);
                let over = last.is_none();
                *next = last.map_or(*next, |last| last + 1);
                let found: Vec<Found> =
                    found.into_iter().filter(|found| found.subject().is_some_and(theirs)).collect();
                (found, over)
            }
            Whom::Lot { lot, before_ms } => {
                let (lot, before_ms) = (&*lot, *before_ms);
                let sql = "SELECT seq, call_id, json FROM entry WHERE call_id IN (SELECT id FROM call WHERE lot = ?1 \
                           AND ended_at_ms < ?2 AND (caller_name <> '' OR caller_number <> '' OR note <> '') LIMIT ?3)";
                let (mut found, _) = entries(&tx, sql, params![lot, before_ms, SLICE])?;
                let sql = "SELECT seq, NULL, json FROM entry WHERE action = 'refuse' AND at_ms < ?2 AND lot = ?1 \
                           AND (json ->> '$.subject.caller_id_number' <> '' OR json ->> '$.subject.caller_id_name' <> '' \
                           OR json ->> '$.subject.note' <> '') LIMIT ?3";
                let (refused, _) = entries(&tx, sql, params![lot, before_ms, SLICE])?;
                found.extend(refused);
                found.retain(|found| found.subject().is_some());
                let over = found.is_empty();
                (found, over)
            }
        };
        let mut changed = BTreeSet::new();
        for found in found {
            match found.call_id {
                Some(id) if self.waiting.contains(&id) => {}
                Some(id) if !self.calls.contains(&id) && waits(&tx, id)? => {
                    self.waiting.insert(id);
                }
                Some(id) => {
                    found.erase(&tx)?;
                    changed.insert(id);
                    self.calls.insert(id);
                }
                None => {
                    found.erase(&tx)?;
                    self.erased.refused += 1;
                }
            }
        }
        for id in changed {
            if let Some(call) = from_entries(&tx, id)? {
                table::write(&tx, &call)?;
            }
        }
        tx.commit()?;
        self.erased.calls = self.calls.len() as u64;
        self.erased.waiting = self.waiting.len() as u64;
        if over && (!self.calls.is_empty() || self.erased.refused > 0) {
            // The log of changes still has the old pages.
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(over)
    }
}

/// An entry.
struct Found {
    seq: i64,
    call_id: Option<i64>,
    detail: Detail,
}

impl Found {
    fn subject(&self) -> Option<&Subject> {
        self.detail.subject.as_ref()
    }

    fn erase(mut self, tx: &Transaction<'_>) -> Result<(), Failure> {
        if let Some(subject) = &mut self.detail.subject {
            subject.caller_name.clear();
            subject.caller_number.clear();
            subject.note.clear();
        }
        let json = table::json(&self.detail)?;
        tx.prepare_cached("UPDATE entry SET json = ? WHERE seq = ?")?
            .execute(params![json, self.seq])?;
        tx.prepare_cached("INSERT OR IGNORE INTO erased VALUES (?)")?.execute([self.seq])?;
        Ok(())
    }
}

/// The entries, and the number of the last.
fn entries(
    tx: &Transaction<'_>,
    sql: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<(Vec<Found>, Option<i64>)> {
    let mut statement = tx.prepare_cached(sql)?;
    let found = statement.query_map(values, |row| {
        Ok(Found { seq: row.get(0)?, call_id: row.get(1)?, detail: table::from_json(row, 2)? })
    })?;
    let found: Vec<Found> = found.collect::<rusqlite::Result<_>>()?;
    let last = found.last().map(|found| found.seq);
    Ok((found, last))
}

fn waits(tx: &Transaction<'_>, call_id: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM call WHERE id = ? AND ended_at_ms IS NULL)";
    tx.prepare_cached(sql)?.query_row([call_id], |row| row.get(0))
}

/// Other databases know of these.
pub(super) fn shipped(connection: &mut Connection, seqs: &[i64]) -> Result<(), Failure> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for seq in seqs {
        tx.prepare_cached("DELETE FROM erased WHERE seq = ?")?.execute([seq])?;
    }
    Ok(tx.commit()?)
}
