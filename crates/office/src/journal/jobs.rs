//! What takes long, in slices between which entries are written.

use crossbeam_channel::Sender;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, TransactionBehavior, params};

use super::call::Call;
use super::erase::{Erase, Erased};
use super::failure::Failure;
use super::row::Row;
use super::{callers, now_ms, table};
use crate::entry::Place;

/// How many calls or entries are dealt with in one transaction.
const SLICE: i64 = 1_000;
const DAY_MS: i64 = 86_400_000;

pub(super) enum Job {
    /// Makes the projection again. All calls below `next` are done.
    Rebuild { next: i64, count: u64, reply: Sender<Result<u64, Failure>> },
    /// Deletes what ended before a moment.
    Prune { before_ms: i64, count: u64, reply: Option<Sender<Result<u64, Failure>>> },
    /// Erases callers.
    Erase { erase: Box<Erase>, reply: Option<Sender<Result<Erased, Failure>>> },
}

pub(super) enum Progress {
    More,
    Done,
}

impl Job {
    pub(super) fn rebuild(reply: Sender<Result<u64, Failure>>) -> Self {
        Job::Rebuild { next: 0, count: 0, reply }
    }

    /// Erases that caller.
    pub(super) fn erase(number: String, reply: Sender<Result<Erased, Failure>>) -> Self {
        Job::Erase { erase: Box::new(Erase::number(number)), reply: Some(reply) }
    }

    /// Erases the callers of that lot, so many days after their calls.
    pub(super) fn forget_callers(lot: String, days: u32) -> Self {
        let before_ms = now_ms().saturating_sub(i64::from(days) * DAY_MS);
        Job::Erase { erase: Box::new(Erase::lot(lot, before_ms)), reply: None }
    }

    /// `days` 0: nothing is ever deleted.
    pub(super) fn prune(days: u32, reply: Option<Sender<Result<u64, Failure>>>) -> Self {
        let kept_ms = if days == 0 { i64::MAX } else { i64::from(days) * DAY_MS };
        Job::Prune { before_ms: now_ms().saturating_sub(kept_ms), count: 0, reply }
    }

    /// Does the next slice.
    pub(super) fn slice(&mut self, connection: &mut Connection) -> Result<Progress, Failure> {
        match self {
            Job::Rebuild { next, count, reply } => {
                let Some(after) = rebuild(connection, *next, count)? else {
                    let _ = reply.send(Ok(*count));
                    return Ok(Progress::Done);
                };
                *next = after;
            }
            Job::Prune { before_ms, count, reply } => {
                let deleted = prune(connection, *before_ms)?;
                *count += deleted;
                if deleted == 0 {
                    if let Some(reply) = reply {
                        let _ = reply.send(Ok(*count));
                    }
                    return Ok(Progress::Done);
                }
            }
            Job::Erase { erase, reply } => {
                if erase.slice(connection)? {
                    if let Some(reply) = reply {
                        let _ = reply.send(Ok(erase.erased.clone()));
                    }
                    return Ok(Progress::Done);
                }
            }
        }
        Ok(Progress::More)
    }

    /// It cannot go on.
    pub(super) fn failed(self, err: Failure) {
        match self {
            Job::Rebuild { reply, .. } | Job::Prune { reply: Some(reply), .. } => {
                let _ = reply.send(Err(err));
            }
            Job::Erase { reply: Some(reply), .. } => drop(reply.send(Err(err))),
            Job::Prune { reply: None, .. } | Job::Erase { reply: None, .. } => {}
        }
    }
}

/// Makes the calls of one slice again. Where the next slice begins.
fn rebuild(
    connection: &mut Connection,
    from: i64,
    count: &mut u64,
) -> Result<Option<i64>, Failure> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql =
        "SELECT DISTINCT call_id FROM entry WHERE call_id >= ? ORDER BY call_id LIMIT 1 OFFSET ?";
    let next: Option<i64> = tx.query_row(sql, params![from, SLICE], |row| row.get(0)).optional()?;
    let until = next.unwrap_or(i64::MAX);
    tx.execute("DELETE FROM call WHERE id >= ? AND id < ?", params![from, until])?;
    let sql = "SELECT DISTINCT call_id FROM entry WHERE call_id >= ? AND call_id < ?";
    let ids: rusqlite::Result<Vec<i64>> =
        tx.prepare_cached(sql)?.query_map(params![from, until], |row| row.get(0))?.collect();
    for id in ids? {
        if let Some(call) = from_entries(&tx, id)? {
            table::write(&tx, &call)?;
            *count += 1;
        }
    }
    tx.commit()?;
    Ok(next)
}

/// Deletes a slice of what ended before that moment. Entries go in the order of their numbers, so that those which stay
/// have no gap, and the last one stays because the numbers go on from it. How many there were.
fn prune(connection: &mut Connection, before_ms: i64) -> Result<u64, Failure> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let first: i64 =
        tx.query_row("SELECT value FROM meta WHERE name = 'first_seq'", [], |row| row.get(0))?;
    let end: Option<i64> = tx.query_row(
        "SELECT coalesce((SELECT min(seq) FROM entry WHERE seq >= ?1 AND seq < ?1 + ?2 AND at_ms >= ?3), \
         min(?1 + ?2, (SELECT max(seq) FROM entry)))",
        params![first, SLICE, before_ms],
        |row| row.get(0),
    )?;
    let Some(end) = end else { return Ok(0) };
    let kept: Option<i64> = tx.query_row(
        "SELECT min(id) FROM call WHERE id < ? AND (ended_at_ms IS NULL OR ended_at_ms >= ?)",
        params![end, before_ms],
        |row| row.get(0),
    )?;
    let end = kept.map_or(end, |kept| kept.min(end));
    let deleted = tx.execute("DELETE FROM entry WHERE seq < ?", [end])?;
    tx.execute("DELETE FROM call WHERE id < ?", [end])?;
    tx.execute("DELETE FROM held WHERE call_id < ?", [end])?;
    tx.execute("DELETE FROM erased WHERE seq < ?", [end])?;
    tx.execute("DELETE FROM outbox WHERE seq < ?", [end])?;
    tx.execute("UPDATE meta SET value = max(value, ?) WHERE name = 'first_seq'", [end])?;
    // What was hashed with them is gone.
    tx.execute("DELETE FROM secret WHERE month < ?", [callers::month(before_ms)])?;
    tx.commit()?;
    Ok(deleted as u64)
}

/// The columns of `entry` that [`row`] reads.
pub(crate) const ROW: &str = "at_ms, action, lot, orbit, json";

/// An entry, from the columns of [`ROW`], which come first.
pub(crate) fn row(sql: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        at_ms: sql.get(0)?,
        action: sql.get(1)?,
        place: Place { lot: sql.get(2)?, orbit: sql.get(3)? },
        detail: table::from_json(sql, 4)?,
    })
}

/// That call, made from its entries.
pub(super) fn from_entries(connection: &Connection, id: i64) -> rusqlite::Result<Option<Call>> {
    let sql = format!("SELECT {ROW}, node FROM entry WHERE call_id = ? ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id])?;
    let mut call: Option<Call> = None;
    while let Some(sql) = rows.next()? {
        let row = row(sql)?;
        let node = sql.get_ref(5)?.as_str()?;
        call.get_or_insert_with(|| Call::begun_by(id, node, &row)).add(&row);
    }
    Ok(call)
}
