//! What the phone does with requests.

use std::time::Instant;

use super::agent::Agent;
use super::audio::Audio;
use super::dialog::{Dialog, new_tag};
use super::message::{Message, tag_of};
use super::sdp::{Direction, Ours, Remote, describe};
use super::settings::{Policy, Settings};
use super::state::{CallState, Phase, State};

/// A request has come.
pub(crate) fn request(agent: &Agent, state: &mut State, message: Message) {
    let method = message.method().to_owned();
    if method == "ACK" {
        let State { calls, settings, .. } = state;
        if let Some(call) = calls.get_mut(message.call_id()) {
            call.negotiated(&message.body, &settings.codecs);
        }
        return;
    }
    if let Some(bytes) = state.answered.get(&key(&message)) {
        agent.send_again(bytes);
        return;
    }
    if method != "CANCEL"
        && let Some(call) = state.calls.get_mut(message.call_id())
        && call.phase >= Phase::Up
        && !call.dialog.follows(&message)
    {
        return answer(agent, state, &message, 500, "Out Of Order", "");
    }
    match method.as_str() {
        "INVITE" if state.calls.contains_key(message.call_id()) => {
            renegotiate(agent, state, message)
        }
        "INVITE" => invited(agent, state, message),
        "UPDATE" => renegotiate(agent, state, message),
        "BYE" => {
            answer(agent, state, &message, 200, "OK", "");
            if let Some(call) = state.calls.get_mut(message.call_id()) {
                call.ended(true, None, Some(&message));
            }
        }
        "CANCEL" => cancelled(agent, state, &message),
        "NOTIFY" => notified(agent, state, message),
        "INFO" | "MESSAGE" | "OPTIONS" => {
            answer(agent, state, &message, 200, "OK", "");
            if let Some(call) = state.calls.get_mut(message.call_id()) {
                call.identify(&message);
            }
            keep(state, message);
        }
        _ => answer(agent, state, &message, 405, "Method Not Allowed", ""),
    }
}

/// Sends a response and remembers it. With an SDP when `sdp` is not empty.
pub(crate) fn answer(
    agent: &Agent,
    state: &mut State,
    to: &Message,
    code: u16,
    reason: &str,
    sdp: &str,
) {
    let call = state.calls.get(to.call_id());
    let tag = call.map(|call| call.dialog.local_tag().to_owned()).unwrap_or_else(new_tag);
    let settings = &state.settings;
    let elsewhere = settings.redirect.clone().filter(|_| (300..400).contains(&code));
    let contact = elsewhere.unwrap_or_else(|| settings.contact());
    let mut response = Message::response(to, code, reason, &tag)
        .with("Contact", contact)
        .with("User-Agent", &settings.user_agent)
        .with("Allow", &settings.allow)
        .with("Supported", "replaces");
    if !sdp.is_empty() {
        response = response.with_body("application/sdp", sdp);
    }
    state.answered.insert(key(to), response.bytes());
    agent.send(state, &response);
}

/// Answers the INVITE of an incoming call with 302: call that address instead.
pub(crate) fn redirect(agent: &Agent, state: &mut State, call_id: &str, contact: &str) {
    let State { calls, settings, .. } = &mut *state;
    let Some(call) = calls.get_mut(call_id) else { return };
    call.ended(false, Some(302), None);
    let invite = call.invite.clone();
    let response = Message::response(&invite, 302, "Moved Temporarily", call.dialog.local_tag())
        .with("Contact", contact)
        .with("User-Agent", &settings.user_agent);
    state.answered.insert(key(&invite), response.bytes());
    agent.send(state, &response);
}

fn key(request: &Message) -> String {
    format!("{} {}", request.method(), request.branch())
}

fn invited(agent: &Agent, state: &mut State, message: Message) {
    let Ok(media) = Audio::open(&state.settings) else {
        return answer(agent, state, &message, 500, "No Media", "");
    };
    let mut call = CallState {
        dialog: Dialog::from(&message, &new_tag()),
        invite: message.clone(),
        outgoing: false,
        phase: Phase::Calling,
        end: None,
        up_at: None,
        code: 100,
        media,
        direction: Direction::SendRecv,
        sdp_version: 0,
        remote_sdp: String::new(),
        identities: Vec::new(),
        reinvites: 0,
        sipfrags: Vec::new(),
    };
    call.identify(&message);
    state.calls.insert(message.call_id().into(), call);
    state.incoming.push_back(message.call_id().into());
    answer(agent, state, &message, 100, "Trying", "");
    match state.settings.policy {
        Policy::Silent => {}
        Policy::Ring => respond(agent, state, message.call_id(), 180, "Ringing"),
        Policy::Answer => {
            respond(agent, state, message.call_id(), 180, "Ringing");
            respond(agent, state, message.call_id(), 200, "OK");
        }
        Policy::Reject(code) => respond(agent, state, message.call_id(), code, "Rejected"),
    }
}

/// Answers the INVITE of an incoming call: 180, 183 (early media), 200 or a refusal.
pub(crate) fn respond(agent: &Agent, state: &mut State, call_id: &str, code: u16, reason: &str) {
    let State { calls, settings, .. } = &mut *state;
    let Some(call) = calls.get_mut(call_id) else { return };
    if call.outgoing || call.phase >= Phase::Up {
        return;
    }
    call.code = code;
    let mut sdp = String::new();
    match code {
        183 | 200..300 => {
            let offer = call.invite.body.clone();
            sdp = call.description(settings, &offer);
            call.negotiated(&offer, &settings.codecs);
            if code >= 200 { call.up() } else { call.phase = Phase::Ringing }
        }
        0..200 => call.phase = Phase::Ringing,
        _ => call.ended(false, Some(code), None),
    }
    let invite = call.invite.clone();
    answer(agent, state, &invite, code, reason, &sdp);
}

impl CallState {
    /// Our next description: an answer to `offer`, or an offer when that is empty.
    pub(crate) fn description(&mut self, settings: &Settings, offer: &str) -> String {
        self.sdp_version += 1;
        let offered = Remote::parse(offer, &settings.codecs);
        let (direction, video) = match &offered {
            Some(remote) => (self.direction.answer(remote.direction), remote.video),
            None => (self.direction, settings.video),
        };
        // Our own offer keeps to what the call has.
        let begun = !self.remote_sdp.is_empty();
        let wanted = if begun { self.media.encrypted() } else { settings.srtp };
        let secure = offered.as_ref().map_or(wanted, |remote| remote.key.is_some());
        let codec = offered.and_then(|remote| remote.codec);
        let codecs = codec.as_ref().map_or(&settings.codecs[..], std::slice::from_ref);
        let video = video.then(|| if settings.video { self.media.video_port() } else { 0 });
        describe(&Ours {
            version: self.sdp_version,
            rtp: self.media.address(),
            codecs,
            telephone_event: !settings.tones,
            direction,
            key: secure.then(|| self.media.key()),
            video,
        })
    }
}

/// A re-INVITE or UPDATE.
fn renegotiate(agent: &Agent, state: &mut State, message: Message) {
    let State { calls, settings, .. } = &mut *state;
    let mut sdp = String::new();
    let mut known = false;
    if let Some(call) = calls.get_mut(message.call_id()) {
        known = call.phase != Phase::Ended;
        call.identify(&message);
        call.dialog.learn(&message);
        let invite = message.method() == "INVITE";
        call.reinvites += usize::from(invite);
        if invite || !message.body.is_empty() {
            sdp = call.description(settings, &message.body);
            call.negotiated(&message.body, &settings.codecs);
        }
    }
    if known {
        answer(agent, state, &message, 200, "OK", &sdp);
    } else {
        answer(agent, state, &message, 481, "Call Does Not Exist", "");
    }
    keep(state, message);
}

fn cancelled(agent: &Agent, state: &mut State, message: &Message) {
    answer(agent, state, message, 200, "OK", "");
    let Some(call) = state.calls.get_mut(message.call_id()) else { return };
    if call.phase < Phase::Up {
        call.ended(true, Some(487), Some(message));
        let invite = call.invite.clone();
        answer(agent, state, &invite, 487, "Request Terminated", "");
    }
}

fn notified(agent: &Agent, state: &mut State, message: Message) {
    answer(agent, state, &message, 200, "OK", "");
    let now = Instant::now();
    if let Some(subscription) = state.subscriptions.get_mut(message.call_id()) {
        if tag_of(&subscription.dialog.remote).is_none() {
            // It may overtake the response to the SUBSCRIBE.
            subscription.dialog.remote = message.text("From").into();
        }
        subscription.notifies.push((now, message));
    } else if let Some(call) = state.calls.get_mut(message.call_id()) {
        call.sipfrags.push((now, message.body));
    } else {
        keep(state, message);
    }
}

fn keep(state: &mut State, message: Message) {
    state.requests.push((Instant::now(), message));
    state.requests_taken.push(false);
}
