//! Parked calls that come back after a crash of FreeSWITCH.
//!
//! `sofia profile <name> recover` makes a channel for each call that was up: the same uuid and variables, and an INVITE in
//! the old dialog. FreeSWITCH would then run the applications that the channel was in the middle of, or connect it to its old
//! partner: of a call that was parked by a key, by a command or by a transfer, this may be anything. Therefore a channel whose
//! call is [awaited](crate::park::Park::is_awaited) gets another list of applications before it runs the first, and that list
//! is `callpark`.

use std::sync::Arc;
use std::time::Duration;

use crate::leg::{handover, track};
use crate::module::Module;
use crate::park::{CallUuid, OrbitKey};
use crate::switch::channel::Flag;
use crate::switch::{Session, application, clock, log};

/// A channel begins. If it is one that is awaited, it will run `callpark` and nothing else.
pub(crate) fn began(module: &Arc<Module>, session: Session<'_>) {
    let channel = session.channel();
    if channel.test(Flag::Recovered) {
        handover::end_of_before(channel);
        track::came_back(module, session);
    }
    let Some(place) = place(module, session) else { return };
    if !application::set_extension(session, "callpark", &format!("{} {}", place.lot, place.orbit)) {
        log::error(Some(&session.uuid()), format_args!("{place}: there is no memory for its call"));
        return;
    }
    channel.clear_flag(Flag::RecoveringBridge);
    for bond in ["signal_bond", "originate_signal_bond"] {
        channel.set_variable(bond, None);
    }
    // With it, the channel runs its applications next. Its phone may have answered already, which clears it, and then
    // FreeSWITCH would look for a way in the dialplan.
    channel.set_flag(Flag::Recovering);
}

/// The orbit that is held for the call of this channel. A phone may choose the uuid of its channel (its Call-ID), so a channel
/// that has not come back is none of them.
pub(crate) fn place(module: &Module, session: Session<'_>) -> Option<OrbitKey> {
    if !session.channel().test(Flag::Recovered) {
        return None;
    }
    let uuid = CallUuid::from(session.uuid().as_str());
    module.look(|park| park.is_awaited(&uuid))
}

/// Waits until the phone has taken the call again. Otherwise the call has ended as `lost`.
#[must_use]
pub(crate) fn is_taken(module: &Arc<Module>, session: Session<'_>) -> bool {
    /// The end of the hold comes first.
    const LONGEST: Duration = Duration::from_secs(3600);
    let channel = session.channel();
    let uuid = CallUuid::from(session.uuid().as_str());
    let is_over = || {
        !channel.ready()
            || channel.can_hear()
            || module.look(|park| park.is_awaited(&uuid)).is_none()
    };
    clock::poll(LONGEST, Duration::from_millis(10), is_over);
    if !channel.ready() {
        let reason = match channel.cause() {
            Some(cause) => format!("its phone did not take it again ({})", cause.name()),
            None => "it was sent elsewhere before its phone took it again".to_owned(),
        };
        module.act(Some(session), |park, now| park.lost(now, &uuid, &reason));
        return false;
    }
    channel.can_hear()
}
