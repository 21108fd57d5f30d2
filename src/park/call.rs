//! A parked call.

use std::sync::Arc;

use super::destination::{Destination, Exit};
use super::dialog::Dialog;
use super::effect::{Effect, StopReason};
use super::event::{Action, ParkEvent};
use super::info::CallInfo;
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitKey, OrbitName, RunId, Ticket};
use super::outcome::Outcome;
use super::return_state::ReturnState;
use super::steps::Step;
use super::timeout::TOP_PRIORITY;
use super::user::User;

/// Which orbit somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// Whichever the lot gives.
    Auto,
    /// This one.
    Orbit(OrbitName),
}

impl Want {
    /// The orbit that is asked for.
    pub fn orbit(&self) -> Option<&OrbitName> {
        match self {
            Want::Auto => None,
            Want::Orbit(orbit) => Some(orbit),
        }
    }
}

/// A call that wants to be parked.
#[derive(Clone, Debug)]
pub struct ParkRequest {
    /// The call.
    pub info: CallInfo,
    /// The lot.
    pub lot: LotKey,
    /// The orbit.
    pub orbit: Want,
    /// Instead of the lot's timeout, in ms; 0: never.
    pub timeout_ms: Option<u64>,
    /// Instead of the lot's return steps.
    pub returns: Option<Arc<[Step]>>,
}

/// Somebody has the call and is about to make that true.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) ticket: Ticket,
    pub(super) by: ClaimedBy,
    /// The call was given a new timeout meanwhile: if the claim is given back, that counts and no return step goes on.
    pub(super) restarted: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) info: CallInfo,
    /// Where it is parked.
    pub(super) place: OrbitKey,
    /// Its own timeout in ms; none: the lot's, as that is at the time.
    pub(super) timeout_ms: Option<u64>,
    /// Its own return steps; none: the lot's, as those are at the time.
    pub(super) returns: Option<Arc<[Step]>>,
    pub(super) parked_at: Moment,
    /// Counts up with every park: who came first in the same ms.
    pub(super) seq: u64,
    /// How far it is on its way back.
    pub(super) returning: ReturnState,
    /// How many rounds of return steps have come to their end.
    pub(super) rounds: u32,
    /// When it has waited for as long as the lot allows; none: never.
    pub(super) leaves_at: Option<Moment>,
    /// When it hears the comfort next; none: never.
    pub(super) comfort_at: Option<Moment>,
    /// Its entry among the deadlines.
    pub(super) armed: Option<Moment>,
    /// Who will call it back, and where its number is dialled: what its caller has been told.
    pub(super) promised: Option<(User, Destination)>,
    pub(super) claim: Option<Pending>,
    /// Its leg has gone, and until then another may take its place.
    pub(super) heir_until: Option<Moment>,
    /// The legs whose place its leg has taken, the first one first.
    pub(super) formerly: Vec<CallUuid>,
}

/// The place in the queue of those who say `next`: highest priority, then longest waiting.
pub(super) type Turn = (u8, Moment, u64, CallUuid);

impl Call {
    /// When something is to be done about it. Nothing while it is claimed: a claim is given back or comes true.
    pub(super) fn due(&self) -> Option<Moment> {
        if self.heir_until.is_some() || self.claim.is_some() {
            return self.heir_until;
        }
        [self.returning.due(), self.leaves_at, self.comfort_at].into_iter().flatten().min()
    }

    /// Nobody has claimed it, and its leg is there.
    pub(super) fn is_to_be_had(&self) -> bool {
        self.claim.is_none() && self.heir_until.is_none()
    }

    /// Whether that run rings for it, or its offer stands.
    pub(super) fn rings(&self, run: RunId) -> bool {
        self.returning.ringing().is_some_and(|ringing| ringing.run == run)
    }

    /// Whatever rings for it shall stop; an offer no longer stands.
    pub(super) fn silence(&mut self, why: StopReason, effects: &mut Vec<Effect>) {
        if let Some(ringing) = self.returning.interrupt(None)
            && !ringing.offer
        {
            effects.push(Effect::StopRing(ringing.run, why));
        }
    }

    pub(super) fn turn(&self) -> Turn {
        (
            TOP_PRIORITY.saturating_sub(self.info.priority),
            self.parked_at,
            self.seq,
            self.info.uuid.clone(),
        )
    }

    pub(super) fn event(&self, now: Moment, action: Action) -> ParkEvent {
        ParkEvent {
            action,
            info: self.info.clone(),
            lot: self.place.lot.clone(),
            orbit: Some(self.place.orbit.clone()),
            wait_ms: now.since(self.parked_at),
            outcome: None,
            retriever: None,
            retriever_uuid: None,
            reason: None,
            rule: None,
            step: None,
            from: None,
            from_uuid: None,
        }
    }
}

/// Who has the call.
#[derive(Clone, Debug)]
pub(super) enum ClaimedBy {
    Retriever {
        leg: CallUuid,
        user: Option<User>,
    },
    StepLeg {
        leg: CallUuid,
        user: Option<User>,
        run: RunId,
        step: usize,
    },
    Leave(Exit),
    /// The call itself, sent away by a return step, or because none took it.
    Step {
        step: Option<usize>,
        exit: Exit,
    },
}

impl ClaimedBy {
    /// The other leg and whose it is.
    pub(super) fn leg(&self) -> Option<(&CallUuid, Option<&User>)> {
        match self {
            ClaimedBy::Retriever { leg, user } | ClaimedBy::StepLeg { leg, user, .. } => {
                Some((leg, user.as_ref()))
            }
            ClaimedBy::Leave(_) | ClaimedBy::Step { .. } => None,
        }
    }

    /// The outcome of a call that has gone elsewhere: its return steps sent it, or it chose to leave.
    pub(super) fn left(&self) -> Outcome {
        match self {
            ClaimedBy::Step { .. } => Outcome::Returned,
            _ => Outcome::Left,
        }
    }

    /// The return step it is about.
    pub(super) fn step(&self) -> Option<usize> {
        match self {
            ClaimedBy::StepLeg { step, .. } => Some(*step),
            ClaimedBy::Step { step, .. } => *step,
            ClaimedBy::Retriever { .. } | ClaimedBy::Leave(_) => None,
        }
    }
}

impl Call {
    pub(super) fn dialog(&self) -> Dialog {
        Dialog::of(self.info.parked_at_epoch_ms, self.seq)
    }
}
