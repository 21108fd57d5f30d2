//! `callpark drop`: hangs a parked call up.

use std::sync::Arc;

use super::{Answer, Error, Verb, ok, orbit_key};
use crate::module::Module;
use crate::park::{CauseName, Refusal};
use crate::switch::Cause;

pub(super) const VERB: Verb = Verb {
    name: "drop",
    syntax: "<lot> <orbit> [<cause>]",
    about: "Hangs the call up, with `NORMAL_CLEARING` unless you name a cause",
    complete: &["::callpark::lots ::callpark::taken"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let (lot, orbit, cause) = match *words {
        [lot, orbit] => (lot, orbit, CauseName::NORMAL_CLEARING),
        [lot, orbit, name] => {
            // Any spelling will do, and a number; from here on it has FreeSWITCH's name.
            let cause = Cause::parse(name).and_then(|cause| cause.name().parse().ok());
            let wrong = || format!("{name:?} is not a hang-up cause");
            (lot, orbit, cause.ok_or_else(|| Error::new(Refusal::BadArguments, wrong()))?)
        }
        _ => return Err(Refusal::BadArguments.into()),
    };
    let place = module.look(|park| orbit_key(park, lot, orbit))?;
    module.act(None, |park, now| park.drop_call(now, &place, cause))?;
    ok(place)
}
