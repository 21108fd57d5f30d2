//! `history`: calls that have ended or are waiting, newest first.

use std::fmt::Write;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::{MOST_ROWS, Reader};
use crate::entry::Outcome;
use crate::journal::{Call, Failure, callers, table};
use crate::time::Clock;

/// Which calls are wanted. Whatever is none is any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The lot: that of its end, and every lot that it was in before.
    pub lot: Option<String>,
    /// The tenant of the call.
    pub domain: Option<String>,
    /// Only of this tenant and of lots without one.
    pub visible_to: Option<String>,
    /// Only in one of these lots; empty: any.
    pub lots: Vec<String>,
    /// Only what the list has behind the call of this number.
    pub before: Option<i64>,
    /// Parked at this moment or later, in ms since 1970.
    pub from_ms: Option<i64>,
    /// Parked before this moment, in ms since 1970.
    pub to_ms: Option<i64>,
    /// The caller's number as it is, whatever `history-callers` has made of it, or the caller's name.
    pub caller: Option<String>,
    /// Who parked it, `user@domain` or the user alone.
    pub parker: Option<String>,
    /// Who took it, `user@domain` or the user alone.
    pub retriever: Option<String>,
    /// How it ended. `Some(None)`: it is waiting.
    pub outcome: Option<Option<Outcome>>,
    /// The most calls to answer with. 0: 100.
    pub limit: usize,
}

impl Filter {
    /// Sets a filter from `key=value`, as it is typed: `from`, `to`, `caller`, `parker`, `retriever`, `outcome`, `limit`.
    ///
    /// # Errors
    ///
    /// There is no such filter, or the value cannot be used.
    pub fn set(&mut self, clock: &Clock, key: &str, value: &str) -> Result<(), Failure> {
        let text = || Some(value.to_owned());
        match key {
            "from" => self.from_ms = Some(clock.from(value)?),
            "to" => self.to_ms = Some(clock.to(value)?),
            "caller" => self.caller = text(),
            "parker" => self.parker = text(),
            "retriever" => self.retriever = text(),
            "outcome" => {
                self.outcome = Some(match value {
                    "waiting" => None,
                    _ => Some(value.parse().map_err(|_| bad_outcome(value))?),
                });
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MOST_ROWS).contains(limit));
                self.limit = limit.ok_or_else(|| {
                    Failure::BadArgument(format!("the limit is a number from 1 to {MOST_ROWS}"))
                })?;
            }
            _ => {
                let key: String = key.chars().take(40).collect();
                return Err(Failure::BadArgument(format!("there is no filter {key:?}")));
            }
        }
        Ok(())
    }

    /// What stands behind `WHERE`, and the values in it.
    pub(crate) fn sql(&self, connection: &Connection) -> rusqlite::Result<(String, Vec<Value>)> {
        let mut sql = "TRUE".to_owned();
        let mut values: Vec<Value> = Vec::new();
        if let Some(from) = self.from_ms {
            sql.push_str(" AND parked_at_ms >= ?");
            values.push(from.into());
        }
        if let Some(to) = self.to_ms {
            sql.push_str(" AND parked_at_ms < ?");
            values.push(to.into());
        }
        if let Some(lot) = &self.lot {
            sql.push_str(
                " AND (lot = ? OR earlier <> '[]' AND EXISTS \
                 (SELECT 1 FROM json_each(earlier) WHERE value ->> 'lot' = ?))",
            );
            values.extend([lot.clone().into(), lot.clone().into()]);
        }
        if let Some(domain) = &self.domain {
            sql.push_str(" AND domain = ?");
            values.push(domain.clone().into());
        }
        if let Some(domain) = &self.visible_to {
            sql.push_str(" AND domain IN (?, '')");
            values.push(domain.clone().into());
        }
        if !self.lots.is_empty() {
            let _ = write!(sql, " AND lot IN ({})", vec!["?"; self.lots.len()].join(", "));
            values.extend(self.lots.iter().cloned().map(Value::from));
        }
        if let Some(before) = self.before {
            sql.push_str(
                " AND (parked_at_ms, id) < (SELECT parked_at_ms, id FROM call WHERE id = ?)",
            );
            values.push(before.into());
        }
        if let Some(caller) = &self.caller {
            let numbers = callers::spellings(connection, caller)?;
            let marks = vec!["?"; numbers.len()].join(", ");
            // Writing to a String cannot fail.
            let _ = write!(
                sql,
                " AND (caller_number IN ({marks}) AND caller_number <> '' OR caller_name = ?)"
            );
            values.extend(numbers.into_iter().map(Value::from));
            values.push(caller.clone().into());
        }
        for (column, user) in [("parker", &self.parker), ("retriever", &self.retriever)] {
            let Some(user) = user else { continue };
            if user.contains('@') {
                let _ = write!(sql, " AND {column} = ?");
                values.push(user.clone().into());
            } else {
                // Every domain: what is between `user@` and `userA`, the next character.
                let _ = write!(sql, " AND ({column} = ? OR {column} >= ? AND {column} < ?)");
                let (from, to) = (format!("{user}@"), format!("{user}A"));
                values.extend([user.clone().into(), from.into(), to.into()]);
            }
        }
        match self.outcome {
            Some(Some(outcome)) => {
                sql.push_str(" AND outcome = ?");
                values.push(outcome.as_str().to_owned().into());
            }
            Some(None) => sql.push_str(" AND outcome IS NULL"),
            None => {}
        }
        Ok((sql, values))
    }
}

fn bad_outcome(value: &str) -> Failure {
    let value: String = value.chars().take(40).collect();
    let known: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
    Failure::BadArgument(format!(
        "{value:?} is not an outcome; there are {} and waiting",
        known.join(", ")
    ))
}

impl Reader {
    /// The calls that the filter wants, newest first.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it takes longer than it may.
    pub fn history(&self, filter: &Filter) -> Result<Vec<Call>, Failure> {
        let limit = if filter.limit == 0 { 100 } else { filter.limit.min(MOST_ROWS) };
        self.ask(|connection| {
            let (filter, mut values) = filter.sql(connection)?;
            values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
            let sql = format!(
                "SELECT {} FROM call WHERE {filter} ORDER BY parked_at_ms DESC, id DESC LIMIT ?",
                table::COLUMNS
            );
            let mut statement = connection.prepare(&sql)?;
            let calls = statement.query_map(params_from_iter(values), table::read)?;
            Ok(calls.collect::<rusqlite::Result<_>>()?)
        })
    }
}
