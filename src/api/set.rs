//! `callpark set`: changes a parked call.

use std::sync::Arc;

use super::{Answer, Error, Verb, ok, orbit_key};
use crate::module::Module;
use crate::park::{Refusal, Setting, TOP_PRIORITY};

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
    let value = value.join(" ");
    let setting = match *what {
        "timeout" => {
            let seconds: u64 = value.parse().map_err(|_| {
                Error::new(Refusal::BadArguments, "timeout must be a number of seconds (0: never)")
            })?;
            Setting::TimeoutMs(seconds.saturating_mul(1000))
        }
        "priority" => match value.parse() {
            Ok(priority) if priority <= TOP_PRIORITY => Setting::Priority(priority),
            _ => return Err(Error::new(Refusal::BadArguments, "priority must be between 0 and 9")),
        },
        "note" => Setting::Note(value),
        "for" => Setting::For(value),
        _ => return Err(Refusal::BadArguments.into()),
    };
    let place = module.look(|park| orbit_key(park, lot, orbit))?;
    module.act(None, |park, now| park.set(now, &place, setting))?;
    ok(place)
}
