//! How often a call may still be transferred. FreeSWITCH counts every transfer down and hangs the call up at zero
//! (`switch_ivr_session_transfer`), so that a dialplan cannot send it round in circles without an end. Parking
//! does not cause such a circle, because people act in between. Therefore the transfers that it costs are given back.

use crate::switch::Channel;

const COUNTERS: [&str; 2] = ["max_session_transfers", "max_forwards"];
/// What FreeSWITCH begins with by default.
const MAX_FORWARDS: u32 = 70;

/// The counters as they were.
pub(crate) struct TransferBudget([Option<String>; 2]);

impl TransferBudget {
    /// Reads them.
    #[must_use]
    pub(crate) fn of(channel: Channel<'_>) -> Self {
        Self(COUNTERS.map(|name| channel.variable(name)))
    }

    /// Ensures that FreeSWITCH does not hang the call up at its next transfer.
    pub(crate) fn spare_one(channel: Channel<'_>) {
        for name in COUNTERS {
            let Some(left) = channel.variable(name) else { continue };
            // FreeSWITCH takes a text that is not a number for 0.
            if left.parse::<u32>().map_or(true, |left| left < 2) {
                channel.set_variable(name, Some("2"));
            }
            return;
        }
    }

    /// The transfer in between did not count.
    pub(crate) fn restore(&self, channel: Channel<'_>) {
        for (name, value) in COUNTERS.iter().zip(&self.0) {
            channel.set_variable(name, value.as_deref());
        }
    }

    /// The transfer that brought the channel here did not count. FreeSWITCH took it from the first counter there is.
    pub(crate) fn give_one_back(channel: Channel<'_>) {
        for name in COUNTERS {
            let Some(left) = channel.variable(name) else { continue };
            if let Ok(left) = left.parse::<u32>() {
                let most = if name == "max_forwards" { MAX_FORWARDS } else { u32::MAX };
                let back = left.saturating_add(1).min(most);
                channel.set_variable(name, Some(&back.to_string()));
            }
            return;
        }
    }
}
