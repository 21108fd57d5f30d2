//! Which users are in calls, in whatever part of one: every channel that there is, by the user whose phone it is. So whether a
//! user is free needs no look at every channel of the switch.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::switch::lock::Mutex;

use crate::leg::called;
use crate::module::Module;
use crate::park::User;
use crate::switch::{Channel, Session};

/// Whose phone a leg is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Whose {
    /// The phone has logged in for the call, or has been called.
    User(User),
    /// The From of a call without a login names that user, and this is the address that the call comes from.
    Named(User, String),
}

/// The legs of users.
#[derive(Default)]
pub(crate) struct InCalls(Mutex<Legs>);

#[derive(Default)]
struct Legs {
    of: HashMap<User, HashSet<String>>,
    /// The addresses that calls come from whose From names the user, and how many calls.
    named: HashMap<User, HashMap<String, usize>>,
    whose: HashMap<String, Whose>,
}

impl InCalls {
    /// Those of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// A leg begins, or is in a bridge: by then the dialplan may have said whose it is.
    pub(super) fn note(&self, session: Session<'_>) {
        let (uuid, whose) = (session.uuid(), whose(session.channel()));
        self.0.lock().note(uuid, whose);
    }

    /// It is gone.
    pub(super) fn ended(&self, session: Session<'_>) {
        let uuid = session.uuid();
        self.0.lock().forget(&uuid);
    }

    /// Whether that user is in a call. `contacts` says where the user's phones are registered.
    #[must_use]
    pub(crate) fn has(&self, user: &User, contacts: &str) -> bool {
        self.0.lock().has(user, contacts)
    }

    /// The legs of that user's phones. Who has not logged in for a call is not believed.
    #[cfg(feature = "web")]
    #[must_use]
    pub(crate) fn legs(&self, user: &User) -> Vec<String> {
        let legs = self.0.lock();
        legs.of.get(user).into_iter().flatten().cloned().collect()
    }
}

fn whose(channel: Channel<'_>) -> Option<Whose> {
    let own = channel.own_variables();
    let get = |name: &str| own.get(name);
    let presence = || get("presence_id")?.user();
    if get("direction").is_some_and(|is| is.is("outbound")) {
        return called::user(channel).or_else(presence).map(Whose::User);
    }
    if let Some(name) = get("user_name") {
        return User::of(&name, &get("domain_name")?).map(Whose::User);
    }
    let ip = own.of_switch("sip_network_ip")?;
    let ip = if ip.contains(':') { format!("[{ip}]") } else { ip };
    Some(Whose::Named(presence()?, format!("{ip}:{}", own.of_switch("sip_network_port")?)))
}

impl Legs {
    fn note(&mut self, uuid: String, whose: Option<Whose>) {
        if self.whose.get(&uuid) == whose.as_ref() {
            return;
        }
        self.forget(&uuid);
        let Some(whose) = whose else { return };
        match whose.clone() {
            Whose::User(user) => drop(self.of.entry(user).or_default().insert(uuid.clone())),
            Whose::Named(user, address) => {
                *self.named.entry(user).or_default().entry(address).or_default() += 1;
            }
        }
        self.whose.insert(uuid, whose);
    }

    fn forget(&mut self, uuid: &str) {
        match self.whose.remove(uuid) {
            Some(Whose::User(user)) => {
                if let Some(legs) = self.of.get_mut(&user) {
                    legs.remove(uuid);
                    if legs.is_empty() {
                        self.of.remove(&user);
                    }
                }
            }
            Some(Whose::Named(user, address)) => {
                let Some(addresses) = self.named.get_mut(&user) else { return };
                if let Some(calls) = addresses.get_mut(&address) {
                    *calls -= 1;
                    if *calls == 0 {
                        addresses.remove(&address);
                    }
                }
                if addresses.is_empty() {
                    self.named.remove(&user);
                }
            }
            None => {}
        }
    }

    fn has(&self, user: &User, contacts: &str) -> bool {
        self.of.contains_key(user)
            || self
                .named
                .get(user)
                .is_some_and(|addresses| addresses.keys().any(|address| is_at(contacts, address)))
    }
}

/// Whether a phone is registered at that `host:port`, by its own word or by what mod_sofia has seen of it (`fs_path`).
fn is_at(contacts: &str, address: &str) -> bool {
    let contacts = contacts.replace("%3A", ":").replace("%40", "@");
    contacts.match_indices(address).any(|(at, _)| {
        let before = contacts.get(..at).and_then(|text| text.chars().next_back());
        let after = contacts.get(at + address.len()..).and_then(|text| text.chars().next());
        before.is_some_and(|c| "@:/".contains(c)) && after.is_none_or(|c| !c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> User {
        name.parse().expect("a user")
    }

    #[test]
    fn a_phone_is_where_it_is_registered() {
        let contacts = "{presence_id=1@a.b}[x=y]sofia/internal/sip:1001@192.0.2.1:5060;fs_nat=yes;\
            fs_path=sip%3A1001%40203.0.113.7%3A40001,sofia/internal/sip:1001@[2001:db8::1]:5062";
        for (address, expected) in [
            ("192.0.2.1:5060", true),
            ("203.0.113.7:40001", true),
            ("[2001:db8::1]:5062", true),
            ("192.0.2.1:506", false),
            ("92.0.2.1:5060", false),
            ("203.0.113.7:5060", false),
            ("198.51.100.1:5060", false),
        ] {
            assert_eq!(is_at(contacts, address), expected, "{address}");
        }
        assert!(!is_at("error/user_not_registered", "192.0.2.1:5060"));
    }

    #[test]
    fn whoever_merely_says_a_user_s_name_does_not_make_that_user_busy() {
        let mut legs = Legs::default();
        let named = || Whose::Named(user("1001@a.b"), "198.51.100.1:5060".to_owned());
        let at = |ip: &str| format!("sofia/internal/sip:1001@{ip}:5060");
        legs.note("x".to_owned(), Some(named()));
        legs.note("y".to_owned(), Some(named()));
        assert!(!legs.has(&user("1001@a.b"), &at("192.0.2.1")));
        assert!(legs.has(&user("1001@a.b"), &at("198.51.100.1")));
        assert!(!legs.has(&user("1002@a.b"), &at("198.51.100.1")));
        legs.forget("x");
        assert!(legs.has(&user("1001@a.b"), &at("198.51.100.1")));
        // The dialplan has said since who that is.
        legs.note("y".to_owned(), Some(Whose::User(user("1001@A.b"))));
        assert!(legs.has(&user("1001@a.b"), &at("192.0.2.1")));
    }

    #[test]
    fn a_user_is_in_a_call_until_the_last_leg_is_gone() {
        let mut legs = Legs::default();
        for leg in ["a", "b", "b"] {
            legs.note(leg.to_owned(), Some(Whose::User(user("1@x"))));
        }
        legs.note("c".to_owned(), Some(Whose::Named(user("1@x"), "192.0.2.1:5060".to_owned())));
        legs.note("d".to_owned(), None);
        legs.forget("a");
        assert!(legs.has(&user("1@x"), ""));
        legs.note("b".to_owned(), Some(Whose::User(user("2@x"))));
        assert!(!legs.has(&user("1@x"), "") && legs.has(&user("2@x"), ""));
        for leg in ["b", "c", "d", "d"] {
            legs.forget(leg);
        }
        assert!(legs.of.is_empty() && legs.named.is_empty() && legs.whose.is_empty());
    }
}
