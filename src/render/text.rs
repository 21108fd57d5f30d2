//! Aligned text.

use std::borrow::Cow;

use super::columns::{Cell, Column};
use crate::park::{is_invisible, shortened};

/// The most characters of a text that a table shows: one long name must not push all other lines apart. JSON, XML and CSV
/// have all of it.
const WIDEST: usize = 48;

/// Header, a line a row, and how many there are. Cells are separated by blanks; one that holds blanks, quotes or
/// anything that does not show is in quotes, with escapes; `-` is nothing. Therefore a program that splits a line
/// finds the cells.
pub(super) fn table<T>(items: &[T], columns: &[Column<T>], one: &str) -> String {
    let columns: Vec<_> = columns.iter().filter(|column| !column.wide).collect();
    let header = columns.iter().map(|column| column.name.to_owned()).collect();
    let row = |item| columns.iter().map(|column| narrow(&(column.get)(item))).collect();
    let rows: Vec<Vec<String>> = std::iter::once(header).chain(items.iter().map(row)).collect();
    let mut widths = vec![0; columns.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for row in &rows {
        let line: Vec<String> =
            row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        out.push_str(line.join("  ").trim_end());
        out.push('\n');
    }
    match items.len() {
        1 => out.push_str(&format!("1 {one}\n")),
        count => out.push_str(&format!("{count} {one}s\n")),
    }
    out
}

/// A cell of a table.
fn narrow(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Text(text) => self::cell(&Cell::Text(shortened(text, WIDEST))),
        other => self::cell(other),
    }
}

/// One cell without anything in it that could be taken for its end.
pub(super) fn cell(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Nothing => "-".to_owned(),
        Cell::Text(text) if text.is_empty() => "-".to_owned(),
        cell => quoted(&cell.plain()).into_owned(),
    }
}

/// The text as it is if it cannot be misread, and otherwise in quotes.
pub(super) fn quoted(text: &str) -> Cow<'_, str> {
    let odd = |c: char| c.is_whitespace() || matches!(c, '"' | '\\') || is_invisible(c);
    if text.is_empty() || text == "-" || text.contains(odd) {
        format!("\"{}\"", escaped(text, true)).into()
    } else {
        text.into()
    }
}

/// A sentence that stays on its line.
pub(super) fn line(text: &str) -> String {
    escaped(text, false)
}

fn escaped(text: &str, in_quotes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' if !in_quotes => out.push(c),
            '"' | '\\' | '\n' | '\r' | '\t' => out.extend(c.escape_default()),
            c if is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}
