//! What an API command answers into.

use std::ffi::{CStr, c_char};

use crate::sys;

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
    here: *mut sys::switch_core_session_t,
) -> Vec<u8> {
    let mut answer: Vec<u8> = Vec::new();
    // SAFETY: a stream that lives during the call, whose other fields are NULL as nothing here reads them.
    unsafe {
        let mut stream: sys::switch_stream_handle_t = std::mem::zeroed();
        stream.data = (&raw mut answer).cast();
        stream.raw_write_function = Some(write);
        stream.write_function = Some(standin_stream_write);
        let arguments = arguments.map_or(std::ptr::null(), CStr::as_ptr);
        function(arguments, here, &raw mut stream);
    }
    answer
}
