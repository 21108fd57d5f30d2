//! Our locks. Each is a leaf: taken, copied from, released, and only then is FreeSWITCH called or another one taken. A debug
//! build sees to that: it fails where a lock is held across a call into FreeSWITCH, or while another one is taken, and it
//! says at unload for how long each was held at the most.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use parking_lot::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};

use watched::Watched;

/// Fails in a debug build if this thread holds one of our locks. Whatever hands something to FreeSWITCH asks this.
pub(crate) fn none_is_held() {
    watched::none_is_held("across a call into FreeSWITCH");
}

/// How long each lock was held at the most, by what is in it, longest first. A release build does not know.
pub(crate) fn longest() -> Vec<(&'static str, Duration)> {
    watched::longest()
}

/// Something that one thread at a time may use.
#[derive(Default)]
pub(crate) struct Mutex<T>(parking_lot::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(parking_lot::Mutex::new(value))
    }

    /// Waits until no other thread uses it.
    pub(crate) fn lock(&self) -> Held<MutexGuard<'_, T>> {
        Held::begin::<T>(|| self.0.lock())
    }
}

/// Something that several threads may read, or one may change.
#[derive(Default)]
pub(crate) struct RwLock<T>(parking_lot::RwLock<T>);

impl<T> RwLock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(parking_lot::RwLock::new(value))
    }

    /// Waits until no other thread changes it.
    pub(crate) fn read(&self) -> Held<RwLockReadGuard<'_, T>> {
        Held::begin::<T>(|| self.0.read())
    }

    /// Waits until no other thread uses it.
    pub(crate) fn write(&self) -> Held<RwLockWriteGuard<'_, T>> {
        Held::begin::<T>(|| self.0.write())
    }
}

/// A lock is held while this lives.
pub(crate) struct Held<G> {
    guard: G,
    /// None while it is released for a moment.
    watched: Option<Watched>,
    what: &'static str,
}

impl<G> Held<G> {
    fn begin<T>(lock: impl FnOnce() -> G) -> Self {
        watched::none_is_held("while another one is taken");
        let what = std::any::type_name::<T>();
        Self { guard: lock(), watched: Some(Watched::begin(what)), what }
    }
}

impl<'a, T> Held<MutexGuard<'a, T>> {
    /// Releases it for as long as `body` takes.
    pub(crate) fn unlocked<U>(held: &mut Self, body: impl FnOnce() -> U) -> U {
        held.released(|guard| MutexGuard::unlocked(guard, body))
    }

    fn released<U>(&mut self, body: impl FnOnce(&mut MutexGuard<'a, T>) -> U) -> U {
        self.watched = None;
        let value = body(&mut self.guard);
        self.watched = Some(Watched::begin(self.what));
        value
    }
}

impl<G: Deref> Deref for Held<G> {
    type Target = G::Target;

    fn deref(&self) -> &G::Target {
        &self.guard
    }
}

impl<G: DerefMut> DerefMut for Held<G> {
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.guard
    }
}

/// Wakes those who wait for something that a [`Mutex`] guards.
#[derive(Default)]
pub(crate) struct Condvar(parking_lot::Condvar);

impl Condvar {
    /// Waits until it is woken, for so long at the most. True: the time is up. The lock is released meanwhile.
    pub(crate) fn wait_for<T>(&self, held: &mut Held<MutexGuard<'_, T>>, limit: Duration) -> bool {
        held.released(|guard| self.0.wait_for(guard, limit).timed_out())
    }

    /// The same, as long as that is so.
    pub(crate) fn wait_while_for<T>(
        &self,
        held: &mut Held<MutexGuard<'_, T>>,
        is_so: impl FnMut(&mut T) -> bool,
        limit: Duration,
    ) {
        held.released(|guard| self.0.wait_while_for(guard, is_so, limit));
    }

    /// Wakes one of those who wait.
    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all who wait.
    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

#[cfg(debug_assertions)]
mod watched {
    use std::cell::Cell;
    use std::collections::BTreeMap;
    use std::time::{Duration, Instant};

    thread_local! {
        /// Which of our locks this thread holds.
        static HELD: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// By what is in the lock. Not one of ours: it is taken while one of them is being released.
    static LONGEST: parking_lot::Mutex<BTreeMap<&'static str, Duration>> =
        parking_lot::Mutex::new(BTreeMap::new());

    pub(super) struct Watched(&'static str, Instant);

    impl Watched {
        pub(super) fn begin(what: &'static str) -> Self {
            HELD.set(Some(what));
            Self(what, Instant::now())
        }
    }

    impl Drop for Watched {
        fn drop(&mut self) {
            HELD.set(None);
            let held = self.1.elapsed();
            let mut longest = LONGEST.lock();
            let most = longest.entry(self.0).or_default();
            *most = held.max(*most);
        }
    }

    pub(super) fn none_is_held(when: &str) {
        if let Some(held) = HELD.get() {
            assert!(std::thread::panicking(), "the lock of {held} is held {when}");
        }
    }

    pub(super) fn longest() -> Vec<(&'static str, Duration)> {
        let mut all: Vec<_> = LONGEST.lock().iter().map(|(what, most)| (*what, *most)).collect();
        all.sort_by_key(|(_, most)| std::cmp::Reverse(*most));
        all
    }
}

#[cfg(not(debug_assertions))]
mod watched {
    use std::time::Duration;

    pub(super) struct Watched;

    impl Watched {
        pub(super) fn begin(_: &'static str) -> Self {
            Self
        }
    }

    pub(super) fn none_is_held(_: &str) {}

    pub(super) fn longest() -> Vec<(&'static str, Duration)> {
        Vec::new()
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    static ONE: Mutex<u8> = Mutex::new(0);
    static OTHER: RwLock<u16> = RwLock::new(0);

    #[test]
    #[should_panic(expected = "the lock of u16 is held while another one is taken")]
    fn a_second_lock_is_a_fault() {
        let _held = OTHER.read();
        drop(ONE.lock());
    }

    #[test]
    fn a_lock_that_was_released_is_not_held() {
        let mutex = Mutex::new(0u32);
        let mut held = mutex.lock();
        Held::unlocked(&mut held, none_is_held);
        assert!(Condvar::default().wait_for(&mut held, Duration::from_millis(1)));
        std::thread::sleep(Duration::from_millis(20));
        drop(held);
        none_is_held();
        let longest = longest();
        let most = longest.iter().find(|(what, _)| *what == "u32").expect("it was held");
        assert!(most.1 >= Duration::from_millis(20), "{longest:?}");
    }
}
