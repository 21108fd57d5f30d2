//! The free orbits of a lot, and which of them a call gets.

use std::collections::BTreeMap;

use super::orbit_set::OrbitSet;

/// How a lot picks an orbit for a call that does not ask for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Assign {
    /// The first free one in the order of the configuration.
    #[default]
    First,
    /// The next free one after the one given last, round and round.
    Next,
    /// The one that has been free for the longest time; those never used first.
    LongestFree,
    /// Any, each with the same chance.
    Random,
}

impl Assign {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Assign::First => "first",
            Assign::Next => "next",
            Assign::LongestFree => "longest-free",
            Assign::Random => "random",
        }
    }
}

impl std::str::FromStr for Assign {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Assign::First, Assign::Next, Assign::LongestFree, Assign::Random]
            .into_iter()
            .find(|assign| assign.as_str() == text)
            .ok_or(())
    }
}

/// The free orbits of a lot by number. Every operation on one orbit is O(log n).
#[derive(Clone, Debug)]
pub(super) struct Free {
    set: OrbitSet,
    order: Order,
}

#[derive(Clone, Debug)]
enum Order {
    First,
    /// Where to go on.
    Next(u32),
    LongestFree(Ages),
    Random,
}

/// Since when orbits are free, in the order in which they became so.
#[derive(Clone, Debug)]
struct Ages {
    /// Free, and never used since they came into service.
    unused: OrbitSet,
    oldest: BTreeMap<u64, u32>,
    since: BTreeMap<u32, u64>,
    last: u64,
}

impl Free {
    /// All of the first `count` orbits are free.
    pub(super) fn all(count: u32, assign: Assign) -> Self {
        let set = OrbitSet::full(count);
        let order = match assign {
            Assign::First => Order::First,
            Assign::Next => Order::Next(0),
            Assign::LongestFree => Order::LongestFree(Ages {
                unused: set.clone(),
                oldest: BTreeMap::new(),
                since: BTreeMap::new(),
                last: 0,
            }),
            Assign::Random => Order::Random,
        };
        Free { set, order }
    }

    pub(super) fn len(&self) -> u32 {
        self.set.len()
    }

    /// Takes the orbit the lot's order gives.
    pub(super) fn take_any(&mut self, rng: &mut fastrand::Rng) -> Option<u32> {
        let orbit = match &self.order {
            Order::First => self.set.nth(0),
            Order::Next(cursor) => self.set.at_or_after(*cursor).or_else(|| self.set.nth(0)),
            Order::LongestFree(ages) => {
                ages.unused.nth(0).or_else(|| ages.oldest.values().next().copied())
            }
            Order::Random => match self.set.len() {
                0 => None,
                free => self.set.nth(rng.u32(..free)),
            },
        }?;
        self.take(orbit);
        if let Order::Next(cursor) = &mut self.order {
            *cursor = orbit.saturating_add(1);
        }
        Some(orbit)
    }

    /// Takes the next free orbit after `orbit`, cyclically.
    pub(super) fn take_after(&mut self, orbit: u32) -> Option<u32> {
        let found = self.set.at_or_after(orbit.saturating_add(1)).or_else(|| self.set.nth(0))?;
        self.take(found);
        Some(found)
    }

    /// Takes the first free orbit from `first` to `last`.
    pub(super) fn take_between(&mut self, first: u32, last: u32) -> Option<u32> {
        let found = self.set.at_or_after(first).filter(|found| *found <= last)?;
        self.take(found);
        Some(found)
    }

    /// Takes that orbit. Returns false if it is not free.
    pub(super) fn take(&mut self, orbit: u32) -> bool {
        if !self.set.remove(orbit) {
            return false;
        }
        if let Order::LongestFree(ages) = &mut self.order
            && !ages.unused.remove(orbit)
            && let Some(since) = ages.since.remove(&orbit)
        {
            ages.oldest.remove(&since);
        }
        true
    }

    /// Takes all of these that are free.
    pub(super) fn take_all(&mut self, orbits: &[u32]) {
        self.set.remove_all(orbits);
        if let Order::LongestFree(ages) = &mut self.order {
            ages.unused.remove_all(orbits);
            if !ages.since.is_empty() {
                for since in orbits.iter().filter_map(|orbit| ages.since.remove(orbit)) {
                    ages.oldest.remove(&since);
                }
            }
        }
    }

    /// A call left that orbit.
    pub(super) fn release(&mut self, orbit: u32) {
        if !self.set.insert(orbit) {
            return;
        }
        if let Order::LongestFree(ages) = &mut self.order {
            ages.last += 1;
            ages.oldest.insert(ages.last, orbit);
            ages.since.insert(orbit, ages.last);
        }
    }

    /// These, none of which may be free, are in service again; they count as never used.
    pub(super) fn reopen(&mut self, orbits: &[u32]) {
        self.set.insert_all(orbits);
        if let Order::LongestFree(ages) = &mut self.order {
            ages.unused.insert_all(orbits);
        }
    }

    /// From now on, no orbit is free.
    pub(super) fn clear(&mut self) {
        self.set = OrbitSet::empty(self.set.size());
        if let Order::LongestFree(ages) = &mut self.order {
            ages.unused = self.set.clone();
            ages.oldest.clear();
            ages.since.clear();
        }
    }

    /// All orbits have to be free. Goes on where `old` stood after its orbits were numbered anew by `renumber`: the cursor stays,
    /// and the orbits that were used keep their order.
    pub(super) fn follow(&mut self, old: &Free, renumber: impl Fn(u32) -> Option<u32>) {
        match (&mut self.order, &old.order) {
            (Order::Next(cursor), Order::Next(was)) => {
                // The cursor is one past the orbit given last.
                let last = was.checked_sub(1).and_then(&renumber);
                *cursor = last.map_or(0, |last| last.saturating_add(1));
            }
            (Order::LongestFree(ages), Order::LongestFree(was)) => {
                let used = was.oldest.values().filter_map(|&orbit| renumber(orbit));
                ages.oldest = (1..).zip(used).collect();
                ages.last = ages.oldest.len() as u64;
                ages.since = ages.oldest.iter().map(|(since, orbit)| (*orbit, *since)).collect();
                let used: Vec<u32> = ages.since.keys().copied().collect();
                ages.unused.remove_all(&used);
            }
            _ => {}
        }
    }
}
