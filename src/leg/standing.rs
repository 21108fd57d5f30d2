//! What a leg is doing right now, and so whether it may be connected to a parked call, or be parked itself. The
//! application, the key and the command all ask here.

use crate::leg::handover::state::Handovers;
use crate::module::Module;
use crate::park::{CallUuid, Refusal};
use crate::switch::channel::Flag;
use crate::switch::{Channel, Located, Session};

/// What a leg is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// It runs an application of its dialplan, on its own thread, and is not connected.
    Here,
    /// It is not connected, but does something else, or has been asked from outside (a private event, another thread).
    /// FreeSWITCH delays a bridge of such a leg for ten seconds, so it has to be sent to the application first.
    Elsewhere,
    /// It has hung up.
    Gone,
    /// It is a parked call.
    Parked,
    /// It has claimed a parked call.
    Connecting,
    /// It is in a bridge.
    Talking,
    /// It rings or has early media, so that only its far end can answer it.
    Unanswered,
    /// FreeSWITCH has no part in its media.
    Proxied,
}

impl Standing {
    /// What `session` is doing.
    #[must_use]
    pub(crate) fn of(module: &Module, session: Session<'_>) -> Self {
        let channel = session.channel();
        let uuid = CallUuid::from(session.uuid().as_str());
        if !channel.up() {
            Self::Gone
        } else if module.look(|park| park.is_parked(&uuid)) {
            Self::Parked
        } else if Handovers::of(module).has(&uuid) {
            Self::Connecting
        } else if channel.is_ringing_phone() {
            Self::Unanswered
        } else if channel.in_bridge() || begins_a_bridge(session) {
            Self::Talking
        } else if channel.test(Flag::ProxyMedia) {
            Self::Proxied
        } else if session.in_its_thread() && channel.executing() && !channel.test(Flag::Broadcast) {
            Self::Here
        } else {
            Self::Elsewhere
        }
    }

    /// Why a leg in this standing cannot be connected to a parked call. One that is [`Elsewhere`](Self::Elsewhere) can.
    #[must_use]
    pub(crate) fn obstacle(self) -> Option<Refusal> {
        match self {
            Self::Here | Self::Elsewhere => None,
            Self::Gone => Some(Refusal::Gone),
            Self::Parked => Some(Refusal::AlreadyParked),
            Self::Connecting => Some(Refusal::Connecting),
            Self::Talking => Some(Refusal::Talking),
            Self::Unanswered => Some(Refusal::Unanswered),
            Self::Proxied => Some(Refusal::Proxied),
        }
    }
}

/// Whether FreeSWITCH is just connecting it: each leg names the other before either is in the bridge.
fn begins_a_bridge(session: Session<'_>) -> bool {
    let partner = |session: Session<'_>| session.channel().variable("bridge_to");
    let Some(there) = partner(session).and_then(|uuid| Located::find(&uuid)) else { return false };
    partner(there.session()).as_deref() == Some(&session.uuid())
}

/// Why a call cannot wait in an orbit: it has not been answered, or nothing can be played to it.
#[must_use]
pub(crate) fn obstacle_to_parking(channel: Channel<'_>) -> Option<Refusal> {
    if channel.is_ringing_phone() {
        Some(Refusal::Unanswered)
    } else if channel.test(Flag::ProxyMedia) {
        Some(Refusal::Proxied)
    } else {
        None
    }
}
