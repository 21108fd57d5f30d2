//! A parked call.

use std::sync::Arc;

use super::claim::By;
use super::deadlines::Millis;
use super::effect::{Action, Effect, ParkEvent, Quiet, RunId, Ticket};
use super::names::{CallUuid, LotKey, OrbitName};
use super::place::Transfer;
use super::steps::Step;
use super::untrusted::{DisplayName, Number, Untrusted};
use super::user::User;

/// Who is waiting, as the switch knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Caller id name.
    pub name: DisplayName,
    /// Caller id number.
    pub number: Number,
    /// The caller asked for privacy: lamps show neither name nor number.
    pub private: bool,
}

impl Caller {
    /// A caller who did not ask for privacy. A name or number that is too long is shortened.
    pub fn new(name: impl Into<Untrusted>, number: impl Into<Untrusted>) -> Self {
        Caller {
            name: DisplayName::of(&name.into()),
            number: Number::of(&number.into()),
            private: false,
        }
    }
}

/// The highest priority there is.
pub const TOP_PRIORITY: u8 = 9;

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
    /// Its channel.
    pub uuid: CallUuid,
    /// The lot.
    pub lot: LotKey,
    /// The orbit.
    pub orbit: Want,
    /// Who is calling.
    pub caller: Caller,
    /// Who parks it, `user@domain`, if that is known.
    pub parker: Option<User>,
    /// 0 to 9; 9 is taken first.
    pub priority: u8,
    /// Instead of the lot's timeout, in ms; 0: never.
    pub timeout_ms: Option<u64>,
    /// Instead of the lot's return steps.
    pub returns: Option<Arc<[Step]>>,
    /// What somebody wrote about it.
    pub note: String,
    /// For whom it is meant, `user@domain`, or empty.
    pub addressed_to: String,
    /// The wall clock, ms since 1970: the domain has no clock.
    pub parked_at_epoch_ms: u64,
}

/// A call that was parked.
#[derive(Clone, Debug, PartialEq)]
pub struct Parked {
    /// The lot it is in, which is another than asked for after an overflow.
    pub lot: LotKey,
    /// Its orbit.
    pub orbit: OrbitName,
}

/// The return step that is ringing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ringing {
    pub(super) run: RunId,
    pub(super) step: usize,
    /// When it counts as failed.
    pub(super) until: Millis,
    /// Nothing rings: the caller has been offered to be called back, until then.
    pub(super) offer: bool,
    /// Somebody has answered, and is told something before the call is theirs.
    pub(super) answered: bool,
}

/// Somebody has the call and is about to make that true.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) ticket: Ticket,
    pub(super) by: By,
    /// The call was given a new timeout meanwhile: if the claim is given back, that counts and no return step goes on.
    pub(super) restarted: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) uuid: CallUuid,
    pub(super) lot: LotKey,
    pub(super) orbit: OrbitName,
    pub(super) caller: Caller,
    pub(super) parker: Option<User>,
    pub(super) priority: u8,
    /// Its own timeout in ms; none: the lot's, as that is at the time.
    pub(super) timeout_ms: Option<u64>,
    /// Its own return steps; none: the lot's, as those are at the time.
    pub(super) returns: Option<Arc<[Step]>>,
    pub(super) note: Arc<str>,
    pub(super) addressed_to: Arc<str>,
    pub(super) parked_at_epoch_ms: u64,
    pub(super) parked_at: Millis,
    /// Counts up with every park: who came first in the same ms.
    pub(super) seq: u64,
    /// Since when it waits for its time to be up: the park, or the end of the last round of return steps.
    pub(super) waits_since: Millis,
    /// When its time is, or was, up; none: never.
    pub(super) deadline: Option<Millis>,
    /// When it has waited for as long as the lot allows; none: never.
    pub(super) leaves_at: Option<Millis>,
    /// When it hears the comfort next; none: never.
    pub(super) comfort_at: Option<Millis>,
    /// Its entry among the deadlines.
    pub(super) armed: Option<Millis>,
    /// The return step that runs when the time is up: 0, or the one that was interrupted or pauses.
    pub(super) next_step: usize,
    /// How many times that step has been tried in this round.
    pub(super) tries: u32,
    /// That step has had its pause before the next try.
    pub(super) paused: bool,
    /// How many rounds of return steps have come to their end.
    pub(super) rounds: u32,
    pub(super) ringing: Option<Ringing>,
    /// Who will call it back, and where its number is dialled: what its caller has been told.
    pub(super) promised: Option<(User, Transfer)>,
    pub(super) claim: Option<Pending>,
    /// Its leg has gone, and until then another may take its place.
    pub(super) heir_until: Option<Millis>,
    /// The legs whose place its leg has taken, the first one first.
    pub(super) formerly: Vec<CallUuid>,
}

/// The place in the queue of those who say `next`: highest priority, then longest waiting.
pub(super) type Turn = (u8, Millis, u64, CallUuid);

impl Call {
    /// When something is to be done about it. Nothing while it is claimed: a claim is given back or comes true.
    pub(super) fn due(&self) -> Option<Millis> {
        if self.heir_until.is_some() || self.claim.is_some() {
            return self.heir_until;
        }
        let returns = match self.ringing {
            Some(ringing) => Some(ringing.until),
            None => self.deadline,
        };
        [returns, self.leaves_at, self.comfort_at].into_iter().flatten().min()
    }

    /// Nobody has claimed it, and its leg is there.
    pub(super) fn is_to_be_had(&self) -> bool {
        self.claim.is_none() && self.heir_until.is_none()
    }

    /// Whatever rings for it shall stop; an offer no longer stands.
    pub(super) fn silence(&mut self, why: Quiet, effects: &mut Vec<Effect>) {
        if let Some(ringing) = self.ringing.take()
            && !ringing.offer
        {
            effects.push(Effect::StopRing(ringing.run, why));
        }
    }

    pub(super) fn turn(&self) -> Turn {
        (TOP_PRIORITY.saturating_sub(self.priority), self.parked_at, self.seq, self.uuid.clone())
    }

    pub(super) fn event(&self, now: Millis, action: Action) -> ParkEvent {
        ParkEvent {
            action,
            lot: self.lot.clone(),
            orbit: Some(self.orbit.clone()),
            uuid: self.uuid.clone(),
            caller: self.caller.clone(),
            parker: self.parker.clone(),
            priority: self.priority,
            parked_at_epoch_ms: self.parked_at_epoch_ms,
            wait_ms: now.since(self.parked_at),
            note: self.note.clone(),
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

impl From<ParkEvent> for Effect {
    fn from(event: ParkEvent) -> Self {
        Effect::Event(Box::new(event))
    }
}
