//! Hooks into every channel of the switch: how each gets from one place in the dialplan to another.

use std::marker::PhantomData;

use super::channel::Flag;
use super::session::Session;
use super::sys;
use super::text::from_c;

type Status = sys::switch_status_t;
type Raw = *mut sys::switch_core_session_t;

/// How a channel was sent to another place in the dialplan (`switch_ivr_session_transfer`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    /// On its own thread: by an application that it runs.
    pub own_thread: bool,
    /// Out of a bridge. Of a move by another thread it is not always known: the bridge may be ending already.
    pub bridged: bool,
    /// The application that did it was not in its dialplan: a command runs it (`uuid_broadcast`, `bind_meta_app`, an
    /// event socket).
    pub commanded: bool,
}

/// What wants to know of every channel. None of its functions may call FreeSWITCH for anything but uuid, thread and flags
/// of the channel, except [`began`](Watcher::began), [`routed`](Watcher::routed), [`bridged`](Watcher::bridged) and
/// [`hung_up`](Watcher::hung_up): FreeSWITCH holds locks of the channel's meanwhile.
pub(crate) trait Watcher {
    /// A channel begins, on its own thread. A leg that was called has its variables.
    fn began(session: Session<'_>);
    /// It is being sent elsewhere. Runs on the thread that does it, before the channel's own can follow.
    fn moved(session: Session<'_>, how: Move);
    /// It is about to look for its way in the dialplan, on its own thread.
    fn routed(session: Session<'_>);
    /// It begins to talk: in a bridge to the leg `with`, or, if that is not known, in a conference, or as a listener.
    fn bridged(session: Session<'_>, with: Option<&str>);
    /// That is over.
    fn unbridged(session: Session<'_>);
    /// Its far end has pressed a key.
    fn keyed(session: Session<'_>);
    /// It hangs up, on its own thread. What writes CDRs has not seen it yet.
    fn hung_up(session: Session<'_>);
    /// It is gone.
    fn ended(session: Session<'_>);
}

/// Watches all channels that begin from now on, until dropped. What has begun by then stays hooked: a [`Watcher`] is
/// called for it even afterwards.
pub(crate) struct Hooks {
    table: &'static sys::switch_state_handler_table_t,
}

// SAFETY: the table is a constant that nobody writes to; its pointers are NULL.
unsafe impl Send for Hooks {}
// SAFETY: as above.
unsafe impl Sync for Hooks {}

struct Table<W>(PhantomData<W>);

impl<W: Watcher> Table<W> {
    const TABLE: sys::switch_state_handler_table_t = sys::switch_state_handler_table_t {
        on_init: Some(init::<W>),
        on_routing: Some(routing::<W>),
        on_execute: None,
        on_hangup: Some(hangup::<W>),
        on_exchange_media: None,
        on_soft_execute: None,
        on_consume_media: None,
        on_hibernate: None,
        on_reset: None,
        on_park: None,
        on_reporting: None,
        on_destroy: Some(destroy::<W>),
        flags: 0,
        padding: [std::ptr::null_mut(); 10],
    };
}

impl Hooks {
    /// Begins to watch. `None`: FreeSWITCH has no room for more handlers.
    #[must_use]
    pub(crate) fn new<W: Watcher>() -> Option<Self> {
        let table: &'static sys::switch_state_handler_table_t = &Table::<W>::TABLE;
        // SAFETY: the table and its functions stay where they are: our code is never unmapped.
        (unsafe { sys::switch_core_add_state_handler(table) } >= 0).then_some(Self { table })
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        // SAFETY: the very table that was added.
        unsafe { sys::switch_core_remove_state_handler(self.table) };
    }
}

/// Runs `what` for a session that FreeSWITCH calls us with, and lets it go on.
fn with(name: &str, raw: Raw, what: impl FnOnce(Session<'_>)) -> Status {
    super::guard(name, (), || {
        // SAFETY: the session is alive while FreeSWITCH runs a handler or hook of its channel.
        if let Some(session) = unsafe { Session::from_raw(raw) } {
            what(session);
        }
    });
    Status::SWITCH_STATUS_SUCCESS
}

unsafe extern "C" fn init<W: Watcher>(raw: Raw) -> Status {
    with("a channel's beginning", raw, |session| {
        W::began(session);
        // SAFETY: the session is alive and on its own thread; the functions stay where they are.
        unsafe {
            sys::switch_core_event_hook_add_state_change(session.raw(), Some(state_change::<W>));
            sys::switch_core_event_hook_add_receive_message(session.raw(), Some(message::<W>));
            sys::switch_core_event_hook_add_recv_dtmf(session.raw(), Some(recv_dtmf::<W>));
        }
    })
}

unsafe extern "C" fn routing<W: Watcher>(raw: Raw) -> Status {
    with("a channel's routing", raw, W::routed)
}

unsafe extern "C" fn hangup<W: Watcher>(raw: Raw) -> Status {
    with("a channel's hangup", raw, W::hung_up)
}

unsafe extern "C" fn destroy<W: Watcher>(raw: Raw) -> Status {
    with("a channel's end", raw, W::ended)
}

unsafe extern "C" fn state_change<W: Watcher>(raw: Raw) -> Status {
    with("a channel's move", raw, |session| {
        let channel = session.channel();
        // A channel that begins is routed as well. The flag alone does not tell, because whoever transfers sets it before the
        // state, and the channel loses it if it leaves its bridge in between.
        if channel.routing() && (channel.has_begun() || channel.test(Flag::Transfer)) {
            let how = Move {
                own_thread: session.in_its_thread(),
                bridged: channel.test(Flag::Bridged),
                commanded: channel.test(Flag::EventParse),
            };
            W::moved(session, how);
        }
    })
}

unsafe extern "C" fn message<W: Watcher>(
    raw: Raw,
    message: *mut sys::switch_core_session_message_t,
) -> Status {
    use sys::switch_core_session_message_types_t as Kind;
    // SAFETY: FreeSWITCH gives a message that lives during the call.
    let Some(message) = (unsafe { message.as_ref() }) else { return Status::SWITCH_STATUS_SUCCESS };
    match message.message_id {
        Kind::SWITCH_MESSAGE_INDICATE_BRIDGE => with("a channel's bridge", raw, |session| {
            // SAFETY: NULL, or a uuid that lives as long as the message.
            let partner = unsafe { from_c(message.string_arg) };
            W::bridged(session, partner.as_deref());
        }),
        Kind::SWITCH_MESSAGE_INDICATE_UNBRIDGE => {
            with("the end of a channel's bridge", raw, W::unbridged)
        }
        _ => Status::SWITCH_STATUS_SUCCESS,
    }
}

unsafe extern "C" fn recv_dtmf<W: Watcher>(
    raw: Raw,
    _key: *const sys::switch_dtmf_t,
    _direction: sys::switch_dtmf_direction_t,
) -> Status {
    with("a channel's key", raw, W::keyed)
}
