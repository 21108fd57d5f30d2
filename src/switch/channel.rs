//! A session's channel: its variables, flags, state and end.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::time::Duration;

use super::cause::Cause;
use super::clock;
use super::event::{Event, Kind};
use super::sent::SentField;
use super::sys;
use super::text::{from_c, to_c};
use crate::park::Untrusted;

/// The channel of a session that is alive for `'a`.
#[derive(Clone, Copy)]
pub(crate) struct Channel<'a> {
    raw: *mut sys::switch_channel_t,
    life: PhantomData<&'a *mut ()>,
}

/// The channel flags this module looks at.
#[derive(Clone, Copy)]
pub(crate) enum Flag {
    /// The far end has picked up.
    Answered,
    /// The far end hears us before it has picked up.
    EarlyMedia,
    /// Leaves its application for another place in the dialplan.
    Transfer,
    /// Is about to leave for another place, or for another leg.
    Redirect,
    /// In a bridge.
    Bridged,
    /// A command holds it: nothing is played to it or read from it.
    Hold,
    /// A command holds it: a bridge passes nothing on.
    Suspend,
    /// Whoever called this leg has not got it yet.
    Originating,
    /// When what runs on top has ended, what runs below it ends too.
    StopBroadcast,
    /// Stop playing.
    Break,
    /// Goes on with another list of applications when this one returns.
    Reset,
    /// Has video.
    Video,
    /// Runs an application that came from outside its dialplan: a private event.
    Broadcast,
    /// Its media only passes through: nothing can be played to it.
    ProxyMedia,
    /// Waits in `switch_ivr_bridge_bleg` for the other leg to bridge to it.
    ArrangedBridge,
    /// Runs an application because of a command, not of its dialplan.
    EventParse,
    /// `sofia recover` brings it back after a restart. It keeps this flag until its applications run.
    Recovering,
    /// It was in a bridge by then, and waits for its partner to come back as well.
    RecoveringBridge,
    /// It has come back after a restart.
    Recovered,
    /// `sofia recover` can bring it back: its profile has `track-calls`.
    Trackable,
    /// Its media is about to go past the switch. A partner that holds it and leaves does not take it along meanwhile.
    NoMediaRequested,
}

impl Flag {
    pub(super) fn raw(self) -> sys::switch_channel_flag_t {
        match self {
            Self::Answered => sys::switch_channel_flag_t::CF_ANSWERED,
            Self::EarlyMedia => sys::switch_channel_flag_t::CF_EARLY_MEDIA,
            Self::Transfer => sys::switch_channel_flag_t::CF_TRANSFER,
            Self::Redirect => sys::switch_channel_flag_t::CF_REDIRECT,
            Self::Bridged => sys::switch_channel_flag_t::CF_BRIDGED,
            Self::Hold => sys::switch_channel_flag_t::CF_HOLD,
            Self::Suspend => sys::switch_channel_flag_t::CF_SUSPEND,
            Self::StopBroadcast => sys::switch_channel_flag_t::CF_STOP_BROADCAST,
            Self::Originating => sys::switch_channel_flag_t::CF_ORIGINATING,
            Self::Break => sys::switch_channel_flag_t::CF_BREAK,
            Self::Reset => sys::switch_channel_flag_t::CF_RESET,
            Self::Broadcast => sys::switch_channel_flag_t::CF_BROADCAST,
            Self::Video => sys::switch_channel_flag_t::CF_VIDEO,
            Self::ProxyMedia => sys::switch_channel_flag_t::CF_PROXY_MEDIA,
            Self::ArrangedBridge => sys::switch_channel_flag_t::CF_ARRANGED_BRIDGE,
            Self::EventParse => sys::switch_channel_flag_t::CF_EVENT_PARSE,
            Self::Recovering => sys::switch_channel_flag_t::CF_RECOVERING,
            Self::RecoveringBridge => sys::switch_channel_flag_t::CF_RECOVERING_BRIDGE,
            Self::Recovered => sys::switch_channel_flag_t::CF_RECOVERED,
            Self::Trackable => sys::switch_channel_flag_t::CF_TRACKABLE,
            Self::NoMediaRequested => sys::switch_channel_flag_t::CF_3P_NOMEDIA_REQUESTED,
        }
    }
}

const FILE: &CStr = c"mod_callpark";

/// A copy of a channel's own variables.
pub(crate) struct Variables(Option<Event>);

impl Variables {
    /// The value of one of them, which may come from the far end.
    #[must_use]
    pub(crate) fn get(&self, name: &str) -> Option<Untrusted> {
        self.of_switch(name).map(Untrusted::from)
    }

    /// The value of one that only FreeSWITCH sets.
    #[must_use]
    pub(crate) fn of_switch(&self, name: &str) -> Option<String> {
        self.0.as_ref()?.header(name).filter(|value| !value.is_empty())
    }
}

// SAFETY, for every block below: a `Channel<'a>` exists only for a channel that is alive for 'a, and every C string
// handed over outlives its call.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Channel<'_> {
    /// # Safety
    /// `raw` is the channel of a session that is alive for the lifetime of the value made.
    pub(super) unsafe fn from_raw(raw: *mut sys::switch_channel_t) -> Self {
        Self { raw, life: PhantomData }
    }

    pub(super) fn raw(self) -> *mut sys::switch_channel_t {
        super::lock::none_is_held();
        self.raw
    }

    /// A channel variable, or a field of the caller profile, or a global variable, in that order. FreeSWITCH copies it
    /// into the session's memory, which is freed at hang-up: never ask per frame or in a loop.
    #[must_use]
    pub(crate) fn variable(self, name: &str) -> Option<String> {
        let name = to_c(name);
        unsafe {
            from_c(sys::switch_channel_get_variable_dup(
                self.raw(),
                name.as_ptr(),
                sys::switch_bool_t::SWITCH_TRUE,
                -1,
            ))
        }
        .filter(|value| !value.is_empty())
    }

    /// What the far end has sent. Copied as [`variable`](Self::variable) is.
    #[must_use]
    pub(crate) fn sent(self, what: SentField) -> Option<Untrusted> {
        self.variable(what.name()).map(Untrusted::from)
    }

    /// Puts back into its caller profile what was read there.
    pub(crate) fn put_back(self, what: SentField, value: &Untrusted) {
        self.set_profile(what.name(), value.as_it_came());
    }

    /// The channel's own variables, as they are now: neither fields of its profile nor global ones stand in for those it
    /// does not have.
    #[must_use]
    pub(crate) fn own_variables(self) -> Variables {
        let mut raw = std::ptr::null_mut();
        unsafe { sys::switch_channel_get_variables(self.raw(), &raw mut raw) };
        // SAFETY: a copy made for us, or NULL.
        Variables(unsafe { Event::from_raw(raw) })
    }

    /// Sets a channel variable; `None` removes it.
    pub(crate) fn set_variable(self, name: &str, value: Option<&str>) {
        let name = to_c(name);
        let value = value.map(to_c);
        let value = value.as_ref().map_or(std::ptr::null(), |value| value.as_ptr());
        unsafe {
            // No variable check: a value may hold `${` from a caller's name, it is not expanded by being stored.
            sys::switch_channel_set_variable_var_check(
                self.raw(),
                name.as_ptr(),
                value,
                sys::switch_bool_t::SWITCH_FALSE,
            );
        }
    }

    /// Until [`unshadow`](Self::unshadow) whatever reads the variable gets this value, even if the variable is set.
    /// FreeSWITCH keeps such values on a stack, so each has to be removed once.
    pub(crate) fn shadow(self, name: &str, value: &str) {
        let Some(event) = Event::new(Kind::Variables, None) else { return };
        let mut raw = event.with(name, value).into_raw();
        // The channel owns it from then on.
        unsafe { sys::switch_channel_set_scope_variables(self.raw(), &raw mut raw) };
    }

    /// Takes the latest shadow away.
    pub(crate) fn unshadow(self) {
        unsafe { sys::switch_channel_set_scope_variables(self.raw(), std::ptr::null_mut()) };
    }

    /// `text` with `${…}` replaced from this channel.
    #[must_use]
    pub(crate) fn expand(self, text: &str) -> String {
        let c = to_c(text);
        unsafe {
            let expanded = sys::switch_channel_expand_variables_check(
                self.raw(),
                c.as_ptr(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                0,
            );
            if expanded.is_null() || expanded.cast_const() == c.as_ptr() {
                return text.to_owned();
            }
            super::text::take_c(expanded).unwrap_or_default()
        }
    }

    /// Its name, such as `sofia/internal/1000@example.com`.
    #[must_use]
    pub(crate) fn name(self) -> String {
        unsafe { from_c(sys::switch_channel_get_name(self.raw())) }.unwrap_or_default()
    }

    /// Whether a flag is set.
    #[must_use]
    pub(crate) fn test(self, flag: Flag) -> bool {
        unsafe { sys::switch_channel_test_flag(self.raw(), flag.raw()) != 0 }
    }

    /// Sets a flag.
    pub(crate) fn set_flag(self, flag: Flag) {
        unsafe { sys::switch_channel_set_flag_value(self.raw(), flag.raw(), 1) };
    }

    /// Whether its far end has what it needs to know where our audio comes from.
    #[must_use]
    pub(crate) fn can_hear(self) -> bool {
        unsafe {
            sys::switch_channel_test_cap(self.raw(), sys::switch_channel_cap_t::CC_MEDIA_ACK) == 0
                || sys::switch_channel_test_flag(
                    self.raw(),
                    sys::switch_channel_flag_t::CF_MEDIA_ACK,
                ) != 0
        }
    }

    /// Clears a flag.
    pub(crate) fn clear_flag(self, flag: Flag) {
        unsafe { sys::switch_channel_clear_flag(self.raw(), flag.raw()) };
    }

    /// Takes back what others have this channel do when its state changes, as a transfer does.
    pub(crate) fn clear_state_handlers(self) {
        unsafe { sys::switch_channel_clear_state_handler(self.raw(), std::ptr::null()) };
    }

    /// Whether the application may go on: up, and neither transferred nor redirected. On the session's own thread it
    /// also runs what is queued for the session, a BYE for one.
    #[must_use]
    pub(crate) fn ready(self) -> bool {
        unsafe {
            sys::switch_channel_test_ready(
                self.raw(),
                sys::switch_bool_t::SWITCH_TRUE,
                sys::switch_bool_t::SWITCH_FALSE,
            ) != 0
        }
    }

    /// Whether it has not hung up, wherever it is going.
    #[must_use]
    pub(crate) fn up(self) -> bool {
        self.state().0 < sys::switch_channel_state_t::CS_HANGUP.0
    }

    /// Whether it is on its way to a place in the dialplan.
    #[must_use]
    pub(crate) fn routing(self) -> bool {
        self.state() == sys::switch_channel_state_t::CS_ROUTING
    }

    /// Whether its own thread is past its beginning.
    #[must_use]
    pub(crate) fn has_begun(self) -> bool {
        self.running().0 > sys::switch_channel_state_t::CS_INIT.0
    }

    /// Whether it is still in the dialplan's applications.
    #[must_use]
    pub(crate) fn executing(self) -> bool {
        self.state() == sys::switch_channel_state_t::CS_EXECUTE
    }

    /// Whether it is a leg that the switch has called and that has not been answered.
    #[must_use]
    pub(crate) fn is_ringing_phone(self) -> bool {
        !self.test(Flag::Answered) && self.variable("direction").as_deref() == Some("outbound")
    }

    fn state(self) -> sys::switch_channel_state_t {
        unsafe { sys::switch_channel_get_state(self.raw()) }
    }

    /// The state that its own thread has entered.
    fn running(self) -> sys::switch_channel_state_t {
        unsafe { sys::switch_channel_get_running_state(self.raw()) }
    }

    /// Whether it can be sent elsewhere. It cannot while it is being set up, nor while the command that has called it is
    /// about to send it somewhere, because one of the two destinations would be lost.
    #[must_use]
    pub(crate) fn can_be_sent(self) -> bool {
        let state = self.state();
        let new = state == sys::switch_channel_state_t::CS_NEW
            || state == sys::switch_channel_state_t::CS_INIT;
        let just_called = state == sys::switch_channel_state_t::CS_CONSUME_MEDIA
            && !self.test(Flag::Bridged)
            && self.variable("direction").as_deref() == Some("outbound");
        self.up() && !new && !just_called && !self.test(Flag::Originating)
    }

    /// Whether it has been sent elsewhere, or comes to its first place, and is not there yet.
    #[must_use]
    pub(crate) fn on_its_way(self) -> bool {
        self.test(Flag::Transfer) || self.routing()
    }

    /// Whether somebody is about to send it elsewhere. The flags come before the state, on a busy machine long before, and
    /// when a command sends both legs of a bridge on any machine.
    #[must_use]
    pub(crate) fn is_being_sent(self) -> bool {
        self.executing() && (self.test(Flag::Transfer) || self.test(Flag::Redirect))
    }

    /// Waits until it has been sent, if somebody is about to do that: otherwise FreeSWITCH runs the next action of the
    /// dialplan in between. Returns whether it has been. Its own thread waits so wherever it enters or leaves an application.
    pub(crate) fn wait_until_sent(self) -> bool {
        const LIMIT: Duration = Duration::from_secs(2);
        self.is_being_sent()
            && clock::poll(LIMIT, Duration::from_millis(1), || !self.is_being_sent())
            && !self.executing()
    }

    /// Whether it is connected to another leg, with its media here or past the switch.
    #[must_use]
    pub(crate) fn in_bridge(self) -> bool {
        self.test(Flag::Bridged)
            || self.exchanging_media()
            || self.variable("signal_bridge_to").is_some()
    }

    /// Whether it is in, or on its way into or out of, a bridge that another leg drives.
    #[must_use]
    pub(crate) fn exchanging_media(self) -> bool {
        self.state() == sys::switch_channel_state_t::CS_EXCHANGE_MEDIA
    }

    /// Whether its own thread goes to a bridge that another leg drives, and may look for that leg yet. The thread of one that
    /// has hung up may have read the state before, until it enters that of the hang-up.
    #[must_use]
    pub(crate) fn comes_to_a_bridge(self) -> bool {
        use sys::switch_channel_state_t as State;
        let running = self.running();
        if self.up() {
            let goes = running == State::CS_EXCHANGE_MEDIA || self.exchanging_media();
            return goes && !self.test(Flag::Bridged);
        }
        running.0 < State::CS_HANGUP.0 && running != State::CS_EXECUTE
    }

    /// Goes on with its applications, instead of a bridge that its own thread is not to run any more.
    pub(crate) fn keep_executing(self) {
        unsafe {
            sys::switch_channel_perform_set_state(
                self.raw(),
                FILE.as_ptr(),
                FILE.as_ptr(),
                0,
                sys::switch_channel_state_t::CS_EXECUTE,
            );
        }
    }

    /// Answers unless it is answered. Returns false if it cannot be answered, because it is hanging up or because only
    /// its far end can do that. FreeSWITCH calls the latter a success.
    #[must_use]
    pub(crate) fn answer(self) -> bool {
        let answered = || self.test(Flag::Answered);
        answered()
            || unsafe {
                sys::switch_channel_perform_answer(self.raw(), FILE.as_ptr(), FILE.as_ptr(), 0)
                    == sys::switch_status_t::SWITCH_STATUS_SUCCESS
            } && answered()
    }

    /// Hangs up.
    pub(crate) fn hangup(self, cause: Cause) {
        unsafe {
            sys::switch_channel_perform_hangup(
                self.raw(),
                FILE.as_ptr(),
                FILE.as_ptr(),
                0,
                cause.0,
            );
        }
    }

    /// Why it has hung up; `None` while it is up. On a busy machine FreeSWITCH can be milliseconds between the state and the
    /// cause (`switch_channel_perform_hangup`).
    #[must_use]
    pub(crate) fn cause(self) -> Option<Cause> {
        const LIMIT: Duration = Duration::from_secs(1);
        let cause = || Cause(unsafe { sys::switch_channel_get_cause(self.raw()) });
        if self.up() {
            return None;
        }
        clock::poll(LIMIT, Duration::from_micros(200), || cause() != Cause::NONE);
        Some(cause())
    }

    /// Gives it a caller profile of its own to change, a copy of the one it has.
    pub(crate) fn step_caller_profile(self) {
        unsafe { sys::switch_channel_step_caller_profile(self.raw()) };
    }

    /// Sets a field of its caller profile.
    pub(crate) fn set_profile(self, field: &str, value: &str) {
        let (field, value) = (to_c(field), to_c(value));
        unsafe { sys::switch_channel_set_profile_var(self.raw(), field.as_ptr(), value.as_ptr()) };
    }

    /// The uuid of the leg it is bridged with right now.
    #[must_use]
    pub(crate) fn bridged_with(self) -> Option<String> {
        self.partner_uuid().filter(|_| self.test(Flag::Bridged))
    }

    /// The uuid of the leg it is bridged with; can be stale.
    #[must_use]
    pub(crate) fn partner_uuid(self) -> Option<String> {
        unsafe { from_c(sys::switch_channel_get_partner_uuid(self.raw())) }
            .filter(|uuid| !uuid.is_empty())
    }
}

impl Event {
    /// Adds all the data of a channel.
    #[must_use]
    pub(crate) fn with_channel(self, channel: Channel<'_>) -> Self {
        // SAFETY: channel and event are alive.
        unsafe { sys::switch_channel_event_set_data(channel.raw(), self.raw()) };
        self
    }
}
