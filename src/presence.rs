//! Lamps: what BLF keys show of orbits and lots. One function builds every presence event.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock;
use crate::module::Module;
use crate::park::{Lamp, LotKey, OrbitName};
use crate::switch::core;
use crate::switch::event::{Event, Heard, Kind, Listener};

/// What one lamp shows.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Shown {
    light: Light,
    /// What is said of it: `Parked`, `2 calls`, `Idle`.
    status: String,
    /// The waiting caller's name and number, if they may be shown.
    caller: Option<(Arc<str>, Arc<str>)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Light {
    Off,
    Steady,
    Blinking,
}

impl Shown {
    fn off() -> Self {
        Self { light: Light::Off, status: "Idle".to_owned(), caller: None }
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
        let id: String = login.chars().filter(|c| *c != '-').collect();
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
            .with("unique-id", if id.is_empty() { "lot" } else { &id })
            .with("channel-state", state)
            .with("answer-state", answer)
            .with("presence-call-direction", "outbound");
        if let Some((name, number)) = &self.caller {
            event = event
                .with("Caller-Caller-ID-Name", &xml(name))
                .with("Caller-Caller-ID-Number", &xml(number));
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
        Lamp::Parked { name, number, blinks_in_ms, .. } => {
            let light = if blinks_in_ms == Some(0) { Light::Blinking } else { Light::Steady };
            let caller = (!name.is_empty() || !number.is_empty()).then_some((name, number));
            let later = blinks_in_ms.filter(|ms| *ms > 0).map(Duration::from_millis);
            (Shown { light, status: "Parked".to_owned(), caller }, later)
        }
    }
}

fn lot_now(module: &Module, lot: &LotKey) -> Shown {
    match module.look(|park| park.lot_lamp(lot)) {
        0 => Shown::off(),
        parked => {
            let calls = if parked == 1 { "call" } else { "calls" };
            Shown { light: Light::Steady, status: format!("{parked} {calls}"), caller: None }
        }
    }
}

/// The lamps as they were shown last: what has not changed is not shown again. Only the worker has them, so that the
/// last one shown is the last one that was true. Lamps that are off are not in here.
#[derive(Default)]
pub struct Lamps {
    lit: HashMap<(String, String), Shown>,
}

impl Lamps {
    /// Shows the lamps of an orbit and of its lot as they are now. Some: look at them again after so long.
    pub fn show(&mut self, module: &Module, lot: &LotKey, orbit: &OrbitName) -> Option<Duration> {
        let domain = domain_of(lot)?;
        let (shown, later) = orbit_now(module, lot, orbit);
        self.change(module, orbit.as_str(), &domain, shown);
        self.change(module, lot.name.as_str(), &domain, lot_now(module, lot));
        later
    }

    fn change(&mut self, module: &Module, login: &str, domain: &str, shown: Shown) {
        let key = (login.to_owned(), domain.to_owned());
        let before = self.lit.get(&key);
        let same = before.map_or(shown.light == Light::Off, |before| *before == shown);
        if same {
            return;
        }
        let proto = module.settings.read().presence_proto.clone();
        shown.fire(&proto, login, domain, None);
        if shown.light == Light::Off {
            self.lit.remove(&key);
        } else {
            self.lit.insert(key, shown);
        }
    }
}

/// Answers phones that ask: FreeSWITCH sends them no first NOTIFY for a presence of ours, it asks us.
pub struct Probes;

impl Listener for Probes {
    const KIND: Kind = Kind::PresenceProbe;

    fn heard(event: Heard<'_>) {
        let Some(module) = Module::running() else { return };
        let proto = module.settings.read().presence_proto.clone();
        let Some(to) = event.header("to") else { return };
        let asked = to.strip_prefix(proto.as_str()).and_then(|rest| rest.strip_prefix('+'));
        let Some((user, domain)) = asked.and_then(|rest| rest.split_once('@')) else { return };
        let shown =
            if let Some((lot, orbit)) = module.look(|park| park.orbit_at(user, Some(domain))) {
                orbit_now(&module, &lot, &orbit).0
            } else if let Ok(lot) = module.look(|park| park.resolve(user, Some(domain))) {
                lot_now(&module, &lot)
            } else {
                return;
            };
        shown.fire(&proto, user, domain, event.header("sub-call-id").as_deref());
    }
}
