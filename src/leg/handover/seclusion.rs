//! The two legs of a bridge that does not count yet: for whatever FreeSWITCH is asked to do with one, it is with nobody. The
//! retriever may still go away and leave the call parked.

use crate::switch::lock::Mutex;

use crate::switch::Channel;

/// mod_sofia refuses an attended transfer if a leg that has part in it says so.
const DENY: &str = "deny_refer_requests";
/// What mod_sofia notes on the legs of a transfer, before it refuses that.
const DISPOSITION: &str = "transfer_disposition";
/// What it notes as well if that is a blind one: `blind:` and where to.
const DESTINATION: &str = "transfer_to";
/// Whom FreeSWITCH takes a leg to be with: `intercept` hangs up that one, a REFER and `uuid_transfer -bleg` move it.
const PARTNER: &str = "signal_bond";
/// Nobody, in the form of a uuid.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Whether a leg is on its own for now: no transfer ends at it, and none by its phone moves its partner.
#[derive(Default)]
pub(crate) struct Seclusion(Mutex<Option<[Option<String>; 3]>>);

impl Seclusion {
    /// From now on.
    pub(crate) fn begin(&self, channel: Channel<'_>) {
        let before = [DENY, DISPOSITION, DESTINATION].map(|name| channel.variable(name));
        channel.set_variable(DISPOSITION, None);
        channel.set_variable(DESTINATION, None);
        channel.set_variable(DENY, Some("true"));
        channel.shadow(PARTNER, NOBODY);
        *self.0.lock() = Some(before);
    }

    /// Whether a transfer of somebody else onto it has been refused.
    #[must_use]
    pub(crate) fn has_refused(&self, channel: Channel<'_>) -> bool {
        let blind = || channel.variable(DESTINATION).is_some_and(|to| to.starts_with("blind:"));
        self.0.lock().is_some() && channel.variable(DISPOSITION).is_some() && !blind()
    }

    /// No longer.
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
