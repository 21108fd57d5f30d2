//! The end of a parked call. The first one wins.

use super::Park;
use super::call::{ClaimedBy, Pending};
use super::callback::CallbackEnd;
use super::destination::Exit;
use super::effect::{Effect, StopReason};
use super::moment::Moment;
use super::names::{CallUuid, CallbackId, Ticket};
use super::outcome::{End, Outcome};

impl Park {
    /// The claim came true: the call is connected, transferred or hung up, and its orbit is free. A ticket that is not
    /// the call's does nothing. Whether it is.
    pub fn complete(&mut self, now: Moment, uuid: &CallUuid, ticket: Ticket) -> bool {
        let pending = self.calls.get(uuid).and_then(|call| call.claim.as_ref());
        let Some(pending) = pending.filter(|pending| pending.ticket == ticket) else {
            return false;
        };
        let outcome = match &pending.by {
            ClaimedBy::Retriever { .. } => Outcome::Retrieved,
            ClaimedBy::StepLeg { .. } => Outcome::Returned,
            ClaimedBy::Leave(exit) | ClaimedBy::Step { exit, .. } => match exit {
                Exit::Transfer(_) | Exit::Voicemail(_) => pending.by.left(),
                Exit::Drop { .. } => Outcome::Dropped,
                Exit::Callback => Outcome::Callback,
            },
        };
        self.finish(now, uuid, outcome, true);
        true
    }

    /// The parked leg ended by itself. If it was claimed by its own hang-up or transfer, then that is what happened.
    /// A call that has ended already stays as it ended.
    pub fn gone(&mut self, now: Moment, uuid: &CallUuid, end: End) {
        self.gone_because(now, uuid, end, None);
    }

    /// As [`gone`](Park::gone). `cause`: what broke the connection of a caller who did not simply hang up.
    pub fn gone_because(&mut self, now: Moment, uuid: &CallUuid, end: End, cause: Option<String>) {
        let Some(call) = self.calls.get(uuid) else { return };
        let by = call.claim.as_ref().map(|pending| &pending.by);
        let end = if self.stopping { End::Shutdown } else { end };
        let exit = match by {
            Some(ClaimedBy::Leave(exit) | ClaimedBy::Step { exit, .. }) => Some(exit),
            _ => None,
        };
        let outcome = match (end, exit) {
            (End::Shutdown, _) => Outcome::Shutdown,
            (End::HungUp, Some(Exit::Drop { .. })) => Outcome::Dropped,
            (End::HungUp, Some(Exit::Callback)) => Outcome::Callback,
            (End::HungUp, _) => Outcome::Abandoned,
            (End::TakenAway, Some(exit)) if exit.goes_elsewhere() => {
                by.map_or(Outcome::Left, ClaimedBy::left)
            }
            (End::TakenAway, _) => Outcome::Transferred,
        };
        let came_true = matches!(outcome, Outcome::Dropped | Outcome::Returned);
        let cause = cause.filter(|_| outcome == Outcome::Abandoned);
        self.finish_because(now, uuid, outcome, came_true, cause);
    }

    /// The module or the switch stops: nothing is parked, claimed or returned any more, and every call still here ends
    /// with the outcome `shutdown` unless its claim comes true first.
    /// What was to be called back is not.
    pub fn shutdown(&mut self, now: Moment) {
        self.stopping = true;
        for call in self.calls.values_mut() {
            call.silence(StopReason::Gone, &mut self.effects);
            self.deadlines.disarm(call);
        }
        // There is no leg whose end would end them.
        let between = self.calls.values().filter(|call| call.heir_until.is_some());
        for uuid in between.map(|call| call.info.uuid.clone()).collect::<Vec<_>>() {
            self.gone(now, &uuid, End::Shutdown);
        }
        let owed: Vec<CallbackId> = self.callbacks.keys().copied().collect();
        for id in owed {
            self.end_callback(now, id, CallbackEnd::Shutdown);
        }
        let reserved: Vec<CallUuid> = self.reservations.keys().cloned().collect();
        for uuid in reserved {
            self.unreserve(&uuid);
        }
    }

    /// Takes the call out of everything; `came_true`: the claim on it is what ended it.
    pub(super) fn finish(
        &mut self,
        now: Moment,
        uuid: &CallUuid,
        outcome: Outcome,
        came_true: bool,
    ) {
        self.finish_because(now, uuid, outcome, came_true, None);
    }

    fn finish_because(
        &mut self,
        now: Moment,
        uuid: &CallUuid,
        outcome: Outcome,
        came_true: bool,
        reason: Option<String>,
    ) {
        let Some(mut call) = self.calls.remove(uuid) else { return };
        self.deadlines.disarm(&mut call);
        self.callers.remove(&call);
        self.dialogs.remove(&call.dialog());
        for name in &call.formerly {
            if self.renamed.get(name) == Some(&call.info.uuid) {
                self.renamed.remove(name);
            }
        }
        call.silence(StopReason::Gone, &mut self.effects);
        if matches!(outcome, Outcome::Retrieved | Outcome::Returned)
            && let Some(lot) = self.lots.get_mut(&call.lot)
        {
            lot.recent_waits.took(now.since(call.parked_at));
        }
        let mut event = call.event(now, outcome.action());
        event.outcome = Some(outcome);
        event.reason = reason;
        match call.claim.take() {
            Some(Pending { by, .. }) if came_true => {
                event.step = by.step().and_then(|step| self.step_ref(&call, step));
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
                if let Some(lot) = self.lots.get_mut(&call.lot) {
                    lot.dequeue(&call);
                }
            }
        }
        self.effects.push(event.into());
        if outcome == Outcome::Callback {
            self.owe_callback(now, &mut call);
        }
        self.show_lamp(&call.lot, &call.orbit);
        self.vacate(&call.lot, &call.orbit);
    }
}
