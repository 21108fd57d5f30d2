//! `export`: all that the journal knows of one caller.

use rusqlite::params_from_iter;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Reader;
use crate::journal::{Call, Failure, callers, jobs, table};

/// The most calls of one caller that are given out.
const MOST: usize = 10_000;

/// What the journal knows of one caller.
#[derive(Clone, Debug, Serialize)]
pub struct Exported {
    /// The number, as it was asked for.
    pub number: String,
    /// The calls, oldest first.
    pub calls: Vec<ExportedCall>,
    /// The attempts that were refused, oldest first.
    pub refused: Vec<Value>,
    /// How many further calls have a masked number that can be this one or another one.
    pub masked: u64,
}

/// A call, and all that happened to it.
#[derive(Clone, Debug, Serialize)]
pub struct ExportedCall {
    /// What its entries add up to.
    #[serde(flatten)]
    pub call: Call,
    /// They.
    pub entries: Vec<Value>,
}

impl Reader {
    /// All that is known of the caller with that number, spelled as the journal has it.
    ///
    /// # Errors
    ///
    /// The file cannot be read, it takes longer than it may, or there are more calls than that.
    pub fn export(&self, number: &str) -> Result<Exported, Failure> {
        self.ask(|connection| {
            let spellings = callers::exact(connection, number)?;
            let marks = vec!["?"; spellings.len()].join(", ");
            let sql = format!(
                "SELECT {} FROM call WHERE caller_number IN ({marks}) \
                 OR id IN (SELECT call_id FROM held WHERE caller_number IN ({marks})) ORDER BY id LIMIT {}",
                table::COLUMNS,
                MOST + 1
            );
            let mut statement = connection.prepare(&sql)?;
            let twice = spellings.iter().chain(&spellings);
            let calls = statement.query_map(params_from_iter(twice), table::read)?;
            let calls: Vec<Call> = calls.collect::<rusqlite::Result<_>>()?;
            if calls.len() > MOST {
                let text = format!("there are more than {MOST} calls of that number");
                return Err(Failure::BadArgument(text));
            }
            let sql = format!(
                "SELECT {}, seq FROM entry WHERE call_id = ? ORDER BY seq",
                jobs::ROW
            );
            let mut of_call = connection.prepare(&sql)?;
            let mut exported = Vec::new();
            for call in calls {
                let entries = of_call.query_map([call.id], entry)?;
                let entries = entries.collect::<rusqlite::Result<_>>()?;
                exported.push(ExportedCall { call, entries });
            }
            let sql = format!(
                "SELECT {}, seq FROM entry WHERE call_id IS NULL \
                 AND json ->> '$.subject.caller_id_number' IN ({marks}) ORDER BY seq LIMIT {MOST}",
                jobs::ROW
            );
            let mut statement = connection.prepare(&sql)?;
            let refused = statement.query_map(params_from_iter(&spellings), entry)?;
            let refused = refused.collect::<rusqlite::Result<_>>()?;
            let sql = "SELECT count(*) FROM call WHERE caller_number = ?";
            let masked: i64 =
                connection.query_row(sql, [callers::masked(number)], |row| row.get(0))?;
            let (number, masked) = (number.to_owned(), masked.unsigned_abs());
            Ok(Exported { number, calls: exported, refused, masked })
        })
    }
}

/// An entry as JSON, with what is absent left out.
fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<Value> {
    let mut entry = Map::new();
    entry.insert("seq".to_owned(), row.get::<_, i64>(5)?.into());
    entry.insert("at_ms".to_owned(), row.get::<_, i64>(0)?.into());
    for (column, name) in [(1, "action"), (2, "lot"), (3, "orbit")] {
        entry.insert(name.to_owned(), row.get::<_, String>(column)?.into());
    }
    let detail: Map<String, Value> = table::from_json(row, 4)?;
    entry.extend(detail);
    Ok(Value::Object(entry))
}
