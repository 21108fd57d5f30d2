//! Lots that are not configured: made when a call is first parked in them, and removed with the last one.
//!
//! Such a lot has any orbit. Those whose names are in [`NUMBERS`] are found and kept as in a lot with that range; any other exists while a call is in it. So neither a lot nor an orbit outlives the calls that it was made for.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::Park;
use super::fallback::WhenOccupied;
use super::lot::Lot;
use super::lot_config::LotConfig;
use super::moment::Moment;
use super::names::{LotKey, LotName, OrbitKey, OrbitName};
use super::range::OrbitRange;
use super::timeout::TimeoutRule;

/// The most lots that are made.
pub const MOST_MADE_LOTS: usize = 20_000;
/// The orbits of a lot that was made which are assigned in the order of their numbers.
const NUMBERS: &str = "1-9999999";
/// For how long an orbit has just been emptied.
const JUST_MS: u64 = 10_000;
/// How many orbits are remembered that have just been emptied.
const MOST_EMPTIED: usize = 1_000;

/// What a caller finds who dials an orbit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// A call or a reservation.
    Taken,
    /// Nothing, but a call was there until a moment ago.
    JustEmptied,
    /// Nothing.
    Free,
}

/// Which lots have been made, copies of others among them, and what is in which orbit of any of them.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Whether lots are made.
    on: bool,
    /// By their name, because phones may ask for it without the domain.
    lots: HashMap<LotName, BTreeSet<Option<Arc<str>>>>,
    count: usize,
    /// How many lots of a domain there are.
    domains: HashMap<Option<Arc<str>>, usize>,
    /// In which lots of which domains something is in that orbit.
    slots: HashMap<OrbitName, BTreeMap<Option<Arc<str>>, BTreeSet<LotName>>>,
    /// The orbits that calls have just left, in that order, whatever lot they belong to.
    emptied: VecDeque<(Moment, OrbitKey)>,
}

impl Made {
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    fn has(&self, key: &LotKey) -> bool {
        self.lots.get(&key.name).is_some_and(|domains| domains.contains(&key.domain))
    }

    /// That lot is made, or is no more. `lot`: what it holds, if anything.
    pub(super) fn note(&mut self, key: &LotKey, lot: Option<&Lot>, is_made: bool) {
        if self.has(key) == is_made {
            return;
        }
        let slots = lot.into_iter().flat_map(Lot::slots).map(|(orbit, _)| orbit);
        if is_made {
            self.count += 1;
            *self.domains.entry(key.domain.clone()).or_default() += 1;
            self.lots.entry(key.name.clone()).or_default().insert(key.domain.clone());
            slots.for_each(|orbit| self.occupied(key, orbit));
        } else {
            slots.for_each(|orbit| self.vacated(key, orbit));
            self.count -= 1;
            if let Some(lots) = self.domains.get_mut(&key.domain) {
                *lots -= 1;
                if *lots == 0 {
                    self.domains.remove(&key.domain);
                }
            }
            if let Some(domains) = self.lots.get_mut(&key.name) {
                domains.remove(&key.domain);
                if domains.is_empty() {
                    self.lots.remove(&key.name);
                }
            }
        }
    }

    /// Something is in that orbit now, whatever lot that is of.
    pub(super) fn occupied(&mut self, lot: &LotKey, orbit: &OrbitName) {
        if self.has(lot) {
            let domains = self.slots.entry(orbit.clone()).or_default();
            domains.entry(lot.domain.clone()).or_default().insert(lot.name.clone());
        }
    }

    /// Nothing is in that orbit any more.
    pub(super) fn vacated(&mut self, lot: &LotKey, orbit: &OrbitName) {
        let Some(domains) = self.slots.get_mut(orbit) else { return };
        let Some(lots) = domains.get_mut(&lot.domain) else { return };
        lots.remove(&lot.name);
        if lots.is_empty() {
            domains.remove(&lot.domain);
        }
        if domains.is_empty() {
            self.slots.remove(orbit);
        }
    }

    pub(super) fn has_domain(&self, domain: &Option<Arc<str>>) -> bool {
        self.domains.contains_key(domain)
    }

    /// A call has left that orbit.
    pub(super) fn emptied(&mut self, now: Moment, place: &OrbitKey) {
        if self.emptied.len() >= MOST_EMPTIED {
            self.emptied.pop_front();
        }
        self.emptied.push_back((now, place.clone()));
    }
}

/// A lot that has any orbit.
fn open_lot(key: &LotKey) -> Option<Arc<LotConfig>> {
    let ranges = OrbitRange::parse_list(NUMBERS).ok()?;
    let mut config = LotConfig::new(key.clone(), ranges);
    config.timeout.base = TimeoutRule::Fixed(0);
    config.returns = Arc::from([]);
    // The next orbit may be one that no dialplan leads to.
    config.when_occupied = WhenOccupied::Parker;
    config.made = true;
    Some(Arc::new(config))
}

impl Park {
    /// From now on a lot that does not exist is made when a call is parked in it.
    pub fn make_lots(&mut self) {
        self.made.on = true;
    }

    /// Makes the lot, if it does not exist, it is the copy of one or lots are made, and there are not too many.
    pub(super) fn make_lot(&mut self, key: &LotKey) {
        let exists = self.lots.get(key).is_some_and(|lot| !lot.removed);
        if exists || self.stopping || self.made.count >= MOST_MADE_LOTS {
            return;
        }
        let open = || self.made.on.then(|| open_lot(key)).flatten();
        let Some(config) = self.copy_of(key).or_else(open) else { return };
        match self.lots.get_mut(key) {
            // One that is no longer configured, but still holds calls.
            Some(lot) => {
                lot.configure(&mut Lot::new(config));
                self.draining.remove(key);
            }
            None => {
                self.lots.insert(key.clone(), Lot::new(config));
            }
        }
        self.made.note(key, self.lots.get(key), true);
    }

    /// What is in that orbit. A lot that does not exist is empty.
    pub fn slot_state(&self, now: Moment, place: &OrbitKey) -> SlotState {
        let taken = self.slot(place).is_some();
        let recent = self.made.emptied.iter().rev();
        let mut recent = recent.take_while(|(at, _)| now.since(*at) < JUST_MS);
        match taken {
            true => SlotState::Taken,
            false if recent.any(|(_, emptied)| emptied == place) => SlotState::JustEmptied,
            false => SlotState::Free,
        }
    }

    /// The lot of that domain that was made and holds something in that orbit.
    pub(super) fn made_with(&self, domain: &Option<Arc<str>>, orbit: &OrbitName) -> Option<LotKey> {
        let lots = self.made.slots.get(orbit)?.get(domain)?;
        lots.first().map(|name| LotKey { name: name.clone(), domain: domain.clone() })
    }

    /// Whether a lot that was made for a tenant is called so, or holds something in an orbit that is.
    pub(super) fn is_made_of_a_tenant(&self, login: &str) -> bool {
        // Those without a domain sort first.
        let is_lot = |name: LotName| {
            self.made.lots.get(&name).and_then(BTreeSet::last).is_some_and(Option::is_some)
        };
        let is_orbit = |orbit: OrbitName| {
            let domains = self.made.slots.get(&orbit).and_then(BTreeMap::last_key_value);
            domains.is_some_and(|(domain, _)| domain.is_some())
        };
        login.parse().is_ok_and(is_lot) || OrbitName::slot(login).is_ok_and(is_orbit)
    }
}
