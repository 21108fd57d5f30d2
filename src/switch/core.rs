//! What belongs to the whole switch.

use super::sys;
use super::text::{take_c, to_c};

/// The switch's domain (global variable `domain`, or what FreeSWITCH takes for it).
#[must_use]
pub fn domain() -> Option<String> {
    // SAFETY: asked for a copy, which is malloc'd for us.
    unsafe { take_c(sys::switch_core_get_domain(sys::switch_bool_t::SWITCH_TRUE)) }
        .filter(|domain| !domain.is_empty())
}

/// A global variable.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    let name = to_c(name);
    // SAFETY: a C string in, a malloc'd copy out.
    unsafe { take_c(sys::switch_core_get_variable_dup(name.as_ptr())) }
        .filter(|value| !value.is_empty())
}

/// Whether a channel is up that has that variable with that value. Looks at every channel there is.
#[must_use]
pub fn has_channel(variable: &str, value: &str) -> bool {
    let (variable, value) = (to_c(variable), to_c(value));
    // SAFETY: C strings that outlive the call; a list that comes back is ours and is freed once.
    unsafe {
        let mut matches =
            sys::switch_core_session_findall_matching_var(variable.as_ptr(), value.as_ptr());
        let any = !matches.is_null();
        if any {
            sys::switch_console_free_matches(&raw mut matches);
        }
        any
    }
}
