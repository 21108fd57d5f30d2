//! What the edge is to do once the lock is released.

use std::fmt;
use std::sync::Arc;

use super::call::Caller;
use super::callback::{CallBack, CallbackView};
use super::names::{CallUuid, LotKey, OrbitName};
use super::outcome::{Outcome, Refusal};
use super::place::Transfer;
use super::steps::{Step, StepRef};
use super::user::User;
use super::views::CallView;

/// The run of one return step of one call. A run that was stopped or has failed can claim nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

/// One claim on one call. Whoever holds an old one holds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Why something stops ringing; the phone may show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Nobody answered for as long as it was to ring.
    Unanswered,
    /// Somebody else has the call.
    Taken,
    /// The caller has gone, or is not to be connected any more.
    Gone,
}

/// Something to be carried out, in this order, after the lock is released.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Tell the world.
    Event(Box<ParkEvent>),
    /// The lamp of this orbit and that of its lot may have changed: ask `lamp` and `lot_lamp`, and show it.
    Presence(LotKey, OrbitName),
    /// The verdict on this parked call has changed: its own thread shall look.
    Wake(CallUuid),
    /// Ring somebody for this call; when they are up, claim it with this run; otherwise `step_failed`.
    Ring(Box<Ring>),
    /// Hang up what rings, or has just answered, for this run; say nothing more about it.
    StopRing(RunId, Quiet),
    /// The call this leg had claimed has ended: there is nothing to be connected to.
    ClaimLost {
        /// The retriever's, or the answered return step's, channel.
        leg: CallUuid,
        /// The claim that is void.
        ticket: Ticket,
    },
    /// The parked call shall hear its lot's comfort now.
    Comfort(CallUuid),
    /// Offer the caller to be called back; who takes it claims the call with [`Exit::Callback`](super::Exit::Callback).
    Offer(CallUuid),
    /// Call somebody back; then `callback_tried`.
    CallBack(Box<CallBack>),
    /// Tell the world about a call-back.
    Callback(Box<CallbackNews>),
    /// A reserved orbit was given back because its channel did not arrive in time.
    Lapsed {
        /// The channel that was expected.
        uuid: CallUuid,
        /// The lot.
        lot: LotKey,
        /// The orbit.
        orbit: OrbitName,
    },
}

/// A return step that rings somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// To be given back with the claim, or with the failure.
    pub run: RunId,
    /// The parked call.
    pub call: CallView,
    /// Whom to ring.
    pub to: RingTo,
    /// The return step. When its ringing time is over it counts as failed, and is stopped.
    pub step: Step,
}

/// A call-back that is owed from now on, has failed once more, or has come to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct CallbackNews {
    /// The call-back.
    pub callback: CallbackView,
    /// How it ended; none: it has not.
    pub end: Option<CallbackEnd>,
}

/// How a call-back ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallbackEnd {
    /// The two were connected.
    Connected,
    /// Every attempt failed.
    Failed,
    /// Its time was up.
    Expired,
    /// An administrator cancelled it.
    Cancelled,
    /// The same caller has asked again: another one has taken its place.
    Again,
    /// The module or the switch stops.
    Shutdown,
}

impl CallbackEnd {
    /// The word in the event.
    pub fn as_str(self) -> &'static str {
        match self {
            CallbackEnd::Connected => "connected",
            CallbackEnd::Failed => "failed",
            CallbackEnd::Expired => "expired",
            CallbackEnd::Cancelled => "cancelled",
            CallbackEnd::Again => "again",
            CallbackEnd::Shutdown => "shutdown",
        }
    }
}

/// Whom a return step rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RingTo {
    /// The parker, `user@domain`.
    Parker(User),
    /// A dial string.
    Dial(String),
    /// The parker, `user@domain`, who is only reminded: the call stays. Then `step_done`.
    Remind(User),
    /// The same by a SIP MESSAGE.
    Message(User),
}

/// What an event tells: `Callpark-Action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A call was parked.
    Park,
    /// A retriever was connected (outcome `retrieved`).
    Retrieve,
    /// A claim was given back; the call waits on.
    Resume,
    /// A return step started, failed or was skipped (the latter two with a reason), or took the call (outcome
    /// `returned`).
    Return,
    /// The caller hung up while waiting (outcome `abandoned`).
    Abandon,
    /// The call left by its exit key, to be called back, or because another command took it (outcomes `left`,
    /// `callback`, `transferred`).
    Leave,
    /// It is in another orbit or lot now.
    Move,
    /// Another leg has taken the place of its leg; the call goes on under that one's uuid.
    Replace,
    /// It was hung up by an administrator, or because the module stops (outcomes `dropped`, `shutdown`).
    Drop,
    /// A return step reminded the parker, or no return step took the call; it waits on.
    Remind,
    /// A call was not parked.
    Refuse,
}

impl Action {
    /// The word in the event.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Park => "park",
            Action::Retrieve => "retrieve",
            Action::Resume => "resume",
            Action::Return => "return",
            Action::Abandon => "abandon",
            Action::Leave => "leave",
            Action::Move => "move",
            Action::Replace => "replace",
            Action::Drop => "drop",
            Action::Remind => "remind",
            Action::Refuse => "refuse",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One event of the call's life. After each `park` exactly one follows that bears an outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct ParkEvent {
    /// What happened.
    pub action: Action,
    /// The call's lot; after a move the new one; of a refused call the one it asked for.
    pub lot: LotKey,
    /// Its orbit; of a refused call the one it asked for, if it asked for one.
    pub orbit: Option<OrbitName>,
    /// The parked channel.
    pub uuid: CallUuid,
    /// Who is waiting.
    pub caller: Caller,
    /// Who parked it, `user@domain`.
    pub parker: Option<User>,
    /// 0 to 9; 9 is taken first.
    pub priority: u8,
    /// When it was parked, ms since 1970.
    pub parked_at_epoch_ms: u64,
    /// For how long it has been parked, in ms.
    pub wait_ms: u64,
    /// What somebody wrote about it.
    pub note: Arc<str>,
    /// Only on the last event of a call.
    pub outcome: Option<Outcome>,
    /// Who took it, or would have, `user@domain`.
    pub retriever: Option<User>,
    /// The channel of that one.
    pub retriever_uuid: Option<CallUuid>,
    /// Why: of `refuse` a [`Refusal`]'s code, otherwise a sentence.
    pub reason: Option<String>,
    /// Of `refuse`: which rule of the lot did not let the call in, if one did not.
    pub rule: Option<&'static str>,
    /// Which return step.
    pub step: Option<StepRef>,
    /// Where it was before a `move`.
    pub from: Option<(LotKey, OrbitName)>,
    /// Which channel it was before a `replace`.
    pub from_uuid: Option<CallUuid>,
}

/// A call that was not parked.
#[derive(Clone, Debug, PartialEq)]
pub struct ParkRefused {
    /// Why.
    pub refusal: Refusal,
    /// What the lot says shall become of it.
    pub then: Then,
}

/// What shall become of a call that was not parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// Its dialplan goes on.
    Continue,
    /// Back to the parker.
    Parker,
    /// Hang it up.
    Hangup,
    /// Send it there.
    Transfer(Transfer),
}
