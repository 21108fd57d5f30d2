//! Keys that are pressed.

use std::ffi::{c_char, c_int};

use crate::channel::{of, status};
use crate::strings::text;
use crate::sys;

/// How long a key is held, in samples of 8 kHz.
const DURATION: u32 = 800;

/// A key, as C sees it (`switch_dtmf_t`).
#[repr(C)]
pub struct Dtmf {
    digit: c_char,
    duration: u32,
    flags: i32,
    source: i32,
}

impl Dtmf {
    pub fn of(digit: char) -> Dtmf {
        Dtmf { digit: digit as u8 as c_char, duration: DURATION, flags: 0, source: 0 }
    }
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_queue_dtmf(
    channel: *mut sys::switch_channel_t,
    dtmf: *const Dtmf,
) -> sys::switch_status_t {
    // SAFETY: the module gives a key that lives during the call.
    let digit = unsafe { (*dtmf).digit };
    of(channel.cast()).press(std::iter::once(char::from(digit as u8)));
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_queue_dtmf_string(
    channel: *mut sys::switch_channel_t,
    digits: *const c_char,
) -> sys::switch_status_t {
    of(channel.cast()).press(text(digits).chars());
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_has_dtmf(channel: *mut sys::switch_channel_t) -> c_int {
    of(channel.cast()).digits.lock().len() as c_int
}
