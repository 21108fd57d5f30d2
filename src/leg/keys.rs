//! What a parked caller can do by key: leave, or hang up to be called back.

use std::sync::Arc;

use crate::module::{Module, ParkedLeg};
use crate::park::{CallView, Claimant, Exit, LotConfig, Target};
use crate::switch::{Session, log};
use crate::tell::speech;

/// The key of an offer if the lot does not name one. The second applies if the first is the exit key.
const OFFER_KEYS: [char; 2] = ['1', '2'];

/// The choices a caller has in the lot it is in now.
pub(crate) struct Choices {
    lot: Option<Arc<LotConfig>>,
    offered: bool,
}

impl Choices {
    /// Those of that call.
    #[must_use]
    pub(crate) fn of(module: &Module, call: &CallView) -> Self {
        module.look(|park| Self {
            lot: park.lot_config(&call.lot),
            offered: park.is_offered(&call.info.uuid),
        })
    }

    /// The keys that do something.
    pub(crate) fn keys(&self) -> impl Iterator<Item = char> {
        let exit = self.lot.as_ref().and_then(|lot| lot.exit_key);
        exit.into_iter().chain(self.callback_key())
    }

    /// What is played at intervals.
    #[must_use]
    pub(crate) fn comfort(&self) -> Option<&str> {
        self.lot.as_ref()?.comfort.as_deref()
    }

    /// The key with which the caller accepts the call-back that is being offered.
    #[must_use]
    pub(crate) fn offered(&self) -> Option<char> {
        self.callback_key().filter(|_| self.offered)
    }

    fn callback_key(&self) -> Option<char> {
        let key = self.lot.as_ref().and_then(|lot| lot.callback.key);
        let exit = self.lot.as_ref().and_then(|lot| lot.exit_key);
        let offer = || OFFER_KEYS.into_iter().find(|key| Some(*key) != exit);
        key.or_else(|| offer().filter(|_| self.offered))
    }

    /// Does what the key is for. The call's verdict then says how to go on.
    pub(crate) fn chosen(
        &self,
        module: &Arc<Module>,
        session: Session<'_>,
        leg: &ParkedLeg,
        call: &CallView,
        key: char,
    ) {
        let Some(lot) = &self.lot else { return };
        let exit = match &lot.exit_to {
            Some(to) if lot.exit_key == Some(key) => Exit::Transfer(to.clone()),
            _ if self.callback_key() == Some(key) => Exit::Callback,
            _ => return,
        };
        let claimed = module.act(Some(session), |park, now| {
            park.claim(now, None, Target::Call(&call.info.uuid), Claimant::Leave(exit))
        });
        if let Err(refusal) = claimed {
            log::notice(
                Some(call.info.uuid.as_str()),
                format_args!(
                    "{} {}: the caller pressed {key}, but {refusal}; the call remains parked",
                    call.lot, call.orbit
                ),
            );
            speech::sorry(session, &leg.stop);
        }
    }
}
