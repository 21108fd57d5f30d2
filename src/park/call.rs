//! A parked call.

use std::sync::Arc;

use super::access::Actor;
use super::destination::{Destination, Exit};
use super::dialog::Dialog;
use super::effect::{Effect, StopReason};
use super::event::{Action, ParkEvent};
use super::info::CallInfo;
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitKey, OrbitName, RunId, Ticket};
use super::outcome::Outcome;
use super::pin::Lock;
use super::return_state::ReturnState;
use super::steps::Step;
use super::timeout::TOP_PRIORITY;
use super::user::User;

/// Which orbit somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// Any orbit, chosen by the lot.
    Auto,
    /// This one.
    Orbit(OrbitName),
    /// The first free one whose name is a number from the first to the second, without leading zeros.
    Between(u64, u64),
    /// At the extension of the first of these users at whom no call is parked.
    At(Arc<[User]>),
}

impl Want {
    /// The orbit that is asked for.
    pub fn orbit(&self) -> Option<&OrbitName> {
        match self {
            Want::Auto | Want::Between(..) | Want::At(_) => None,
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
    /// Replaces the lot's timeout, in ms. 0 means never.
    pub timeout_ms: Option<u64>,
    /// Replaces the lot's return steps.
    pub returns: Option<Arc<[Step]>>,
    /// The party that parks it.
    pub by: Actor,
}

impl ParkRequest {
    /// For an administrator, whom no rule stops. The call has the timeout and the return steps of the lot.
    #[must_use]
    pub fn by_administrator(info: CallInfo, lot: LotKey, orbit: Want) -> Self {
        Self { info, lot, orbit, timeout_ms: None, returns: None, by: Actor::Administrator }
    }
}

/// A claim that has not succeeded yet.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) ticket: Ticket,
    pub(super) by: ClaimedBy,
    /// The call was given a new timeout meanwhile. If the claim is given back, the new timeout applies and no return step
    /// continues.
    pub(super) restarted: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) info: CallInfo,
    /// Where it is parked.
    pub(super) place: OrbitKey,
    /// Its own timeout in ms. `None` means the lot's, as configured at the time.
    pub(super) timeout_ms: Option<u64>,
    /// Its own return steps. `None` means the lot's, as configured at the time.
    pub(super) returns: Option<Arc<[Step]>>,
    pub(super) parked_at: Moment,
    /// Rises with every park, so that calls parked in the same ms have an order.
    pub(super) seq: u64,
    /// How far it is on its way back.
    pub(super) returning: ReturnState,
    /// The return steps among which its attempt is counted, if there is one.
    pub(super) among: Option<Arc<[Step]>>,
    /// How many rounds of return steps have come to their end.
    pub(super) rounds: u32,
    /// When it has waited for as long as the lot allows. `None` means never.
    pub(super) leaves_at: Option<Moment>,
    /// When it next hears the comfort. `None` means never.
    pub(super) comfort_at: Option<Moment>,
    /// Until when it waits for the user alone for whom it is meant. `None` means that it is everybody's.
    pub(super) exclusive_until: Option<Moment>,
    /// What has to be keyed by whoever wants it.
    pub(super) lock: Lock,
    /// Its entry among the deadlines.
    pub(super) armed: Option<Moment>,
    /// The user who will call it back and where its number is dialled, as its caller was told.
    pub(super) promised: Option<(User, Destination)>,
    pub(super) claim: Option<Pending>,
    /// No return step could start before that: a claim was given back then, or the timeout was changed.
    pub(super) free_since: Option<Moment>,
    /// Its leg has gone, and another leg may take its place until this moment.
    pub(super) heir_until: Option<Moment>,
    /// The legs whose place its leg has taken, in order.
    pub(super) formerly: Vec<CallUuid>,
}

/// The place in the queue for `next`: highest priority, then longest waiting.
pub(super) type Turn = (u8, Moment, u64, CallUuid);

impl Call {
    /// A call in that orbit since that moment, without a timeout.
    pub(super) fn new(info: CallInfo, place: OrbitKey, parked_at: Moment) -> Self {
        Call {
            info,
            place,
            timeout_ms: None,
            returns: None,
            parked_at,
            seq: 0,
            returning: ReturnState::Waiting { since: parked_at, until: None },
            among: None,
            rounds: 0,
            leaves_at: None,
            comfort_at: None,
            exclusive_until: None,
            lock: Lock::default(),
            armed: None,
            promised: None,
            claim: None,
            free_since: None,
            heir_until: None,
            formerly: Vec::new(),
        }
    }

    /// When something is to be done about it. Nothing is while it is claimed, until the claim succeeds or is given back.
    pub(super) fn due(&self) -> Option<Moment> {
        if self.heir_until.is_some() || self.claim.is_some() {
            return self.heir_until;
        }
        let times = [self.returning.due(), self.leaves_at, self.comfort_at, self.exclusive_until];
        times.into_iter().flatten().min()
    }

    /// Nobody has claimed it, and its leg is there.
    pub(super) fn is_to_be_had(&self) -> bool {
        self.claim.is_none() && self.heir_until.is_none()
    }

    /// Whether that run rings for it, or its offer stands.
    pub(super) fn rings(&self, run: RunId) -> bool {
        self.returning.ringing().is_some_and(|ringing| ringing.run == run)
    }

    /// Stops what rings for it, and ends an offer.
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
            orbit: Some(self.place.orbit.clone()),
            wait_ms: now.since(self.parked_at),
            timeout_ms_left: self.returning.time_is_up().map(|at| at.since(now)),
            ..ParkEvent::new(action, self.info.clone(), self.place.lot.clone())
        }
    }
}

/// What has claimed the call.
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
    /// The other leg and its user.
    pub(super) fn leg(&self) -> Option<(&CallUuid, Option<&User>)> {
        match self {
            ClaimedBy::Retriever { leg, user } | ClaimedBy::StepLeg { leg, user, .. } => {
                Some((leg, user.as_ref()))
            }
            ClaimedBy::Leave(_) | ClaimedBy::Step { .. } => None,
        }
    }

    /// The outcome of a call that has gone elsewhere, sent by its return steps or of its own accord.
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
