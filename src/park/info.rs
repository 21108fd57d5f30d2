//! What is known of a call: one record in the request, the call, its view and its events.

use std::sync::Arc;

use super::caller::Caller;
use super::names::CallUuid;
use super::text;
use super::user::User;

/// What is known of a call, from its park to its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallInfo {
    /// Its channel.
    pub uuid: CallUuid,
    /// Who is calling.
    pub caller: Caller,
    /// Who parked it, `user@domain`, if that is known.
    pub parker: Option<User>,
    /// 0 to 9; 9 is taken first.
    pub priority: u8,
    /// What somebody wrote about it.
    pub note: Arc<str>,
    /// For whom it is meant, `user@domain`, or empty.
    pub addressed_to: Arc<str>,
    /// When it was parked, ms since 1970: the domain has no clock.
    pub parked_at_epoch_ms: u64,
}

impl CallInfo {
    /// A call of which no more is known.
    pub fn new(uuid: CallUuid, caller: Caller) -> Self {
        CallInfo {
            uuid,
            caller,
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
