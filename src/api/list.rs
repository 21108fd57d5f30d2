//! `callpark list`: every parked call.

use std::sync::Arc;

use super::{Answer, Verb, seen};
use crate::args;
use crate::module::Module;
use crate::park::Refusal;
use crate::render::{self, Format};

pub(super) const VERB: Verb = Verb {
    name: "list",
    syntax: "[<lot>] [json|xml|csv]",
    about: "Lists the parked calls",
    complete: &["::callpark::lots", "json", "xml", "csv"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let (lot, format) = match *words {
        [] => (None, Format::Text),
        [one] => match one.parse() {
            Ok(format) => (None, format),
            Err(_) => (Some(one), Format::Text),
        },
        [lot, format] => (Some(lot), format.parse().map_err(|_| Refusal::BadArguments)?),
        _ => return Err(Refusal::BadArguments.into()),
    };
    let lot = lot.map(|lot| module.look(|park| args::lot(park, lot, None))).transpose()?;
    Ok(render::calls(&seen(module, module.calls(lot.as_ref())), format))
}
