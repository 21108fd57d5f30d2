//! A lot: its orbits, the calls in them, and the order of the calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::call::{Call, Turn};
use super::free::Free;
use super::lot_config::LotConfig;
use super::moment::Moment;
use super::names::{CallUuid, OrbitName};
use super::orbit_set::OrbitSet;
use super::orbits::Orbits;
use super::taker::Taker;
use super::timeout::RecentWaits;
use super::user::User;

/// The most calls and reservations in a lot that was made when it was first used.
pub const MOST_SLOTS: u32 = 10_000;

/// What an orbit that is not free holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Parked(CallUuid),
    Reserved(CallUuid),
}

/// An orbit of the lot is in exactly one of `free`, `slots` and `closed`, except that one with a call in it can be closed
/// as well.
#[derive(Clone, Debug)]
pub(super) struct Lot {
    pub(super) config: Arc<LotConfig>,
    pub(super) orbits: Orbits,
    pub(super) free: Free,
    closed: OrbitSet,
    slots: BTreeMap<OrbitName, Slot>,
    reserved: u32,
    /// Orbits with something in them that a reload has removed. Not kept of a lot that is removed, because all are.
    draining: BTreeSet<OrbitName>,
    /// The calls that are not claimed, and are everybody's.
    queue: BTreeSet<Turn>,
    /// Those that wait for one user alone: all of them, and by that user.
    exclusive: BTreeSet<Turn>,
    exclusive_for: HashMap<User, BTreeSet<Turn>>,
    /// How long those of its calls waited that were retrieved or returned.
    pub(super) recent_waits: RecentWaits,
    /// It is no longer configured, and is removed with its last slot.
    pub(super) removed: bool,
}

impl Lot {
    pub(super) fn new(config: Arc<LotConfig>) -> Self {
        let orbits = Orbits::new(&config.ranges);
        let count = orbits.count();
        Lot {
            free: Free::all(count, config.assign),
            closed: OrbitSet::empty(count),
            slots: BTreeMap::new(),
            reserved: 0,
            draining: BTreeSet::new(),
            queue: BTreeSet::new(),
            exclusive: BTreeSet::new(),
            exclusive_for: HashMap::new(),
            recent_waits: RecentWaits::default(),
            removed: false,
            orbits,
            config,
        }
    }

    /// One that is not configured any more.
    pub(super) fn removed(config: Arc<LotConfig>) -> Self {
        let mut lot = Self::new(config);
        lot.retire();
        lot
    }

    /// Becomes what `new` is, in which nothing is, and leaves there what it was. Slots stay, closed orbits stay closed if they
    /// still exist, and a lot that was closed altogether stays so, except for the orbits that were opened.
    pub(super) fn configure(&mut self, new: &mut Lot) {
        let (old, to_be) = (&self.config, &new.config);
        let same = to_be.ranges == old.ranges && to_be.assign == old.assign;
        std::mem::swap(&mut self.config, &mut new.config);
        if !same || self.removed {
            self.removed = false;
            self.renumber(new);
        }
    }

    /// It is no longer configured, and drains.
    pub(super) fn retire(&mut self) {
        if !self.removed {
            self.removed = true;
            self.orbits = Orbits::new(&[]);
            self.free = Free::all(0, self.config.assign);
            self.closed = OrbitSet::empty(0);
            self.draining.clear();
        }
    }

    fn renumber(&mut self, new: &mut Lot) {
        let Lot { orbits, free, .. } = new;
        let renumber = |number| orbits.number_from(&self.orbits, number);
        free.follow(&self.free, renumber);
        let (mut taken, mut strays) = (Vec::with_capacity(self.slots.len()), Vec::new());
        for name in self.slots.keys() {
            match orbits.number(name) {
                Some(number) => taken.push(number),
                None if self.has_any_orbit() => {}
                None => strays.push(name.clone()),
            }
        }
        // Only what was closed or opened one by one is counted so: ten million orbits take no longer than a few.
        let (all, exceptions) = match self.closed_by_hand() {
            None => (false, Vec::new()),
            Some(_) if self.is_closed() => (true, Vec::new()),
            Some((all, exceptions)) => (all, exceptions.filter_map(renumber).collect()),
        };
        let closed = if all {
            free.clear();
            free.reopen(&exceptions);
            let mut closed = OrbitSet::full(orbits.count());
            closed.remove_all(&exceptions);
            closed
        } else {
            free.take_all(&exceptions);
            let mut closed = OrbitSet::empty(orbits.count());
            closed.insert_all(&exceptions);
            closed
        };
        free.take_all(&taken);
        new.closed = closed;
        self.draining = strays.into_iter().collect();
        std::mem::swap(&mut self.orbits, &mut new.orbits);
        std::mem::swap(&mut self.free, &mut new.free);
        std::mem::swap(&mut self.closed, &mut new.closed);
    }

    /// Whether it has an orbit of whatever name: a lot that was made when it was first used. Those of its orbits that have no
    /// number exist only while something is in them.
    pub(super) fn has_any_orbit(&self) -> bool {
        self.config.made && !self.removed
    }

    /// Whether it is the copy of another lot.
    pub(super) fn is_copy(&self) -> bool {
        self.config.copy && !self.removed
    }

    pub(super) fn has_orbit(&self, orbit: &OrbitName) -> bool {
        self.has_any_orbit() || self.orbits.number(orbit).is_some()
    }

    /// Takes that orbit. Returns false if it is not free, and `None` if the lot does not have it.
    pub(super) fn take(&mut self, orbit: &OrbitName) -> Option<bool> {
        match self.orbits.number(orbit) {
            Some(number) => Some(self.free.take(number)),
            None => self.has_any_orbit().then(|| !self.slots.contains_key(orbit)),
        }
    }

    /// Takes the first free orbit whose name is a number from `first` to `last`.
    pub(super) fn take_between(&mut self, first: u64, last: u64) -> Option<u32> {
        let Lot { orbits, free, .. } = self;
        orbits.between(first, last).find_map(|(first, last)| free.take_between(first, last))
    }

    /// Every orbit is out of service.
    pub(super) fn is_closed(&self) -> bool {
        self.orbits.count() > 0 && self.closed.len() == self.orbits.count()
    }

    pub(super) fn is_orbit_closed(&self, orbit: &OrbitName) -> bool {
        self.orbits.number(orbit).is_some_and(|number| self.closed.contains(number))
    }

    /// What is out of service, if anything: the numbers of all of its orbits but these, or of these alone.
    pub(super) fn closed_by_hand(&self) -> Option<(bool, impl Iterator<Item = u32>)> {
        (self.closed.len() > 0).then(|| self.closed.exceptions())
    }

    /// Takes orbits out of service. What is in them stays.
    pub(super) fn close(&mut self, number: Option<u32>) {
        match number {
            Some(number) => {
                self.closed.insert(number);
                self.free.take(number);
            }
            None => {
                self.closed = OrbitSet::full(self.orbits.count());
                self.free.clear();
            }
        }
    }

    /// Puts orbits into service again.
    pub(super) fn open(&mut self, number: Option<u32>) {
        match number {
            Some(number) if self.closed.remove(number) => {
                let name = self.orbits.name(number);
                if name.is_some_and(|name| !self.slots.contains_key(&name)) {
                    self.free.reopen(&[number]);
                }
            }
            Some(_) => {}
            None => {
                let (count, assign) = (self.orbits.count(), self.config.assign);
                if self.closed.len() > count / 2 {
                    // Ten million take no longer than a few.
                    self.free = Free::all(count, assign);
                } else {
                    self.free.reopen(&self.closed.iter().collect::<Vec<u32>>());
                }
                self.closed = OrbitSet::empty(count);
                let slots = self.slots.keys();
                let taken: Vec<u32> = slots.filter_map(|name| self.orbits.number(name)).collect();
                self.free.take_all(&taken);
            }
        }
    }

    pub(super) fn slot(&self, orbit: &OrbitName) -> Option<&Slot> {
        self.slots.get(orbit)
    }

    pub(super) fn slots(&self) -> impl ExactSizeIterator<Item = (&OrbitName, &Slot)> {
        self.slots.iter()
    }

    /// Puts something into an orbit that held nothing, or a call into the orbit that was reserved for it.
    pub(super) fn occupy(&mut self, orbit: &OrbitName, slot: Slot) {
        self.vacate_slot(orbit);
        match self.orbits.number(orbit) {
            Some(number) => {
                self.free.take(number);
            }
            None if self.has_any_orbit() || self.removed => {}
            None => {
                self.draining.insert(orbit.clone());
            }
        }
        if matches!(slot, Slot::Reserved(_)) {
            self.reserved += 1;
        }
        self.slots.insert(orbit.clone(), slot);
    }

    /// The orbit is empty now. It is free unless it is closed or draining.
    pub(super) fn vacate(&mut self, orbit: &OrbitName) {
        if self.vacate_slot(orbit)
            && let Some(number) = self.orbits.number(orbit)
            && !self.closed.contains(number)
        {
            self.free.release(number);
        }
    }

    fn vacate_slot(&mut self, orbit: &OrbitName) -> bool {
        let Some(slot) = self.slots.remove(orbit) else { return false };
        if matches!(slot, Slot::Reserved(_)) {
            self.reserved = self.reserved.saturating_sub(1);
        }
        self.draining.remove(orbit);
        true
    }

    /// The orbits that the lot no longer has, and in which something is.
    pub(super) fn strays(&self) -> impl Iterator<Item = &OrbitName> {
        let all = self.removed.then(|| self.slots.keys());
        all.into_iter().flatten().chain(&self.draining)
    }

    /// Some of what it holds is in orbits that it does not have any more.
    pub(super) fn is_draining(&self) -> bool {
        self.removed || !self.draining.is_empty()
    }

    /// Its slots behind that orbit.
    pub(super) fn slots_after(
        &self,
        after: Option<&OrbitName>,
    ) -> impl Iterator<Item = (&OrbitName, &Slot)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.slots.range::<OrbitName, _>((from, Bound::Unbounded))
    }

    /// Its orbits behind that one, in the order of its configuration.
    pub(super) fn orbits_after(
        &self,
        after: Option<&OrbitName>,
    ) -> impl Iterator<Item = OrbitName> {
        let from = after.and_then(|orbit| self.orbits.number(orbit)).map_or(0, |number| number + 1);
        (from..self.orbits.count()).filter_map(|number| self.orbits.name(number))
    }

    /// Whether the lot is empty, and is not configured itself, or not any more. One that an administrator has closed stays.
    pub(super) fn is_over(&self) -> bool {
        let LotConfig { made, copy, .. } = *self.config;
        let is_kept = !self.removed && (!(made || copy) || self.closed.len() > 0);
        !is_kept && self.slots.is_empty()
    }

    pub(super) fn enqueue(&mut self, call: &Call) {
        match call.info.addressee().filter(|_| call.exclusive_until.is_some()) {
            Some(user) => {
                self.exclusive.insert(call.turn());
                self.exclusive_for.entry(user).or_default().insert(call.turn());
            }
            None => {
                self.queue.insert(call.turn());
            }
        }
    }

    pub(super) fn dequeue(&mut self, call: &Call) {
        let turn = call.turn();
        if !self.exclusive.remove(&turn) {
            self.queue.remove(&turn);
        } else if let Some(user) = call.info.addressee()
            && let Some(turns) = self.exclusive_for.get_mut(&user)
        {
            turns.remove(&turn);
            if turns.is_empty() {
                self.exclusive_for.remove(&user);
            }
        }
    }

    /// Until when a call of this lot waits for one user alone, if it does so from `since` on.
    pub(super) fn exclusive_until(&self, call: &Call, since: Moment) -> Option<Moment> {
        let ms = Some(self.config.exclusive_ms).filter(|ms| *ms > 0)?;
        call.info.addressee().map(|_| since.after(ms))
    }

    /// The call that `next` means. One that waits for a user alone is brought to no other.
    pub(super) fn next_call(&self, taker: Taker<'_>) -> Option<&CallUuid> {
        let exclusive = match taker {
            Taker::Anybody => self.exclusive.first(),
            Taker::Party(Some(user)) => self.exclusive_for.get(user).and_then(BTreeSet::first),
            Taker::Party(None) => None,
        };
        self.queue.first().into_iter().chain(exclusive).min().map(|(_, _, _, uuid)| uuid)
    }

    pub(super) fn counts(&self) -> Counts {
        let slots = self.slots.len() as u32;
        let draining = if self.removed { slots } else { self.draining.len() as u32 };
        let capacity = if self.has_any_orbit() { MOST_SLOTS } else { self.orbits.count() };
        let in_service = capacity.saturating_sub(slots.saturating_sub(draining));
        let free = self.free.len().min(in_service);
        Counts {
            capacity,
            parked: slots.saturating_sub(self.reserved),
            free,
            closed: in_service.saturating_sub(free),
            reserved: self.reserved,
            draining,
        }
    }
}

/// How many orbits are in which state: `capacity = parked + reserved - draining + free + closed`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) capacity: u32,
    pub(super) parked: u32,
    pub(super) free: u32,
    pub(super) closed: u32,
    pub(super) reserved: u32,
    pub(super) draining: u32,
}
