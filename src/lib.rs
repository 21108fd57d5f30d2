//! mod_callpark: call parking for FreeSWITCH.
//!
//! A caller is put into a numbered *orbit* and hears music; somebody entitled picks the call up from any phone; if nobody
//! does, it comes back. [`park`] decides all that, without FreeSWITCH, threads or a clock. [`switch`] is FreeSWITCH made
//! safe. What is between them carries out what was decided.

pub mod after_bridge;
pub mod announce;
pub mod api;
pub mod apps;
pub mod args;
pub mod arrival;
pub mod behind;
pub mod busy;
pub mod callback;
pub mod came;
pub mod choices;
pub mod clock;
pub mod completing;
pub mod config;
pub mod departed;
pub mod dial;
pub mod dialling;
pub mod domains;
pub mod effects;
pub mod events;
pub mod expand;
pub mod features;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod handover;
pub mod health;
pub mod history;
pub mod hold;
pub mod hops;
pub mod lamp_backlog;
mod lamp_queue;
pub mod lamps;
pub mod message;
pub mod midcall;
pub mod module;
pub mod names;
pub mod park;
pub mod parked;
pub mod parker;
pub mod parting;
pub mod party;
pub mod phones;
pub mod pickup;
pub mod presence;
pub mod recordings;
pub mod render;
pub mod replaces;
mod request;
pub mod ring;
pub mod rings;
mod service;
pub mod settings;
pub mod standing;
pub mod subscriptions;
pub mod switch;
pub mod through;
pub mod tokens;
pub mod watchers;
pub mod worker;

use switch::module::{FunctionTable, Interface, Pool, Registration, Status, function_table};

/// What we offer, by the kinds and names FreeSWITCH registers.
pub const INTERFACES: [(&str, &str); 4] = [
    ("application", "callpark"),
    ("application", "callpark_retrieve"),
    ("application", "callpark_key"),
    ("api", "callpark"),
];

/// What FreeSWITCH looks for in the file.
#[allow(non_upper_case_globals)]
#[unsafe(no_mangle)]
pub static mod_callpark_module_interface: FunctionTable = function_table(load, shutdown);

unsafe extern "C" fn load(slot: *mut *mut Interface, pool: *mut Pool) -> Status {
    switch::guard("load", Status::SWITCH_STATUS_GENERR, || {
        // SAFETY: both are what FreeSWITCH called us with.
        let Some(registration) = (unsafe { Registration::begin(slot, pool) }) else {
            return Status::SWITCH_STATUS_GENERR;
        };
        registration.application::<apps::callpark::Callpark>();
        registration.application::<apps::retrieve::Retrieve>();
        registration.application::<apps::key::Key>();
        registration.command::<api::Callpark>();
        match service::start() {
            Ok(()) => Status::SWITCH_STATUS_SUCCESS,
            Err(error) => {
                switch::log::crit(None, format_args!("mod_callpark does not load: {error}"));
                Status::SWITCH_STATUS_GENERR
            }
        }
    })
}

unsafe extern "C" fn shutdown() -> Status {
    // Not in the guard's count: it waits for the others to be out.
    let out = switch::guard::uncounted("shutdown", false, service::stop);
    if out { Status::SWITCH_STATUS_SUCCESS } else { Status::SWITCH_STATUS_NOUNLOAD }
}
