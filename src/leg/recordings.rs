//! Recordings. They continue with a call that moves: FreeSWITCH does so after a REFER, and the module where it moves a call.
//! They can be quiet while a call waits.

use crate::module::Module;
use crate::park::{CallUuid, Park, Recording};
use crate::switch::event::{Heard, Kind, Listener};
use crate::switch::recording::{self, Quiet};
use crate::switch::{Located, Session, clock, ivr, text};

const FOLLOWS: &str = "recording_follow_transfer";

/// The recordings of the leg `from`, which is about to leave the call of `to`, go on there if the leg says so.
pub(crate) fn follow(from: Session<'_>, to: Session<'_>) {
    if from.channel().variable(FOLLOWS).is_some_and(|wish| text::is_true(&wish)) {
        ivr::transfer_recordings(from, to);
    }
}

/// The leg is about to be taken out of the bridge that it may be in. The recordings of the other leg follow.
pub(crate) fn follow_out_of_bridge(leg: Session<'_>) {
    let other = leg.channel().bridged_with().and_then(|uuid| Located::find(&uuid));
    if let Some(other) = other {
        follow(other.session(), leg);
    }
}

/// The recordings of a parked call record nothing while it waits, if its lot says so. A recording that was paused or
/// masked before stays so.
pub(crate) struct Quieted<'a>(Option<Session<'a>>);

impl<'a> Quieted<'a> {
    /// Until it is dropped: what the caller and a retriever say to each other is recorded.
    #[must_use]
    pub(crate) fn while_waiting(session: Session<'a>, how: Recording) -> Self {
        let how = match how {
            Recording::Keep => return Self(None),
            Recording::Pause => Quiet::Pause,
            Recording::Mask => Quiet::Mask,
        };
        recording::quieten(session, how);
        Self(Some(session))
    }
}

impl Drop for Quieted<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.0 {
            recording::resume(session);
        }
    }
}

/// A command connects the call on top of our application, so that it does not wait any more.
pub(crate) fn resume(session: Session<'_>) {
    recording::resume(session);
}

/// Hears when a recording begins. If it is one of a parked call, that call's thread treats it like the others.
pub(crate) struct Begun;

impl Listener for Begun {
    const KIND: Kind = Kind::MediaBugStart;

    fn heard(event: Heard<'_>) {
        if !recording::has_begun(&event) {
            return;
        }
        let (Some(module), Some(uuid)) = (Module::running(), event.header("Unique-ID")) else {
            return;
        };
        let uuid = CallUuid::from(uuid.as_str());
        let records = |park: &Park| {
            let call = park.find(clock::now(), &uuid)?;
            Some(park.lot_config(&call.lot)?.recording)
        };
        if module.look(records).is_some_and(|recording| recording != Recording::Keep) {
            module.wake(&uuid);
        }
    }
}
