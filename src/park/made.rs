//! Lots that are not configured: made when a call is first parked in them, and removed with the last one.
//!
//! Such a lot has any orbit. Those whose names are in [`NUMBERS`] are found and kept as in a lot with that range; any other exists while a call is in it. So neither a lot nor an orbit outlives the calls that it was made for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
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

/// Which lots have been made, copies of others among them, by their domain.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Whether lots are made.
    on: bool,
    lots: BTreeMap<Option<Arc<str>>, BTreeSet<LotName>>,
    count: usize,
    /// The orbits that calls have just left, in that order, whatever lot they belong to.
    emptied: VecDeque<(Moment, OrbitKey)>,
}

impl Made {
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    fn note(&mut self, key: &LotKey) {
        if self.lots.entry(key.domain.clone()).or_default().insert(key.name.clone()) {
            self.count += 1;
        }
    }

    /// That lot is gone, or is configured now.
    pub(super) fn forget(&mut self, key: &LotKey) {
        let Some(names) = self.lots.get_mut(&key.domain) else { return };
        if names.remove(&key.name) {
            self.count -= 1;
        }
        if names.is_empty() {
            self.lots.remove(&key.domain);
        }
    }

    /// These, and no others.
    pub(super) fn set<'a>(&mut self, keys: impl Iterator<Item = &'a LotKey>) {
        (self.lots, self.count) = (BTreeMap::new(), 0);
        keys.for_each(|key| self.note(key));
    }

    pub(super) fn lots_of(&self, domain: &Option<Arc<str>>) -> impl Iterator<Item = LotKey> {
        let names = self.lots.get(domain).into_iter().flatten();
        names.map(|name| LotKey { name: name.clone(), domain: domain.clone() })
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
                lot.configure(config);
                self.draining.remove(key);
            }
            None => {
                self.lots.insert(key.clone(), Lot::new(config));
            }
        }
        self.made.note(key);
    }

    /// What is in that orbit. A lot that does not exist is empty.
    pub fn slot_state(&self, now: Moment, place: &OrbitKey) -> SlotState {
        let taken = self.lots.get(&place.lot).is_some_and(|lot| lot.slot(&place.orbit).is_some());
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
        let holds = |key: &LotKey| self.lots.get(key).is_some_and(|lot| lot.slot(orbit).is_some());
        self.made.lots_of(domain).find(holds)
    }

    /// Whether a lot that was made for a tenant is called so, or holds something in an orbit that is.
    pub(super) fn is_made_of_a_tenant(&self, login: &str) -> bool {
        let orbit = OrbitName::slot(login).ok();
        self.made.lots.iter().filter(|(domain, _)| domain.is_some()).any(|(domain, names)| {
            names.iter().any(|name| name.as_str() == login)
                || orbit.as_ref().is_some_and(|orbit| self.made_with(domain, orbit).is_some())
        })
    }
}
