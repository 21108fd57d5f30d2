//! Places in the dialplan.

use std::fmt;
use std::str::FromStr;

/// A place in the dialplan: `<exten> [<dialplan> [<context>]]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transfer {
    /// The extension.
    pub exten: String,
    /// The dialplan; none: the call's own.
    pub dialplan: Option<String>,
    /// The context; none: the call's own.
    pub context: Option<String>,
}

/// A place in the dialplan that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPlace {
    /// No extension.
    #[error("{0:?} names no extension")]
    Nowhere(String),
    /// More words than an extension, a dialplan and a context.
    #[error("{0:?} is not <exten> [<dialplan> [<context>]]")]
    Words(String),
}

impl FromStr for Transfer {
    type Err = BadPlace;

    fn from_str(text: &str) -> Result<Self, BadPlace> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let exten = words.next().ok_or_else(|| BadPlace::Nowhere(text.to_owned()))?;
        let place = Transfer { exten, dialplan: words.next(), context: words.next() };
        if words.next().is_some() {
            return Err(BadPlace::Words(text.to_owned()));
        }
        Ok(place)
    }
}

impl fmt::Display for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.exten)?;
        for word in [&self.dialplan, &self.context].into_iter().flatten() {
            write!(f, " {word}")?;
        }
        Ok(())
    }
}

/// Whether a caller's number can be dialled: digits, and one `+` in front. Anything else a caller can send is no number
/// to be put into a dialplan; with a `*` it could be a feature code there.
pub fn is_dialable(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (1..=32).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}
