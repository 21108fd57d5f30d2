//! Tab completion of the command.

use std::ffi::CStr;

use super::VERBS;
use crate::config;
use crate::module::Module;
use crate::switch::clock;
use crate::switch::console::{Completion, Words, complete_line};

struct Lots;
struct Taken;
struct Free;
struct Callbacks;
struct Hooks;
struct Topics;

impl Words for Lots {
    const NAME: &'static CStr = c"::callpark::lots";
    fn words(_: &str) -> Vec<String> {
        let Some(module) = Module::running() else { return Vec::new() };
        module.look(|park| park.lots().iter().map(|lot| lot.lot.to_string()).collect())
    }
}

impl Words for Taken {
    const NAME: &'static CStr = c"::callpark::taken";
    fn words(_: &str) -> Vec<String> {
        let Some(module) = Module::running() else { return Vec::new() };
        let calls = module.calls(None);
        let mut orbits: Vec<String> = calls.iter().map(|call| call.orbit.to_string()).collect();
        orbits.dedup();
        orbits
    }
}

impl Words for Free {
    const NAME: &'static CStr = c"::callpark::free";
    fn words(_: &str) -> Vec<String> {
        vec!["auto".to_owned()]
    }
}

impl Words for Callbacks {
    const NAME: &'static CStr = c"::callpark::callbacks";
    fn words(_: &str) -> Vec<String> {
        let Some(module) = Module::running() else { return Vec::new() };
        let owed = module.look(|park| park.callbacks(clock::now()));
        owed.iter().map(|callback| callback.id.to_string()).collect()
    }
}

impl Words for Hooks {
    const NAME: &'static CStr = c"::callpark::hooks";
    fn words(_: &str) -> Vec<String> {
        let Some(module) = Module::running() else { return Vec::new() };
        let settings = module.settings.read();
        let webhooks = settings.hooks.webhooks.iter().map(|webhook| &webhook.hook.name);
        let questions = settings.hooks.questions.iter().map(|question| &question.hook.name);
        webhooks.chain(questions).cloned().collect()
    }
}

impl Words for Topics {
    const NAME: &'static CStr = c"::callpark::topics";
    fn words(_: &str) -> Vec<String> {
        VERBS.iter().map(|verb| verb.name).chain(config::params()).map(str::to_owned).collect()
    }
}

/// Everything that is registered with the console; taken back on drop.
pub(crate) struct Completions {
    _words: [Completion; 6],
}

impl Completions {
    /// Registers it.
    #[must_use]
    pub(crate) fn register() -> Self {
        for verb in VERBS {
            for rest in verb.complete {
                complete_line(format!("add callpark {} {rest}", verb.name).trim_end());
            }
        }
        Self {
            _words: [
                Completion::new::<Lots>(),
                Completion::new::<Taken>(),
                Completion::new::<Free>(),
                Completion::new::<Callbacks>(),
                Completion::new::<Hooks>(),
                Completion::new::<Topics>(),
            ],
        }
    }
}

impl Drop for Completions {
    fn drop(&mut self) {
        complete_line("del callpark");
    }
}
