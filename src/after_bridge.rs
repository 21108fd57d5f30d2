//! What becomes of a leg when its bridge is over.

use crate::switch::{Cause, Channel, Session, ivr};

/// What shall become of a leg after its bridge, by its own variables. The parked leg's are put aside while it bridges:
/// a bridge that never came true must not end in them.
pub struct AfterBridge {
    kept: [(&'static str, Option<String>); Self::NAMES.len()],
}

impl AfterBridge {
    const NAMES: [&'static str; 5] = [
        "hangup_after_bridge",
        "park_after_bridge",
        "transfer_after_bridge",
        "park_after_early_bridge",
        "transfer_after_early_bridge",
    ];
    const PARK: usize = 1;
    const TRANSFER: usize = 2;

    /// Reads them.
    #[must_use]
    pub fn of(channel: Channel<'_>) -> Self {
        Self { kept: Self::NAMES.map(|name| (name, channel.variable(name))) }
    }

    /// Puts them aside for a bridge.
    #[must_use]
    pub fn take_from(channel: Channel<'_>) -> Self {
        let after = Self::of(channel);
        for (name, value) in &after.kept {
            if value.is_some() {
                channel.set_variable(name, None);
            }
        }
        channel.set_variable("hangup_after_bridge", Some("false"));
        after
    }

    /// Puts them back.
    pub fn restore_to(&self, channel: Channel<'_>) {
        for (name, value) in &self.kept {
            channel.set_variable(name, value.as_deref());
        }
    }

    /// Ends a leg whose bridge is over, as FreeSWITCH ends one: transferred or parked if it asked for that, else hung up
    /// with `cause`. Nothing if it has left already.
    pub fn end(&self, session: Session<'_>, cause: Cause) {
        let channel = session.channel();
        if !channel.ready() || !channel.executing() {
            return;
        }
        let wish = |index: usize| self.kept.get(index).and_then(|(_, value)| value.as_deref());
        if let Some(place) = wish(Self::TRANSFER) {
            channel.set_variable("transfer_after_bridge", None);
            let mut parts = place.splitn(3, ':');
            let extension = parts.next().unwrap_or_default();
            ivr::transfer(session, extension, parts.next(), parts.next());
        } else if wish(Self::PARK) == Some("true") {
            ivr::transfer(session, "park", Some("inline"), None);
        } else {
            channel.hangup(cause);
        }
    }
}
