//! How a parked call ends, and why something was not done.

use std::fmt;

/// Why something was not done. [`code`](Refusal::code) is what `callpark_status` and `-ERR` say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Every orbit of the lot is taken.
    Full,
    /// The orbit that was asked for is taken.
    Occupied,
    /// This channel is parked already.
    AlreadyParked,
    /// There is no call to take, or another retriever was first.
    Empty,
    /// The lot, the orbit or the whole module takes no calls.
    Closed,
    /// The user may not do that.
    Denied,
    /// The party has dialled too many wrong orbits or PINs (`probe-limit`).
    KeptAway,
    /// The call waits for another user (`exclusive`).
    Exclusive,
    /// A PIN has to be keyed, and was not.
    WrongPin,
    /// As many calls of that caller are in the lot as it takes (`max-per-caller`).
    TooManyOfCaller,
    /// No such lot, or it is another tenant's.
    UnknownLot,
    /// The lot has no such orbit.
    UnknownOrbit,
    /// The request makes no sense.
    BadArguments,
    /// The call is about to leave its orbit, or has left it.
    Gone,
    /// It was tried and did not work.
    Failed,
    /// That leg rings or has early media, so nobody has answered.
    Unanswered,
    /// That leg is in a bridge.
    Talking,
    /// That leg is being connected to a parked call.
    Connecting,
    /// Nothing can be played to that leg, nor can it be bridged anew.
    Proxied,
}

impl Refusal {
    /// The word scripts compare with, one of those `callpark_status` knows.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::Full => "full",
            Refusal::Occupied | Refusal::AlreadyParked => "occupied",
            Refusal::Empty => "empty",
            Refusal::Closed => "closed",
            Refusal::Denied
            | Refusal::KeptAway
            | Refusal::Exclusive
            | Refusal::WrongPin
            | Refusal::TooManyOfCaller => "denied",
            Refusal::UnknownLot => "unknown_lot",
            Refusal::UnknownOrbit => "unknown_orbit",
            Refusal::BadArguments => "bad_arguments",
            Refusal::Gone => "gone",
            Refusal::Failed
            | Refusal::Unanswered
            | Refusal::Talking
            | Refusal::Connecting
            | Refusal::Proxied => "failed",
        }
    }

    /// The rule of the lot that says no, if one does.
    pub fn rule(self) -> Option<&'static str> {
        match self {
            Refusal::Exclusive => Some("exclusive"),
            Refusal::WrongPin => Some("pin"),
            Refusal::TooManyOfCaller => Some("max-per-caller"),
            _ => None,
        }
    }

    /// The same for people.
    pub fn text(self) -> &'static str {
        match self {
            Refusal::Full => "every orbit of the lot is taken",
            Refusal::Occupied => "the orbit is taken",
            Refusal::AlreadyParked => "the call is already parked",
            Refusal::Empty => "no call is waiting there",
            Refusal::Closed => "the lot or the orbit is closed",
            Refusal::Denied => "that is not allowed",
            Refusal::KeptAway => "too many wrong orbits or PINs have been dialled",
            Refusal::Exclusive => "the call waits for another user",
            Refusal::WrongPin => "the right PIN was not keyed",
            Refusal::TooManyOfCaller => {
                "this caller has as many parked calls as max-per-caller allows"
            }
            Refusal::UnknownLot => "there is no such lot",
            Refusal::UnknownOrbit => "the lot has no such orbit",
            Refusal::BadArguments => "the arguments are not valid",
            Refusal::Gone => "the call is being connected or has left",
            Refusal::Failed => "the request could not be carried out",
            Refusal::Unanswered => "that leg has not been answered",
            Refusal::Talking => "that leg is in a call with another party",
            Refusal::Connecting => "that leg is already being connected to a parked call",
            Refusal::Proxied => "the media of that leg only passes through (proxy_media)",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Refusal {}

/// The one way in which a parked call ended. A move to another orbit does not end a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A retriever was connected to it.
    Retrieved,
    /// Its timeout passed, and a return step connected or transferred it.
    Returned,
    /// It hung up while waiting.
    Abandoned,
    /// It pressed its exit key.
    Left,
    /// It hung up to be called back.
    Callback,
    /// A command from outside the module took it out.
    Transferred,
    /// An administrator hung it up.
    Dropped,
    /// The module or the switch stopped.
    Shutdown,
    /// The switch ended without a word, and the call did not come back.
    Lost,
}

impl Outcome {
    /// The word in `callpark_outcome` and `Callpark-Outcome`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Retrieved => "retrieved",
            Outcome::Returned => "returned",
            Outcome::Abandoned => "abandoned",
            Outcome::Left => "left",
            Outcome::Callback => "callback",
            Outcome::Transferred => "transferred",
            Outcome::Dropped => "dropped",
            Outcome::Shutdown => "shutdown",
            Outcome::Lost => "lost",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a parked leg ended without a claim that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The caller hung up.
    HungUp,
    /// Another command (`uuid_transfer`, `uuid_bridge`) took the leg out.
    TakenAway,
    /// The module or the switch stops.
    Shutdown,
}
