//! The leg to which FreeSWITCH believes a leg to be connected.

use crate::switch::Channel;

/// A leg's bond before a bridge. A bridge that came to nothing leaves its marks on both legs. A REFER of one of them
/// would then move the other, and a new caller would pass for one who has talked.
pub(super) struct Bond {
    before: [(&'static str, Option<String>); Self::NAMES.len()],
}

impl Bond {
    const NAMES: [&'static str; 4] = ["signal_bond", "bridge_uuid", "bridge_to", "last_bridge_to"];

    /// Reads it.
    #[must_use]
    pub(super) fn of(channel: Channel<'_>) -> Self {
        Self { before: Self::NAMES.map(|name| (name, channel.variable(name))) }
    }

    /// Undoes what a bridge to `other` has set. What was set elsewhere since then stays.
    pub(super) fn restore(&self, channel: Channel<'_>, other: &str) {
        for (name, value) in &self.before {
            if channel.variable(name).as_deref() == Some(other) {
                channel.set_variable(name, value.as_deref());
            }
        }
    }
}
