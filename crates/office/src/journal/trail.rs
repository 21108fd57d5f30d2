//! The table `audit`, as its one writer has it.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::failure::Failure;
use super::now_ms;
use crate::audit::{Act, Audited, Hash, Head, MODULE, hex};
use crate::entry::Place;

/// Under which names the table `meta` has the number of the last row, and of the last one that is in the file with lines.
const LAST: &str = "audit_last";
const FILED: &str = "audit_filed";
/// The action of a row that stands for rows that were deleted because of their age.
pub(crate) const PRUNE: &str = "prune";
/// How many rows are deleted in one transaction.
const SLICE: i64 = 10_000;
const DAY_MS: i64 = 86_400_000;

/// The columns that [`audited`] reads.
pub(crate) const COLUMNS: &str =
    "seq, at_ms, node, actor, action, lot, orbit, uuid, result, detail, hash";

/// Where the chain of rows ends.
#[derive(Clone, Copy)]
pub(super) struct Trail {
    head: Head,
    /// The last row that is in the file with lines.
    filed: i64,
}

impl Trail {
    pub(super) fn read(connection: &Connection) -> Result<Self, Failure> {
        let sql = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
        let read = |row: &Row<'_>| Ok(Head { seq: row.get(0)?, hash: row.get::<_, Hash>(1)? });
        let mut head = connection.query_row(sql, [], read).optional()?.unwrap_or_default();
        // Should rows be missing at the end, then the gap stays.
        head.seq = head.seq.max(meta(connection, LAST)?.unwrap_or_default());
        let filed = meta(connection, FILED)?.unwrap_or(head.seq);
        Ok(Trail { head, filed })
    }

    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// Appends a row.
    pub(super) fn add(
        &mut self,
        tx: &Transaction<'_>,
        node: &str,
        act: &Act,
    ) -> Result<(), Failure> {
        let head = self.head.after(node, act);
        let sql = "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        tx.prepare_cached(sql)?.execute(params![
            head.seq,
            act.at_ms,
            node,
            act.actor,
            act.action,
            act.place.lot,
            act.place.orbit,
            act.uuid,
            act.result,
            act.detail,
            head.hash,
        ])?;
        self.head = head;
        Ok(())
    }

    /// Notes how far it has come, in the same transaction.
    pub(super) fn note(&self, tx: &Transaction<'_>) -> Result<(), Failure> {
        let sql = "INSERT OR REPLACE INTO meta VALUES (?, ?), (?, ?)";
        tx.prepare_cached(sql)?.execute(params![LAST, self.head.seq, FILED, self.filed])?;
        Ok(())
    }

    /// Rows that are not in the file with lines yet.
    pub(super) fn unfiled(
        &self,
        connection: &Connection,
        most: usize,
    ) -> Result<Vec<Audited>, Failure> {
        if self.filed >= self.head.seq {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT {COLUMNS} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?");
        let mut statement = connection.prepare_cached(&sql)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![self.filed, most], audited)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// They are now. The table learns it with the next rows: after a crash, some are in that file twice.
    pub(super) fn filed(&mut self, seq: i64) {
        self.filed = seq;
    }

    /// Deletes a slice of the rows that are older than so many days, and appends one that stands for them. How many there
    /// were.
    pub(super) fn prune(
        &mut self,
        connection: &mut Connection,
        node: &str,
        days: u32,
    ) -> Result<usize, Failure> {
        let now = now_ms();
        // By whole days, so that there is one such row a day.
        let before_ms = (now / DAY_MS - i64::from(days)) * DAY_MS;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "SELECT max(seq) FROM (SELECT seq FROM audit ORDER BY seq LIMIT ?) \
                   WHERE seq < coalesce((SELECT min(seq) FROM audit WHERE at_ms >= ?), ?)";
        let through: Option<i64> =
            tx.query_row(sql, params![SLICE, before_ms, self.head.seq], |row| row.get(0))?;
        let Some(through) = through else { return Ok(0) };
        let sql = "SELECT hash FROM audit WHERE seq = ?";
        let hash: Hash = tx.query_row(sql, [through], |row| row.get(0))?;
        let mut after = *self;
        let act = Act {
            at_ms: now,
            actor: MODULE.to_owned(),
            action: PRUNE.to_owned(),
            place: Place::default(),
            uuid: String::new(),
            result: "ok".to_owned(),
            detail: Head { seq: through, hash }.to_string(),
        };
        after.add(&tx, node, &act)?;
        let count = tx.execute("DELETE FROM audit WHERE seq <= ?", [through])?;
        after.note(&tx)?;
        tx.commit()?;
        *self = after;
        Ok(count)
    }
}

/// The number of the last row, as the table `meta` has it.
pub(crate) fn last(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    meta(connection, LAST)
}

fn meta(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT value FROM meta WHERE name = ?";
    connection.query_row(sql, [name], |row| row.get(0)).optional()
}

/// A row of the table, from [`COLUMNS`].
pub(crate) fn audited(row: &Row<'_>) -> rusqlite::Result<Audited> {
    Ok(Audited {
        seq: row.get(0)?,
        at_ms: row.get(1)?,
        node: row.get(2)?,
        actor: row.get(3)?,
        action: row.get(4)?,
        lot: row.get(5)?,
        orbit: row.get(6)?,
        uuid: row.get(7)?,
        result: row.get(8)?,
        detail: row.get(9)?,
        hash: hex(row.get_ref(10)?.as_blob()?),
    })
}
