//! `callpark move`: puts a parked call into another orbit.

use std::sync::Arc;

use super::{Answer, Verb, ok, orbit_key};
use crate::args;
use crate::module::Module;
use crate::park::Refusal;

pub(super) const VERB: Verb = Verb {
    name: "move",
    syntax: "<lot> <orbit> <lot> <orbit>|auto",
    about: "Moves the call. Answers `+OK <lot> <orbit>`. Deadline and waiting time do not change, \
            and `when-full` and `when-occupied` do not apply. In another lot, the settings of \
            that lot apply as after a reload",
    complete: &["::callpark::lots ::callpark::taken ::callpark::lots ::callpark::free"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let [lot, orbit, to, want] = *words else { return Err(Refusal::BadArguments.into()) };
    let (from, to, want) = module.look(|park| {
        let from = orbit_key(park, lot, orbit)?;
        Ok::<_, Refusal>((from, args::lot(park, to, None)?, args::want(Some(want))?))
    })?;
    ok(module.act(None, |park, now| park.move_call(now, &from, &to, want))?)
}
