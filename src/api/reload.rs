//! `callpark reload`: reads the configuration again.

use std::sync::Arc;

use super::{Answer, Error, Verb, none, ok};
use crate::module::{Module, source};
use crate::park::Refusal;

pub(super) const VERB: Verb = Verb {
    name: "reload",
    syntax: "",
    about: "Reads the configuration again, including a `reloadxml`. Answers `+OK lots: 1`",
    complete: &[""],
    run,
};

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    none(words)?;
    source::again(module).map_err(|error| Error::new(Refusal::Failed, error))?;
    let lots = module.look(|park| park.lots().len());
    ok(format_args!("lots: {lots}"))
}
