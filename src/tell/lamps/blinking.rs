//! When lamps begin to blink.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use crate::park::OrbitKey;

/// When lamps begin to blink.
#[derive(Default)]
pub(super) struct Blinking {
    due: BTreeSet<(Instant, OrbitKey)>,
    at: HashMap<OrbitKey, Instant>,
}

impl Blinking {
    /// Sets when that lamp begins to blink. `None` means never.
    pub(super) fn set(&mut self, place: OrbitKey, at: Option<Instant>) {
        let old = match at {
            Some(at) => self.at.insert(place.clone(), at),
            None => self.at.remove(&place),
        };
        if let Some(old) = old {
            self.due.remove(&(old, place.clone()));
        }
        self.due.extend(at.map(|at| (at, place)));
    }

    /// The next that has begun to blink by now.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<OrbitKey> {
        let (_, place) = self.due.first().filter(|(at, _)| *at <= now)?.clone();
        self.set(place.clone(), None);
        Some(place)
    }

    /// When the next one begins.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }
}
