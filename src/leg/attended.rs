//! A phone with another call dials an orbit, and completes an attended transfer as soon as it is answered: it meant to park
//! that other call, and the orbit was taken. FreeSWITCH then connects whoever is at the other ends of the two
//! (`switch_ivr_uuid_bridge`), or, while there is nobody at one of them, sends the other there (`inline_destination`). So
//! such a phone is given a moment before it gets the parked call, and whoever it transfers in that moment is parked.

use std::sync::Arc;
use std::time::Duration;

use crate::leg::arrival::{self, Arrival};
use crate::leg::caller_id;
use crate::leg::talking::Talking;
use crate::module::Module;
use crate::park::{Actor, CallView, LotKey, Refusal, Taker, Target, User, Want};
use crate::switch::clock;
use crate::switch::{Cause, Channel, Session};

/// How long a phone has for it once it is answered.
const MOMENT: Duration = Duration::from_millis(250);
const LOOK_EVERY: Duration = Duration::from_millis(2);
const INLINE_DESTINATION: &str = "inline_destination";

/// Whoever is transferred onto the leg is parked, as long as this lives.
pub(crate) struct Completing<'a> {
    module: &'a Module,
    channel: Channel<'a>,
    token: String,
}

impl<'a> Completing<'a> {
    /// Answers a leg whose phone has another call, and gives it a moment. `None`: it has no other call, and is not answered.
    ///
    /// # Errors
    /// Nobody waits there, or the leg has gone: it was a transfer.
    pub(crate) fn await_of(
        module: &'a Arc<Module>,
        session: Session<'a>,
        lot: &LotKey,
        target: Target<'_>,
        (user, by): (Option<&User>, &Actor),
    ) -> Result<Option<Self>, Refusal> {
        if !Talking::of(module).elsewhere(session) {
            return Ok(None);
        }
        let taker = Taker::Party(user);
        let call = module.look(|park| park.peek(clock::now(), lot, target, taker))?;
        let completing = Self::begin(module, session.channel(), &call, (user, by));
        if !caller_id::answer_as(session.channel(), Some(&call)) {
            return Err(Refusal::Failed);
        }
        if clock::poll(MOMENT, LOOK_EVERY, || !session.channel().ready()) {
            return Err(Refusal::Failed);
        }
        Ok(Some(completing))
    }

    fn begin(
        module: &'a Module,
        channel: Channel<'a>,
        call: &CallView,
        (user, by): (Option<&User>, &Actor),
    ) -> Self {
        let place = format!("{} {}", call.lot, call.orbit);
        let arrival = Arrival::Park {
            lot: call.lot.clone(),
            orbit: Want::Orbit(call.orbit.clone()),
            parker: user.cloned(),
            by: by.clone(),
            heir_of: None,
            talks_to: None,
        };
        let token = arrival::errands(module).issue(arrival, "callpark", &place);
        channel.set_variable(
            INLINE_DESTINATION,
            arrival::errands(module).destination(&token).as_deref(),
        );
        Self { module, channel, token }
    }
}

impl Drop for Completing<'_> {
    fn drop(&mut self) {
        self.channel.set_variable(INLINE_DESTINATION, None);
        if self.channel.cause() == Some(Cause::ATTENDED_TRANSFER) {
            // Whoever was transferred may still be on the way.
            arrival::errands(self.module).lapse(&self.token);
        } else {
            drop(arrival::errands(self.module).take(&self.token));
        }
    }
}
