//! Strings across the border.

use std::ffi::{CStr, CString, c_char};

/// A C string for one call. FreeSWITCH's strings end at a NUL byte, so ours are cut there.
pub(crate) fn to_c(text: &str) -> CString {
    super::lock::none_is_held();
    let end = text.bytes().position(|byte| byte == 0).unwrap_or(text.len());
    // Cannot fail: the slice has no NUL. The default (an empty string) only spares an unwrap.
    CString::new(&text.as_bytes()[..end]).unwrap_or_default()
}

/// A copy of a C string of FreeSWITCH's; bytes that are no UTF-8 become U+FFFD. `None` for NULL.
///
/// # Safety
/// `text` is NULL or points to a NUL-terminated string that stays valid during the call.
pub(crate) unsafe fn from_c(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not NULL, and the caller vouches for the rest.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// A copy of a string that FreeSWITCH made with `malloc` for us, which is freed. `None` for NULL.
///
/// # Safety
/// `text` is NULL or a NUL-terminated `malloc`'d string that nobody else frees.
pub(crate) unsafe fn take_c(text: *mut c_char) -> Option<String> {
    // SAFETY: as the caller vouches.
    let copy = unsafe { from_c(text) };
    // SAFETY: it came from malloc and is ours; free(NULL) does nothing.
    unsafe { libc::free(text.cast()) };
    copy
}

/// What FreeSWITCH takes for false (`switch_false`).
#[must_use]
pub(crate) fn is_false(value: &str) -> bool {
    let words = ["no", "off", "false", "f", "disabled", "inactive", "disallow"];
    words.iter().any(|word| value.eq_ignore_ascii_case(word)) || value.parse() == Ok(0i64)
}

/// What FreeSWITCH takes for true (`switch_true`).
#[must_use]
pub(crate) fn is_true(value: &str) -> bool {
    let words = ["yes", "on", "true", "t", "enabled", "active", "allow"];
    words.iter().any(|word| value.eq_ignore_ascii_case(word))
        || value.parse::<i64>().is_ok_and(|number| number != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_true_is_what_freeswitch_takes_for_it() {
        for yes in ["true", "Yes", "on", "1", "2", "enabled", "-1", "active", "allow", "t"] {
            assert!(is_true(yes), "{yes}");
        }
        for no in ["", "false", "0", "no", "nan", "truth", "passive"] {
            assert!(!is_true(no), "{no}");
        }
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "the lock of u8 is held across a call into FreeSWITCH")]
    fn a_text_for_freeswitch_with_a_lock_held_is_a_fault() {
        let table = crate::switch::lock::Mutex::new(0u8);
        let _held = table.lock();
        drop(to_c("something"));
    }
}
