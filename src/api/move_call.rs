//! `callpark move`: puts a parked call into another orbit.

use std::sync::Arc;

use super::{Answer, Verb, lot_and_orbit, ok};
use crate::args;
use crate::module::Module;
use crate::park::Refusal;

pub(super) const VERB: Verb = Verb {
    name: "move",
    syntax: "<lot> <orbit> <lot> <orbit>|auto",
    about: "Moves the call. Answers `+OK <lot> <orbit>`. Deadline and waiting time do not change, \
            and `when-full` and `when-occupied` do not apply",
    complete: &["::callpark::lots ::callpark::taken ::callpark::lots ::callpark::free"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let [lot, orbit, to, want] = *words else { return Err(Refusal::BadArguments.into()) };
    let (lot, orbit, to, want) = module.look(|park| {
        let (lot, orbit) = lot_and_orbit(park, lot, orbit)?;
        Ok::<_, Refusal>((lot, orbit, args::lot(park, to, None)?, args::want(Some(want))?))
    })?;
    let (lot, orbit) =
        module.act(None, |park, now| park.move_call(now, &lot, &orbit, &to, want))?;
    ok(format_args!("{lot} {orbit}"))
}
