//! A consultation leg's orbit passes to the party that is transferred onto that leg.

use std::sync::Arc;

use super::Park;
use super::lot::Lot;
use super::moment::Moment;
use super::names::CallUuid;
use super::outcome::Outcome;
use super::reservation::Reservation;

impl Park {
    /// The orbit in which `from` is parked, or which is held for it, is held for `heir` from now on, for `ttl_ms`. A
    /// parked call ends as `transferred`. A call that is claimed keeps its orbit, and nothing happens. An orbit that a reload has
    /// removed drains until the heir has left it.
    pub fn hand_on(&mut self, now: Moment, from: &CallUuid, heir: &CallUuid, ttl_ms: u64) {
        if self.stopping || self.is_known(heir) || self.reservations.contains_key(heir) {
            return;
        }
        let (place, at, pin) = match (self.calls.get(from), self.reservations.get(from)) {
            (Some(call), _) if call.claim.is_some() => return,
            (Some(call), _) => (call.place.clone(), call.info.addressee(), call.lock.pin.clone()),
            (None, Some(held)) => (held.place.clone(), held.at.clone(), held.pin.clone()),
            (None, None) => return,
        };
        let config = self.lots.get(&place.lot).map(|lot| Arc::clone(&lot.config));
        self.finish(now, from, Outcome::Transferred, false);
        self.unreserve(from);
        self.make_lot(&place.lot);
        if let Some(config) = config {
            // It may have vanished with the call.
            self.lots.entry(place.lot.clone()).or_insert_with(|| Lot::removed(config));
        }
        let held = Reservation { place, until: now.after(ttl_ms), seq: self.count(), at, pin };
        self.hold(heir, held);
    }
}
