//! What an administrator must be told about the modules beside this one.

use crate::module::Module;
use crate::switch::event::{Heard, Kind, Listener};
use crate::switch::{log, module};

const RIVAL: &str = "mod_valet_parking";

/// Listens to what FreeSWITCH registers: of ours, and of the one module that gets in our way.
pub(crate) struct Registrations;

impl Listener for Registrations {
    const KIND: Kind = Kind::ModuleLoad;

    fn heard(event: Heard<'_>) {
        let (Some(running), Some(name)) = (Module::running(), event.header("name")) else { return };
        if name == "valet_park" {
            warn_of_rival(&running);
        }
        let kind = event.header("type").unwrap_or_default();
        let known =
            crate::INTERFACES.iter().find(|known| **known == (kind.as_str(), name.as_str()));
        running.registered.lock().extend(known);
    }
}

/// Says so, loudly, if mod_valet_parking answers for our lamps.
pub(crate) fn check_rival(running: &Module) {
    if module::is_loaded(RIVAL) {
        warn_of_rival(running);
    } else {
        running.health.modules.good();
    }
}

fn warn_of_rival(running: &Module) {
    let proto = running.settings.read().presence_proto.clone();
    if proto != "park" {
        return running.health.modules.good();
    }
    let text = format!(
        "{RIVAL} is loaded too: it answers for every park+ lamp and says that our orbits are free. Take it out of \
         modules.conf.xml and restart FreeSWITCH, for it cannot be unloaded, or give <param name=\"presence-proto\"> in \
         callpark.conf.xml another value than \"park\""
    );
    log::warning(None, format_args!("{text}"));
    running.health.modules.wrong(text);
}
