//! How long texts from outside may be.

use std::borrow::Cow;
use std::sync::Arc;

/// The longest caller id name, in characters.
pub const LONGEST_NAME: usize = 128;
/// The longest name that phones are shown, in characters. Displays have no room for more.
pub const LONGEST_SHOWN: usize = 80;
/// The longest caller id number, in characters.
pub const LONGEST_NUMBER: usize = 64;
/// The longest note, in characters.
pub const LONGEST_NOTE: usize = 512;
/// The longest user part of `user@domain`, in bytes.
pub(super) const LONGEST_USER_PART: usize = 64;
/// The longest domain, in bytes, as in DNS.
pub(super) const LONGEST_DOMAIN: usize = 253;
/// The longest `user@domain`.
pub const LONGEST_USER: usize = LONGEST_USER_PART + 1 + LONGEST_DOMAIN;

/// Control characters, and those that turn, hide or break what stands around them on a screen.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// Stands at the end of a text that was longer.
const CUT: char = '…';

/// The text, or as much of it as `most` characters allow, the last of which then shows that it was cut.
#[must_use]
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    let Some(kept) = most.checked_sub(1) else { return Cow::Borrowed("") };
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let kept = text.chars().take(kept);
            Cow::Owned(kept.chain([CUT]).collect())
        }
    }
}

/// The same, to be kept.
pub(super) fn kept(text: &str, most: usize) -> Arc<str> {
    shortened(text, most).into()
}

/// A text that cannot be the name of what it was meant to name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid {what}")]
pub struct BadName {
    /// What was refused, as it was given.
    pub text: String,
    /// What it should have been: `lot name`, `orbit`, `domain`.
    pub what: &'static str,
}

impl BadName {
    pub(super) fn new(text: &str, what: &'static str) -> Self {
        BadName { text: text.to_owned(), what }
    }
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_long_text_is_cut_at_a_character_and_says_so() {
        for (text, most, expected) in [
            ("", 0, ""),
            ("abc", 0, ""),
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("王小明子", 3, "王小…"),
            ("\u{202e}\u{202e}", 1, "…"),
        ] {
            assert_eq!(shortened(text, most), expected);
        }
    }
}
