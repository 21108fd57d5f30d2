//! A list of applications that C gives to a channel.

use std::ffi::c_char;

use crate::channel::of;
use crate::strings::text;
use crate::sys;

type Raw = *mut sys::switch_core_session_t;
type Actions = Vec<(String, String)>;

#[unsafe(no_mangle)]
extern "C" fn switch_caller_extension_new(
    _session: Raw,
    _name: *const c_char,
    _number: *const c_char,
) -> *mut sys::switch_caller_extension_t {
    let actions: Box<Actions> = Box::default();
    Box::into_raw(actions).cast()
}

#[unsafe(no_mangle)]
extern "C" fn switch_caller_extension_add_application(
    _session: Raw,
    extension: *mut sys::switch_caller_extension_t,
    application: *const c_char,
    data: *const c_char,
) {
    // SAFETY: made by switch_caller_extension_new, and not yet given to a channel.
    let actions = unsafe { &mut *extension.cast::<Actions>() };
    actions.push((text(application), text(data)));
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_set_caller_extension(
    channel: *mut sys::switch_channel_t,
    extension: *mut sys::switch_caller_extension_t,
) {
    // SAFETY: as above; the channel takes it over.
    let actions = unsafe { Box::from_raw(extension.cast::<Actions>()) };
    of(channel.cast()).is_to_run(*actions);
}
