//! The phone's socket: a thread that receives, and requests that wait for their response.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::auth::{answered, new_branch};
use super::message::Message;
use super::settings::Settings;
use super::state::State;
use super::wire::{Transport, Wire};
use super::{answering, calling};

/// A response to a request inside a dialog comes within this time.
pub(crate) const RESPONSE: Duration = Duration::from_secs(10);

const RESEND: Duration = Duration::from_millis(500);

/// So many messages are remembered for a failure report.
const TRACED: usize = 80;

/// What the handles (phone, calls, subscriptions) and the receiving thread share.
pub(crate) struct Agent {
    wire: Wire,
    state: Mutex<State>,
    changed: Condvar,
    pub(crate) stop: AtomicBool,
}

impl Agent {
    pub(crate) fn open(
        transport: Transport,
        server: SocketAddr,
        user: &str,
        tone: u32,
    ) -> io::Result<Arc<Agent>> {
        let wire = Wire::open(transport, server)?;
        let settings = Settings::new(user, transport, wire.local, tone);
        Ok(Arc::new(Agent {
            wire,
            state: Mutex::new(State::new(settings)),
            changed: Condvar::new(),
            stop: AtomicBool::new(false),
        }))
    }

    /// The receiving thread.
    pub(crate) fn run(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let Some(bytes) = self.wire.receive() else { continue };
            let Some(message) = Message::parse(&bytes) else { continue };
            let mut state = self.lock();
            trace(&mut state, "<", &message);
            match message.status() {
                Some(_) => calling::response(self, &mut state, message),
                None => answering::request(self, &mut state, message),
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `ask` has an answer.
    pub(crate) fn wait<T>(
        &self,
        timeout: Duration,
        mut ask: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + timeout;
        let mut state = self.lock();
        loop {
            if let Some(answer) = ask(&mut state) {
                return Some(answer);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            // Sounds change without a message: look again soon.
            let nap = left.min(Duration::from_millis(20));
            let woken = self.changed.wait_timeout(state, nap);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// As [`Agent::wait`]; panics with what was said on the wire.
    #[track_caller]
    pub(crate) fn expect<T>(
        &self,
        timeout: Duration,
        what: &str,
        ask: impl FnMut(&mut State) -> Option<T>,
    ) -> T {
        match self.wait(timeout, ask) {
            Some(answer) => answer,
            None => self.fail(&format!("not within {timeout:?}: {what}")),
        }
    }

    #[track_caller]
    pub(crate) fn fail(&self, what: &str) -> ! {
        let state = self.lock();
        let (user, trace) = (state.settings.user.clone(), Vec::from_iter(state.trace.clone()));
        drop(state);
        panic!("phone {user}: {what}\nits messages (> sent, < received):\n{}", trace.join("\n"));
    }

    /// Sends what needs no answer, or a response.
    pub(crate) fn send(&self, state: &mut State, message: &Message) {
        trace(state, ">", message);
        self.wire.send(&message.bytes());
    }

    pub(crate) fn send_again(&self, bytes: &[u8]) {
        self.wire.send(bytes);
    }

    /// Adds `Via`, `Contact` and what else every request of this phone bears.
    pub(crate) fn dress(&self, state: &State, message: Message) -> Message {
        let settings = &state.settings;
        let branch = new_branch();
        let mut message = message;
        let (over, at) = (settings.transport.name(), settings.address);
        let via = format!("SIP/2.0/{over} {at};branch={branch};rport");
        message.headers.insert(0, ("Via".into(), via));
        if message.get("Contact").is_none() {
            message = message.with("Contact", settings.contact());
        }
        message
            .with("User-Agent", &settings.user_agent)
            .with("Allow", &settings.allow)
            .with("Supported", "replaces")
    }

    /// Sends a request made by `make` and waits for its final response; answers a challenge.
    #[track_caller]
    pub(crate) fn request(&self, make: impl FnOnce(&mut State) -> Message) -> Message {
        let mut state = self.lock();
        let message = make(&mut state);
        let message = self.dress(&state, message);
        drop(state);
        let response = self.transact(&message);
        let again = answered(&mut self.lock(), &message, &response);
        again.map_or(response, |again| self.transact(&again))
    }

    #[track_caller]
    fn transact(&self, message: &Message) -> Message {
        let mut state = self.lock();
        let branch = message.branch().to_owned();
        state.responses.insert(branch.clone(), Vec::new());
        if message.method() == "INVITE" {
            state.invites.insert(branch.clone(), message.clone());
        }
        self.send(&mut state, message);
        drop(state);
        let start = Instant::now();
        let mut sent = 1;
        let bytes = message.bytes();
        let done = self.expect(RESPONSE, &format!("a response to {}", message.start), |state| {
            let responses = state.responses.get(&branch)?;
            if responses.is_empty() && start.elapsed() > RESEND * sent {
                sent *= 2;
                self.send_again(&bytes);
            }
            responses.iter().find(|r| r.status() >= Some(200)).cloned()
        });
        self.lock().responses.remove(&branch);
        done
    }
}

fn trace(state: &mut State, way: &str, message: &Message) {
    if state.trace.len() == TRACED {
        state.trace.pop_front();
    }
    let since = Instant::now().duration_since(state.begun).as_millis();
    let extra = match message.method() {
        "NOTIFY" => message.body.lines().next().unwrap_or(""),
        _ => message.text("Reason"),
    };
    let line = format!(
        "{way} {since:>6} ms {} [{}] {} {extra}",
        message.start,
        message.text("CSeq"),
        message.call_id()
    );
    state.trace.push_back(line);
}
