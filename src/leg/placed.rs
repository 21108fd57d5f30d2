//! The SIP calls that this switch has placed, by their Call-ID: one of them may come back to the switch as a call of its own.
//!
//! FreeSWITCH notes a Call-ID when the first answer comes, and says so to nobody. So a leg waits here until somebody asks,
//! and is then looked at until it has one; after that it is found at once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::switch::lock::Mutex;

use crate::module::Module;
use crate::switch::{Channel, Located, Session};

/// The calls that were placed.
#[derive(Default)]
pub(crate) struct Placed(Mutex<Legs>);

#[derive(Default)]
struct Legs {
    /// Those whose Call-ID is not known.
    new: HashSet<String>,
    by_call_id: HashMap<String, String>,
    call_ids: HashMap<String, String>,
}

impl Placed {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// A channel begins.
    pub(super) fn began(&self, session: Session<'_>) {
        if is_placed(session.channel()) {
            let uuid = session.uuid();
            self.0.lock().new.insert(uuid);
        }
    }

    /// A channel talks, so it has its Call-ID if it is ever to have one.
    pub(super) fn bridged(&self, session: Session<'_>) {
        let uuid = session.uuid();
        let is_new = self.0.lock().new.contains(&uuid);
        if let Some(id) = is_new.then(|| call_id(session.channel())).flatten() {
            self.0.lock().learn(uuid, id);
        }
    }

    /// A channel is gone.
    pub(super) fn ended(&self, session: Session<'_>) {
        let uuid = session.uuid();
        self.0.lock().forget(&uuid);
    }

    /// The leg with which a call of that Call-ID was placed.
    pub(super) fn leg(&self, id: &str) -> Option<Located> {
        let known = self.0.lock().by_call_id.get(id).cloned();
        let uuid = known.or_else(|| {
            self.learn_all();
            self.0.lock().by_call_id.get(id).cloned()
        });
        Located::find(&uuid?)
    }

    fn learn_all(&self) {
        let new: Vec<String> = self.0.lock().new.iter().cloned().collect();
        for uuid in new {
            let leg = Located::find(&uuid);
            if let Some(id) = leg.and_then(|leg| call_id(leg.session().channel())) {
                self.0.lock().learn(uuid, id);
            }
        }
    }
}

fn is_placed(channel: Channel<'_>) -> bool {
    channel.name().starts_with("sofia/")
        && channel.variable("direction").as_deref() == Some("outbound")
}

fn call_id(channel: Channel<'_>) -> Option<String> {
    channel.variable("sip_call_id")
}

impl Legs {
    fn learn(&mut self, uuid: String, id: String) {
        // Unless it has ended meanwhile.
        if self.new.remove(&uuid) {
            self.by_call_id.insert(id.clone(), uuid.clone());
            self.call_ids.insert(uuid, id);
        }
    }

    fn forget(&mut self, uuid: &str) {
        self.new.remove(uuid);
        if let Some(id) = self.call_ids.remove(uuid)
            && self.by_call_id.get(&id).is_some_and(|newest| newest == uuid)
        {
            self.by_call_id.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_is_found_by_its_call_id_until_it_is_gone() {
        let mut legs = Legs::default();
        for leg in ["a", "b", "c"] {
            legs.new.insert(leg.to_owned());
        }
        legs.forget("c");
        for leg in ["a", "b", "c"] {
            legs.learn(leg.to_owned(), format!("id-{leg}"));
        }
        assert_eq!(legs.by_call_id.get("id-b").map(String::as_str), Some("b"));
        assert_eq!(legs.by_call_id.get("id-c"), None);
        // An INVITE with the same Call-ID, which the first leg's end does not hide.
        legs.new.insert("d".to_owned());
        legs.learn("d".to_owned(), "id-a".to_owned());
        legs.forget("a");
        assert_eq!(legs.by_call_id.get("id-a").map(String::as_str), Some("d"));
        legs.forget("d");
        legs.forget("b");
        assert!(legs.new.is_empty() && legs.by_call_id.is_empty() && legs.call_ids.is_empty());
    }
}
