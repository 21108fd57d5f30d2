//! `callpark show`: one orbit, and what happens to its call next and when.

use std::sync::Arc;

use super::{Answer, Verb, lot_and_orbit};
use crate::clock;
use crate::module::Module;
use crate::park::Refusal;
use crate::render;

pub(super) const VERB: Verb = Verb {
    name: "show",
    syntax: "<lot> <orbit> [json]",
    complete: &["::callpark::lots ::callpark::taken json"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let (lot, orbit, json) = match *words {
        [lot, orbit] => (lot, orbit, false),
        [lot, orbit, "json"] => (lot, orbit, true),
        _ => return Err(Refusal::BadArguments.into()),
    };
    let view = module.look(|park| {
        let (lot, orbit) = lot_and_orbit(park, lot, orbit)?;
        park.show(clock::now(), &lot, &orbit)
    })?;
    Ok(if json { render::show_json(&view) } else { render::show_text(&view) })
}
