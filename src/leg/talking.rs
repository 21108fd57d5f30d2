//! Who talks: the legs in bridges, by the phone or user whose they are. So finding the other call of a phone needs no look at
//! every channel of the switch.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::switch::lock::Mutex;

use crate::leg::called;
use crate::module::Module;
use crate::switch::channel::Flag;
use crate::switch::{Channel, Located, SentField, Session};

/// The most legs of one phone or user that are remembered: no phone has so many calls, and a trunk under one name has no
/// other call to complete a transfer with.
const MOST_OF_ONE: usize = 64;

/// Whose a leg is: its `presence_id`, and the user whom it was called for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Whose {
    Presence(String),
    Dialled(String),
}

/// Legs that are, or have been, in a bridge.
#[derive(Default)]
pub(crate) struct Talking(Mutex<Legs>);

#[derive(Default)]
struct Legs {
    of: HashMap<Whose, VecDeque<String>>,
    whose: HashMap<String, Vec<Whose>>,
}

impl Talking {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// A leg is in a bridge, or about to be.
    pub(super) fn bridged(&self, session: Session<'_>) {
        let (uuid, whose) = (session.uuid(), whose(session.channel()));
        self.0.lock().note(uuid, whose);
    }

    /// It is gone.
    pub(super) fn ended(&self, session: Session<'_>) {
        let uuid = session.uuid();
        self.0.lock().forget(&uuid);
    }

    /// Whether another leg of the same phone, or user, is in a bridge.
    pub(super) fn elsewhere(&self, session: Session<'_>) -> bool {
        let own = session.uuid();
        let Some(id) = session.channel().sent(SentField::PRESENCE_ID) else { return false };
        let id = id.as_it_came();
        let user = id.split('@').next().unwrap_or_default();
        let legs = self.0.lock().of([Whose::Presence(id.into()), Whose::Dialled(user.into())]);
        legs.iter()
            .filter(|uuid| **uuid != own)
            .filter_map(|uuid| Located::find(uuid))
            .any(|leg| leg.session().channel().test(Flag::Bridged))
    }
}

fn whose(channel: Channel<'_>) -> Vec<Whose> {
    let presence = channel.sent(SentField::PRESENCE_ID);
    let presence = presence.map(|id| Whose::Presence(id.as_it_came().to_owned()));
    let dialled = called::user(channel).map(|user| Whose::Dialled(user.user().to_owned()));
    presence.into_iter().chain(dialled).collect()
}

impl Legs {
    fn note(&mut self, uuid: String, whose: Vec<Whose>) {
        if self.whose.get(&uuid) == Some(&whose) {
            return;
        }
        self.forget(&uuid);
        for one in &whose {
            let legs = self.of.entry(one.clone()).or_default();
            if legs.len() >= MOST_OF_ONE {
                legs.pop_front();
            }
            legs.push_back(uuid.clone());
        }
        if !whose.is_empty() {
            self.whose.insert(uuid, whose);
        }
    }

    fn forget(&mut self, uuid: &str) {
        for one in self.whose.remove(uuid).unwrap_or_default() {
            if let Some(legs) = self.of.get_mut(&one) {
                legs.retain(|leg| leg != uuid);
                if legs.is_empty() {
                    self.of.remove(&one);
                }
            }
        }
    }

    /// The newest first.
    fn of(&self, whose: [Whose; 2]) -> Vec<String> {
        whose.iter().filter_map(|one| self.of.get(one)).flatten().rev().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presence(id: &str) -> Whose {
        Whose::Presence(id.to_owned())
    }

    fn dialled(user: &str) -> Whose {
        Whose::Dialled(user.to_owned())
    }

    #[test]
    fn legs_are_found_by_either_name_until_they_are_gone() {
        let mut legs = Legs::default();
        legs.note("a".to_owned(), vec![presence("1@x")]);
        legs.note("b".to_owned(), vec![presence("2@x"), dialled("1")]);
        legs.note("c".to_owned(), Vec::new());
        assert_eq!(legs.of([presence("1@x"), dialled("1")]), ["b", "a"]);
        assert_eq!(legs.of([presence("3@x"), dialled("3")]), [""; 0]);
        // The same leg again, which is somebody else's now.
        legs.note("a".to_owned(), vec![presence("3@x")]);
        assert_eq!(legs.of([presence("1@x"), dialled("1")]), ["b"]);
        assert_eq!(legs.of([presence("3@x"), dialled("3")]), ["a"]);
        for leg in ["a", "b", "c"] {
            legs.forget(leg);
        }
        assert!(legs.of.is_empty() && legs.whose.is_empty());
    }

    #[test]
    fn a_trunk_under_one_name_costs_as_much_as_a_phone() {
        let mut legs = Legs::default();
        for n in 0..10_000 {
            legs.note(n.to_string(), vec![presence("anonymous@x")]);
        }
        let found = legs.of([presence("anonymous@x"), dialled("anonymous")]);
        assert_eq!((found.len(), found[0].as_str()), (MOST_OF_ONE, "9999"));
        for n in 0..10_000 {
            legs.forget(&n.to_string());
        }
        assert!(legs.of.is_empty() && legs.whose.is_empty());
    }
}
