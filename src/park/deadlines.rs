//! Times, and what is due when.

use std::collections::BTreeSet;

use super::call::Call;
use super::callback::CallbackId;
use super::names::CallUuid;

/// A moment of a monotonic clock, in ms. The domain has no clock; every operation is told what time it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl Millis {
    /// So many ms later.
    pub fn after(self, ms: u64) -> Millis {
        Millis(self.0.saturating_add(ms))
    }

    /// How many ms lie between `earlier` and this; 0 when it is not earlier.
    pub fn since(self, earlier: Millis) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// What falls due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// One of the times of a call: its timeout, the backstop of what rings for it, its comfort, its longest wait.
    Call(CallUuid),
    /// The orbit held for this channel.
    Reservation(CallUuid),
    /// Somebody is to be called back.
    Callback(CallbackId),
}

/// Everything that will fall due, exactly once each, soonest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines(BTreeSet<(Millis, u64, Due)>);

impl Deadlines {
    pub(super) fn soonest(&self) -> Option<Millis> {
        self.0.first().map(|(at, _, _)| *at)
    }

    /// Takes out the first one that is due by `now`.
    pub(super) fn pop_due(&mut self, now: Millis) -> Option<Due> {
        if self.soonest()? > now {
            return None;
        }
        self.0.pop_first().map(|(_, _, due)| due)
    }

    /// The call is due when the first of its times comes, instead of what was set before.
    pub(super) fn arm(&mut self, call: &mut Call) {
        let at = call.due();
        if call.armed == at {
            return;
        }
        if let Some(was) = call.armed {
            self.remove(was, call.seq, Due::Call(call.uuid.clone()));
        }
        if let Some(at) = at {
            self.add(at, call.seq, Due::Call(call.uuid.clone()));
        }
        call.armed = at;
    }

    /// The call is never due any more.
    pub(super) fn disarm(&mut self, call: &mut Call) {
        if let Some(was) = call.armed.take() {
            self.remove(was, call.seq, Due::Call(call.uuid.clone()));
        }
    }

    pub(super) fn add(&mut self, at: Millis, seq: u64, due: Due) {
        self.0.insert((at, seq, due));
    }

    pub(super) fn remove(&mut self, at: Millis, seq: u64, due: Due) {
        self.0.remove(&(at, seq, due));
    }
}
