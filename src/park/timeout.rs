//! How long a call is parked before its return steps start.

use std::collections::VecDeque;
use std::str::FromStr;

/// A lot's rule for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeout {
    /// For calls of a priority that `by_priority` says nothing about.
    pub base: TimeoutRule,
    /// From which priority on it is how many ms instead (0: never), ascending.
    pub by_priority: Vec<(u8, u64)>,
    /// The shortest that `adaptive` gives, in ms.
    pub min_ms: u64,
    /// The longest that `adaptive` gives, in ms.
    pub max_ms: u64,
}

/// The timeout of a lot, without regard to priorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeoutRule {
    /// So many ms; 0: never.
    Fixed(u64),
    /// What the last [`WINDOW`] calls of the lot took that were retrieved or returned: [`PERCENT`] of a hundred of them.
    Adaptive,
}

impl Default for Timeout {
    fn default() -> Self {
        Timeout {
            base: TimeoutRule::Fixed(NEW_MS),
            by_priority: Vec::new(),
            min_ms: 30_000,
            max_ms: 300_000,
        }
    }
}

impl Timeout {
    /// That many ms for every call; 0: never.
    pub fn fixed(ms: u64) -> Self {
        Timeout { base: TimeoutRule::Fixed(ms), ..Timeout::default() }
    }

    /// The timeout in ms of a call of that priority; 0: never.
    pub(super) fn of(&self, priority: u8, recent_waits: &RecentWaits) -> u64 {
        let by_priority = self.by_priority.iter().rev().find(|(from, _)| *from <= priority);
        match (by_priority, self.base) {
            (Some((_, ms)), _) => *ms,
            (None, TimeoutRule::Fixed(ms)) => ms,
            (None, TimeoutRule::Adaptive) => match recent_waits.quantile() {
                Some(ms) => ms.clamp(self.min_ms, self.max_ms),
                None => NEW_MS.clamp(self.min_ms, self.max_ms),
            },
        }
    }
}

/// How many calls of a lot an adaptive timeout looks back on.
pub const WINDOW: usize = 50;
/// With fewer calls than that the timeout is [`NEW_MS`], or the nearest within its limits.
pub const LEAST: usize = 5;
/// The timeout of a lot that has seen few calls, in ms.
pub const NEW_MS: u64 = 90_000;
/// So many of a hundred of those calls would have been taken in time.
pub const PERCENT: usize = 90;

/// How long the last [`WINDOW`] calls of a lot waited that were retrieved or returned.
/// The latter are counted too, with what they had waited by then, or the timeout could only ever shrink.
#[derive(Clone, Debug, Default)]
pub(super) struct RecentWaits(VecDeque<u64>);

impl RecentWaits {
    pub(super) fn took(&mut self, wait_ms: u64) {
        if self.0.len() == WINDOW {
            self.0.pop_front();
        }
        self.0.push_back(wait_ms);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().copied()
    }

    /// The wait that [`PERCENT`] of them did not exceed. `None` if fewer than [`LEAST`] are known.
    fn quantile(&self) -> Option<u64> {
        if self.0.len() < LEAST {
            return None;
        }
        let mut sorted: Vec<u64> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get((sorted.len() * PERCENT).div_ceil(100).saturating_sub(1)).copied()
    }
}

/// A `timeout-by-priority` that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPriorities {
    /// Not `<priority>:<seconds>`.
    #[error("{0:?} is not <priority 0-9>:<seconds>")]
    Entry(String),
    /// The same priority twice, or not ascending.
    #[error("priority {0} is not higher than the one before it")]
    Order(u8),
}

/// What `timeout-by-priority` says: `0:90,5:45,9:20`.
pub struct ByPriority(pub Vec<(u8, u64)>);

impl FromStr for ByPriority {
    type Err = BadPriorities;

    fn from_str(text: &str) -> Result<Self, BadPriorities> {
        /// Ten years, as for every other timeout.
        const MOST_S: u64 = 10 * 366 * 86_400;
        let mut entries: Vec<(u8, u64)> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
            let entry = part.split_once(':').and_then(|(priority, seconds)| {
                let priority = priority.trim().parse().ok().filter(|p: &u8| *p <= TOP_PRIORITY)?;
                let seconds = seconds.trim().parse().ok().filter(|s: &u64| *s <= MOST_S)?;
                Some((priority, seconds * 1000))
            });
            let entry = entry.ok_or_else(|| BadPriorities::Entry(part.to_owned()))?;
            if entries.last().is_some_and(|(before, _)| *before >= entry.0) {
                return Err(BadPriorities::Order(entry.0));
            }
            entries.push(entry);
        }
        Ok(ByPriority(entries))
    }
}

/// The highest priority there is.
pub const TOP_PRIORITY: u8 = 9;
