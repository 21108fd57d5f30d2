//! `callpark close` and `callpark open`: take orbits out of service and back; calls in them stay.

use std::sync::Arc;

use super::{Answer, Verb, ok};
use crate::args;
use crate::module::Module;
use crate::park::{LotKey, OrbitName, Park, Refusal};

pub(super) const CLOSE: Verb = Verb {
    name: "close",
    syntax: "<lot> [<orbit>]",
    about: "Takes a lot or an orbit out of service. Calls in it stay",
    complete: &["::callpark::lots ::callpark::free"],
    run: |module, words| change(module, words, Park::close),
};

pub(super) const OPEN: Verb = Verb {
    name: "open",
    syntax: "<lot> [<orbit>]",
    about: "Puts a lot, with all its orbits, or one orbit back into service",
    complete: &["::callpark::lots"],
    run: |module, words| change(module, words, Park::open),
};

fn change(
    module: &Arc<Module>,
    words: &[&str],
    how: fn(&mut Park, &LotKey, Option<&OrbitName>) -> Result<(), Refusal>,
) -> Answer {
    let (lot, orbit) = match *words {
        [lot] => (lot, None),
        [lot, orbit] => (lot, Some(args::orbit(orbit)?)),
        _ => return Err(Refusal::BadArguments.into()),
    };
    let lot = module.look(|park| args::lot(park, lot, None))?;
    module.act(None, |park, _| how(park, &lot, orbit.as_ref()))?;
    match orbit {
        Some(orbit) => ok(format_args!("{lot} {orbit}")),
        None => ok(lot),
    }
}
