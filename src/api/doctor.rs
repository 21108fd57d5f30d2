//! `callpark doctor`: how each part of the module is, and what to change on this machine.

use std::sync::Arc;

use super::{Answer, Verb, health};
use crate::doctor;
use crate::module::Module;
use crate::park::Refusal;
use crate::render;
use crate::switch::clock;

pub(super) const VERB: Verb = Verb {
    name: "doctor",
    syntax: "[json]",
    about: "The same as `health`, and what is not right on this machine, each with the line to change: see \
            [Doctor](operating.md#doctor)",
    complete: &["json"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let json = match *words {
        [] => false,
        ["json"] => true,
        _ => return Err(Refusal::BadArguments.into()),
    };
    let (parts, findings) = (health::parts(module), doctor::examine(module));
    Ok(match json {
        true => render::doctor_json(&parts, &findings),
        false => render::doctor_text(&parts, &findings, clock::epoch_ms()),
    })
}
