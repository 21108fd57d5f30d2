//! What happens to a call that gets no orbit, or that no return step took.

use std::fmt;
use std::str::FromStr;

use super::cause::{BadCause, CauseName};
use super::destination::{BadDestination, Destination};
use super::names::LotKey;

/// What becomes of a call when every orbit is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum WhenFull {
    /// Its dialplan goes on.
    #[default]
    Continue,
    /// It goes back to the parker.
    Parker,
    /// It is hung up.
    Hangup,
    /// It is parked in this lot, as the full lot's tenant would name it.
    Lot(String),
    /// It is transferred.
    Transfer(Destination),
}

/// A `when-full`, `when-occupied` or `after-return` that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFallback {
    /// None of the words.
    #[error("{0:?} is not one of {1}")]
    Unknown(String, &'static str),
    /// A text that cannot name a lot.
    #[error(transparent)]
    Lot(#[from] super::text::BadName),
    /// A transfer to nowhere.
    #[error(transparent)]
    Transfer(#[from] BadDestination),
    /// A text that cannot name a hang-up cause.
    #[error(transparent)]
    Cause(#[from] BadCause),
}

impl FromStr for WhenFull {
    type Err = BadFallback;

    fn from_str(text: &str) -> Result<Self, BadFallback> {
        const WORDS: &str =
            "continue, parker, hangup, lot:<name>, transfer:<exten> [<dialplan> [<context>]]";
        match (text, text.split_once(':')) {
            ("continue", _) => Ok(WhenFull::Continue),
            ("parker", _) => Ok(WhenFull::Parker),
            ("hangup", _) => Ok(WhenFull::Hangup),
            (_, Some(("lot", name))) => {
                let _: LotKey = name.trim().parse()?;
                Ok(WhenFull::Lot(name.trim().to_owned()))
            }
            (_, Some(("transfer", place))) => Ok(WhenFull::Transfer(place.parse()?)),
            _ => Err(BadFallback::Unknown(text.to_owned(), WORDS)),
        }
    }
}

impl fmt::Display for WhenFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhenFull::Continue => f.write_str("continue"),
            WhenFull::Parker => f.write_str("parker"),
            WhenFull::Hangup => f.write_str("hangup"),
            WhenFull::Lot(name) => write!(f, "lot:{name}"),
            WhenFull::Transfer(place) => write!(f, "transfer:{place}"),
        }
    }
}

/// What becomes of a call when the orbit it asked for is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WhenOccupied {
    /// It gets the next free orbit after that one.
    #[default]
    Next,
    /// Its dialplan goes on.
    Continue,
    /// It goes back to the parker.
    Parker,
}

impl FromStr for WhenOccupied {
    type Err = BadFallback;

    fn from_str(text: &str) -> Result<Self, BadFallback> {
        match text {
            "next" => Ok(WhenOccupied::Next),
            "continue" => Ok(WhenOccupied::Continue),
            "parker" => Ok(WhenOccupied::Parker),
            _ => Err(BadFallback::Unknown(text.to_owned(), "next, continue, parker")),
        }
    }
}

/// What becomes of a call that no return step took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum AfterReturn {
    /// It is parked again, for another timeout and another round of return steps.
    #[default]
    Park,
    /// It is hung up with this cause.
    Hangup(CauseName),
    /// It is transferred.
    Transfer(Destination),
}

impl AfterReturn {
    /// The cause of a call that is hung up because nobody took it.
    pub const CAUSE: CauseName = CauseName::NO_ANSWER;

    /// The cause with which it hangs the call up, if that is what it does.
    pub fn cause(&self) -> Option<&CauseName> {
        match self {
            AfterReturn::Hangup(cause) => Some(cause),
            _ => None,
        }
    }
}

impl FromStr for AfterReturn {
    type Err = BadFallback;

    fn from_str(text: &str) -> Result<Self, BadFallback> {
        const WORDS: &str =
            "park, hangup, hangup:<cause>, transfer:<exten> [<dialplan> [<context>]]";
        match (text, text.split_once(':')) {
            ("park", _) => Ok(AfterReturn::Park),
            ("hangup", _) => Ok(AfterReturn::Hangup(AfterReturn::CAUSE)),
            (_, Some(("hangup", cause))) => Ok(AfterReturn::Hangup(cause.parse()?)),
            (_, Some(("transfer", place))) => Ok(AfterReturn::Transfer(place.parse()?)),
            _ => Err(BadFallback::Unknown(text.to_owned(), WORDS)),
        }
    }
}

impl fmt::Display for AfterReturn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AfterReturn::Park => f.write_str("park"),
            AfterReturn::Hangup(cause) => write!(f, "hangup:{cause}"),
            AfterReturn::Transfer(place) => write!(f, "transfer:{place}"),
        }
    }
}
