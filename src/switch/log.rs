//! FreeSWITCH's log.

use std::ffi::CString;
use std::fmt::Arguments;

use super::sys;
use super::text::to_c;
use crate::park::is_invisible;

const FILE: &std::ffi::CStr = c"mod_callpark";
/// The longest line, in characters: what callers and dialplans send must not fill the disk.
const LONGEST: usize = 2_048;

/// One line is one line: what a caller sends must not be able to forge another, nor to turn this one around on a screen.
pub(crate) fn line(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if is_invisible(c) { ' ' } else { c }).collect()
}

fn write(level: sys::switch_log_level_t, uuid: Option<&str>, text: Arguments<'_>) {
    let text = to_c(&line(&text.to_string()));
    let uuid: Option<CString> = uuid.map(to_c);
    let uuid = uuid.as_ref().map_or(std::ptr::null(), |uuid| uuid.as_ptr());
    // SAFETY: every pointer is a C string that outlives the call (or NULL for no uuid); the shim copies nothing.
    unsafe { sys::callpark_log(level, uuid, FILE.as_ptr(), FILE.as_ptr(), 0, text.as_ptr()) };
}

macro_rules! level {
    ($($name:ident $level:ident $doc:literal)*) => {$(
        #[doc = $doc]
        ///
        /// `uuid`: the call it is about, so that FreeSWITCH's log shows it with that call.
        pub(crate) fn $name(uuid: Option<&str>, text: Arguments<'_>) {
            write(sys::switch_log_level_t::$level, uuid, text);
        }
    )*};
}

level! {
    crit SWITCH_LOG_CRIT "Something that must be looked at at once."
    error SWITCH_LOG_ERROR "Something did not work."
    warning SWITCH_LOG_WARNING "Something works, but not as it should."
    notice SWITCH_LOG_NOTICE "What an administrator follows: parked, retrieved, returned."
    info SWITCH_LOG_INFO "Details of the same."
}
