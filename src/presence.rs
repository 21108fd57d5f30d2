//! Lamps: what BLF keys show of orbits and lots. One function builds every presence event.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::clock;
use crate::module::Module;
use crate::park::{Dialog, Lamp, LotKey, OrbitName};
use crate::switch::core;
use crate::switch::event::{Event, Heard, Kind, Listener};
use crate::worker::Message;

/// What one lamp shows.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Shown {
    light: Light,
    /// What is said of it: `Parked`, `2 calls`, `Idle`.
    status: String,
    /// The waiting caller's name and number, if they may be shown.
    caller: Option<(Arc<str>, Arc<str>)>,
    /// By which phones pick it up.
    dialog: Option<Dialog>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Light {
    Off,
    Steady,
    Blinking,
}

impl Shown {
    fn off() -> Self {
        Self { light: Light::Off, status: "Idle".to_owned(), caller: None, dialog: None }
    }

    /// Fires it for the lamp `login@domain`; to the one subscription `asked_by`, or to all.
    fn fire(&self, proto: &str, login: &str, domain: &str, asked_by: Option<&str>) {
        let Some(mut event) = Event::new(Kind::PresenceIn, None) else { return };
        let (rpid, state, answer) = match self.light {
            Light::Steady => ("active", "CS_ROUTING", "confirmed"),
            Light::Blinking => ("active", "CS_ROUTING", "early"),
            Light::Off => ("unknown", "CS_HANGUP", "terminated"),
        };
        // Without a '-', and never empty: sofia cuts it there, and makes no <dialog> without one.
        let mut id: String = login.chars().filter(|c| *c != '-').collect();
        if id.is_empty() {
            id = "lot".to_owned();
        }
        if let Some(dialog) = self.dialog {
            // It goes into <dialog id="…"> as it is, and FreeSWITCH has no other place for the dialog's name.
            let (local, remote) = (dialog.local_tag(), dialog.remote_tag());
            id = format!(r#"{id}" call-id="{dialog}" local-tag="{local}" remote-tag="{remote}"#);
        }
        event = event
            .with("proto", proto)
            .with("login", login)
            .with("from", &format!("{login}@{domain}"))
            .with("status", &self.status)
            .with("force-status", &self.status)
            .with("rpid", rpid)
            .with("event_type", "presence")
            .with("alt_event_type", "dialog")
            .with("event_count", "1")
            .with("unique-id", &id)
            .with("channel-state", state)
            .with("answer-state", answer)
            .with("presence-call-direction", "outbound");
        if let Some((name, number)) = &self.caller {
            event = event
                .with("Caller-Caller-ID-Name", &xml(name))
                .with("Caller-Caller-ID-Number", &xml(number));
        } else if self.dialog.is_some() {
            // Without a number FreeSWITCH would write the id where it does not belong.
            event = event.with("Caller-Caller-ID-Number", login).with("Presence-Privacy", "true");
        }
        if let Some(call_id) = asked_by {
            event = event.with("call-id", call_id);
        }
        event.fire();
    }
}

/// FreeSWITCH writes these into an XML document as they are.
fn xml(text: &str) -> String {
    let legal: String = text.chars().filter(|c| !c.is_control()).collect();
    quick_xml::escape::escape(legal.as_str()).into_owned()
}

fn domain_of(lot: &LotKey) -> Option<String> {
    lot.domain.as_deref().map(str::to_owned).or_else(core::domain)
}

/// What the lamp of an orbit shows now, and when it will begin to blink.
fn orbit_now(module: &Module, lot: &LotKey, orbit: &OrbitName) -> (Shown, Option<Duration>) {
    match module.look(|park| park.lamp(clock::now(), lot, orbit)) {
        Lamp::Idle => (Shown::off(), None),
        Lamp::Parked { name, number, dialog, blinks_in_ms, .. } => {
            let light = if blinks_in_ms == Some(0) { Light::Blinking } else { Light::Steady };
            let caller = (!name.is_empty() || !number.is_empty()).then_some((name, number));
            let later = blinks_in_ms.filter(|ms| *ms > 0).map(Duration::from_millis);
            (Shown { light, status: "Parked".to_owned(), caller, dialog: Some(dialog) }, later)
        }
    }
}

fn lot_now(module: &Module, lot: &LotKey) -> Shown {
    match module.look(|park| park.lot_lamp(lot)) {
        0 => Shown::off(),
        parked => {
            let calls = if parked == 1 { "call" } else { "calls" };
            Shown {
                light: Light::Steady,
                status: format!("{parked} {calls}"),
                caller: None,
                dialog: None,
            }
        }
    }
}

/// A lamp that a phone asks about.
pub struct Asked {
    login: String,
    domain: String,
    /// The subscription that gets the answer.
    call_id: Option<String>,
}

/// How many lamps are remembered that are watched under another domain than their lot's.
const MOST_ELSEWHERE: usize = 10_000;

/// The lamps as they were shown last: what has not changed is not shown again. Only the worker has them, and only it
/// answers who asks, so that the last one shown is the last one that was true. Lamps that are off are not in here.
#[derive(Default)]
pub struct Lamps {
    lit: HashMap<(String, String), Shown>,
    /// Under which other domains phones watch a lamp: those of a tenant may watch the orbits of a lot of everybody's.
    elsewhere: BTreeSet<(String, String)>,
    /// The proto of those that are lit.
    proto: String,
}

impl Lamps {
    /// Shows the lamps of an orbit and of its lot as they are now. Some: look at them again after so long.
    pub fn show(&mut self, module: &Module, lot: &LotKey, orbit: &OrbitName) -> Option<Duration> {
        self.follow_proto(module);
        let home = domain_of(lot)?;
        let (shown, later) = orbit_now(module, lot, orbit);
        let whole = lot_now(module, lot);
        for (login, shown) in [(orbit.as_str(), shown), (lot.name.as_str(), whole)] {
            let others = match lot.domain {
                Some(_) => Vec::new(),
                None => self.other_domains(login, &home),
            };
            for domain in others.iter().chain([&home]) {
                self.change(login, domain, &shown);
            }
        }
        later
    }

    /// Answers a phone that asks.
    pub fn answer(&mut self, module: &Module, asked: &Asked) {
        self.follow_proto(module);
        let (login, domain) = (asked.login.as_str(), asked.domain.as_str());
        let found = module.look(|park| match park.orbit_at(login, Some(domain)) {
            Some((lot, orbit)) => Some((lot, Some(orbit))),
            None => park.resolve(login, Some(domain)).ok().map(|lot| (lot, None)),
        });
        let Some((lot, orbit)) = found else { return };
        let shown = match orbit {
            Some(orbit) => orbit_now(module, &lot, &orbit).0,
            None => lot_now(module, &lot),
        };
        // Whoever watches under an address of the switch watches under its domain: that is what presence-hosts is for.
        let elsewhere = lot.domain.is_none()
            && domain.parse::<IpAddr>().is_err()
            && domain_of(&lot).is_some_and(|home| home != domain);
        if elsewhere && self.elsewhere.len() < MOST_ELSEWHERE {
            let lamp = (login.to_owned(), domain.to_owned());
            if shown.light != Light::Off {
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
        self.proto = proto;
    }

    fn other_domains(&self, login: &str, home: &str) -> Vec<String> {
        let from = (login.to_owned(), String::new());
        let of_login = self.elsewhere.range(from..).take_while(|(other, _)| other == login);
        of_login.map(|(_, domain)| domain.clone()).filter(|domain| domain != home).collect()
    }

    fn change(&mut self, login: &str, domain: &str, shown: &Shown) {
        let key = (login.to_owned(), domain.to_owned());
        let before = self.lit.get(&key);
        if before.map_or(shown.light == Light::Off, |before| before == shown) {
            return;
        }
        shown.fire(&self.proto, login, domain, None);
        if shown.light == Light::Off {
            self.lit.remove(&key);
        } else {
            self.lit.insert(key, shown.clone());
        }
    }
}

/// Hears phones that ask: FreeSWITCH sends them no first NOTIFY for a presence of ours, it asks us.
pub struct Probes;

impl Listener for Probes {
    const KIND: Kind = Kind::PresenceProbe;

    fn heard(event: Heard<'_>) {
        let Some(module) = Module::running() else { return };
        let proto = module.settings.read().presence_proto.clone();
        let Some(to) = event.header("to") else { return };
        let asked = to.strip_prefix(proto.as_str()).and_then(|rest| rest.strip_prefix('+'));
        let Some((login, domain)) = asked.and_then(|rest| rest.split_once('@')) else { return };
        module.tell_worker(Message::Asked(Asked {
            login: login.to_owned(),
            domain: domain.to_owned(),
            call_id: event.header("sub-call-id"),
        }));
    }
}
