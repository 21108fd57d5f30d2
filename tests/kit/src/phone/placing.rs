//! Calls that a phone places and takes.

use std::sync::Arc;
use std::time::Duration;

use super::Phone;
use super::audio::Audio;
use super::call::{Call, STEP};
use super::dialog::Dialog;
use super::message::Message;
use super::sdp::Direction;
use super::state::{CallState, Phase};

/// So many responses are kept for requests that come again.
const ANSWERED: usize = 2000;

impl Phone {
    /// Sends an INVITE and does not wait: see [`Call::wait_up`].
    ///
    /// # Panics
    /// When there is no socket for its audio.
    #[must_use = "a call is left by hanging up"]
    pub fn call(&self, to: &str) -> Call {
        self.call_with(to, &[])
    }

    /// A call with more headers in its INVITE.
    ///
    /// # Panics
    /// As [`Phone::call`].
    #[must_use = "a call is left by hanging up"]
    pub fn call_with(&self, to: &str, headers: &[(&str, &str)]) -> Call {
        let mut state = self.agent.lock();
        let mut dialog = Dialog::to(&state.settings, &state.settings.address_of(to));
        let mut invite = dialog.request("INVITE");
        if state.settings.privacy {
            let asserted = state.settings.from();
            invite = invite.with("P-Preferred-Identity", asserted).with("Privacy", "id");
        }
        for (name, value) in headers {
            invite = invite.with(name, *value);
        }
        let mut call = CallState {
            media: Audio::open(&state.settings).expect("a socket for audio"),
            invite: Message::default(),
            outgoing: true,
            phase: Phase::Calling,
            end: None,
            up_at: None,
            code: 0,
            direction: Direction::SendRecv,
            sdp_version: 0,
            remote_sdp: String::new(),
            identities: Vec::new(),
            reinvites: 0,
            sipfrags: Vec::new(),
            dialog,
        };
        let sdp = call.description(&state.settings, "");
        let invite = self.agent.dress(&state, invite.with_body("application/sdp", sdp));
        let id = call.dialog.call_id.clone();
        state.invites.insert(invite.branch().into(), invite.clone());
        call.invite = invite.clone();
        state.calls.insert(id.clone(), call);
        self.agent.send(&mut state, &invite);
        Call { agent: Arc::clone(&self.agent), id }
    }

    /// Calls and waits for the answer.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    #[must_use = "a call is left by hanging up"]
    pub fn call_up(&self, to: &str) -> Call {
        let call = self.call(to);
        call.wait_up(STEP);
        call
    }

    /// The next incoming call.
    ///
    /// # Panics
    /// When none comes.
    #[track_caller]
    pub fn incoming(&self, timeout: Duration) -> Call {
        let id = self.agent.expect(timeout, "a call comes in", |state| state.incoming.pop_front());
        Call { agent: Arc::clone(&self.agent), id }
    }

    /// Its calls that have not ended.
    pub fn calls(&self) -> Vec<Call> {
        let state = self.agent.lock();
        let going = state.calls.iter().filter(|(_, call)| call.phase != Phase::Ended);
        going.map(|(id, _)| Call { agent: Arc::clone(&self.agent), id: id.clone() }).collect()
    }

    /// Its calls that have ended and that it has not forgotten.
    pub fn ended_calls(&self) -> Vec<Call> {
        let state = self.agent.lock();
        let ended = state.calls.iter().filter(|(_, call)| call.phase == Phase::Ended);
        ended.map(|(id, _)| Call { agent: Arc::clone(&self.agent), id: id.clone() }).collect()
    }

    /// Forgets a call without a word, as a phone does whose plug is pulled. Requests in it are answered with 481 or not at
    /// all, and handles to it are worthless.
    pub fn vanish(&self, call: &Call) {
        let mut state = self.agent.lock();
        let gone = state.calls.remove(&call.id);
        drop(state);
        drop(gone);
    }

    /// Forgets the calls that have ended, with their sockets. Handles to them are worthless then.
    pub fn forget_ended(&self) {
        self.forget(&self.ended_calls());
    }

    /// Forgets these, which have ended.
    pub fn forget(&self, calls: &[Call]) {
        if calls.is_empty() {
            return;
        }
        let mut state = self.agent.lock();
        let ended: Vec<CallState> =
            calls.iter().filter_map(|call| state.calls.remove(&call.id)).collect();
        let over = |call_id: &str| ended.iter().any(|call| call.dialog.call_id == call_id);
        state.invites.retain(|_, invite| !over(invite.call_id()));
        if state.answered.len() > ANSWERED {
            state.answered.clear();
        }
        drop(state);
        // Their threads end without the lock.
        drop(ended);
    }

    /// Makes sure that no call is there or comes.
    ///
    /// # Panics
    /// When one does.
    #[track_caller]
    pub fn no_incoming_for(&self, duration: Duration) {
        if self.agent.wait(duration, |state| state.incoming.pop_front()).is_some() {
            self.agent.fail("this call was not to come");
        }
    }
}
