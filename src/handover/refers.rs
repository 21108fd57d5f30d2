//! Attended transfers onto a leg whose bridge does not count yet.

use parking_lot::Mutex;

use crate::switch::Channel;

/// mod_sofia refuses an attended transfer if a leg that has part in it says so.
const DENY: &str = "deny_refer_requests";
/// What mod_sofia notes on a leg that somebody was to be transferred onto, before it refuses that.
const DISPOSITION: &str = "transfer_disposition";

/// While this is closed, the leg that retrieves is not the end of anybody's transfer: the far end of its bridge is a call
/// that may stay parked.
#[derive(Default)]
pub struct Refers(Mutex<Option<[Option<String>; 2]>>);

impl Refers {
    /// From now on they are refused.
    pub fn close(&self, channel: Channel<'_>) {
        let before = [DENY, DISPOSITION].map(|name| channel.variable(name));
        channel.set_variable(DISPOSITION, None);
        channel.set_variable(DENY, Some("true"));
        *self.0.lock() = Some(before);
    }

    /// Whether one has been refused.
    #[must_use]
    pub fn has_refused(&self, channel: Channel<'_>) -> bool {
        self.0.lock().is_some() && channel.variable(DISPOSITION).is_some()
    }

    /// No longer.
    pub fn open(&self, channel: Channel<'_>) {
        let Some([deny, disposition]) = self.0.lock().take() else { return };
        channel.set_variable(DENY, deny.as_deref());
        if channel.variable(DISPOSITION).is_none() {
            channel.set_variable(DISPOSITION, disposition.as_deref());
        }
    }
}
