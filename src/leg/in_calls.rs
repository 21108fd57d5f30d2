//! Which users are in calls, in whatever part of one: every channel that there is, by the user whose phone it is. So whether a
//! user is free needs no look at every channel of the switch.

use std::collections::HashMap;
use std::sync::Arc;

use crate::switch::lock::Mutex;

use crate::leg::called;
use crate::module::Module;
use crate::park::User;
use crate::switch::{Channel, Located, Session};

/// Whose phone a leg is.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Whose {
    user: User,
    /// The From of a call without a login names the user, and this is the address that the call comes from. None: the phone
    /// has logged in for the call, or has been called.
    named_from: Option<String>,
}

/// The legs of users.
#[derive(Default)]
pub(crate) struct InCalls(Mutex<Legs>);

#[derive(Default)]
struct Legs {
    of: HashMap<User, HashMap<String, Option<String>>>,
    whose: HashMap<String, Whose>,
}

impl InCalls {
    /// Those of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// A leg begins, is routed, or is in a bridge: the dialplan may have said in between whose it is.
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
        let legs = self.0.lock().of(user);
        // One that has hung up is here for as long as anybody writes its CDR.
        at(legs, contacts).any(|uuid| Located::find(&uuid).is_some())
    }

    /// The legs of that user's phones. A caller who has not logged in is not believed to be the user.
    #[cfg(feature = "web")]
    #[must_use]
    pub(crate) fn legs(&self, user: &User) -> Vec<String> {
        let legs = self.0.lock().of(user).into_iter();
        legs.filter(|(_, named_from)| named_from.is_none()).map(|(uuid, _)| uuid).collect()
    }
}

fn whose(channel: Channel<'_>) -> Option<Whose> {
    let sure = |user| Whose { user, named_from: None };
    let own = channel.own_variables();
    let get = |name: &str| own.get(name);
    let presence = || get("presence_id")?.user();
    if get("direction").is_some_and(|is| is.is("outbound")) {
        return called::user(channel).or_else(presence).map(sure);
    }
    if let Some(name) = get("user_name") {
        return User::of(&name, &get("domain_name")?).map(sure);
    }
    let ip = own.of_switch("sip_network_ip")?;
    let ip = if ip.contains(':') { format!("[{ip}]") } else { ip };
    let address = format!("{ip}:{}", own.of_switch("sip_network_port")?);
    Some(Whose { user: presence()?, named_from: Some(address) })
}

impl Legs {
    fn note(&mut self, uuid: String, whose: Option<Whose>) {
        if self.whose.get(&uuid) == whose.as_ref() {
            return;
        }
        self.forget(&uuid);
        let Some(whose) = whose else { return };
        let legs = self.of.entry(whose.user.clone()).or_default();
        legs.insert(uuid.clone(), whose.named_from.clone());
        self.whose.insert(uuid, whose);
    }

    fn forget(&mut self, uuid: &str) {
        let Some(Whose { user, .. }) = self.whose.remove(uuid) else { return };
        if let Some(legs) = self.of.get_mut(&user) {
            legs.remove(uuid);
            if legs.is_empty() {
                self.of.remove(&user);
            }
        }
    }

    fn of(&self, user: &User) -> Vec<(String, Option<String>)> {
        let legs = self.of.get(user).into_iter().flatten();
        legs.map(|(uuid, named_from)| (uuid.clone(), named_from.clone())).collect()
    }
}

/// Those that are, or come from, a phone that is registered there.
fn at(legs: Vec<(String, Option<String>)>, contacts: &str) -> impl Iterator<Item = String> + use<> {
    let contacts = contacts.replace("%3A", ":").replace("%40", "@");
    let is_theirs =
        move |from: &Option<String>| from.as_ref().is_none_or(|address| is_at(&contacts, address));
    legs.into_iter().filter(move |(_, from)| is_theirs(from)).map(|(uuid, _)| uuid)
}

/// Whether a phone is registered at that `host:port`, by its own word or by what mod_sofia has seen of it (`fs_path`).
fn is_at(contacts: &str, address: &str) -> bool {
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

    fn sure(name: &str) -> Option<Whose> {
        Some(Whose { user: user(name), named_from: None })
    }

    fn named(name: &str, from: &str) -> Option<Whose> {
        Some(Whose { user: user(name), named_from: Some(from.to_owned()) })
    }

    impl Legs {
        fn have(&self, name: &str, contacts: &str) -> bool {
            at(self.of(&user(name)), contacts).next().is_some()
        }
    }

    #[test]
    fn a_phone_is_where_it_is_registered() {
        let contacts = "{presence_id=1@a.b}[x=y]sofia/internal/sip:1001@192.0.2.1:5060;fs_nat=yes;\
            fs_path=sip%3A1001%40203.0.113.7%3A40001,sofia/internal/sip:1001@[2001:db8::1]:5062";
        for (address, contacts, expected) in [
            ("192.0.2.1:5060", contacts, true),
            ("203.0.113.7:40001", contacts, true),
            ("[2001:db8::1]:5062", contacts, true),
            ("192.0.2.1:506", contacts, false),
            ("92.0.2.1:5060", contacts, false),
            ("203.0.113.7:5060", contacts, false),
            ("198.51.100.1:5060", contacts, false),
            ("192.0.2.1:5060", "error/user_not_registered", false),
        ] {
            let mut legs = Legs::default();
            legs.note("x".to_owned(), named("1001@a.b", address));
            assert_eq!(legs.have("1001@a.b", contacts), expected, "{address}");
        }
    }

    #[test]
    fn whoever_merely_says_a_user_s_name_does_not_make_that_user_busy() {
        let mut legs = Legs::default();
        let at = |ip: &str| format!("sofia/internal/sip:1001@{ip}:5060");
        for leg in ["x", "y"] {
            legs.note(leg.to_owned(), named("1001@a.b", "198.51.100.1:5060"));
        }
        assert!(!legs.have("1001@a.b", &at("192.0.2.1")));
        assert!(legs.have("1001@a.b", &at("198.51.100.1")));
        assert!(!legs.have("1002@a.b", &at("198.51.100.1")));
        legs.forget("x");
        assert!(legs.have("1001@a.b", &at("198.51.100.1")));
        // The dialplan has said since who that is.
        legs.note("y".to_owned(), sure("1001@A.b"));
        assert!(legs.have("1001@a.b", &at("192.0.2.1")));
    }

    #[test]
    fn a_user_is_in_a_call_until_the_last_leg_is_gone() {
        let mut legs = Legs::default();
        for leg in ["a", "b", "b"] {
            legs.note(leg.to_owned(), sure("1@x"));
        }
        legs.note("c".to_owned(), named("1@x", "192.0.2.1:5060"));
        legs.note("d".to_owned(), None);
        legs.forget("a");
        assert!(legs.have("1@x", ""));
        legs.note("b".to_owned(), sure("2@x"));
        assert!(!legs.have("1@x", "") && legs.have("2@x", ""));
        for leg in ["b", "c", "d", "d"] {
            legs.forget(leg);
        }
        assert!(legs.of.is_empty() && legs.whose.is_empty());
    }
}
