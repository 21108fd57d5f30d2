//! Hang-up causes by name.

use std::ffi::{CStr, c_char};

use crate::sys;

const CAUSES: &[(&CStr, u32)] = &[
    (c"NONE", 0),
    (c"UNALLOCATED_NUMBER", 1),
    (c"NO_ROUTE_DESTINATION", 3),
    (c"NORMAL_CLEARING", 16),
    (c"USER_BUSY", 17),
    (c"NO_USER_RESPONSE", 18),
    (c"NO_ANSWER", 19),
    (c"SUBSCRIBER_ABSENT", 20),
    (c"CALL_REJECTED", 21),
    (c"EXCHANGE_ROUTING_ERROR", 25),
    (c"DESTINATION_OUT_OF_ORDER", 27),
    (c"NORMAL_UNSPECIFIED", 31),
    (c"NORMAL_CIRCUIT_CONGESTION", 34),
    (c"NORMAL_TEMPORARY_FAILURE", 41),
    (c"REQUESTED_CHAN_UNAVAIL", 44),
    (c"SERVICE_UNAVAILABLE", 63),
    (c"CHAN_NOT_IMPLEMENTED", 66),
    (c"RECOVERY_ON_TIMER_EXPIRE", 102),
    (c"ORIGINATOR_CANCEL", 487),
    (c"SYSTEM_SHUTDOWN", 701),
    (c"LOSE_RACE", 702),
    (c"MANAGER_REQUEST", 703),
    (c"BLIND_TRANSFER", 800),
    (c"ATTENDED_TRANSFER", 801),
    (c"ALLOTTED_TIMEOUT", 802),
    (c"MEDIA_TIMEOUT", 804),
    (c"PICKED_OFF", 805),
    (c"USER_NOT_REGISTERED", 806),
];

/// The cause of that name or number; none: `NORMAL_CLEARING`, as FreeSWITCH has it.
pub fn number(name: &str) -> u32 {
    let by_name = CAUSES
        .iter()
        .find(|(known, _)| known.to_str().is_ok_and(|known| known.eq_ignore_ascii_case(name)));
    by_name.map(|(_, number)| *number).or_else(|| name.parse().ok()).unwrap_or(16)
}

pub fn name(number: u32) -> &'static CStr {
    CAUSES.iter().find(|(_, known)| *known == number).map_or(c"UNKNOWN", |(name, _)| name)
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_str2cause(text: *const c_char) -> sys::switch_call_cause_t {
    if text.is_null() {
        return sys::switch_call_cause_t(16);
    }
    // SAFETY: the module gives a C string.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    sys::switch_call_cause_t(number(&text))
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_cause2str(cause: sys::switch_call_cause_t) -> *const c_char {
    name(cause.0).as_ptr()
}
