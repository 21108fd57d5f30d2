//! Sessions and channels, as C sees them. Both are the same pointer: to a [`Session`] that an Arc keeps alive.

use std::ffi::{CString, c_char, c_int};
use std::time::{Duration, Instant};

use crate::requests;
use crate::session::Session;
use crate::strings::text;
use crate::sys;
use crate::{causes, event};

type Raw = *mut sys::switch_core_session_t;
type Channel = *mut sys::switch_channel_t;

/// The session behind a pointer of ours.
pub fn of<'a>(raw: Raw) -> &'a Session {
    // SAFETY: C only has pointers to sessions that live: by its thread, or by the count `locate` took.
    unsafe { &*raw.cast::<Session>() }
}

fn at<'a>(raw: Channel) -> &'a Session {
    of(raw.cast())
}

pub fn raw(session: &Session) -> Raw {
    std::ptr::from_ref(session).cast_mut().cast()
}

fn truth(value: bool) -> sys::switch_bool_t {
    if value { sys::switch_bool_t::SWITCH_TRUE } else { sys::switch_bool_t::SWITCH_FALSE }
}

pub fn status(ok: bool) -> sys::switch_status_t {
    if ok {
        sys::switch_status_t::SWITCH_STATUS_SUCCESS
    } else {
        sys::switch_status_t::SWITCH_STATUS_FALSE
    }
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_get_channel(session: Raw) -> Channel {
    session.cast()
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_get_uuid(session: Raw) -> *mut c_char {
    of(session).uuid_c().cast_mut()
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_in_thread(session: Raw) -> sys::switch_bool_t {
    truth(of(session).in_thread())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_core_session_queue_private_event(
    session: Raw,
    event: *mut *mut sys::switch_event_t,
    _priority: sys::switch_bool_t,
) -> sys::switch_status_t {
    // SAFETY: an event of ours, which we take over.
    let event = unsafe { event::take(event) };
    // There is no signalling here that it would have to wait for.
    if event.get("call-command") == Some("hangup") {
        of(session).hangup(causes::number(event.get("hangup-cause").unwrap_or_default()));
    }
    if event.get("execute-app-name") == Some("eval") {
        let expression = event.get("execute-app-arg").unwrap_or_default().to_owned();
        of(session).requests.lock().push_back(expression);
    }
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_wake_session_thread(_session: Raw) -> sys::switch_status_t {
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_perform_kill_channel(
    session: Raw,
    _file: *const c_char,
    _func: *const c_char,
    _line: c_int,
    _signal: sys::switch_signal_t,
) -> sys::switch_status_t {
    // On null/ channels it does nothing.
    let _ = of(session);
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_perform_receive_message(
    session: Raw,
    message: *mut sys::switch_core_session_message_t,
    _file: *const c_char,
    _func: *const c_char,
    _line: c_int,
) -> sys::switch_status_t {
    // SAFETY: the module gives a message that lives during the call.
    let [name, number, ..] = unsafe { (*message).string_array_arg };
    of(session).set("last_sent_callee_id_name", Some(&text(name)));
    of(session).set("last_sent_callee_id_number", Some(&text(number)));
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_get_variable_dup(
    channel: Channel,
    name: *const c_char,
    _dup: sys::switch_bool_t,
    _index: c_int,
) -> *const c_char {
    let session = at(channel);
    session.get(&text(name)).map_or(std::ptr::null(), |value| session.keep(&value))
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_get_variables(
    channel: Channel,
    event: *mut *mut sys::switch_event_t,
) -> sys::switch_status_t {
    let variables = at(channel).variables.lock();
    let variables = variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut event_of_them = event::Event::default();
    event_of_them.headers = variables;
    // SAFETY: a place for the pointer.
    unsafe { *event = Box::into_raw(Box::new(event_of_them)).cast() };
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_set_variable_var_check(
    channel: Channel,
    name: *const c_char,
    value: *const c_char,
    _check: sys::switch_bool_t,
) -> sys::switch_status_t {
    at(channel).set(&text(name), Some(&text(value)));
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_set_scope_variables(
    channel: Channel,
    event: *mut *mut sys::switch_event_t,
) {
    let scopes = &at(channel).scopes;
    if event.is_null() {
        scopes.lock().pop();
    } else {
        // SAFETY: an event of ours, which we take over.
        let event = unsafe { event::take(event) };
        scopes.lock().push(event.headers.clone());
    }
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_expand_variables_check(
    channel: Channel,
    input: *const c_char,
    _variables: *mut sys::switch_event_t,
    _apis: *mut sys::switch_event_t,
    _depth: u32,
) -> *mut c_char {
    let given = text(input);
    let expanded = at(channel).expand(&given);
    if expanded == given {
        return input.cast_mut();
    }
    let expanded = CString::new(expanded).unwrap_or_default();
    // SAFETY: a C string; the module frees the copy.
    unsafe { libc::strdup(expanded.as_ptr()) }
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_get_name(channel: Channel) -> *mut c_char {
    at(channel).name_c().cast_mut()
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_test_flag(channel: Channel, flag: sys::switch_channel_flag_t) -> u32 {
    u32::from(at(channel).flag(flag.0 as usize))
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_set_flag_value(
    channel: Channel,
    flag: sys::switch_channel_flag_t,
    value: u32,
) {
    at(channel).set_flag(flag.0 as usize, value != 0);
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_clear_flag(channel: Channel, flag: sys::switch_channel_flag_t) {
    at(channel).set_flag(flag.0 as usize, false);
}

/// As FreeSWITCH's: a turn takes about a millisecond, and so does each unit of `limit`.
pub fn wait_for_flag(
    session: &Session,
    flag: usize,
    set: bool,
    limit_ms: u32,
    other: Option<&Session>,
) -> sys::switch_status_t {
    let end = (limit_ms > 0).then(|| Instant::now() + Duration::from_millis(limit_ms.into()));
    while session.flag(flag) != set {
        std::thread::sleep(Duration::from_millis(1));
        // Asking whether a leg is ready does what is queued for it.
        if let Some(other) = other.filter(|other| other.in_thread()) {
            requests::answer(other);
        }
        if other.is_some_and(|other| !other.ready()) || !session.up() {
            return sys::switch_status_t::SWITCH_STATUS_FALSE;
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            return sys::switch_status_t::SWITCH_STATUS_TIMEOUT;
        }
    }
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_test_ready(
    channel: Channel,
    _ready: sys::switch_bool_t,
    _media: sys::switch_bool_t,
) -> c_int {
    c_int::from(at(channel).ready())
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_perform_answer(
    channel: Channel,
    _file: *const c_char,
    _func: *const c_char,
    _line: c_int,
) -> sys::switch_status_t {
    status(at(channel).answer())
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_perform_hangup(
    channel: Channel,
    _file: *const c_char,
    _func: *const c_char,
    _line: c_int,
    cause: sys::switch_call_cause_t,
) -> sys::switch_channel_state_t {
    at(channel).hangup(cause.0);
    switch_channel_get_state(channel)
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_get_cause(channel: Channel) -> sys::switch_call_cause_t {
    sys::switch_call_cause_t(at(channel).cause())
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_get_running_state(channel: Channel) -> sys::switch_channel_state_t {
    sys::switch_channel_state_t(at(channel).running())
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_get_state(channel: Channel) -> sys::switch_channel_state_t {
    sys::switch_channel_state_t(at(channel).state())
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_perform_set_state(
    channel: Channel,
    _file: *const c_char,
    _func: *const c_char,
    _line: c_int,
    state: sys::switch_channel_state_t,
) -> sys::switch_channel_state_t {
    at(channel).set_state(state.0);
    state
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_step_caller_profile(_channel: Channel) {
    // There is one profile; only fields that are written change.
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_set_profile_var(
    channel: Channel,
    name: *const c_char,
    value: *const c_char,
) -> sys::switch_status_t {
    at(channel).profile.lock().insert(text(name), text(value));
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_event_set_data(channel: Channel, event: *mut sys::switch_event_t) {
    event::append(event, at(channel).data());
}

/// Nobody has anything done here.
#[unsafe(no_mangle)]
extern "C" fn switch_channel_clear_state_handler(
    _channel: Channel,
    _handler: *const sys::switch_state_handler_table_t,
) {
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_get_partner_uuid(channel: Channel) -> *const c_char {
    let session = at(channel);
    let partner = session.get("signal_bond").or_else(|| session.get("bridge_to"));
    partner.map_or(std::ptr::null(), |partner| session.keep(&partner))
}

/// Nobody is held here.
#[unsafe(no_mangle)]
extern "C" fn switch_ivr_unhold(_session: Raw) -> sys::switch_status_t {
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_ivr_session_transfer(
    session: Raw,
    extension: *const c_char,
    dialplan: *const c_char,
    context: *const c_char,
) -> sys::switch_status_t {
    status(of(session).transfer(&text(extension), Some(&text(dialplan)), Some(&text(context))))
}
