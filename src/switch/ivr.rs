//! Doing things with calls: play, collect digits, bridge, transfer, call somebody.

use std::ffi::{c_uint, c_void};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use super::cause::Cause;
use super::event::Event;
use super::session::{Located, Session};
use super::sys;
use super::text::to_c;

/// How playing ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Played {
    /// The file is at its end, or could not be read any further.
    ToTheEnd,
    /// It was interrupted.
    Interrupted,
    /// It could not be played.
    Failed,
    /// The channel cannot hear any more.
    NotReady,
}

/// What ends playing and waiting early: another thread that wakes the call, or a key the caller presses.
#[derive(Default)]
pub struct Stop {
    woken: AtomicBool,
    /// The keys that count, a bit each.
    wanted: AtomicU32,
    /// The key that was pressed, as ASCII; 0: none.
    pressed: AtomicU8,
}

/// The keys of a telephone, in the order of the bits.
const KEYS: &str = "0123456789*#";

impl Stop {
    /// Has the call stop what it plays.
    pub fn wake(&self) {
        self.woken.store(true, Ordering::Release);
    }

    /// What woke it is about to be looked at. First lowered, then looked: what changes in between wakes it again.
    pub fn lower(&self) {
        self.woken.store(false, Ordering::Release);
    }

    /// Whether there is something to look at.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.woken.load(Ordering::Acquire) || self.pressed.load(Ordering::Acquire) != 0
    }

    /// From now on these keys count, and no others.
    pub fn listen_for(&self, keys: impl IntoIterator<Item = char>) {
        let bits =
            keys.into_iter().filter_map(|key| KEYS.find(key)).fold(0, |all, at| all | 1 << at);
        self.wanted.store(bits, Ordering::Release);
    }

    /// The key that was pressed, once.
    pub fn take_key(&self) -> Option<char> {
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
    // SAFETY: `stop` is what `play` lends for as long as it plays.
    let stop = unsafe { &*stop.cast::<Stop>() };
    if stop.woken.load(Ordering::Acquire) {
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

fn until(stop: &Stop) -> sys::switch_input_args_t {
    let stop: *mut c_void = std::ptr::from_ref(stop).cast_mut().cast();
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

fn played(status: sys::switch_status_t) -> Played {
    match status {
        sys::switch_status_t::SWITCH_STATUS_SUCCESS
        | sys::switch_status_t::SWITCH_STATUS_TIMEOUT => Played::ToTheEnd,
        sys::switch_status_t::SWITCH_STATUS_BREAK => Played::Interrupted,
        sys::switch_status_t::SWITCH_STATUS_FALSE => Played::NotReady,
        _ => Played::Failed,
    }
}

/// Plays a file or stream until its end, `stop`, or the end of the call.
pub fn play(session: Session<'_>, file: &str, stop: &Stop) -> Played {
    let file = to_c(file);
    let mut arguments = until(stop);
    // SAFETY: we run on the session's thread; file and arguments, and `stop` in them, outlive the call.
    played(unsafe {
        sys::switch_ivr_play_file(
            session.raw(),
            std::ptr::null_mut(),
            file.as_ptr(),
            &raw mut arguments,
        )
    })
}

/// Waits while the call is kept alive, until `stop` or the end of the call.
pub fn sleep(session: Session<'_>, ms: u32, stop: &Stop) {
    let mut arguments = until(stop);
    // SAFETY: as for `play`.
    unsafe {
        sys::switch_ivr_sleep(
            session.raw(),
            ms,
            sys::switch_bool_t::SWITCH_FALSE,
            &raw mut arguments,
        );
    }
}

/// Speaks a phrase macro in the channel's language. Failed: there is none of that name, or it could not be spoken.
#[must_use]
pub fn speak(session: Session<'_>, phrase: &str, data: &str, stop: &Stop) -> Played {
    let (phrase, data) = (to_c(phrase), to_c(data));
    let mut arguments = until(stop);
    // SAFETY: as for `play`; no variables and no language of our own.
    unsafe {
        match played(sys::switch_ivr_phrase_macro_event(
            session.raw(),
            phrase.as_ptr(),
            data.as_ptr(),
            std::ptr::null_mut(),
            std::ptr::null(),
            &raw mut arguments,
        )) {
            // What a macro that does not exist, and one whose sounds do not, come to.
            Played::NotReady => Played::Failed,
            played => played,
        }
    }
}

/// Shows a name and a number on the phone's display, if it can be told.
pub fn display(session: Session<'_>, name: &str, number: &str) {
    let (name, number) = (to_c(name), to_c(number));
    // SAFETY: a zeroed message is an empty one (numbers and pointers).
    let mut message: sys::switch_core_session_message_t = unsafe { std::mem::zeroed() };
    message.message_id = sys::switch_core_session_message_types_t::SWITCH_MESSAGE_INDICATE_DISPLAY;
    message.string_array_arg[0] = name.as_ptr();
    message.string_array_arg[1] = number.as_ptr();
    // SAFETY: the session is alive; the message and its strings outlive the call, which keeps none of them.
    unsafe {
        sys::switch_core_session_perform_receive_message(
            session.raw(),
            &raw mut message,
            c"mod_callpark".as_ptr(),
            c"display".as_ptr(),
            0,
        );
    }
}

/// Asks for digits, ended by `#` or `timeout_ms` without one; `None` if none came.
#[must_use]
pub fn ask_digits(
    session: Session<'_>,
    prompt: &str,
    most: u32,
    timeout_ms: u32,
) -> Option<String> {
    let prompt = to_c(prompt);
    let mut digits = [0 as std::ffi::c_char; 65];
    // SAFETY: we run on the session's thread; the buffer has room for the digits and a NUL; the strings outlive the
    // call. NULL is allowed for the variable, the pattern and the transfer; an empty text for the second prompt.
    unsafe {
        sys::switch_play_and_get_digits(
            session.raw(),
            1,
            most.min(64),
            1,
            timeout_ms,
            c"#".as_ptr(),
            prompt.as_ptr(),
            c"".as_ptr(),
            std::ptr::null(),
            digits.as_mut_ptr(),
            65,
            std::ptr::null(),
            timeout_ms,
            std::ptr::null(),
        );
        super::text::from_c(digits.as_ptr())
    }
    .filter(|digits| !digits.is_empty())
}

/// Bridges two legs and returns when the bridge is over. Runs on the thread of `here`; `there` waits in
/// [`wait_for_bridge`]. Whether they were really bridged, the return does not tell.
pub fn bridge(here: Session<'_>, there: Session<'_>) {
    // SAFETY: both sessions are alive: ours by running on its thread, the other by its read lock.
    unsafe {
        sys::switch_ivr_multi_threaded_bridge(
            here.raw(),
            there.raw(),
            None,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        );
    }
}

/// Waits, on the thread of `here`, until `there` bridges to us, and stays for the bridge. False: it never began,
/// within `limit_ms` or because one of the two went away.
pub fn wait_for_bridge(here: Session<'_>, there: Session<'_>, limit_ms: u32) -> bool {
    // SAFETY: as for `bridge`.
    unsafe {
        sys::switch_ivr_bridge_bleg(here.raw(), there.raw(), limit_ms)
            == sys::switch_status_t::SWITCH_STATUS_SUCCESS
    }
}

/// Sends a call elsewhere in the dialplan. `None` leaves dialplan and context as they are.
pub fn transfer(
    session: Session<'_>,
    extension: &str,
    dialplan: Option<&str>,
    context: Option<&str>,
) -> bool {
    let extension = to_c(extension);
    let dialplan = dialplan.map(to_c);
    let context = context.map(to_c);
    // SAFETY: the session is alive; the strings are copied.
    unsafe {
        sys::switch_ivr_session_transfer(
            session.raw(),
            extension.as_ptr(),
            dialplan.as_ref().map_or(std::ptr::null(), |text| text.as_ptr()),
            context.as_ref().map_or(std::ptr::null(), |text| text.as_ptr()),
        ) == sys::switch_status_t::SWITCH_STATUS_SUCCESS
    }
}

/// Tells the phone that transferred this call here that it worked (for `confirm_blind_transfer`; else nothing happens).
pub fn confirm_blind_transfer(session: Session<'_>) {
    // SAFETY: the session is alive.
    unsafe {
        sys::switch_ivr_blind_transfer_ack(session.raw(), sys::switch_bool_t::SWITCH_TRUE);
    }
}

/// A running [`call`] that can be called off from another thread.
#[derive(Default)]
pub struct CallOff(AtomicU32);

impl CallOff {
    /// Stops the ringing with that cause.
    pub fn call_off(&self, cause: Cause) {
        self.0.store(cause.0.0, Ordering::Release);
    }

    /// With which cause it was called off, if it was.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        let cause = Cause(sys::switch_call_cause_t(self.0.load(Ordering::Acquire)));
        Some(cause).filter(|cause| *cause != Cause::NONE)
    }
}

/// What [`call`] dials.
pub struct Dial<'a> {
    /// A FreeSWITCH dial string.
    pub dial_string: &'a str,
    /// How long it rings, in seconds.
    pub ring_s: u32,
    /// What the phone that rings shows.
    pub caller_id_name: &'a str,
    /// What the phone that rings shows.
    pub caller_id_number: &'a str,
    /// Channel variables of the new leg.
    pub variables: &'a [(&'a str, &'a str)],
}

/// Calls somebody and waits for the answer.
///
/// # Errors
/// Why nobody answered, by FreeSWITCH's cause name.
pub fn call(dial: &Dial<'_>, call_off: &CallOff) -> Result<Located, String> {
    originate(None, dial, call_off)
}

/// Calls somebody on behalf of `session`, on its own thread, and bridges it to who answers; returns when the bridge is
/// over.
///
/// # Errors
/// Why nobody answered, by FreeSWITCH's cause name.
pub fn call_and_bridge(session: Session<'_>, dial: &Dial<'_>) -> Result<(), String> {
    let peer = originate(Some(session), dial, &CallOff::default())?;
    bridge(session, peer.session());
    Ok(())
}

fn originate(
    on_behalf: Option<Session<'_>>,
    dial: &Dial<'_>,
    call_off: &CallOff,
) -> Result<Located, String> {
    let failed = || "DESTINATION_OUT_OF_ORDER".to_owned();
    let dial_string = to_c(dial.dial_string);
    let (name, number) = (to_c(dial.caller_id_name), to_c(dial.caller_id_number));
    // Variables go in as an event, not in the dial string: a caller's name may hold a comma or a brace.
    let mut variables = Event::new(super::event::Kind::Variables, None).ok_or_else(failed)?;
    for (name, value) in dial.variables {
        variables = variables.with(name, value);
    }
    let mut leg = std::ptr::null_mut();
    let mut cause = sys::switch_call_cause_t::SWITCH_CAUSE_NONE;
    // SAFETY: all strings, the event and the places for leg and cause outlive the call. `call_off` is an atomic of the
    // cause's size, written by another thread while FreeSWITCH polls it. Who it is on behalf of is NULL or alive.
    let located = unsafe {
        let status = sys::switch_ivr_originate(
            on_behalf.map_or(std::ptr::null_mut(), Session::raw),
            &raw mut leg,
            &raw mut cause,
            dial_string.as_ptr(),
            dial.ring_s,
            std::ptr::null(),
            name.as_ptr(),
            number.as_ptr(),
            std::ptr::null_mut(),
            variables.raw(),
            sys::switch_originate_flag_enum_t::SOF_NONE.0,
            call_off.0.as_ptr().cast(),
            std::ptr::null_mut(),
        );
        if status == sys::switch_status_t::SWITCH_STATUS_SUCCESS {
            // The leg comes with its read lock taken for us.
            Located::from_locked(leg)
        } else {
            None
        }
    };
    located.ok_or_else(|| Cause(cause).name())
}

/// Has a leg that [`call`] made run one application, on a thread of its own.
pub fn run_application(leg: Session<'_>, application: &str, data: &str) {
    let (application, data) = (to_c(application), to_c(data));
    // SAFETY: the leg is alive by its read lock and in no application yet; the extension comes from its own memory and
    // copies the strings; CS_EXECUTE is a legal state after an originate.
    unsafe {
        let extension =
            sys::switch_caller_extension_new(leg.raw(), application.as_ptr(), application.as_ptr());
        if extension.is_null() {
            return;
        }
        sys::switch_caller_extension_add_application(
            leg.raw(),
            extension,
            application.as_ptr(),
            data.as_ptr(),
        );
        sys::switch_channel_set_caller_extension(leg.channel().raw(), extension);
        sys::switch_channel_perform_set_state(
            leg.channel().raw(),
            c"mod_callpark".as_ptr(),
            c"run_application".as_ptr(),
            0,
            sys::switch_channel_state_t::CS_EXECUTE,
        );
    }
}
