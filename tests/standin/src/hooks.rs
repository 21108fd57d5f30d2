//! What modules hook into a call, and the applications that it has run.

use std::ffi::c_char;

use parking_lot::Mutex;

use crate::channel::{of, raw, status};
use crate::keys::Dtmf;
use crate::session::Session;
use crate::sys;

type Raw = *mut sys::switch_core_session_t;

/// An application that a session has run, as C reads it.
#[repr(C)]
pub struct Ran {
    app: *const c_char,
    arg: *const c_char,
    stamp: i64,
    next: *const Ran,
}

// SAFETY: it points to texts and entries that live as long as the session.
unsafe impl Send for Ran {}

/// The hooks of a session, and the applications it has run.
#[derive(Default)]
pub struct Hooks {
    state: Mutex<Vec<sys::switch_state_change_hook_t>>,
    keys: Mutex<Vec<sys::switch_recv_dtmf_hook_t>>,
    #[expect(clippy::vec_box, reason = "C has their addresses")]
    ran: Mutex<Vec<Box<Ran>>>,
}

impl Session {
    /// Its state has changed, on whichever thread.
    pub fn state_changed(&self) {
        for hook in self.hooks.state.lock().clone().into_iter().flatten() {
            // SAFETY: the session lives; the hook is a module's.
            unsafe { hook(raw(self)) };
        }
    }

    /// Somebody has pressed keys.
    pub fn press(&self, digits: impl Iterator<Item = char>) {
        for digit in digits {
            let dtmf = Dtmf::of(digit);
            for hook in self.hooks.keys.lock().clone().into_iter().flatten() {
                let direction = sys::switch_dtmf_direction_t::SWITCH_DTMF_RECV;
                // SAFETY: as above; the key outlives the call.
                unsafe { hook(raw(self), (&raw const dtmf).cast(), direction) };
            }
            self.digits.lock().push_back(digit);
        }
    }

    /// Notes that it runs an application.
    pub fn runs(&self, application: &str, data: &str) {
        let entry = Box::new(Ran {
            app: self.keep(application),
            arg: self.keep(data),
            stamp: 0,
            next: std::ptr::null(),
        });
        let mut ran = self.hooks.ran.lock();
        if let Some(last) = ran.last_mut() {
            last.next = &raw const *entry;
        }
        ran.push(entry);
    }
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_event_hook_add_state_change(
    session: Raw,
    hook: sys::switch_state_change_hook_t,
) -> sys::switch_status_t {
    of(session).hooks.state.lock().push(hook);
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_event_hook_add_receive_message(
    _session: Raw,
    _hook: sys::switch_receive_message_hook_t,
) -> sys::switch_status_t {
    // Nothing is told by messages here that flags do not say.
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_event_hook_add_recv_dtmf(
    session: Raw,
    hook: sys::switch_recv_dtmf_hook_t,
) -> sys::switch_status_t {
    of(session).hooks.keys.lock().push(hook);
    status(true)
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_get_app_log(session: Raw) -> *mut sys::switch_app_log_t {
    let ran = of(session).hooks.ran.lock();
    ran.first().map_or(std::ptr::null(), |first| &raw const **first).cast_mut().cast()
}
