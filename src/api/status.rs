//! `callpark status`: a line a lot.

use std::sync::Arc;

use super::{Answer, Verb};
use crate::module::Module;
use crate::park::{Park, Refusal};
use crate::render;

pub(super) const VERB: Verb = Verb {
    name: "status",
    syntax: "[json]",
    about: "Lists the lots, one per line. `reserved` and `draining` appear when they are not 0",
    complete: &["json"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let lots = module.look(Park::lots);
    match *words {
        [] => Ok(render::status_text(&lots)),
        ["json"] => Ok(render::status_json(&lots)),
        _ => Err(Refusal::BadArguments.into()),
    }
}
