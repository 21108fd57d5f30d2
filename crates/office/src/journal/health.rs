//! How the journal is, and what is said when that changes.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::audit::Head;
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
    /// The last row of the audit, which stands for all before it: said once a day.
    AuditHead(Head),
    /// The file with the audit as lines of JSON cannot be written. It gets the rows when it can.
    AuditFile {
        /// Why.
        reason: String,
    },
    /// There is no room, and entries are given up. Not said again until the file can be written.
    Shedding,
}

/// Says that the journal fails, and that it works again, and nothing in between: a disk that is full for one entry and not for
/// the next must not fill the log as well.
#[derive(Default)]
pub(crate) struct Voice {
    /// When it last said that the journal fails.
    failing: Option<Instant>,
    /// Since when it has failed, in ms since 1970, if that was said.
    since_ms: Option<i64>,
}

/// How soon it is said again that the journal fails.
const AGAIN: Duration = Duration::from_secs(60);

impl Voice {
    /// What there is to say of this state, which it has had since then (ms since 1970).
    pub(super) fn of(&mut self, health: &Health, now: Instant, now_ms: i64) -> Option<Change> {
        match health.state {
            State::Failing => self
                .fails(health.since_ms, now)
                .then(|| Change::Failing { reason: health.reason.clone() }),
            State::Ok => self.works(now_ms).map(|failed_for_ms| Change::Working { failed_for_ms }),
            State::Starting | State::Stopped => None,
        }
    }

    /// It fails since then, in ms since 1970. Whether that is to be said now.
    pub(crate) fn fails(&mut self, since_ms: i64, now: Instant) -> bool {
        if self.since_ms.is_some() || self.failing.is_some_and(|at| now < at + AGAIN) {
            return false;
        }
        self.failing = Some(now);
        self.since_ms = Some(since_ms);
        true
    }

    /// It works. For how long it has failed, in ms, if that is to be said.
    pub(crate) fn works(&mut self, now_ms: i64) -> Option<i64> {
        Some(now_ms.saturating_sub(self.since_ms.take()?))
    }
}

impl Change {
    /// Somebody has to do something about it.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        !matches!(self, Change::Working { .. } | Change::AuditHead(_))
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
            Change::AuditHead(head) => write!(f, "the head of the audit is {head}"),
            Change::AuditFile { reason } => {
                write!(
                    f,
                    "the file of the audit cannot be written ({reason}); it gets the rest when it can"
                )
            }
            Change::Shedding => f.write_str(
                "the journal has no room in memory; entries are lost until it can be written",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fails_every_second_is_reported_once_a_minute() {
        let start = Instant::now();
        let mut voice = Voice::default();
        let mut health = Health {
            state: State::Ok,
            since_ms: 0,
            reason: String::new(),
            written: 0,
            in_memory: 0,
            shed: 0,
            shed_endings: 0,
            put_aside: None,
        };
        let mut said = Vec::new();
        for second in 0..150 {
            health.state = if second % 2 == 0 { State::Failing } else { State::Ok };
            health.since_ms = second * 1_000;
            let now = start + Duration::from_secs(second.unsigned_abs());
            said.extend(voice.of(&health, now, second * 1_000).map(|change| (second, change)));
        }
        let when: Vec<i64> = said.iter().map(|(second, _)| *second).collect();
        assert_eq!(when, [0, 1, 60, 61, 120, 121]);
        assert_eq!(said[1].1, Change::Working { failed_for_ms: 1_000 });
        // One that was not said because it came too soon is said if it lasts.
        health.state = State::Failing;
        let later = |second| voice.of(&health, start + Duration::from_secs(second), 0);
        let said: Vec<_> = (150..190).filter_map(later).collect();
        assert_eq!(said.len(), 1);
    }
}
