//! What is shown a few at a time: lamps that no phone is known to watch, and answers under domains that the directory does
//! not have. At every change of a lamp, FreeSWITCH looks into its database for watchers and writes to it, and its calls wait
//! for that database. Each lamp is shown as it is when its turn comes. A lamp that has gone out again meanwhile is not
//! shown.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// For how many phones the module counts how often they ask.
const MOST_PACES: usize = 20_000;
/// How many lamps are remembered as watched.
const MOST_WATCHED: usize = 100_000;
/// How often the tables are searched for entries that have expired.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// When a full table was last searched for entries that have expired, so that not every new entry causes a search.
#[derive(Default)]
struct Search(Option<Instant>);

impl Search {
    /// Whether it is time to search. If so, this counts as a search.
    fn is_due(&mut self, now: Instant) -> bool {
        let due = self.0.is_none_or(|searched| searched + LOOK_EVERY <= now);
        if due {
            self.0 = Some(now);
        }
        due
    }
}

/// A pace: a number per second, and a number at once after a quiet time.
pub(crate) struct Pace {
    every: Duration,
    at_once: u32,
    /// When all that was done has used up its time.
    used_until: Instant,
}

impl Pace {
    /// `every` is the time that one takes.
    pub(crate) fn new(now: Instant, every: Duration, at_once: u32) -> Self {
        Self { every, at_once, used_until: now }
    }

    /// How long until one more may be done.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.used_until.saturating_duration_since(now + self.every * (self.at_once - 1))
    }

    /// One is done.
    pub(crate) fn spend(&mut self, now: Instant) {
        self.used_until = self.used_until.max(now) + self.every;
    }
}

/// One pace for each phone that asks.
pub(crate) struct Paces {
    every: Duration,
    at_once: u32,
    paces: HashMap<Arc<str>, Pace>,
    search: Search,
}

impl Paces {
    /// `every` is the time that one takes, for each phone.
    pub(crate) fn new(every: Duration, at_once: u32) -> Self {
        Self { every, at_once, paces: HashMap::new(), search: Search::default() }
    }

    /// Whether one more of that phone may be done now, which then counts. If too many phones ask to count them all, it may.
    pub(crate) fn may(&mut self, now: Instant, who: Arc<str>) -> bool {
        if self.paces.len() >= MOST_PACES && self.search.is_due(now) {
            self.paces.retain(|_, pace| pace.used_until > now);
        }
        if self.paces.len() >= MOST_PACES && !self.paces.contains_key(&who) {
            return true;
        }
        let pace = self.paces.entry(who).or_insert(Pace::new(now, self.every, self.at_once));
        let may = pace.wait(now).is_zero();
        if may {
            pace.spend(now);
        }
        may
    }
}

/// What waits, each once.
pub(crate) struct Backlog<T> {
    waiting: VecDeque<T>,
    is_waiting: HashSet<T>,
}

impl<T> Default for Backlog<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), is_waiting: HashSet::new() }
    }
}

impl<T: Clone + Eq + Hash> Backlog<T> {
    /// Adds an entry, unless it already waits.
    pub(crate) fn push(&mut self, what: T) {
        if self.is_waiting.insert(what.clone()) {
            self.waiting.push_back(what);
        }
    }

    /// The next one.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let next = self.waiting.pop_front()?;
        self.is_waiting.remove(&next);
        Some(next)
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// All that wait.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.waiting.iter()
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// Lamps that are watched in their own domain, and until when at least.
#[derive(Default)]
pub(crate) struct Watched {
    until: HashMap<String, Instant>,
    search: Search,
}

impl Watched {
    /// A phone watches that lamp until then.
    pub(crate) fn note(&mut self, now: Instant, login: &str, until: Instant) {
        if let Some(known) = self.until.get_mut(login) {
            *known = until.max(*known);
            return;
        }
        if self.until.len() >= MOST_WATCHED && self.search.is_due(now) {
            self.until.retain(|_, until| *until > now);
        }
        if self.until.len() < MOST_WATCHED && until > now {
            self.until.insert(login.to_owned(), until);
        }
    }

    /// Whether a phone is known to watch that lamp.
    pub(crate) fn contains(&self, now: Instant, login: &str) -> bool {
        self.until.get(login).is_some_and(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_go_at_once_and_then_a_few_a_second() {
        let begun = Instant::now();
        let (mut now, mut pace) = (begun, Pace::new(begun, Duration::from_millis(100), 20));
        let mut at_once = 0;
        for _ in 0..100 {
            now += pace.wait(now);
            at_once += u32::from(now == begun);
            pace.spend(now);
        }
        assert_eq!((at_once, now - begun), (20, Duration::from_secs(8)));
        now += Duration::from_secs(60);
        assert!((0..20).all(|_| pace.wait(now).is_zero() && {
            pace.spend(now);
            true
        }));
        assert_eq!(pace.wait(now), Duration::from_millis(100));
    }

    #[test]
    fn who_asks_too_often_is_told_from_the_others() {
        let now = Instant::now();
        let mut paces = Paces::new(Duration::from_secs(1), 3);
        let taken = |paces: &mut Paces, who: &str, now| {
            (0..9).filter(|_| paces.may(now, who.into())).count()
        };
        assert_eq!((taken(&mut paces, "1", now), taken(&mut paces, "2", now)), (3, 3));
        assert_eq!(taken(&mut paces, "1", now + Duration::from_secs(2)), 2);
        for n in 0..2 * MOST_PACES {
            paces.may(now, n.to_string().into());
        }
        assert!(paces.paces.len() <= MOST_PACES);
        assert!(paces.may(now + LOOK_EVERY, "new".into()));
        assert_eq!(paces.paces.len(), 1);
    }

    #[test]
    fn a_lamp_waits_once_and_can_wait_again() {
        let mut backlog = Backlog::default();
        backlog.push(1);
        backlog.push(1);
        assert_eq!((backlog.pop(), backlog.pop()), (Some(1), None));
        backlog.push(1);
        assert_eq!(backlog.pop(), Some(1));
        assert!(backlog.is_empty());
    }

    #[test]
    fn a_lamp_is_watched_until_its_last_phone_is_gone() {
        let (mut watched, now) = (Watched::default(), Instant::now());
        let after = |s| now + Duration::from_secs(s);
        watched.note(now, "701", after(60));
        watched.note(now, "701", after(10));
        watched.note(now, "702", now);
        assert!(watched.contains(after(59), "701") && !watched.contains(after(60), "701"));
        assert!(!watched.contains(now, "702"));
        for n in 0..2 * MOST_WATCHED {
            watched.note(after(5), &format!("x{n}"), after(9));
        }
        assert!(watched.until.len() <= MOST_WATCHED && watched.contains(after(9), "701"));
        watched.note(after(20), "703", after(60));
        assert!(watched.contains(after(21), "703"));
    }
}
