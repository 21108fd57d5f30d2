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
