//! Hang-up causes by name. Only the switch has a list of them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The name of a hang-up cause, such as `USER_BUSY`: 1 to 64 of `A-Z 0-9 _`. The code that reads it from a text also asks
/// the switch whether the cause exists, and nothing asks again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CauseName(Cow<'static, str>);

impl CauseName {
    /// The cause that applies unless another one is named.
    pub const NORMAL_CLEARING: Self = CauseName(Cow::Borrowed("NORMAL_CLEARING"));
    /// The cause for a call that nobody took.
    pub const NO_ANSWER: Self = CauseName(Cow::Borrowed("NO_ANSWER"));

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that cannot name a hang-up cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a hang-up cause")]
pub struct BadCause(pub String);

impl FromStr for CauseName {
    type Err = BadCause;

    fn from_str(text: &str) -> Result<Self, BadCause> {
        let legal = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        if (1..=64).contains(&text.len()) && text.bytes().all(legal) {
            Ok(CauseName(Cow::Owned(text.to_owned())))
        } else {
            Err(BadCause(text.to_owned()))
        }
    }
}

impl fmt::Display for CauseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
