//! `callpark return`: runs a parked call's return steps now.

use std::sync::Arc;

use super::{Answer, Verb, ok, orbit_key};
use crate::module::Module;
use crate::park::Refusal;

pub(super) const VERB: Verb = Verb {
    name: "return",
    syntax: "<lot> <orbit>",
    about: "Runs the return steps of the call now. Answers `-ERR failed` if it has none",
    complete: &["::callpark::lots ::callpark::taken"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let [lot, orbit] = *words else { return Err(Refusal::BadArguments.into()) };
    let place = module.look(|park| orbit_key(park, lot, orbit))?;
    module.act(None, |park, now| park.return_now(now, &place))?;
    ok(place)
}
