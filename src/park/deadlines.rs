//! Times, and what is due when.

use std::collections::BTreeSet;

use super::call::Call;
use super::moment::Moment;
use super::names::{CallUuid, CallbackId};

/// What falls due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// One of the times of a call: its timeout, the backstop of what rings for it, its comfort, its longest wait.
    Call(CallUuid),
    /// The orbit held for this channel.
    Reservation(CallUuid),
    /// The calls that a restart has taken.
    Absent,
    /// A call-back.
    Callback(CallbackId),
}

/// Everything that will fall due, exactly once each, soonest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines(BTreeSet<(Moment, u64, Due)>);

impl Deadlines {
    pub(super) fn soonest(&self) -> Option<Moment> {
        self.0.first().map(|(at, _, _)| *at)
    }

    /// Takes out the first one that is due by `now`.
    pub(super) fn pop_due(&mut self, now: Moment) -> Option<Due> {
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
            self.remove(was, call.seq, Due::Call(call.info.uuid.clone()));
        }
        if let Some(at) = at {
            self.add(at, call.seq, Due::Call(call.info.uuid.clone()));
        }
        call.armed = at;
    }

    /// The call is never due any more.
    pub(super) fn disarm(&mut self, call: &mut Call) {
        if let Some(was) = call.armed.take() {
            self.remove(was, call.seq, Due::Call(call.info.uuid.clone()));
        }
    }

    pub(super) fn add(&mut self, at: Moment, seq: u64, due: Due) {
        self.0.insert((at, seq, due));
    }

    pub(super) fn remove(&mut self, at: Moment, seq: u64, due: Due) {
        self.0.remove(&(at, seq, due));
    }
}
