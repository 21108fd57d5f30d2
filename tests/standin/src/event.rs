//! Events.

use std::ffi::{CString, c_char, c_int, c_void};
use std::fmt::Write;

use crate::bus;
use crate::strings::{self, text};
use crate::sys;

/// An event: its headers in order, and a body.
#[derive(Clone, Debug, Default)]
pub struct Event {
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    /// What was handed out of it to C; lives as long as the event.
    handed_out: Vec<CString>,
}

impl Event {
    pub fn named(name: &str) -> Event {
        let mut event = Event::default();
        event.add("Event-Name", name);
        event
    }

    pub fn add(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn name(&self) -> &str {
        self.get("Event-Name").unwrap_or_default()
    }

    pub fn subclass(&self) -> &str {
        self.get("Event-Subclass").unwrap_or_default()
    }

    /// As the event socket sends it.
    pub fn plain(&self) -> String {
        let mut out = String::new();
        for (name, value) in &self.headers {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{name}: {}", strings::url_encode(value));
        }
        if let Some(body) = &self.body {
            let _ = write!(out, "Content-Length: {}\n\n{body}", body.len());
        } else {
            out.push('\n');
        }
        out
    }

    fn from_raw<'a>(raw: *mut sys::switch_event_t) -> Option<&'a mut Event> {
        // SAFETY: every event the module sees was made by us as a Box<Event>.
        unsafe { raw.cast::<Event>().as_mut() }
    }
}

/// Takes an event over from C, and leaves NULL there.
///
/// # Safety
/// It is a place with an event that was made here, and that nobody else has.
pub unsafe fn take(place: *mut *mut sys::switch_event_t) -> Event {
    // SAFETY: as the caller vouches; every event was made by us as a Box<Event>.
    unsafe { *Box::from_raw(std::mem::replace(&mut *place, std::ptr::null_mut()).cast::<Event>()) }
}

const NAMES: &[(u32, &str)] = &[
    (0, "CUSTOM"),
    (1, ""),
    (13, "CHANNEL_BRIDGE"),
    (34, "MODULE_LOAD"),
    (38, "PRESENCE_IN"),
    (41, "PRESENCE_PROBE"),
    (51, "TRAP"),
    (56, "RELOADXML"),
    (60, "SEND_MESSAGE"),
    (82, "MEDIA_BUG_START"),
];

pub fn name_of(kind: sys::switch_event_types_t) -> &'static str {
    NAMES.iter().find(|(number, _)| *number == kind.0).map_or("UNKNOWN", |(_, name)| name)
}

#[unsafe(no_mangle)]
extern "C" fn switch_event_create_subclass_detailed(
    _file: *const c_char,
    _func: *const c_char,
    _line: c_int,
    event: *mut *mut sys::switch_event_t,
    kind: sys::switch_event_types_t,
    subclass: *const c_char,
) -> sys::switch_status_t {
    let mut made = match name_of(kind) {
        "" => Event::default(),
        name => Event::named(name),
    };
    if !subclass.is_null() {
        made.add("Event-Subclass", &text(subclass));
    }
    // SAFETY: a place for the pointer.
    unsafe { *event = Box::into_raw(Box::new(made)).cast() };
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn switch_event_add_header_string(
    event: *mut sys::switch_event_t,
    _stack: sys::switch_stack_t,
    name: *const c_char,
    value: *const c_char,
) -> sys::switch_status_t {
    let (name, value) = (text(name), text(value));
    if let Some(event) = Event::from_raw(event) {
        if value.is_empty() {
            event.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(&name));
        } else {
            event.add(&name, &value);
        }
    }
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn switch_event_set_body(
    event: *mut sys::switch_event_t,
    body: *const c_char,
) -> sys::switch_status_t {
    if let Some(event) = Event::from_raw(event) {
        event.body = Some(text(body));
    }
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn switch_event_get_header_idx(
    event: *mut sys::switch_event_t,
    name: *const c_char,
    _index: c_int,
) -> *mut c_char {
    let name = text(name);
    let Some(event) = Event::from_raw(event) else { return std::ptr::null_mut() };
    let Some(value) = event.get(&name).map(|value| CString::new(value).unwrap_or_default()) else {
        return std::ptr::null_mut();
    };
    let raw = value.as_ptr();
    event.handed_out.push(value);
    raw.cast_mut()
}

#[unsafe(no_mangle)]
extern "C" fn switch_event_fire_detailed(
    _file: *const c_char,
    _func: *const c_char,
    _line: c_int,
    event: *mut *mut sys::switch_event_t,
    _data: *mut c_void,
) -> sys::switch_status_t {
    // SAFETY: the module gives up an event of ours.
    bus::fire(unsafe { take(event) });
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn switch_event_destroy(event: *mut *mut sys::switch_event_t) {
    // SAFETY: as for firing.
    unsafe {
        if !(*event).is_null() {
            drop(Box::from_raw((*event).cast::<Event>()));
            *event = std::ptr::null_mut();
        }
    }
}

/// The headers as variables: what `originate` gets from the module.
pub fn variables(event: *mut sys::switch_event_t) -> Vec<(String, String)> {
    Event::from_raw(event).map(|event| event.headers.clone()).unwrap_or_default()
}

/// Appends a channel's data to an event of the module's.
pub fn append(event: *mut sys::switch_event_t, headers: Vec<(String, String)>) {
    if let Some(event) = Event::from_raw(event) {
        event.headers.extend(headers);
    }
}
