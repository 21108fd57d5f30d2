//! Applications of other modules: those a session has run, and those it is to run.

use super::channel::Flag;
use super::session::Session;
use super::sys;
use super::text::{from_c, to_c};

/// More than this no dialplan runs; a script in a loop does.
const MOST: usize = 2_000;

/// The applications a session has run and their data, oldest first.
#[must_use]
pub(crate) fn log(session: Session<'_>) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    // SAFETY: the session is alive, and its log lives in its memory pool as long as it does. Entries are only ever
    // added at the end, and filled before they are linked. FreeSWITCH does so without a barrier: on a processor that
    // reorders stores (ARM) another thread than the session's own could see the last one too early.
    unsafe {
        let mut entry = sys::switch_core_session_get_app_log(session.raw());
        while let Some(run) = entry.as_ref() {
            if let Some(application) = from_c(run.app) {
                entries.push((application, from_c(run.arg).unwrap_or_default()));
            }
            if entries.len() == MOST {
                break;
            }
            entry = run.next;
        }
    }
    entries
}

/// The names of the applications a session has run, oldest first.
#[must_use]
pub(crate) fn names(session: Session<'_>) -> Vec<String> {
    log(session).into_iter().map(|(name, _)| name).collect()
}

/// Runs an application on the session's own thread, with its data as it is. Returns false if it cannot be run.
pub(crate) fn run(session: Session<'_>, application: &str, data: &str) -> bool {
    const AS_IT_IS: &str = "app_disable_expand_variables";
    // What an application notes of itself; the module's own is the one that goes on.
    const NOTED: [&str; 2] = ["current_application", "current_application_data"];
    let channel = session.channel();
    let before = NOTED.map(|name| channel.variable(name));
    let expands = channel.variable(AS_IT_IS);
    channel.set_variable(AS_IT_IS, Some("true"));
    let (name, argument) = (to_c(application), to_c(data));
    // SAFETY: we run on the session's thread; the strings outlive the call; no flags are asked for.
    let status = unsafe {
        sys::switch_core_session_execute_application_get_flags(
            session.raw(),
            name.as_ptr(),
            argument.as_ptr(),
            std::ptr::null_mut(),
        )
    };
    channel.set_variable(AS_IT_IS, expands.as_deref());
    for (name, value) in NOTED.iter().zip(before) {
        channel.set_variable(name, value.as_deref());
    }
    status == sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

/// Has the session, which is in an application of ours, run this one next and nothing after it.
pub(crate) fn run_next(session: Session<'_>, application: &str, data: &str) {
    if set_extension(session, application, data) {
        session.channel().set_flag(Flag::Reset);
    }
}

/// Has the session run nothing more of its dialplan, whenever it comes back to it.
pub(crate) fn run_nothing(session: Session<'_>) {
    // SAFETY: the extension is new, and of this session.
    unsafe {
        let extension = empty_extension(session, "nothing");
        if !extension.is_null() {
            sys::switch_channel_set_caller_extension(session.channel().raw(), extension);
        }
    }
}

/// Gives the session a list of one application to run.
pub(crate) fn set_extension(session: Session<'_>, application: &str, data: &str) -> bool {
    let extension = empty_extension(session, application);
    if extension.is_null() {
        return false;
    }
    let (application, data) = (to_c(application), to_c(data));
    // SAFETY: the session is alive; the extension is its own and copies the strings.
    unsafe {
        sys::switch_caller_extension_add_application(
            session.raw(),
            extension,
            application.as_ptr(),
            data.as_ptr(),
        );
        sys::switch_channel_set_caller_extension(session.channel().raw(), extension);
    }
    true
}

/// A list of no application, in the session's own memory; null when there is none left.
fn empty_extension(session: Session<'_>, name: &str) -> *mut sys::switch_caller_extension_t {
    let name = to_c(name);
    // SAFETY: the session is alive; what it gives copies the strings.
    unsafe { sys::switch_caller_extension_new(session.raw(), name.as_ptr(), name.as_ptr()) }
}
