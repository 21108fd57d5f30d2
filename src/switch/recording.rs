//! The recordings of a session: media bugs that FreeSWITCH calls `session_record`, whoever began them.

use std::ffi::{CStr, c_void};

use super::event::Heard;
use super::guard::guard;
use super::session::Session;
use super::sys;

const FUNCTION: &CStr = c"session_record";
const PAUSE: u32 = sys::switch_media_bug_flag_enum_t::SMBF_PAUSE.0;
const MASK: u32 = sys::switch_media_bug_flag_enum_t::SMBF_MASK.0;
/// Says that this module has paused or masked a recording, so that it undoes what it did, and nothing else. FreeSWITCH
/// has no such flag, and takes the flags along when it moves a recording to another session.
const OURS: u32 = 1 << 30;

/// What a recording can do instead of recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quiet {
    /// It leaves the time out.
    Pause,
    /// It records silence.
    Mask,
}

/// Has the recordings of a session record nothing, except those that do not already.
pub(crate) fn quieten(session: Session<'_>, how: Quiet) {
    each(
        session,
        match how {
            Quiet::Pause => pause,
            Quiet::Mask => mask,
        },
    );
}

/// Whether the event says that a recording of a channel has begun. `RECORD_START` comes before FreeSWITCH knows the recording
/// as one of the channel's, this one after that.
pub(crate) fn has_begun(event: &Heard<'_>) -> bool {
    event.header("Media-Bug-Function").is_some_and(|name| name.as_bytes() == FUNCTION.to_bytes())
}

/// Undoes what [`quieten`] did.
pub(crate) fn resume(session: Session<'_>) {
    each(session, restore);
}

fn each(
    session: Session<'_>,
    act: unsafe extern "C" fn(*mut sys::switch_media_bug_t, *mut c_void),
) {
    // SAFETY: the session is alive; the callback gets each bug while FreeSWITCH holds the lock of their list.
    unsafe {
        sys::switch_core_media_bug_exec_all(
            session.raw(),
            FUNCTION.as_ptr(),
            Some(act),
            std::ptr::null_mut(),
        );
    }
}

unsafe extern "C" fn pause(bug: *mut sys::switch_media_bug_t, _: *mut c_void) {
    guard("a recording that is paused", (), || set(bug, PAUSE));
}

unsafe extern "C" fn mask(bug: *mut sys::switch_media_bug_t, _: *mut c_void) {
    guard("a recording that is masked", (), || set(bug, MASK));
}

unsafe extern "C" fn restore(bug: *mut sys::switch_media_bug_t, _: *mut c_void) {
    // SAFETY: the bug is alive, because FreeSWITCH holds the lock of the list.
    guard("a recording that goes on", (), || unsafe {
        if sys::switch_core_media_bug_test_flag(bug, OURS) != 0 {
            sys::switch_core_media_bug_clear_flag(bug, OURS | PAUSE | MASK);
        }
    });
}

fn set(bug: *mut sys::switch_media_bug_t, flag: u32) {
    // SAFETY: as in `restore`.
    unsafe {
        if sys::switch_core_media_bug_test_flag(bug, PAUSE | MASK) == 0 {
            sys::switch_core_media_bug_set_flag(bug, OURS | flag);
        }
    }
}
