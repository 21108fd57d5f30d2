//! Calls that end.

use super::session::Session;
use super::sys;

/// Something that wants to hear of every call that ends.
pub(crate) trait Listener {
    /// Called on the call's own thread when it has hung up, before FreeSWITCH forgets it.
    fn hung_up(session: Session<'_>);
}

extern "C" fn on_hangup<L: Listener>(
    session: *mut sys::switch_core_session_t,
) -> sys::switch_status_t {
    super::guard("hang-up", (), || {
        // SAFETY: FreeSWITCH gives the session whose thread this is.
        if let Some(session) = unsafe { Session::from_raw(session) } {
            L::hung_up(session);
        }
    });
    // Anything else would keep the handlers of others from being called.
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

/// What FreeSWITCH calls.
trait Table {
    const TABLE: sys::switch_state_handler_table_t;
}

impl<L: Listener> Table for L {
    const TABLE: sys::switch_state_handler_table_t = sys::switch_state_handler_table_t {
        on_init: None,
        on_routing: None,
        on_execute: None,
        on_hangup: Some(on_hangup::<L>),
        on_exchange_media: None,
        on_soft_execute: None,
        on_consume_media: None,
        on_hibernate: None,
        on_reset: None,
        on_park: None,
        on_reporting: None,
        on_destroy: None,
        flags: 0,
        padding: [std::ptr::null_mut(); 10],
    };
}

/// Listens until it is dropped. FreeSWITCH may be on its way into the listener then: its table is a constant, and the
/// module's code stays mapped.
pub(crate) struct Hangups {
    table: &'static sys::switch_state_handler_table_t,
}

// SAFETY: a constant that nobody writes to.
unsafe impl Send for Hangups {}

impl Hangups {
    /// Starts listening. `None`: FreeSWITCH takes no more of such tables.
    #[must_use]
    pub(crate) fn new<L: Listener>() -> Option<Self> {
        let table: &'static _ = &<L as Table>::TABLE;
        // SAFETY: the table lives for ever.
        let index = unsafe { sys::switch_core_add_state_handler(table) };
        (index >= 0).then_some(Self { table })
    }
}

impl Drop for Hangups {
    fn drop(&mut self) {
        // SAFETY: the very table that was added.
        unsafe { sys::switch_core_remove_state_handler(self.table) };
    }
}
