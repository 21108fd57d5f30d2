//! The module's own table, applications and command.

use std::ffi::{CStr, c_char};

use super::inside::InApplication;
use super::log;
use super::session::Session;
use super::stream::Stream;
use super::sys;
use super::text::{from_c, to_c};

/// What FreeSWITCH looks for in the file: `mod_callpark_module_interface`.
pub(crate) type FunctionTable = sys::switch_loadable_module_function_table_t;
/// What `load` is called with.
pub(crate) type Interface = sys::switch_loadable_module_interface_t;
/// A memory pool of FreeSWITCH's.
pub(crate) type Pool = sys::switch_memory_pool_t;
/// What `load` and `shutdown` return.
pub(crate) type Status = sys::switch_status_t;

/// The table for these two functions.
#[must_use]
pub(crate) const fn function_table(
    load: unsafe extern "C" fn(*mut *mut Interface, *mut Pool) -> Status,
    shutdown: unsafe extern "C" fn() -> Status,
) -> FunctionTable {
    FunctionTable {
        switch_api_version: sys::SWITCH_API_VERSION as i32,
        load: Some(load),
        shutdown: Some(shutdown),
        runtime: None,
        flags: sys::switch_module_flag_enum_t::SMODF_NONE.0,
    }
}

/// An application of the dialplan.
pub(crate) trait Application {
    /// Its name in the dialplan.
    const NAME: &'static CStr;
    /// What it does, in a few words.
    const SHORT: &'static CStr;
    /// What it takes.
    const SYNTAX: &'static CStr;
    /// Runs it, on the session's own thread.
    fn run(session: Session<'_>, data: &str);
}

/// A command of the console and the event socket.
pub(crate) trait Command {
    /// Its name.
    const NAME: &'static CStr;
    /// What it does, in a few words.
    const SHORT: &'static CStr;
    /// What it takes.
    const SYNTAX: &'static CStr;
    /// Runs it and answers into `stream`. `here`: the session that asks, if one does.
    fn run(arguments: &str, stream: &mut Stream, here: Option<Session<'_>>);
}

unsafe extern "C" fn application<A: Application>(
    session: *mut sys::switch_core_session_t,
    data: *const c_char,
) {
    super::guard("application", (), || {
        // SAFETY: FreeSWITCH runs the application for a session that stays alive while it runs; `data` is NULL or a C
        // string that lives as long.
        let (session, data) = unsafe { (Session::from_raw(session), from_c(data)) };
        if let Some(session) = session {
            let _in = InApplication::enter(session);
            // Its bridge, which ended because it was sent elsewhere, may have been the action before.
            if !session.channel().wait_until_sent() {
                A::run(session, &data.unwrap_or_default());
                session.channel().wait_until_sent();
            }
        }
    });
}

unsafe extern "C" fn command<C: Command>(
    arguments: *const c_char,
    session: *mut sys::switch_core_session_t,
    stream: *mut sys::switch_stream_handle_t,
) -> Status {
    super::guard("command", Status::SWITCH_STATUS_GENERR, || {
        // SAFETY: `arguments` is NULL or a C string, the session NULL or one that is alive, and the stream is alive, while
        // the command runs.
        let (arguments, session, stream) =
            unsafe { (from_c(arguments), Session::from_raw(session), Stream::from_raw(stream)) };
        if let Some(mut stream) = stream {
            let answered = super::guard::caught(&C::NAME.to_string_lossy(), || {
                C::run(&arguments.unwrap_or_default(), &mut stream, session)
            });
            // Without an answer of ours FreeSWITCH would say that there is no such command.
            if let Err(panicked) = answered {
                stream.write(&format!(
                    "-ERR failed {panicked}; search the log for this number and report the line\n"
                ));
            }
        }
        Status::SWITCH_STATUS_SUCCESS
    })
}

/// A command of FreeSWITCH's JSON API, which mod_verto and the command `json` call.
#[cfg(feature = "web")]
pub(crate) trait JsonCommand {
    /// Its name.
    const NAME: &'static CStr;
    /// What it does, in a few words.
    const SHORT: &'static CStr;
    /// What it takes.
    const SYNTAX: &'static CStr;
    /// Answers the whole request, as JSON.
    ///
    /// # Errors
    /// The answer, as JSON, of a request that failed.
    fn run(request: &str) -> Result<String, String>;
}

#[cfg(feature = "web")]
unsafe extern "C" fn json_command<J: JsonCommand>(
    request: *const sys::cJSON,
    _: *mut sys::switch_core_session_t,
    reply: *mut *mut sys::cJSON,
) -> Status {
    super::guard("JSON command", Status::SWITCH_STATUS_GENERR, || {
        // SAFETY: the request lives while the command runs. What is printed came from malloc, for us.
        let request = unsafe { super::text::take_c(sys::cJSON_PrintUnformatted(request)) };
        let answer = J::run(&request.unwrap_or_default());
        let status = match answer {
            Ok(_) => Status::SWITCH_STATUS_SUCCESS,
            Err(_) => Status::SWITCH_STATUS_GENERR,
        };
        let (Ok(answer) | Err(answer)) = answer;
        // SAFETY: a C string that outlives the call; the caller deletes what it gets, and takes NULL for no answer.
        unsafe {
            if let Some(reply) = reply.as_mut() {
                *reply = sys::cJSON_Parse(to_c(&answer).as_ptr());
            }
        }
        status
    })
}

/// Registers what the module offers, during `load`.
pub(crate) struct Registration {
    interface: *mut Interface,
}

impl Registration {
    /// Makes the module's interface and hands it to FreeSWITCH.
    ///
    /// # Safety
    /// `slot` and `pool` are what `load` was called with.
    pub(crate) unsafe fn begin(slot: *mut *mut Interface, pool: *mut Pool) -> Option<Self> {
        // SAFETY: the pool is FreeSWITCH's for this module; the name is copied into it.
        let interface = unsafe {
            sys::switch_loadable_module_create_module_interface(pool, c"mod_callpark".as_ptr())
        };
        if interface.is_null() || slot.is_null() {
            return None;
        }
        // SAFETY: `slot` is where FreeSWITCH wants the interface.
        unsafe { slot.write(interface) };
        Some(Self { interface })
    }

    /// Adds an application.
    pub(crate) fn application<A: Application>(&self) {
        // SAFETY: the interface is being filled by this thread alone. What comes back is an application's, zeroed; the
        // strings live as long as the code.
        unsafe {
            let raw = sys::switch_loadable_module_create_interface(
                self.interface,
                sys::switch_module_interface_name_t::SWITCH_APPLICATION_INTERFACE,
            )
            .cast::<sys::switch_application_interface_t>();
            if let Some(raw) = raw.as_mut() {
                raw.interface_name = A::NAME.as_ptr();
                raw.application_function = Some(application::<A>);
                raw.short_desc = A::SHORT.as_ptr();
                raw.long_desc = A::SHORT.as_ptr();
                raw.syntax = A::SYNTAX.as_ptr();
                raw.flags = sys::switch_application_flag_enum_t::SAF_NONE.0;
            }
        }
    }

    /// Adds a command.
    pub(crate) fn command<C: Command>(&self) {
        // SAFETY: as for an application.
        unsafe {
            let raw = sys::switch_loadable_module_create_interface(
                self.interface,
                sys::switch_module_interface_name_t::SWITCH_API_INTERFACE,
            )
            .cast::<sys::switch_api_interface_t>();
            if let Some(raw) = raw.as_mut() {
                raw.interface_name = C::NAME.as_ptr();
                raw.function = Some(command::<C>);
                raw.desc = C::SHORT.as_ptr();
                raw.syntax = C::SYNTAX.as_ptr();
            }
        }
    }

    /// Adds a command of the JSON API.
    #[cfg(feature = "web")]
    pub(crate) fn json_command<J: JsonCommand>(&self) {
        // SAFETY: as for an application.
        unsafe {
            let raw = sys::switch_loadable_module_create_interface(
                self.interface,
                sys::switch_module_interface_name_t::SWITCH_JSON_API_INTERFACE,
            )
            .cast::<sys::switch_json_api_interface_t>();
            if let Some(raw) = raw.as_mut() {
                raw.interface_name = J::NAME.as_ptr();
                raw.function = Some(json_command::<J>);
                raw.desc = J::SHORT.as_ptr();
                raw.syntax = J::SYNTAX.as_ptr();
            }
        }
    }
}

/// Whether a module is loaded, by its file name without `.so`.
#[must_use]
pub(crate) fn is_loaded(module: &str) -> bool {
    let name = to_c(module);
    // SAFETY: a C string that outlives the call.
    unsafe {
        sys::switch_loadable_module_exists(name.as_ptr())
            == sys::switch_status_t::SWITCH_STATUS_SUCCESS
    }
}

/// Logs, loudly, that something is missing which FreeSWITCH should have registered for us.
pub(crate) fn missing(what: &str) {
    log::crit(
        None,
        format_args!(
            "FreeSWITCH did not register {what} of mod_callpark; check <interface-allowlist> in switch.conf.xml"
        ),
    );
}
