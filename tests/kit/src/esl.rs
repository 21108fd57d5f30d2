//! A small blocking client of the event socket.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use crate::event::Event;

/// How long one command may take before the client gives up.
pub const COMMAND_DEADLINE: Duration = Duration::from_secs(30);

/// One authenticated connection. Every read has a deadline.
pub struct Esl {
    stream: BufReader<TcpStream>,
}

impl Esl {
    /// Connects to `127.0.0.1:port` and authenticates with the kit's password.
    ///
    /// # Errors
    /// When nobody listens, the peer is no event socket, or it refuses the password.
    pub fn connect(port: u16) -> io::Result<Esl> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(COMMAND_DEADLINE))?;
        stream.set_write_timeout(Some(COMMAND_DEADLINE))?;
        let mut esl = Esl { stream: BufReader::new(stream) };
        let hello = esl.read()?;
        if !hello.is("Content-Type", "auth/request") {
            return Err(io::Error::other(format!("no event socket: {hello:?}")));
        }
        esl.command("auth ClueCon")?;
        Ok(esl)
    }

    /// Waits for a minute and a half for each answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn patient(self) -> io::Result<Esl> {
        self.stream.get_ref().set_read_timeout(Some(3 * COMMAND_DEADLINE))?;
        Ok(self)
    }

    /// Runs an API command and returns its output.
    ///
    /// # Errors
    /// When the connection breaks or [`COMMAND_DEADLINE`] passes.
    pub fn api(&mut self, command: &str) -> io::Result<String> {
        self.api_bytes(command.as_bytes())
    }

    /// As [`Esl::api`], for a command that need not be text.
    ///
    /// # Errors
    /// As [`Esl::api`].
    pub fn api_bytes(&mut self, command: &[u8]) -> io::Result<String> {
        self.stream.get_mut().write_all(&[b"api ", command, b"\n\n"].concat())?;
        self.reply("api/response").map(|reply| reply.body().to_owned())
    }

    /// Runs an API command in the background; returns its job's uuid.
    ///
    /// # Errors
    /// As [`Esl::api`].
    pub fn bgapi(&mut self, command: &str) -> io::Result<String> {
        let reply = self.command(&format!("bgapi {command}"))?;
        Ok(reply.text("Job-UUID").to_owned())
    }

    /// Asks for events. A name is `CHANNEL_BRIDGE` or `CUSTOM callpark::info`.
    ///
    /// # Errors
    /// As [`Esl::api`].
    pub fn subscribe(&mut self, names: &[&str]) -> io::Result<()> {
        let custom = |name: &&&str| name.starts_with("CUSTOM ");
        let mut line = String::from("event plain");
        for name in names.iter().filter(|name| !custom(name)) {
            line.push_str(&format!(" {name}"));
        }
        if names.iter().any(|name| custom(&name)) {
            line.push_str(" CUSTOM");
        }
        for name in names.iter().filter(custom) {
            line.push_str(&name["CUSTOM".len()..]);
        }
        self.command(&line).map(drop)
    }

    /// Sends an event into the switch: `sendevent <name>` with headers and a body.
    ///
    /// # Errors
    /// As [`Esl::api`].
    pub fn send_event(
        &mut self,
        name: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<()> {
        let mut text = format!("sendevent {name}");
        for (header, value) in headers {
            text.push_str(&format!("\n{header}: {value}"));
        }
        if !body.is_empty() {
            text.push_str(&format!("\nContent-Length: {}", body.len()));
        }
        text.push_str("\n\n");
        text.push_str(body);
        self.stream.get_mut().write_all(text.as_bytes())?;
        self.reply("command/reply").map(drop)
    }

    /// Sends any other command; its reply must begin with `+OK`.
    ///
    /// # Errors
    /// As [`Esl::api`], and when the switch says `-ERR`.
    pub fn command(&mut self, command: &str) -> io::Result<Event> {
        self.send(command)?;
        let reply = self.reply("command/reply")?;
        if !reply.text("Reply-Text").starts_with("+OK") {
            return Err(io::Error::other(format!("{command}: {}", reply.text("Reply-Text"))));
        }
        Ok(reply)
    }

    /// Waits for the next event of those subscribed to.
    ///
    /// # Errors
    /// When the connection breaks, or nothing came within the read timeout.
    pub fn next_event(&mut self) -> io::Result<Event> {
        loop {
            let message = self.read()?;
            if message.is("Content-Type", "text/event-plain") {
                return Ok(plain_event(message.body()));
            }
        }
    }

    /// A second handle to the socket, to set its timeouts or shut it down.
    pub(crate) fn socket(&self) -> io::Result<TcpStream> {
        self.stream.get_ref().try_clone()
    }

    fn send(&mut self, line: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(format!("{line}\n\n").as_bytes())
    }

    /// The next message of this type; disconnect notices and the like are passed over.
    fn reply(&mut self, content_type: &str) -> io::Result<Event> {
        loop {
            let message = self.read()?;
            if message.is("Content-Type", content_type) {
                return Ok(message);
            }
        }
    }

    fn read(&mut self) -> io::Result<Event> {
        let mut head = String::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line == "\n" && !head.is_empty() {
                break;
            }
            head.push_str(line.trim_start_matches('\n'));
        }
        let mut message = Event::parse(&head, false);
        let length = message.content_length();
        if length > 0 {
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body)?;
            message.set_body(String::from_utf8_lossy(&body).into_owned());
        }
        Ok(message)
    }
}

/// An event stands inside a message's body: encoded headers, and maybe a body of its own.
fn plain_event(text: &str) -> Event {
    let mut event = Event::parse(text, true);
    if event.content_length() > 0
        && let Some((_, body)) = text.split_once("\n\n")
    {
        event.set_body(body.to_owned());
    }
    event
}
