//! Whether the file and the database have the same rows.

use std::collections::BTreeMap;
use std::path::Path;

use kit::Postgres;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value};

/// Both have the same rows of entries and calls, however many nodes there are. How many entries and calls there are.
#[track_caller]
pub fn same(server: &Postgres, files: &[&Path]) -> (usize, usize) {
    let mut counts = Vec::new();
    for (there, here, columns) in [
        (
            "SELECT encode(convert_to((to_jsonb(e) - 'journal')::text, 'UTF8'), 'hex') FROM callpark_entry e",
            "SELECT * FROM entry",
            ("node", "seq"),
        ),
        (
            "SELECT encode(convert_to((to_jsonb(c) - 'journal')::text, 'UTF8'), 'hex') FROM callpark_call c",
            "SELECT * FROM call",
            ("node", "id"),
        ),
    ] {
        let key = |row: &Map<String, Value>| {
            (row[columns.0].as_str().unwrap().to_owned(), row[columns.1].as_i64().unwrap())
        };
        let mut expected = BTreeMap::new();
        for file in files {
            for row in rows(file, here) {
                assert_eq!(expected.insert(key(&row), row), None);
            }
        }
        let mut found = BTreeMap::new();
        for line in server.sql(there).lines() {
            let text = unhexed(line);
            let Value::Object(row) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
            assert_eq!(found.insert(key(&row), row), None, "twice: {text}");
        }
        assert_eq!(found.len(), expected.len());
        for (key, row) in &expected {
            assert_eq!(found.get(key), Some(row), "{key:?}");
        }
        counts.push(found.len());
    }
    (counts[0], counts[1])
}

fn rows(file: &Path, sql: &str) -> Vec<Map<String, Value>> {
    let connection = Connection::open(file).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([], |row| {
        let value = |(at, name): (usize, &String)| {
            let value = match row.get_ref(at).unwrap() {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) if ["recovered", "partial"].contains(&name.as_str()) => {
                    (number != 0).into()
                }
                ValueRef::Integer(number) => number.into(),
                ValueRef::Text(text) => {
                    let text = std::str::from_utf8(text).unwrap();
                    without_nul(match name.as_str() {
                        "json" | "earlier" | "steps" | "given_back" => {
                            serde_json::from_str(text).unwrap()
                        }
                        _ => text.into(),
                    })
                }
                other => panic!("{other:?}"),
            };
            (name.clone(), value)
        };
        Ok(names.iter().enumerate().map(value).collect())
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// The one character that PostgreSQL does not have.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) => text.replace('\0', "\u{fffd}").into(),
        Value::Array(items) => items.into_iter().map(without_nul).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            Value::Object(members.map(|(name, value)| (name, without_nul(value))).collect())
        }
        other => other,
    }
}

/// psql prints no character that it does not know, so it has to print others.
fn unhexed(line: &str) -> String {
    let digit = |at: usize| u8::from_str_radix(&line[at..at + 2], 16).unwrap();
    String::from_utf8((0..line.len()).step_by(2).map(digit).collect()).unwrap()
}
