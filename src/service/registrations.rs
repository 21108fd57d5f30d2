//! What FreeSWITCH has registered of this module, and of the one module that gets in its way.

use std::collections::HashSet;

use crate::switch::lock::Mutex;

use crate::module::{Module, rival};
use crate::switch::event::{Heard, Kind, Listener};
use crate::switch::module;

/// What we offer, by the kinds and names FreeSWITCH registers. The last ones as a stand-in for mod_valet_parking.
const INTERFACES: [(&str, &str); 6] = [
    ("application", "callpark"),
    ("application", "callpark_retrieve"),
    ("application", "callpark_key"),
    ("api", "callpark"),
    ("application", "valet_park"),
    ("api", "valet_info"),
];
/// How many of them are offered always.
const ALWAYS: usize = 4;

/// Which of them FreeSWITCH has registered.
#[derive(Default)]
struct Registered(Mutex<HashSet<(&'static str, &'static str)>>);

/// Listens to what FreeSWITCH registers.
pub(crate) struct Registrations;

impl Listener for Registrations {
    const KIND: Kind = Kind::ModuleLoad;

    fn heard(event: Heard<'_>) {
        let (Some(running), Some(name)) = (Module::running(), event.header("name")) else { return };
        if name == "valet_park" {
            rival::warn(&running);
        }
        let kind = event.header("type").unwrap_or_default();
        let known = INTERFACES.iter().find(|known| **known == (kind.as_str(), name.as_str()));
        running.table::<Registered>().0.lock().extend(known);
    }
}

/// Says which FreeSWITCH has not registered.
pub(super) fn check(running: &Module) {
    let registered = running.table::<Registered>().0.lock().clone();
    let offered = if running.valet { INTERFACES.len() } else { ALWAYS };
    for interface in INTERFACES.into_iter().take(offered) {
        if !registered.contains(&interface) {
            let (kind, name) = interface;
            module::missing(&format!("the {kind} {name}"));
            running.health.hooks.wrong(format!("FreeSWITCH did not register the {kind} {name}"));
        }
    }
}
