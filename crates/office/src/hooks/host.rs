//! What the hooks ask of the module.

use super::health::Change;
use super::settings::Reader;
use crate::entry::Place;

/// How much of a caller a program sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Name, number and note.
    All,
    /// The number without its last digits, the first letter of the name, and no note.
    Masked,
    /// Nothing.
    Nothing,
}

/// What an answer to a question says about a call. Nothing in it has been checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// The name of the caller.
    pub name: Option<String>,
    /// The priority.
    pub priority: Option<String>,
    /// The user for whom the call is meant.
    pub addressed_to: Option<String>,
    /// A note.
    pub note: Option<String>,
}

impl Suggestion {
    /// It says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The module, as the hooks see it.
pub trait Host: Send + Sync + 'static {
    /// How much that reader sees of the caller of a call in that lot. None: the lot is none of its business. Must not wait.
    fn shown(&self, reader: &Reader, lot: &str) -> Option<Shown>;

    /// The question of that name was answered for the call of that channel, which was parked then (ms since 1970). Changes the
    /// call, if it is still parked and the reader may. Why not, if not.
    fn suggested(
        &self,
        question: &str,
        reader: &Reader,
        uuid: &str,
        parked_at_ms: i64,
        suggestion: Suggestion,
    ) -> Result<(), String>;

    /// A one-tap link for the call of that channel, which was parked then (ms since 1970) and is in that place: for the user for
    /// whom it is meant, or for its parker. None: there is no such call, user or server. Must not wait.
    fn link(&self, uuid: &str, parked_at_ms: i64, place: &Place) -> Option<String>;

    /// Hears what the hooks say of themselves. Must not wait.
    fn say(&self, change: &Change);
}
