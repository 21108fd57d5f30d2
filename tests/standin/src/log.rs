//! The log file, in FreeSWITCH's usual form.

use std::ffi::{c_char, c_int};
use std::fs::{File, OpenOptions, create_dir_all};
use std::io::Write;
use std::path::Path;

use parking_lot::Mutex;

use crate::strings;

static FILE: Mutex<Option<File>> = Mutex::new(None);

pub fn open(path: &Path) {
    if let Some(folder) = path.parent() {
        drop(create_dir_all(folder));
    }
    *FILE.lock() = OpenOptions::new().create(true).append(true).open(path).ok();
}

pub fn write(level: i32, file: &str, line: i32, uuid: Option<&str>, text: &str) {
    let level = match level {
        0 => "CONSOLE",
        1 => "ALERT",
        2 => "CRIT",
        3 => "ERR",
        4 => "WARNING",
        5 => "NOTICE",
        6 => "INFO",
        _ => "DEBUG",
    };
    let uuid = uuid.map(|uuid| format!("{uuid} ")).unwrap_or_default();
    let now = crate::switch::epoch();
    if let Some(out) = FILE.lock().as_mut() {
        let text = text.trim_end_matches('\n');
        drop(writeln!(
            out,
            "{uuid}{}.{:06} [{level}] {file}:{line} {text}",
            now.as_secs(),
            now.subsec_micros()
        ));
    }
}

pub fn debug(uuid: Option<&str>, text: &str) {
    write(7, "standin", 0, uuid, text);
}

/// What `switch_log_printf` ends in.
///
/// # Safety
/// All are C strings or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn standin_log(
    level: c_int,
    file: *const c_char,
    line: c_int,
    uuid: *const c_char,
    text: *const c_char,
) {
    let uuid = (!uuid.is_null()).then(|| strings::text(uuid));
    write(level, &strings::text(file), line, uuid.as_deref(), &strings::text(text));
}

unsafe extern "C" {
    fn standin_log_printf();
}

/// A cdylib exports only what Rust defines, and Rust defines no varargs: so a jump to the one in C.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn switch_log_printf() {
    #[cfg(target_arch = "x86_64")]
    std::arch::naked_asm!("jmp {}", sym standin_log_printf);
    #[cfg(target_arch = "aarch64")]
    std::arch::naked_asm!("b {}", sym standin_log_printf);
}
