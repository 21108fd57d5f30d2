//! `callpark health`: how each part of the module is.

use std::sync::Arc;

use super::{Answer, Verb};
use crate::module::Module;
use crate::module::clock;
use crate::module::health;
use crate::park::Refusal;
use crate::render;

pub(super) const VERB: Verb = Verb {
    name: "health",
    syntax: "[json]",
    about: "Reports the state of each part of the module: see [Health](operating.md#health)",
    complete: &["json"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let parts = health::parts(module);
    match *words {
        [] => Ok(render::health_text(&parts, clock::epoch_ms())),
        ["json"] => Ok(render::health_json(&parts)),
        _ => Err(Refusal::BadArguments.into()),
    }
}
