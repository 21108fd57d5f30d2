//! How a leg leaves a bridge without being taken for still being in it.
//!
//! The other leg of a bridge looks once in a media frame whether its partner is still in *a* bridge (`audio_bridge_thread`).
//! A phone's leg is woken to look at once, others are not. A leg that is in its next bridge by then passes for one that
//! has never left: the old partner stays without a limit, and what it says is heard in the new bridge. FreeSWITCH's own ways
//! into a bridge take longer than a frame; ours takes a millisecond. Therefore a leg that the module bridges first waits
//! until its last partner has seen that it has left.

use std::time::Duration;

use crate::park::CallUuid;
use crate::switch::channel::Flag;
use crate::switch::{Located, Session, clock};

/// More than is needed. A frame has 20 ms, or 60 ms in some codecs.
const SEEN_WITHIN: Duration = Duration::from_millis(200);

/// Waits until the leg that this one was bridged to last has seen that it has left.
pub(crate) fn wait_until_seen(session: Session<'_>) {
    let Some(other) = session.channel().variable("last_bridge_to") else { return };
    let Some(other) = Located::find(&other) else { return };
    let there = other.session().channel();
    let uuid = session.uuid();
    let is_alone = || {
        !there.test(Flag::Bridged) || there.variable("bridge_to").as_deref() != Some(uuid.as_str())
    };
    clock::poll(SEEN_WITHIN, Duration::from_millis(2), is_alone);
}

/// This leg has left a bridge that may have been just about to begin. The other one's thread, if it is late and gets there
/// only now, hangs this one up unless it sees it there (`audio_bridge_thread`). Therefore this one shows itself until then.
pub(crate) fn outstay(session: Session<'_>) {
    const LIMIT: Duration = Duration::from_secs(2);
    /// Between its arrival and its look at this leg.
    const LOOKS_WITHIN: Duration = Duration::from_millis(50);
    let Some(other) = session.channel().variable("last_bridge_to") else { return };
    let Some(other) = Located::find_even_down(&other) else { return };
    let (channel, there) = (session.channel(), other.session().channel());
    if !there.comes_to_a_bridge() {
        return;
    }
    channel.set_flag(Flag::Bridged);
    clock::poll(LIMIT, Duration::from_millis(1), || !there.comes_to_a_bridge() || !channel.up());
    if there.up() {
        std::thread::sleep(LOOKS_WITHIN);
    }
    channel.clear_flag(Flag::Bridged);
}

/// Whether two legs are the halves of one loopback: a bridge between these ends FreeSWITCH.
#[must_use]
pub(crate) fn are_halves(leg: Session<'_>, other: &CallUuid) -> bool {
    leg.channel().variable("other_loopback_leg_uuid").as_deref() == Some(other.as_str())
}
