//! What happens when the time is up.

use std::sync::Arc;

use super::Park;
use super::call::{Call, Pending, Ringing};
use super::claim::By;
use super::deadlines::{Due, Millis};
use super::effect::{Action, Effect, Ring, RingTo, RunId, Ticket};
use super::names::CallUuid;
use super::steps::{Step, StepRef, StepTo};

/// How many things that are due one call of `handle_timeout` handles, so that the lock is short.
const AT_ONCE: usize = 256;
/// How long after its ringing time a step whose worker says nothing counts as failed.
const BACKSTOP_MS: u64 = 10_000;

impl Park {
    /// When `handle_timeout` should be called next; none: when something else has happened. It may lie in the past.
    pub fn poll_timeout(&self) -> Option<Millis> {
        self.deadlines.soonest()
    }

    /// Does what is due, 256 at the most: if more is, [`poll_timeout`](Park::poll_timeout) says so.
    pub fn handle_timeout(&mut self, now: Millis) -> Vec<Effect> {
        let mut effects = Vec::new();
        for _ in 0..AT_ONCE {
            match self.deadlines.pop_due(now) {
                Some(Due::Call(uuid)) => self.time_is_up(now, &uuid, &mut effects),
                Some(Due::Reservation(uuid)) => self.lapse(&uuid, &mut effects),
                None => break,
            }
        }
        effects
    }

    fn time_is_up(&mut self, now: Millis, uuid: &CallUuid, effects: &mut Vec<Effect>) {
        let Some(call) = self.calls.get_mut(uuid) else { return };
        call.armed = None;
        match call.ringing.take() {
            Some(ringing) => {
                effects.push(Effect::StopRing(ringing.run));
                self.step_over(now, uuid, ringing.step, "nobody said how the step went", effects);
            }
            None => {
                let step = call.next_step;
                self.run_steps(now, uuid, step, effects);
            }
        }
    }

    /// A return step's worker reached nobody: the next step runs. A run that is not the call's current one is ignored.
    pub fn step_failed(
        &mut self,
        now: Millis,
        uuid: &CallUuid,
        run: RunId,
        reason: &str,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        let Some(call) = self.calls.get_mut(uuid) else { return effects };
        if let Some(ringing) = call.ringing.take_if(|ringing| ringing.run == run) {
            self.step_over(now, uuid, ringing.step, reason, &mut effects);
            return effects;
        }
        // A worker that had claimed the call gives the claim back by saying that its step failed.
        match &call.claim {
            Some(Pending { ticket, by: By::StepLeg { run: claimed, .. } }) if *claimed == run => {
                let ticket = *ticket;
                self.unclaim(now, uuid, ticket)
            }
            _ => effects,
        }
    }

    /// That step did not take the call.
    pub(super) fn step_over(
        &mut self,
        now: Millis,
        uuid: &CallUuid,
        step: usize,
        reason: &str,
        effects: &mut Vec<Effect>,
    ) {
        let Some(call) = self.calls.get(uuid) else { return };
        let mut event = call.event(now, Action::Return);
        event.step = self.step_ref(call, step);
        event.reason = Some(reason.to_owned());
        effects.push(event.into());
        self.run_steps(now, uuid, step.saturating_add(1), effects);
    }

    /// Starts that return step, or the first after it that can be tried; after the last the call waits on.
    pub(super) fn run_steps(
        &mut self,
        now: Millis,
        uuid: &CallUuid,
        first: usize,
        effects: &mut Vec<Effect>,
    ) {
        let number = self.count();
        let Some(call) = self.calls.get(uuid) else { return };
        let steps = self.steps_of(call);
        let timeout_ms = self.timeout_of(call);
        let Some(call) = self.calls.get_mut(uuid) else { return };
        for (at, step) in steps.iter().enumerate().skip(first) {
            let mut event = call.event(now, Action::Return);
            event.step = Some(StepRef::of(at, step));
            let to = match (&step.to, &call.parker) {
                (StepTo::Parker, None) => {
                    event.reason = Some("the parker is not known".to_owned());
                    effects.push(event.into());
                    continue;
                }
                (StepTo::Parker, Some(parker)) => RingTo::Parker(parker.clone()),
                (StepTo::Dial(dial), _) => RingTo::Dial(dial.clone()),
                (StepTo::Transfer(to), _) => {
                    Park::claim_itself(Ticket(number), call, at, to.clone());
                    self.deadlines.arm(call, None);
                    if let Some(lot) = self.lots.get_mut(&call.lot) {
                        lot.dequeue(call);
                    }
                    effects.push(event.into());
                    effects.push(Effect::Wake(uuid.clone()));
                    return;
                }
            };
            let run = RunId(number);
            let until = now.after(u64::from(step.ring_s).saturating_mul(1000));
            call.ringing = Some(Ringing { run, step: at, until });
            self.deadlines.arm(call, Some(until.after(BACKSTOP_MS)));
            effects.push(event.into());
            let Some(call) = self.find(now, uuid) else { return };
            let ring = Ring { run, call, to, ring_s: step.ring_s, step: at };
            effects.push(Effect::Ring(Box::new(ring)));
            return;
        }
        call.next_step = 0;
        call.deadline = (timeout_ms > 0).then(|| now.after(timeout_ms));
        let deadline = call.deadline;
        self.deadlines.arm(call, deadline);
        let mut event = call.event(now, Action::Remind);
        let none =
            if steps.is_empty() { "there is no return step" } else { "no return step took it" };
        event.reason = Some(none.to_owned());
        effects.push(event.into());
    }

    /// The return steps the call has now: its own, or those of its lot.
    pub(super) fn steps_of(&self, call: &Call) -> Arc<[Step]> {
        let lots = || self.lots.get(&call.lot).map(|lot| lot.config.returns.clone());
        call.returns.clone().or_else(lots).unwrap_or_else(|| Arc::from([]))
    }

    /// The timeout the call has now, its own or that of its lot; 0: never.
    pub(super) fn timeout_of(&self, call: &Call) -> u64 {
        let lots = || self.lots.get(&call.lot).map(|lot| lot.config.timeout_ms);
        call.timeout_ms.or_else(lots).unwrap_or(0)
    }

    pub(super) fn step_ref(&self, call: &Call, step: usize) -> Option<StepRef> {
        self.steps_of(call).get(step).map(|found| StepRef::of(step, found))
    }
}
