//! Legs that have hung up, for a while. A party that transfers a call has hung up before the call arrives.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::switch::lock::Mutex;

use crate::leg::feature_codes::Codes;
use crate::leg::party::Marks;
use crate::module::Module;
use crate::switch::{Located, Session, hangup};

/// For how long a leg is remembered: a transferred caller may hear something in a dialplan before being parked.
const REMEMBERED: Duration = Duration::from_secs(120);
/// The most legs that are remembered.
const MOST: usize = 16_384;

/// What legs that were in a bridge had when they hung up.
#[derive(Default)]
pub(crate) struct Departed {
    names: [RandomState; 2],
    legs: Mutex<Legs>,
}

/// A uuid, told from others by two keyed hashes. It needs no memory of its own: thousands of small pieces, each made by another
/// leg's thread and kept for two minutes, would keep `malloc` from returning what else those threads have freed.
type Name = [u64; 2];

#[derive(Default)]
struct Legs {
    /// None: the leg had nothing, as most have.
    had: HashMap<Name, Option<Box<Had>>>,
    order: VecDeque<(Instant, Name)>,
}

/// What a leg had.
#[derive(Clone, Default, PartialEq, Eq)]
struct Had {
    marks: Marks,
    codes: Codes,
}

impl Departed {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    fn name(&self, uuid: &str) -> Name {
        [&self.names[0], &self.names[1]].map(|key| key.hash_one(uuid))
    }

    fn remember(&self, uuid: &str, marks: Marks, codes: Codes) {
        let name = self.name(uuid);
        let now = Instant::now();
        let had = Had { marks, codes };
        let had = (had != Had::default()).then(|| Box::new(had));
        let mut legs = self.legs.lock();
        while legs.order.len() >= MOST
            || legs.order.front().is_some_and(|(at, _)| now.duration_since(*at) > REMEMBERED)
        {
            let Some((_, oldest)) = legs.order.pop_front() else { break };
            legs.had.remove(&oldest);
        }
        legs.order.push_back((now, name));
        legs.had.insert(name, had);
    }

    fn had(&self, uuid: &str) -> Option<Had> {
        let name = self.name(uuid);
        let had = self.legs.lock().had.get(&name).cloned();
        had.map(|had| had.map_or_else(Had::default, |had| *had))
    }

    /// What the leg of that uuid has, or had. `None` if it hung up too long ago.
    #[must_use]
    pub(crate) fn marks(&self, uuid: &str) -> Option<Marks> {
        // In this order: a leg that FreeSWITCH has forgotten was remembered here before that.
        match Located::find_even_down(uuid) {
            Some(leg) => Some(Marks::of(leg.session().channel())),
            None => self.had(uuid).map(|had| had.marks),
        }
    }

    /// The feature codes that are, or were, bound on the leg of that uuid. `None` if it hung up too long ago.
    #[must_use]
    pub(crate) fn codes(&self, uuid: &str) -> Option<Codes> {
        // In this order, as above.
        match Located::find_even_down(uuid) {
            Some(leg) => Some(Codes::of(leg.session())),
            None => self.had(uuid).map(|had| had.codes),
        }
    }
}

/// Remembers every leg that was in a bridge.
pub(crate) struct Listener;

impl hangup::Listener for Listener {
    fn hung_up(session: Session<'_>) {
        let Some(module) = Module::running() else { return };
        let channel = session.channel();
        if channel.variable("last_bridge_to").is_some() {
            Departed::of(&module).remember(&session.uuid(), Marks::of(channel), Codes::of(session));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Departed, MOST};
    use crate::leg::feature_codes::Codes;
    use crate::leg::party::Marks;

    #[test]
    fn no_more_legs_are_remembered_than_there_is_room_for() {
        let departed = Departed::default();
        for n in 0..MOST + 10 {
            departed.remember(&n.to_string(), Marks::default(), Codes::default());
        }
        let legs = departed.legs.lock();
        assert_eq!((legs.had.len(), legs.order.len()), (MOST, MOST));
        assert!(
            !legs.had.contains_key(&departed.name("9"))
                && legs.had.contains_key(&departed.name("10"))
        );
    }
}
