//! What happens when the time is up.

use std::sync::Arc;

use super::Park;
use super::call::{Call, Pending, Ringing};
use super::claim::{By, Exit};
use super::deadlines::{Due, Millis};
use super::effect::{Action, Effect, Quiet, Ring, RingTo, RunId};
use super::fallback::AfterReturn;
use super::names::CallUuid;
use super::steps::{MOST_TRIES, Mailbox, Reminder, Step, StepRef, StepTo};
use super::user::User;

/// How many things that are due one call of `handle_timeout` handles, so that the lock is short, and what was decided is
/// done before much else is.
const AT_ONCE: usize = 8;

/// How long sending a message may take.
const MESSAGE_WITHIN_MS: u64 = 10_000;
/// How long whoever has answered may listen to what is said to them before they have the call.
const LISTENS_MS: u64 = 60_000;

/// What a return step comes to.
enum Act {
    /// Somebody is rung, or told.
    Ring(RingTo),
    /// The caller is offered to be called back.
    Offer,
    /// The call leaves.
    Leave(Exit),
    /// It cannot be tried.
    Skip(&'static str),
}

impl Park {
    /// When `handle_timeout` should be called next; none: when something else has happened. It may lie in the past.
    pub fn poll_timeout(&self) -> Option<Millis> {
        self.deadlines.soonest()
    }

    /// Does what is due, 8 at the most: if more is, [`poll_timeout`](Park::poll_timeout) says so.
    pub fn handle_timeout(&mut self, now: Millis) {
        for _ in 0..AT_ONCE {
            match self.deadlines.pop_due(now) {
                Some(Due::Call(uuid)) => self.call_is_due(now, &uuid),
                Some(Due::Reservation(uuid)) => self.lapse(&uuid),
                Some(Due::Callback(id)) => self.callback_is_due(now, id),
                None => break,
            }
        }
    }

    fn call_is_due(&mut self, now: Millis, uuid: &CallUuid) {
        let Some(call) = self.calls.get_mut(uuid) else { return };
        call.armed = None;
        if call.heir_until.is_some() {
            return self.heir_is_missing(now, uuid);
        }
        let passed = |at: Option<Millis>| at.is_some_and(|at| at <= now);
        if passed(call.leaves_at) {
            match call.ringing {
                // Whoever has answered is about to have the call.
                Some(ringing) if ringing.answered => call.leaves_at = Some(ringing.until.after(1)),
                _ => return self.has_waited_enough(now, uuid),
            }
        }
        if let Some(ringing) =
            call.ringing.filter(|ringing| ringing.offer && passed(call.comfort_at))
        {
            // Nobody talks into an offer.
            call.comfort_at = Some(ringing.until.after(1));
        }
        if passed(call.comfort_at) {
            let every = self.lots.get(&call.lot).and_then(|lot| lot.config.comfort_every());
            call.comfort_at = every.map(|ms| now.after(ms));
            if every.is_some() {
                self.effects.push(Effect::Comfort(uuid.clone()));
            }
        }
        self.deadlines.arm(call);
        match call.ringing {
            Some(ringing) if ringing.until <= now => {
                call.ringing = None;
                let reason = if ringing.offer {
                    "the caller did not ask for it"
                } else {
                    self.effects.push(Effect::StopRing(ringing.run, Quiet::Unanswered));
                    "NO_ANSWER"
                };
                self.step_over(now, uuid, ringing.step, Some(reason));
            }
            None if passed(call.deadline) => {
                let step = call.next_step;
                self.run_steps(now, uuid, step);
            }
            _ => {}
        }
    }

    /// It leaves as by its exit key; without a place to go to it is hung up. If it cannot, that comes again.
    fn has_waited_enough(&mut self, now: Millis, uuid: &CallUuid) {
        let Some(call) = self.calls.get_mut(uuid) else { return };
        let Some(lot) = self.lots.get(&call.lot) else { return };
        call.leaves_at = Some(lot.config.max_wait_ms).filter(|ms| *ms > 0).map(|ms| now.after(ms));
        let by = match lot.config.exit_to.clone() {
            Some(to) => By::Leave(Exit::Transfer(to)),
            None => By::Leave(Exit::Drop { cause: AfterReturn::CAUSE.to_owned() }),
        };
        self.claim_itself(uuid, by);
    }

    /// Whether that run is the call's current one: whoever is about to ring for it asks, for it may have been stopped
    /// before it began.
    pub fn rings(&self, uuid: &CallUuid, run: RunId) -> bool {
        let ringing = self.calls.get(self.current(uuid)).and_then(|call| call.ringing);
        ringing.is_some_and(|ringing| ringing.run == run)
    }

    /// Somebody has answered a return step: it does not end for want of an answer any more, and whoever it was has a
    /// minute to claim the call. A run that is not the call's current one is ignored.
    pub fn step_answered(&mut self, now: Millis, uuid: &CallUuid, run: RunId) {
        let uuid = self.current(uuid).clone();
        let Some(call) = self.calls.get_mut(&uuid) else { return };
        if let Some(ringing) = call.ringing.as_mut().filter(|ringing| ringing.run == run) {
            ringing.until = now.after(LISTENS_MS);
            ringing.answered = true;
            self.deadlines.arm(call);
        }
    }

    /// A return step's worker reached nobody: the next step runs. A run that is not the call's current one is ignored.
    pub fn step_failed(&mut self, now: Millis, uuid: &CallUuid, run: RunId, reason: &str) {
        self.step_ended(now, uuid, run, Some(reason));
    }

    /// The step cannot be tried now, and need not be tried again in this round: the next step runs. A run that is not the
    /// call's current one is ignored.
    pub fn step_skipped(&mut self, now: Millis, uuid: &CallUuid, run: RunId, reason: &str) {
        let uuid = &self.current(uuid).clone();
        if self.rings(uuid, run)
            && let Some(call) = self.calls.get_mut(uuid)
        {
            call.tries = MOST_TRIES;
        }
        self.step_ended(now, uuid, run, Some(reason));
    }

    /// A step that only reminds has done so: the next step runs. A run that is not the call's current one is ignored.
    pub fn step_done(&mut self, now: Millis, uuid: &CallUuid, run: RunId) {
        self.step_ended(now, uuid, run, None);
    }

    fn step_ended(&mut self, now: Millis, uuid: &CallUuid, run: RunId, reason: Option<&str>) {
        let uuid = &self.current(uuid).clone();
        let Some(call) = self.calls.get_mut(uuid) else { return };
        if let Some(ringing) = call.ringing.take_if(|ringing| ringing.run == run) {
            return self.step_over(now, uuid, ringing.step, reason);
        }
        // A worker that had claimed the call gives the claim back by saying that its step failed.
        if let Some(Pending { ticket, by: By::StepLeg { run: claimed, .. }, .. }) = &call.claim
            && *claimed == run
        {
            let ticket = *ticket;
            self.unclaim(now, uuid, ticket);
        }
    }

    /// That step did not take the call; `reason`: and should have.
    pub(super) fn step_over(
        &mut self,
        now: Millis,
        uuid: &CallUuid,
        step: usize,
        reason: Option<&str>,
    ) {
        let Some(call) = self.calls.get(uuid) else { return };
        if let Some(reason) = reason {
            let mut event = call.event(now, self.action_of(call, step));
            event.step = self.step_ref(call, step);
            event.reason = Some(reason.to_owned());
            self.effects.push(event.into());
        }
        let repeat = self.steps_of(call).get(step).map_or(1, |step| step.repeat);
        let Some(call) = self.calls.get_mut(uuid) else { return };
        call.paused = false;
        call.tries = call.tries.saturating_add(1);
        let again = call.tries < repeat;
        if !again {
            call.tries = 0;
        }
        self.run_steps(now, uuid, if again { step } else { step.saturating_add(1) });
    }

    /// Starts that return step, or the first after it that can be tried.
    pub(super) fn run_steps(&mut self, now: Millis, uuid: &CallUuid, first: usize) {
        let run = RunId(self.count());
        let Some(call) = self.calls.get_mut(uuid) else { return };
        if call.heir_until.is_some() {
            // It runs for the leg that comes, as soon as that is there.
            (call.next_step, call.deadline) = (first, Some(now));
            return;
        }
        let Some(call) = self.calls.get(uuid) else { return };
        let steps = self.steps_of(call);
        for (at, step) in steps.iter().enumerate().skip(first) {
            let Some(call) = self.calls.get_mut(uuid) else { return };
            call.next_step = at;
            if step.pause_s > 0 && !call.paused {
                call.paused = true;
                call.deadline = Some(now.after(u64::from(step.pause_s) * 1000));
                return self.deadlines.arm(call);
            }
            call.paused = false;
            let Some(call) = self.calls.get(uuid) else { return };
            let mut event = call.event(now, self.action_of(call, at));
            event.step = Some(StepRef::of(at, step));
            let act = self.act_of(call, step);
            if let Act::Skip(reason) = act {
                event.reason = Some(reason.to_owned());
            }
            self.effects.push(event.into());
            let Some(call) = self.calls.get_mut(uuid) else { return };
            match act {
                Act::Skip(_) => {
                    call.tries = 0;
                    continue;
                }
                Act::Leave(exit) => {
                    let by = By::Step { step: Some(at), exit };
                    return self.claim_itself(uuid, by);
                }
                Act::Ring(_) | Act::Offer => {
                    let offer = matches!(act, Act::Offer);
                    let lasts_ms = match act {
                        Act::Ring(RingTo::Message(_)) => MESSAGE_WITHIN_MS,
                        _ => step.lasts_ms(),
                    };
                    let until = now.after(lasts_ms);
                    let ringing = Ringing { run, step: at, until, offer, answered: false };
                    call.ringing = Some(ringing);
                    self.deadlines.arm(call);
                }
            }
            let Some(call) = self.find(now, uuid) else { return };
            self.effects.push(match act {
                Act::Ring(to) => Effect::Ring(Box::new(Ring { run, call, to, step: step.clone() })),
                _ => Effect::Offer(uuid.clone()),
            });
            return;
        }
        self.round_is_over(now, uuid, steps.is_empty());
    }

    /// What the events of that step are.
    fn action_of(&self, call: &Call, step: usize) -> Action {
        match self.steps_of(call).get(step).map(|step| &step.to) {
            Some(StepTo::Remind(_)) => Action::Remind,
            _ => Action::Return,
        }
    }

    /// Whether the caller has been offered to be called back, and may still say so.
    pub fn is_offered(&self, uuid: &CallUuid) -> bool {
        let ringing = self.calls.get(uuid).and_then(|call| call.ringing);
        ringing.is_some_and(|ringing| ringing.offer)
    }

    fn act_of(&self, call: &Call, step: &Step) -> Act {
        const UNKNOWN: &str = "the parker is not known";
        let parker = || call.parker.clone().ok_or(Act::Skip(UNKNOWN));
        let mailbox = |user: User| Act::Leave(Exit::Voicemail(user));
        let act = match &step.to {
            StepTo::Parker => parker().map(|parker| Act::Ring(RingTo::Parker(parker))),
            StepTo::Remind(Reminder::Call) => parker().map(|it| Act::Ring(RingTo::Remind(it))),
            StepTo::Remind(Reminder::Message) => parker().map(|it| Act::Ring(RingTo::Message(it))),
            StepTo::Dial(dial) => Ok(Act::Ring(RingTo::Dial(dial.clone()))),
            StepTo::Voicemail(Mailbox::Parker) => parker().map(mailbox),
            StepTo::Voicemail(Mailbox::User(user)) => Ok(mailbox(user.clone())),
            StepTo::Transfer(to) => Ok(Act::Leave(Exit::Transfer(to.clone()))),
            StepTo::Hangup(cause) => Ok(Act::Leave(Exit::Drop { cause: cause.clone() })),
            StepTo::Callback => self.callback_of(call).map(|_| Act::Offer).map_err(Act::Skip),
        };
        act.unwrap_or_else(|skip| skip)
    }

    /// No step took it: it waits for another timeout, or leaves as the lot says.
    fn round_is_over(&mut self, now: Millis, uuid: &CallUuid, no_steps: bool) {
        let Some(call) = self.calls.get_mut(uuid) else { return };
        call.rounds = call.rounds.saturating_add(1);
        let none = if no_steps { "there is no return step" } else { "no return step took it" };
        let config = self.lots.get(&call.lot).map(|lot| &lot.config);
        let after = config
            .filter(|config| config.rounds().is_some_and(|most| call.rounds >= most))
            .map(|config| config.after_return.clone());
        let mut event = call.event(now, Action::Remind);
        event.reason = Some(none.to_owned());
        self.effects.push(event.into());
        // Renewed in any case: what leaves and cannot waits on.
        self.wait_again(now, uuid);
        let exit = match after {
            None => return,
            Some(AfterReturn::Transfer(to)) => Exit::Transfer(to),
            Some(AfterReturn::Hangup(cause)) => Exit::Drop { cause },
            Some(AfterReturn::Park) => Exit::Drop { cause: AfterReturn::CAUSE.to_owned() },
        };
        self.claim_itself(uuid, By::Step { step: None, exit });
    }

    /// The call waits for a whole timeout from now on, and then for its first step.
    pub(super) fn wait_again(&mut self, now: Millis, uuid: &CallUuid) {
        let Some(call) = self.calls.get(uuid) else { return };
        let timeout_ms = self.timeout_of(call);
        let Some(call) = self.calls.get_mut(uuid) else { return };
        call.next_step = 0;
        call.tries = 0;
        call.paused = false;
        call.waits_since = now;
        if let Some(pending) = &mut call.claim {
            pending.restarted = true;
        }
        call.deadline = (timeout_ms > 0).then(|| now.after(timeout_ms));
        if !self.stopping {
            self.deadlines.arm(call);
        }
    }

    /// If the timeout is another than before, it counts from when the waiting began, unless return steps run already.
    pub(super) fn follow_timeout(&mut self, uuid: &CallUuid, before_ms: Option<u64>) {
        let Some(call) = self.calls.get(uuid) else { return };
        let timeout_ms = self.timeout_of(call);
        let runs = call.ringing.is_some() || call.next_step > 0 || call.paused || call.tries > 0;
        if runs || before_ms == Some(timeout_ms) || self.stopping {
            return;
        }
        let Some(call) = self.calls.get_mut(uuid) else { return };
        call.deadline = (timeout_ms > 0).then(|| call.waits_since.after(timeout_ms));
        self.deadlines.arm(call);
    }

    /// The return steps the call has now: its own, or those of its lot.
    pub(super) fn steps_of(&self, call: &Call) -> Arc<[Step]> {
        let lots = || self.lots.get(&call.lot).map(|lot| lot.config.returns.clone());
        call.returns.clone().or_else(lots).unwrap_or_else(|| Arc::from([]))
    }

    /// The timeout in ms the call has now, its own or that of its lot; 0: never.
    pub(super) fn timeout_of(&self, call: &Call) -> u64 {
        let lots = || {
            let lot = self.lots.get(&call.lot)?;
            Some(lot.config.timeout.of(call.priority, &lot.lately))
        };
        call.timeout_ms.or_else(lots).unwrap_or(0)
    }

    pub(super) fn step_ref(&self, call: &Call, step: usize) -> Option<StepRef> {
        self.steps_of(call).get(step).map(|found| StepRef::of(step, found))
    }
}
