//! A small HTTP client: one request a connection, as written, and a stream of events.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use serde_json::Value;

use crate::setup::DOMAIN;
use crate::tls::trusting;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// Its status; 0: there was none.
    pub status: u16,
    /// Its headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// What is in it.
    pub body: String,
}

impl Response {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

/// A server, and what is sent to it with each request.
#[derive(Debug, Clone)]
pub struct Http {
    at: SocketAddr,
    tls: bool,
    headers: Vec<(String, String)>,
}

/// A connection, encrypted or not.
#[derive(Debug)]
enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Wire {
    fn socket(&self) -> &TcpStream {
        match self {
            Wire::Plain(socket) => socket,
            Wire::Tls(stream) => stream.get_ref(),
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Wire::Plain(socket) => socket.read(buffer),
            Wire::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Wire::Plain(socket) => socket.write(bytes),
            Wire::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Wire::Plain(socket) => socket.flush(),
            Wire::Tls(stream) => stream.flush(),
        }
    }
}

impl Http {
    /// The server there.
    pub fn at(at: SocketAddr) -> Http {
        Http { at, tls: false, headers: Vec::new() }
    }

    /// The same over TLS, whatever the certificate.
    pub fn encrypted(&self) -> Http {
        Http { tls: true, ..self.clone() }
    }

    /// The certificate that the server presents, as it is on the wire. None: it speaks no TLS.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        let Wire::Tls(mut stream) = self.encrypted().connect().ok()? else { return None };
        let StreamOwned { conn, sock } = &mut *stream;
        conn.complete_io(sock).ok()?;
        conn.peer_certificates()?.first().map(|certificate| certificate.to_vec())
    }

    /// The address of that path.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.at)
    }

    /// The same, with this header in each request.
    pub fn with(&self, name: &str, value: &str) -> Http {
        let mut headers = self.headers.clone();
        headers.push((name.into(), value.into()));
        Http { headers, ..self.clone() }
    }

    /// The same, with this token.
    pub fn bearer(&self, token: &str) -> Http {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// Asks.
    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.send("GET", path, None)
    }

    /// Has something done, with this JSON.
    #[track_caller]
    pub fn post(&self, path: &str, json: &str) -> Response {
        self.send("POST", path, Some(json))
    }

    /// Sends a request.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, json: Option<&str>) -> Response {
        let mut reader = self.open(method, path, json).expect("a connection");
        let (status, headers) = head(&mut reader).expect("an answer");
        let mut body = Vec::new();
        let chunked =
            headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        if chunked {
            while let Some(piece) = chunk(&mut reader) {
                body.extend(piece);
            }
        } else if let Some((_, length)) = headers.iter().find(|(name, _)| name == "content-length")
        {
            body.resize(length.parse().expect("a length"), 0);
            reader.read_exact(&mut body).expect("a body");
        }
        Response { status, headers, body: String::from_utf8(body).expect("UTF-8") }
    }

    /// Opens the stream of events. `last`: the id of the latest event that is known.
    #[track_caller]
    pub fn stream(&self, path: &str, last: Option<&str>) -> Stream {
        let http = match last {
            Some(last) => self.with("Last-Event-ID", last),
            None => self.clone(),
        };
        let mut reader = http.open("GET", path, None).expect("a connection");
        let (status, _) = head(&mut reader).expect("an answer");
        assert_eq!(status, 200, "{path}");
        Stream { reader, text: String::new() }
    }

    fn connect(&self) -> std::io::Result<Wire> {
        let socket = TcpStream::connect_timeout(&self.at, WITHIN)?;
        socket.set_read_timeout(Some(WITHIN))?;
        if !self.tls {
            return Ok(Wire::Plain(socket));
        }
        let name = ServerName::try_from(DOMAIN).map_err(std::io::Error::other)?;
        let client = ClientConnection::new(trusting(), name).map_err(std::io::Error::other)?;
        Ok(Wire::Tls(Box::new(StreamOwned::new(client, socket))))
    }

    fn open(
        &self,
        method: &str,
        path: &str,
        json: Option<&str>,
    ) -> std::io::Result<BufReader<Wire>> {
        let mut connection = self.connect()?;
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.at);
        for (name, value) in &self.headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(json) = json {
            let length = json.len();
            request.push_str(&format!(
                "Content-Type: application/json\r\nContent-Length: {length}\r\n"
            ));
        }
        request.push_str("\r\n");
        request.push_str(json.unwrap_or_default());
        connection.write_all(request.as_bytes())?;
        Ok(BufReader::new(connection))
    }
}

fn head(reader: &mut impl BufRead) -> Option<(u16, Vec<(String, String)>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_lowercase(), value.trim().to_owned())),
            None => return Some((status, headers)),
        }
    }
}

fn chunk(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let size = usize::from_str_radix(line.trim_end(), 16).ok()?;
    let mut piece = vec![0; size + 2];
    reader.read_exact(&mut piece).ok()?;
    piece.truncate(size);
    (size > 0).then_some(piece)
}

/// An event of a stream.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its kind.
    pub event: String,
    /// Its id.
    pub id: Option<String>,
    /// Its data.
    pub data: Value,
}

/// A stream of events.
#[derive(Debug)]
pub struct Stream {
    reader: BufReader<Wire>,
    text: String,
}

impl Stream {
    /// The next event; none: the stream has ended, or none came in that time.
    pub fn next(&mut self, within: Duration) -> Option<Told> {
        let until = Instant::now() + within;
        loop {
            while let Some((message, rest)) = self.text.split_once("\n\n") {
                let (message, rest) = (message.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(told) = told(&message) {
                    return Some(told);
                }
            }
            let left = until.checked_duration_since(Instant::now())?;
            let left = left.max(Duration::from_millis(1));
            self.reader.get_ref().socket().set_read_timeout(Some(left)).ok()?;
            // A chunk is small, and is sent as a whole.
            if self.reader.fill_buf().ok()?.is_empty() {
                return None;
            }
            self.reader.get_ref().socket().set_read_timeout(Some(WITHIN)).ok()?;
            let piece = chunk(&mut self.reader)?;
            self.text.push_str(&String::from_utf8_lossy(&piece));
        }
    }

    /// The next event of that kind that fits.
    #[track_caller]
    pub fn wait(&mut self, within: Duration, fits: impl Fn(&Told) -> bool) -> Told {
        let until = Instant::now() + within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let told = self.next(left).expect("the event in time");
            if fits(&told) {
                return told;
            }
        }
    }
}

fn told(message: &str) -> Option<Told> {
    let field =
        |name: &str| message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let data = serde_json::from_str(field("data")?).ok()?;
    Some(Told { event: field("event")?.to_owned(), id: field("id").map(str::to_owned), data })
}
