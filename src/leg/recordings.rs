//! Recordings that continue with the call. FreeSWITCH does the same after a REFER, and the module does it where it moves a
//! call.

use crate::switch::{Located, Session, ivr, text};

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
