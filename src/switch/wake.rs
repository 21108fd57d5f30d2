//! How threads wake one another and ask one another for work, where that takes more than a lock.
//!
//! All of it is made of the primitives named here, and nothing else: `tests/interleavings` builds the same files with those
//! of loom, which tries every order in which threads can act.

mod primitives {
    pub(super) use std::sync::atomic::{AtomicBool, Ordering};
    pub(super) use std::sync::{Condvar, Mutex};
}

mod alarm;
mod summons;

pub(crate) use alarm::Alarm;
pub(crate) use summons::Summons;
