//! The patterns of rules.

use std::fmt;
use std::str::FromStr;

/// The longest text of patterns, in bytes.
pub const LONGEST_PATTERN: usize = 1024;
/// The most patterns in one text.
pub const MOST_ALTERNATIVES: usize = 64;

/// Patterns with `,` or `|` between them; a text fits if it fits one of them. In a pattern `*` stands for any characters,
/// also none, and `?` for one character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns {
    text: Box<str>,
    any: Box<[Pattern]>,
}

/// What cannot be patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// A pattern without a character, which nothing would fit.
    #[error("has an empty pattern")]
    Empty,
    /// Longer than [`LONGEST_PATTERN`].
    #[error("is longer than {LONGEST_PATTERN} bytes")]
    TooLong,
    /// More than [`MOST_ALTERNATIVES`].
    #[error("has more than {MOST_ALTERNATIVES} patterns")]
    TooMany,
    /// A character that cannot be in what is compared.
    #[error("has a character that cannot be there: {0:?}")]
    Character(char),
    /// A `*` or `?` where a name is looked up.
    #[error("must be names, without * or ?")]
    NotAName,
}

/// One pattern. The most usual kinds need no search.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Any,
    Exactly(Box<str>),
    Begins(Box<str>),
    Ends(Box<str>),
    Glob(Box<str>),
}

impl Pattern {
    fn of(text: &str) -> Self {
        let plain = |text: &str| !text.contains(['*', '?']);
        match text.strip_suffix('*') {
            Some("") => Pattern::Any,
            Some(begin) if plain(begin) => Pattern::Begins(begin.into()),
            None if plain(text) => Pattern::Exactly(text.into()),
            _ => match text.strip_prefix('*') {
                Some(end) if plain(end) => Pattern::Ends(end.into()),
                _ => Pattern::Glob(text.into()),
            },
        }
    }

    fn fits(&self, text: &str) -> bool {
        match self {
            Pattern::Any => true,
            Pattern::Exactly(pattern) => **pattern == *text,
            Pattern::Begins(begin) => text.starts_with(&**begin),
            Pattern::Ends(end) => text.ends_with(&**end),
            Pattern::Glob(pattern) => glob(pattern, text),
        }
    }
}

/// Whether the text fits the pattern. Without recursion, and in a time of at most the product of their lengths.
fn glob(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // What stands behind the last `*`, and the text of which it has not taken anything yet.
    let mut star = None;
    loop {
        let here = text.clone();
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                star = Some((pattern.clone(), here.clone()));
                text = here;
            }
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(c)) if wanted == c => {}
            _ => {
                let Some((behind, rest)) = &mut star else { return false };
                if rest.next().is_none() {
                    return false;
                }
                (pattern, text) = (behind.clone(), rest.clone());
            }
        }
    }
}

impl Patterns {
    /// Whether the text fits one of them.
    pub fn fit(&self, text: &str) -> bool {
        self.any.iter().any(|pattern| pattern.fits(text))
    }

    /// The same patterns, each of which must be a name.
    ///
    /// # Errors
    /// One has a `*` or a `?`.
    pub(super) fn names(&self) -> Result<impl Iterator<Item = &str>, BadPattern> {
        let exact = |pattern: &Pattern| matches!(pattern, Pattern::Exactly(_));
        if !self.any.iter().all(exact) {
            return Err(BadPattern::NotAName);
        }
        Ok(self.any.iter().filter_map(|pattern| match pattern {
            Pattern::Exactly(name) => Some(&**name),
            _ => None,
        }))
    }

    /// As they were written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Patterns {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        if text.len() > LONGEST_PATTERN {
            return Err(BadPattern::TooLong);
        }
        if let Some(c) = text.chars().find(|c| c.is_control()) {
            return Err(BadPattern::Character(c));
        }
        let parts: Vec<&str> = text.split([',', '|']).map(str::trim).collect();
        if parts.len() > MOST_ALTERNATIVES {
            return Err(BadPattern::TooMany);
        }
        if parts.contains(&"") {
            return Err(BadPattern::Empty);
        }
        Ok(Patterns { text: text.into(), any: parts.into_iter().map(Pattern::of).collect() })
    }
}

impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
