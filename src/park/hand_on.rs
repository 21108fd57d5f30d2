//! A consultation leg's orbit passes to the party that is transferred onto that leg.

use super::Park;
use super::moment::Moment;
use super::names::CallUuid;
use super::outcome::Outcome;
use super::reservation::Reservation;

impl Park {
    /// The orbit in which `from` is parked, or which is held for it, is held for `heir` from now on, for `ttl_ms`. A
    /// parked call ends as `transferred`. A call that is claimed keeps its orbit, and nothing happens.
    pub fn hand_on(&mut self, now: Moment, from: &CallUuid, heir: &CallUuid, ttl_ms: u64) {
        if self.stopping || self.is_known(heir) || self.reservations.contains_key(heir) {
            return;
        }
        let (place, at, pin) = if let Some(call) = self.calls.get(from) {
            if call.claim.is_some() {
                return;
            }
            let (place, at) = (call.place.clone(), call.info.addressee());
            let pin = call.lock.pin.clone();
            self.finish(now, from, Outcome::Transferred, false);
            (place, at, pin)
        } else {
            let at = self.reserved_at(from).cloned();
            let pin = self.reservations.get(from).and_then(|held| held.pin.clone());
            match self.unreserve(from) {
                Some(place) => (place, at, pin),
                None => return,
            }
        };
        // A lot or orbit that has just drained no longer exists and cannot be held.
        self.make_lot(&place.lot);
        let Some(lot) = self.lots.get_mut(&place.lot) else { return };
        if lot.take(&place.orbit).is_none() {
            return;
        }
        let held = Reservation { place, until: now.after(ttl_ms), seq: self.count(), at, pin };
        self.hold(heir, held);
    }
}
