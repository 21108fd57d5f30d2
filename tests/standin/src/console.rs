//! Tab completion: who offers words, and the words.

use std::ffi::{CString, c_char};

use parking_lot::Mutex;

use crate::strings::text;
use crate::sys;

type Complete = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *mut *mut sys::switch_console_callback_match_t,
) -> sys::switch_status_t;

static FUNCTIONS: Mutex<Vec<(String, Complete)>> = Mutex::new(Vec::new());
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The words that a function offers after `line`, which ends in what has been typed of one. None: no such function.
pub fn words(function: &str, line: &str) -> Option<Vec<String>> {
    let found =
        FUNCTIONS.lock().iter().find(|(name, _)| name == function).map(|(_, complete)| *complete);
    let complete = found?;
    let line = CString::new(line).unwrap_or_default();
    let typed = line.as_bytes().iter().rposition(|byte| *byte == b' ').map_or(0, |at| at + 1);
    // FreeSWITCH leaves it as it happens to be: whoever reads it finds a pointer to nowhere.
    let mut place: *mut sys::switch_console_callback_match_t = std::ptr::dangling_mut();
    // SAFETY: a function the module added and has not deleted; the line outlives the call. If it says that it has
    // found something, the place holds a list that `switch_console_push_match` made.
    unsafe {
        match complete(line.as_ptr(), line.as_ptr().add(typed), &raw mut place) {
            sys::switch_status_t::SWITCH_STATUS_SUCCESS => {
                Some(*Box::from_raw(place.cast::<Vec<String>>()))
            }
            _ => Some(Vec::new()),
        }
    }
}

/// What has been added, by name. Only a module adds here.
pub fn held_by_modules() -> Vec<String> {
    let functions: Vec<_> = FUNCTIONS.lock().iter().map(|(name, _)| name.clone()).collect();
    functions.into_iter().chain(LINES.lock().iter().cloned()).collect()
}

#[unsafe(no_mangle)]
extern "C" fn switch_console_push_match(
    matches: *mut *mut sys::switch_console_callback_match_t,
    word: *const c_char,
) {
    // SAFETY: NULL, or the list of an earlier call.
    unsafe {
        if (*matches).is_null() {
            *matches = Box::into_raw(Box::<Vec<String>>::default()).cast();
        }
        (*(*matches).cast::<Vec<String>>()).push(text(word));
    }
}

#[unsafe(no_mangle)]
extern "C" fn switch_console_add_complete_func(
    name: *const c_char,
    complete: sys::switch_console_complete_callback_t,
) -> sys::switch_status_t {
    if let Some(complete) = complete {
        FUNCTIONS.lock().push((text(name), complete));
    }
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn switch_console_del_complete_func(name: *const c_char) -> sys::switch_status_t {
    let name = text(name);
    FUNCTIONS.lock().retain(|(known, _)| *known != name);
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn switch_console_set_complete(line: *const c_char) -> sys::switch_status_t {
    let line = text(line);
    let mut lines = LINES.lock();
    match line.split_once(' ') {
        Some(("add", words)) => lines.push(words.to_owned()),
        Some(("del", words)) => lines.retain(|known| !known.starts_with(words)),
        _ => {}
    }
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}
