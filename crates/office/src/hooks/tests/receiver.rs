//! A receiver of webhooks that answers as it is told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{LONG, SECRET};

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
    pub(super) at: Instant,
}

impl Received {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    /// `action uuid`.
    pub(super) fn what(&self) -> String {
        let json = self.json();
        let text = |key: &str| json["data"][key].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("action"), text("uuid"))
    }

    /// Verified as a receiver does it, by hand: HMAC is a hash of a hash.
    pub(super) fn is_signed(&self) -> bool {
        let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
        let mut block = [0_u8; 64];
        block[..key.len()].copy_from_slice(&key);
        let sent = format!("{}.{}.{}", self.id(), self.headers["webhook-timestamp"], self.body);
        let inner = Sha256::new()
            .chain_update(block.map(|byte| byte ^ 0x36))
            .chain_update(sent.as_bytes())
            .finalize();
        let outer = Sha256::new()
            .chain_update(block.map(|byte| byte ^ 0x5c))
            .chain_update(inner)
            .finalize();
        self.headers["webhook-signature"] == format!("v1,{}", STANDARD.encode(outer))
    }
}

type Answering = Arc<Mutex<Box<dyn FnMut(&Received, &mut TcpStream) + Send>>>;

pub(super) struct Receiver {
    pub(super) port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    answering: Answering,
}

/// Answers with that status.
pub(super) fn status(status: u16) -> impl FnMut(&Received, &mut TcpStream) + Send + 'static {
    move |_, stream| answer(stream, status, "")
}

/// Writes that answer, with these lines in its head.
pub(super) fn answer(stream: &mut TcpStream, status: u16, lines: &str) {
    let head = format!("HTTP/1.1 {status} x\r\n{lines}Content-Length: 0\r\n\r\n");
    let _ = stream.write_all(head.as_bytes());
}

impl Receiver {
    /// On a port of its own.
    pub(super) fn new(answer: impl FnMut(&Received, &mut TcpStream) + Send + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
    }

    pub(super) fn on(
        listener: TcpListener,
        answer: impl FnMut(&Received, &mut TcpStream) + Send + 'static,
    ) -> Self {
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let answering: Answering = Arc::new(Mutex::new(Box::new(answer)));
        let (theirs, how) = (Arc::clone(&received), Arc::clone(&answering));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (theirs, how) = (Arc::clone(&theirs), Arc::clone(&how));
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let Some(request) = read(&stream) else { return };
                    theirs.lock().push(request.clone());
                    how.lock()(&request, &mut stream);
                });
            }
        });
        Receiver { port, received, answering }
    }

    pub(super) fn answers(&self, how: impl FnMut(&Received, &mut TcpStream) + Send + 'static) {
        *self.answering.lock() = Box::new(how);
    }

    pub(super) fn all(&self) -> Vec<Received> {
        self.received.lock().clone()
    }

    pub(super) fn count(&self) -> usize {
        self.received.lock().len()
    }

    /// Waits until there are so many.
    pub(super) fn wait(&self, count: usize) -> Vec<Received> {
        super::wait("requests", || self.count() >= count);
        self.all()
    }
}

fn read(stream: &TcpStream) -> Option<Received> {
    stream.set_read_timeout(Some(LONG)).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().unwrap()];
    lines.read_exact(&mut body).ok()?;
    Some(Received { path, headers, body: String::from_utf8(body).unwrap(), at: Instant::now() })
}

/// How long nothing has to happen before it counts as not happening.
pub(super) const MOMENT: Duration = Duration::from_millis(300);
