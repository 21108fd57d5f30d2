//! The dialplan's applications, one file each, and what they share.

use std::sync::Arc;

use crate::module::Module;
use crate::park::Refusal;
use crate::switch::Session;

pub(crate) mod callpark;
pub(crate) mod key;
pub(crate) mod retrieve;
pub(crate) mod valet;

/// The module, unless it is being unloaded.
fn running() -> Result<Arc<Module>, Refusal> {
    Module::running().filter(|module| !module.is_stopping()).ok_or(Refusal::Failed)
}

/// What every application needs before it can begin.
fn module_for(session: Session<'_>) -> Result<Arc<Module>, Refusal> {
    // An inline meta-app binding runs on the other leg's thread, which must not play to this one.
    running().and_then(|module| session.in_its_thread().then_some(module).ok_or(Refusal::Failed))
}
