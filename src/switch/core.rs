//! What belongs to the whole switch.

use super::sys;
use super::text::{from_c, take_c, to_c};

/// The switch's domain (global variable `domain`, or what FreeSWITCH takes for it).
#[must_use]
pub(crate) fn domain() -> Option<String> {
    // SAFETY: asked for a copy, which is malloc'd for us.
    unsafe { take_c(sys::switch_core_get_domain(sys::switch_bool_t::SWITCH_TRUE)) }
        .filter(|domain| !domain.is_empty())
}

/// The name of this switch: `switchname` of switch.conf, or else the host's.
#[must_use]
pub(crate) fn name() -> Option<String> {
    // SAFETY: NULL or a C string that stays as it is once the core has started.
    unsafe { from_c(sys::switch_core_get_switchname()) }.filter(|name| !name.is_empty())
}

/// Whether the switch is ending. It tells its modules one after the other.
#[must_use]
pub(crate) fn is_shutting_down() -> bool {
    // SAFETY: reads numbers of FreeSWITCH's own.
    let flags = unsafe { sys::switch_core_flags() };
    flags & sys::switch_core_flag_enum_t::SCF_SHUTTING_DOWN.0 != 0
}

/// Whether the switch has started, and takes calls.
#[must_use]
pub(crate) fn is_ready() -> bool {
    // SAFETY: reads numbers of FreeSWITCH's own.
    let flags = unsafe { sys::switch_core_flags() };
    let closed = sys::switch_core_flag_enum_t::SCF_NO_NEW_INBOUND_SESSIONS.0
        | sys::switch_core_flag_enum_t::SCF_SHUTTING_DOWN.0;
    flags & closed == 0
}

/// A global variable.
#[must_use]
pub(crate) fn variable(name: &str) -> Option<String> {
    let name = to_c(name);
    // SAFETY: a C string in, a malloc'd copy out.
    unsafe { take_c(sys::switch_core_get_variable_dup(name.as_ptr())) }
        .filter(|value| !value.is_empty())
}

/// The uuids of all channels that are up. Looks at each of them: not for every call.
#[must_use]
pub(crate) fn all_channels() -> Vec<String> {
    let mut uuids = Vec::new();
    // SAFETY: a literal, and NULL stands for any value; a list that comes back is ours, ends in NULL and is freed once.
    unsafe {
        // Every channel has one.
        let variable = c"direction".as_ptr();
        let mut matches = sys::switch_core_session_findall_matching_var(variable, std::ptr::null());
        if !matches.is_null() {
            let mut node = (*matches).head;
            while !node.is_null() {
                uuids.extend(from_c((*node).val));
                node = (*node).next;
            }
            sys::switch_console_free_matches(&raw mut matches);
        }
    }
    uuids
}
