//! API commands of other modules.

use super::sys;
use super::text::{take_c, to_c};

/// What a stream begins with, and grows by.
const CHUNK: usize = 1024;

/// Runs an API command and gives its answer; `None`: it could not be run, or there is none of that name.
#[must_use]
pub(crate) fn execute(command: &str, arguments: &str) -> Option<String> {
    let (command, arguments) = (to_c(command), to_c(arguments));
    // SAFETY: the stream is set up as `SWITCH_STANDARD_STREAM` does: zeroed, with a malloc'd and zeroed buffer that the
    // write functions reallocate and keep NUL-terminated. The strings outlive the call. What `data` points to at the
    // end, even after a failure, is malloc'd and ours.
    unsafe {
        let data = libc::calloc(1, CHUNK);
        if data.is_null() {
            return None;
        }
        let mut stream: sys::switch_stream_handle_t = std::mem::zeroed();
        stream.data = data;
        stream.end = data;
        stream.data_size = CHUNK;
        stream.alloc_len = CHUNK;
        stream.alloc_chunk = CHUNK;
        stream.write_function = Some(sys::switch_console_stream_write);
        stream.raw_write_function = Some(sys::switch_console_stream_raw_write);
        let status = sys::switch_api_execute(
            command.as_ptr(),
            arguments.as_ptr(),
            std::ptr::null_mut(),
            &raw mut stream,
        );
        let answer = take_c(stream.data.cast());
        answer.filter(|_| status == sys::switch_status_t::SWITCH_STATUS_SUCCESS)
    }
}
