//! Places in the dialplan.

use std::fmt;
use std::str::FromStr;

use super::cause::CauseName;
use super::user::User;

/// A place in the dialplan: `<exten> [<dialplan> [<context>]]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    /// The extension.
    pub exten: String,
    /// The dialplan. `None` means the call's own.
    pub dialplan: Option<String>,
    /// The context. `None` means the call's own.
    pub context: Option<String>,
}

/// A place in the dialplan that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDestination {
    /// No extension.
    #[error("{0:?} does not name an extension")]
    Nowhere(String),
    /// More words than an extension, a dialplan and a context.
    #[error("{0:?} is not <exten> [<dialplan> [<context>]]")]
    Words(String),
}

impl FromStr for Destination {
    type Err = BadDestination;

    fn from_str(text: &str) -> Result<Self, BadDestination> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let exten = words.next().ok_or_else(|| BadDestination::Nowhere(text.to_owned()))?;
        let place = Destination { exten, dialplan: words.next(), context: words.next() };
        if words.next().is_some() {
            return Err(BadDestination::Words(text.to_owned()));
        }
        Ok(place)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.exten)?;
        for word in [&self.dialplan, &self.context].into_iter().flatten() {
            write!(f, " {word}")?;
        }
        Ok(())
    }
}

/// Whether a caller's number can be dialled: digits, and one `+` in front. Nothing else that a caller can send may be put
/// into a dialplan, where a `*` could make it a feature code.
pub fn is_dialable(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (1..=32).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// How a call leaves its orbit without being connected to a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// To this place: by its exit key, by a return step, or because it has waited for long enough.
    Transfer(Destination),
    /// To the voicemail box of this user, by a return step.
    Voicemail(User),
    /// To the next action of the dialplan that has parked it.
    Continue,
    /// It is hung up by an administrator or a return step.
    Drop {
        /// The hang-up cause.
        cause: CauseName,
    },
    /// It hangs up to be called back.
    Callback,
}

impl Exit {
    /// Whether it goes elsewhere, and is not hung up.
    pub(super) fn goes_elsewhere(&self) -> bool {
        matches!(self, Exit::Transfer(_) | Exit::Voicemail(_) | Exit::Continue)
    }
}
