//! What belongs to the whole switch.

use super::sys;
use super::text::take_c;

/// The switch's domain (global variable `domain`, or what FreeSWITCH takes for it).
#[must_use]
pub fn domain() -> Option<String> {
    // SAFETY: asked for a copy, which is malloc'd for us.
    unsafe { take_c(sys::switch_core_get_domain(sys::switch_bool_t::SWITCH_TRUE)) }
        .filter(|domain| !domain.is_empty())
}
