//! What ends the music: another thread, or a key.

use std::ffi::{c_uint, c_void};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::codec::Frame;
use super::sys;
use super::wake::Alarm;

/// What ends playing and waiting early: another thread that wakes the call, or a key the caller presses.
#[derive(Default)]
pub(crate) struct Stop {
    alarm: Alarm,
    /// The keys that count, a bit each.
    wanted: AtomicU32,
    /// The key that was pressed, as ASCII; 0: none.
    pressed: AtomicU8,
}

/// The keys of a telephone, in the order of the bits.
const KEYS: &str = "0123456789*#";

impl Stop {
    /// Has the call stop what it plays, at its next frame.
    pub(crate) fn wake(&self) {
        self.alarm.wake();
    }

    /// Ends the wait for that frame. After whatever else belongs to waking it: the call may be elsewhere a moment later.
    pub(crate) fn rouse(&self) {
        self.alarm.rouse();
    }

    /// What woke it is about to be looked at. First lowered, then looked: what changes in between wakes it again.
    pub(crate) fn lower(&self) {
        self.alarm.lower();
    }

    /// Whether there is something to look at.
    #[must_use]
    pub(crate) fn is_up(&self) -> bool {
        self.alarm.is_woken() || self.pressed.load(Ordering::Acquire) != 0
    }

    /// From now on these keys count, and no others.
    pub(crate) fn listen_for(&self, keys: impl IntoIterator<Item = char>) {
        let bits =
            keys.into_iter().filter_map(|key| KEYS.find(key)).fold(0, |all, at| all | 1 << at);
        self.wanted.store(bits, Ordering::Release);
    }

    /// The key that was pressed, once.
    pub(crate) fn take_key(&self) -> Option<char> {
        Some(self.pressed.swap(0, Ordering::AcqRel)).filter(|key| *key != 0).map(char::from)
    }

    fn press(&self, key: char) -> bool {
        let wanted = self.wanted.load(Ordering::Acquire);
        let counts = KEYS.find(key).is_some_and(|at| wanted & (1 << at) != 0);
        if counts {
            self.pressed.store(key as u8, Ordering::Release);
        }
        counts
    }
}

unsafe extern "C" fn each_frame(
    _session: *mut sys::switch_core_session_t,
    _frame: *mut sys::switch_frame_t,
    stop: *mut c_void,
) -> sys::switch_status_t {
    // No guard: one atomic load cannot panic, and this runs fifty times a second on every parked call.
    // SAFETY: `stop` is what a function of `ivr` lends for as long as it runs.
    let stop = unsafe { &*stop.cast::<Stop>() };
    if stop.alarm.is_woken() {
        sys::switch_status_t::SWITCH_STATUS_BREAK
    } else {
        sys::switch_status_t::SWITCH_STATUS_SUCCESS
    }
}

/// Without an input callback any key would end the music; with this one only those do that count.
unsafe extern "C" fn input(
    _session: *mut sys::switch_core_session_t,
    what: *mut c_void,
    kind: sys::switch_input_type_t,
    stop: *mut c_void,
    _length: c_uint,
) -> sys::switch_status_t {
    let go_on = sys::switch_status_t::SWITCH_STATUS_SUCCESS;
    super::guard("key", go_on, || {
        if kind != sys::switch_input_type_t::SWITCH_INPUT_TYPE_DTMF || what.is_null() {
            return go_on;
        }
        // SAFETY: of this kind is what FreeSWITCH passes for a key; `stop` is as in `each_frame`.
        let (digit, stop) =
            unsafe { ((*what.cast::<sys::switch_dtmf_t>()).digit, &*stop.cast::<Stop>()) };
        match u8::try_from(digit).map(char::from) {
            Ok(key) if stop.press(key) => sys::switch_status_t::SWITCH_STATUS_BREAK,
            _ => go_on,
        }
    })
}

/// What is done with each frame that a call reads, until `stop`.
pub(super) struct EachFrame<'a> {
    pub(super) stop: &'a Stop,
    /// When the read began.
    pub(super) began: Instant,
    /// What is done with it. For how long nothing is to be done after it; none: read no more.
    pub(super) then: &'a mut dyn FnMut(Frame<'_>, Instant) -> Option<Duration>,
}

unsafe extern "C" fn each_frame_then(
    _session: *mut sys::switch_core_session_t,
    frame: *mut sys::switch_frame_t,
    each: *mut c_void,
) -> sys::switch_status_t {
    let ends = sys::switch_status_t::SWITCH_STATUS_BREAK;
    // The application that reads is inside already.
    super::guard::uncounted("hold music", ends, || {
        // SAFETY: `each` is what `ivr::read` lends for as long as it runs, to this thread alone; the frame is alive while
        // this runs.
        let (each, frame) = unsafe { (&mut *each.cast::<EachFrame<'_>>(), Frame::from_raw(frame)) };
        let Some(idle) = (each.then)(frame, each.began) else { return ends };
        each.stop.alarm.wait(idle);
        each.began = Instant::now();
        if each.stop.alarm.is_woken() { ends } else { sys::switch_status_t::SWITCH_STATUS_SUCCESS }
    })
}

impl EachFrame<'_> {
    /// What FreeSWITCH reads with; good for as long as it lives.
    pub(super) fn arguments(&mut self) -> sys::switch_input_args_t {
        sys::switch_input_args_t {
            read_frame_callback: Some(each_frame_then),
            user_data: std::ptr::from_mut(self).cast(),
            ..self.stop.arguments()
        }
    }
}

impl Stop {
    /// What FreeSWITCH plays and waits with, until this; good for as long as it lives.
    pub(super) fn arguments(&self) -> sys::switch_input_args_t {
        let stop: *mut c_void = std::ptr::from_ref(self).cast_mut().cast();
        sys::switch_input_args_t {
            input_callback: Some(input),
            buf: stop,
            // Only for FreeSWITCH's own use of `buf`, which there is none of while there is a callback.
            buflen: 0,
            read_frame_callback: Some(each_frame),
            user_data: stop,
            dmachine: std::ptr::null_mut(),
            loops: 0,
        }
    }
}
