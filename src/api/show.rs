//! `callpark show`: one orbit, and what happens to its call next and when.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Answer, Verb, orbit_key, seen};
use crate::dial::reachable;
use crate::module::Module;
use crate::park::{Precondition, Refusal};
use crate::render;
use crate::switch::clock;

pub(super) const VERB: Verb = Verb {
    name: "show",
    syntax: "<lot> <orbit> [json]",
    about: "Shows one orbit, its call, what happens next and when, and why a step would be skipped",
    complete: &["::callpark::lots ::callpark::taken json"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let (lot, orbit, json) = match *words {
        [lot, orbit] => (lot, orbit, false),
        [lot, orbit, "json"] => (lot, orbit, true),
        _ => return Err(Refusal::BadArguments.into()),
    };
    let (place, asked) = module.look(|park| {
        let place = orbit_key(park, lot, orbit)?;
        let asked = park.show_asks(&place);
        Ok::<_, Refusal>((place, asked))
    })?;
    // Asked between the two looks: no lock of ours is held while FreeSWITCH is asked.
    let known: HashMap<Precondition, Option<&'static str>> =
        asked.into_iter().map(|asks| (asks.clone(), reachable::obstacle(module, &asks))).collect();
    let known = |asks: &Precondition| known.get(asks).copied().flatten();
    let mut view = module.look(|park| park.show(clock::now(), &place, &known))?;
    view.call = seen(module, view.call.into_iter().collect()).pop();
    Ok(if json { render::show_json(&view) } else { render::show_text(&view) })
}
