//! `journal verify`: does the journal keep what it promises?

use std::collections::HashMap;

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
            let first_seq: i64 = connection.query_row(
                "SELECT value FROM meta WHERE name = 'first_seq'",
                [],
                |row| row.get(0),
            )?;
            let sql = "SELECT seq, call_id, action, json ->> 'outcome' IS NOT NULL FROM entry ORDER BY seq";
            let mut statement = connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            let mut expected = first_seq;
            // Of each call: has it ended?
            let mut calls: HashMap<i64, bool> = HashMap::new();
            while let Some(row) = rows.next()? {
                let (seq, call_id): (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
                let (action, ends): (Action, bool) = (row.get(2)?, row.get(3)?);
                found.entries += 1;
                if seq != expected {
                    found.broken(Promise::NoGap, expected);
                }
                expected = seq + 1;
                // Those of calls that have begun before the oldest entry go with the next ones.
                let Some(id) = call_id.filter(|id| *id >= first_seq) else { continue };
                match calls.insert(id, ends) {
                    None if id != seq => found.broken(Promise::OnePark, seq),
                    Some(true) => found.broken(Promise::OneEnd, seq),
                    Some(false) if action == Action::Park => found.broken(Promise::OnePark, seq),
                    None | Some(false) => {}
                }
            }
            found.calls = calls.len() as u64;
            drop(calls);

            let sql = format!("SELECT {} FROM call WHERE id = ?", table::COLUMNS);
            let mut row_of = connection.prepare(&sql)?;
            let mut made = jobs::calls(connection, first_seq, i64::MAX)?;
            let mut parked: HashMap<String, i64> = HashMap::new();
            while let Some(call) = made.advance(connection)? {
                found.partial += u64::from(call.partial);
                let row: Option<Call> = row_of.query_row([call.id], table::read).optional()?;
                if row.as_ref() != Some(&call) {
                    found.broken(Promise::SameRow, call.id);
                }
                if call.outcome.is_none() {
                    found.waiting += 1;
                    if let Some(other) = parked.insert(call.uuid, call.id) {
                        found.broken(Promise::OneOrbit, other);
                    }
                }
            }
            let rows: i64 = connection.query_row("SELECT count(*) FROM call", [], |row| row.get(0))?;
            let made = i64::try_from(found.calls).unwrap_or(i64::MAX);
            if rows != made {
                found.broken(Promise::SameRow, rows - made);
            }
            Ok(found)
        })
    }
}
