//! One parked call, as the edge sees it.

use std::fmt;

use super::info::CallInfo;
use super::names::{LotKey, OrbitKey, OrbitName};
use super::steps::StepRef;
use super::user::User;

/// A parked call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallView {
    /// The call.
    pub info: CallInfo,
    /// Its lot.
    pub lot: LotKey,
    /// Its orbit.
    pub orbit: OrbitName,
    /// For how long it has been parked, in ms.
    pub waiting_ms: u64,
    /// In how many ms its timeout passes, or 0 if it has passed. `None` means never.
    pub timeout_ms_left: Option<u64>,
    /// What it is doing.
    pub state: CallState,
    /// The user who is taking it right now, `user@domain`.
    pub retriever: Option<User>,
    /// The return step that rings or takes it.
    pub step: Option<StepRef>,
}

impl CallView {
    /// Its lot and its orbit.
    pub fn place(&self) -> OrbitKey {
        OrbitKey { lot: self.lot.clone(), orbit: self.orbit.clone() }
    }
}

/// What a parked call is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallState {
    /// It waits.
    Waiting,
    /// It is claimed.
    Connecting,
    /// A return step rings, or is transferring it.
    Returning,
}

impl CallState {
    /// The word in lists.
    pub fn as_str(self) -> &'static str {
        match self {
            CallState::Waiting => "waiting",
            CallState::Connecting => "connecting",
            CallState::Returning => "returning",
        }
    }
}

impl fmt::Display for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
