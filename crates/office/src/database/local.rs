//! What is read from the file, which is the truth.

use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::journal::Failure;
use crate::journal::table;
use crate::query::{Limits, Reader};

/// Under which names the file keeps what belongs to this part.
pub(super) const LINE: &str = "database-journals";
pub(super) const POSITION: &str = "database-position";

/// The columns of the table `entry`, which both databases have.
pub(super) const ENTRY: &str = "seq, at_ms, node, call_id, action, lot, orbit, json";
/// Which columns have JSON.
const JSON: [&str; 4] = ["json", "earlier", "steps", "given_back"];
/// How much text is sent in one transaction, so that memory stays small.
const MOST_BYTES: usize = 2 << 20;
const PATIENCE: Duration = Duration::from_secs(20);

/// One life of the file: from this number on, its entries are those of that journal. A file that is made anew begins another
/// life, and so does one that was restored from a copy: its numbers may be in the database with other entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Life {
    pub(super) from: i64,
    /// A random UUID.
    pub(super) journal: String,
}

/// The lives of the file, oldest first; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line(Vec<Life>);

impl Line {
    /// The first life, from that number on.
    pub(super) fn begun(from: i64) -> Result<Self, Failure> {
        Ok(Line(vec![Life { from, journal: random_uuid()? }]))
    }

    /// Another life from that number on.
    pub(super) fn again(&self, from: i64) -> Result<Self, Failure> {
        let mut lives: Vec<Life> = self.0.iter().filter(|life| life.from < from).cloned().collect();
        lives.push(Life { from, journal: random_uuid()? });
        Ok(Line(lives))
    }

    /// The present life.
    pub(super) fn latest(&self) -> Option<&Life> {
        self.0.last()
    }

    /// The life to which that number belongs. What was there before the first is counted to it.
    fn of(&self, seq: i64) -> Option<&Life> {
        self.0.iter().rev().find(|life| life.from <= seq).or(self.0.first())
    }
}

/// A position, as it is kept for the next start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) journal: String,
    pub(super) position: i64,
}

/// What the file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// None: the file is a new one.
    pub(super) line: Option<Line>,
    pub(super) position: Option<Position>,
    /// The first number that is still there; the one before it was deleted or never was.
    pub(super) first: i64,
    /// The number of the latest entry.
    pub(super) last: i64,
}

/// Entries, and the calls that they have changed.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) entries: Vec<Value>,
    pub(super) calls: Vec<Value>,
    /// The number of its last entry.
    pub(super) last: i64,
}

fn reader(reader: &Reader) -> Reader {
    reader.clone().with(Limits { time: PATIENCE, ..Limits::default() })
}

/// What the file has.
pub(super) fn state(file: &Reader) -> Result<State, Failure> {
    reader(file).ask(|sql| {
        let first: i64 =
            sql.query_row("SELECT value FROM meta WHERE name = 'first_seq'", [], |row| row.get(0))?;
        let last: Option<i64> =
            sql.query_row("SELECT max(seq) FROM entry", [], |row| row.get(0))?;
        let (line, position) = (kept(sql, LINE)?, kept(sql, POSITION)?);
        let line = line.filter(|line: &Line| !line.0.is_empty());
        Ok(State { line, position, first, last: last.unwrap_or(first - 1) })
    })
}

fn kept<T: for<'a> Deserialize<'a>>(sql: &Connection, name: &str) -> rusqlite::Result<Option<T>> {
    let json: Option<String> = sql
        .query_row("SELECT json FROM kept WHERE name = ?", [name], |row| row.get(0))
        .optional()?;
    Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
}

/// The entries after that number, `most` at the most, and the present state of their calls. None: the file belongs to another
/// line by now.
pub(super) fn next(
    file: &Reader,
    line: &Line,
    after: i64,
    most: i64,
) -> Result<Option<Batch>, Failure> {
    reader(file).ask(|sql| {
        if kept(sql, LINE)?.as_ref() != Some(line) {
            return Ok(None);
        }
        let (from, journal) = match line.latest() {
            Some(life) => (after.max(life.from - 1), life.journal.as_str()),
            None => return Ok(None),
        };
        let mut batch = Batch { last: after, ..Batch::default() };
        let text = format!("SELECT {ENTRY} FROM entry WHERE seq > ? ORDER BY seq LIMIT ?");
        let mut statement = sql.prepare(&text)?;
        let mut rows = statement.query(params![from, most])?;
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            bytes += row.get_ref("json")?.as_str().map_or(0, str::len);
            if bytes > MOST_BYTES && !batch.entries.is_empty() {
                break;
            }
            batch.last = row.get(0)?;
            batch.entries.push(object(row, ENTRY, journal)?);
        }
        let text = format!(
            "SELECT {} FROM call WHERE id IN (SELECT call_id FROM entry WHERE seq > ? AND seq <= ?) ORDER BY id",
            table::COLUMNS
        );
        let mut statement = sql.prepare(&text)?;
        let mut rows = statement.query(params![from, batch.last])?;
        while let Some(row) = rows.next()? {
            batch.calls.push(call(row, line)?);
        }
        Ok(Some(batch))
    })
}

/// Calls from that one on, `most` at the most.
pub(super) fn calls(
    file: &Reader,
    line: &Line,
    from: i64,
    most: i64,
) -> Result<Vec<Value>, Failure> {
    reader(file).ask(|sql| {
        let text = format!("SELECT {} FROM call WHERE id >= ? ORDER BY id LIMIT ?", table::COLUMNS);
        let mut statement = sql.prepare(&text)?;
        let mut rows = statement.query(params![from, most])?;
        let mut calls = Vec::new();
        while let Some(row) = rows.next()? {
            calls.push(call(row, line)?);
        }
        Ok(calls)
    })
}

/// Entries from which callers were erased, their calls, and the numbers of these entries.
pub(super) fn erased(file: &Reader, line: &Line, most: i64) -> Result<(Vec<i64>, Batch), Failure> {
    reader(file).ask(|sql| {
        let text = format!(
            "SELECT {ENTRY} FROM entry WHERE seq IN (SELECT seq FROM erased ORDER BY seq LIMIT ?)"
        );
        let mut statement = sql.prepare(&text)?;
        let entries = statement.query_map([most], |row| {
            let life = line.of(row.get(0)?);
            object(row, ENTRY, life.map_or("", |life| life.journal.as_str()))
        })?;
        let entries: Vec<Value> = entries.collect::<rusqlite::Result<_>>()?;
        let columns = table::COLUMNS;
        let text = format!(
            "SELECT {columns} FROM call WHERE id IN (SELECT call_id FROM entry WHERE seq IN \
             (SELECT seq FROM erased ORDER BY seq LIMIT ?))"
        );
        let mut statement = sql.prepare(&text)?;
        let calls = statement.query_map([most], |row| call(row, line))?;
        let calls = calls.collect::<rusqlite::Result<_>>()?;
        let mut statement = sql.prepare("SELECT seq FROM erased ORDER BY seq LIMIT ?")?;
        let seqs = statement.query_map([most], |row| row.get(0))?;
        let seqs = seqs.collect::<rusqlite::Result<_>>()?;
        Ok((seqs, Batch { entries, calls, last: 0 }))
    })
}

/// The entry of that number.
pub(super) fn entry(file: &Reader, seq: i64) -> Result<Option<Value>, Failure> {
    reader(file).ask(|sql| {
        let text = format!("SELECT {ENTRY} FROM entry WHERE seq = ?");
        let mut statement = sql.prepare(&text)?;
        let mut rows = statement.query([seq])?;
        let row = rows.next()?;
        Ok(row.map(|row| object(row, ENTRY, "")).transpose()?)
    })
}

fn call(row: &Row<'_>, line: &Line) -> rusqlite::Result<Value> {
    let life = line.of(row.get(0)?);
    object(row, table::COLUMNS, life.map_or("", |life| life.journal.as_str()))
}

/// A row as an object with a member for each column, in the way in which PostgreSQL can store it.
fn object(row: &Row<'_>, columns: &str, journal: &str) -> rusqlite::Result<Value> {
    let mut object = Map::new();
    object.insert("journal".to_owned(), journal.into());
    for (at, name) in columns.split(',').map(str::trim).enumerate() {
        let value = match row.get_ref(at)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => number.into(),
            ValueRef::Real(number) => number.into(),
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                let text = String::from_utf8_lossy(text);
                let parsed = JSON.contains(&name).then(|| serde_json::from_str(&text).ok());
                parsed.flatten().unwrap_or_else(|| text.into())
            }
        };
        object.insert(name.to_owned(), without_nul(value));
    }
    Ok(Value::Object(object))
}

/// PostgreSQL has every character except NUL.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => text.replace('\0', "\u{fffd}").into(),
        Value::Array(items) => items.into_iter().map(without_nul).collect(),
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(name, value)| (name, without_nul(value))).collect(),
        ),
        other => other,
    }
}

/// A random UUID, version 4.
fn random_uuid() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|err| Failure::Io(std::io::Error::other(err)))?;
    let number = u128::from_be_bytes(bytes);
    let number = number & !(0xf000_c000 << 48) | (0x4000_8000 << 48);
    let hex = format!("{number:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    Ok([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_belongs_to_the_life_in_which_it_was_given() {
        let line = Line::begun(10).unwrap().again(20).unwrap();
        let of = |seq| line.of(seq).map(|life| life.from);
        assert_eq!(
            [of(1), of(10), of(19), of(20), of(99)].map(Option::unwrap),
            [10, 10, 10, 20, 20]
        );
        let again = line.again(15).unwrap();
        assert_eq!(again.0.iter().map(|life| life.from).collect::<Vec<_>>(), [10, 15]);
        assert_ne!(again.latest(), line.latest());
    }

    #[test]
    fn nul_is_replaced_wherever_it_is() {
        let value = serde_json::json!({"a": ["x\0y", {"b": "\0"}], "c": 1});
        assert_eq!(
            without_nul(value),
            serde_json::json!({"a": ["x\u{fffd}y", {"b": "\u{fffd}"}], "c": 1})
        );
    }
}
