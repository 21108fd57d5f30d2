//! `callpark list`: every parked call.

use std::sync::Arc;

use super::{Answer, Verb, seen, seen_by, user};
use crate::args;
use crate::module::Module;
use crate::park::{Refusal, User};
use crate::render::{self, Format};

pub(super) const VERB: Verb = Verb {
    name: "list",
    syntax: "[<lot>] [json|xml|csv] [for <user>]",
    about: "Lists the parked calls. `for` a user of the directory: those that this user may `list`, with as much of their \
            callers as the user may `see`. See [Who may do what](#who-may-do-what)",
    complete: &["::callpark::lots", "json", "xml", "csv"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let (words, viewer) = match *words {
        [ref words @ .., "for", name] => (words, Some(user(name)?)),
        _ => (words, None),
    };
    let (lot, format) = match *words {
        [] => (None, Format::Text),
        [one] => match one.parse() {
            Ok(format) => (None, format),
            Err(_) => (Some(one), Format::Text),
        },
        [lot, format] => (Some(lot), format.parse().map_err(|_| Refusal::BadArguments)?),
        _ => return Err(Refusal::BadArguments.into()),
    };
    let domain = viewer.as_ref().map(User::domain);
    let lot = lot.map(|lot| module.look(|park| args::lot(park, lot, domain))).transpose()?;
    let calls = module.calls(lot.as_ref());
    let calls = match viewer {
        Some(user) => seen_by(module, &user, calls),
        None => seen(module, calls),
    };
    Ok(render::calls(&calls, format))
}
