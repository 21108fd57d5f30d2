//! What ends a thread's wait.

use std::sync::PoisonError;
use std::time::Duration;

use super::primitives::{AtomicBool, Condvar, Mutex, Ordering};

/// Wakes one thread that has nothing to do until its next media frame.
///
/// The standard library's locks, because they keep nothing for each thread: these are FreeSWITCH's threads, and every parked
/// leg waits fifty times a second.
pub(crate) struct Alarm {
    woken: AtomicBool,
    asleep: Mutex<()>,
    bell: Condvar,
}

impl Default for Alarm {
    fn default() -> Self {
        Self { woken: AtomicBool::new(false), asleep: Mutex::new(()), bell: Condvar::new() }
    }
}

impl Alarm {
    /// The thread shall look what there is to do. It does at its next frame, or when it is roused.
    pub(crate) fn wake(&self) {
        // An exchange, not a store: who looks then sees what everybody did who has woken it, and not the last one only.
        self.woken.swap(true, Ordering::AcqRel);
    }

    /// Ends the wait for that frame. After [`wake`](Self::wake), and after whatever else belongs to it: the thread may be
    /// elsewhere a moment later.
    pub(crate) fn rouse(&self) {
        // Whoever is about to wait has either seen that it is woken, or waits by now.
        drop(self.asleep.lock().unwrap_or_else(PoisonError::into_inner));
        self.bell.notify_all();
    }

    /// Waits, but not once it is woken.
    pub(crate) fn wait(&self, at_most: Duration) {
        let asleep = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_woken() {
            drop(self.bell.wait_timeout(asleep, at_most));
        }
    }

    /// Whether there is something to do.
    #[must_use]
    pub(crate) fn is_woken(&self) -> bool {
        self.woken.load(Ordering::Acquire)
    }

    /// What there is to do is about to be looked at. First lowered, then looked: what changes in between wakes it again.
    pub(crate) fn lower(&self) {
        // An exchange as well: this is what sees it.
        self.woken.swap(false, Ordering::AcqRel);
    }
}
