//! The list of calls as one XML element.

use std::borrow::Cow;

use quick_xml::Writer;
use quick_xml::escape::escape;
use quick_xml::events::BytesText;

use super::columns::COLUMNS;
use crate::park::CallView;

/// `<calls><call><lot>…</lot>…</call>…</calls>`.
pub(super) fn calls(calls: &[CallView]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let written = writer.create_element("calls").write_inner_content(|writer| {
        for call in calls {
            writer.create_element("call").write_inner_content(|writer| {
                for column in &COLUMNS {
                    let cell = (column.get)(call);
                    let text = BytesText::from_escaped(safe(&cell.plain()));
                    writer.create_element(column.name).write_text_content(text)?;
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
