//! What a phone knows, all under one lock.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use super::audio::Audio;
use super::dialog::Dialog;
use super::identity::Identity;
use super::message::Message;
use super::sdp::Direction;
use super::settings::Settings;

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The INVITE is sent or here.
    Calling,
    /// 180 or 183.
    Ringing,
    /// Answered.
    Up,
    /// Over.
    Ended,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// By the other side (BYE, CANCEL, or a refusal).
    pub remote: bool,
    /// The final response to the INVITE when there was no call: 486, 404, 487, …
    pub code: Option<u16>,
    /// The header `Reason`, if there was one.
    pub reason: String,
}

pub(crate) struct CallState {
    pub dialog: Dialog,
    /// As sent or received.
    pub invite: Message,
    pub outgoing: bool,
    pub phase: Phase,
    pub end: Option<(Instant, End)>,
    pub up_at: Option<Instant>,
    /// The last response code to our INVITE (180, 183, 200, …) or ours to theirs.
    pub code: u16,
    pub media: Audio,
    /// What we want, and the version of our description.
    pub direction: Direction,
    pub sdp_version: u32,
    pub remote_sdp: String,
    pub identities: Vec<(Instant, Identity)>,
    pub reinvites: usize,
    /// Bodies of NOTIFY in this dialog: what became of a REFER.
    pub sipfrags: Vec<(Instant, String)>,
}

pub(crate) struct SubscriptionState {
    pub dialog: Dialog,
    /// Every NOTIFY, and how many a wait has passed.
    pub notifies: Vec<(Instant, Message)>,
    pub passed: usize,
}

pub(crate) struct State {
    pub settings: Settings,
    /// Responses to requests that somebody waits for, by branch.
    pub responses: HashMap<String, Vec<Message>>,
    /// INVITEs sent, by branch: for the ACK of a refusal.
    pub invites: HashMap<String, Message>,
    /// Our last response to each request: for when it comes again.
    pub answered: HashMap<String, Vec<u8>>,
    pub calls: HashMap<String, CallState>,
    /// Call-IDs of incoming calls that the test has not taken yet.
    pub incoming: VecDeque<String>,
    pub subscriptions: HashMap<String, SubscriptionState>,
    /// Every MESSAGE, INFO, UPDATE and NOTIFY outside of dialogs, and how many were taken.
    pub requests: Vec<(Instant, Message)>,
    pub requests_taken: Vec<bool>,
    pub begun: Instant,
    /// One line a message, for failure reports.
    pub trace: VecDeque<String>,
}

impl State {
    pub(crate) fn new(settings: Settings) -> State {
        State {
            settings,
            responses: HashMap::new(),
            invites: HashMap::new(),
            answered: HashMap::new(),
            calls: HashMap::new(),
            incoming: VecDeque::new(),
            subscriptions: HashMap::new(),
            requests: Vec::new(),
            requests_taken: Vec::new(),
            begun: Instant::now(),
            trace: VecDeque::new(),
        }
    }
}

impl CallState {
    pub(crate) fn ended(&mut self, remote: bool, code: Option<u16>, message: Option<&Message>) {
        if self.phase != Phase::Ended {
            let reason = message.map_or("", |m| m.text("Reason")).to_owned();
            self.phase = Phase::Ended;
            self.media.fall_silent();
            self.end = Some((Instant::now(), End { remote, code, reason }));
        }
    }

    pub(crate) fn up(&mut self) {
        self.phase = Phase::Up;
        self.up_at.get_or_insert_with(Instant::now);
    }

    /// Notes whom the message says we talk to.
    pub(crate) fn identify(&mut self, message: &Message) {
        if let Some(identity) = Identity::of(message)
            && self.identities.last().map(|(_, last)| last) != Some(&identity)
        {
            self.identities.push((Instant::now(), identity));
        }
    }
}
