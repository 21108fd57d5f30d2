//! What a lamp shows, and how FreeSWITCH learns of it. One function builds every presence event.

use std::time::Duration;

use crate::module::Module;
use crate::park::{Dialog, DisplayName, Lamp, LotKey, Number, OrbitKey};
use crate::render;
use crate::switch::event::{Event, Kind};
use crate::switch::{clock, core};

/// What one lamp shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Shown {
    light: Light,
    what: What,
    /// The waiting caller's name and number, if they may be shown.
    caller: Option<(DisplayName, Number)>,
    /// The dialog by which phones pick the call up.
    dialog: Option<Dialog>,
}

/// What its text says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    Nothing,
    /// There is a call in the orbit.
    Call,
    /// There are that many in the lot.
    Calls(u32),
}

impl What {
    fn text(self) -> String {
        match self {
            What::Nothing => "Idle".to_owned(),
            What::Call => "Parked".to_owned(),
            What::Calls(1) => "1 call".to_owned(),
            What::Calls(parked) => format!("{parked} calls"),
        }
    }

    /// The text of mod_valet_parking, and its direction of the dialog. FreeSWITCH must not find this text in `status`, where
    /// it would take "Holding" for a call on hold.
    fn by_valet(self) -> (String, &'static str) {
        match self {
            What::Nothing => ("Empty".to_owned(), "inbound"),
            What::Call => ("Holding".to_owned(), "outbound"),
            What::Calls(1) => ("Active (1 caller)".to_owned(), "inbound"),
            What::Calls(parked) => (format!("Active ({parked} callers)"), "inbound"),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Light {
    Off,
    Steady,
    Blinking,
}

impl Shown {
    /// A lamp that is off.
    #[must_use]
    pub(crate) fn off() -> Self {
        Self { light: Light::Off, what: What::Nothing, caller: None, dialog: None }
    }

    /// Whether the lamp is dark.
    #[must_use]
    pub(crate) fn is_off(&self) -> bool {
        self.light == Light::Off
    }

    /// Fires it for the lamp `login@domain`, to the one subscription `asked_by` or to all.
    pub(crate) fn fire(&self, proto: &str, login: &str, domain: &str, asked_by: Option<&str>) {
        let Some(event) = Event::new(Kind::PresenceIn, None) else { return };
        let valet = Module::running().is_some_and(|module| module.valet);
        let headers = self.headers(proto, login, domain, asked_by, valet);
        headers.iter().fold(event, |event, (name, value)| event.with(name, value)).fire();
    }

    pub(crate) fn headers(
        &self,
        proto: &str,
        login: &str,
        domain: &str,
        asked_by: Option<&str>,
        valet: bool,
    ) -> Vec<(&'static str, String)> {
        let (rpid, state, answer) = match self.light {
            Light::Steady => ("active", "CS_ROUTING", "confirmed"),
            Light::Blinking => ("active", "CS_ROUTING", "early"),
            Light::Off => ("unknown", "CS_HANGUP", "terminated"),
        };
        // Never empty, because sofia makes no <dialog> without an id. Without a '-' it cannot pass for a channel's uuid.
        let mut id: String = login.chars().filter(|c| *c != '-').collect();
        if id.is_empty() {
            id = "lot".to_owned();
        }
        if let Some(dialog) = self.dialog {
            // It goes into <dialog id="…"> as it is, and FreeSWITCH has no other place for the dialog's name.
            let (local, remote) = (dialog.local_tag(), dialog.remote_tag());
            id = format!(r#"{id}" call-id="{dialog}" local-tag="{local}" remote-tag="{remote}"#);
        }
        let text = self.what.text();
        let (forced, direction) =
            if valet { self.what.by_valet() } else { (text.clone(), "outbound") };
        let mut headers = vec![
            ("proto", proto.to_owned()),
            ("login", login.to_owned()),
            ("from", format!("{login}@{domain}")),
            ("status", text),
            ("force-status", forced),
            ("rpid", rpid.to_owned()),
            ("event_type", "presence".to_owned()),
            ("alt_event_type", "dialog".to_owned()),
            ("event_count", "1".to_owned()),
            ("unique-id", id),
            ("channel-state", state.to_owned()),
            ("answer-state", answer.to_owned()),
            ("presence-call-direction", direction.to_owned()),
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
pub(crate) fn orbit_now(module: &Module, place: &OrbitKey) -> (Shown, Option<Duration>) {
    shown(module.look(|park| park.lamp(clock::now(), place)))
}

pub(crate) fn shown(lamp: Lamp) -> (Shown, Option<Duration>) {
    match lamp {
        Lamp::Idle => (Shown::off(), None),
        Lamp::Parked { name, number, dialog, blinks_in_ms, .. } => {
            let light = if blinks_in_ms == Some(0) { Light::Blinking } else { Light::Steady };
            let caller = (!name.is_empty() || !number.is_empty()).then_some((name, number));
            let later = blinks_in_ms.filter(|ms| *ms > 0).map(Duration::from_millis);
            (Shown { light, what: What::Call, caller, dialog: Some(dialog) }, later)
        }
    }
}

pub(crate) fn lot_now(module: &Module, lot: &LotKey) -> Shown {
    match module.look(|park| park.lot_lamp(lot)) {
        0 => Shown::off(),
        parked => {
            Shown { light: Light::Steady, what: What::Calls(parked), caller: None, dialog: None }
        }
    }
}
