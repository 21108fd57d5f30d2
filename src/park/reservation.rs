//! Orbits held for channels that are about to arrive.

use super::Park;
use super::call::Want;
use super::deadlines::Due;
use super::effect::Effect;
use super::lot::Slot;
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitName};
use super::outcome::Refusal;

/// An orbit held for a channel that is about to arrive.
#[derive(Clone, Debug)]
pub(super) struct Reservation {
    pub(super) lot: LotKey,
    pub(super) orbit: OrbitName,
    pub(super) until: Moment,
    pub(super) seq: u64,
}

impl Park {
    /// Holds an orbit for a channel that is about to arrive, for `ttl_ms`. The orbit is neither free nor parked until
    /// [`park`](Park::park) with the same uuid takes it, [`unreserve`](Park::unreserve) gives it back, or it lapses. A
    /// channel has one reservation at the most: the same want again prolongs it, another one replaces it.
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
    ) -> Result<(LotKey, OrbitName), Refusal> {
        if self.stopping {
            return Err(Refusal::Closed);
        }
        if self.calls.contains_key(uuid) {
            return Err(Refusal::AlreadyParked);
        }
        let same = |held: &&Reservation| {
            held.lot == *lot && want.orbit().is_none_or(|orbit| *orbit == held.orbit)
        };
        let (lot, orbit) = match self.reservations.get(uuid).filter(same) {
            Some(held) => (held.lot.clone(), held.orbit.clone()),
            None => {
                let taken = self.take_orbit(lot, &want).map_err(|(refusal, _)| refusal)?;
                self.unreserve(uuid);
                taken
            }
        };
        let held = Reservation {
            lot: lot.clone(),
            orbit: orbit.clone(),
            until: now.after(ttl_ms),
            seq: self.count(),
        };
        if let Some(lot) = self.lots.get_mut(&lot) {
            lot.occupy(&orbit, Slot::Reserved(uuid.clone()));
        }
        self.deadlines.add(held.until, held.seq, Due::Reservation(uuid.clone()));
        if let Some(old) = self.reservations.insert(uuid.clone(), held) {
            self.deadlines.remove(old.until, old.seq, Due::Reservation(uuid.clone()));
        }
        Ok((lot, orbit))
    }

    /// Which orbit is held for that channel.
    pub fn reservation(&self, uuid: &CallUuid) -> Option<(LotKey, OrbitName)> {
        self.reservations.get(uuid).map(|held| (held.lot.clone(), held.orbit.clone()))
    }

    /// Gives back the orbit that was held for that channel; none: there was none.
    pub fn unreserve(&mut self, uuid: &CallUuid) -> Option<(LotKey, OrbitName)> {
        let held = self.reservations.remove(uuid)?;
        self.deadlines.remove(held.until, held.seq, Due::Reservation(uuid.clone()));
        self.vacate(&held.lot, &held.orbit);
        Some((held.lot, held.orbit))
    }

    pub(super) fn lapse(&mut self, uuid: &CallUuid) {
        if let Some((lot, orbit)) = self.unreserve(uuid) {
            self.effects.push(Effect::Lapsed { uuid: uuid.clone(), lot, orbit });
        }
    }
}
