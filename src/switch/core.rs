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

/// A global variable.
#[must_use]
pub(crate) fn variable(name: &str) -> Option<String> {
    let name = to_c(name);
    // SAFETY: a C string in, a malloc'd copy out.
    unsafe { take_c(sys::switch_core_get_variable_dup(name.as_ptr())) }
        .filter(|value| !value.is_empty())
}

/// The uuids of the channels that are up and have that variable with that value. Looks at every channel there is.
#[must_use]
pub(crate) fn channels(variable: &str, value: &str) -> Vec<String> {
    find_channels(variable, Some(value))
}

/// The uuids of all channels that are up.
#[must_use]
pub(crate) fn all_channels() -> Vec<String> {
    // Every channel has one.
    find_channels("direction", None)
}

/// Those that have that variable; with that value, if there is one.
fn find_channels(variable: &str, value: Option<&str>) -> Vec<String> {
    let (variable, value) = (to_c(variable), value.map(to_c));
    let value = value.as_ref().map_or(std::ptr::null(), |value| value.as_ptr());
    let mut uuids = Vec::new();
    // SAFETY: C strings that outlive the call, and NULL stands for any value; a list that comes back is ours, ends in
    // NULL and is freed once.
    unsafe {
        let mut matches = sys::switch_core_session_findall_matching_var(variable.as_ptr(), value);
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
