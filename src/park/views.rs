//! What can be seen of lots, orbits and calls: plain data, owned.

use std::ops::Bound;
use std::sync::Arc;

use super::Park;
use super::call::{Call, ClaimedBy};
use super::caller::Caller;
use super::dialog::Dialog;
use super::lot::{Lot, Slot};
use super::lot_config::LotConfig;
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitKey, OrbitName};
use super::privacy::{Shown, Viewer};
use super::untrusted::{DisplayName, Number};
use super::view::{CallState, CallView};

/// A lot, counted: `capacity = parked + reserved - draining + free + closed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LotView {
    /// Its name and tenant.
    pub lot: LotKey,
    /// How many orbits it has.
    pub capacity: u32,
    /// How many calls are parked in it.
    pub parked: u32,
    /// How many orbits a call could get.
    pub free: u32,
    /// How many empty orbits are out of service.
    pub closed: u32,
    /// How many orbits are held for a channel about to arrive.
    pub reserved: u32,
    /// How many of its calls and reservations are in orbits that a reload took away.
    pub draining: u32,
    /// It is no longer configured, and is removed with its last call.
    pub removed: bool,
}

/// A part of the list of calls.
#[derive(Clone, Debug, PartialEq)]
pub struct SomeCalls {
    /// The calls.
    pub calls: Vec<CallView>,
    /// Behind which orbit the list goes on; none: that was all.
    pub after: Option<(LotKey, OrbitName)>,
}

fn counted(key: &LotKey, lot: &Lot) -> LotView {
    let counts = lot.counts();
    LotView {
        lot: key.clone(),
        capacity: counts.capacity,
        parked: counts.parked,
        free: counts.free,
        closed: counts.closed,
        reserved: counts.reserved,
        draining: counts.draining,
        removed: lot.removed,
    }
}

/// What a lamp shows of an orbit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lamp {
    /// No call is parked there, or the lot has no lamps.
    Idle,
    /// A call is parked there. Name and number are empty if the caller asked for privacy.
    Parked {
        /// The parked channel.
        uuid: CallUuid,
        /// Caller id name.
        name: DisplayName,
        /// Caller id number.
        number: Number,
        /// The dialog by which phones pick the call up.
        dialog: Dialog,
        /// In how many ms the lamp begins to blink, because the call has waited for long. 0 means that it blinks now, and
        /// `None` that it never does.
        blinks_in_ms: Option<u64>,
    },
}

impl Park {
    pub(super) fn view(&self, call: &Call, now: Moment) -> CallView {
        let by = call.claim.as_ref().map(|pending| &pending.by);
        let state = match by {
            Some(ClaimedBy::Step { .. }) => CallState::Returning,
            Some(_) => CallState::Connecting,
            None if call.heir_until.is_some() => CallState::Connecting,
            None if call.returning.ringing().is_some() => CallState::Returning,
            None => CallState::Waiting,
        };
        let ringing = call.returning.ringing().map(|ringing| ringing.attempt.step);
        let step = ringing.or_else(|| by.and_then(ClaimedBy::step));
        CallView {
            info: call.info.clone(),
            lot: call.place.lot.clone(),
            orbit: call.place.orbit.clone(),
            waiting_ms: now.since(call.parked_at),
            timeout_ms_left: call.returning.time_is_up().map(|at| at.since(now)),
            state,
            retriever: by.and_then(ClaimedBy::leg).and_then(|(_, user)| user.cloned()),
            step: step.and_then(|step| self.step_ref(call, step)),
        }
    }

    /// The parked calls, of one lot or of all, by lot and orbit. A lot that does not exist has none.
    pub fn calls(&self, now: Moment, lot: Option<&LotKey>) -> Vec<CallView> {
        self.some_calls(now, lot, None, usize::MAX).calls
    }

    /// The same, at most `most` of them, behind that orbit. For whoever must not hold the lock for as long as all of them
    /// take.
    pub fn some_calls(
        &self,
        now: Moment,
        lot: Option<&LotKey>,
        after: Option<&(LotKey, OrbitName)>,
        most: usize,
    ) -> SomeCalls {
        let mut slots = self.slots_behind(lot, after);
        let (mut calls, mut last) = (Vec::new(), None);
        for (key, orbit, slot) in slots.by_ref().take(most) {
            last = Some((key, orbit));
            if let Slot::Parked(uuid) = slot {
                calls.extend(self.find(now, uuid));
            }
        }
        let more = slots.next().is_some();
        let after = last.filter(|_| more).map(|(lot, orbit)| (lot.clone(), orbit.clone()));
        SomeCalls { calls, after }
    }

    /// What is in the orbits of that lot, or of all, behind that one, by lot and orbit.
    pub(super) fn slots_behind<'a>(
        &'a self,
        lot: Option<&'a LotKey>,
        after: Option<&'a (LotKey, OrbitName)>,
    ) -> impl Iterator<Item = (&'a LotKey, &'a OrbitName, &'a Slot)> {
        let from = after.map(|(lot, _)| lot).or(lot);
        let from = from.map_or(Bound::Unbounded, Bound::Included);
        let lots = self.lots.range::<LotKey, _>((from, Bound::Unbounded));
        let lots = lots.take_while(move |(key, _)| lot.is_none_or(|lot| lot == *key));
        lots.flat_map(move |(key, lot)| {
            let after = after.filter(|(at, _)| at == key).map(|(_, orbit)| orbit);
            lot.slots_after(after).map(move |(orbit, slot)| (key, orbit, slot))
        })
    }

    /// How many times a call was moved so far: whoever reads the list in parts may have missed one that was.
    pub fn moves(&self) -> u64 {
        self.moves
    }

    /// The parked call with this uuid, or whose leg has taken the place of that one.
    pub fn find(&self, now: Moment, uuid: &CallUuid) -> Option<CallView> {
        self.calls.get(self.current(uuid)).map(|call| self.view(call, now))
    }

    /// Where that call is parked, or an orbit is held for it.
    pub fn place_of(&self, uuid: &CallUuid) -> Option<OrbitKey> {
        let parked = self.calls.get(self.current(uuid)).map(|call| call.place.clone());
        parked.or_else(|| self.reservation(uuid))
    }

    /// Whether that channel is parked.
    pub fn is_parked(&self, uuid: &CallUuid) -> bool {
        self.calls.contains_key(uuid)
    }

    /// Every lot by name, those that are draining among them.
    pub fn lots(&self) -> Vec<LotView> {
        self.lots.iter().map(|(key, lot)| counted(key, lot)).collect()
    }

    /// One of them.
    pub fn lot(&self, key: &LotKey) -> Option<LotView> {
        self.lots.get(key).map(|lot| counted(key, lot))
    }

    /// The configuration of the lot. A draining lot has its last one.
    pub fn lot_config(&self, lot: &LotKey) -> Option<Arc<LotConfig>> {
        let made = self.lots.get(lot).map(|lot| lot.config.clone());
        made.or_else(|| self.copy_of(lot))
    }

    /// Whether the lot has an orbit of exactly that name.
    pub fn has_orbit(&self, lot: &LotKey, orbit: &OrbitName) -> bool {
        let known = self.lot_or_original(lot).is_some_and(|lot| lot.has_orbit(orbit));
        known || self.lots.get(lot).is_some_and(|lot| lot.slot(orbit).is_some())
    }

    /// What the lamp of that orbit shows.
    pub fn lamp(&self, now: Moment, place: &OrbitKey) -> Lamp {
        let lot = self.lots.get(&place.lot).filter(|lot| lot.config.blf);
        let Some(lot) = lot else { return Lamp::Idle };
        let Some(Slot::Parked(uuid)) = lot.slot(&place.orbit) else { return Lamp::Idle };
        let Some(call) = self.calls.get(uuid) else { return Lamp::Idle };
        let age = lot.config.blf_age_ms;
        // A lamp shows all or nothing, and the same to all who watch it: so also to those for whom the call is not meant.
        let caller = match lot.config.shown_to(Viewer::Lamp, &call.info.caller) {
            Shown::All if call.exclusive_until.is_none() => call.info.caller.clone(),
            Shown::All | Shown::Masked | Shown::Nothing => Caller::default(),
        };
        Lamp::Parked {
            uuid: uuid.clone(),
            name: caller.name,
            number: caller.number,
            dialog: call.dialog(),
            blinks_in_ms: (age > 0).then(|| age.saturating_sub(now.since(call.parked_at))),
        }
    }

    /// What the lamp of that lot shows, which is the number of its calls. 0 means idle.
    pub fn lot_lamp(&self, lot: &LotKey) -> u32 {
        let lot = self.lots.get(lot).filter(|lot| lot.config.blf);
        lot.map_or(0, |lot| lot.counts().parked)
    }

    /// The call of that name in that lot, if it is in that orbit. `None` means any orbit of the lot.
    pub fn offered_as(
        &self,
        dialog: Dialog,
        lot: &LotKey,
        orbit: Option<&OrbitName>,
    ) -> Option<CallUuid> {
        let call = self.calls.get(self.dialogs.get(&dialog)?)?;
        let OrbitKey { lot: in_lot, orbit: in_orbit } = &call.place;
        let here = in_lot == lot && orbit.is_none_or(|orbit| in_orbit == orbit);
        here.then(|| call.info.uuid.clone())
    }
}
