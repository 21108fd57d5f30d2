//! The two clocks: one that only goes forward, for deadlines, and the calendar's, for telling people.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use once_cell::sync::Lazy;

use crate::park::Moment;

static START: Lazy<Instant> = Lazy::new(Instant::now);

/// Milliseconds on the clock of deadlines.
#[must_use]
pub(crate) fn now() -> Moment {
    Moment(u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX))
}

/// How long until `at`; nothing if it is past. Rounded up by less than a millisecond, so that who waits so long wakes
/// when it is due and not just before.
#[must_use]
pub(crate) fn until(at: Moment) -> Duration {
    Duration::from_millis(at.0).saturating_sub(START.elapsed())
}

/// Milliseconds since 1970.
#[must_use]
pub(crate) fn epoch_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Looks again and again whether something is `done`, for as long as `limit`; whether it was. FreeSWITCH tells nobody of
/// what is waited for in this way.
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
