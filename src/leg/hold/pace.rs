//! When a leg that has sent its packet reads again.
//!
//! FreeSWITCH waits for its clock's next tick inside a read, where it cannot be interrupted. So a leg waits on its own until
//! just after that tick, where it can be woken, and the read then does not wait at all. To know when the ticks are, it has
//! the read wait now and again.

use std::time::{Duration, Instant};

/// So long after a tick the read is sure to have nothing to wait for.
const AFTER: Duration = Duration::from_micros(300);
/// A read that took longer has waited for the tick.
const WAITED: Duration = Duration::from_millis(1);
/// So long before a tick a read begins that is to wait for it.
const EARLY: Duration = Duration::from_millis(4);
/// Every so many packets one read waits: the two clocks drift apart.
const EVERY: u32 = 64;

/// The ticks of one leg.
pub(super) struct Pace {
    ptime: Duration,
    /// When the last tick was, about.
    tick: Option<Instant>,
    /// When the read began that has just ended.
    read_at: Option<Instant>,
    packets: u32,
}

impl Pace {
    /// With a tick for every packet.
    pub(super) fn new(ptime: Duration) -> Self {
        Self { ptime, tick: None, read_at: None, packets: 0 }
    }

    /// A read has ended, at `now`.
    pub(super) fn has_read(&mut self, now: Instant) {
        let waited = self.read_at.is_none_or(|at| now.saturating_duration_since(at) > WAITED);
        self.tick = match self.tick.map(|tick| tick + self.ptime) {
            // It came while the leg waited.
            Some(tick) if !waited && tick <= now && now < tick + self.ptime => Some(tick),
            _ => Some(now),
        };
    }

    /// How long to wait until the next read, which begins then.
    pub(super) fn idle(&mut self, now: Instant) -> Duration {
        self.packets += 1;
        let next = self.tick.unwrap_or(now) + self.ptime;
        let until = if self.packets.is_multiple_of(EVERY) { next - EARLY } else { next + AFTER };
        self.read_at = Some(until.max(now));
        until.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PTIME: Duration = Duration::from_millis(20);
    const MS: Duration = Duration::from_millis(1);

    /// A clock that ticks every `ticks`, from `start` on. How long each of so many reads waits for it.
    fn waits(start: Instant, ticks: Duration, reads: u32) -> Vec<Duration> {
        let mut pace = Pace::new(PTIME);
        let mut now = start;
        let mut seen = 0;
        (0..reads)
            .map(|_| {
                let tick = start + ticks * seen;
                let wait = tick.saturating_duration_since(now);
                now = now.max(tick);
                seen += 1;
                pace.has_read(now);
                now += pace.idle(now + MS / 10) + MS / 10;
                wait
            })
            .collect()
    }

    #[test]
    fn a_read_waits_only_when_the_clock_is_to_be_looked_at() {
        let waits = waits(Instant::now(), PTIME, 1000);
        let long: Vec<usize> = (0..1000).filter(|read| waits[*read] > MS).collect();
        assert_eq!(long.len(), 1000 / EVERY as usize, "{long:?}");
        assert!(waits.iter().all(|wait| *wait <= EARLY), "{:?}", waits.iter().max());
    }

    #[test]
    fn a_clock_that_drifts_is_followed() {
        for ticks in [PTIME - MS / 50, PTIME + MS / 50] {
            let start = Instant::now();
            let waits = waits(start, ticks, 5000);
            assert!(waits.iter().all(|wait| *wait < EARLY + 2 * MS), "{:?}", waits.iter().max());
            // Not behind by more than the drift between two looks.
            let long = waits.iter().filter(|wait| **wait > MS).count();
            assert!(long >= 5000 / EVERY as usize - 1, "{long}");
        }
    }
}
