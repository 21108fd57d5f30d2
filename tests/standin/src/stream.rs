//! What an API command answers into.

use std::ffi::{CStr, c_char};

use crate::strings::text;
use crate::{api, sys};

unsafe extern "C" {
    pub fn standin_stream_write(
        handle: *mut sys::switch_stream_handle_t,
        format: *const c_char,
        ...
    ) -> sys::switch_status_t;
}

unsafe extern "C" fn write(
    handle: *mut sys::switch_stream_handle_t,
    data: *mut u8,
    length: usize,
) -> sys::switch_status_t {
    // SAFETY: `call` made the handle with a Vec<u8> that outlives it; the module gives `length` bytes.
    unsafe {
        let answer = &mut *(*handle).data.cast::<Vec<u8>>();
        answer.extend_from_slice(std::slice::from_raw_parts(data, length));
    }
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

/// Runs a module's command and gives its answer.
pub fn call(
    function: unsafe extern "C" fn(
        *const c_char,
        *mut sys::switch_core_session_t,
        *mut sys::switch_stream_handle_t,
    ) -> sys::switch_status_t,
    arguments: Option<&CStr>,
) -> Vec<u8> {
    let mut answer: Vec<u8> = Vec::new();
    // SAFETY: a stream that lives during the call, whose other fields are NULL as nothing here reads them.
    unsafe {
        let mut stream: sys::switch_stream_handle_t = std::mem::zeroed();
        stream.data = (&raw mut answer).cast();
        stream.raw_write_function = Some(write);
        stream.write_function = Some(standin_stream_write);
        let arguments = arguments.map_or(std::ptr::null(), CStr::as_ptr);
        function(arguments, std::ptr::null_mut(), &raw mut stream);
    }
    answer
}

/// A command that a module runs: the module's own ones, and those of the stand-in.
///
/// # Safety
/// The strings are C strings or NULL, and the stream is a live one.
#[unsafe(no_mangle)]
unsafe extern "C" fn switch_api_execute(
    command: *const c_char,
    arguments: *const c_char,
    _session: *mut sys::switch_core_session_t,
    stream: *mut sys::switch_stream_handle_t,
) -> sys::switch_status_t {
    let line = format!("{} {}", text(command), text(arguments));
    let mut answer = api::run(line.as_bytes());
    // SAFETY: as the caller vouches; the answer outlives the call.
    unsafe {
        match (*stream).raw_write_function {
            Some(write) => write(stream, answer.as_mut_ptr(), answer.len()),
            None => sys::switch_status_t::SWITCH_STATUS_FALSE,
        }
    }
}
