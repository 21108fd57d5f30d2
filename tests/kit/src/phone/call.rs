//! One call of a phone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::agent::{Agent, RESPONSE};
use super::answering::{redirect, respond};
use super::identity::Identity;
use super::message::Message;
use super::sdp::Direction;
use super::state::{CallState, End, Phase, State};

/// A handle: cheap to clone; dropping it does not hang up (dropping the phone does).
#[derive(Clone)]
pub struct Call {
    pub(crate) agent: Arc<Agent>,
    pub(crate) id: String,
}

impl Call {
    /// The Call-ID, which is also the uuid of the switch's channel.
    pub fn uuid(&self) -> &str {
        &self.id
    }

    /// How far it is.
    pub fn phase(&self) -> Phase {
        self.look(|call| call.phase)
    }

    /// The last code that answered the INVITE so far.
    pub fn code(&self) -> u16 {
        self.look(|call| call.code)
    }

    /// Waits until it is answered.
    ///
    /// # Panics
    /// When it is not, or ends instead.
    #[track_caller]
    pub fn wait_up(&self, timeout: Duration) -> &Call {
        self.wait_phase(timeout, Phase::Up, "the call is answered");
        self
    }

    /// Waits for 180 or 183 (or more).
    ///
    /// # Panics
    /// As [`Call::wait_up`].
    #[track_caller]
    pub fn wait_ringing(&self, timeout: Duration) -> &Call {
        self.wait_phase(timeout, Phase::Ringing, "the call rings");
        self
    }

    #[track_caller]
    fn wait_phase(&self, timeout: Duration, phase: Phase, what: &str) {
        let now = self.expect(timeout, what, |call| (call.phase >= phase).then_some(call.phase));
        if now == Phase::Ended && phase != Phase::Ended {
            self.agent.fail(&format!("the call has ended: {:?}", self.ended()));
        }
    }

    /// Waits until it is over, and tells how.
    ///
    /// # Panics
    /// When it goes on.
    #[track_caller]
    pub fn wait_ended(&self, timeout: Duration) -> End {
        self.expect(timeout, "the call ends", |call| call.end.clone()).1
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Option<End> {
        self.look(|call| call.end.clone()).map(|(_, end)| end)
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<Instant> {
        self.look(|call| call.end.as_ref().map(|(at, _)| *at))
    }

    /// When it was answered.
    pub fn up_at(&self) -> Option<Instant> {
        self.look(|call| call.up_at)
    }

    /// Says 180 (incoming).
    pub fn ring(&self) {
        self.respond(180, "Ringing");
    }

    /// Says 183 and sends its tone before the answer (incoming).
    pub fn early_media(&self) {
        self.respond(183, "Session Progress");
    }

    /// Says 200 (incoming).
    pub fn answer(&self) {
        self.respond(200, "OK");
    }

    /// Refuses, with 486 for instance (incoming).
    pub fn reject(&self, code: u16) {
        self.respond(code, "Rejected");
    }

    /// Says 302: its calls are forwarded to that number (incoming).
    pub fn redirect(&self, to: &str) {
        let mut state = self.agent.lock();
        let contact = format!("<{}>", state.settings.address_of(to));
        redirect(&self.agent, &mut state, &self.id, &contact);
    }

    fn respond(&self, code: u16, reason: &str) {
        respond(&self.agent, &mut self.agent.lock(), &self.id, code, reason);
    }

    /// Hangs up: BYE, CANCEL or 480, as it needs. Waits for nothing.
    pub fn hangup(&self) {
        hang_up(&self.agent, &mut self.agent.lock(), &self.id);
    }

    /// Puts the other on hold by a re-INVITE with `sendonly`.
    ///
    /// # Panics
    /// When the switch refuses.
    #[track_caller]
    pub fn hold(&self) {
        let code = self.reinvite(Direction::SendOnly);
        assert_eq!(code, 200, "hold");
    }

    /// Ends the hold.
    ///
    /// # Panics
    /// When the switch refuses.
    #[track_caller]
    pub fn resume(&self) {
        let code = self.reinvite(Direction::SendRecv);
        assert_eq!(code, 200, "resume");
    }

    /// A re-INVITE with a new direction; the final response's code.
    #[track_caller]
    pub fn reinvite(&self, direction: Direction) -> u16 {
        let response = self.agent.request(|state| {
            let State { calls, settings, .. } = state;
            let call = calls.get_mut(&self.id).expect("a call of this phone");
            call.direction = direction;
            let sdp = call.description(settings, "");
            call.dialog.request("INVITE").with_body("application/sdp", sdp)
        });
        response.status().unwrap_or(0)
    }

    /// Whom the phone shows now.
    pub fn identity(&self) -> Option<Identity> {
        self.identities().pop().map(|(_, identity)| identity)
    }

    /// Whom it showed, and since when.
    pub fn identities(&self) -> Vec<(Instant, Identity)> {
        self.look(|call| call.identities.clone())
    }

    /// Waits until it shows somebody of this number.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn wait_shows(&self, number: &str, timeout: Duration) -> Identity {
        self.expect(timeout, &format!("it shows {number}"), |call| {
            let (_, identity) = call.identities.last()?;
            (identity.number == number).then(|| identity.clone())
        })
    }

    /// The INVITE, as received or sent.
    pub fn invite(&self) -> Message {
        self.look(|call| call.invite.clone())
    }

    /// The switch's last session description.
    pub fn remote_sdp(&self) -> String {
        self.look(|call| call.remote_sdp.clone())
    }

    /// How many re-INVITEs came.
    pub fn reinvites(&self) -> usize {
        self.look(|call| call.reinvites)
    }

    pub(crate) fn look<T>(&self, at: impl FnOnce(&mut CallState) -> T) -> T {
        at(self.agent.lock().calls.get_mut(&self.id).expect("a call of this phone"))
    }

    #[track_caller]
    pub(crate) fn expect<T>(
        &self,
        timeout: Duration,
        what: &str,
        mut ask: impl FnMut(&mut CallState) -> Option<T>,
    ) -> T {
        self.agent.expect(timeout, what, |state| ask(state.calls.get_mut(&self.id)?))
    }
}

/// Ends a call in whatever phase it is.
pub(crate) fn hang_up(agent: &Agent, state: &mut State, id: &str) {
    let Some(call) = state.calls.get_mut(id) else { return };
    let message = match (call.phase, call.outgoing) {
        (Phase::Ended, _) => return,
        (Phase::Up, _) => call.dialog.request("BYE"),
        (_, false) => return respond(agent, state, id, 480, "Temporarily Unavailable"),
        (_, true) => {
            let mut cancel = call.dialog.numbered("CANCEL", call.invite.cseq());
            let uri = call.invite.start.split(' ').nth(1).unwrap_or("");
            cancel.start = format!("CANCEL {uri} SIP/2.0");
            for (name, value) in &mut cancel.headers {
                if name == "To" {
                    *value = call.invite.text("To").to_owned();
                }
            }
            let via = call.invite.text("Via").to_owned();
            call.ended(false, None, None);
            let mut cancel = agent.dress(state, cancel);
            cancel.headers[0].1 = via;
            agent.send(state, &cancel);
            return;
        }
    };
    call.ended(false, None, None);
    let message = agent.dress(state, message);
    agent.send(state, &message);
}

/// Long enough for the signalling of one step.
pub(crate) const STEP: Duration = RESPONSE;
