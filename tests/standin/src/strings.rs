//! Strings across the border, and FreeSWITCH's ways of splitting, quoting and expanding them.

use std::ffi::{CStr, c_char};
use std::fmt::Write;

/// A copy of a C string; empty for NULL.
pub fn text(raw: *const c_char) -> String {
    if raw.is_null() {
        return String::new();
    }
    // SAFETY: the module gives C strings.
    unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned()
}

pub fn url_encode(value: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/:@!$'()*+,;=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Splits as `switch_separate_string` does: not inside single quotes, and each part loses one layer of quoting.
pub fn separate(text: &str, delimiter: char, most: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut parts, mut start, mut at, mut quoted) = (Vec::new(), 0, 0, false);
    if delimiter == ' ' {
        start = chars.iter().take_while(|c| **c == ' ').count();
        at = start;
    }
    while at < chars.len() && parts.len() + 1 < most {
        match chars[at] {
            '\\' => at += 1,
            '\'' if quoted || chars[at + 1..].contains(&'\'') => quoted = !quoted,
            c if c == delimiter && !quoted => {
                parts.push(unquote(&chars[start..at], delimiter));
                while delimiter == ' ' && chars.get(at + 1) == Some(&' ') {
                    at += 1;
                }
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if start < chars.len() || (delimiter != ' ' && !parts.is_empty()) {
        parts.push(unquote(&chars[start.min(chars.len())..], delimiter));
    }
    parts
}

/// `cleanup_separated_string`.
fn unquote(part: &[char], delimiter: char) -> String {
    let mut out = String::new();
    // What follows this length is blanks outside of quotes.
    let (mut end, mut quoted, mut at) = (0, false, part.iter().take_while(|c| **c == ' ').count());
    while at < part.len() {
        let escaped = match (part[at], part.get(at + 1)) {
            ('\\', Some('n')) => Some('\n'),
            ('\\', Some('r')) => Some('\r'),
            ('\\', Some('t')) => Some('\t'),
            ('\\', Some('s')) => Some(' '),
            ('\\', Some(c)) if "'\"\\".contains(*c) || *c == delimiter => Some(*c),
            _ => None,
        };
        if let Some(c) = escaped {
            at += 1;
            out.push(c);
            end = out.len();
        } else if part[at] == '\'' && (quoted || part[at + 1..].contains(&'\'')) {
            quoted = !quoted;
            if quoted {
                end = out.len();
            }
        } else {
            out.push(part[at]);
            if part[at] != ' ' || quoted {
                end = out.len();
            }
        }
        at += 1;
    }
    out.truncate(end);
    out
}

/// `{a=b,c=d}rest`, or the same with other brackets: the variables and the rest.
pub fn brackets(text: &str, open: char, close: char) -> (Vec<(String, String)>, &str) {
    let text = text.trim_start();
    let Some(inner) = text.strip_prefix(open) else { return (Vec::new(), text) };
    let mut depth = 1;
    let end = inner.char_indices().find_map(|(at, c)| {
        depth += i32::from(c == open) - i32::from(c == close);
        (depth == 0).then_some(at)
    });
    let Some(end) = end else { return (Vec::new(), text) };
    let variables =
        separate(&inner[..end], ',', 64).into_iter().filter_map(|pair| {
            match separate(&pair, '=', 2).as_slice() {
                [name, value] => Some((name.clone(), value.clone())),
                _ => None,
            }
        });
    (variables.collect(), &inner[end + 1..])
}

/// `text` with every `${name}` replaced.
pub fn expand(text: &str, lookup: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, tail)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&lookup(name).unwrap_or_default());
        rest = tail;
    }
    out + rest
}

pub fn new_uuid() -> String {
    let n = fastrand::u128(..);
    let hex = format!("{n:032x}");
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}
