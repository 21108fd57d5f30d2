//! `callpark import`: what a dialplan for another module would be in the words of this one.

use std::sync::Arc;

use super::{Answer, Verb};
use crate::doctor;
use crate::module::Module;
use crate::park::Refusal;

pub(super) const VERB: Verb = Verb {
    name: "import",
    syntax: "valet",
    about: "Proposes lots, return steps and lines of the dialplan in the place of those for mod_valet_parking, as a diff. \
            Changes nothing. See [Migrate from mod_valet_parking](guide.md#migrate-from-mod_valet_parking)",
    complete: &["valet"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    match *words {
        ["valet"] => Ok(doctor::import_valet(module).to_string()),
        _ => Err(Refusal::BadArguments.into()),
    }
}
