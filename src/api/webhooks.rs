//! `callpark webhooks`: how they are, and what can be done about those that fail.

use std::sync::Arc;
use std::time::Duration;

use office::hooks::Hooks;

use super::{Answer, Error, Verb, ok};
use crate::hooks::Webhooks;
use crate::module::Module;
use crate::park::Refusal;
use crate::render;

pub(super) const VERB: Verb = Verb {
    name: "webhooks",
    syntax: "[list] [json] | retry [<hook>] | test <hook>",
    about: "Lists the webhooks and questions: where each goes, how much waits for it, how much is not tried any more, what was \
            delivered, why the latest attempt failed, and when the next one is. `retry` tries everything now, what is not tried \
            any more too. `test` sends a `callpark.test` now and answers with what came of it, within 16 s. See \
            [Webhooks](webhooks.md)",
    complete: &["list", "json", "retry ::callpark::hooks", "test ::callpark::hooks"],
    run,
};

/// How long the journal may take to have everything tried again.
const RETRIED_WITHIN: Duration = Duration::from_secs(5);

fn run(module: &Arc<Module>, words: &[&str]) -> Answer {
    let hooks = Webhooks::of(module).hooks();
    let listed = || hooks.as_ref().map(|hooks| hooks.list()).unwrap_or_default();
    match *words {
        [] | ["list"] => Ok(render::webhooks_text(&listed())),
        ["json"] | ["list", "json"] => Ok(render::webhooks_json(&listed())),
        ["retry"] => retry(hooks.as_deref(), None),
        ["retry", name] => retry(hooks.as_deref(), Some(name)),
        ["test", name] => {
            let answer = hooks.and_then(|hooks| hooks.test(name)).ok_or_else(|| unknown(name))?;
            match answer {
                Ok(text) => ok(text),
                Err(error) => Err(Error::new(Refusal::Failed, error)),
            }
        }
        _ => Err(Refusal::BadArguments.into()),
    }
}

fn unknown(name: &str) -> Error {
    Error::new(Refusal::Failed, format!("there is no webhook {name:?}"))
}

fn retry(hooks: Option<&Hooks>, name: Option<&str>) -> Answer {
    let tried = hooks.map(|hooks| hooks.retry(name, RETRIED_WITHIN)).transpose();
    match tried.map_err(|error| Error::new(Refusal::Failed, error.to_string()))?.flatten() {
        Some(count) => ok(format_args!("{count} entries are tried now")),
        None => {
            Err(name.map_or_else(|| Error::new(Refusal::Failed, "there are no webhooks"), unknown))
        }
    }
}
