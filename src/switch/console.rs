//! Tab completion in fs_cli.

use std::ffi::{CStr, c_char};

use super::sys;
use super::text::{from_c, to_c};

/// How many words are offered at most, because FreeSWITCH sorts them in quadratic time, under a lock of its own.
const MOST: usize = 500;

/// Gives the words that can stand at one place of a command.
pub(crate) trait Words {
    /// The name by which completions refer to it, such as `::callpark::lots`.
    const NAME: &'static CStr;
    /// The words, whatever has been typed of them; `line` is what stands before.
    fn words(line: &str) -> Vec<String>;
}

unsafe extern "C" fn complete<W: Words>(
    line: *const c_char,
    cursor: *const c_char,
    matches: *mut *mut sys::switch_console_callback_match_t,
) -> sys::switch_status_t {
    super::guard("completion", sys::switch_status_t::SWITCH_STATUS_FALSE, || {
        // SAFETY: both are NULL or C strings that live while the callback runs.
        let (line, typed) = unsafe { (from_c(line), from_c(cursor)) };
        let typed = typed.unwrap_or_default();
        // Not into `matches` at once: what FreeSWITCH hands us there is not initialised (`comp_callback`).
        let mut found = std::ptr::null_mut();
        let words = W::words(&line.unwrap_or_default());
        for word in words.iter().filter(|word| word.starts_with(&typed)).take(MOST) {
            let word = to_c(word);
            // SAFETY: `found` is NULL or what the call before made of it; the word is copied.
            unsafe { sys::switch_console_push_match(&raw mut found, word.as_ptr()) };
        }
        if found.is_null() || matches.is_null() {
            return sys::switch_status_t::SWITCH_STATUS_FALSE;
        }
        // SAFETY: not NULL, and where FreeSWITCH wants the list, which it frees.
        unsafe { matches.write(found) };
        sys::switch_status_t::SWITCH_STATUS_SUCCESS
    })
}

/// A registered source of words; taken back on drop.
pub(crate) struct Completion {
    name: &'static CStr,
}

impl Completion {
    /// Registers it.
    #[must_use]
    pub(crate) fn new<W: Words>() -> Self {
        // SAFETY: literals, and a callback that stays valid until it is deleted, before our code is unmapped.
        unsafe { sys::switch_console_add_complete_func(W::NAME.as_ptr(), Some(complete::<W>)) };
        Self { name: W::NAME }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        // SAFETY: the literal it was registered with.
        unsafe { sys::switch_console_del_complete_func(self.name.as_ptr()) };
    }
}

/// Adds (`add callpark list`) or removes (`del callpark`) a line of completions.
pub(crate) fn complete_line(line: &str) {
    let line = to_c(line);
    // SAFETY: a C string that outlives the call.
    unsafe { sys::switch_console_set_complete(line.as_ptr()) };
}
