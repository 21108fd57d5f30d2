//! Another leg takes the place of a parked one. The call stays as it is, and continues under the uuid of the new leg.

use super::Park;
use super::call::{Call, ClaimedBy};
use super::caller::Caller;
use super::claim::Target;
use super::effect::Effect;
use super::event::Action;
use super::lot::Slot;
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitKey};
use super::outcome::{End, Refusal};
use super::taker::Taker;
use super::user::User;

/// Why a claim on a call is given back when its leg is replaced.
const REPLACED: &str = "another leg has replaced the parked one";

/// The most legs of a call that are remembered after others have taken their places: those that had it last.
const MOST_FORMER_LEGS: usize = 64;

/// The leg that takes the place of a parked one.
#[derive(Clone, Debug)]
pub struct NewLeg {
    /// Its channel.
    pub uuid: CallUuid,
    /// The caller on the new leg.
    pub caller: Caller,
    /// The parker, `user@domain`, if not known yet.
    pub parker: Option<User>,
}

impl Park {
    /// The leg of the call has gone, and another is on its way to take its place. The call keeps everything that it has for
    /// `ttl_ms`. A claim of a leg that was about to be connected is given back, and nobody can claim the call. If the new
    /// leg does not come, the call ends as `abandoned`. Returns false if the call does not exist or is being hung up on
    /// purpose.
    #[must_use]
    pub fn await_heir(&mut self, now: Moment, uuid: &CallUuid, ttl_ms: u64) -> bool {
        let call = self.calls.get_mut(uuid).filter(|call| !call.is_being_hung_up());
        let Some(call) = call.filter(|_| !self.stopping) else { return false };
        call.heir_until = Some(now.after(ttl_ms));
        let claim = call.claim.as_ref().and_then(|claim| Some((claim.ticket, claim.by.leg()?.0)));
        if let Some((ticket, leg)) = claim {
            self.effects.push(Effect::ClaimLost { leg: leg.clone(), ticket });
            self.give_back(now, uuid, ticket, Some(REPLACED));
        }
        if let Some(call) = self.calls.get_mut(uuid) {
            self.deadlines.arm(call);
            if let Some(lot) = self.lots.get_mut(&call.place.lot) {
                lot.dequeue(call);
            }
        }
        true
    }

    /// Whether the leg of that call has gone and another may take its place.
    pub fn awaits_heir(&self, uuid: &CallUuid) -> bool {
        self.calls.get(uuid).is_some_and(|call| call.heir_until.is_some())
    }

    /// The new leg takes the place of `old`, whether that is still there or not: orbit, deadline, waiting time, return
    /// steps and all that is known of the call are the new leg's from now on.
    ///
    /// # Errors
    /// `Gone`: the call does not exist, or is being hung up on purpose; `AlreadyParked`: the new leg is parked itself;
    /// `Closed` after [`shutdown`](Park::shutdown).
    pub fn replace(
        &mut self,
        now: Moment,
        old: &CallUuid,
        new: NewLeg,
    ) -> Result<OrbitKey, Refusal> {
        if self.stopping {
            return Err(Refusal::Closed);
        }
        if self.is_known(&new.uuid) || self.reservations.contains_key(&new.uuid) {
            return Err(Refusal::AlreadyParked);
        }
        let call = if self.await_heir(now, old, 0) { self.calls.remove(old) } else { None };
        let mut call = call.ok_or(Refusal::Gone)?;
        self.deadlines.disarm(&mut call);
        self.index.remove(&call);
        call.heir_until = None;
        for name in &call.formerly {
            if let Some(now) = self.renamed.get_mut(name).filter(|now| *now == old) {
                *now = new.uuid.clone();
            }
        }
        self.renamed.insert(old.clone(), new.uuid.clone());
        call.formerly.push(std::mem::replace(&mut call.info.uuid, new.uuid.clone()));
        if call.formerly.len() > MOST_FORMER_LEGS {
            let first = call.formerly.remove(0);
            self.forget_name(&first, &new.uuid);
        }
        call.info.caller = new.caller;
        call.info.parker = call.info.parker.or(new.parker);
        self.occupy(&call.place, Slot::Parked(new.uuid.clone()));
        if let Some(lot) = self.lots.get_mut(&call.place.lot).filter(|_| call.is_to_be_had()) {
            lot.enqueue(&call);
        }
        self.deadlines.arm(&mut call);
        let mut event = call.event(now, Action::Replace);
        event.from_uuid = Some(old.clone());
        self.effects.push(event.into());
        self.show_lamp(&call.place);
        let place = call.place.clone();
        self.index.add(&call);
        self.dialogs.insert(call.dialog(), new.uuid.clone());
        self.calls.insert(new.uuid, call);
        Ok(place)
    }

    /// Whether the call that is meant waits for a new leg or, if `claims`, is claimed. Soon it can be claimed again, or has
    /// ended.
    pub fn changes_hands(&self, lot: &LotKey, target: Target<'_>, claims: bool) -> bool {
        let Ok(Some(uuid)) = self.target(Some(lot), target, Taker::Anybody) else { return false };
        let call = self.calls.get(&uuid);
        call.is_some_and(|call| call.heir_until.is_some() || claims && call.claim.is_some())
    }

    /// The call that is meant by the uuid of a leg that has, or once had, its place.
    pub(super) fn current<'a>(&'a self, uuid: &'a CallUuid) -> &'a CallUuid {
        match self.calls.contains_key(uuid) {
            true => uuid,
            false => self.renamed.get(uuid).unwrap_or(uuid),
        }
    }

    /// The call `now` is not meant any more by the uuid of that former leg.
    pub(super) fn forget_name(&mut self, former: &CallUuid, now: &CallUuid) {
        if self.renamed.get(former) == Some(now) {
            self.renamed.remove(former);
        }
    }

    /// The new leg did not come.
    pub(super) fn heir_is_missing(&mut self, now: Moment, uuid: &CallUuid) {
        let reason = "the leg that was to replace the call did not arrive".to_owned();
        self.gone_because(now, uuid, End::HungUp, Some(reason));
    }
}

impl Call {
    /// By an administrator, a return step, or to be called back.
    fn is_being_hung_up(&self) -> bool {
        match self.claim.as_ref().map(|claim| &claim.by) {
            Some(ClaimedBy::Leave(exit) | ClaimedBy::Step { exit, .. }) => !exit.goes_elsewhere(),
            Some(ClaimedBy::Retriever { .. } | ClaimedBy::StepLeg { .. }) | None => false,
        }
    }
}
