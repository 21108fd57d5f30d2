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

/// How often in a row none is heard of, on a machine where FreeSWITCH is late with its events.
const NONE_SO_OFTEN: u32 = 10;

/// Which of them FreeSWITCH has registered.
#[derive(Default)]
struct Registered(Mutex<Heards>);

#[derive(Default)]
struct Heards {
    all: HashSet<(&'static str, &'static str)>,
    /// How many there were at the last check, and how many checks there have been.
    before: usize,
    checks: u32,
}

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
        running.table::<Registered>().0.lock().all.extend(known);
    }
}

/// Says which FreeSWITCH has not registered. True: it is not done with it, and this is to be asked again.
pub(super) fn check(running: &Module) -> bool {
    let offered = if running.valet { INTERFACES.len() } else { ALWAYS };
    let registered = {
        let table = running.table::<Registered>();
        let mut heard = table.0.lock();
        if heard.goes_on(offered) {
            return true;
        }
        heard.all.clone()
    };
    for interface in INTERFACES.into_iter().take(offered) {
        if !registered.contains(&interface) {
            let (kind, name) = interface;
            module::missing(&format!("the {kind} {name}"));
            running.health.hooks.wrong(format!("FreeSWITCH did not register the {kind} {name}"));
        }
    }
    false
}

impl Heards {
    /// Whether more may come: some have since the last check, or none has at all, which no list of what is allowed explains as
    /// well as a machine that is busy.
    fn goes_on(&mut self, offered: usize) -> bool {
        let now = self.all.len();
        let before = std::mem::replace(&mut self.before, now);
        self.checks += 1;
        now < offered && (now > before || now == 0) && self.checks < NONE_SO_OFTEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_when_no_more_come() {
        let mut heard = Heards::default();
        assert!(heard.goes_on(4));
        heard.all.extend(&INTERFACES[..2]);
        assert!(heard.goes_on(4));
        assert!(!heard.goes_on(4));
        heard.all.extend(&INTERFACES[..4]);
        assert!(!heard.goes_on(4));
    }

    #[test]
    fn that_none_comes_is_said_after_half_a_minute() {
        let mut heard = Heards::default();
        assert_eq!((1..20).find(|_| !heard.goes_on(4)), Some(10));
    }
}
