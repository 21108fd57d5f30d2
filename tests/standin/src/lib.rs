//! A stand-in for FreeSWITCH, for the tests: a process with the C symbols mod_callpark imports, an event socket, a
//! dialplan and calls that are threads with a 20 ms clock. It is only a stand-in: where it differs from the real one,
//! it is wrong.

mod api;
mod apps;
mod bridge;
mod bus;
mod causes;
mod channel;
mod codecs;
mod console;
mod dialplan;
mod esl;
mod event;
mod extension;
mod held;
mod hooks;
mod keys;
mod live;
mod loader;
mod log;
mod machine;
mod media;
mod originate;
mod queries;
mod requests;
mod session;
mod state;
mod stream;
mod strings;
mod switch;
mod sys;
mod xml;

use std::ffi::{CStr, c_char, c_int};

/// Runs the switch whose folder is given, until it is told to shut down.
///
/// # Safety
/// `folder` is a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn standin_main(folder: *const c_char) -> c_int {
    // SAFETY: as the caller vouches.
    let folder = unsafe { CStr::from_ptr(folder) };
    match switch::run(folder.to_string_lossy().as_ref()) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("standin: {error}");
            1
        }
    }
}
