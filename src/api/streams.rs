//! `callpark streams`: the hold music that is encoded once for several calls.

use std::sync::Arc;

use super::{Answer, Verb};
use crate::leg::hold::streams::Streams;
use crate::module::Module;
use crate::park::Refusal;
use crate::render;

pub(super) const VERB: Verb = Verb {
    name: "streams",
    syntax: "[json]",
    about: "Lists the hold music that is encoded once for several calls: its source, codec and packet time, the number \
            of listeners, since when it has been playing, what it costs, and what it would cost if each call encoded alone",
    complete: &["json"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let streams = Streams::of(module).views();
    match *words {
        [] => Ok(render::streams_text(&streams)),
        ["json"] => Ok(render::streams_json(&streams)),
        _ => Err(Refusal::BadArguments.into()),
    }
}
