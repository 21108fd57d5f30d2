//! What modules ask of the rest of the switch: API commands of other modules, and channels by a variable.

use std::ffi::{CString, c_char};

use crate::strings::{expand, text};
use crate::switch::switch;
use crate::{live, sys};

type Status = sys::switch_status_t;

/// As `switch_log_printf`: a jump to the one in C.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn switch_console_stream_write() {
    #[cfg(target_arch = "x86_64")]
    std::arch::naked_asm!("jmp {}", sym crate::stream::standin_stream_write);
    #[cfg(target_arch = "aarch64")]
    std::arch::naked_asm!("b {}", sym crate::stream::standin_stream_write);
}

/// Into a malloc'd buffer that grows, with a NUL behind what is in it.
#[unsafe(no_mangle)]
unsafe extern "C" fn switch_console_stream_raw_write(
    handle: *mut sys::switch_stream_handle_t,
    data: *mut u8,
    length: usize,
) -> Status {
    // SAFETY: a handle with such a buffer, and `length` bytes, as the caller vouches.
    unsafe {
        let stream = &mut *handle;
        let need = stream.data_len + length + 1;
        if need > stream.data_size {
            let grown = libc::realloc(stream.data, need + stream.alloc_chunk);
            if grown.is_null() {
                return Status::SWITCH_STATUS_GENERR;
            }
            stream.data = grown;
            stream.data_size = need + stream.alloc_chunk;
        }
        let end = stream.data.cast::<u8>().add(stream.data_len);
        std::ptr::copy_nonoverlapping(data, end, length);
        end.add(length).write(0);
        stream.data_len += length;
        stream.end = end.add(length).cast();
    }
    Status::SWITCH_STATUS_SUCCESS
}

fn dial_string(user: &str, domain: &str) -> Option<String> {
    switch().xml.read().dial_string(user, domain)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_api_execute(
    command: *const c_char,
    arguments: *const c_char,
    _session: *mut sys::switch_core_session_t,
    stream: *mut sys::switch_stream_handle_t,
) -> Status {
    let (command, arguments) = (text(command), text(arguments));
    let answer = match command.as_str() {
        "user_exists" => {
            let mut words = arguments.split(' ').skip(1);
            let (user, domain) = (words.next(), words.next());
            let known = dial_string(user.unwrap_or_default(), domain.unwrap_or_default());
            known.is_some().to_string()
        }
        "user_data" => {
            let mut words = arguments.splitn(2, ' ');
            let user = words.next().and_then(|whom| whom.split_once('@'));
            // Its users have nothing else.
            let user = user.filter(|_| words.next() == Some("param dial-string"));
            user.and_then(|(user, domain)| dial_string(user, domain)).unwrap_or_default()
        }
        "expand" => expand(arguments.trim_start_matches("echo "), |name| {
            // Nobody is registered here: there is no SIP.
            let contact = name.starts_with("sofia_contact");
            contact.then(|| "error/user_not_registered".to_owned())
        }),
        _ => return Status::SWITCH_STATUS_FALSE,
    };
    let mut bytes = answer.into_bytes();
    // SAFETY: the caller's stream, and our bytes, which outlive the call.
    unsafe { switch_console_stream_raw_write(stream, bytes.as_mut_ptr(), bytes.len()) }
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_findall_matching_var(
    name: *const c_char,
    value: *const c_char,
) -> *mut sys::switch_console_callback_match_t {
    let any = value.is_null();
    let (name, value) = (text(name), text(value));
    let fits = |found: String| any || found == value;
    let found: Vec<String> = live::all()
        .iter()
        .filter(|session| session.up() && session.get(&name).is_some_and(fits))
        .map(|session| session.uuid())
        .collect();
    if found.is_empty() {
        return std::ptr::null_mut();
    }
    let mut head = std::ptr::null_mut();
    let count = found.len();
    for uuid in found {
        let val = CString::new(uuid).unwrap_or_default().into_raw();
        let node = sys::switch_console_callback_match_node_t { val, next: head };
        head = Box::into_raw(Box::new(node));
    }
    let (end, count) = (std::ptr::null_mut(), count as i32);
    Box::into_raw(Box::new(sys::switch_console_callback_match_t { head, end, count, dynamic: 0 }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_console_free_matches(
    matches: *mut *mut sys::switch_console_callback_match_t,
) {
    // SAFETY: the list that `switch_core_session_findall_matching_var` made, and which nobody has freed.
    unsafe {
        let list = Box::from_raw(*matches);
        let mut node = list.head;
        while !node.is_null() {
            let here = Box::from_raw(node);
            drop(CString::from_raw(here.val));
            node = here.next;
        }
        *matches = std::ptr::null_mut();
    }
}

/// There are no databases here.
#[unsafe(no_mangle)]
extern "C" fn _switch_cache_db_get_db_handle_dsn(
    _handle: *mut *mut sys::switch_cache_db_handle_t,
    _dsn: *const c_char,
    _file: *const c_char,
    _func: *const c_char,
    _line: std::ffi::c_int,
) -> Status {
    Status::SWITCH_STATUS_FALSE
}

#[unsafe(no_mangle)]
extern "C" fn switch_cache_db_release_db_handle(_handle: *mut *mut sys::switch_cache_db_handle_t) {}

#[unsafe(no_mangle)]
extern "C" fn switch_cache_db_execute_sql_callback(
    _handle: *mut sys::switch_cache_db_handle_t,
    _sql: *const c_char,
    _callback: sys::switch_core_db_callback_func_t,
    _data: *mut std::ffi::c_void,
    _error: *mut *mut c_char,
) -> Status {
    Status::SWITCH_STATUS_FALSE
}
