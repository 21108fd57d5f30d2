//! Presence: what a lamp shows, how FreeSWITCH is told of it, and who asks. One function builds every presence event.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::module::Module;
use crate::park::{
    Dialog, DisplayName, LONGEST_USER, Lamp, LotKey, Number, OrbitName, domain_name, host_of,
    shortened,
};
use crate::render;
use crate::switch::clock;
use crate::switch::core;
use crate::switch::event::{Event, Heard, Kind, Listener};
use crate::tell::lamps::domains::Domains;
use crate::tell::lamps::queue::LampQueue;
use crate::tell::lamps::watchers::LONGEST_S;

/// What one lamp shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Shown {
    light: Light,
    /// What is said of it: `Parked`, `2 calls`, `Idle`.
    status: String,
    /// The waiting caller's name and number, if they may be shown.
    caller: Option<(DisplayName, Number)>,
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
    /// Nothing.
    #[must_use]
    pub(crate) fn off() -> Self {
        Self { light: Light::Off, status: "Idle".to_owned(), caller: None, dialog: None }
    }

    /// Whether the lamp is dark.
    #[must_use]
    pub(crate) fn is_off(&self) -> bool {
        self.light == Light::Off
    }

    /// Fires it for the lamp `login@domain`; to the one subscription `asked_by`, or to all.
    pub(crate) fn fire(&self, proto: &str, login: &str, domain: &str, asked_by: Option<&str>) {
        let Some(event) = Event::new(Kind::PresenceIn, None) else { return };
        let headers = self.headers(proto, login, domain, asked_by);
        headers.iter().fold(event, |event, (name, value)| event.with(name, value)).fire();
    }

    pub(crate) fn headers(
        &self,
        proto: &str,
        login: &str,
        domain: &str,
        asked_by: Option<&str>,
    ) -> Vec<(&'static str, String)> {
        let (rpid, state, answer) = match self.light {
            Light::Steady => ("active", "CS_ROUTING", "confirmed"),
            Light::Blinking => ("active", "CS_ROUTING", "early"),
            Light::Off => ("unknown", "CS_HANGUP", "terminated"),
        };
        // Never empty: sofia makes no <dialog> without one. Without a '-' it passes for no channel's uuid.
        let mut id: String = login.chars().filter(|c| *c != '-').collect();
        if id.is_empty() {
            id = "lot".to_owned();
        }
        if let Some(dialog) = self.dialog {
            // It goes into <dialog id="…"> as it is, and FreeSWITCH has no other place for the dialog's name.
            let (local, remote) = (dialog.local_tag(), dialog.remote_tag());
            id = format!(r#"{id}" call-id="{dialog}" local-tag="{local}" remote-tag="{remote}"#);
        }
        let mut headers = vec![
            ("proto", proto.to_owned()),
            ("login", login.to_owned()),
            ("from", format!("{login}@{domain}")),
            ("status", self.status.clone()),
            ("force-status", self.status.clone()),
            ("rpid", rpid.to_owned()),
            ("event_type", "presence".to_owned()),
            ("alt_event_type", "dialog".to_owned()),
            ("event_count", "1".to_owned()),
            ("unique-id", id),
            ("channel-state", state.to_owned()),
            ("answer-state", answer.to_owned()),
            ("presence-call-direction", "outbound".to_owned()),
        ];
        if let Some((name, number)) = &self.caller {
            headers.push(("Caller-Caller-ID-Name", xml(name)));
            headers.push(("Caller-Caller-ID-Number", xml(number)));
        } else if self.dialog.is_some() {
            // Without a number FreeSWITCH would write the id where it does not belong.
            headers.push(("Caller-Caller-ID-Number", login.to_owned()));
            headers.push(("Presence-Privacy", "true".to_owned()));
        }
        headers.extend(asked_by.map(|call_id| ("call-id", call_id.to_owned())));
        headers
    }
}

/// FreeSWITCH writes these into an XML document as they are.
fn xml(text: &str) -> String {
    let legal: String =
        text.chars().filter(|c| !c.is_control() && !render::illegal_in_xml(*c)).collect();
    quick_xml::escape::escape(legal.as_str()).into_owned()
}

pub(crate) fn domain_of(lot: &LotKey) -> Option<String> {
    lot.domain.as_deref().map(str::to_owned).or_else(core::domain)
}

/// What the lamp of an orbit shows now, and when it will begin to blink.
pub(crate) fn orbit_now(
    module: &Module,
    lot: &LotKey,
    orbit: &OrbitName,
) -> (Shown, Option<Duration>) {
    shown(module.look(|park| park.lamp(clock::now(), lot, orbit)))
}

pub(crate) fn shown(lamp: Lamp) -> (Shown, Option<Duration>) {
    match lamp {
        Lamp::Idle => (Shown::off(), None),
        Lamp::Parked { name, number, dialog, blinks_in_ms, .. } => {
            let light = if blinks_in_ms == Some(0) { Light::Blinking } else { Light::Steady };
            let caller = (!name.is_empty() || !number.is_empty()).then_some((name, number));
            let later = blinks_in_ms.filter(|ms| *ms > 0).map(Duration::from_millis);
            (Shown { light, status: "Parked".to_owned(), caller, dialog: Some(dialog) }, later)
        }
    }
}

pub(crate) fn lot_now(module: &Module, lot: &LotKey) -> Shown {
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
#[derive(Clone)]
pub(crate) struct Asked {
    /// The lamp.
    pub login: String,
    /// The domain in which it is watched, as the phone spells it.
    pub domain: String,
    /// The subscription that gets the answer.
    pub call_id: Option<String>,
    /// Who asks, by its own account.
    source: Arc<str>,
    /// The domain of the phone, by its own account.
    from: Option<String>,
    /// For how much longer it watches; 0: not any more.
    pub expires_s: u64,
    /// It has got its answer, and is only to be remembered.
    pub is_answered: bool,
}

/// The longest name of a subscription.
const LONGEST_CALL_ID: usize = 512;
/// The longest name of a lamp: lots have longer ones than orbits.
const LONGEST_LOGIN: usize = 64;

impl Asked {
    /// That subscription of `from` asks for the lamp `login@domain`. None: nothing of ours can be meant.
    #[must_use]
    pub(crate) fn new(
        login: &str,
        domain: &str,
        call_id: Option<String>,
        from: &str,
        expires_s: u64,
    ) -> Option<Self> {
        let is_sane =
            |id: &String| id.len() <= LONGEST_CALL_ID && !id.chars().any(char::is_control);
        domain_name(host_of(domain))?;
        if login.len() > LONGEST_LOGIN || !call_id.as_ref().is_none_or(is_sane) {
            return None;
        }
        let host = from.rsplit_once('@').map(|(_, host)| host_of(host));
        Some(Self {
            login: login.to_owned(),
            domain: domain.to_owned(),
            call_id,
            source: shortened(from, LONGEST_USER).to_lowercase().into(),
            from: host.filter(|host| host.parse::<IpAddr>().is_err()).and_then(domain_name),
            expires_s,
            is_answered: false,
        })
    }

    /// The same, which has got its answer.
    #[must_use]
    pub(crate) fn answered(self) -> Self {
        Self { is_answered: true, ..self }
    }

    /// Who asks, by its own account.
    #[must_use]
    pub(crate) fn source(&self) -> Arc<str> {
        Arc::clone(&self.source)
    }

    /// The domain of the phone, by its own account; none for one that names an address.
    #[must_use]
    pub(crate) fn phone_domain(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// Whether the phone is of another tenant than the lamp. None: the directory has to be asked, which can take a moment.
    pub(crate) fn is_stranger(&self, module: &Module, owner: &LotKey) -> Option<bool> {
        match (&self.from, owner.domain.as_deref()) {
            (Some(from), Some(owner)) if from != owner => Domains::of(module).exists(module, from),
            // Everybody's, its own, or nobody can say.
            _ => Some(false),
        }
    }
}

/// For how many seconds a subscription is to last, by what its phone has asked for.
fn expires_s(text: Option<&str>) -> u64 {
    const DEFAULT_S: u64 = 3600;
    match text {
        None => DEFAULT_S,
        Some(text) if text.starts_with('-') => 0,
        Some(text) => text.parse().unwrap_or(LONGEST_S),
    }
}

/// Hears phones that ask: FreeSWITCH sends them no first NOTIFY for a presence of ours, it asks us.
pub(crate) struct Probes;

impl Listener for Probes {
    const KIND: Kind = Kind::PresenceProbe;

    fn heard(event: Heard<'_>) {
        let Some(module) = Module::running() else { return };
        let proto = module.settings.read().presence_proto.clone();
        let Some(to) = event.header("to") else { return };
        let asked = to.strip_prefix(proto.as_str()).and_then(|rest| rest.strip_prefix('+'));
        let Some((login, domain)) = asked.and_then(|rest| rest.split_once('@')) else { return };
        let from = event.header("from").unwrap_or_default();
        let expires_s = expires_s(event.header("expires").as_deref());
        let call_id = event.header("sub-call-id");
        if let Some(asked) = Asked::new(login, domain, call_id, &from, expires_s) {
            LampQueue::of(&module).ask(asked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_lamp_of_ours_is_asked_for() {
        let asked = |login: &str, domain: &str, call_id: &str, from: &str| {
            Asked::new(login, domain, Some(call_id.to_owned()), from, 60)
        };
        assert!(asked("701", "b.local", "x", "1@b.local").is_some());
        assert!(asked("701", "[2001:db8::1]", "x", "").is_some());
        let long = "7".repeat(60_000);
        let from = asked("701", "b.local", "x", &format!("{long}@{long}"));
        assert!(from.is_some_and(|asked| asked.source().chars().count() <= LONGEST_USER));
        assert!(asked(&long, "b.local", "x", "1@b.local").is_none());
        assert!(asked("701", &long, "x", "1@b.local").is_none());
        assert!(asked("701", "b.local", &long, "1@b.local").is_none());
        assert!(asked("701", "b.local\r\n", "x", "1@b.local").is_none());
    }

    #[test]
    fn no_time_is_too_long_or_too_short() {
        assert_eq!(expires_s(None), 3600);
        assert_eq!(expires_s(Some("0")), 0);
        assert_eq!(expires_s(Some("-5")), 0);
        assert_eq!(expires_s(Some("60")), 60);
        assert_eq!(expires_s(Some("18446744073709551616")), LONGEST_S);
    }
}
