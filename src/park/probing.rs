//! Who dials one wrong orbit after another, or guesses PINs, is kept away for a while.
//!
//! Failures are counted for each source, in a table that does not grow with the number of sources: each source has its
//! place in one of [`BUCKETS`] buckets, and a full bucket forgets the source that matters least.

use std::hash::{BuildHasher, RandomState};

use super::Park;
use super::access::Right;
use super::made::SlotState;
use super::moment::Moment;
use super::names::OrbitKey;
use super::permits::Asking;

const BUCKETS: usize = 4_096;
/// The most sources in one bucket.
const PLACES: usize = 16;
/// The longest time for which a source is kept away, in ms.
const LONGEST_MS: u64 = 3_600_000;
/// A source that has done nothing wrong for so long, in ms, begins anew.
const FORGIVEN_MS: u64 = 2 * LONGEST_MS;

/// The sources of failures.
#[derive(Debug, Default)]
pub(super) struct Probing {
    hasher: RandomState,
    /// Empty until the first failure.
    buckets: Vec<Vec<Source>>,
}

#[derive(Clone, Copy, Debug)]
struct Source {
    /// Of its name.
    hash: u64,
    /// The failures since `since`.
    failures: u32,
    since: Moment,
    latest: Moment,
    /// How often it has been kept away.
    times: u32,
    away_until: Option<Moment>,
}

impl Source {
    fn is_away(&self, now: Moment) -> bool {
        self.away_until.is_some_and(|until| now < until)
    }
}

impl Probing {
    fn place(&self, name: &str) -> (usize, u64) {
        let hash = self.hasher.hash_one(name);
        // The remainder is below BUCKETS.
        ((hash % BUCKETS as u64) as usize, hash)
    }

    fn is_away(&self, now: Moment, name: &str) -> bool {
        let (bucket, hash) = self.place(name);
        let sources = self.buckets.get(bucket).into_iter().flatten();
        sources.into_iter().any(|source| source.hash == hash && source.is_away(now))
    }

    /// Counts a failure. Returns true if the source is kept away from now on.
    fn failed(&mut self, now: Moment, name: &str, limit: u32, window_ms: u64) -> bool {
        let (bucket, hash) = self.place(name);
        if self.buckets.is_empty() {
            self.buckets.resize_with(BUCKETS, Vec::new);
        }
        let Some(sources) = self.buckets.get_mut(bucket) else { return false };
        let new = Source { hash, failures: 0, since: now, latest: now, times: 0, away_until: None };
        let at = match sources.iter().position(|source| source.hash == hash) {
            Some(at) => at,
            None if sources.len() < PLACES => {
                sources.push(new);
                sources.len() - 1
            }
            None => {
                let least = |(_, source): &(usize, &Source)| (source.is_away(now), source.latest);
                let least = sources.iter().enumerate().min_by_key(least).map_or(0, |(at, _)| at);
                if let Some(source) = sources.get_mut(least) {
                    *source = new;
                }
                least
            }
        };
        let Some(source) = sources.get_mut(at) else { return false };
        if source.is_away(now) {
            return false;
        }
        if now.since(source.latest) >= FORGIVEN_MS {
            *source = new;
        }
        if now.since(source.since) >= window_ms {
            (source.since, source.failures) = (now, 0);
        }
        source.latest = now;
        source.failures = source.failures.saturating_add(1);
        if source.failures <= limit {
            return false;
        }
        let growth = 1_u64 << source.times.min(20);
        let away_ms = window_ms.max(1).saturating_mul(growth).min(LONGEST_MS.max(window_ms));
        source.times = source.times.saturating_add(1);
        source.failures = 0;
        source.away_until = Some(now.after(away_ms));
        true
    }

    #[cfg(test)]
    fn known(&self) -> usize {
        self.buckets.iter().map(Vec::len).sum()
    }
}

/// How many failed logins from one source are too many, and within which time, in ms.
const LOGINS: u32 = 10;
const LOGINS_WITHIN_MS: u64 = 60_000;

impl Park {
    /// Whether that source of failed logins is kept away for a while.
    pub fn is_stranger_kept_away(&self, now: Moment, source: &str) -> bool {
        self.probing.is_away(now, source)
    }

    /// A login from that source has failed. Returns true if the source is kept away from now on.
    pub fn stranger_failed(&mut self, now: Moment, source: &str) -> bool {
        self.probing.failed(now, source, LOGINS, LOGINS_WITHIN_MS)
    }

    /// Whether the party that asks is kept away for a while, because it has failed too often (`probe-limit`).
    pub fn is_kept_away(&self, now: Moment, asking: &Asking<'_>) -> bool {
        let limited = self.lot_or_original(asking.lot).is_none_or(|lot| lot.config.probe_limit > 0);
        let source = asking.actor.source().filter(|_| limited);
        source.is_some_and(|source| self.probing.is_away(now, &source))
    }

    /// The party that asks has dialled a wrong orbit or PIN. If it has done so too often, it is kept away from now on, which is
    /// reported once. A source that is not known is not counted, nor is an orbit that has just been emptied.
    pub fn failed(&mut self, now: Moment, asking: Asking<'_>) {
        let Some(source) = asking.actor.source() else { return };
        let Some(lot) = self.lot_or_original(asking.lot) else { return };
        let (limit, window_ms) = (lot.config.probe_limit, lot.config.probe_window_ms);
        let there = asking.orbit.filter(|_| asking.right == Right::Retrieve);
        let place = there.map(|orbit| OrbitKey { lot: asking.lot.clone(), orbit: orbit.clone() });
        let raced =
            place.is_some_and(|place| self.slot_state(now, &place) == SlotState::JustEmptied);
        if limit > 0 && !raced && self.probing.failed(now, &source, limit, window_ms) {
            self.deny(now, asking, "probe-limit".into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, LONGEST_MS, PLACES, Probing};
    use crate::park::moment::Moment;

    const WINDOW: u64 = 60_000;

    /// That many failures at that moment; whether the last one is too many.
    fn fail(probing: &mut Probing, at: u64, name: &str, times: u32) -> bool {
        (0..times).fold(false, |_, _| probing.failed(Moment(at), name, 10, WINDOW))
    }

    #[test]
    fn a_source_is_kept_away_for_longer_each_time() {
        let mut probing = Probing::default();
        let mut now = 0;
        for away in [60_000, 120_000, 240_000, 480_000, 960_000, 1_920_000, LONGEST_MS, LONGEST_MS]
        {
            assert!(!fail(&mut probing, now, "a", 10));
            assert!(!probing.is_away(Moment(now), "a"));
            assert!(fail(&mut probing, now, "a", 1));
            assert!(!fail(&mut probing, now + 1, "a", 100), "it is said once");
            assert!(probing.is_away(Moment(now + away - 1), "a"));
            assert!(!probing.is_away(Moment(now + away), "a"));
            assert!(!probing.is_away(Moment(now), "b"));
            now += away;
        }
        now += 3 * LONGEST_MS;
        assert!(fail(&mut probing, now, "a", 11));
        assert!(!probing.is_away(Moment(now + 60_000), "a"), "it was forgiven");
    }

    #[test]
    fn a_few_failures_now_and_then_do_not_matter() {
        let mut probing = Probing::default();
        for minute in 0..100 {
            assert!(!fail(&mut probing, minute * WINDOW, "a", 10));
        }
    }

    #[test]
    fn a_million_sources_take_no_more_memory_and_do_not_hide_one() {
        let mut probing = Probing::default();
        assert!(fail(&mut probing, 0, "a", 11));
        for n in 0..1_000_000 {
            probing.failed(Moment(1 + n / 1000), &n.to_string(), 10, WINDOW);
        }
        assert!(probing.known() <= BUCKETS * PLACES);
        assert!(probing.is_away(Moment(2_000), "a"));
    }
}
