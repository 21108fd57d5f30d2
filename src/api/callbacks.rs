//! `callpark callbacks`, `callpark callback cancel`: the call-backs that are owed.

use std::sync::Arc;

use super::{Answer, Error, Verb, ok};
use crate::module::Module;
use crate::park::{CallbackId, Refusal, Viewer};
use crate::render;
use crate::switch::clock;

pub(super) const LIST: Verb = Verb {
    name: "callbacks",
    syntax: "[json]",
    about: "Lists the owed call-backs: see [Call-backs](#call-backs)",
    complete: &["json"],
    run: list,
};
pub(super) const ONE: Verb = Verb {
    name: "callback",
    syntax: "cancel <id>",
    about: "Cancels an owed call-back",
    complete: &["cancel ::callpark::callbacks"],
    run: cancel,
};

fn list(module: &Arc<Module>, words: &[&str]) -> Answer {
    let mut callbacks = module.look(|park| park.callbacks(clock::now()));
    for callback in &mut callbacks {
        let shown = callback.privacy.shown_to(Viewer::Administrator, &callback.caller);
        callback.caller = render::masked::caller(&callback.caller, shown);
    }
    match *words {
        [] => Ok(render::callbacks_text(&callbacks)),
        ["json"] => Ok(render::callbacks_json(&callbacks)),
        _ => Err(Refusal::BadArguments.into()),
    }
}

fn cancel(module: &Arc<Module>, words: &[&str]) -> Answer {
    let ["cancel", id] = *words else { return Err(Refusal::BadArguments.into()) };
    let id = CallbackId(id.parse().map_err(|_| Refusal::BadArguments)?);
    if module.act(None, |park, now| park.cancel_callback(now, id)) {
        ok(id)
    } else {
        Err(Error::new(Refusal::Empty, format!("there is no call-back {id}")))
    }
}
