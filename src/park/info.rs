//! What is known of a call: one record in the request, the call, its view and its events.

use std::sync::Arc;

use super::caller::Caller;
use super::names::CallUuid;
use super::text;
use super::untrusted::Number;
use super::user::User;

/// What is known of a call, from its park to its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallInfo {
    /// Its channel.
    pub uuid: CallUuid,
    /// The caller.
    pub caller: Caller,
    /// The number that the caller dialled, if that is known, or empty.
    pub did: Number,
    /// The parker, `user@domain`, if known.
    pub parker: Option<User>,
    /// The priority, 0 to 9. 9 is taken first.
    pub priority: u8,
    /// A note about it.
    pub note: Arc<str>,
    /// The user for whom it is meant, `user@domain`, or empty.
    pub addressed_to: Arc<str>,
    /// When it was parked, in ms since 1970.
    pub parked_at_epoch_ms: u64,
}

impl CallInfo {
    /// A call of which nothing else is known.
    pub fn new(uuid: CallUuid, caller: Caller) -> Self {
        CallInfo {
            uuid,
            caller,
            did: Number::default(),
            parker: None,
            priority: 0,
            note: Arc::from(""),
            addressed_to: Arc::from(""),
            parked_at_epoch_ms: 0,
        }
    }

    /// The same with its texts cut to their longest.
    pub(super) fn cut(self) -> Self {
        CallInfo {
            note: text::kept(&self.note, text::LONGEST_NOTE),
            addressed_to: text::kept(&self.addressed_to, text::LONGEST_USER),
            ..self
        }
    }
}

impl CallInfo {
    /// The user for whom it is meant.
    pub fn addressee(&self) -> Option<User> {
        if self.addressed_to.is_empty() { None } else { self.addressed_to.parse().ok() }
    }
}
