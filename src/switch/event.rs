//! Events: made and fired, and listened to.

use std::ffi::CStr;
use std::ptr::NonNull;

use super::sys;
use super::text::{from_c, to_c};

const FILE: &CStr = c"mod_callpark";

/// The kinds of event this module fires or listens to.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Ours: `CUSTOM` with a subclass.
    Custom,
    /// A lamp changes.
    PresenceIn,
    /// A phone asks what a lamp shows.
    PresenceProbe,
    /// The configuration was read again.
    ReloadXml,
    /// An application begins to run on a channel.
    ChannelExecute,
    /// A module was loaded: one event for each application, command, … of it.
    ModuleLoad,
    /// A SIP MESSAGE to be sent.
    SendMessage,
    /// The switch has received a signal.
    Trap,
    /// Something that records, listens to or changes the audio of a channel is with it now.
    MediaBugStart,
    /// Bare: a list of variables, never fired.
    Variables,
}

impl Kind {
    fn raw(self) -> sys::switch_event_types_t {
        match self {
            Self::Custom => sys::switch_event_types_t::SWITCH_EVENT_CUSTOM,
            Self::PresenceIn => sys::switch_event_types_t::SWITCH_EVENT_PRESENCE_IN,
            Self::PresenceProbe => sys::switch_event_types_t::SWITCH_EVENT_PRESENCE_PROBE,
            Self::ReloadXml => sys::switch_event_types_t::SWITCH_EVENT_RELOADXML,
            Self::ChannelExecute => sys::switch_event_types_t::SWITCH_EVENT_CHANNEL_EXECUTE,
            Self::ModuleLoad => sys::switch_event_types_t::SWITCH_EVENT_MODULE_LOAD,
            Self::SendMessage => sys::switch_event_types_t::SWITCH_EVENT_SEND_MESSAGE,
            Self::Trap => sys::switch_event_types_t::SWITCH_EVENT_TRAP,
            Self::MediaBugStart => sys::switch_event_types_t::SWITCH_EVENT_MEDIA_BUG_START,
            Self::Variables => sys::switch_event_types_t::SWITCH_EVENT_CLONE,
        }
    }
}

/// An event of ours, until it is fired; dropped unfired it is destroyed.
pub(crate) struct Event {
    raw: NonNull<sys::switch_event_t>,
}

// SAFETY: until it is fired, an event is memory of ours that no thread of FreeSWITCH knows.
unsafe impl Send for Event {}

impl Event {
    /// A new event; `subclass` for [`Kind::Custom`] alone. `None` if FreeSWITCH cannot make it.
    #[must_use]
    pub(crate) fn new(kind: Kind, subclass: Option<&CStr>) -> Option<Self> {
        super::lock::none_is_held();
        let mut raw = std::ptr::null_mut();
        // SAFETY: the strings are literals, and `raw` is a place for the pointer. The event is ours until fired.
        unsafe {
            sys::switch_event_create_subclass_detailed(
                FILE.as_ptr(),
                FILE.as_ptr(),
                0,
                &raw mut raw,
                kind.raw(),
                subclass.map_or(std::ptr::null(), CStr::as_ptr),
            );
        }
        NonNull::new(raw).map(|raw| Self { raw })
    }

    /// Takes over an event that FreeSWITCH made for us.
    ///
    /// # Safety
    /// `raw` is NULL or an event that nobody else fires or destroys.
    pub(super) unsafe fn from_raw(raw: *mut sys::switch_event_t) -> Option<Self> {
        NonNull::new(raw).map(|raw| Self { raw })
    }

    /// A header's value.
    #[must_use]
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let name = to_c(name);
        // SAFETY: the event is ours; the value is copied.
        unsafe { from_c(sys::switch_event_get_header_idx(self.raw.as_ptr(), name.as_ptr(), -1)) }
    }

    /// Adds a header; an empty value adds none (FreeSWITCH would take it for a deletion).
    #[must_use]
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            let (name, value) = (to_c(name), to_c(value));
            // SAFETY: the event is ours; both strings are copied.
            unsafe {
                sys::switch_event_add_header_string(
                    self.raw.as_ptr(),
                    sys::switch_stack_t::SWITCH_STACK_BOTTOM,
                    name.as_ptr(),
                    value.as_ptr(),
                );
            }
        }
        self
    }

    /// Gives it a body.
    #[must_use]
    pub(crate) fn with_body(self, body: &str) -> Self {
        let body = to_c(body);
        // SAFETY: the event is ours; the text is copied.
        unsafe { sys::switch_event_set_body(self.raw.as_ptr(), body.as_ptr()) };
        self
    }

    /// Fires it. FreeSWITCH owns it from then on.
    pub(crate) fn fire(self) {
        let mut raw = self.into_raw();
        // SAFETY: ours, and consumed: nobody uses it after.
        unsafe {
            sys::switch_event_fire_detailed(
                FILE.as_ptr(),
                FILE.as_ptr(),
                0,
                &raw mut raw,
                std::ptr::null_mut(),
            );
        }
    }

    /// Its pointer, for FreeSWITCH to own.
    pub(super) fn into_raw(self) -> *mut sys::switch_event_t {
        let raw = self.raw();
        std::mem::forget(self);
        raw
    }

    pub(super) fn raw(&self) -> *mut sys::switch_event_t {
        super::lock::none_is_held();
        self.raw.as_ptr()
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        let mut raw = self.raw();
        // SAFETY: not fired, so still ours; destroyed once.
        unsafe { sys::switch_event_destroy(&raw mut raw) };
    }
}

/// An event FreeSWITCH hands to a listener, for as long as the callback runs.
#[derive(Clone, Copy)]
pub(crate) struct Heard<'a> {
    raw: NonNull<sys::switch_event_t>,
    life: std::marker::PhantomData<&'a ()>,
}

impl Heard<'_> {
    /// # Safety
    /// `raw` is NULL or the event a callback was called with, used only while it runs.
    unsafe fn from_raw(raw: *mut sys::switch_event_t) -> Option<Self> {
        NonNull::new(raw).map(|raw| Self { raw, life: std::marker::PhantomData })
    }

    /// A header's value.
    #[must_use]
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let name = to_c(name);
        // SAFETY: the event is alive while the callback runs; the value is copied.
        unsafe { from_c(sys::switch_event_get_header_idx(self.raw.as_ptr(), name.as_ptr(), -1)) }
    }
}

/// Something that wants to hear of one kind of event.
pub(crate) trait Listener {
    /// Which kind.
    const KIND: Kind;
    /// Called for every such event, on one of FreeSWITCH's event threads.
    fn heard(event: Heard<'_>);
}

/// One C function for each listener: unbinding goes by the function.
extern "C" fn heard<L: Listener>(event: *mut sys::switch_event_t) {
    super::guard("event listener", (), || {
        // SAFETY: FreeSWITCH gives a live event that outlives this callback.
        if let Some(event) = unsafe { Heard::from_raw(event) } {
            L::heard(event);
        }
    });
}

/// A binding to an event; unbound on drop, which waits for callbacks in flight: never drop it inside one.
pub(crate) struct Binding {
    callback: sys::switch_event_callback_t,
}

impl Binding {
    /// Starts listening. `None` if FreeSWITCH refuses.
    #[must_use]
    pub(crate) fn new<L: Listener>() -> Option<Self> {
        let callback: sys::switch_event_callback_t = Some(heard::<L>);
        // SAFETY: literals, and a callback that stays valid until it is unbound, before our code is unmapped.
        let status = unsafe {
            sys::switch_event_bind(
                FILE.as_ptr(),
                L::KIND.raw(),
                std::ptr::null(),
                callback,
                std::ptr::null_mut(),
            )
        };
        (status == sys::switch_status_t::SWITCH_STATUS_SUCCESS).then_some(Self { callback })
    }
}

impl Drop for Binding {
    fn drop(&mut self) {
        // SAFETY: the very callback that was bound.
        unsafe { sys::switch_event_unbind_callback(self.callback) };
    }
}

/// A reserved subclass of `CUSTOM`; freed on drop.
pub(crate) struct Subclass {
    name: &'static CStr,
}

impl Subclass {
    /// Reserves it. `None` if another module owns it.
    #[must_use]
    pub(crate) fn reserve(name: &'static CStr) -> Option<Self> {
        // SAFETY: literals; the owner's name is the same for freeing.
        let status =
            unsafe { sys::switch_event_reserve_subclass_detailed(FILE.as_ptr(), name.as_ptr()) };
        (status == sys::switch_status_t::SWITCH_STATUS_SUCCESS).then_some(Self { name })
    }
}

impl Drop for Subclass {
    fn drop(&mut self) {
        // SAFETY: literals, reserved by us.
        unsafe { sys::switch_event_free_subclass_detailed(FILE.as_ptr(), self.name.as_ptr()) };
    }
}
