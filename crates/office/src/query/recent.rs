//! What an audit asks every minute, which costs no more in a large file than in a small one: which calls the journal has as
//! waiting, and whether the entries that came since the last time keep what is promised.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Promise, Reader};
use crate::entry::{Action, Place};
use crate::journal::{Call, Failure, jobs, table};

/// A call without an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its channel.
    pub uuid: String,
    /// Where it is.
    pub place: Place,
}

/// What was found in the entries that came since the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// The number of the last entry that was looked at.
    pub last: i64,
    /// Each promise that was not kept, and the channel of its call, which is empty if the entry is of no call.
    pub broken: Vec<(Promise, String)>,
}

impl Reader {
    /// The calls of that node without an end.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it takes longer than it may.
    pub fn waiting(&self, node: &str) -> Result<Vec<Waiting>, Failure> {
        let sql = "SELECT uuid, lot, orbit FROM call INDEXED BY call_waiting WHERE ended_at_ms IS NULL AND node = ?";
        self.ask(|connection| {
            let mut statement = connection.prepare(sql)?;
            let calls = statement.query_map([node], |row| {
                let place = Place { lot: row.get(1)?, orbit: row.get(2)? };
                Ok(Waiting { uuid: row.get(0)?, place })
            })?;
            Ok(calls.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Checks the entries behind that one, at most `most` of them, with their calls. `None`: none, only where they end.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it takes longer than it may.
    pub fn recent(&self, after: Option<i64>, most: usize) -> Result<Recent, Failure> {
        self.ask(|connection| {
            let sql = "SELECT value FROM meta WHERE name = 'first_seq'";
            let first_seq: i64 = connection.query_row(sql, [], |row| row.get(0))?;
            let Some(after) = after else {
                let sql = "SELECT coalesce(max(seq), ?) FROM entry";
                let last = connection.query_row(sql, [first_seq - 1], |row| row.get(0))?;
                return Ok(Recent { last, broken: Vec::new() });
            };
            let mut found = Recent { last: after.max(first_seq - 1), broken: Vec::new() };
            let mut calls = BTreeSet::new();
            let sql = "SELECT seq, call_id FROM entry WHERE seq > ? ORDER BY seq LIMIT ?";
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let mut statement = connection.prepare(sql)?;
            let mut rows = statement.query(params![found.last, most])?;
            while let Some(row) = rows.next()? {
                let (seq, call): (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
                if seq != found.last + 1 {
                    found.broken.push((Promise::NoGap, String::new()));
                }
                found.last = seq;
                calls.extend(call.filter(|call| *call >= first_seq));
            }
            for call in calls {
                found.broken.extend(of_call(connection, call)?);
            }
            Ok(found)
        })
    }
}

/// The promises that were not kept to that call.
fn of_call(connection: &Connection, id: i64) -> Result<BTreeSet<(Promise, String)>, Failure> {
    let sql = format!("SELECT {}, seq, node FROM entry WHERE call_id = ? ORDER BY seq", jobs::ROW);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id])?;
    let mut broken = BTreeSet::new();
    let mut call: Option<Call> = None;
    while let Some(sql) = rows.next()? {
        let row = jobs::row(sql)?;
        let (seq, node): (i64, String) = (sql.get(5)?, sql.get(6)?);
        match &call {
            None if seq != id => broken.extend([Promise::OnePark]),
            Some(call) if call.outcome.is_some() => broken.extend([Promise::OneEnd]),
            Some(_) if row.action == Action::Park => broken.extend([Promise::OnePark]),
            None | Some(_) => {}
        }
        call.get_or_insert_with(|| Call::begun_by(id, &node, &row)).add(&row);
    }
    let Some(call) = call else { return Ok(BTreeSet::new()) };
    let sql = format!("SELECT {} FROM call WHERE id = ?", table::COLUMNS);
    let kept = connection.prepare_cached(&sql)?.query_row([id], table::read).optional()?;
    if broken.is_empty() && kept.as_ref() != Some(&call) {
        broken.insert(Promise::SameRow);
    }
    Ok(broken.into_iter().map(|promise| (promise, call.uuid.clone())).collect())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::entry::Outcome;
    use crate::testing::{Folder, LONG, end, journal, park};

    #[test]
    fn what_was_broken_since_the_last_time_is_found_once_and_named() {
        let folder = Folder::new();
        let (journal, _) = journal(&folder.file(), |_| {});
        let reader = Reader::new(folder.file());
        let park = |uuid: &str| park(1, uuid, "701");
        journal.record(park("a"));
        assert!(journal.flush(LONG));
        let start = reader.recent(None, 100).unwrap();
        assert_eq!(start, Recent { last: 1, broken: Vec::new() });
        journal.record(park("b"));
        journal.record(end(&park("b"), 5, Outcome::Retrieved, ""));
        journal.record(park("c"));
        assert!(journal.flush(LONG));
        assert_eq!(reader.recent(Some(1), 2).unwrap(), Recent { last: 3, broken: Vec::new() });
        let waiting = reader.waiting("pbx1").unwrap();
        let waiting: Vec<_> = waiting.iter().map(|call| call.uuid.as_str()).collect();
        assert_eq!(waiting, ["a", "c"]);
        assert!(reader.waiting("another").unwrap().is_empty());

        let other = Connection::open(folder.file()).unwrap();
        let copy = "INSERT INTO entry SELECT 6, at_ms, node, call_id, action, lot, orbit, json FROM entry WHERE seq = ";
        // Another end of b, and the number 5 is missing.
        other.execute_batch(&format!("{copy} 3")).unwrap();
        other.execute_batch("UPDATE call SET note = 'forged' WHERE uuid = 'c'").unwrap();
        let found = reader.recent(Some(1), 100).unwrap();
        let expected = [(Promise::NoGap, ""), (Promise::OneEnd, "b"), (Promise::SameRow, "c")];
        assert_eq!(found.broken, expected.map(|(promise, uuid)| (promise, uuid.to_owned())));
        assert_eq!(found.last, 6);
        assert_eq!(reader.recent(Some(6), 100).unwrap().broken, []);
    }
}
