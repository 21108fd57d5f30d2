//! What the directory allows a user: `callpark_allow`.

use std::fmt;
use std::str::FromStr;

use super::{BadPattern, BadRight, Patterns, Right, Rights};
use crate::park::names::LotKey;

/// The most entries of one list.
const MOST_ENTRIES: usize = 64;

/// A user's own list: `<action>:<lot>` with commas between, such as `park:*,retrieve:sales`. Whatever it does not list, that
/// user may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnList {
    text: Box<str>,
    entries: Box<[(Rights, Patterns)]>,
}

/// What cannot be such a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOwnList {
    /// An entry without a colon.
    #[error("must be <action>:<lot> with commas between")]
    Entry,
    /// An action that does not exist.
    #[error("has an action that {0}")]
    Right(#[from] BadRight),
    /// A lot that cannot be.
    #[error("{0}")]
    Pattern(#[from] BadPattern),
    /// Too many entries.
    #[error("has more than {MOST_ENTRIES} entries")]
    TooMany,
}

impl OwnList {
    /// A list of nothing: what counts instead of one that cannot be read.
    pub fn nothing() -> Self {
        OwnList { text: "none".into(), entries: Box::default() }
    }

    /// Whether it lists that action in that lot.
    pub fn lists(&self, right: Right, lot: &LotKey) -> bool {
        let names = |lots: &Patterns| {
            lots.fit(lot.name.as_str()) || (lot.domain.is_some() && lots.fit(&lot.to_string()))
        };
        self.entries.iter().any(|(rights, lots)| rights.has(right) && names(lots))
    }
}

impl FromStr for OwnList {
    type Err = BadOwnList;

    fn from_str(text: &str) -> Result<Self, BadOwnList> {
        if text.trim() == "none" {
            return Ok(OwnList::nothing());
        }
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        if parts.len() > MOST_ENTRIES {
            return Err(BadOwnList::TooMany);
        }
        let entry = |part: &str| {
            let (rights, lots) = part.split_once(':').ok_or(BadOwnList::Entry)?;
            Ok((rights.trim().parse()?, lots.trim().parse()?))
        };
        let entries = parts.into_iter().map(entry).collect::<Result<_, BadOwnList>>()?;
        Ok(OwnList { text: text.trim().into(), entries })
    }
}

impl fmt::Display for OwnList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
