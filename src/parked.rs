//! A parked call on its own thread, from the park to its one outcome.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::handover::{self, AfterBridge, Given};
use crate::hold::{self, Music};
use crate::module::{Leg, Module};
use crate::park::{CallUuid, End, Ticket, Transfer, Verdict};
use crate::switch::{Cause, Session, ivr};

/// A call that is in an orbit, and on whose thread we are. However this ends, the orbit is free afterwards and the call
/// has an outcome.
pub struct Parked<'a> {
    module: Arc<Module>,
    session: Session<'a>,
    uuid: CallUuid,
    leg: Arc<Leg>,
}

impl<'a> Parked<'a> {
    /// For a call that is about to be parked, so that nothing that happens to it is missed.
    #[must_use]
    pub fn about_to_be(module: &Arc<Module>, session: Session<'a>, uuid: &CallUuid) -> Self {
        let leg = module.leg_arrived(uuid);
        Self { module: Arc::clone(module), session, uuid: uuid.clone(), leg }
    }

    /// Holds it until it has an outcome, or is on its way elsewhere.
    pub fn stay(&self, music: &mut Music) {
        let channel = self.session.channel();
        while channel.ready() {
            // First lowered, then looked: what changes in between wakes it again.
            self.leg.woken.store(false, Ordering::Release);
            match self.module.look(|park| park.verdict(&self.uuid)) {
                Verdict::Hold => hold::hold(self.session, &self.leg, music),
                Verdict::Bridge { ticket, leg } => {
                    let given =
                        handover::give(&self.module, self.session, &self.uuid, ticket, &leg);
                    if given == Given::Taken {
                        return self.end_of_bridge();
                    }
                }
                Verdict::Transfer { ticket, to } => {
                    if self.transfer(ticket, &to) {
                        return;
                    }
                }
                Verdict::HangUp { ticket, cause } => {
                    self.complete(ticket);
                    channel.hangup(Cause::parse(&cause).unwrap_or(Cause::NORMAL_CLEARING));
                    return;
                }
                Verdict::Unknown => return,
            }
        }
    }

    fn end_of_bridge(&self) {
        let channel = self.session.channel();
        let cause = channel
            .variable("bridge_hangup_cause")
            .and_then(|cause| Cause::parse(&cause))
            .unwrap_or(Cause::NORMAL_CLEARING);
        // Not left to FreeSWITCH: the dialplan's next actions were meant for a call that could not be parked.
        AfterBridge::of(channel).end(self.session, cause);
    }

    fn transfer(&self, ticket: Ticket, to: &Transfer) -> bool {
        let (dialplan, context) = (to.dialplan.as_deref(), to.context.as_deref());
        let moved = ivr::transfer(self.session, &to.exten, dialplan, context);
        if moved {
            self.complete(ticket);
        } else {
            self.module
                .act(Some(self.session), |park, now| ((), park.unclaim(now, &self.uuid, ticket)));
        }
        moved
    }

    fn complete(&self, ticket: Ticket) {
        self.module
            .act(Some(self.session), |park, now| ((), park.complete(now, &self.uuid, ticket)));
    }
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        let channel = self.session.channel();
        let end = if channel.up() {
            End::TakenAway
        } else if self.module.is_stopping() || channel.cause() == Cause::MANAGER_REQUEST {
            // `unload -f` hangs up who is in our applications, with this cause, before it tells us.
            End::Shutdown
        } else {
            End::HungUp
        };
        // Does nothing if the call has an outcome, or never was in an orbit.
        self.module.act(Some(self.session), |park, now| ((), park.gone(now, &self.uuid, end)));
        self.module.leg_left(&self.uuid);
    }
}
