//! Orbits held for channels that are about to arrive.

use super::Park;
use super::access::{Actor, Right};
use super::call::Want;
use super::deadlines::Due;
use super::effect::Effect;
use super::event::ParkEvent;
use super::info::CallInfo;
use super::lot::Slot;
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitKey};
use super::outcome::Refusal;
use super::pin::Pin;
use super::user::User;

/// An orbit held for a channel that is about to arrive.
#[derive(Clone, Debug)]
pub(super) struct Reservation {
    pub(super) place: OrbitKey,
    pub(super) until: Moment,
    pub(super) seq: u64,
    /// The user at whose extension it is.
    pub(super) at: Option<User>,
    /// The PIN of the call, if another leg has brought it.
    pub(super) pin: Option<Pin>,
}

impl Park {
    /// Holds an orbit for a channel that is about to arrive, for `ttl_ms`. The orbit is neither free nor parked until
    /// [`park`](Park::park) with the same uuid takes it, [`unreserve`](Park::unreserve) gives it back, or it lapses. A
    /// channel has one reservation at most. The same want prolongs it, and another want replaces it.
    ///
    /// # Errors
    /// As [`park`](Park::park).
    pub fn reserve(
        &mut self,
        now: Moment,
        uuid: &CallUuid,
        lot: &LotKey,
        want: Want,
        ttl_ms: u64,
    ) -> Result<OrbitKey, Refusal> {
        if self.stopping {
            return Err(Refusal::Closed);
        }
        if self.is_known(uuid) {
            return Err(Refusal::AlreadyParked);
        }
        let same = |held: &&Reservation| {
            let at = match &want {
                Want::At(users) => held.at.as_ref().is_some_and(|user| users.contains(user)),
                _ => true,
            };
            let there = want.orbit().is_none_or(|orbit| *orbit == held.place.orbit);
            held.place.lot == *lot && there && at
        };
        let (place, at) = match self.reservations.get(uuid).filter(same) {
            Some(held) => (held.place.clone(), held.at.clone()),
            None => {
                let taken = self.take_orbit(lot, &want).map_err(|(refusal, _)| refusal)?;
                (taken.place, taken.at)
            }
        };
        let until = now.after(ttl_ms);
        let before = self.forget_reservation(uuid).map(|held| held.place);
        let held = Reservation { place: place.clone(), until, seq: self.count(), at, pin: None };
        self.hold(uuid, held);
        // Not earlier: a lot that was made goes with the last orbit that is taken in it.
        if let Some(before) = before.filter(|before| *before != place) {
            self.vacate(&before);
        }
        Ok(place)
    }

    /// Holds an orbit that is free or was held for the same channel.
    pub(super) fn hold(&mut self, uuid: &CallUuid, held: Reservation) {
        self.occupy(&held.place, Slot::Reserved(uuid.clone()));
        if let Some(user) = &held.at {
            self.index.meant_for.add(&held.place.lot, user.clone(), held.seq, uuid);
        }
        self.deadlines.add(held.until, held.seq, Due::Reservation(uuid.clone()));
        self.reservations.insert(uuid.clone(), held);
    }

    /// The orbit is no longer held for that channel. It is not free yet.
    pub(super) fn forget_reservation(&mut self, uuid: &CallUuid) -> Option<Reservation> {
        let held = self.reservations.remove(uuid)?;
        self.deadlines.remove(held.until, held.seq, Due::Reservation(uuid.clone()));
        if let Some(user) = &held.at {
            self.index.meant_for.remove(&held.place.lot, user, held.seq, uuid);
        }
        Some(held)
    }

    /// At whose extension an orbit is held for that channel.
    pub fn reserved_at(&self, uuid: &CallUuid) -> Option<&User> {
        self.reservations.get(uuid)?.at.as_ref()
    }

    /// [`reserve`](Self::reserve) for a call that `by` wants to park. If a rule says no, that is reported of the call.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve), and `Denied`.
    pub fn reserve_for(
        &mut self,
        now: Moment,
        (info, by): (&CallInfo, &Actor),
        lot: &LotKey,
        want: Want,
        ttl_ms: u64,
    ) -> Result<OrbitKey, Refusal> {
        let orbit = want.orbit().cloned();
        let denied = |park: &mut Self, lot: &LotKey| -> Result<(), Refusal> {
            let Some(rule) = park.forbidden(Right::Park, lot, by) else { return Ok(()) };
            let event = ParkEvent {
                orbit: orbit.clone(),
                reason: Some(Refusal::Denied.code().to_owned()),
                rule: Some(rule.into()),
                ..ParkEvent::refusal(info.clone().cut(), lot.clone())
            };
            park.effects.push(event.into());
            Err(Refusal::Denied)
        };
        denied(self, lot)?;
        let place = self.reserve(now, &info.uuid, lot, want, ttl_ms)?;
        // Another one, after an overflow.
        if place.lot != *lot {
            denied(self, &place.lot).inspect_err(|_| drop(self.unreserve(&info.uuid)))?;
        }
        Ok(place)
    }

    /// Which orbit is held for that channel.
    pub fn reservation(&self, uuid: &CallUuid) -> Option<OrbitKey> {
        self.reservations.get(uuid).map(|held| held.place.clone())
    }

    /// Gives back the orbit that was held for that channel. `None` if no orbit was held.
    pub fn unreserve(&mut self, uuid: &CallUuid) -> Option<OrbitKey> {
        let held = self.forget_reservation(uuid)?;
        self.vacate(&held.place);
        Some(held.place)
    }

    pub(super) fn lapse(&mut self, uuid: &CallUuid) {
        if let Some(place) = self.unreserve(uuid) {
            self.effects.push(Effect::Lapsed { uuid: uuid.clone(), place });
        }
    }
}
