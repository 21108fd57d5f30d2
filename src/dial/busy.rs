//! Which users are in a call. One look at every channel of the switch answers all questions that arrive
//! meanwhile.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::switch::lock::{Condvar, Mutex};

use crate::leg::called;
use crate::module::Module;
use crate::park::User;
use crate::switch::{Channel, Located, core};

/// The users in calls, at one moment.
#[derive(Debug, Default)]
pub(crate) struct InCalls {
    /// The users whose phones have logged in for a call, or have been called.
    users: HashSet<User>,
    /// The users in the From of calls without a login, and the addresses that such calls come from.
    named: HashMap<User, Vec<String>>,
}

impl InCalls {
    /// Whether that user is in a call. `contacts` says where the user's phones are registered.
    #[must_use]
    pub(crate) fn has(&self, user: &str, contacts: &str) -> bool {
        let Ok(user) = user.parse::<User>() else { return false };
        let from_a_phone =
            |addresses: &Vec<String>| addresses.iter().any(|address| is_at(contacts, address));
        self.users.contains(&user) || self.named.get(&user).is_some_and(from_a_phone)
    }

    fn now() -> Self {
        let mut in_calls = Self::default();
        for leg in core::all_channels().iter().filter_map(|uuid| Located::find(uuid)) {
            in_calls.add(leg.session().channel());
        }
        in_calls
    }

    fn add(&mut self, channel: Channel<'_>) {
        let own = channel.own_variables();
        let get = |name: &str| own.get(name);
        let user = |user: &str, domain: &str| User::of(&get(user)?, &get(domain)?);
        let presence = || get("presence_id")?.user();
        if get("direction").is_some_and(|is| is.is("outbound")) {
            self.users.extend(called::user(channel).or_else(presence));
        } else if get("user_name").is_some() {
            self.users.extend(user("user_name", "domain_name"));
        } else if let (Some(user), Some(ip), Some(port)) =
            (presence(), own.of_switch("sip_network_ip"), own.of_switch("sip_network_port"))
        {
            let ip = if ip.contains(':') { format!("[{ip}]") } else { ip };
            self.named.entry(user).or_default().push(format!("{ip}:{port}"));
        }
    }
}

/// The channels of that user's phones that talk to somebody, and that somebody's channel.
#[cfg(feature = "web")]
#[must_use]
pub(crate) fn talking(user: &User) -> Vec<(String, String)> {
    let legs = core::all_channels();
    let pairs = legs.iter().filter_map(|uuid| {
        let leg = Located::find(uuid)?;
        let channel = leg.session().channel();
        let mut one = InCalls::default();
        one.add(channel);
        // Who has not logged in for this call is not believed.
        one.users.contains(user).then(|| channel.bridged_with())?.map(|other| (uuid.clone(), other))
    });
    pairs.collect()
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

/// The looks at all channels.
#[derive(Default)]
pub(crate) struct Busy {
    looks: Mutex<Looks>,
    looked: Condvar,
}

#[derive(Default)]
struct Looks {
    /// How many looks have begun.
    begun: u64,
    /// Whether a look is under way.
    under_way: bool,
    /// The last look that ended, and its result.
    last: (u64, Arc<InCalls>),
}

impl Busy {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// The users who are in a call now, as seen by a look that began after this call.
    #[must_use]
    pub(crate) fn look(&self) -> Arc<InCalls> {
        let mut looks = self.looks.lock();
        let wanted = looks.begun + 1;
        while looks.last.0 < wanted {
            if looks.under_way {
                self.looked.wait(&mut looks);
                continue;
            }
            looks.begun += 1;
            looks.under_way = true;
            let number = looks.begun;
            drop(looks);
            let ends = Ends(self);
            let seen = Arc::new(InCalls::now());
            self.looks.lock().last = (number, seen);
            drop(ends);
            looks = self.looks.lock();
        }
        Arc::clone(&looks.last.1)
    }
}

/// Ends a look, even one that fails, because others wait for it.
struct Ends<'a>(&'a Busy);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.looks.lock().under_way = false;
        self.0.looked.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::{InCalls, is_at};

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
        let user: crate::park::User = "1001@a.b".parse().expect("a user");
        let mut in_calls = InCalls::default();
        in_calls.named.insert(user.clone(), vec!["198.51.100.1:5060".to_owned()]);
        let at = |ip: &str| format!("sofia/internal/sip:1001@{ip}:5060");
        assert!(!in_calls.has("1001@a.b", &at("192.0.2.1")));
        assert!(in_calls.has("1001@a.b", &at("198.51.100.1")));
        assert!(!in_calls.has("1002@a.b", &at("198.51.100.1")));
        in_calls.users.insert(user);
        assert!(in_calls.has("1001@A.b", &at("192.0.2.1")));
    }
}
