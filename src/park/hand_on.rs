//! A consultation leg's orbit goes over to whoever is transferred onto that leg.

use super::Park;
use super::deadlines::{Due, Millis};
use super::effect::{Action, Effect};
use super::lot::Slot;
use super::names::CallUuid;
use super::outcome::Outcome;
use super::reservation::Reservation;

impl Park {
    /// The orbit in which `from` is parked, or which is held for it, is held for `heir` from now on, for `ttl_ms`. A
    /// parked call ends with that, as `transferred`; one that somebody has claimed keeps its orbit, and nothing happens.
    pub fn hand_on(
        &mut self,
        now: Millis,
        from: &CallUuid,
        heir: &CallUuid,
        ttl_ms: u64,
    ) -> Vec<Effect> {
        if self.stopping || self.calls.contains_key(heir) || self.reservations.contains_key(heir) {
            return Vec::new();
        }
        let (place, effects) = if let Some(call) = self.calls.get(from) {
            if call.claim.is_some() {
                return Vec::new();
            }
            let place = (call.lot.clone(), call.orbit.clone());
            (place, self.finish(now, from, Action::Leave, Outcome::Transferred, false))
        } else {
            match self.unreserve(from) {
                Some(place) => (place, Vec::new()),
                None => return Vec::new(),
            }
        };
        let (lot, orbit) = place;
        // A lot or orbit that has just drained is gone: then there is nothing to hold.
        let Some(config) = self.lots.get_mut(&lot) else { return effects };
        let Some(number) = config.orbits.number(&orbit) else { return effects };
        config.free.take(number);
        config.occupy(&orbit, Slot::Reserved(heir.clone()));
        let held = Reservation { lot, orbit, until: now.after(ttl_ms), seq: self.count() };
        self.deadlines.add(held.until, held.seq, Due::Reservation(heir.clone()));
        self.reservations.insert(heir.clone(), held);
        effects
    }
}
