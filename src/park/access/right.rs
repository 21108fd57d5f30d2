//! What somebody can be allowed to do.

use std::fmt;
use std::str::FromStr;

/// What somebody can be allowed to do in a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// To park a call there.
    Park,
    /// To take a call that is parked there.
    Retrieve,
    /// To learn which orbits are taken, and for how long.
    List,
    /// To learn whose calls are in them: names, numbers and notes.
    See,
    /// To change or end parked calls, and to close orbits.
    Admin,
}

impl Right {
    /// All of them.
    pub const ALL: [Right; 5] =
        [Right::Park, Right::Retrieve, Right::List, Right::See, Right::Admin];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Right::Park => "park",
            Right::Retrieve => "retrieve",
            Right::List => "list",
            Right::See => "see",
            Right::Admin => "admin",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// It is not called like any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not one of park, retrieve, list, see and admin")]
pub struct BadRight;

impl FromStr for Right {
    type Err = BadRight;

    fn from_str(text: &str) -> Result<Self, BadRight> {
        Right::ALL.into_iter().find(|right| right.as_str() == text).ok_or(BadRight)
    }
}

/// Some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights(u8);

impl Rights {
    /// Every one.
    pub const ALL: Rights = Rights((1 << Right::ALL.len()) - 1);

    /// Whether that one is among them.
    pub fn has(self, right: Right) -> bool {
        self.0 & (1 << right as u8) != 0
    }

    pub(super) fn and(self, others: Rights) -> Rights {
        Rights(self.0 | others.0)
    }
}

impl From<Right> for Rights {
    fn from(right: Right) -> Self {
        Rights(1 << right as u8)
    }
}

impl FromStr for Rights {
    type Err = BadRight;

    /// `park`, `park|retrieve`, `park,retrieve`, or `*` for every one.
    fn from_str(text: &str) -> Result<Self, BadRight> {
        if text == "*" {
            return Ok(Rights::ALL);
        }
        let words = text.split(['|', ',']).map(|word| word.trim().parse::<Right>());
        words
            .map(|right| right.map(Rights::from))
            .try_fold(Rights::default(), |all, right| Ok(all.and(right?)))
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Rights::ALL {
            return f.write_str("*");
        }
        let words = Right::ALL.into_iter().filter(|right| self.has(*right)).map(Right::as_str);
        f.write_str(&words.collect::<Vec<_>>().join("|"))
    }
}
