//! What a leg is for that was called for a parked call, or is sent to take one.

use std::sync::Arc;
use std::time::Duration;

use crate::leg::arrival;
use crate::leg::errand::{Purpose, leave};
use crate::leg::handover::{self, Claimed, Told};
use crate::leg::party;
use crate::module::tokens::Tokens;
use crate::module::{Module, variables};
use crate::park::{
    Actor, CallState, CallUuid, CallView, Claimant, Refusal, RunId, Step, Target, User,
};
use crate::switch::{Session, clock};

/// The application that connects a leg we have called; its data is the token of an [`Errand`].
pub(crate) const APPLICATION: &str = "callpark_retrieve";

/// What a leg that we have called is for. It is handed out once.
pub(crate) struct Errand {
    /// The call it is to take, and no other.
    pub uuid: CallUuid,
    /// When that was parked. Parked again meanwhile, it may be for somebody else.
    pub since: u64,
    /// The return step that rang it. `None` means that a command did.
    pub run: Option<RunId>,
    /// The user that was called.
    pub user: Option<User>,
    /// For whom a command did it. The rules of the lot decide about that one.
    pub by: Actor,
    /// What the user hears before getting the call.
    pub announce: Option<Arc<str>>,
    /// How the user has to confirm.
    pub confirm: Option<Confirm>,
    /// The command that waits for the result.
    pub told: Option<Arc<Told>>,
    /// What the leg has claimed before it came.
    pub claim: Option<Claimed>,
}

/// The user who answers gets the call only by pressing a key, which a machine does not do.
#[derive(Clone, Copy)]
pub(crate) struct Confirm {
    /// The key.
    pub key: char,
    /// Within how much time.
    pub within: Duration,
}

impl Confirm {
    /// As long as the phone may have rung, but shorter than the rules wait for a phone that has answered.
    pub(super) fn of(step: &Step) -> Option<Self> {
        const LONGEST_S: u32 = 30;
        let within = Duration::from_secs(step.ring_s.min(LONGEST_S).into());
        step.confirm.map(|key| Self { key, within })
    }
}

impl Purpose for Errand {}

impl Errand {
    /// A command's.
    #[must_use]
    pub(crate) fn by_command(call: &CallView) -> Self {
        Self {
            uuid: call.info.uuid.clone(),
            since: call.info.parked_at_epoch_ms,
            run: None,
            user: None,
            by: Actor::Administrator,
            announce: None,
            confirm: None,
            told: None,
            claim: None,
        }
    }

    /// Whether the call is still parked as it was.
    #[must_use]
    pub(crate) fn is_still_for(&self, module: &Module) -> bool {
        let call = module.look(|park| park.find(clock::now(), &self.uuid));
        call.is_some_and(|call| call.info.parked_at_epoch_ms == self.since)
    }

    /// The user whose own PIN, if there is one, opens the call as well.
    fn keys_own_pin(&self) -> Option<&User> {
        self.taker().filter(|_| self.run.is_none() && !self.by.is_administrator())
    }

    /// Who gets the call: the user that was called, or for whom a command did it.
    #[must_use]
    pub(crate) fn taker(&self) -> Option<&User> {
        self.user.as_ref().or(self.by.user())
    }

    /// The claimant, if `leg` claims.
    #[must_use]
    pub(crate) fn claimant(&self, leg: CallUuid) -> Claimant {
        let user = self.taker().cloned();
        match self.run {
            Some(run) => Claimant::StepLeg { uuid: leg, user, run },
            None => Claimant::Retriever { uuid: leg, user, by: self.by.clone() },
        }
    }
}

/// Those that are out.
pub(crate) fn errands(module: &Module) -> Arc<Tokens<Errand>> {
    module.table()
}

/// A channel has been asked to set off, and may be on its own thread or not.
pub(crate) fn asked(module: &Arc<Module>, leg: Session<'_>, token: &str) {
    let goes = leg.in_its_thread()
        && leg.channel().can_be_sent()
        && !leg.channel().on_its_way()
        && !leg.channel().is_ringing_phone();
    let uuid = CallUuid::from(leg.uuid().as_str());
    if errands(module).is_out(token) {
        if !goes || leg.channel().in_bridge() || !leave_with_claim(module, token, leg) {
            errands(module).asked_in_vain(token);
        }
    } else if module.look(|park| park.is_parked(&uuid)) {
        // Two commands have sent it, and the other one was faster.
        arrival::errands(module).refuse(token, Refusal::AlreadyParked);
    } else if !goes || !leave(&arrival::errands(module), token, leg) {
        arrival::errands(module).asked_in_vain(token);
    }
}

/// The leg leaves what it does only if it has claimed the call that it is to take. Otherwise it would have nothing to go
/// back to.
fn leave_with_claim(module: &Arc<Module>, token: &str, leg: Session<'_>) -> bool {
    let errands = errands(module);
    let uuid = CallUuid::from(leg.uuid().as_str());
    let by = |errand: &Errand| {
        let keys = errand.keys_own_pin().cloned();
        (errand.uuid.clone(), errand.since, errand.claimant(uuid.clone()), keys)
    };
    let Some((call, since, by, keys)) = errands.look(token, by) else { return false };
    if errands.look(token, |errand| errand.claim.is_some()) == Some(true) {
        // It has lost its way, because it was sent elsewhere at the same moment.
        return leave(&errands, token, leg);
    }
    let there = module.look(|park| park.find(clock::now(), &call));
    let waits = |call: CallView| {
        call.state != CallState::Connecting && call.info.parked_at_epoch_ms == since
    };
    if !there.is_some_and(waits) {
        errands.refuse(token, Refusal::Empty);
        return false;
    }
    // Nobody asks a leg that is in something else.
    if keys.is_some_and(|user| party::directory_variable(&user, variables::PIN).is_some()) {
        errands.refuse(token, Refusal::WrongPin);
        return false;
    }
    match handover::claim(module, leg, None, Target::Call(&call), by) {
        Ok(claimed) => {
            let ticket = claimed.claim.ticket;
            errands.change(token, |errand| errand.claim = Some(claimed));
            let gone = leave(&errands, token, leg);
            if !gone {
                // The command has given up at this very moment.
                module.act(Some(leg), |park, now| park.unclaim(now, &call, ticket));
            }
            gone
        }
        Err(refusal) => {
            errands.refuse(token, refusal);
            false
        }
    }
}
