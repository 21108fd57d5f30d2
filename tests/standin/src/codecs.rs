//! Codecs and files of sound. There are none here, so the module has each call play for itself.

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::ptr;

use crate::sys;

type Status = sys::switch_status_t;
type Codec = *mut sys::switch_codec_t;
type File = *mut sys::switch_file_handle_t;
type Session = *mut sys::switch_core_session_t;

/// C functions that only answer.
macro_rules! answers {
    ($($name:ident($($argument:ty),*) -> $answer:ty = $value:expr;)*) => {
        $(#[unsafe(no_mangle)]
        extern "C" fn $name($(_: $argument),*) -> $answer {
            $value
        })*
    };
}

answers! {
    switch_core_flags() -> u32 = 0;
    switch_core_recovery_track(Session) -> () = ();
    switch_channel_test_cap(*mut sys::switch_channel_t, sys::switch_channel_cap_t) -> u32 = 0;
    switch_core_session_get_write_codec(Session) -> Codec = ptr::null_mut();
    switch_core_session_get_read_codec(Session) -> Codec = ptr::null_mut();
    switch_core_codec_init_with_bitrate(
        Codec, *const c_char, *const c_char, *const c_char, u32, c_int, c_int, u32, u32,
        *const sys::switch_codec_settings_t, *mut sys::switch_memory_pool_t
    ) -> Status = Status::SWITCH_STATUS_GENERR;
    switch_core_codec_encode(
        Codec, Codec, *mut c_void, u32, u32, *mut c_void, *mut u32, *mut u32, *mut c_uint
    ) -> Status = Status::SWITCH_STATUS_GENERR;
    switch_core_codec_destroy(Codec) -> Status = Status::SWITCH_STATUS_GENERR;
    switch_core_perform_file_open(
        *const c_char, *const c_char, c_int, File, *const c_char, u32, u32, c_uint,
        *mut sys::switch_memory_pool_t
    ) -> Status = Status::SWITCH_STATUS_GENERR;
    switch_core_file_read(File, *mut c_void, *mut usize) -> Status = Status::SWITCH_STATUS_GENERR;
    switch_core_file_close(File) -> Status = Status::SWITCH_STATUS_GENERR;
    switch_core_session_write_frame(Session, *mut sys::switch_frame_t, u32, c_int) -> Status
        = Status::SWITCH_STATUS_GENERR;
    switch_ivr_collect_digits_callback(Session, *mut sys::switch_input_args_t, u32, u32) -> Status
        = Status::SWITCH_STATUS_GENERR;
    switch_core_media_bug_enumerate(Session, *mut sys::switch_stream_handle_t) -> Status
        = Status::SWITCH_STATUS_SUCCESS;
    switch_core_media_bug_exec_all(
        Session, *const c_char, sys::switch_media_bug_exec_cb_t, *mut c_void
    ) -> Status = Status::SWITCH_STATUS_FALSE;
    switch_core_media_bug_test_flag(*mut sys::switch_media_bug_t, u32) -> u32 = 0;
    switch_core_media_bug_set_flag(*mut sys::switch_media_bug_t, u32) -> u32 = 0;
    switch_core_media_bug_clear_flag(*mut sys::switch_media_bug_t, u32) -> u32 = 0;
}
