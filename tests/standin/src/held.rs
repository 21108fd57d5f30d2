//! Read locks: who holds one keeps the session from being destroyed.

use std::ffi::{c_char, c_int};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::channel::of;
use crate::live;
use crate::session::Session;
use crate::strings::text;
use crate::sys;

type Raw = *mut sys::switch_core_session_t;

/// A read lock: counted, and the memory kept.
pub fn lock(session: Arc<Session>) -> Raw {
    session.readers.fetch_add(1, Ordering::AcqRel);
    Arc::into_raw(session).cast_mut().cast()
}

/// A session held by a read lock of our own.
pub struct Held(Arc<Session>);

impl Held {
    /// The session of that uuid, if it is up.
    pub fn locate(uuid: &str) -> Option<Held> {
        let session = live::get(uuid).filter(|session| session.up())?;
        session.readers.fetch_add(1, Ordering::AcqRel);
        Some(Held(session))
    }
}

impl std::ops::Deref for Held {
    type Target = Arc<Session>;

    fn deref(&self) -> &Arc<Session> {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::AcqRel);
    }
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_perform_locate(
    uuid: *const c_char,
    _file: *const c_char,
    _func: *const c_char,
    _line: c_int,
) -> Raw {
    match live::get(&text(uuid)).filter(|session| session.up()) {
        Some(session) => lock(session),
        None => std::ptr::null_mut(),
    }
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_perform_force_locate(
    uuid: *const c_char,
    _file: *const c_char,
    _func: *const c_char,
    _line: c_int,
) -> Raw {
    live::get(&text(uuid)).map_or(std::ptr::null_mut(), lock)
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_rwunlock(session: Raw) {
    of(session).readers.fetch_sub(1, Ordering::AcqRel);
    // SAFETY: the Arc that `lock` turned into this pointer.
    drop(unsafe { Arc::from_raw(session.cast::<Session>()) });
}
