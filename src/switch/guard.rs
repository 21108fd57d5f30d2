//! The edge between C and Rust: counts the threads inside, and stops panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::log;
use crate::switch::clock;

/// Callbacks and threads that run code of this module right now. While it is not zero the code must stay mapped.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
static PANICS: AtomicU64 = AtomicU64::new(0);
/// When the first and the last of them came, in ms since 1970.
static FIRST_MS: AtomicU64 = AtomicU64::new(0);
static LAST_MS: AtomicU64 = AtomicU64::new(0);

/// Counts its owner as being inside the module while it lives.
pub(crate) struct Inside(());

impl Inside {
    /// Counts one more.
    #[must_use]
    pub(crate) fn enter() -> Self {
        INSIDE.fetch_add(1, Ordering::AcqRel);
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Does something if the thread that holds this panics.
pub(crate) struct OnPanic<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnPanic<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)();
        }
    }
}

/// Waits until no thread is inside, at most for `limit`. Returns how many still are.
pub(crate) fn wait_until_empty(limit: Duration) -> usize {
    clock::poll(limit, Duration::from_millis(5), || INSIDE.load(Ordering::Acquire) == 0);
    INSIDE.load(Ordering::Acquire)
}

/// Runs the body of a callback: a panic ends here, is logged with its text, and `fallback` is returned.
pub(crate) fn guard<T>(name: &str, fallback: T, body: impl FnOnce() -> T) -> T {
    let _inside = Inside::enter();
    uncounted(name, fallback, body)
}

/// [`guard()`] for the one callback that waits until nobody is inside.
pub(crate) fn uncounted<T>(name: &str, fallback: T, body: impl FnOnce() -> T) -> T {
    caught(name, body).unwrap_or(fallback)
}

/// Runs `body`: a panic ends here, and is logged with its text and its number.
///
/// # Errors
/// The number of the panic.
pub(crate) fn caught<T>(name: &str, body: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|panic| {
        let what = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown".to_owned());
        let now_ms = clock::epoch_ms();
        // Whoever reads the count sees when they came.
        LAST_MS.fetch_max(now_ms, Ordering::AcqRel);
        let _ = FIRST_MS.compare_exchange(0, now_ms, Ordering::AcqRel, Ordering::Acquire);
        let panicked = Panicked(PANICS.fetch_add(1, Ordering::AcqRel) + 1);
        log::crit(
            None,
            format_args!(
                "{panicked} in {name:?} was caught: {what}; this is a bug in mod_callpark"
            ),
        );
        panicked
    })
}

/// The panics since this file was loaded into FreeSWITCH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Panics {
    /// How many, which is also the number of the last one.
    pub count: u64,
    /// When the first one came, in ms since 1970; 0 without one.
    pub first_ms: u64,
    /// When the last one came, in ms since 1970; 0 without one.
    pub last_ms: u64,
}

/// The panics that were caught so far.
#[must_use]
pub(crate) fn panics() -> Panics {
    let count = PANICS.load(Ordering::Acquire);
    let first_ms = FIRST_MS.load(Ordering::Acquire);
    Panics { count, first_ms, last_ms: LAST_MS.load(Ordering::Acquire) }
}

/// A panic that was caught and logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Panicked(u64);

impl std::fmt::Display for Panicked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "internal error {}", self.0)
    }
}
