//! The list of calls as one XML element.

use std::borrow::Cow;

use office::report::Table;
use quick_xml::Writer;
use quick_xml::escape::escape;
use quick_xml::events::BytesText;

use super::columns::COLUMNS;
use crate::park::CallView;

/// `<calls><call><lot>…</lot>…</call>…</calls>`.
pub(super) fn calls(calls: &[CallView]) -> String {
    let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    let cells =
        |call| COLUMNS.iter().map(|column| (column.get)(call).plain().into_owned()).collect();
    document("calls", "call", &names, calls.iter().map(cells))
}

/// A table of the journal, as such a document.
pub(crate) fn table(all: &str, one: &str, table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(String::as_str).collect();
    let rows = table.rows.iter();
    let cells = rows.map(|row| row.iter().map(|cell| cell.plain().into_owned()).collect());
    document(all, one, &names, cells)
}

fn document(
    all: &str,
    one: &str,
    names: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let written = writer.create_element(all).write_inner_content(|writer| {
        for row in rows {
            writer.create_element(one).write_inner_content(|writer| {
                for (name, cell) in names.iter().zip(&row) {
                    let text = BytesText::from_escaped(safe(cell));
                    writer.create_element(*name).write_text_content(text)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    });
    // A Vec takes every write, and everything in it came out of strings.
    written
        .ok()
        .map(|_| ())
        .and_then(|()| String::from_utf8(writer.into_inner()).ok())
        .unwrap_or_default()
}

/// Escaped for XML 1.0. What that cannot hold at all becomes U+FFFD; a carriage return, which a reader would turn into a
/// newline, is written by its number.
fn safe(text: &str) -> String {
    let clean: Cow<'_, str> = match text.contains(illegal) {
        true => text.replace(illegal, "\u{fffd}").into(),
        false => text.into(),
    };
    escape(clean).replace('\r', "&#13;")
}

/// What no document of XML 1.0 can hold.
pub(crate) fn illegal(c: char) -> bool {
    (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}
