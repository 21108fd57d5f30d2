//! When a leg that has sent its packet reads again.
//!
//! FreeSWITCH waits for its clock's next tick inside a read, and for that of another clock inside a write, where it cannot be
//! interrupted. So a leg waits on its own until after both, where it can be woken, and neither waits then. To know when the
//! ticks are, it has them wait now and again.
//!
//! The clocks of each leg tick at moments of their own, and to wake for one costs a processor more than the packet does. So
//! all legs wait until one of a few moments that they share.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// So long after the ticks there is sure to be nothing to wait for.
const AFTER: Duration = Duration::from_micros(300);
/// A read and a write that took longer have waited for the ticks.
const WAITED: Duration = Duration::from_millis(1);
/// So long before the ticks a read begins that is to wait.
const EARLY: Duration = Duration::from_millis(4);
/// In the time of a packet there are so many moments at which legs wake.
const MOMENTS: u32 = 4;
/// Every so many packets one read waits: these clocks and ours drift apart.
const EVERY: u32 = 64;

/// The ticks of one leg.
pub(super) struct Pace {
    ptime: Duration,
    /// One of the moments that all legs share.
    shared: Instant,
    /// When the last ones were, about. None: nobody knows.
    tick: Option<Instant>,
    /// The read that comes is to wait.
    looks: bool,
    packets: u32,
}

impl Pace {
    /// With a tick for every packet.
    pub(super) fn new(ptime: Duration) -> Self {
        static SHARED: LazyLock<Instant> = LazyLock::new(Instant::now);
        Self { ptime, shared: *SHARED, tick: None, looks: true, packets: 0 }
    }

    /// A packet has been read, from `began` on, and one sent. How long to wait until the next read.
    pub(super) fn next(&mut self, began: Instant, now: Instant) -> Duration {
        self.packets += 1;
        self.tick = match self.tick {
            _ if now.saturating_duration_since(began) > WAITED => Some(now),
            // The ticks had been already. The next read waits for whatever is next.
            _ if self.looks => None,
            // The leg may be late, by more than one. The clocks are not.
            tick => tick.map(|tick| {
                let passed = now.saturating_duration_since(tick).as_nanos() / self.ptime.as_nanos();
                tick + self.ptime * u32::try_from(passed).unwrap_or(0)
            }),
        };
        let Some(tick) = self.tick else {
            self.looks = true;
            return Duration::ZERO;
        };
        let next = tick + self.ptime;
        self.looks = self.packets.is_multiple_of(EVERY);
        let until = if self.looks { next - EARLY } else { self.next_shared(next + AFTER) };
        until.saturating_duration_since(now)
    }

    /// The first shared moment that is not before `at`.
    fn next_shared(&self, at: Instant) -> Instant {
        let since = at.saturating_duration_since(self.shared).as_nanos();
        let interval = (self.ptime / MOMENTS).as_nanos().max(1);
        let left = since.next_multiple_of(interval) - since;
        at + Duration::from_nanos(u64::try_from(left).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PTIME: Duration = Duration::from_millis(20);
    const MS: Duration = Duration::from_millis(1);

    /// A clock that ticks every `ticks`, and a leg that begins each of so many reads so much late, `phase` after the moments
    /// that all legs share. How long each read waits for the clock, and how many ticks the leg has missed.
    fn reads(
        phase: Duration,
        ticks: Duration,
        reads: u32,
        mut late: impl FnMut() -> Duration,
    ) -> (Vec<Duration>, u32) {
        let shared = Instant::now();
        let start = shared + phase;
        let mut now = start + 7 * MS;
        let mut pace = Pace { shared, ..Pace::new(PTIME) };
        let mut seen = 1;
        let mut missed = 0;
        let waits = (0..reads)
            .map(|_| {
                let began = now;
                let tick = start + ticks * seen;
                let wait = tick.saturating_duration_since(now);
                now = now.max(tick);
                seen += 1;
                // A read takes all ticks that there have been.
                while start + ticks * seen <= now {
                    seen += 1;
                    missed += 1;
                }
                // The other clock ticks a little later.
                now = (now + MS / 10).max(tick + MS);
                now += pace.next(began, now) + late();
                wait
            })
            .collect();
        (waits, missed)
    }

    fn phases() -> impl Iterator<Item = Duration> {
        (0..20).map(|quarter| MS * quarter / 4)
    }

    fn punctual() -> Duration {
        Duration::ZERO
    }

    #[test]
    fn a_read_waits_only_when_the_clock_is_to_be_looked_at() {
        for phase in phases() {
            let (waits, missed) = reads(phase, PTIME, 1000, punctual);
            let long: Vec<usize> = (0..1000).filter(|read| waits[*read] > MS).collect();
            assert_eq!(long.len(), 1 + 1000 / EVERY as usize, "{long:?}");
            assert!(waits[long[1]..].iter().all(|wait| *wait <= EARLY), "{:?}", waits.iter().max());
            assert_eq!(missed, 0);
        }
    }

    #[test]
    fn a_clock_that_drifts_is_followed() {
        for (phase, ticks) in phases()
            .flat_map(|phase| [PTIME - MS / 50, PTIME + MS / 50].map(|ticks| (phase, ticks)))
        {
            let (waits, missed) = reads(phase, ticks, 5000, punctual);
            assert!(
                waits[2..].iter().all(|wait| *wait < EARLY + 2 * MS),
                "{:?}",
                waits.iter().max()
            );
            // Not behind by more than the drift between two looks.
            let long = waits.iter().filter(|wait| **wait > MS).count();
            assert!(long >= 5000 / EVERY as usize - 1, "{long}");
            assert_eq!(missed, 0);
        }
    }

    #[test]
    fn a_leg_that_is_often_late_does_not_come_ever_later() {
        let mut turn: u32 = 0;
        let mut one_in = |count: u32, up_to: Duration| {
            turn = turn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let is_late = (turn >> 8).is_multiple_of(count);
            if is_late { up_to * (turn >> 16 & 0xfff) / 4096 } else { Duration::ZERO }
        };
        for phase in phases() {
            let (_, missed) = reads(phase, PTIME, 10_000, || one_in(4, 12 * MS));
            assert_eq!(missed, 0, "{phase:?}");
            let (waits, missed) = reads(phase, PTIME, 10_000, || one_in(20, 60 * MS));
            // As many as there were meanwhile: in the mean one and a half.
            assert!(missed < 10_000 / 20 * 3 / 2, "{missed}");
            let long = waits.iter().filter(|wait| **wait > MS).count();
            assert!(long < 2 * 10_000 / EVERY as usize, "{long}");
        }
    }

    #[test]
    fn legs_whose_clocks_tick_at_different_moments_wake_together() {
        let shared = Instant::now();
        let start = shared + PTIME;
        let mut woken: Vec<Instant> = (0..100)
            .map(|leg| {
                let tick = start + PTIME * leg / 100;
                let mut pace = Pace { shared, ..Pace::new(PTIME) };
                tick + pace.next(tick - 5 * MS, tick)
            })
            .collect();
        woken.sort();
        woken.dedup();
        assert!((MOMENTS as usize..=MOMENTS as usize + 1).contains(&woken.len()), "{woken:?}");
    }

    #[test]
    fn a_leg_that_stood_still_knows_the_ticks_afterwards() {
        for phase in phases() {
            let mut reads_made = 0;
            let (waits, missed) = reads(phase, PTIME, 60, || {
                reads_made += 1;
                if reads_made == 20 { 85 * MS } else { Duration::ZERO }
            });
            assert_eq!(missed, 4, "{phase:?}");
            assert!(waits[2..].iter().all(|wait| *wait < MS), "{waits:?}");
        }
    }
}
