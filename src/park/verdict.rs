//! What a claim means for the parked leg.

use super::Park;
use super::call::{ClaimedBy, Pending};
use super::cause::CauseName;
use super::destination::{Destination, Exit};
use super::names::{CallUuid, Ticket};
use super::user::User;

/// What a parked leg's own thread shall do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Continue to wait.
    Hold,
    /// Be bridged to this leg.
    Bridge {
        /// To be shown with `complete` and `unclaim`.
        ticket: Ticket,
        /// The retriever's or the answered step's channel.
        leg: CallUuid,
    },
    /// Transfer itself.
    Transfer {
        /// To be shown with `complete` and `unclaim`.
        ticket: Ticket,
        /// Where to.
        to: Destination,
    },
    /// Transfer itself to a voicemail box.
    Voicemail {
        /// To be shown with `complete` and `unclaim`.
        ticket: Ticket,
        /// The user whose box it is.
        user: User,
    },
    /// Continue in the dialplan that has parked it.
    Continue {
        /// To be shown with `complete` and `unclaim`.
        ticket: Ticket,
    },
    /// Hang up.
    HangUp {
        /// To be shown with `complete` and `unclaim`.
        ticket: Ticket,
        /// The hang-up cause.
        cause: CauseName,
    },
    /// Tell the caller about the call-back, and hang up.
    Callback {
        /// To be shown with `complete` and `unclaim`.
        ticket: Ticket,
    },
    /// It is not parked (any more).
    Unknown,
}

impl Park {
    /// What the parked leg's own thread shall do now.
    pub fn verdict(&self, uuid: &CallUuid) -> Verdict {
        let Some(call) = self.calls.get(uuid) else { return Verdict::Unknown };
        let Some(Pending { ticket, by, .. }) = &call.claim else { return Verdict::Hold };
        let ticket = *ticket;
        match by {
            ClaimedBy::Retriever { leg, .. } | ClaimedBy::StepLeg { leg, .. } => {
                Verdict::Bridge { ticket, leg: leg.clone() }
            }
            ClaimedBy::Leave(exit) | ClaimedBy::Step { exit, .. } => match exit {
                Exit::Transfer(to) => Verdict::Transfer { ticket, to: to.clone() },
                Exit::Voicemail(user) => Verdict::Voicemail { ticket, user: user.clone() },
                Exit::Continue => Verdict::Continue { ticket },
                Exit::Drop { cause } => Verdict::HangUp { ticket, cause: cause.clone() },
                Exit::Callback => Verdict::Callback { ticket },
            },
        }
    }
}
