//! mod_callpark: call parking for FreeSWITCH.
//!
//! A caller is put into a numbered *orbit* and hears music. A user who may do so picks the call up from any phone. If nobody
//! does, the call comes back. [`park`] decides all that, without FreeSWITCH, threads or a clock. `switch` is FreeSWITCH made
//! safe. What is between them carries out the decisions.

mod api;
mod apps;
mod args;
mod config;
mod dial;
#[cfg(test)]
mod docs;
mod doctor;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
#[allow(clippy::expect_used, clippy::panic, reason = "a panic is how a target fails")]
pub mod fuzzing;
#[cfg(feature = "web")]
mod hooks;
mod journal;
mod leg;
mod module;
pub mod park;
mod render;
mod service;
mod switch;
mod tell;
#[cfg(feature = "web")]
mod web;

use switch::module::{FunctionTable, Interface, Pool, Registration, Status, function_table};

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
        #[cfg(feature = "web")]
        registration.json_command::<web::socket::Socket>();
        match service::start::start() {
            Ok(valet) => {
                if valet {
                    registration.application::<apps::valet::ValetPark>();
                    registration.command::<api::valet::ValetInfo>();
                }
                Status::SWITCH_STATUS_SUCCESS
            }
            Err(error) => {
                switch::log::crit(None, format_args!("mod_callpark cannot be loaded: {error}"));
                Status::SWITCH_STATUS_GENERR
            }
        }
    })
}

unsafe extern "C" fn shutdown() -> Status {
    // Not in the guard's count: it waits for the others to be out.
    let out = switch::guard::uncounted("shutdown", false, service::start::stop);
    if out { Status::SWITCH_STATUS_SUCCESS } else { Status::SWITCH_STATUS_NOUNLOAD }
}
