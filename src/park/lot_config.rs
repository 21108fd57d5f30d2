//! What a lot is told to be.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::free::Assign;
use super::names::LotKey;
use super::range::OrbitRange;
use super::steps::{BadStep, Step, Transfer};

/// The configuration of one lot. `config::Config` reads it and vouches for what spans lots: no key twice, no orbit
/// in two lots of one domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LotConfig {
    /// Its name and tenant.
    pub key: LotKey,
    /// Its orbits.
    pub ranges: Vec<OrbitRange>,
    /// After how many ms the return steps start; 0: never.
    pub timeout_ms: u64,
    /// What the caller hears; none: what the channel or the switch says.
    pub hold_music: Option<String>,
    /// Which orbit a call gets that asked for none.
    pub assign: Assign,
    /// What becomes of a call when every orbit is taken.
    pub when_full: WhenFull,
    /// What becomes of a call when the orbit it asked for is taken.
    pub when_occupied: WhenOccupied,
    /// Whether the parker is told the orbit.
    pub announce: bool,
    /// Whether the lamps of the lot and its orbits show it.
    pub blf: bool,
    /// Whether the lamps keep the caller's name and number to themselves.
    pub blf_privacy: bool,
    /// After how many ms the lamp of a waiting call blinks; 0: never.
    pub blf_age_ms: u64,
    /// Whom to call, with automatic answer, to say that a call was parked: a dial string.
    pub page: Option<String>,
    /// Whether the parker's phones get a message saying where the call is.
    pub notify: bool,
    /// The return steps.
    pub returns: Arc<[Step]>,
}

impl LotConfig {
    /// The lot `key` with these orbits and every other setting at its default.
    pub fn new(key: LotKey, ranges: Vec<OrbitRange>) -> Self {
        LotConfig {
            key,
            ranges,
            timeout_ms: 90_000,
            hold_music: None,
            assign: Assign::First,
            when_full: WhenFull::Continue,
            when_occupied: WhenOccupied::Next,
            announce: true,
            blf: true,
            blf_privacy: false,
            blf_age_ms: 0,
            page: None,
            notify: false,
            returns: Arc::from([Step::parker()]),
        }
    }
}

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
    /// It is parked in this lot, named as the full lot's own tenant would.
    Lot(String),
    /// It is transferred.
    Transfer(Transfer),
}

/// A `when-full` or `when-occupied` that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFallback {
    /// None of the words.
    #[error("{0:?} is none of {1}")]
    Unknown(String, &'static str),
    /// A lot that cannot be one's name.
    #[error(transparent)]
    Lot(#[from] super::names::BadName),
    /// A transfer to nowhere.
    #[error(transparent)]
    Transfer(#[from] BadStep),
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
