//! `callpark_key [<lot>] <orbit>`: one line for a BLF key. Who is transferred here is parked, who dials here retrieves.

use std::ffi::CStr;

use crate::apps::{self, callpark, domain, module_for, retrieve};
use crate::args;
use crate::park::{Refusal, Want};
use crate::switch::module::Application;
use crate::switch::{Channel, Session};

/// The application.
pub struct Key;

impl Application for Key {
    const NAME: &'static CStr = c"callpark_key";
    const SHORT: &'static CStr = c"Parks who is transferred here, retrieves for who dials here";
    const SYNTAX: &'static CStr = c"[<lot>] <orbit>";

    fn run(session: Session<'_>, data: &str) {
        let channel = session.channel();
        let place = module_for(session).and_then(|module| {
            let place = module.look(|park| args::place(park, data, domain(channel).as_deref()))?;
            let word = place.word.ok_or(Refusal::BadArguments)?;
            Ok((module, place.lot, args::orbit(args::key(&word))?))
        });
        let result = match place {
            Ok((module, lot, orbit)) if was_transferred(channel) => {
                return callpark::park(&module, session, lot, Want::Orbit(orbit));
            }
            Ok((module, lot, orbit)) => {
                retrieve::retrieve(&module, session, &lot, Some(&orbit)).map(|()| "retrieved")
            }
            Err(refusal) => Err(refusal),
        };
        apps::report(session, "callpark_key", data, result);
    }
}

/// Whether another party sent it here while they were connected. Such a caller must never be connected to a parked one.
/// FreeSWITCH leaves `sip_refer_to` on a channel that a REFER moved, and `last_bridge_to` on one that was ever bridged;
/// a dialplan's `transfer` of a fresh call leaves neither.
fn was_transferred(channel: Channel<'_>) -> bool {
    ["sip_refer_to", "last_bridge_to"].iter().any(|name| channel.variable(name).is_some())
}
