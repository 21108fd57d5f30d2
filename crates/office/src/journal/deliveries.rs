//! What webhooks have not been sent yet: the table `outbox`. A row is added in the transaction of its entry, so that no entry
//! is missed, whenever the process dies.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::failure::Failure;
use super::now_ms;
use super::row::Row;
use crate::entry::{Action, Outcome};

/// The most rows of one webhook.
const MOST: u64 = 100_000;
/// When an entry is due while an earlier one of its call waits.
const HELD: i64 = i64::MAX;

/// What a webhook wants of the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// The name of the webhook.
    pub hook: String,
    /// What has happened. If this and `outcomes` are empty: everything.
    pub actions: Vec<Action>,
    /// How the call has ended.
    pub outcomes: Vec<Outcome>,
    /// The tenant whose lots it means by their bare names.
    pub domain: Option<String>,
    /// In these lots only; empty: in all.
    pub lots: Vec<String>,
}

impl Want {
    /// Whether it wants that.
    pub(super) fn wants(&self, row: &Row) -> bool {
        let all = self.actions.is_empty() && self.outcomes.is_empty();
        let outcome = row.detail.outcome;
        let named = self.actions.contains(&row.action)
            || outcome.is_some_and(|outcome| self.outcomes.contains(&outcome));
        (all || named) && is_among(&self.lots, self.domain.as_deref(), &row.place.lot)
    }
}

/// Whether these names of lots, as that tenant writes them, name the lot. No names: every lot.
pub(crate) fn is_among(lots: &[String], domain: Option<&str>, lot: &str) -> bool {
    let bare = lot.split_once('@').filter(|(_, of)| Some(*of) == domain).map(|(bare, _)| bare);
    lots.is_empty() || lots.iter().any(|name| name == lot || Some(name.as_str()) == bare)
}

/// How much waits for a webhook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entries that are still to be sent.
    pub waiting: u64,
    /// Entries that are not tried any more.
    pub dead: u64,
    /// Entries that were given up because there were too many, since the start.
    pub shed: u64,
}

/// How much waits for each of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tallies(BTreeMap<String, Tally>);

impl Tallies {
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT hook, total(state = 'waiting'), total(state = 'dead') FROM outbox GROUP BY hook";
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let (waiting, dead): (f64, f64) = (row.get(1)?, row.get(2)?);
            Ok((row.get(0)?, Tally { waiting: waiting as u64, dead: dead as u64, shed: 0 }))
        })?;
        Ok(Tallies(rows.collect::<rusqlite::Result<_>>()?))
    }

    /// Counts again, except for what was given up.
    pub(super) fn count_again(&mut self, connection: &Connection) -> Result<(), Failure> {
        let before = std::mem::replace(self, Self::read(connection)?);
        for (hook, Tally { shed, .. }) in before.0 {
            if shed > 0 {
                self.of(&hook).shed = shed;
            }
        }
        Ok(())
    }

    pub(super) fn get(&self, hook: &str) -> Tally {
        self.0.get(hook).copied().unwrap_or_default()
    }

    pub(super) fn of(&mut self, hook: &str) -> &mut Tally {
        if !self.0.contains_key(hook) {
            self.0.insert(hook.to_owned(), Tally::default());
        }
        self.0.entry(hook.to_owned()).or_default()
    }
}

impl Tally {
    /// Notes an entry for the webhook. If there are too many, the oldest dead letter goes, and without one the entry.
    pub(super) fn add(
        &mut self,
        tx: &Transaction<'_>,
        hook: &str,
        seq: i64,
        call_id: Option<i64>,
    ) -> Result<(), Failure> {
        if self.waiting + self.dead >= MOST {
            let sql = "DELETE FROM outbox WHERE hook = ?1 AND seq = \
                 (SELECT min(seq) FROM outbox WHERE hook = ?1 AND state = 'dead')";
            self.shed += 1;
            match tx.prepare_cached(sql)?.execute([hook])? {
                0 => return Ok(()),
                _ => self.dead = self.dead.saturating_sub(1),
            }
        }
        let call_id = call_id.unwrap_or(seq);
        let earlier: bool = tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM outbox WHERE hook = ? AND call_id = ? AND state = 'waiting')",
            )?
            .query_row(params![hook, call_id], |row| row.get(0))?;
        let now_ms = now_ms();
        let due_ms = if earlier { HELD } else { now_ms };
        tx.prepare_cached("INSERT OR IGNORE INTO outbox VALUES (?, ?, ?, 'waiting', 0, ?, ?, '')")?
            .execute(params![hook, seq, call_id, now_ms, due_ms])?;
        self.waiting += 1;
        Ok(())
    }
}

/// What has become of an entry that a webhook was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) hook: String,
    pub(crate) seq: i64,
    pub(crate) verdict: Verdict,
}

/// What is to become of it.
#[cfg_attr(not(feature = "web"), expect(dead_code, reason = "there are no webhooks"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is done with.
    Done,
    /// It is done with, and everything else that waits for the webhook is to be tried now, because it answers again.
    DoneAgain,
    /// It is to be sent again then.
    Later { due_ms: i64, error: String },
    /// It is to be sent then, as if it had not been tried.
    Untried { due_ms: i64 },
    /// It is not tried any more.
    Dead { error: String },
}

/// Writes it down.
pub(super) fn posted(
    connection: &mut Connection,
    tallies: &mut Tallies,
    all: &[Posted],
) -> Result<(), Failure> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut counted = tallies.clone();
    for Posted { hook, seq, verdict } in all {
        let sql = "SELECT call_id FROM outbox WHERE hook = ? AND seq = ? AND state = 'waiting'";
        let call_id: Option<i64> =
            tx.prepare_cached(sql)?.query_row(params![hook, seq], |row| row.get(0)).optional()?;
        // Entries are deleted by history-days, whatever waits for them.
        let Some(call_id) = call_id else { continue };
        let tally = counted.of(hook);
        match verdict {
            Verdict::Done | Verdict::DoneAgain => {
                tx.prepare_cached("DELETE FROM outbox WHERE hook = ? AND seq = ?")?
                    .execute(params![hook, seq])?;
                tally.waiting = tally.waiting.saturating_sub(1);
            }
            Verdict::Later { due_ms, error } => {
                let sql = "UPDATE outbox SET attempts = attempts + 1, due_ms = ?, error = ? WHERE hook = ? AND seq = ?";
                tx.prepare_cached(sql)?.execute(params![due_ms, error, hook, seq])?;
                continue;
            }
            Verdict::Untried { due_ms } => {
                tx.prepare_cached("UPDATE outbox SET due_ms = ? WHERE hook = ? AND seq = ?")?
                    .execute(params![due_ms, hook, seq])?;
                continue;
            }
            Verdict::Dead { error } => {
                let sql = "UPDATE outbox SET state = 'dead', attempts = attempts + 1, error = ? WHERE hook = ? AND seq = ?";
                tx.prepare_cached(sql)?.execute(params![error, hook, seq])?;
                tally.waiting = tally.waiting.saturating_sub(1);
                tally.dead += 1;
            }
        }
        let sql = "UPDATE outbox SET due_ms = ?3 WHERE hook = ?1 AND seq = \
             (SELECT min(seq) FROM outbox WHERE hook = ?1 AND call_id = ?2 AND state = 'waiting')";
        tx.prepare_cached(sql)?.execute(params![hook, call_id, now_ms()])?;
        if *verdict == Verdict::DoneAgain {
            let sql = "UPDATE outbox SET due_ms = ?2 WHERE hook = ?1 AND state = 'waiting' AND due_ms > ?2 AND due_ms < ?3";
            tx.prepare_cached(sql)?.execute(params![hook, now_ms(), HELD])?;
        }
    }
    tx.commit()?;
    *tallies = counted;
    Ok(())
}

/// Everything of that webhook, or of any, is to be tried now, from the beginning. How many that is.
pub(super) fn again(
    connection: &mut Connection,
    tallies: &mut Tallies,
    hook: Option<&str>,
) -> Result<usize, Failure> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = "UPDATE outbox SET state = 'waiting', attempts = 0, queued_ms = ?2, due_ms = iif(EXISTS (SELECT 1 FROM outbox AS \
         earlier WHERE earlier.hook = outbox.hook AND earlier.call_id = outbox.call_id AND earlier.seq < outbox.seq), ?3, ?2) \
         WHERE ?1 IS NULL OR hook = ?1";
    let count = tx.execute(sql, params![hook, now_ms(), HELD])?;
    tx.commit()?;
    tallies.count_again(connection)?;
    Ok(count)
}

/// Deletes what was noted before that moment for webhooks that are not among these. How many there were.
pub(super) fn of_none(
    connection: &Connection,
    wants: &[Want],
    before_ms: i64,
) -> Result<usize, Failure> {
    let names: Vec<&str> = wants.iter().map(|want| want.hook.as_str()).collect();
    let names = super::table::json(&names)?;
    let sql =
        "DELETE FROM outbox WHERE queued_ms < ? AND hook NOT IN (SELECT value FROM json_each(?))";
    Ok(connection.execute(sql, params![before_ms, names])?)
}

/// Makes those due that nothing is before any more.
pub(super) fn loosen(connection: &Connection) -> Result<(), Failure> {
    let sql = "UPDATE outbox SET due_ms = ?1 WHERE state = 'waiting' AND due_ms = ?2 AND NOT EXISTS (SELECT 1 FROM outbox AS earlier \
         WHERE earlier.hook = outbox.hook AND earlier.call_id = outbox.call_id AND earlier.seq < outbox.seq \
         AND earlier.state = 'waiting')";
    connection.execute(sql, params![now_ms(), HELD])?;
    Ok(())
}
