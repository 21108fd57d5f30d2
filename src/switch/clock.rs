//! The two clocks: one that only goes forward, for deadlines, and the calendar's, for telling people.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use once_cell::sync::Lazy;

use crate::park::Millis;

static START: Lazy<Instant> = Lazy::new(Instant::now);

/// Milliseconds on the clock of deadlines.
#[must_use]
pub(crate) fn now() -> Millis {
    Millis(u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX))
}

/// How long until `at`; nothing if it is past. Rounded up by less than a millisecond, so that who waits so long wakes
/// when it is due and not just before.
#[must_use]
pub(crate) fn until(at: Millis) -> Duration {
    Duration::from_millis(at.0).saturating_sub(START.elapsed())
}

/// Milliseconds since 1970.
#[must_use]
pub(crate) fn epoch_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
