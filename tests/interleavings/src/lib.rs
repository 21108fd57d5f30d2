//! The hand-made atomics of the module, in every order in which threads can act.
//!
//! These are the files of `src/switch/wake/`, with loom's primitives in place of the standard library's. Loom plays a test
//! once for each order of steps, and for each value that a load may see on a machine which reorders memory accesses. A wait
//! has no time limit there: one that nobody ends is a deadlock, and the test fails.

#![cfg(test)]

mod primitives {
    pub(super) use loom::sync::atomic::{AtomicBool, Ordering};
    pub(super) use loom::sync::{Condvar, Mutex};
}

#[path = "../../../src/switch/wake/alarm.rs"]
mod alarm;
#[path = "../../../src/switch/wake/summons.rs"]
mod summons;

mod tests;
