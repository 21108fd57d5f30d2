//! FreeSWITCH's databases, read only.

use std::ffi::{c_char, c_int, c_void};

use super::sys;
use super::text::{from_c, take_c, to_c};

/// The most rows of one answer.
const MOST: usize = 20_000;

/// The rows that a query gives, each a list of columns; NULL is empty. `None`: the database cannot be asked.
#[must_use]
pub(crate) fn rows(dsn: &str, sql: &str) -> Option<Vec<Vec<String>>> {
    let (dsn, sql) = (to_c(dsn), to_c(sql));
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut error = std::ptr::null_mut();
    // SAFETY: places for the pointers and C strings that outlive the calls. The handle belongs to this thread until it is
    // released here, once; `rows` is used by the callback while the query runs, and by nobody else. What FreeSWITCH says of
    // an error is malloc'd for us.
    unsafe {
        let mut handle = std::ptr::null_mut();
        let file = c"mod_callpark".as_ptr();
        let found =
            sys::_switch_cache_db_get_db_handle_dsn(&raw mut handle, dsn.as_ptr(), file, file, 0);
        if found != sys::switch_status_t::SWITCH_STATUS_SUCCESS || handle.is_null() {
            return None;
        }
        let status = sys::switch_cache_db_execute_sql_callback(
            handle,
            sql.as_ptr(),
            Some(row),
            (&raw mut rows).cast(),
            &raw mut error,
        );
        drop(take_c(error));
        sys::switch_cache_db_release_db_handle(&raw mut handle);
        (status == sys::switch_status_t::SWITCH_STATUS_SUCCESS).then_some(rows)
    }
}

extern "C" fn row(
    rows: *mut c_void,
    count: c_int,
    values: *mut *mut c_char,
    _: *mut *mut c_char,
) -> c_int {
    super::guard("a row of a database", 1, || {
        // SAFETY: what `rows` gave the query, while that runs; and `count` strings or NULLs.
        let (rows, values) = unsafe {
            let values = std::slice::from_raw_parts(values, usize::try_from(count).unwrap_or(0));
            (&mut *rows.cast::<Vec<Vec<String>>>(), values)
        };
        // SAFETY: as above.
        let text = |value: &*mut c_char| unsafe { from_c(*value) }.unwrap_or_default();
        rows.push(values.iter().map(text).collect());
        c_int::from(rows.len() >= MOST)
    })
}
