//! Claims: a parked call has one at most, which succeeds or is given back.

use std::fmt;

use super::Park;
use super::access::{Actor, Right};
use super::call::{ClaimedBy, Pending};
use super::destination::Exit;
use super::effect::{Effect, StopReason};
use super::event::{Action, ParkEvent, StepResult};
use super::lot::Slot;
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitName, RunId, Ticket};
use super::outcome::Refusal;
use super::permits::Asking;
use super::taker::Taker;
use super::user::User;
use super::view::CallView;

/// Which call is claimed.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// The one in this orbit.
    Orbit(&'a OrbitName),
    /// Highest priority first, then longest waiting.
    Next,
    /// This one.
    Call(&'a CallUuid),
    /// Of those that are meant for that user, the one that has waited longest. It may be in a lot into which this one
    /// overflows.
    For(&'a User),
    /// Of those that this user has parked, the one that was parked last. The same goes for lots.
    LastOf(&'a User),
}

/// The same as a retriever asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The one in this orbit.
    Orbit(OrbitName),
    /// The next one.
    Next,
    /// The first one for that user.
    For(User),
    /// The last one that this user has parked.
    LastOf(User),
}

impl Pick {
    /// What is to be claimed.
    pub fn target(&self) -> Target<'_> {
        match self {
            Pick::Orbit(orbit) => Target::Orbit(orbit),
            Pick::Next => Target::Next,
            Pick::For(user) => Target::For(user),
            Pick::LastOf(user) => Target::LastOf(user),
        }
    }

    /// The orbit that was named.
    pub fn orbit(&self) -> Option<&OrbitName> {
        match self {
            Pick::Orbit(orbit) => Some(orbit),
            Pick::Next | Pick::For(_) | Pick::LastOf(_) => None,
        }
    }
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pick::Orbit(orbit) => orbit.fmt(f),
            Pick::Next => f.write_str("next"),
            Pick::For(user) => write!(f, "user:{user}"),
            Pick::LastOf(_) => f.write_str("last"),
        }
    }
}

/// What claims it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimant {
    /// A retriever.
    Retriever {
        /// The channel it shall be connected to.
        uuid: CallUuid,
        /// The user of that channel, `user@domain`.
        user: Option<User>,
        /// The party that asks for the call.
        by: Actor,
    },
    /// A leg that a return step rang and that has answered.
    StepLeg {
        /// The channel it shall be connected to.
        uuid: CallUuid,
        /// The user of that channel, `user@domain`.
        user: Option<User>,
        /// The run that rang it.
        run: RunId,
    },
    /// Nobody: the call leaves.
    Leave(Exit),
}

impl Claimant {
    /// Who wants the call.
    pub fn taker(&self) -> Taker<'_> {
        match self {
            Claimant::Retriever { user, by, .. } if !by.is_administrator() => {
                Taker::Party(user.as_ref())
            }
            _ => Taker::Anybody,
        }
    }
}

/// A claim that was granted. It ends with `complete` or `unclaim`, or with the call.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// To be shown with `complete` and `unclaim`.
    pub ticket: Ticket,
    /// The call.
    pub call: CallView,
}

impl ParkEvent {
    pub(super) fn with_leg(mut self, by: &ClaimedBy) -> Self {
        if let Some((leg, user)) = by.leg() {
            self.retriever_uuid = Some(leg.clone());
            self.retriever = user.cloned();
        }
        self
    }
}

impl Park {
    /// Claims a call, finding and taking it in one step. `lot` may be left out only with [`Target::Call`]; given with
    /// it, the call must be in that lot.
    ///
    /// # Errors
    /// `Denied`: a rule of the lot does not let that party have it. `Empty`: nothing there, or somebody else has claimed it. `Gone`: the run is not the call's current one.
    /// `Failed`: nobody could call that caller back. `UnknownLot`, `UnknownOrbit`, `BadArguments`; `Closed` after
    /// [`shutdown`](Park::shutdown).
    pub fn claim(
        &mut self,
        now: Moment,
        lot: Option<&LotKey>,
        target: Target<'_>,
        by: Claimant,
    ) -> Result<Claim, Refusal> {
        if self.stopping {
            return Err(Refusal::Closed);
        }
        let late = match by {
            Claimant::StepLeg { .. } => Refusal::Gone,
            Claimant::Retriever { .. } | Claimant::Leave(_) => Refusal::Empty,
        };
        let uuid = self.target(lot, target, by.taker())?.ok_or(late)?;
        let ticket = Ticket(self.count());
        let promised = if by == Claimant::Leave(Exit::Callback) {
            let call = self.calls.get(&uuid).ok_or(late)?;
            Some(self.callback_of(call).map_err(|_| Refusal::Failed)?)
        } else {
            None
        };
        let call = self.calls.get_mut(&uuid).ok_or(late)?;
        let elsewhere =
            matches!(target, Target::Call(_)) && lot.is_some_and(|lot| *lot != call.place.lot);
        if !call.is_to_be_had() || elsewhere {
            return Err(late);
        }
        if call.is_kept_from(now, by.taker()) {
            return Err(Refusal::Exclusive);
        }
        if let Claimant::Retriever { uuid: leg, by: actor, .. } = &by {
            let place = call.place.clone();
            let (lot, orbit) = (&place.lot, Some(&place.orbit));
            let right = Right::Retrieve;
            self.permit(now, Asking { actor, right, lot, orbit, leg: Some(leg) })?;
            let call = self.calls.get(&uuid);
            if !actor.is_administrator() && call.is_some_and(|call| self.is_locked(call, leg)) {
                return Err(Refusal::WrongPin);
            }
        }
        let call = self.calls.get_mut(&uuid).ok_or(late)?;
        let by = match by {
            Claimant::StepLeg { uuid: leg, user, run } => {
                if !call.rings(run) {
                    return Err(Refusal::Gone);
                }
                if leg == uuid {
                    return Err(Refusal::BadArguments);
                }
                let step = call.returning.attempt().step;
                call.returning.interrupt(Some(run));
                ClaimedBy::StepLeg { leg, user, run, step }
            }
            Claimant::Retriever { uuid: leg, .. } if leg == uuid => {
                return Err(Refusal::BadArguments);
            }
            Claimant::Retriever { uuid: leg, user, .. } => ClaimedBy::Retriever { leg, user },
            Claimant::Leave(exit) => ClaimedBy::Leave(exit),
        };
        // If the claim is given back, the step that rang rings again.
        let why = if by.leg().is_some() { StopReason::Taken } else { StopReason::Gone };
        call.silence(why, &mut self.effects);
        call.promised = promised;
        call.claim = Some(Pending { ticket, by, restarted: false });
        self.deadlines.arm(call);
        if let Some(lot) = self.lots.get_mut(&call.place.lot) {
            lot.dequeue(call);
        }
        let call = self.find(now, &uuid).ok_or(late)?;
        self.effects.push(Effect::Wake(uuid));
        Ok(Claim { ticket, call })
    }

    /// Which call a claim would get now, without claiming it.
    ///
    /// # Errors
    /// As [`claim`](Park::claim).
    pub fn peek(
        &self,
        now: Moment,
        lot: &LotKey,
        target: Target<'_>,
        taker: Taker<'_>,
    ) -> Result<CallView, Refusal> {
        let uuid = self.target(Some(lot), target, taker)?.ok_or(Refusal::Empty)?;
        let call = self.calls.get(&uuid).filter(|call| call.is_to_be_had());
        let call = call.ok_or(Refusal::Empty)?;
        if call.is_kept_from(now, taker) {
            return Err(Refusal::Exclusive);
        }
        Ok(self.view(call, now))
    }

    /// The call that is meant, claimed or not. `None` if there is none.
    pub(super) fn target(
        &self,
        lot: Option<&LotKey>,
        target: Target<'_>,
        taker: Taker<'_>,
    ) -> Result<Option<CallUuid>, Refusal> {
        if let Target::Call(uuid) = target {
            return Ok(Some(self.current(uuid).clone()));
        }
        let key = lot.ok_or(Refusal::BadArguments)?;
        let Some(lot) = self.lots.get(key) else {
            let lot = self.lot_or_original(key).ok_or(Refusal::UnknownLot)?;
            return match target {
                Target::Orbit(orbit) if !lot.has_orbit(orbit) => Err(Refusal::UnknownOrbit),
                _ => Ok(None),
            };
        };
        match target {
            Target::Orbit(orbit) => match lot.slot(orbit) {
                Some(Slot::Parked(uuid)) => Ok(Some(uuid.clone())),
                Some(Slot::Reserved(_)) => Ok(None),
                None if !lot.has_orbit(orbit) => Err(Refusal::UnknownOrbit),
                None => Ok(None),
            },
            Target::Next | Target::Call(_) => Ok(lot.next_call(taker).cloned()),
            Target::For(user) => Ok(self.first_for(key, user)),
            Target::LastOf(user) => Ok(self.last_of(key, user)),
        }
    }

    /// Gives a claim back: same orbit, same deadline, same identity. A deadline that has passed is due at once; a return
    /// step's claim given back is a failed step, and the next one runs.
    pub fn unclaim(&mut self, now: Moment, uuid: &CallUuid, ticket: Ticket) {
        self.give_back(now, uuid, ticket, None);
    }

    /// [`unclaim`](Park::unclaim) with the reason, if there is more to say than what the claim was for.
    pub fn give_back(
        &mut self,
        now: Moment,
        uuid: &CallUuid,
        ticket: Ticket,
        reason: Option<&str>,
    ) {
        let Some(Pending { by, restarted, .. }) = self.take_claim(uuid, ticket) else { return };
        let Some(call) = self.calls.get_mut(uuid) else { return };
        call.free_since = Some(now);
        if let Some(lot) = self.lots.get_mut(&call.place.lot) {
            lot.enqueue(call);
        }
        self.effects.push(Effect::Wake(uuid.clone()));
        let usual = match &by {
            ClaimedBy::Leave(exit) | ClaimedBy::Step { exit, .. } => match exit {
                Exit::Transfer(_) | Exit::Voicemail(_) | Exit::Continue => "the transfer failed",
                Exit::Drop { .. } => "the call was not hung up",
                Exit::Callback => "the caller stayed on the line",
            },
            ClaimedBy::StepLeg { .. } => "the phone that answered has left",
            ClaimedBy::Retriever { .. } => "the retriever left before it was connected",
        };
        let reason = reason.unwrap_or(usual);
        if let Some(step) = by.step().filter(|_| !restarted && !self.stopping) {
            let result = match by {
                ClaimedBy::StepLeg { .. } => StepResult::Declined,
                _ => StepResult::Failed,
            };
            return self.step_over(now, uuid, step, Some((result, reason)));
        }
        self.deadlines.arm(call);
        let Some(call) = self.calls.get_mut(uuid) else { return };
        let mut event = call.event(now, Action::Resume).with_leg(&by);
        event.reason = Some(reason.to_owned());
        self.effects.push(event.into());
    }

    fn take_claim(&mut self, uuid: &CallUuid, ticket: Ticket) -> Option<Pending> {
        let call = self.calls.get_mut(uuid)?;
        call.claim.take_if(|pending| pending.ticket == ticket)
    }

    /// A claim by the call itself, so that its own thread makes it leave.
    pub(super) fn claim_itself(&mut self, uuid: &CallUuid, by: ClaimedBy) {
        let ticket = Ticket(self.count());
        let Some(call) = self.calls.get_mut(uuid) else { return };
        call.silence(StopReason::Gone, &mut self.effects);
        call.claim = Some(Pending { ticket, by, restarted: false });
        self.deadlines.arm(call);
        if let Some(lot) = self.lots.get_mut(&call.place.lot) {
            lot.dequeue(call);
        }
        self.effects.push(Effect::Wake(uuid.clone()));
    }
}
