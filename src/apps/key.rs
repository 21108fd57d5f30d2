//! `callpark_key [<lot>] <orbit>`: one line for a BLF key. A call that another party sent here is parked, a phone that
//! dials here retrieves.

use std::ffi::CStr;

use crate::apps::{callpark, module_for, retrieve};
use crate::args;
use crate::leg::origin::Origin;
use crate::park::{Pick, Refusal, Want};
use crate::switch::Session;
use crate::switch::module::Application;
use crate::tell::cdr;

/// The application.
pub(crate) struct Key;

impl Application for Key {
    const NAME: &'static CStr = c"callpark_key";
    const SHORT: &'static CStr =
        c"Parks a transferred call, and retrieves a call for a phone that dials";
    const SYNTAX: &'static CStr = c"[<lot>] <orbit>";

    fn run(session: Session<'_>, data: &str) {
        if let Err(refusal) = run(session, data) {
            cdr::report(session, "callpark_key", data, Err(refusal));
        }
    }
}

fn run(session: Session<'_>, data: &str) -> Result<(), Refusal> {
    let module = module_for(session)?;
    let came = Origin::in_dialplan(&module, session);
    let domain = came.domain(session.channel());
    let (lot, orbit) = module.look(|park| {
        let place = args::place(park, data, domain.as_deref())?;
        let word = place.word.ok_or(Refusal::BadArguments)?;
        let orbit = args::key(park, &place.lot, &word)?;
        Ok((place.lot, orbit))
    })?;
    if let Origin::Dialled(by) = came {
        let pick = Pick::Orbit(orbit);
        let status = retrieve::retrieve(&module, session, &lot, &pick, by)?;
        if let Some(status) = status {
            cdr::report(session, "callpark_key", data, Ok(status));
        }
        Ok(())
    } else {
        callpark::park_here(&module, session, lot, Want::Orbit(orbit), came)
    }
}
