//! The end of a parked call. The first one wins.

use super::Park;
use super::call::{ClaimedBy, Pending};
use super::callback::CallbackEnd;
use super::destination::Exit;
use super::effect::{Effect, StopReason};
use super::event::StepResult;
use super::lot::Slot;
use super::moment::Moment;
use super::names::{CallUuid, CallbackId, LotKey, OrbitName, Ticket};
use super::outcome::{End, Outcome};

/// How many orbits, or call-backs, one turn is about when the module stops.
const WOUND_UP_AT_ONCE: usize = 64;

impl Park {
    /// The claim has succeeded: the call is connected, transferred or hung up, and its orbit is free. A ticket that is not
    /// the call's does nothing. Returns whether it is the call's.
    pub fn complete(&mut self, now: Moment, uuid: &CallUuid, ticket: Ticket) -> bool {
        let pending = self.calls.get(uuid).and_then(|call| call.claim.as_ref());
        let Some(pending) = pending.filter(|pending| pending.ticket == ticket) else {
            return false;
        };
        let outcome = match &pending.by {
            ClaimedBy::Retriever { .. } => Outcome::Retrieved,
            ClaimedBy::StepLeg { .. } => Outcome::Returned,
            ClaimedBy::Leave(exit) | ClaimedBy::Step { exit, .. } => match exit {
                Exit::Transfer(_) | Exit::Voicemail(_) | Exit::Continue => pending.by.left(),
                Exit::Drop { .. } => Outcome::Dropped,
                Exit::Callback => Outcome::Callback,
            },
        };
        self.finish(now, uuid, outcome, true);
        true
    }

    /// The parked leg has ended. If the call was claimed for a hang-up or transfer, that decides the outcome. A call that
    /// has already ended keeps its outcome.
    pub fn gone(&mut self, now: Moment, uuid: &CallUuid, end: End) {
        self.gone_because(now, uuid, end, None);
    }

    /// As [`gone`](Park::gone). `reason`: what broke the connection of a caller who did not simply hang up.
    pub fn gone_because(&mut self, now: Moment, uuid: &CallUuid, end: End, reason: Option<String>) {
        let Some(call) = self.calls.get(uuid) else { return };
        let by = call.claim.as_ref().map(|pending| &pending.by);
        let end = if self.stopping { End::Shutdown } else { end };
        let exit = match by {
            Some(ClaimedBy::Leave(exit) | ClaimedBy::Step { exit, .. }) => Some(exit),
            _ => None,
        };
        let outcome = match (end, exit) {
            // The caller has been told so, whatever ends the call.
            (End::HungUp | End::Shutdown, Some(Exit::Callback)) => Outcome::Callback,
            (End::Shutdown, _) => Outcome::Shutdown,
            (End::HungUp, Some(Exit::Drop { .. })) => Outcome::Dropped,
            (End::HungUp, _) => Outcome::Abandoned,
            (End::TakenAway, Some(exit)) if exit.goes_elsewhere() => {
                by.map_or(Outcome::Left, ClaimedBy::left)
            }
            (End::TakenAway, _) => Outcome::Transferred,
        };
        let succeeded = matches!(outcome, Outcome::Dropped | Outcome::Returned);
        let reason = reason.filter(|_| outcome == Outcome::Abandoned);
        self.finish_because(now, uuid, outcome, succeeded, reason);
    }

    /// As [`stop`](Park::stop) and [`wind_up`](Park::wind_up) to the end.
    pub fn shutdown(&mut self, now: Moment) {
        self.stop();
        let mut done = None;
        while self.wind_up(now, &mut done) {}
    }

    /// The module or the switch stops: nothing is parked, moved, claimed or returned any more, nothing falls due, and every
    /// call still here ends with the outcome `shutdown` unless its claim succeeds first.
    ///
    /// What that leaves to be done is done by [`wind_up`](Self::wind_up).
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// Some of what is to be done when the module stops: phones stop ringing, nothing is reserved, and call-backs that are owed
    /// are not made any more, and are left to [`lasting_callbacks`](Park::lasting_callbacks). `done` is the last orbit for which
    /// it is done. Returns whether there is more.
    pub fn wind_up(&mut self, now: Moment, done: &mut Option<(LotKey, OrbitName)>) -> bool {
        let some = self.slots_behind(None, done.as_ref()).take(WOUND_UP_AT_ONCE);
        let some = some.map(|(lot, orbit, slot)| ((lot.clone(), orbit.clone()), slot.clone()));
        let some: Vec<((LotKey, OrbitName), Slot)> = some.collect();
        let last = some.last().map(|(place, _)| place.clone());
        for (_, slot) in some {
            match slot {
                Slot::Parked(uuid) => self.wind_up_call(now, &uuid),
                Slot::Reserved(uuid) => {
                    self.unreserve(&uuid);
                    self.forget_absent(&uuid);
                }
            }
        }
        if last.is_some() {
            *done = last;
            return true;
        }
        let owed = self.callbacks.keys().take(WOUND_UP_AT_ONCE).copied();
        for id in owed.collect::<Vec<CallbackId>>() {
            self.end_callback(now, id, CallbackEnd::Shutdown);
        }
        !self.callbacks.is_empty()
    }

    fn wind_up_call(&mut self, now: Moment, uuid: &CallUuid) {
        let Some(call) = self.calls.get_mut(uuid) else { return };
        call.silence(StopReason::Gone, &mut self.effects);
        // It has no leg whose end would end it.
        if call.heir_until.is_some() {
            self.gone(now, uuid, End::Shutdown);
        }
    }

    /// Removes the call from every table. `succeeded`: the claim on it is what ended it.
    pub(super) fn finish(
        &mut self,
        now: Moment,
        uuid: &CallUuid,
        outcome: Outcome,
        succeeded: bool,
    ) {
        self.finish_because(now, uuid, outcome, succeeded, None);
    }

    fn finish_because(
        &mut self,
        now: Moment,
        uuid: &CallUuid,
        outcome: Outcome,
        succeeded: bool,
        reason: Option<String>,
    ) {
        let Some(mut call) = self.calls.remove(uuid) else { return };
        self.deadlines.disarm(&mut call);
        self.index.remove(&call);
        self.dialogs.remove(&call.dialog());
        for name in &call.formerly {
            self.forget_name(name, &call.info.uuid);
        }
        call.silence(StopReason::Gone, &mut self.effects);
        if matches!(outcome, Outcome::Retrieved | Outcome::Returned)
            && let Some(lot) = self.lots.get_mut(&call.place.lot)
        {
            lot.recent_waits.took(now.since(call.parked_at));
            if lot.adapts() {
                self.changes.waits();
            }
        }
        let mut event = call.event(now, outcome.action());
        event.outcome = Some(outcome);
        event.reason = reason;
        match call.claim.take() {
            Some(Pending { by, .. }) if succeeded => {
                event.step = by.step().and_then(|step| self.step_ref(&call, step));
                event.step_result = event.step.as_ref().map(|_| StepResult::Took);
                event = event.with_leg(&by);
            }
            Some(Pending { ticket, by, .. }) => {
                if let ClaimedBy::StepLeg { run, .. } = by {
                    self.effects.push(Effect::StopRing(run, StopReason::Gone));
                }
                if let Some((leg, _)) = by.leg() {
                    self.effects.push(Effect::ClaimLost { leg: leg.clone(), ticket });
                }
            }
            None => {
                if let Some(lot) = self.lots.get_mut(&call.place.lot) {
                    lot.dequeue(&call);
                }
            }
        }
        self.effects.push(event.into());
        if outcome == Outcome::Callback
            && let Some(promised) = call.promised.take()
        {
            self.owe_callback(now, &call, promised, None);
        }
        self.show_lamp(&call.place);
        self.made.emptied(now, &call.place);
        self.vacate(&call.place);
    }
}
