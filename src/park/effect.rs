//! What the edge is to do once the lock is released.

use super::callback::{CallbackAttempt, CallbackNews};
use super::destination::Destination;
use super::event::ParkEvent;
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitKey, RunId, Ticket};
use super::outcome::Refusal;
use super::steps::Step;
use super::user::User;
use super::view::CallView;

/// Why something stops ringing; the phone may show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Nobody answered in time.
    Unanswered,
    /// The call was taken elsewhere.
    Taken,
    /// The caller has gone, or must not be connected any more.
    Gone,
}

/// Something to be carried out, in this order, after the lock is released.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Report this event.
    Event(Box<ParkEvent>),
    /// The lamps of this orbit and of its lot may have changed. Ask `lamp` and `lot_lamp`, and show what they return.
    Presence(OrbitKey),
    /// Orbits of this lot were taken out of service or put back. Whoever looks at it shall see that.
    InService(LotKey),
    /// The verdict on this parked call has changed. Wake its thread.
    Wake(CallUuid),
    /// The timeout of a call passed at that moment, and its first return step starts.
    TimeIsUp(Moment),
    /// Ring a phone for this call. If it answers, claim the call with this run. Otherwise report `step_failed`.
    Ring(Box<Ring>),
    /// Hang up what rings, or has just answered, for this run. Report nothing more about the run.
    StopRing(RunId, StopReason),
    /// The call this leg had claimed has ended: there is nothing to be connected to.
    ClaimLost {
        /// The retriever's, or the answered return step's, channel.
        leg: CallUuid,
        /// The claim that is void.
        ticket: Ticket,
    },
    /// The parked call shall hear its lot's comfort now.
    Comfort(CallUuid),
    /// Offer the caller a call-back. A caller who accepts claims the call with [`Exit::Callback`](super::Exit::Callback).
    Offer(CallUuid),
    /// Try this call-back, and report `callback_tried`.
    TryCallback(Box<CallbackAttempt>),
    /// Report news of a call-back.
    Callback(Box<CallbackNews>),
    /// A reserved orbit was given back because its channel did not arrive in time.
    Lapsed {
        /// The channel that was expected.
        uuid: CallUuid,
        /// The orbit.
        place: OrbitKey,
    },
}

/// A return step that rings somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// To be given back with the claim, or with the failure.
    pub run: RunId,
    /// The parked call.
    pub call: CallView,
    /// What to ring.
    pub to: RingTo,
    /// The return step. When its ringing time is over it counts as failed, and is stopped.
    pub step: Step,
}

/// What a return step rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RingTo {
    /// The parker, `user@domain`.
    Parker(User),
    /// A dial string.
    Dial(String),
    /// The parker, `user@domain`, who is only reminded. The call stays. Report `step_done`.
    Remind(User),
    /// The same by a SIP MESSAGE.
    Message(User),
}

/// A call that was not parked.
#[derive(Clone, Debug, PartialEq)]
pub struct ParkRefused {
    /// Why.
    pub refusal: Refusal,
    /// What the lot says shall become of it.
    pub then: AfterRefusal,
}

/// What shall become of a call that was not parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterRefusal {
    /// Its dialplan goes on.
    Continue,
    /// Back to the parker.
    Parker,
    /// Hang it up.
    Hangup,
    /// Send it there.
    Transfer(Destination),
}

impl From<ParkEvent> for Effect {
    fn from(event: ParkEvent) -> Self {
        Effect::Event(Box::new(event))
    }
}
