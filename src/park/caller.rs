//! The caller of a parked call.

use super::untrusted::{DisplayName, Number, Untrusted};

/// The caller, as the switch knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Caller id name.
    pub name: DisplayName,
    /// Caller id number.
    pub number: Number,
    /// The caller asked for privacy. Lamps then show neither name nor number.
    pub private: bool,
}

impl Caller {
    /// A caller who did not ask for privacy. A name or number that is too long is shortened.
    pub fn new(name: impl Into<Untrusted>, number: impl Into<Untrusted>) -> Self {
        Caller {
            name: DisplayName::of(&name.into()),
            number: Number::of(&number.into()),
            private: false,
        }
    }
}
