//! What the phone does with responses to its own requests.

use super::agent::Agent;
use super::auth::answered;
use super::message::{Message, uri_of};
use super::sdp::Remote;
use super::state::{CallState, Phase, State};

/// A response has come.
pub(crate) fn response(agent: &Agent, state: &mut State, message: Message) {
    let code = message.status().unwrap_or(0);
    let branch = message.branch().to_owned();
    if message.method() == "INVITE" && code >= 200 {
        acknowledge(agent, state, &message, code);
        if challenged(agent, state, &message) {
            return;
        }
    }
    if let Some(responses) = state.responses.get_mut(&branch) {
        responses.push(message.clone());
    }
    let State { calls, settings, .. } = state;
    let Some(call) = calls.get_mut(message.call_id()) else { return };
    if message.method() != "INVITE" {
        return;
    }
    call.identify(&message);
    if call.outgoing && call.phase < Phase::Up && call.invite.branch() == branch {
        call.code = code;
        match code {
            100 => {}
            101..200 => {
                call.dialog.learn(&message);
                call.phase = Phase::Ringing;
                call.negotiated(&message.body, &settings.codecs);
            }
            200..300 => {
                call.dialog.learn(&message);
                call.negotiated(&message.body, &settings.codecs);
                call.up();
            }
            _ => call.ended(true, Some(code), Some(&message)),
        }
    } else if (200..300).contains(&code) && call.phase == Phase::Up {
        call.dialog.learn(&message);
        call.negotiated(&message.body, &settings.codecs);
    } else if (200..300).contains(&code) && call.phase == Phase::Ended && call.outgoing {
        // The answer crossed our CANCEL.
        call.dialog.learn(&message);
        let bye = call.dialog.request("BYE");
        let bye = agent.dress(state, bye);
        agent.send(state, &bye);
    }
}

impl CallState {
    /// Takes over the other's description, whether offer or answer.
    pub(crate) fn negotiated(&mut self, sdp: &str, ours: &[super::Codec]) {
        if let Some(remote) = Remote::parse(sdp, ours) {
            self.remote_sdp = sdp.to_owned();
            self.media.connect(&remote, self.direction.answer(remote.direction));
        }
    }
}

/// The INVITE of a new call is sent again with the phone's password, if it was asked for and has one.
fn challenged(agent: &Agent, state: &mut State, message: &Message) -> bool {
    let Some(call) = state.calls.get(message.call_id()) else { return false };
    if !call.outgoing || call.phase >= Phase::Up || call.invite.branch() != message.branch() {
        return false;
    }
    let invite = call.invite.clone();
    let Some(again) = answered(state, &invite, message) else { return false };
    state.invites.insert(again.branch().into(), again.clone());
    agent.send(state, &again);
    if let Some(call) = state.calls.get_mut(message.call_id()) {
        call.invite = again;
    }
    true
}

fn acknowledge(agent: &Agent, state: &mut State, response: &Message, code: u16) {
    let State { invites, calls, settings, .. } = &mut *state;
    let Some(invite) = invites.get(response.branch()) else { return };
    // To an INVITE without an offer the response bears one, and this the answer.
    let call = calls.get_mut(response.call_id());
    let offered = code < 300 && invite.body.is_empty() && !response.body.is_empty();
    let answer = call.filter(|_| offered).map(|call| call.description(settings, &response.body));
    let target = match response.get("Contact") {
        Some(contact) if code < 300 => uri_of(contact).to_owned(),
        _ => invite.start.split(' ').nth(1).unwrap_or("").to_owned(),
    };
    let ack = Message::request("ACK", &target)
        .with("Max-Forwards", "70")
        .with("From", invite.text("From"))
        .with("To", response.text("To"))
        .with("Call-ID", invite.call_id())
        .with("CSeq", format!("{} ACK", invite.cseq()));
    let ack = match answer {
        Some(sdp) => ack.with_body("application/sdp", sdp),
        None => ack,
    };
    let mut ack = agent.dress(state, ack);
    if code >= 300 {
        // The ACK of a refusal belongs to the transaction that it ends.
        ack.headers[0].1 = state.invites[response.branch()].text("Via").to_owned();
    }
    agent.send(state, &ack);
}
