//! `callpark_key [<lot>] <orbit>`: one line for a BLF key. Who is transferred here is parked, who dials here retrieves.

use std::ffi::CStr;

use crate::apps::callpark::{self, Came};
use crate::apps::{self, module_for, retrieve};
use crate::args;
use crate::park::{Refusal, Want};
use crate::switch::Session;
use crate::switch::module::Application;

/// The application.
pub struct Key;

impl Application for Key {
    const NAME: &'static CStr = c"callpark_key";
    const SHORT: &'static CStr = c"Parks who is transferred here, retrieves for who dials here";
    const SYNTAX: &'static CStr = c"[<lot>] <orbit>";

    fn run(session: Session<'_>, data: &str) {
        let channel = session.channel();
        let place = module_for(session).and_then(|module| {
            let came = Came::in_dialplan(&module, channel);
            let domain = came.domain(channel);
            let place = module.look(|park| args::place(park, data, domain.as_deref()))?;
            let word = place.word.ok_or(Refusal::BadArguments)?;
            Ok((module, came, place.lot, args::orbit(args::key(&word))?))
        });
        let result = match place {
            Ok((module, came @ Came::Transferred(_), lot, orbit)) => {
                return callpark::park(&module, session, lot, Want::Orbit(orbit), came);
            }
            Ok((module, came, lot, orbit)) => {
                retrieve::retrieve(&module, session, &lot, Some(&orbit), came.user())
                    .map(|()| "retrieved")
            }
            Err(refusal) => Err(refusal),
        };
        apps::report(session, "callpark_key", data, result);
    }
}
