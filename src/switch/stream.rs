//! What an API command answers into.

use std::ptr::NonNull;

use super::sys;

/// The answer of an API command, while the command runs.
pub(crate) struct Stream {
    raw: NonNull<sys::switch_stream_handle_t>,
}

impl Stream {
    /// # Safety
    /// `raw` is NULL or the stream an API function was called with, used only while it runs.
    pub(super) unsafe fn from_raw(raw: *mut sys::switch_stream_handle_t) -> Option<Self> {
        NonNull::new(raw).map(|raw| Self { raw })
    }

    /// Writes text as it is: not through a format.
    pub(crate) fn write(&mut self, text: &str) {
        // Some streams take the length as a signed 32-bit number: pieces keep far from it.
        for piece in text.as_bytes().chunks(1 << 20) {
            // SAFETY: the stream is alive while the command runs; it only reads the bytes, its type merely lacks the
            // const.
            unsafe {
                if let Some(write) = (*self.raw.as_ptr()).raw_write_function {
                    write(self.raw.as_ptr(), piece.as_ptr().cast_mut(), piece.len());
                }
            }
        }
    }
}
