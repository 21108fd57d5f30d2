//! A hostile caller: sends what no phone would, byte by byte, and does just enough of SIP to be let in.
//!
//! Everything in [`kinds`] is meant for a switch that parks calls. What each is to do there is nothing.

mod draft;
pub mod kinds;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

pub use draft::Draft;

use crate::phone::{Message, uri_of};
use crate::switch::Switch;

/// How long a connection stays open for what the switch has to say.
const CONNECTED: Duration = Duration::from_secs(2);

/// Sends drafts; a thread of its own acknowledges answers, so that calls are up, and says yes to everything but calls.
pub struct Attacker {
    inner: Arc<Inner>,
    server: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

struct Inner {
    socket: UdpSocket,
    stop: AtomicBool,
    /// Calls that came in: nobody has any reason to ring here.
    rung: AtomicU64,
    /// What is sent in a dialog once its call is answered, by Call-ID; and where the call went.
    calls: Mutex<HashMap<String, Draft>>,
    /// The last response to each Call-ID.
    codes: Mutex<HashMap<String, u16>>,
}

impl Attacker {
    /// One who sends to the switch's SIP profile.
    ///
    /// # Panics
    /// When there is no socket.
    #[must_use]
    pub fn new(switch: &Switch) -> Attacker {
        let socket = UdpSocket::bind((switch.ip(), 0)).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
        let inner = Arc::new(Inner {
            socket,
            stop: AtomicBool::new(false),
            rung: AtomicU64::new(0),
            calls: Mutex::default(),
            codes: Mutex::default(),
        });
        let theirs = Arc::clone(&inner);
        let thread = std::thread::Builder::new().name("kit-attacker".into());
        let thread = thread.spawn(move || theirs.run()).expect("a thread");
        Attacker { inner, server: (switch.ip(), switch.sip_port()).into(), thread: Some(thread) }
    }

    /// Sends it, in one datagram if it fits, else over a connection.
    pub fn send(&self, draft: &Draft) {
        let local = self.inner.socket.local_addr().expect("an address");
        if draft.is_call() {
            lock(&self.inner.calls).insert(draft.call_id().to_owned(), draft.clone());
        }
        let bytes = draft.bytes(local, "UDP");
        if bytes.len() < 60_000 {
            let _ = self.inner.socket.send_to(&bytes, self.server);
            return;
        }
        let (inner, server, draft) = (Arc::clone(&self.inner), self.server, draft.clone());
        std::thread::spawn(move || inner.connected(server, &draft));
    }

    /// The code of the last response to what bears that Call-ID.
    pub fn code(&self, call_id: &str) -> Option<u16> {
        lock(&self.inner.codes).get(call_id).copied()
    }

    /// How many calls came in.
    pub fn rung(&self) -> u64 {
        self.inner.rung.load(Ordering::Relaxed)
    }

    /// Forgets what it knows of earlier messages.
    pub fn forget(&self) {
        lock(&self.inner.calls).clear();
        lock(&self.inner.codes).clear();
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        self.inner.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Inner {
    fn run(&self) {
        let mut bytes = vec![0; 65_536];
        while !self.stop.load(Ordering::Relaxed) {
            let Ok((length, from)) = self.socket.recv_from(&mut bytes) else { continue };
            let local = self.socket.local_addr().expect("an address");
            for answer in self.answers(&bytes[..length], local, "UDP") {
                let _ = self.socket.send_to(&answer, from);
            }
        }
    }

    fn connected(&self, server: SocketAddr, draft: &Draft) {
        let Ok(mut stream) = TcpStream::connect(server) else { return };
        let Ok(local) = stream.local_addr() else { return };
        let _ = stream.set_read_timeout(Some(CONNECTED));
        let _ = stream.write_all(&draft.bytes(local, "TCP"));
        let mut bytes = vec![0; 65_536];
        while let Ok(length @ 1..) = stream.read(&mut bytes) {
            for answer in self.answers(&bytes[..length], local, "TCP") {
                let _ = stream.write_all(&answer);
            }
        }
    }

    /// What is said to a message of the switch's.
    fn answers(&self, bytes: &[u8], local: SocketAddr, transport: &str) -> Vec<Vec<u8>> {
        let Some(message) = Message::parse(bytes) else { return Vec::new() };
        let Some(code) = message.status() else {
            let code = match message.method() {
                "ACK" => return Vec::new(),
                "INVITE" => {
                    self.rung.fetch_add(1, Ordering::Relaxed);
                    486
                }
                _ => 200,
            };
            return vec![Message::response(&message, code, "Said", "eve").bytes()];
        };
        lock(&self.codes).insert(message.call_id().to_owned(), code);
        if message.method() != "INVITE" || code < 200 {
            return Vec::new();
        }
        let calls = lock(&self.calls);
        let Some(draft) = calls.get(message.call_id()) else { return Vec::new() };
        let (target, branch) = match message.get("Contact") {
            Some(contact) if code < 300 => (uri_of(contact), None),
            _ => ("sip:x@x", Some(message.branch())),
        };
        let mut said =
            vec![draft.in_dialog("ACK", target, &message).bytes_with(local, transport, branch)];
        if code < 300 {
            said.extend(
                draft
                    .then()
                    .iter()
                    .map(|next| next.clone().within(target, &message).bytes(local, transport)),
            );
        }
        said
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
