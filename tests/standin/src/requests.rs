//! What a call is asked to do by others, on its own thread: private events, of which there is `eval` with one command in it.

use std::ffi::CString;

use crate::channel::raw;
use crate::loader;
use crate::session::Session;

/// Does what it was asked, as `switch_ivr_parse_all_events` does where FreeSWITCH plays, waits, rings or bridges.
pub fn answer(session: &Session) {
    while session.in_thread() {
        let Some(expression) = session.requests.lock().pop_front() else { return };
        let command = expression.strip_prefix("${").and_then(|rest| rest.strip_suffix(")}"));
        let Some((name, arguments)) = command.and_then(|command| command.split_once('(')) else {
            continue;
        };
        let arguments = CString::new(arguments).unwrap_or_default();
        drop(loader::run_command(name, Some(&arguments), raw(session)));
    }
}
