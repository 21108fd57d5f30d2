//! How the journal is, and what is said when that changes.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::words::words;

words! {
    /// Whether entries reach the file.
    State {
        /// The file is being opened.
        Starting = "starting",
        /// They do.
        Ok = "ok",
        /// They stay in memory until the file can be written again.
        Failing = "failing",
        /// The journal has ended.
        Stopped = "stopped",
    }
}

/// How the journal is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Whether entries reach the file.
    pub state: State,
    /// Since when, in ms since 1970.
    pub since_ms: i64,
    /// Why it fails, or empty.
    pub reason: String,
    /// How many entries were written since the start.
    pub written: u64,
    /// How many are in memory and not in the file.
    pub in_memory: u64,
    /// How many were given up because there was no room for them.
    pub shed: u64,
    /// How many of these were the last of a call.
    pub shed_endings: u64,
    /// Where the latest damaged file is.
    pub put_aside: Option<PathBuf>,
}

/// What is said once, when it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The file cannot be written. Entries stay in memory.
    Failing {
        /// Why.
        reason: String,
    },
    /// The file can be written again.
    Working {
        /// For how long it could not, in ms.
        failed_for_ms: i64,
    },
    /// The file was damaged. It has a new name, and a new file was begun.
    PutAside {
        /// The new name.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// There is no room, and entries are given up. Not said again until the file can be written.
    Shedding,
}

impl Change {
    /// Somebody has to do something about it.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        !matches!(self, Change::Working { .. })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Failing { reason } => write!(
                f,
                "the journal cannot be written ({reason}); entries stay in memory until it can, and calls go on"
            ),
            Change::Working { failed_for_ms } => {
                write!(f, "the journal is written again after {} s", failed_for_ms / 1000)
            }
            Change::PutAside { path, reason } => write!(
                f,
                "the journal was damaged ({reason}); it is now {}, and a new one was begun",
                path.display()
            ),
            Change::Shedding => f.write_str(
                "the journal has no room in memory; entries are lost until it can be written",
            ),
        }
    }
}
