//! Sessions: one borrowed, one held by its read lock.

use std::marker::PhantomData;
use std::ptr::NonNull;

use super::cause::Cause;
use super::channel::Channel;
use super::event::{Event, Kind};
use super::sys;
use super::text::{from_c, to_c};

/// A session that is alive for `'a`. Not `Send`: what FreeSWITCH lends to one thread stays there.
#[derive(Clone, Copy)]
pub(crate) struct Session<'a> {
    raw: NonNull<sys::switch_core_session_t>,
    life: PhantomData<&'a *mut ()>,
}

impl<'a> Session<'a> {
    /// The session a callback was given; `None` for NULL.
    ///
    /// # Safety
    /// `raw` is NULL or a session that stays alive for `'a` (our callback runs for it, or its read lock is held).
    pub(crate) unsafe fn from_raw(raw: *mut sys::switch_core_session_t) -> Option<Self> {
        NonNull::new(raw).map(|raw| Self { raw, life: PhantomData })
    }

    pub(super) fn raw(self) -> *mut sys::switch_core_session_t {
        super::lock::none_is_held();
        self.raw.as_ptr()
    }

    /// Its uuid.
    #[must_use]
    pub(crate) fn uuid(self) -> String {
        // SAFETY: the session is alive; its uuid is a NUL-terminated array inside it.
        unsafe { from_c(sys::switch_core_session_get_uuid(self.raw())) }.unwrap_or_default()
    }

    /// Its channel.
    #[must_use]
    pub(crate) fn channel(self) -> Channel<'a> {
        // SAFETY: the session is alive, and its channel lives as long as it does.
        unsafe { Channel::from_raw(sys::switch_core_session_get_channel(self.raw())) }
    }

    /// Whether we run on the session's own thread, the only one that may play to it.
    #[must_use]
    pub(crate) fn in_its_thread(self) -> bool {
        // SAFETY: the session is alive.
        unsafe { sys::switch_core_session_in_thread(self.raw()) == sys::switch_bool_t::SWITCH_TRUE }
    }

    /// Has the session's own thread hang it up, after whatever the endpoint has signalled to it before, an answer for one.
    pub(crate) fn hang_up_itself(self, cause: Cause) {
        let Some(event) = Event::new(Kind::Variables, None) else { return };
        event.with("call-command", "hangup").with("hangup-cause", &cause.name()).queue(self);
    }

    /// Has the session's own thread expand `expression`, as soon as it takes requests: between two frames of what it plays
    /// or reads. That is all that happens, and nothing if the command in it is gone by then.
    pub(crate) fn ask(self, expression: &str) {
        let Some(event) = Event::new(Kind::Variables, None) else { return };
        event
            .with("call-command", "execute")
            // It does nothing but expand its data, needs no media, and is in every FreeSWITCH.
            .with("execute-app-name", "eval")
            .with("execute-app-arg", expression)
            .queue(self);
    }

    /// Writes down what `sofia recover` needs to bring the call back after a crash. May wait for seconds until FreeSWITCH's
    /// database has room for it: never on the thread of a call. Does nothing for a channel that cannot be brought back.
    pub(crate) fn track(self) {
        // SAFETY: the session is alive.
        unsafe { sys::switch_core_recovery_track(self.raw()) };
    }

    /// Ends its wait for a packet, from any thread. With CF_BREAK it also stops what it plays; but what it then does, it must
    /// find out from the table, because that flag is lossy.
    pub(crate) fn interrupt(self) {
        // SAFETY: the session is alive; the strings are literals.
        unsafe {
            sys::switch_core_session_perform_kill_channel(
                self.raw(),
                c"mod_callpark".as_ptr(),
                c"wake".as_ptr(),
                0,
                sys::switch_signal_t::SWITCH_SIG_BREAK,
            );
        }
    }
}

/// A session held by its read lock: it is not destroyed while this lives. Keep it short, hang-up waits for it.
pub(crate) struct Located {
    session: Session<'static>,
}

impl Located {
    /// Finds a session that is up; `None` if there is none of that uuid or it has hung up.
    #[must_use]
    pub(crate) fn find(uuid: &str) -> Option<Self> {
        let uuid = to_c(uuid);
        // SAFETY: the uuid is a C string that outlives the call. A session comes back with its read lock taken for us,
        // which keeps it alive until our drop gives it back.
        unsafe {
            let raw = sys::switch_core_session_perform_locate(
                uuid.as_ptr(),
                c"mod_callpark".as_ptr(),
                c"find".as_ptr(),
                0,
            );
            Self::from_locked(raw)
        }
    }

    /// As [`find`](Self::find), and also one that has hung up, as long as FreeSWITCH has it.
    #[must_use]
    pub(crate) fn find_even_down(uuid: &str) -> Option<Self> {
        let uuid = to_c(uuid);
        // SAFETY: as in `find`.
        unsafe {
            let raw = sys::switch_core_session_perform_force_locate(
                uuid.as_ptr(),
                c"mod_callpark".as_ptr(),
                c"find_even_down".as_ptr(),
                0,
            );
            Self::from_locked(raw)
        }
    }

    /// Takes over a read lock that FreeSWITCH took for us.
    ///
    /// # Safety
    /// `raw` is NULL or a session whose read lock was taken for us and is given back by nobody else.
    pub(super) unsafe fn from_locked(raw: *mut sys::switch_core_session_t) -> Option<Self> {
        // SAFETY: alive while the read lock is held, that is as long as this value.
        unsafe { Session::from_raw(raw) }.map(|session| Self { session })
    }

    /// The session, for as long as the guard is held.
    #[must_use]
    pub(crate) fn session(&self) -> Session<'_> {
        self.session
    }
}

impl Drop for Located {
    fn drop(&mut self) {
        // SAFETY: the read lock is ours, and given back once.
        unsafe { sys::switch_core_session_rwunlock(self.session.raw()) };
    }
}

impl Event {
    /// Gives it to a session as a command. FreeSWITCH owns it from then on, unless the session takes no more.
    pub(super) fn queue(self, session: Session<'_>) {
        let mut raw = self.into_raw();
        // SAFETY: ours, and consumed: taken over and set to NULL, or else destroyed here. The session is alive.
        unsafe {
            sys::switch_core_session_queue_private_event(
                session.raw(),
                &raw mut raw,
                sys::switch_bool_t::SWITCH_TRUE,
            );
            sys::switch_core_session_wake_session_thread(session.raw());
            if !raw.is_null() {
                sys::switch_event_destroy(&raw mut raw);
            }
        }
    }
}
