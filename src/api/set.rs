//! `callpark set`: changes a parked call.

use std::sync::Arc;

use super::{Answer, Error, Verb, ok, orbit_key};
use crate::module::Module;
use crate::park::{Refusal, Setting};

pub(super) const VERB: Verb = Verb {
    name: "set",
    syntax: "<lot> <orbit> timeout|priority|note|for <value>",
    about: "Changes the call. `timeout` is in seconds from now, and `0` means never. `priority` is \
            0 to 9. A new timeout stops a return step that is ringing",
    complete: &[
        "::callpark::lots ::callpark::taken timeout",
        "::callpark::lots ::callpark::taken priority",
        "::callpark::lots ::callpark::taken note",
        "::callpark::lots ::callpark::taken for",
    ],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let [lot, orbit, what, value @ ..] = words else { return Err(Refusal::BadArguments.into()) };
    let setting = setting(what, &value.join(" "))?;
    let place = module.look(|park| orbit_key(park, lot, orbit))?;
    module.act(None, |park, now| park.set(now, &place, setting))?;
    ok(place)
}

/// What is to be changed, and to what.
pub(crate) fn setting(what: &str, value: &str) -> Result<Setting, Error> {
    Setting::parse(what, value).map_err(|why| match why {
        // The usage says which there are.
        "" => Refusal::BadArguments.into(),
        why => Error::new(Refusal::BadArguments, why),
    })
}
