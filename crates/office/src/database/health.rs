//! How the database is, and what is said when that changes.

use std::fmt;

use serde::Serialize;

/// How the database is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Whether it takes entries. None: the first connection is being made.
    pub ok: Option<bool>,
    /// Since when, in ms since 1970.
    pub since_ms: i64,
    /// What is wrong, without the password, or empty.
    pub reason: String,
    /// How many entries wait in the file. None: that is not known yet.
    pub waiting: Option<u64>,
    /// How many were shipped since the start.
    pub shipped: u64,
    /// How many were deleted by `history-days` before they could be shipped, since the start.
    pub skipped: u64,
}

/// What is said once, when it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The database cannot be used. Entries wait in the file.
    Failing {
        /// Which, and why.
        reason: String,
    },
    /// It takes entries again.
    Working {
        /// For how long it did not, in ms.
        failed_for_ms: i64,
    },
    /// So many entries were deleted from the file before they were shipped.
    Skipped(u64),
    /// The file is an older copy of itself. From that entry on, the database has two stories.
    Restored {
        /// The number of the first entry that is another one than in the database.
        from: i64,
    },
}

impl Change {
    /// Something is lost.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        matches!(self, Change::Skipped(_))
    }

    /// Somebody has to do something about it, or should at least know.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        !self.is_critical() && !matches!(self, Change::Working { .. })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Failing { reason } => write!(
                f,
                "the database cannot be used ({reason}); entries wait in the journal's file until it can, and calls go on"
            ),
            Change::Working { failed_for_ms } => {
                write!(f, "the database takes entries again after {} s", failed_for_ms / 1000)
            }
            Change::Skipped(count) => write!(
                f,
                "entries that history-days deleted from the journal before the database had them: {count}"
            ),
            Change::Restored { from } => write!(
                f,
                "the journal's file is an older copy of itself; the database keeps what it had after entry {}, and new \
                 entries are added as another journal",
                from - 1
            ),
        }
    }
}
