//! Doing things with calls: play, collect digits, bridge, transfer.

use std::time::{Duration, Instant};

use super::channel::Flag;
use super::codec::Frame;
use super::session::Session;
use super::stop::{EachFrame, Stop};
use super::sys;
use super::text::to_c;

/// How playing ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Played {
    /// The file is at its end, or could not be read any further.
    ToTheEnd,
    /// It was interrupted.
    Interrupted,
    /// It could not be played.
    Failed,
    /// The channel cannot hear any more.
    NotReady,
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
pub(crate) fn play(session: Session<'_>, file: &str, stop: &Stop) -> Played {
    let file = to_c(file);
    let mut arguments = stop.arguments();
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

/// Reads what the call says, and does `then` with each frame, and with when the read of it began. That says for how long
/// there is nothing to do until the next one, or ends it by none; so do `stop`, at once, and the end of the call.
pub(crate) fn read(
    session: Session<'_>,
    stop: &Stop,
    then: &mut dyn FnMut(Frame<'_>, Instant) -> Option<Duration>,
) -> Played {
    let mut each = EachFrame { stop, began: Instant::now(), then };
    let mut arguments = each.arguments();
    // SAFETY: as for `play`.
    played(unsafe {
        sys::switch_ivr_collect_digits_callback(session.raw(), &raw mut arguments, 0, 0)
    })
}

/// Waits while the call is kept alive, until `stop` or the end of the call.
pub(crate) fn sleep(session: Session<'_>, ms: u32, stop: &Stop) {
    let mut arguments = stop.arguments();
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
pub(crate) fn speak(session: Session<'_>, phrase: &str, data: &str, stop: &Stop) -> Played {
    let (phrase, data) = (to_c(phrase), to_c(data));
    let mut arguments = stop.arguments();
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
pub(crate) fn display(session: Session<'_>, name: &str, number: &str) {
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

/// Answers a request for a call that is not up yet with a SIP status, which ends it. False: it is up.
pub(crate) fn respond(session: Session<'_>, status: i32, reason: &str) -> bool {
    if session.channel().test(Flag::Answered) {
        return false;
    }
    let reason = to_c(reason);
    // SAFETY: a zeroed message is an empty one (numbers and pointers).
    let mut message: sys::switch_core_session_message_t = unsafe { std::mem::zeroed() };
    message.message_id = sys::switch_core_session_message_types_t::SWITCH_MESSAGE_INDICATE_RESPOND;
    message.numeric_arg = status;
    message.string_arg = reason.as_ptr();
    // SAFETY: the session is alive; the message and its string outlive the call, which keeps neither.
    unsafe {
        sys::switch_core_session_perform_receive_message(
            session.raw(),
            &raw mut message,
            c"mod_callpark".as_ptr(),
            c"respond".as_ptr(),
            0,
        );
    }
    true
}

/// Asks for digits, ended by `#` or `timeout_ms` without one; `None` if fewer than `least` came.
#[must_use]
pub(crate) fn ask_digits(
    session: Session<'_>,
    prompt: &str,
    least: u32,
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
            least.clamp(1, most.min(64)),
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

/// Has FreeSWITCH take the tones that a leg says for keys, until [`no_tones`]. False: it does not, or did already.
pub(crate) fn hear_tones(session: Session<'_>) -> bool {
    // SAFETY: the session is alive.
    unsafe {
        sys::switch_ivr_inband_dtmf_session(session.raw())
            == sys::switch_status_t::SWITCH_STATUS_SUCCESS
    }
}

/// Undoes [`hear_tones`].
pub(crate) fn no_tones(session: Session<'_>) {
    // SAFETY: the session is alive.
    unsafe { sys::switch_ivr_stop_inband_dtmf_session(session.raw()) };
}

/// Bridges two legs and returns when the bridge is over. Runs on the thread of `here`; `there` waits in
/// [`wait_for_bridge`]. Whether they were really bridged, the return does not tell.
pub(crate) fn bridge(here: Session<'_>, there: Session<'_>) {
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
pub(crate) fn wait_for_bridge(here: Session<'_>, there: Session<'_>, limit_ms: u32) -> bool {
    // SAFETY: as for `bridge`.
    unsafe {
        sys::switch_ivr_bridge_bleg(here.raw(), there.raw(), limit_ms)
            == sys::switch_status_t::SWITCH_STATUS_SUCCESS
    }
}

/// Sends a call elsewhere in the dialplan. `None` leaves dialplan and context as they are.
pub(crate) fn transfer(
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

/// Ends what `uuid_hold` and `uuid_pause` have begun, as FreeSWITCH does for a leg that it connects by other means.
pub(crate) fn unhold(session: Session<'_>) {
    let channel = session.channel();
    if channel.test(Flag::Hold) || channel.test(Flag::Suspend) {
        // SAFETY: the session is alive. It does nothing after `uuid_pause`, which sets the flag alone.
        unsafe { sys::switch_ivr_unhold(session.raw()) };
        channel.clear_flag(Flag::Hold);
        channel.clear_flag(Flag::Suspend);
    }
}

/// Tells the phone that transferred this call here that it worked (for `confirm_blind_transfer`; else nothing happens).
pub(crate) fn confirm_blind_transfer(session: Session<'_>) {
    // SAFETY: the session is alive.
    unsafe {
        sys::switch_ivr_blind_transfer_ack(session.raw(), sys::switch_bool_t::SWITCH_TRUE);
    }
}

/// Moves the recordings of one leg to another, whatever they are of, with what is to be done when they end.
pub(crate) fn transfer_recordings(from: Session<'_>, to: Session<'_>) {
    // SAFETY: both sessions are alive, by their read locks or because we run on their threads.
    unsafe { sys::switch_ivr_transfer_recordings(from.raw(), to.raw()) };
}

/// Mixes a file or stream into what a leg hears, for `limit_s` at the most; returns at once. False: it cannot be played.
#[must_use]
pub(crate) fn mix_in(session: Session<'_>, file: &str, limit_s: u32) -> bool {
    let file = to_c(file);
    // SAFETY: the session is alive; the strings are copied.
    unsafe {
        sys::switch_ivr_displace_session(session.raw(), file.as_ptr(), limit_s, c"m".as_ptr())
            == sys::switch_status_t::SWITCH_STATUS_SUCCESS
    }
}
