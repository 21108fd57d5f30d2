//! The dialplan's applications, one file each, and what they share.

use std::sync::Arc;

use crate::module::Module;
use crate::park::Refusal;
use crate::switch::{Session, log};

pub(crate) mod callpark;
pub(crate) mod key;
pub(crate) mod retrieve;

/// Says in `callpark_status` how an application ended, and in the log if it did not do what it was asked.
pub(crate) fn report(
    session: Session<'_>,
    application: &str,
    data: &str,
    result: Result<&str, Refusal>,
) {
    let code = match result {
        Ok(status) => status,
        Err(refusal) => {
            log::notice(
                Some(&session.uuid()),
                format_args!(
                    "{application}({data}): {}: {refusal}; the dialplan goes on",
                    refusal.code()
                ),
            );
            refusal.code()
        }
    };
    session.channel().set_variable("callpark_status", Some(code));
}

/// The module, unless it is being unloaded.
fn running() -> Result<Arc<Module>, Refusal> {
    Module::running().filter(|module| !module.is_stopping()).ok_or(Refusal::Failed)
}

/// What every application needs before it can begin.
fn module_for(session: Session<'_>) -> Result<Arc<Module>, Refusal> {
    // An inline meta-app binding runs on the other leg's thread, which must not play to this one.
    running().and_then(|module| session.in_its_thread().then_some(module).ok_or(Refusal::Failed))
}
