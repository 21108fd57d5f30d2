//! What happens when the timeout of a call has passed.

use std::sync::Arc;

use super::Park;
use super::call::{Call, ClaimedBy, Pending};
use super::deadlines::Due;
use super::destination::Exit;
use super::effect::{Effect, Ring, RingTo, StopReason};
use super::event::{Action, StepResult};
use super::fallback::AfterReturn;
use super::moment::Moment;
use super::names::{CallUuid, RunId};
use super::return_state::{ReturnState, RingingStep, StepTry};
use super::steps::{MOST_TRIES, Mailbox, Reminder, Step, StepRef, StepTo};
use super::user::User;

/// How many deadlines one call of `handle_timeout` handles, so that the lock is held for a short time and effects are
/// carried out soon.
const AT_ONCE: usize = 8;

/// How long sending a message may take.
const MESSAGE_WITHIN_MS: u64 = 10_000;
/// How long a phone that has answered may listen to what is said before it gets the call.
const LISTENS_MS: u64 = 60_000;

/// What a return step does.
enum Act {
    /// It rings a phone, or sends a message.
    Ring(RingTo),
    /// It offers the caller a call-back.
    Offer,
    /// The call leaves.
    Leave(Exit),
    /// It cannot be tried.
    Skip(&'static str),
}

impl Park {
    /// When `handle_timeout` should be called next, which may lie in the past. `None` means that it need not be called
    /// before something else has happened.
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.deadlines.soonest().filter(|_| !self.stopping)
    }

    /// Handles at most 8 deadlines that have passed. If there are more, [`poll_timeout`](Park::poll_timeout) says so.
    pub fn handle_timeout(&mut self, now: Moment) {
        if self.stopping {
            return;
        }
        for _ in 0..AT_ONCE {
            match self.deadlines.pop_due(now) {
                Some(Due::Call(uuid)) => self.call_is_due(now, &uuid),
                Some(Due::Reservation(uuid)) => self.lapse(&uuid),
                Some(Due::Absent) => self.absent_are_due(now),
                Some(Due::Callback(id)) => self.callback_is_due(now, id),
                None => break,
            }
        }
    }

    fn call_is_due(&mut self, now: Moment, uuid: &CallUuid) {
        let Some(call) = self.calls.get_mut(uuid) else { return };
        call.armed = None;
        if call.heir_until.is_some() {
            return self.heir_is_missing(now, uuid);
        }
        let passed = |at: Option<Moment>| at.is_some_and(|at| at <= now);
        if passed(call.leaves_at) {
            // A reload may have changed it.
            let longest = self.lots.get(&call.place.lot).map(|lot| lot.config.longest_wait());
            call.leaves_at = longest.flatten().map(|ms| call.parked_at.after(ms));
        }
        if passed(call.leaves_at) {
            match call.returning.ringing() {
                // The phone that has answered is about to get the call.
                Some(ringing) if ringing.answered => call.leaves_at = Some(ringing.until.after(1)),
                _ => return self.has_waited_enough(now, uuid),
            }
        }
        let offer = call.returning.ringing().filter(|ringing| ringing.offer);
        if let Some(ringing) = offer.filter(|_| passed(call.comfort_at)) {
            // The comfort does not interrupt an offer.
            call.comfort_at = Some(ringing.until.after(1));
        }
        if passed(call.comfort_at) {
            let every = self.lots.get(&call.place.lot).and_then(|lot| lot.config.comfort_every());
            call.comfort_at = every.map(|ms| now.after(ms));
            if every.is_some() {
                self.effects.push(Effect::Comfort(uuid.clone()));
            }
        }
        if passed(call.exclusive_until) {
            self.open_to_all(uuid);
        }
        let Some(call) = self.calls.get_mut(uuid) else { return };
        self.deadlines.arm(call);
        if !passed(call.returning.due()) {
            return;
        }
        let Some(ringing) = call.returning.interrupt(None) else {
            let (attempt, paused) = (call.returning.attempt(), call.returning.is_paused());
            if let ReturnState::Waiting { until: Some(until), .. } = call.returning {
                let free = call.free_since.unwrap_or(until);
                self.effects.push(Effect::TimeIsUp(until.max(free)));
            }
            return self.run_steps(now, uuid, attempt, paused);
        };
        let reason = if ringing.offer {
            "the caller did not ask to be called back"
        } else {
            self.effects.push(Effect::StopRing(ringing.run, StopReason::Unanswered));
            "NO_ANSWER"
        };
        let end = Some((ringing.failed(), reason));
        self.step_over(now, uuid, ringing.attempt.step, end);
    }

    /// The call leaves as by its exit key, or is hung up if the lot has no `exit-to`. If it cannot leave, it is tried again
    /// after another `max-wait`.
    fn has_waited_enough(&mut self, now: Moment, uuid: &CallUuid) {
        let Some(call) = self.calls.get_mut(uuid) else { return };
        let Some(lot) = self.lots.get(&call.place.lot) else { return };
        call.leaves_at = lot.config.longest_wait().map(|ms| now.after(ms));
        let by = match lot.config.exit_to.clone() {
            Some(to) => ClaimedBy::Leave(Exit::Transfer(to)),
            None => ClaimedBy::Leave(Exit::Drop { cause: AfterReturn::CAUSE }),
        };
        self.claim_itself(uuid, by);
    }

    /// Whether that run is the call's current one. It may have been stopped before it began, so ask before ringing for it.
    pub fn rings(&self, uuid: &CallUuid, run: RunId) -> bool {
        self.calls.get(self.current(uuid)).is_some_and(|call| call.rings(run))
    }

    /// A phone has answered a return step. It has a minute to claim the call before the step fails. A run that is not the
    /// call's current one is ignored.
    pub fn step_answered(&mut self, now: Moment, uuid: &CallUuid, run: RunId) {
        let uuid = self.current(uuid).clone();
        let Some(call) = self.calls.get_mut(&uuid) else { return };
        if let ReturnState::Ringing(ringing) = &mut call.returning
            && ringing.run == run
        {
            ringing.until = now.after(LISTENS_MS);
            ringing.answered = true;
            self.deadlines.arm(call);
        }
    }

    /// A return step's worker reached nobody: the next step runs. A run that is not the call's current one is ignored.
    pub fn step_failed(&mut self, now: Moment, uuid: &CallUuid, run: RunId, reason: &str) {
        self.step_ended(now, uuid, run, Some((StepResult::Failed, reason)));
    }

    /// The step cannot be tried now, and need not be tried again in this round: the next step runs. A run that is not the
    /// call's current one is ignored.
    pub fn step_skipped(&mut self, now: Moment, uuid: &CallUuid, run: RunId, reason: &str) {
        let uuid = &self.current(uuid).clone();
        if let Some(call) = self.calls.get_mut(uuid)
            && let ReturnState::Ringing(ringing) = &mut call.returning
            && ringing.run == run
        {
            ringing.attempt.tries = MOST_TRIES;
        }
        self.step_ended(now, uuid, run, Some((StepResult::Skipped, reason)));
    }

    /// A step that only reminds has done so: the next step runs. A run that is not the call's current one is ignored.
    pub fn step_done(&mut self, now: Moment, uuid: &CallUuid, run: RunId) {
        self.step_ended(now, uuid, run, None);
    }

    fn step_ended(
        &mut self,
        now: Moment,
        uuid: &CallUuid,
        run: RunId,
        end: Option<(StepResult, &str)>,
    ) {
        let uuid = &self.current(uuid).clone();
        let Some(call) = self.calls.get_mut(uuid) else { return };
        if let Some(ringing) = call.returning.interrupt(Some(run)) {
            let failed = |(result, reason)| match result {
                StepResult::Failed => (ringing.failed(), reason),
                _ => (result, reason),
            };
            let end = end.map(failed);
            return self.step_over(now, uuid, ringing.attempt.step, end);
        }
        // A worker that had claimed the call gives the claim back by saying that its step failed.
        if let Some(Pending { ticket, by: ClaimedBy::StepLeg { run: claimed, .. }, .. }) =
            &call.claim
            && *claimed == run
        {
            let ticket = *ticket;
            self.unclaim(now, uuid, ticket);
        }
    }

    /// That step did not take the call. `end`: what became of it and why, if it should have.
    pub(super) fn step_over(
        &mut self,
        now: Moment,
        uuid: &CallUuid,
        step: usize,
        end: Option<(StepResult, &str)>,
    ) {
        let Some(call) = self.calls.get(uuid) else { return };
        let steps = self.steps_among(call);
        let found = steps.get(step);
        if let Some((result, reason)) = end {
            let mut event = call.event(now, action_of(found));
            event.step = found.map(|found| StepRef::of(step, found));
            event.step_result = Some(result);
            event.reason = Some(reason.to_owned());
            self.effects.push(event.into());
        }
        let repeat = found.map_or(1, |step| step.repeat);
        let tries = call.returning.attempt().tries.saturating_add(1);
        let next = if tries < repeat {
            StepTry { step, tries }
        } else {
            StepTry { step: step.saturating_add(1), tries: 0 }
        };
        self.run_steps(now, uuid, next, false);
    }

    /// Starts that attempt, or the first step after it that can be tried. `paused` says that the pause before it is over. A call
    /// that has other steps now [begins with the first](Self::steps_from) of them.
    pub(super) fn run_steps(&mut self, now: Moment, uuid: &CallUuid, first: StepTry, paused: bool) {
        let run = RunId(self.count());
        let Some(call) = self.calls.get_mut(uuid) else { return };
        if call.heir_until.is_some() || self.stopping {
            // It runs as soon as the new leg is there, or not at all.
            call.returning = ReturnState::Next { at: now, attempt: first, paused };
            return;
        }
        let Some(call) = self.calls.get(uuid) else { return };
        let since = call.returning.time_is_up().unwrap_or(now);
        let (steps, first, mut paused) = self.steps_from(call, first, paused);
        if let Some(call) = self.calls.get_mut(uuid) {
            call.among = Some(Arc::clone(&steps));
        }
        for (number, step) in steps.iter().enumerate().skip(first.step) {
            let tries = if number == first.step { first.tries } else { 0 };
            let attempt = StepTry { step: number, tries };
            let has_paused = std::mem::take(&mut paused);
            if step.pause_s > 0 && !has_paused {
                let at = now.after(u64::from(step.pause_s) * 1000);
                return self.proceed(uuid, ReturnState::Next { at, attempt, paused: true });
            }
            let Some(call) = self.calls.get(uuid) else { return };
            let act = self.act_of(call, step);
            let mut event = call.event(now, action_of(Some(step)));
            event.step = Some(StepRef::of(number, step));
            event.step_result = Some(StepResult::Started);
            if let Act::Skip(reason) = act {
                event.step_result = Some(StepResult::Skipped);
                event.reason = Some(reason.to_owned());
            }
            self.effects.push(event.into());
            match act {
                Act::Skip(_) => {}
                Act::Leave(exit) => {
                    self.proceed(uuid, ReturnState::Next { at: since, attempt, paused: false });
                    return self.claim_itself(uuid, ClaimedBy::Step { step: Some(number), exit });
                }
                Act::Ring(to) => {
                    let lasts_ms = match to {
                        RingTo::Message(_) => MESSAGE_WITHIN_MS,
                        _ => step.lasts_ms(),
                    };
                    let ringing = RingingStep::of(run, attempt, since, now.after(lasts_ms));
                    self.proceed(uuid, ReturnState::Ringing(ringing));
                    let Some(call) = self.find(now, uuid) else { return };
                    let ring = Ring { run, call, to, step: step.clone() };
                    return self.effects.push(Effect::Ring(Box::new(ring)));
                }
                Act::Offer => {
                    let until = now.after(step.lasts_ms());
                    let offer = RingingStep::of(run, attempt, since, until);
                    let offer = RingingStep { offer: true, ..offer };
                    self.proceed(uuid, ReturnState::Ringing(offer));
                    return self.effects.push(Effect::Offer(uuid.clone()));
                }
            }
        }
        self.round_is_over(now, uuid, steps.is_empty());
    }

    /// The call goes on to that state.
    fn proceed(&mut self, uuid: &CallUuid, state: ReturnState) {
        let Some(call) = self.calls.get_mut(uuid) else { return };
        call.returning = state;
        self.deadlines.arm(call);
    }

    /// Whether the caller has been offered to be called back, and may still say so.
    pub fn is_offered(&self, uuid: &CallUuid) -> bool {
        let ringing = self.calls.get(uuid).and_then(|call| call.returning.ringing());
        ringing.is_some_and(|ringing| ringing.offer)
    }

    fn act_of(&self, call: &Call, step: &Step) -> Act {
        const UNKNOWN: &str = "the parker is not known";
        let parker = || call.info.parker.clone().ok_or(Act::Skip(UNKNOWN));
        let mailbox = |user: User| Act::Leave(Exit::Voicemail(user));
        let act = match &step.to {
            StepTo::Parker => parker().map(|parker| Act::Ring(RingTo::Parker(parker))),
            StepTo::Remind(Reminder::Call) => parker().map(|it| Act::Ring(RingTo::Remind(it))),
            StepTo::Remind(Reminder::Message) => parker().map(|it| Act::Ring(RingTo::Message(it))),
            StepTo::Dial(dial) => Ok(Act::Ring(RingTo::Dial(dial.clone()))),
            StepTo::Voicemail(Mailbox::Parker) => parker().map(mailbox),
            StepTo::Voicemail(Mailbox::User(user)) => Ok(mailbox(user.clone())),
            StepTo::Transfer(to) => Ok(Act::Leave(Exit::Transfer(to.clone()))),
            StepTo::Continue => Ok(Act::Leave(Exit::Continue)),
            StepTo::Hangup(cause) => Ok(Act::Leave(Exit::Drop { cause: cause.clone() })),
            StepTo::Callback => self.callback_of(call).map(|_| Act::Offer).map_err(Act::Skip),
        };
        act.unwrap_or_else(|skip| skip)
    }

    /// No step took the call. It waits for another timeout, or leaves as the lot says.
    fn round_is_over(&mut self, now: Moment, uuid: &CallUuid, no_steps: bool) {
        let Some(call) = self.calls.get_mut(uuid) else { return };
        call.rounds = call.rounds.saturating_add(1);
        let none =
            if no_steps { "there are no return steps" } else { "no return step took the call" };
        let config = self.lots.get(&call.place.lot).map(|lot| &lot.config);
        let after = config
            .filter(|config| config.rounds().is_some_and(|most| call.rounds >= most))
            .map(|config| config.after_return.clone());
        // In any case, because a call that cannot leave remains parked.
        self.wait_again(now, uuid);
        let Some(call) = self.calls.get(uuid) else { return };
        let mut event = call.event(now, Action::Remind);
        event.reason = Some(none.to_owned());
        self.effects.push(event.into());
        let exit = match after {
            None => return,
            Some(AfterReturn::Transfer(to)) => Exit::Transfer(to),
            Some(AfterReturn::Hangup(cause)) => Exit::Drop { cause },
            Some(AfterReturn::Park) => Exit::Drop { cause: AfterReturn::CAUSE },
        };
        self.claim_itself(uuid, ClaimedBy::Step { step: None, exit });
    }

    /// The call waits for a whole timeout from now on before its first step runs.
    pub(super) fn wait_again(&mut self, now: Moment, uuid: &CallUuid) {
        let Some(call) = self.calls.get(uuid) else { return };
        let timeout_ms = self.timeout_of(call);
        let Some(call) = self.calls.get_mut(uuid) else { return };
        if let Some(pending) = &mut call.claim {
            pending.restarted = true;
        }
        let until = (timeout_ms > 0).then(|| now.after(timeout_ms));
        call.returning = ReturnState::Waiting { since: now, until };
        call.among = None;
        self.deadlines.arm(call);
    }

    /// If the timeout is another than before, it counts from when the waiting began, unless return steps run already.
    pub(super) fn follow_timeout(&mut self, now: Moment, uuid: &CallUuid, before_ms: Option<u64>) {
        let Some(call) = self.calls.get(uuid) else { return };
        let timeout_ms = self.timeout_of(call);
        if before_ms == Some(timeout_ms) {
            return;
        }
        let Some(call) = self.calls.get_mut(uuid) else { return };
        let ReturnState::Waiting { since, until } = &mut call.returning else { return };
        *until = (timeout_ms > 0).then(|| since.after(timeout_ms));
        call.free_since = Some(now);
        self.deadlines.arm(call);
    }

    /// The return steps the call has now: its own, or those of its lot.
    pub(super) fn steps_of(&self, call: &Call) -> Arc<[Step]> {
        let lots = || self.lots.get(&call.place.lot).map(|lot| lot.config.returns.clone());
        call.returns.clone().or_else(lots).unwrap_or_else(|| Arc::from([]))
    }

    /// The steps the call has now, the attempt with which they go on, and whether the pause before it is over: those given, or the
    /// first if the call has other steps than before, because of a reload or a move.
    pub(super) fn steps_from(
        &self,
        call: &Call,
        attempt: StepTry,
        paused: bool,
    ) -> (Arc<[Step]>, StepTry, bool) {
        let steps = self.steps_of(call);
        if self.steps_among(call) == steps {
            (steps, attempt, paused)
        } else {
            (steps, StepTry::default(), false)
        }
    }

    /// Those among which its attempt is counted.
    pub(super) fn steps_among(&self, call: &Call) -> Arc<[Step]> {
        call.among.clone().unwrap_or_else(|| self.steps_of(call))
    }

    /// The timeout in ms the call has now, its own or that of its lot; 0: never.
    pub(super) fn timeout_of(&self, call: &Call) -> u64 {
        let lots = || {
            let lot = self.lots.get(&call.place.lot)?;
            Some(lot.config.timeout.of(call.info.priority, &lot.recent_waits))
        };
        call.timeout_ms.or_else(lots).unwrap_or(0)
    }

    pub(super) fn step_ref(&self, call: &Call, step: usize) -> Option<StepRef> {
        self.steps_among(call).get(step).map(|found| StepRef::of(step, found))
    }
}

/// What the events of that step are.
fn action_of(step: Option<&Step>) -> Action {
    match step.map(|step| &step.to) {
        Some(StepTo::Remind(_)) => Action::Remind,
        _ => Action::Return,
    }
}
