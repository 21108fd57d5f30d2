//! Requests that no client sends. The server answers or ends the connection, in time and without an internal error.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::{A, LISTEN, Scene, TOKENS, conf, setup};

const FOR: Duration = Duration::from_secs(10);
/// The longest limit of the server is 10 s.
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);
/// Addresses that are believed, so that a guess keeps nobody else away.
const PROXY: &str = "<param name=\"web-proxy-header\" value=\"X-User 127.0.0.1\"/>\n";

const METHODS: [&str; 12] = [
    "GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "x-Y",
];
const ROUTES: [&str; 20] = [
    "/",
    "/v1/me",
    "/v1/login",
    "/v1/logout",
    "/v1/lots",
    "/v1/lots/{}/orbits",
    "/v1/calls",
    "/v1/calls/{}",
    "/v1/calls/{}/retrieve",
    "/v1/calls/{}/move",
    "/v1/calls/{}/set",
    "/v1/calls/{}/return",
    "/v1/calls/{}/announce",
    "/v1/park",
    "/v1/history",
    "/v1/at",
    "/v1/reports/{}",
    "/v1/events",
    "/metrics",
    "/r/{}",
];
const PIECES: [&str; 18] = [
    "",
    "%00",
    "%ff%fe",
    "..",
    "%2e%2e%2f",
    "default",
    "sales@a.local",
    "701",
    "usage",
    "*5901",
    "%F0%9F%93%9E",
    "-1",
    "0",
    "99999999999999999999",
    "%0d%0aX:%20y",
    "a b",
    "'\"<script>",
    "today",
];
const KEYS: [&str; 12] = [
    "lot",
    "after",
    "before",
    "limit",
    "from",
    "to",
    "time",
    "caller",
    "outcome",
    "parker",
    "last_event_id",
    "%ff",
];
const BODIES: [&str; 16] = [
    "",
    "{}",
    "[]",
    "null",
    "{",
    "\"\\ud800\"",
    "{\"to\":\"loopback/1\"}",
    "{\"to\":7}",
    "{\"orbit\":\"auto\"}",
    "{\"orbit\":\"\\u0000\"}",
    "{\"timeout\":18446744073709551615}",
    "{\"priority\":-1}",
    "{\"note\":\"\\u0000\\r\\n$${x}\"}",
    "{\"user\":\"1000@a.local\",\"password\":\"x\"}",
    "{\"token\":\"\"}",
    "{\"uuid\":\"x\",\"lot\":\"default\",\"lot\":\"y\"}",
];

struct Sender {
    random: Rng,
    calls: Vec<String>,
    port: u16,
}

impl Sender {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.random.usize(..of.len())]
    }

    fn piece(&mut self) -> String {
        match self.random.u8(..10) {
            0 => "x".repeat(self.random.usize(..9_000)),
            1..=4 => self.calls[self.random.usize(..self.calls.len())].clone(),
            _ => self.one(&PIECES).to_owned(),
        }
    }

    fn path(&mut self) -> String {
        let mut path = self.one(&ROUTES).replace("{}", &self.piece());
        for number in 0..self.random.usize(..4) {
            let (key, value) = (self.one(&KEYS), self.piece());
            path.push_str(&format!("{}{key}={value}", if number == 0 { '?' } else { '&' }));
        }
        path
    }

    /// A request, which may be none, and whether all of it is there.
    fn request(&mut self) -> (Vec<u8>, bool) {
        let (method, path) = (self.one(&METHODS), self.path());
        let version = if self.random.u8(..20) == 0 { "HTTP/9.9" } else { "HTTP/1.1" };
        let mut text = format!("{method} {path} {version}\r\nHost: x\r\n");
        let from = format!("198.51.{}.{}", self.random.u8(..), self.random.u8(..));
        text.push_str(&format!("X-Forwarded-For: {from}\r\n"));
        let token = TOKENS[self.random.usize(..TOKENS.len())].0;
        let header = match self.random.u8(..10) {
            0 => "Cookie: callpark_session=%00; callpark_session\r\n".to_owned(),
            1 => "Authorization: Basic \u{e9}\r\n".to_owned(),
            2 => String::new(),
            3 => "X-User: 1000@a.local\r\n".to_owned(),
            _ => format!("Authorization: Bearer {token}\r\n"),
        };
        text.push_str(&header);
        let more = [
            "Accept: text/csv\r\n",
            "If-None-Match: \"\", W/*\r\n",
            "Idempotency-Key: k\r\n",
            "Idempotency-Key: \r\n",
            "Last-Event-ID: -9223372036854775808\r\n",
            "Last-Event-ID: 1\r\n",
            "Expect: 100-continue\r\n",
            "Upgrade: h2c\r\n",
            "Content-Type: application/json; charset=\u{e9}\r\n",
            "Content-Type: text/plain\r\n",
            "X-CSRF-Token: x\r\n",
        ];
        for _ in 0..self.random.usize(..4) {
            let more = self.one(&more);
            text.push_str(more);
        }
        let body = match self.random.u8(..12) {
            0 => "[".repeat(self.random.usize(..70_000)),
            _ => self.one(&BODIES).to_owned(),
        };
        if !text.contains("Content-Type") {
            text.push_str("Content-Type: application/json\r\n");
        }
        let length = self.random.u8(..12);
        let mut is_whole = length > 3;
        text.push_str(&match length {
            0 => "Transfer-Encoding: chunked\r\n\r\nzz\r\n".to_owned(),
            1 => format!("Content-Length: {}\r\n", body.len() + 7),
            2 => "Content-Length: 1\r\nContent-Length: 2\r\n".to_owned(),
            3 => "Content-Length: -1\r\n".to_owned(),
            _ => format!("Content-Length: {}\r\n", body.len()),
        });
        let mut bytes = (text + "\r\n" + &body).into_bytes();
        // A few bytes are others.
        if self.random.u8(..8) == 0 {
            is_whole = false;
            for _ in 0..self.random.usize(1..6) {
                let at = self.random.usize(..bytes.len());
                bytes[at] = self.random.u8(..);
            }
        }
        (bytes, is_whole)
    }

    /// Sends one or several, whole or cut. Returns what was answered; none: it was not waited for.
    fn send(&mut self) -> Option<Vec<u8>> {
        let (mut bytes, mut is_whole) = self.request();
        while self.random.u8(..6) == 0 {
            let (more, is_more_whole) = self.request();
            bytes.extend(more);
            is_whole &= is_more_whole;
        }
        let is_cut = self.random.u8(..6) == 0;
        if is_cut {
            bytes.truncate(self.random.usize(..bytes.len()));
        }
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        connection.set_read_timeout(Some(ANSWERS_WITHIN)).expect("a limit");
        connection.set_write_timeout(Some(ANSWERS_WITHIN)).expect("a limit");
        // It may be cut while it is still being sent.
        let _ = connection.write_all(&bytes);
        if is_cut && self.random.bool() {
            return None;
        }
        // The server ends what is not whole when nothing more comes, and everything else after an answer.
        if is_cut || !is_whole {
            let _ = connection.shutdown(Shutdown::Write);
        }
        let has_stream = bytes.windows(10).any(|window| window == b"/v1/events");
        let (mut answer, mut piece) = (Vec::new(), vec![0; 65_536]);
        loop {
            match connection.read(&mut piece) {
                Ok(0) => return Some(answer),
                Ok(read) => answer.extend(&piece[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                    return Some(answer);
                }
                Err(error) => {
                    panic!("no answer in time ({error}) to {:?}", String::from_utf8_lossy(&bytes))
                }
            }
            if has_stream {
                return Some(answer);
            }
            let _ = connection.shutdown(Shutdown::Write);
        }
    }
}

#[test]
fn no_request_breaks_the_server_or_waits_for_ever() {
    let conf = conf(&format!("{LISTEN}{PROXY}"));
    let scene = Scene::start(setup("").callpark_conf(&conf).domain("a.local").domain("b.local"));
    let web = scene.switch.web();
    let calls = vec![scene.park("park_701").0, scene.park_with("park_sales_801", &A).0];
    let until = Instant::now() + FOR;
    let answered: usize = std::thread::scope(|scope| {
        let senders = (0..4).map(|seed| {
            let (calls, port) = (calls.clone(), scene.switch.web_port());
            scope.spawn(move || {
                let mut sender = Sender { random: Rng::with_seed(seed), calls, port };
                let mut answered = 0;
                while Instant::now() < until {
                    let Some(answer) = sender.send() else { continue };
                    let text = String::from_utf8_lossy(&answer);
                    assert!(!text.contains("HTTP/1.1 500"), "{text}");
                    answered += usize::from(text.starts_with("HTTP/1.1 "));
                }
                answered
            })
        });
        let senders: Vec<_> = senders.collect();
        senders.into_iter().map(|sender| sender.join().expect("it has sent")).sum()
    });
    assert!(answered > 200, "{answered}");
    let health = scene.api("health");
    assert!(health.contains("errors: ok") && health.contains("web: ok"), "{health}");
    let figures = web.bearer("all-read").get("/metrics").body;
    let errors =
        figures.lines().find_map(|line| line.strip_prefix("callpark_internal_errors_total "));
    assert_eq!(errors.and_then(|count| count.parse().ok()), Some(0.0), "{figures}");
    assert!(!scene.switch.log_contains("panicked"));
    println!("{answered} requests were answered");
}
