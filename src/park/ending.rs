//! The end of a parked call. The first one wins.

use super::Park;
use super::call::Pending;
use super::claim::{By, Exit};
use super::deadlines::Millis;
use super::effect::{Action, Effect, Ticket};
use super::names::CallUuid;
use super::outcome::{End, Outcome};

impl Park {
    /// The claim came true: the call is connected, transferred or hung up, and its orbit is free. A ticket that is not
    /// the call's does nothing.
    pub fn complete(&mut self, now: Millis, uuid: &CallUuid, ticket: Ticket) -> Vec<Effect> {
        let pending = self.calls.get(uuid).and_then(|call| call.claim.as_ref());
        let Some(pending) = pending.filter(|pending| pending.ticket == ticket) else {
            return Vec::new();
        };
        let (action, outcome) = match &pending.by {
            By::Retriever { .. } => (Action::Retrieve, Outcome::Retrieved),
            By::StepLeg { .. } | By::Step { .. } => (Action::Return, Outcome::Returned),
            By::Leave(Exit::Transfer(_)) => (Action::Leave, Outcome::Left),
            By::Leave(Exit::Drop { .. }) => (Action::Drop, Outcome::Dropped),
        };
        self.finish(now, uuid, action, outcome, true)
    }

    /// The parked leg ended by itself. If it was claimed by its own hang-up or transfer, then that is what happened.
    /// A call that has ended already stays as it ended.
    pub fn gone(&mut self, now: Millis, uuid: &CallUuid, end: End) -> Vec<Effect> {
        let Some(call) = self.calls.get(uuid) else { return Vec::new() };
        let by = call.claim.as_ref().map(|pending| &pending.by);
        let end = if self.stopping { End::Shutdown } else { end };
        let (action, outcome) = match (end, by) {
            (End::Shutdown, _) => (Action::Drop, Outcome::Shutdown),
            (End::HungUp, Some(By::Leave(Exit::Drop { .. }))) => (Action::Drop, Outcome::Dropped),
            (End::TakenAway, Some(By::Leave(Exit::Transfer(_)))) | (End::Left, _) => {
                (Action::Leave, Outcome::Left)
            }
            (End::TakenAway, Some(By::Step { .. })) => (Action::Return, Outcome::Returned),
            (End::HungUp, _) => (Action::Abandon, Outcome::Abandoned),
            (End::TakenAway, _) => (Action::Leave, Outcome::Transferred),
            (End::Callback, _) => (Action::Leave, Outcome::Callback),
        };
        let came_true = matches!(outcome, Outcome::Dropped | Outcome::Returned);
        self.finish(now, uuid, action, outcome, came_true)
    }

    /// The module or the switch stops: nothing is parked, claimed or returned any more, and every call still here ends
    /// with the outcome `shutdown` unless its claim comes true first.
    pub fn shutdown(&mut self, _now: Millis) -> Vec<Effect> {
        self.stopping = true;
        let mut effects = Vec::new();
        for call in self.calls.values_mut() {
            if let Some(ringing) = call.ringing.take() {
                effects.push(Effect::StopRing(ringing.run));
            }
            self.deadlines.arm(call, None);
        }
        let reserved: Vec<CallUuid> = self.reservations.keys().cloned().collect();
        for uuid in reserved {
            self.unreserve(&uuid);
        }
        effects
    }

    /// Takes the call out of everything; `came_true`: the claim on it is what ended it.
    pub(super) fn finish(
        &mut self,
        now: Millis,
        uuid: &CallUuid,
        action: Action,
        outcome: Outcome,
        came_true: bool,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        let Some(mut call) = self.calls.remove(uuid) else { return effects };
        self.deadlines.arm(&mut call, None);
        if let Some(ringing) = call.ringing.take() {
            effects.push(Effect::StopRing(ringing.run));
        }
        let mut event = call.event(now, action);
        event.outcome = Some(outcome);
        match call.claim.take() {
            Some(Pending { by, .. }) if came_true => {
                event.step = by.step().and_then(|step| self.step_ref(&call, step));
                event = event.with_leg(&by);
            }
            Some(Pending { ticket, by }) => {
                if let By::StepLeg { run, .. } = by {
                    effects.push(Effect::StopRing(run));
                }
                if let Some((leg, _)) = by.leg() {
                    effects.push(Effect::ClaimLost { leg: leg.clone(), ticket });
                }
            }
            None => {
                if let Some(lot) = self.lots.get_mut(&call.lot) {
                    lot.dequeue(&call);
                }
            }
        }
        effects.push(event.into());
        self.show_lamp(&call.lot, &call.orbit, &mut effects);
        self.vacate(&call.lot, &call.orbit);
        effects
    }
}
