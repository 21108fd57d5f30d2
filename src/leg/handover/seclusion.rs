//! The two legs of a bridge that does not count yet. Whatever FreeSWITCH is asked to do with one of them, that leg appears
//! not to be connected, because the retriever may still go away and leave the call parked.

use crate::switch::lock::Mutex;

use crate::switch::Channel;

/// mod_sofia refuses an attended transfer if a leg that has part in it says so.
const DENY: &str = "deny_refer_requests";
/// It does. Administrators write `true`, and so what a crash has left behind can be told from theirs.
const DENIED: &str = "active";
/// What mod_sofia notes on the legs of a transfer, before it refuses that.
const DISPOSITION: &str = "transfer_disposition";
/// What it also notes for a blind transfer: `blind:` and the destination.
const DESTINATION: &str = "transfer_to";
/// The leg to which FreeSWITCH believes a leg to be connected. `intercept` hangs that one up, and a REFER and
/// `uuid_transfer -bleg` move it.
const PARTNER: &str = "signal_bond";
/// Nobody, in the form of a uuid.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Whether a leg is on its own for now, so that no transfer ends at it and no transfer by its phone moves its partner.
#[derive(Default)]
pub(crate) struct Seclusion(Mutex<Option<[Option<String>; 3]>>);

impl Seclusion {
    /// Ends one that a crash has interrupted.
    pub(crate) fn end_of_before(channel: Channel<'_>) {
        if channel.variable(DENY).as_deref() == Some(DENIED) {
            channel.set_variable(DENY, None);
        }
    }

    /// Begins it.
    pub(crate) fn begin(&self, channel: Channel<'_>) {
        let before = [DENY, DISPOSITION, DESTINATION].map(|name| channel.variable(name));
        channel.set_variable(DISPOSITION, None);
        channel.set_variable(DESTINATION, None);
        channel.set_variable(DENY, Some(DENIED));
        channel.shadow(PARTNER, NOBODY);
        *self.0.lock() = Some(before);
    }

    /// Whether a transfer of another party onto it has been refused.
    #[must_use]
    pub(crate) fn has_refused(&self, channel: Channel<'_>) -> bool {
        let blind = || channel.variable(DESTINATION).is_some_and(|to| to.starts_with("blind:"));
        self.0.lock().is_some() && channel.variable(DISPOSITION).is_some() && !blind()
    }

    /// Ends it.
    pub(crate) fn end(&self, channel: Channel<'_>) {
        let Some([deny, disposition, destination]) = self.0.lock().take() else { return };
        channel.unshadow();
        channel.set_variable(DENY, deny.as_deref());
        for (name, before) in [(DISPOSITION, disposition), (DESTINATION, destination)] {
            if channel.variable(name).is_none() {
                channel.set_variable(name, before.as_deref());
            }
        }
    }
}
