//! What the journal is given: one record for each event of a parked call.
//!
//! These are plain types of this crate. Whoever feeds the journal maps its own events to them. Texts are stored as they
//! are, so the feeder has already limited their length.

use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// What happened.
    Action {
        /// A call was parked.
        Park = "park",
        /// A retriever was connected.
        Retrieve = "retrieve",
        /// A claim was given back, and the call remains parked.
        Resume = "resume",
        /// A return step started, ended, or took the call.
        Return = "return",
        /// The caller hung up.
        Abandon = "abandon",
        /// The call left its orbit by its own exit, to be called back, or by a foreign command.
        Leave = "leave",
        /// The call is in another orbit.
        Move = "move",
        /// Another channel has taken the place of the parked one. `from_uuid` names the old one.
        Replace = "replace",
        /// The call was hung up by an administrator or because the switch stops.
        Drop = "drop",
        /// The parker was reminded, or no return step took the call.
        Remind = "remind",
        /// A call was not parked.
        Refuse = "refuse",
        /// The priority, note, addressee or deadline was changed.
        Set = "set",
        /// After a restart: the call is in its orbit again, or, with the outcome `lost`, it is not.
        Recover = "recover",
    }
}

words! {
    /// The one way in which a parked call ended.
    Outcome {
        /// A retriever was connected.
        Retrieved = "retrieved",
        /// A return step took the call.
        Returned = "returned",
        /// The caller hung up while waiting.
        Abandoned = "abandoned",
        /// The caller left by the exit key or a limit of the wait.
        Left = "left",
        /// The caller hung up to be called back.
        Callback = "callback",
        /// A foreign command took the call out.
        Transferred = "transferred",
        /// An administrator hung the call up.
        Dropped = "dropped",
        /// The switch or the module stopped.
        Shutdown = "shutdown",
        /// The call could not be recovered after a crash.
        Lost = "lost",
    }
}

words! {
    /// What became of one attempt of a return step.
    StepResult {
        /// It was started.
        Started = "started",
        /// Somebody answered.
        Answered = "answered",
        /// It took the call.
        Took = "took",
        /// Somebody answered, and did not take the call.
        Declined = "declined",
        /// It did not take the call.
        Failed = "failed",
        /// It was not tried, because its condition was not met.
        Skipped = "skipped",
    }
}

/// What is known of a call apart from its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Subject {
    /// The tenant, or empty.
    pub domain: String,
    /// Caller id name. It can contain anything.
    #[serde(rename = "caller_id_name")]
    pub caller_name: String,
    /// Caller id number. It can contain anything.
    #[serde(rename = "caller_id_number")]
    pub caller_number: String,
    /// The number that the caller dialled, if that is known.
    pub did: String,
    /// The user who parked the call, `user@domain`, or empty.
    pub parker: String,
    /// The user for whom the call is meant, `user@domain`, or empty.
    #[serde(rename = "for")]
    pub addressed_to: String,
    /// 0 to 9.
    pub priority: u8,
    /// What somebody wrote about the call.
    pub note: String,
    /// When it was parked, in ms since 1970.
    pub parked_at_ms: i64,
}

/// A return step in an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Step {
    /// 1 for the first of the lot.
    pub number: u32,
    /// Whom it tries, as the configuration writes it.
    pub to: String,
    /// What became of it.
    pub result: StepResult,
}

/// A lot and an orbit in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "web", derive(utoipa::ToSchema))]
pub struct Place {
    /// The lot, with `@domain` if it belongs to a tenant.
    pub lot: String,
    /// The orbit. Empty if a refused call did not ask for one.
    pub orbit: String,
}

/// One event of a call's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it happened, in ms since 1970.
    pub at_ms: i64,
    /// What happened.
    pub action: Action,
    /// The channel of the call.
    pub uuid: String,
    /// Where the call is; after a move, the new place; of a refused call, the place it asked for.
    pub place: Place,
    /// What is known of the call. Every entry contains all of it, and the journal stores what has changed.
    pub subject: Subject,
    /// When the return steps start, as it is after this event, in ms since 1970. None: never.
    pub deadline_ms: Option<i64>,
    /// How many orbits the lot has. Needed with `park` and `refuse`.
    pub capacity: Option<u32>,
    /// For how long the call has been parked, in ms.
    pub wait_ms: i64,
    /// Only on the last entry of a call.
    pub outcome: Option<Outcome>,
    /// The caller is written down as with [`Callers::Masked`](crate::journal::Callers::Masked) at the most, and no note.
    pub private: bool,
    /// Who did this: see [`Act::actor`](crate::audit::Act::actor).
    pub actor: String,
    /// Who took the call, or would have, `user@domain`, or empty.
    pub retriever: String,
    /// The channel of the retriever, or empty.
    pub retriever_uuid: String,
    /// Why. Of a refusal: its code.
    pub reason: String,
    /// Which rule of the lot refused the call, or empty.
    pub rule: String,
    /// Which return step, and what became of it.
    pub step: Option<Step>,
    /// Of a replacement: the channel before.
    pub from_uuid: String,
}

impl Entry {
    /// An entry of which no more is known.
    #[must_use]
    pub fn new(at_ms: i64, action: Action, uuid: &str, place: Place) -> Self {
        Entry {
            at_ms,
            action,
            uuid: uuid.to_owned(),
            place,
            subject: Subject { parked_at_ms: at_ms, ..Subject::default() },
            deadline_ms: None,
            capacity: None,
            wait_ms: 0,
            outcome: None,
            private: false,
            actor: String::new(),
            retriever: String::new(),
            retriever_uuid: String::new(),
            reason: String::new(),
            rule: String::new(),
            step: None,
            from_uuid: String::new(),
        }
    }

    /// The last of a call. Such entries are the last to be given up when there is no room.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.outcome.is_some()
    }
}
