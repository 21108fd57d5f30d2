//! A call-back: how a lot calls back, what is owed, and how it ended.

use std::str::FromStr;
use std::sync::Arc;

use super::caller::Caller;
use super::destination::Destination;
use super::names::{CallUuid, CallbackId, LotKey, OrbitName, RunId};
use super::privacy::Privacy;
use super::user::User;

/// How a lot calls back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackConfig {
    /// The key with which a caller asks for it. `None` means that only a return step offers it.
    pub key: Option<char>,
    /// Who calls back when the call is not addressed to anybody (`callpark_for`).
    pub by: CallbackBy,
    /// Where the caller's number is dialled: `${number}` in the extension is replaced by it.
    pub to: Destination,
    /// How many times it is tried.
    pub attempts: u32,
    /// For how long, in ms.
    pub expires_ms: u64,
}

impl Default for CallbackConfig {
    fn default() -> Self {
        CallbackConfig {
            key: None,
            by: CallbackBy::Parker,
            to: Destination {
                exten: "${number}".to_owned(),
                dialplan: Some("XML".to_owned()),
                context: Some("default".to_owned()),
            },
            attempts: 3,
            expires_ms: 3_600_000,
        }
    }
}

/// Who calls back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackBy {
    /// Whoever parked the call.
    Parker,
    /// `user@domain`.
    User(User),
}

impl FromStr for CallbackBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "parker" => Ok(CallbackBy::Parker),
            user => user
                .parse()
                .map(CallbackBy::User)
                .map_err(|_| "is neither parker nor <user>@<domain>".to_owned()),
        }
    }
}

/// A call-back that is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackView {
    /// Its name.
    pub id: CallbackId,
    /// The lot the caller waited in.
    pub lot: LotKey,
    /// The orbit the caller waited in.
    pub orbit: OrbitName,
    /// The channel that waited there; it is gone.
    pub uuid: CallUuid,
    /// Who is called back.
    pub caller: Caller,
    /// Who calls back, `user@domain`.
    pub by: User,
    /// How many attempts are left.
    pub attempts_left: u32,
    /// In how many ms it is given up.
    pub expires_in_ms: u64,
    /// It is being tried right now.
    pub trying: bool,
    /// Why it has not happened yet.
    pub reason: Option<Arc<str>>,
    /// Why it is owed, if the caller did not ask for it.
    pub note: Option<&'static str>,
    /// How much of the caller may be shown: that of the lot, or what it was last if the lot is gone.
    pub privacy: Privacy,
}

/// An attempt to call somebody back.
#[derive(Clone, Debug, PartialEq)]
pub struct CallbackAttempt {
    /// To be given back with the result.
    pub run: RunId,
    /// Which.
    pub callback: CallbackView,
    /// Where the caller's number is dialled.
    pub to: Destination,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt<'a> {
    /// The two are connected.
    Connected,
    /// The user who shall call back is not free. This does not count as an attempt.
    NotFree(&'a str),
    /// It did not work.
    Failed(&'a str),
}

/// A call-back that is owed from now on, has failed once more, or has come to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct CallbackNews {
    /// The call-back.
    pub callback: CallbackView,
    /// How it ended. `None` means that it has not ended.
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
