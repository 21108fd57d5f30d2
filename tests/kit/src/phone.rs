//! Small SIP phones, for what only SIP can show: transfers, lamps, caller ids, and who hears whom.
//!
//! A phone has a socket and a thread of its own; it says its own tone in every call, so the other
//! side can tell whose voice it hears. All waits have deadlines. Dropping a phone hangs up.

mod agent;
mod answering;
mod audio;
mod auth;
mod call;
mod calling;
mod dialog;
mod exchange;
mod hearing;
mod identity;
mod media;
mod message;
mod placing;
mod renegotiating;
mod sdp;
mod settings;
mod sound;
mod srtp;
mod state;
mod subscription;
mod transfer;
mod wire;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use call::Call;
pub use exchange::{Exchange, Voice};
pub use identity::Identity;
pub use media::Packet;
pub use message::{Message, display_of, param_of, tag_of, uri_of, user_of};
pub use sdp::Direction;
pub use settings::Policy;
pub use sound::{Codec, Sound};
pub use state::{End, Phase};
pub use subscription::{Notify, Subscription};
pub use transfer::ReferredBy;
pub use wire::Transport;

use crate::switch::Switch;
use agent::Agent;
use dialog::Dialog;
use settings::Settings;
use state::SubscriptionState;

/// A phone on a switch that was started with SIP.
pub struct Phone {
    agent: Arc<Agent>,
    thread: Option<JoinHandle<()>>,
}

impl Phone {
    /// A phone of that user, such as `1000`. It neither registers nor calls by itself.
    ///
    /// # Panics
    /// When there is no socket for it.
    #[track_caller]
    pub fn new(switch: &Switch, user: &str) -> Phone {
        Phone::over(switch, Transport::Udp, user)
    }

    /// A phone that reaches the switch in that way.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn over(switch: &Switch, transport: Transport, user: &str) -> Phone {
        let port = match transport {
            Transport::Tls => switch.tls_port(),
            _ => switch.sip_port(),
        };
        Phone::at(switch, transport, port, user)
    }

    /// A phone at the second SIP profile.
    ///
    /// # Panics
    /// As [`Phone::new`].
    #[track_caller]
    pub fn at_other(switch: &Switch, user: &str) -> Phone {
        Phone::at(switch, Transport::Udp, switch.other_sip_port(), user)
    }

    #[track_caller]
    fn at(switch: &Switch, transport: Transport, port: u16, user: &str) -> Phone {
        let tone = switch.next_voice();
        let server = (switch.ip(), port).into();
        let agent = Agent::open(transport, server, user, tone).expect("a phone's socket");
        let theirs = Arc::clone(&agent);
        let thread = std::thread::Builder::new().name(format!("kit-phone-{user}"));
        let thread = thread.spawn(move || theirs.run()).expect("a phone's thread");
        Phone { agent, thread: Some(thread) }
    }

    /// A phone of another domain: see [`Setup::domain`](crate::Setup::domain).
    pub fn domain(self, domain: &str) -> Phone {
        self.set(|settings| settings.domain = domain.into())
    }

    /// Its password: it answers when the switch asks who it is.
    pub fn password(self, password: &str) -> Phone {
        self.set(|settings| settings.password = Some(password.into()))
    }

    /// Another user part in its contact, as many phones make one up.
    pub fn contact_user(self, user: &str) -> Phone {
        self.set(|settings| settings.contact_user = Some(user.into()))
    }

    /// Its display name; may hold anything.
    pub fn display(self, name: &str) -> Phone {
        self.set(|settings| settings.display = name.into())
    }

    /// Its `User-Agent`; FreeSWITCH sends display updates only to those it knows.
    pub fn user_agent(self, name: &str) -> Phone {
        self.set(|settings| settings.user_agent = name.into())
    }

    /// Asks for privacy in every call (`Privacy: id`).
    pub fn private(self) -> Phone {
        self.set(|settings| settings.privacy = true)
    }

    /// Offers and accepts video in the signalling; sends none.
    pub fn video(self) -> Phone {
        self.set(|settings| settings.video = true)
    }

    /// Offers encrypted audio (SRTP with keys in the description), and takes what is offered.
    pub fn srtp(self) -> Phone {
        self.set(|settings| settings.srtp = true)
    }

    /// Its keys are tones in its audio, as those of old gateways, unless the switch offers telephone events. It says nothing
    /// else, because FreeSWITCH misses keys after a voice.
    pub fn keys_are_tones(self) -> Phone {
        self.set(|settings| (settings.tones, settings.tone) = (true, 0))
    }

    /// Its codecs (default: PCMU).
    pub fn codecs(self, codecs: &[Codec]) -> Phone {
        self.set(|settings| settings.codecs = codecs.to_vec())
    }

    /// Its calls share the audio of that exchange, which is cheap. Such a phone says its calls' marks, hears only marks and
    /// whatever else there is as music, and knows neither DTMF nor encryption.
    pub fn on(self, exchange: &Exchange) -> Phone {
        self.set(|settings| settings.exchange = Some(exchange.clone()))
    }

    /// What it does with incoming calls (default: it rings).
    pub fn policy(self, policy: Policy) -> Phone {
        self.set(|settings| settings.policy = policy)
    }

    /// As [`Phone::policy`], on a phone that is already in use.
    pub fn set_policy(&self, policy: Policy) {
        self.agent.lock().settings.policy = policy;
    }

    /// Answers every call with a 302 to that phone from now on.
    pub fn redirect_to(&self, other: &Phone) {
        let contact = other.agent.lock().settings.contact();
        let settings = &mut self.agent.lock().settings;
        settings.redirect = Some(contact);
        settings.policy = Policy::Reject(302);
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Phone {
        change(&mut self.agent.lock().settings);
        self
    }

    /// Its voice, as others hear it.
    pub fn voice(&self) -> Sound {
        Sound::Tone(self.agent.lock().settings.tone)
    }

    /// Its user.
    pub fn user(&self) -> String {
        self.agent.lock().settings.user.clone()
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.agent.lock().settings.address.port()
    }

    /// Registers for an hour.
    ///
    /// # Panics
    /// When the switch refuses.
    #[track_caller]
    pub fn register(&self) {
        let response = self.agent.request(|state| {
            let uri = state.settings.uri();
            let mut dialog = Dialog::to(&state.settings, &uri);
            dialog.target = format!("sip:{}", state.settings.domain);
            dialog.request("REGISTER").with("Expires", "3600")
        });
        if response.status() != Some(200) {
            self.agent.fail(&format!("REGISTER: {}", response.start));
        }
    }

    /// Subscribes: `("park+701", "dialog")`, `("1001", "presence")`, `("1000",
    /// "message-summary")`.
    ///
    /// # Panics
    /// When the switch refuses.
    #[track_caller]
    pub fn subscribe(&self, to: &str, event: &str) -> Subscription {
        let accept = match event {
            "presence" => "application/pidf+xml",
            "message-summary" => "application/simple-message-summary",
            _ => "application/dialog-info+xml",
        };
        let mut id = String::new();
        let response = self.agent.request(|state| {
            let mut dialog = Dialog::to(&state.settings, &state.settings.address_of(to));
            let first = dialog.request("SUBSCRIBE");
            id = dialog.call_id.clone();
            let subscription = SubscriptionState { dialog, notifies: Vec::new(), passed: 0 };
            state.subscriptions.insert(id.clone(), subscription);
            first.with("Event", event).with("Accept", accept).with("Expires", "3600")
        });
        if !(Some(200)..Some(300)).contains(&response.status()) {
            self.agent.fail(&format!("SUBSCRIBE {to}: {}", response.start));
        }
        if let Some(subscription) = self.agent.lock().subscriptions.get_mut(&id) {
            subscription.dialog.learn(&response);
        }
        Subscription { agent: Arc::clone(&self.agent), id, event: event.into() }
    }

    /// The next MESSAGE, INFO, UPDATE, re-INVITE or NOTIFY outside of dialogs that fits.
    ///
    /// # Panics
    /// When none comes.
    #[track_caller]
    pub fn wait_request(
        &self,
        timeout: Duration,
        mut fits: impl FnMut(&Message) -> bool,
    ) -> (Instant, Message) {
        self.agent.expect(timeout, "such a request comes", |state| {
            let taken = &state.requests_taken;
            let mut all = state.requests.iter().enumerate();
            let found = all.find(|(n, (_, message))| !taken[*n] && fits(message));
            let (n, timed) = found.map(|(n, timed)| (n, timed.clone()))?;
            state.requests_taken[n] = true;
            Some(timed)
        })
    }

    /// Makes sure that no such request is there or comes.
    ///
    /// # Panics
    /// When one does.
    #[track_caller]
    pub fn no_request_for(&self, duration: Duration, mut fits: impl FnMut(&Message) -> bool) {
        let found = self.agent.wait(duration, |state| {
            let all = state.requests.iter().zip(&state.requests_taken);
            let mut untaken = all.filter(|(_, taken)| !**taken).map(|((_, message), _)| message);
            untaken.find(|message| fits(message)).cloned()
        });
        if let Some(message) = found {
            self.agent.fail(&format!("this request was not to come: {}", message.start));
        }
    }

    /// Sends a MESSAGE; the code of its response.
    #[track_caller]
    pub fn message(&self, to: &str, text: &str) -> u16 {
        let response = self.agent.request(|state| {
            let mut dialog = Dialog::to(&state.settings, &state.settings.address_of(to));
            dialog.request("MESSAGE").with_body("text/plain", text)
        });
        response.status().unwrap_or(0)
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let mut state = self.agent.lock();
        let calls: Vec<String> = state.calls.keys().cloned().collect();
        for id in calls {
            call::hang_up(&self.agent, &mut state, &id);
        }
        drop(state);
        self.agent.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        // The RTP threads end with their calls, whoever still holds a handle.
        let calls = std::mem::take(&mut self.agent.lock().calls);
        drop(calls);
    }
}
