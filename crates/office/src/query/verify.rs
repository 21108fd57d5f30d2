//! `journal verify`: does the journal keep what it promises?

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::OptionalExtension;
use serde::Serialize;

use super::Reader;
use crate::entry::Action;
use crate::journal::{Call, Failure, jobs, table};
use crate::words::words;

/// How many broken promises are listed. All are counted.
const MOST_LISTED: usize = 100;

words! {
    /// What the journal promises.
    Promise {
        /// The numbers of entries have no gap.
        NoGap = "no-gap",
        /// A call begins with its park, or is marked as one without.
        OnePark = "one-park",
        /// A call has one end at most, and nothing after it.
        OneEnd = "one-end",
        /// A channel is parked once at a time.
        OneOrbit = "one-orbit",
        /// The row of a call is what its entries add up to.
        SameRow = "same-row",
    }
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Which.
    pub promise: Promise,
    /// The number of the entry, or of the call.
    pub number: i64,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// How many entries there are.
    pub entries: u64,
    /// How many calls.
    pub calls: u64,
    /// How many of them are waiting.
    pub waiting: u64,
    /// How many have no beginning, because there was no room for it.
    pub partial: u64,
    /// How many promises are broken.
    pub broken: u64,
    /// The first of them.
    pub first_broken: Vec<Broken>,
}

impl Verified {
    fn broken(&mut self, promise: Promise, number: i64) {
        self.broken += 1;
        if self.first_broken.len() < MOST_LISTED {
            self.first_broken.push(Broken { promise, number });
        }
    }
}

impl Reader {
    /// Checks every entry and every call. Reads the whole file: give it more time than other questions.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it takes longer than it may.
    pub fn verify(&self) -> Result<Verified, Failure> {
        self.ask(|connection| {
            let mut found = Verified::default();
            let sql = "SELECT value FROM meta WHERE name = 'first_seq'";
            let first_seq: i64 = connection.query_row(sql, [], |row| row.get(0))?;
            let sql = format!("SELECT {}, seq, call_id, node FROM entry ORDER BY seq", jobs::ROW);
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            let sql = format!("SELECT {} FROM call WHERE id = ?", table::COLUMNS);
            let mut row_of = connection.prepare(&sql)?;
            let mut same = |call: &Call| -> rusqlite::Result<bool> {
                let row = row_of.query_row([call.id], table::read).optional()?;
                Ok(row.as_ref() == Some(call))
            };
            let mut expected = first_seq;
            // None: it has ended.
            let mut calls: HashMap<i64, Option<Box<Call>>> = HashMap::new();
            while let Some(sql) = rows.next()? {
                let (seq, call_id): (i64, Option<i64>) = (sql.get(5)?, sql.get(6)?);
                found.entries += 1;
                if seq != expected {
                    found.broken(Promise::NoGap, expected);
                }
                expected = seq + 1;
                // Entries of calls that began before the oldest one are the next to be deleted.
                let Some(id) = call_id.filter(|id| *id >= first_seq) else { continue };
                let row = jobs::row(sql)?;
                let call = match calls.entry(id) {
                    Entry::Vacant(vacant) if id == seq => {
                        let node: String = sql.get(7)?;
                        vacant.insert(Some(Box::new(Call::begun_by(id, &node, &row))))
                    }
                    Entry::Vacant(vacant) => {
                        found.broken(Promise::OnePark, seq);
                        vacant.insert(None);
                        continue;
                    }
                    Entry::Occupied(occupied) => {
                        let call = occupied.into_mut();
                        match (&call, row.action) {
                            (None, _) => found.broken(Promise::OneEnd, seq),
                            (Some(_), Action::Park) => found.broken(Promise::OnePark, seq),
                            (Some(_), _) => {}
                        }
                        call
                    }
                };
                if let Some(call) = call {
                    call.add(&row);
                }
                if let Some(ended) = call.take_if(|call| call.outcome.is_some()) {
                    found.partial += u64::from(ended.partial);
                    if !same(&ended)? {
                        found.broken(Promise::SameRow, ended.id);
                    }
                }
            }
            found.calls = calls.len() as u64;
            let mut parked: HashMap<String, i64> = HashMap::new();
            for call in calls.into_values().flatten() {
                found.waiting += 1;
                found.partial += u64::from(call.partial);
                if !same(&call)? {
                    found.broken(Promise::SameRow, call.id);
                }
                if let Some(other) = parked.insert(call.uuid, call.id) {
                    found.broken(Promise::OneOrbit, other);
                }
            }
            let rows: i64 =
                connection.query_row("SELECT count(*) FROM call", [], |row| row.get(0))?;
            let made = i64::try_from(found.calls).unwrap_or(i64::MAX);
            if rows != made {
                found.broken(Promise::SameRow, rows - made);
            }
            Ok(found)
        })
    }
}
