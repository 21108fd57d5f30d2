//! `callpark health`: how each part of the module is.

use std::sync::Arc;

use super::{Answer, Verb};
use crate::journal::Keeper;
use crate::journal::audit::Audit;
use crate::leg::track;
use crate::module::Module;
use crate::module::health::{self, Part};
use crate::park::{Park, Refusal};
use crate::render;
use crate::switch::clock;

pub(super) const VERB: Verb = Verb {
    name: "health",
    syntax: "[json]",
    about: "Reports the state of each part of the module: see [Health](operating.md#health)",
    complete: &["json"],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let parts = parts(module);
    match *words {
        [] => Ok(render::health_text(&parts, clock::epoch_ms())),
        ["json"] => Ok(render::health_json(&parts)),
        _ => Err(Refusal::BadArguments.into()),
    }
}

/// How each part is.
pub(crate) fn parts(module: &Arc<Module>) -> Vec<Part> {
    let overdue_ms =
        module.look(Park::poll_timeout).map_or(0, |deadline| clock::now().since(deadline));
    let mut parts = health::parts(&module.health, module.threads.part(), overdue_ms);
    parts.push(Keeper::of(module).part());
    parts.push(Audit::of(module).part());
    parts.push(track::part(module, module.health.worker.began_ms()));
    parts.extend(Keeper::of(module).database());
    let listen = module.settings.read().web.listen;
    parts.extend(health::web(&module.health, listen));
    #[cfg(feature = "web")]
    parts.extend(crate::hooks::Webhooks::of(module).part(module));
    #[cfg(not(feature = "web"))]
    {
        let hooks = module.settings.read().hooks.clone();
        parts.extend(health::no_webhooks(&module.health, &hooks));
    }
    parts
}
