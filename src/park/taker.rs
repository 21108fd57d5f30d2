//! Who wants to take a call.

use super::user::User;

/// Who wants to take a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taker<'a> {
    /// Whoever is kept from no call: an administrator, or the module itself.
    Anybody,
    /// A party of calls, and the user to whom it belongs.
    Party(Option<&'a User>),
}
