//! The two clocks: one that only goes forward, for deadlines, and the calendar's, for telling people.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use once_cell::sync::Lazy;

use crate::park::Moment;

static START: Lazy<Instant> = Lazy::new(Instant::now);

/// What the clock of deadlines showed at its start, in ms: a year, so that it can tell when a call was parked that was in its
/// orbit before a restart.
const AT_START_MS: u64 = 366 * 86_400 * 1000;

/// Milliseconds on the clock of deadlines.
#[must_use]
pub(crate) fn now() -> Moment {
    Moment(AT_START_MS.saturating_add(ms(START.elapsed())))
}

/// The time until `at`, or zero if `at` has passed. It is rounded up by less than a millisecond, so that a thread that waits
/// for this time wakes when the moment has come and not just before.
#[must_use]
pub(crate) fn until(at: Moment) -> Duration {
    Duration::from_millis(at.0.saturating_sub(AT_START_MS)).saturating_sub(START.elapsed())
}

/// A duration in whole milliseconds.
#[must_use]
pub(crate) fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The processor time that this thread has used.
#[must_use]
pub(crate) fn of_thread() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: fills in the struct it is given; every thread has such a clock.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Milliseconds since 1970.
#[must_use]
pub(crate) fn epoch_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Looks again and again, for at most `limit`, whether something is `done`. Returns whether it was. FreeSWITCH has no event
/// for what is awaited in this way.
pub(crate) fn poll(limit: Duration, every: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(every);
    }
}
