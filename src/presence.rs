//! Lamps: what BLF keys show of orbits and lots. One function builds every presence event.

use std::sync::Arc;

use crate::module::Module;
use crate::park::{Lamp, LotKey, OrbitName};
use crate::switch::core;
use crate::switch::event::{Event, Heard, Kind, Listener};

/// What one lamp shall show.
struct Shown<'a> {
    proto: &'a str,
    /// The orbit or the lot.
    login: &'a str,
    domain: &'a str,
    /// What is said of it: `Parked`, `2 calls`, `Idle`.
    status: String,
    lit: bool,
    /// The waiting caller's name and number, if they may be shown.
    caller: Option<(Arc<str>, Arc<str>)>,
    /// The one subscription that asked, if this answers a question.
    asked_by: Option<&'a str>,
}

impl Shown<'_> {
    fn fire(&self) {
        let Some(mut event) = Event::new(Kind::PresenceIn, None) else { return };
        let (rpid, state, answer) = if self.lit {
            ("active", "CS_ROUTING", "confirmed")
        } else {
            ("unknown", "CS_HANGUP", "terminated")
        };
        // Without a '-', and never empty: sofia cuts it there, and makes no <dialog> without one.
        let id: String = self.login.chars().filter(|c| *c != '-').collect();
        event = event
            .with("proto", self.proto)
            .with("login", self.login)
            .with("from", &format!("{}@{}", self.login, self.domain))
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
        if let Some(call_id) = self.asked_by {
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

/// Shows the lamps of an orbit and of its lot as they are now.
pub fn show(module: &Module, lot: &LotKey, orbit: &OrbitName) {
    let Some(domain) = domain_of(lot) else { return };
    show_orbit(module, lot, orbit, &domain, None);
    show_lot(module, lot, &domain, None);
}

fn show_orbit(
    module: &Module,
    lot: &LotKey,
    orbit: &OrbitName,
    domain: &str,
    asked_by: Option<&str>,
) {
    let proto = module.settings.read().presence_proto.clone();
    let (status, lit, caller) = match module.look(|park| park.lamp(lot, orbit)) {
        Lamp::Idle => ("Idle".to_owned(), false, None),
        Lamp::Parked { name, number, .. } => {
            let caller = (!name.is_empty() || !number.is_empty()).then_some((name, number));
            ("Parked".to_owned(), true, caller)
        }
    };
    let login = orbit.as_str();
    Shown { proto: &proto, login, domain, status, lit, caller, asked_by }.fire();
}

fn show_lot(module: &Module, lot: &LotKey, domain: &str, asked_by: Option<&str>) {
    let proto = module.settings.read().presence_proto.clone();
    let parked = module.look(|park| park.lot_lamp(lot));
    let status = match parked {
        0 => "Idle".to_owned(),
        1 => "1 call".to_owned(),
        n => format!("{n} calls"),
    };
    let login = lot.name.as_str();
    Shown { proto: &proto, login, domain, status, lit: parked > 0, caller: None, asked_by }.fire();
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
        let asked_by = event.header("sub-call-id");
        let asked_by = asked_by.as_deref();
        if let Some((lot, orbit)) = module.look(|park| park.orbit_at(user, Some(domain))) {
            show_orbit(&module, &lot, &orbit, domain, asked_by);
        } else if let Ok(lot) = module.look(|park| park.resolve(user, Some(domain))) {
            show_lot(&module, &lot, domain, asked_by);
        }
    }
}
