//! Which lamp shows what to whom. Lamps of everybody's lots are shown to all who watch them at once, those of tenants to each
//! phone by itself.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::module::Module;
use crate::park::{LotKey, OrbitName, Park};
use crate::party;
use crate::presence::{Asked, Shown, domain_of, lot_now, orbit_now};
use crate::switch::core;
use crate::watchers::Watchers;

/// A subscription that there is not: what is said to it only those hear who listen to events.
const NO_SUBSCRIPTION: &str = "callpark";

/// How many lamps are remembered that are watched under another domain than their lot's.
const MOST_ELSEWHERE: usize = 10_000;

/// The lamps as they were shown last: what has not changed is not shown again. Only the worker has them, and only it
/// answers who asks, so that the last one shown is the last one that was true. Lamps that are off are not in here.
#[derive(Default)]
pub struct Lamps {
    lit: HashMap<(String, String), Shown>,
    /// Under which other domains phones watch a lamp: those of a tenant may watch the orbits of a lot of everybody's.
    elsewhere: BTreeSet<(String, String)>,
    /// Who watches lamps that tenants have.
    watchers: Watchers,
    /// The proto of those that are lit.
    proto: String,
}

/// What `login` means to somebody in `domain`: an orbit, or a lot as a whole.
fn meant(park: &Park, login: &str, domain: &str) -> Option<(LotKey, Option<OrbitName>)> {
    // Whoever watches under an address of the switch watches under its domain.
    let host = party::host_of(domain);
    let domain = host.parse::<IpAddr>().ok().and_then(|_| core::domain());
    let domain = domain.as_deref().unwrap_or(host);
    match park.orbit_at(login, Some(domain)) {
        Some((lot, orbit)) => Some((lot, Some(orbit))),
        None => park.resolve(login, Some(domain)).ok().map(|lot| (lot, None)),
    }
}

impl Lamps {
    /// Shows the lamps of an orbit and of its lot as they are now. Some: look at them again after so long.
    pub fn show(&mut self, module: &Module, lot: &LotKey, orbit: &OrbitName) -> Option<Duration> {
        self.follow_proto(module);
        let home = domain_of(lot)?;
        let (shown, later) = orbit_now(module, lot, orbit);
        let whole = lot_now(module, lot);
        for (login, shown) in [(orbit.as_str(), shown), (lot.name.as_str(), whole)] {
            if lot.domain.is_some() || module.look(|park| park.is_of_a_tenant(login)) {
                self.show_each(module, lot, login, &shown);
                self.change(login, &home, &shown, Some(NO_SUBSCRIPTION));
                continue;
            }
            for domain in self.other_domains(login, &home).iter().chain([&home]) {
                self.change(login, domain, &shown, None);
            }
        }
        later
    }

    /// Shows each phone what `login` means to it now: a lamp of that lot, or after a reload of another, or nothing any more.
    fn show_each(&mut self, module: &Module, lot: &LotKey, login: &str, shown: &Shown) {
        for (call_id, watcher) in self.watchers.of(login) {
            let domain = &watcher.domain;
            let now = match module.look(|park| meant(park, login, domain)) {
                Some((meant, _)) if meant == *lot => shown.clone(),
                Some((meant, Some(orbit))) => orbit_now(module, &meant, &orbit).0,
                Some((meant, None)) => lot_now(module, &meant),
                None => Shown::off(),
            };
            if watcher.shown != now {
                now.fire(&self.proto, login, domain, Some(call_id));
                watcher.shown = now;
            }
        }
    }

    /// Answers a phone that asks.
    pub fn answer(&mut self, module: &Arc<Module>, asked: Asked) {
        self.follow_proto(module);
        let (login, domain) = (asked.login.as_str(), asked.domain.as_str());
        let Some((lot, orbit)) = module.look(|park| meant(park, login, domain)) else { return };
        match asked.is_stranger(module, &lot) {
            Some(false) => {}
            // As if it were not there.
            Some(true) => return,
            None => return asked.look_first(module),
        }
        let shown = match orbit {
            Some(orbit) => orbit_now(module, &lot, &orbit).0,
            None => lot_now(module, &lot),
        };
        if lot.domain.is_some() || module.look(|park| park.is_of_a_tenant(login)) {
            self.watchers.note(&asked, shown.clone());
        } else if domain.parse::<IpAddr>().is_err()
            && domain_of(&lot).is_some_and(|home| home != domain)
            && self.elsewhere.len() < MOST_ELSEWHERE
        {
            let lamp = (login.to_owned(), domain.to_owned());
            if !shown.is_off() {
                self.lit.entry(lamp.clone()).or_insert_with(|| shown.clone());
            }
            self.elsewhere.insert(lamp);
        }
        shown.fire(&self.proto, login, domain, asked.call_id.as_deref());
    }

    /// If lamps are called otherwise now, those of the old name go out, and those of the new one are lit.
    pub fn follow_proto(&mut self, module: &Module) {
        let proto = module.settings.read().presence_proto.clone();
        if proto == self.proto {
            return;
        }
        for ((login, domain), shown) in &self.lit {
            Shown::off().fire(&self.proto, login, domain, None);
            shown.fire(&proto, login, domain, None);
        }
        for ((login, call_id), watcher) in self.watchers.take_all() {
            Shown::off().fire(&self.proto, &login, &watcher.domain, Some(&call_id));
        }
        self.proto = proto;
    }

    fn other_domains(&self, login: &str, home: &str) -> Vec<String> {
        let from = (login.to_owned(), String::new());
        let of_login = self.elsewhere.range(from..).take_while(|(other, _)| other == login);
        of_login.map(|(_, domain)| domain.clone()).filter(|domain| domain != home).collect()
    }

    fn change(&mut self, login: &str, domain: &str, shown: &Shown, to: Option<&str>) {
        let key = (login.to_owned(), domain.to_owned());
        let before = self.lit.get(&key);
        if before.map_or(shown.is_off(), |before| before == shown) {
            return;
        }
        shown.fire(&self.proto, login, domain, to);
        if shown.is_off() {
            self.lit.remove(&key);
        } else {
            self.lit.insert(key, shown.clone());
        }
    }
}
