//! What is true after every step, and at the end.

use std::collections::BTreeSet;

use mod_callpark::park::*;

use crate::op::UUIDS;
use crate::setup::{LOTS, is_made, uuid};
use crate::world::{By, Call, Lot, World};

/// As the reference says.
const MOST_IN_A_MADE_LOT: u32 = 10_000;

impl World {
    /// What is true after every step.
    pub fn check(&mut self) {
        // A lot that is gone is there exactly as long as it holds something.
        let used: BTreeSet<LotKey> = self
            .calls
            .values()
            .map(|call| &call.place)
            .chain(self.held.values().map(|(place, _)| place))
            .map(|place| place.lot.clone())
            .collect();
        let stays = |lot: &Lot| !lot.made || lot.shut || !lot.closed.is_empty();
        self.lots.retain(|key, lot| (!lot.going && stays(lot)) || used.contains(key));
        let views = self.park.lots();
        assert!(views.iter().map(|view| &view.lot).eq(self.lots.keys()), "other lots");

        let listed = self.park.calls(self.at(), None);
        assert_eq!(listed.len(), self.calls.len());
        let mut seen = BTreeSet::new();
        for view in &listed {
            let call = &self.calls[&view.info.uuid];
            assert_eq!(view.place(), call.place);
            let OrbitKey { lot, orbit } = &call.place;
            assert!(seen.insert((lot.domain.clone(), orbit.clone())), "two in one orbit");
            let state = match (&call.claim, call.ringing.map(|_| ()).or(call.offer.map(|_| ()))) {
                (Some((_, By::Step | By::StepEnd)), _) | (None, Some(_)) => CallState::Returning,
                (Some(_), _) => CallState::Connecting,
                (None, None) => CallState::Waiting,
            };
            assert_eq!(view.state, state);
            assert_eq!(view.timeout_ms_left, call.deadline.map(|at| at.saturating_sub(self.now)));
            let found = self.park.orbit_at(orbit.as_str(), lot.domain.as_deref());
            assert_eq!(found.as_ref(), Some(&call.place));
            let verdict = match (call.claim, self.park.verdict(&view.info.uuid)) {
                (None, verdict) => verdict == Verdict::Hold,
                (Some((held, By::Retriever | By::Leg(_))), Verdict::Bridge { ticket, .. })
                | (Some((held, By::Step | By::Exit)), Verdict::Transfer { ticket, .. })
                | (
                    Some((held, By::Drop | By::StepEnd | By::Waited)),
                    Verdict::HangUp { ticket, .. },
                ) => held == ticket,
                _ => false,
            };
            assert!(verdict, "{call:?}, but {:?}", self.park.verdict(&view.info.uuid));
            assert!(matches!(self.park.lamp(Moment(self.now), &call.place), Lamp::Parked { .. }));
        }
        for (uuid, (place, _)) in &self.held {
            let OrbitKey { lot, orbit } = place;
            assert!(seen.insert((lot.domain.clone(), orbit.clone())), "held and taken");
            assert_eq!(self.park.reservation(uuid).as_ref(), Some(place));
            assert_eq!(self.park.lamp(Moment(self.now), place), Lamp::Idle);
        }

        for view in views {
            let lot = &self.lots[&view.lot];
            let here =
                |orbit: &&OrbitName| seen.contains(&(view.lot.domain.clone(), (*orbit).clone()));
            let inside = lot.orbits.iter().filter(here).count() as u32;
            let shut = lot.closed.iter().filter(|orbit| !here(orbit)).count() as u32;
            let free = (lot.orbits.len() as u32).saturating_sub(inside + shut);
            let (inside, shut, free) = match lot.made {
                // As many as it can hold, whatever they are called.
                true => {
                    let inside = view.parked + view.reserved;
                    let rest = MOST_IN_A_MADE_LOT - inside;
                    if lot.shut { (inside, rest, 0) } else { (inside, 0, rest) }
                }
                false => (inside, shut, free),
            };
            let parked =
                self.calls.values().filter(|call| call.place.lot == view.lot).count() as u32;
            let reserved = self.held.values().filter(|held| held.0.lot == view.lot).count() as u32;
            assert_eq!((view.parked, view.reserved), (parked, reserved));
            assert_eq!((view.free, view.closed, view.removed), (free, shut, lot.going));
            let capacity = if lot.made { MOST_IN_A_MADE_LOT } else { lot.orbits.len() as u32 };
            assert_eq!(view.capacity, capacity);
            assert_eq!(view.draining, parked + reserved - inside);
            assert_eq!(
                view.capacity,
                view.parked + view.reserved - view.draining + view.free + view.closed
            );
            assert_eq!(self.park.lot_lamp(&view.lot), parked);
        }

        // No deadline is lost, and none is left over.
        let due = self.calls.values().filter_map(Call::due);
        let due = due.chain(self.held.values().map(|held| held.1)).min();
        let due = due.filter(|_| !self.stopping);
        let owed = self.park.callbacks(self.at());
        assert_eq!(owed.len(), self.owed, "call-backs");
        match self.park.poll_timeout() {
            // When a call-back is tried next only the domain knows.
            Some(at) if !owed.is_empty() => assert!(due.is_none_or(|due| at.0 <= due)),
            at => assert!(owed.is_empty() && at == due.map(Moment), "{at:?}, not {due:?}"),
        }
        assert_eq!(self.parked, self.ended + self.calls.len() as u64, "one outcome a park");
    }

    /// Everybody hangs up: nothing may be left.
    pub fn clear(&mut self, shutdown: bool) {
        if shutdown {
            self.stopping = true;
            self.park.shutdown(self.at());
            self.absorb_all();
            self.held.clear();
            self.calls.values_mut().for_each(|call| call.offer = None);
            self.check();
        }
        for n in 0..UUIDS {
            self.gone(&uuid(n), End::HungUp);
            self.held.remove(&uuid(n));
            self.park.unreserve(&uuid(n));
            self.check();
        }
        for callback in self.park.callbacks(self.at()) {
            assert!(self.park.cancel_callback(self.at(), callback.id));
            self.absorb_all();
        }
        assert_eq!((self.parked, self.park.poll_timeout()), (self.ended, None));
        for lot in LOTS.map(|name| name.parse().unwrap()) {
            let _ = self.park.open(&lot, None);
        }
        for lot in self.park.lots() {
            assert!(!is_made(&lot.lot), "{:?} outlives its calls", lot.lot);
            assert_eq!((lot.free, lot.removed), (lot.capacity, false));
        }
    }
}
