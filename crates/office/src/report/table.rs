//! Tables: as text for people, and comma-separated for programs.

use std::borrow::Cow;
use std::fmt::Write;

use serde::Serialize;

use crate::audit::Audited;
use crate::journal::Call;
use crate::query::Waited;
use crate::time::Clock;

/// The widest cell in a text, in characters. No name breaks the table for the other rows.
const WIDEST: usize = 40;

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// What its columns are called.
    pub columns: Vec<String>,
    /// Its rows, with a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A text, which can contain anything.
    Text(String),
    /// A number.
    Number(i64),
    /// A number with two decimals.
    Decimal(f64),
    /// Milliseconds, shown as seconds.
    Milliseconds(i64),
    /// There is no such thing.
    Nothing,
}

impl Cell {
    pub(super) fn text(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }

    pub(super) fn count(count: u64) -> Self {
        Cell::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }

    pub(super) fn seconds(ms: i64) -> Self {
        Cell::Milliseconds(ms)
    }

    pub(super) fn user(user: &str) -> Self {
        if user.is_empty() { Cell::Nothing } else { Cell::text(user) }
    }

    /// For programs: as it is. Nothing is empty.
    #[must_use]
    pub fn plain(&self) -> Cow<'_, str> {
        match self {
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Number(number) => number.to_string().into(),
            Cell::Decimal(number) => format!("{number:.2}").into(),
            Cell::Milliseconds(ms) => format!("{}.{:03}", ms / 1_000, (ms % 1_000).abs()).into(),
            Cell::Nothing => Cow::Borrowed(""),
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Cell::Nothing => "-".to_owned(),
            Cell::Milliseconds(ms) => {
                let tenths = ms.saturating_add(50) / 100;
                format!("{}.{}", tenths / 10, (tenths % 10).abs())
            }
            Cell::Text(text) => visible(text),
            _ => self.plain().into_owned(),
        }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Cell::Number(_) | Cell::Decimal(_) | Cell::Milliseconds(_))
    }
}

impl Table {
    pub(super) fn new(title: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        Table { title: title.to_owned(), columns, rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// For people: aligned, and with every character that could break a line written as an escape.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("{}\n", self.title);
        if self.rows.is_empty() {
            out.push_str("  none\n");
            return out;
        }
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(Cell::shown).collect()).collect();
        let width = |index: usize| {
            let cells = rows.iter().filter_map(|row| row.get(index));
            cells.chain(self.columns.get(index)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> =
            (0..self.columns.len()).map(|index| width(index).unwrap_or_default()).collect();
        let mut line = |cells: &[String], numbers: &dyn Fn(usize) -> bool| {
            let mut text = String::new();
            for (index, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                // Writing to a String cannot fail.
                let _ = match numbers(index) {
                    true => write!(text, "  {cell:>width$}"),
                    false => write!(text, "  {cell:<width$}"),
                };
            }
            out.push_str(text.trim_end());
            out.push('\n');
        };
        let numbers =
            |index: usize| self.rows.iter().any(|row| row.get(index).is_some_and(Cell::is_number));
        line(&self.columns, &numbers);
        for row in &rows {
            line(row, &numbers);
        }
        out
    }

    /// Comma-separated, RFC 4180. Texts are as they are.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut write = || {
            writer.write_record(&self.columns)?;
            for row in &self.rows {
                writer.write_record(row.iter().map(|cell| cell.plain().into_owned()))?;
            }
            Ok::<(), csv::Error>(())
        };
        // A Vec takes everything.
        if write().is_err() {
            return String::new();
        }
        writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// The list of `history`. `all`: with every column, for programs.
#[must_use]
pub fn calls(calls: &[Call], clock: &Clock, all: bool) -> Table {
    let mut columns = vec![
        "parked_at",
        "lot",
        "orbit",
        "caller_id_name",
        "caller_id_number",
        "parker",
        "wait_s",
        "outcome",
        "retriever",
    ];
    if all {
        columns.extend([
            "id",
            "node",
            "uuid",
            "domain",
            "did",
            "for",
            "priority",
            "note",
            "parked_at_ms",
            "ended_at_ms",
            "reason",
            "retriever_uuid",
            "steps",
            "given_back",
            "recovered",
        ]);
    }
    let mut table = Table::new("Calls", &columns);
    for call in calls {
        let subject = &call.subject;
        let mut row = vec![
            Cell::Text(clock.show(subject.parked_at_ms)),
            Cell::text(&call.place.lot),
            Cell::text(&call.place.orbit),
            Cell::user(&subject.caller_name),
            Cell::user(&subject.caller_number),
            Cell::user(&subject.parker),
            call.wait_ms.map_or(Cell::Nothing, Cell::Milliseconds),
            Cell::text(call.outcome.map_or("waiting", |outcome| outcome.as_str())),
            Cell::user(&call.retriever),
        ];
        if all {
            let steps: Vec<String> = call
                .steps
                .iter()
                .map(|tried| {
                    format!("{} {} {}", tried.step.number, tried.step.to, tried.step.result)
                })
                .collect();
            row.extend([
                Cell::Number(call.id),
                Cell::text(&call.node),
                Cell::text(&call.uuid),
                Cell::text(&subject.domain),
                Cell::text(&subject.did),
                Cell::text(&subject.addressed_to),
                Cell::Number(subject.priority.into()),
                Cell::text(&subject.note),
                Cell::Number(subject.parked_at_ms),
                call.ended_at_ms.map_or(Cell::Nothing, Cell::Number),
                Cell::text(&call.reason),
                Cell::text(&call.retriever_uuid),
                Cell::Text(steps.join("; ")),
                Cell::count(call.given_back.len() as u64),
                Cell::text(if call.recovered { "true" } else { "false" }),
            ]);
        }
        table.rows.push(row);
    }
    table
}

/// One JSON document: `{"calls":[…]}`, of what `history` or `at` has answered.
#[must_use]
pub fn calls_json<T: Serialize>(calls: &[T]) -> String {
    #[derive(Serialize)]
    struct Document<'a, T> {
        calls: &'a [T],
    }
    // Strings, numbers and string keys: nothing that serde_json could refuse.
    serde_json::to_string(&Document { calls }).unwrap_or_default()
}

/// One JSON document: `{"audit":[…]}`.
#[must_use]
pub fn audit_json(rows: &[Audited]) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        audit: &'a [Audited],
    }
    serde_json::to_string(&Document { audit: rows }).unwrap_or_default()
}

/// The list of `audit`; with `all`, every column of the table.
#[must_use]
pub fn audit(rows: &[Audited], clock: &Clock, all: bool) -> Table {
    let mut columns = vec!["number", "at", "actor", "action", "lot", "orbit", "result", "detail"];
    if all {
        columns.extend(["at_ms", "node", "uuid", "hash"]);
    }
    let mut table = Table::new("Who did what", &columns);
    for row in rows {
        let mut cells = vec![
            Cell::count(row.seq.unsigned_abs()),
            Cell::Text(clock.show(row.at_ms)),
            Cell::user(&row.actor),
            Cell::text(&row.action),
            Cell::text(&row.lot),
            Cell::text(&row.orbit),
            Cell::text(&row.result),
            Cell::text(&row.detail),
        ];
        if all {
            cells.push(Cell::count(row.at_ms.unsigned_abs()));
            cells.extend([&row.node, &row.uuid, &row.hash].map(|text| Cell::text(text)));
        }
        table.row(cells);
    }
    table
}

/// The list of `at`.
#[must_use]
pub fn waited(waited: &[Waited], clock: &Clock) -> Table {
    let columns = [
        "lot",
        "orbit",
        "caller_id_name",
        "caller_id_number",
        "parker",
        "parked_at",
        "waited_s",
        "outcome",
    ];
    let mut table = Table::new("Calls that were waiting", &columns);
    for waited in waited {
        let subject = &waited.call.subject;
        table.row([
            Cell::text(&waited.then.lot),
            Cell::text(&waited.then.orbit),
            Cell::user(&subject.caller_name),
            Cell::user(&subject.caller_number),
            Cell::user(&subject.parker),
            Cell::Text(clock.show(subject.parked_at_ms)),
            Cell::Milliseconds(waited.waited_ms),
            Cell::text(waited.call.outcome.map_or("waiting", |outcome| outcome.as_str())),
        ]);
    }
    table
}

/// The text on one line and no longer than a cell, with everything that is invisible, or turns what is around it, as an escape.
fn visible(text: &str) -> String {
    let mut out = String::new();
    for (index, c) in text.chars().enumerate() {
        if index + 1 >= WIDEST && text.chars().count() > WIDEST {
            out.push('…');
            break;
        }
        let hidden = c.is_control()
            || (c.is_whitespace() && c != ' ')
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
            || matches!(c, '\u{e0000}'..='\u{e007f}');
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' | '\r' | '\t' => out.extend(c.escape_default()),
            c if hidden => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}
