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
    /// The key with which it leaves, and where to.
    exit: Option<(char, Exit)>,
    offered: bool,
}

impl Choices {
    /// Those of that call. Its `own` exit replaces that of the lot.
    #[must_use]
    pub(crate) fn of(module: &Module, call: &CallView, own: Option<&(char, Exit)>) -> Self {
        let (lot, offered) =
            module.look(|park| (park.lot_config(&call.lot), park.is_offered(&call.info.uuid)));
        let of_lot = || {
            let lot = lot.as_ref()?;
            Some((lot.exit_key?, Exit::Transfer(lot.exit_to.clone()?)))
        };
        let exit = own.cloned().or_else(of_lot);
        Self { lot, exit, offered }
    }

    /// The keys that do something.
    pub(crate) fn keys(&self) -> impl Iterator<Item = char> {
        self.exit_key().into_iter().chain(self.callback_key())
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

    fn exit_key(&self) -> Option<char> {
        self.exit.as_ref().map(|(key, _)| *key)
    }

    fn callback_key(&self) -> Option<char> {
        let exit = self.exit_key();
        let key =
            self.lot.as_ref().and_then(|lot| lot.callback.key).filter(|key| Some(*key) != exit);
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
        let exit = match &self.exit {
            Some((exit_key, exit)) if *exit_key == key => exit.clone(),
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
