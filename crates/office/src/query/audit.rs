//! `audit`: who did what, and whether that is still what was written.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::{MOST_ROWS, Reader};
use crate::audit::{Audited, Hash, Head, chained, hex};
use crate::journal::{Failure, trail};
use crate::time::Clock;

/// Which rows are wanted. Whatever is none is any.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// At this moment or later, in ms since 1970.
    pub from_ms: Option<i64>,
    /// Before this moment, in ms since 1970.
    pub to_ms: Option<i64>,
    /// `column = value` each: actor, action, lot, orbit, uuid, result.
    pub equal: Vec<(&'static str, String)>,
    /// The most rows to answer with. 0: 100.
    pub limit: usize,
}

/// The columns that can be asked for by their value.
const COLUMNS: [&str; 6] = ["actor", "action", "lot", "orbit", "uuid", "result"];

impl AuditFilter {
    /// Sets a filter from `key=value`, as it is typed.
    ///
    /// # Errors
    ///
    /// There is no such filter, or the value cannot be used.
    pub fn set(&mut self, clock: &Clock, key: &str, value: &str) -> Result<(), Failure> {
        match key {
            "from" => self.from_ms = Some(clock.from(value)?),
            "to" => self.to_ms = Some(clock.to(value)?),
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MOST_ROWS).contains(limit));
                self.limit = limit.ok_or_else(|| {
                    Failure::BadArgument(format!("the limit is a number from 1 to {MOST_ROWS}"))
                })?;
            }
            _ => match COLUMNS.iter().find(|column| **column == key) {
                Some(column) => self.equal.push((column, value.to_owned())),
                None => {
                    let key: String = key.chars().take(40).collect();
                    return Err(Failure::BadArgument(format!("there is no filter {key:?}")));
                }
            },
        }
        Ok(())
    }
}

/// What a check of the audit has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditVerified {
    /// How many rows there are.
    pub rows: u64,
    /// The last of them.
    pub head: Head,
    /// The first that is not as it was written, or is not there, and what is wrong.
    pub broken: Option<(i64, String)>,
}

impl Reader {
    /// The rows that the filter wants, newest first.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it takes longer than it may.
    pub fn audit(&self, filter: &AuditFilter) -> Result<Vec<Audited>, Failure> {
        let limit = if filter.limit == 0 { 100 } else { filter.limit.min(MOST_ROWS) };
        let mut sql = format!("SELECT {} FROM audit WHERE TRUE", trail::COLUMNS);
        let mut values: Vec<Value> = Vec::new();
        if let Some(from) = filter.from_ms {
            sql.push_str(" AND at_ms >= ?");
            values.push(from.into());
        }
        if let Some(to) = filter.to_ms {
            sql.push_str(" AND at_ms < ?");
            values.push(to.into());
        }
        for (column, value) in &filter.equal {
            sql.push_str(&format!(" AND {column} = ?"));
            values.push(value.clone().into());
        }
        sql.push_str(" ORDER BY seq DESC LIMIT ?");
        values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        self.ask(|connection| {
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map(params_from_iter(values), trail::audited)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Checks every row. `known`: heads that are known from elsewhere. Reads the whole table: give it more time than other
    /// questions.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it takes longer than it may.
    pub fn verify_audit(&self, known: &[Head]) -> Result<AuditVerified, Failure> {
        self.ask(|connection| {
            let mut found = AuditVerified::default();
            let first: Option<i64> =
                connection.query_row("SELECT min(seq) FROM audit", [], |row| row.get(0))?;
            let before = match first {
                None | Some(1) => None,
                Some(first) => Some((first, pruned(connection)?)),
            };
            if let Some((first, pruned)) = before {
                match pruned.filter(|head| head.seq == first - 1) {
                    Some(head) => found.head = head,
                    None => {
                        // Without the hash before, nothing can be said of the first row either.
                        let missing = pruned.map_or(1, |head| head.seq + 1).min(first);
                        found.broken = Some((missing, "the row is missing".to_owned()));
                        return Ok(found);
                    }
                }
            }
            let mut unseen: Vec<Head> = known.to_vec();
            unseen.retain(|head| head.seq > 0);
            let begin = found.head;
            rows(connection, &mut found, &mut unseen)?;
            if found.broken.is_none() {
                let last = trail::last(connection)?.unwrap_or_default();
                let missing =
                    unseen.iter().map(|head| head.seq).filter(|seq| *seq > found.head.seq);
                if let Some(end) = missing.chain((last > found.head.seq).then_some(last)).max() {
                    let text = format!("rows are missing at the end, up to {end}");
                    found.broken = Some((found.head.seq + 1, text));
                }
            }
            // What is older than the oldest row cannot be compared, except the one that was deleted last.
            let other = unseen.iter().find(|head| head.seq == begin.seq && head.hash != begin.hash);
            if let Some(other) = other {
                found.broken =
                    Some((other.seq, "it had another hash when it was deleted".to_owned()));
            }
            Ok(found)
        })
    }
}

/// What the latest row says that stands for deleted ones.
fn pruned(connection: &Connection) -> rusqlite::Result<Option<Head>> {
    let sql = "SELECT detail FROM audit WHERE action = ? ORDER BY seq DESC LIMIT 1";
    let detail: Option<String> =
        connection.query_row(sql, [trail::PRUNE], |row| row.get(0)).optional()?;
    Ok(detail.and_then(|detail| detail.parse().ok()))
}

/// Follows the chain up to the first row that does not fit.
fn rows(
    connection: &Connection,
    found: &mut AuditVerified,
    unseen: &mut Vec<Head>,
) -> Result<(), Failure> {
    let sql = format!("SELECT {} FROM audit ORDER BY seq", trail::COLUMNS);
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        let expected = found.head.seq + 1;
        if seq != expected {
            found.broken = Some((expected, "the row is missing".to_owned()));
            return Ok(());
        }
        let (hash, made) =
            (row.get_ref(10)?.as_blob().unwrap_or_default().to_vec(), made(row, found)?);
        if hash != made {
            found.broken = Some((seq, "the row was changed".to_owned()));
            return Ok(());
        }
        found.head = Head { seq, hash: made };
        found.rows += 1;
        let known = unseen.iter().find(|head| head.seq == seq);
        if known.is_some_and(|head| head.hash != made) {
            let text = format!("its hash is {} and was another one before", hex(&made));
            found.broken = Some((seq, text));
            return Ok(());
        }
        unseen.retain(|head| head.seq != seq);
    }
    Ok(())
}

/// The hash that the row should have. It takes the bytes as they are, of whatever type somebody has made them.
fn made(row: &Row<'_>, found: &AuditVerified) -> rusqlite::Result<Hash> {
    let mut fields: Vec<Vec<u8>> = Vec::with_capacity(10);
    for column in 0..10 {
        fields.push(match row.get_ref(column)? {
            ValueRef::Integer(number) => number.to_string().into_bytes(),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
            ValueRef::Real(_) | ValueRef::Null => Vec::new(),
        });
    }
    Ok(chained(&found.head.hash, fields.iter().map(Vec::as_slice)))
}
