//! The event socket: commands in, answers and events out.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::unbounded;
use parking_lot::Mutex;

use crate::event::Event;
use crate::strings::new_uuid;
use crate::{api, bus};

const PASSWORD: &str = "ClueCon";

/// Listens on that port, until the process ends.
pub fn listen(port: u16) -> Result<(), String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| format!("port {port}: {error}"))?;
    let accept = move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || drop(Connection::serve(stream)));
        }
    };
    std::thread::Builder::new()
        .name("event-socket".to_owned())
        .spawn(accept)
        .map_err(|error| error.to_string())?;
    Ok(())
}

/// Connections that have events to send.
static SENDING: AtomicUsize = AtomicUsize::new(0);

/// Waits, not for long, until what the bus has handed over has been sent: after the bus has stopped.
pub fn flush() {
    let end = Instant::now() + Duration::from_secs(1);
    while SENDING.load(Ordering::Acquire) > 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What a client wants to hear of.
#[derive(Default)]
struct Wanted {
    all: bool,
    names: HashSet<String>,
    subclasses: HashSet<String>,
}

impl Wanted {
    fn has(&self, event: &Event) -> bool {
        let custom = event.name() == "CUSTOM" && !self.subclasses.is_empty();
        self.all
            || if custom {
                self.subclasses.contains(event.subclass())
            } else {
                self.names.contains(event.name())
            }
    }
}

struct Connection {
    out: Arc<Mutex<TcpStream>>,
    open: Arc<AtomicBool>,
    wanted: Option<Arc<Mutex<Wanted>>>,
}

impl Connection {
    fn serve(stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut lines = BufReader::new(stream.try_clone()?);
        let mut connection = Connection {
            out: Arc::new(Mutex::new(stream)),
            open: Arc::new(AtomicBool::new(true)),
            wanted: None,
        };
        connection.send(b"Content-Type: auth/request\n\n")?;
        let mut trusted = false;
        while let Some(command) = read_command(&mut lines)? {
            let line = String::from_utf8_lossy(&command).into_owned();
            if let Some(password) = line.strip_prefix("auth ") {
                trusted = password.trim() == PASSWORD;
                connection.reply(if trusted { "+OK accepted" } else { "-ERR invalid" })?;
            } else if !trusted {
                connection.reply("-ERR command not found")?;
            } else if line == "exit" {
                connection.reply("+OK bye")?;
                break;
            } else {
                connection.run(&command, &line, &mut lines)?;
            }
        }
        Ok(())
    }

    fn run(&mut self, command: &[u8], line: &str, lines: &mut impl BufRead) -> io::Result<()> {
        let first = line.lines().next().unwrap_or_default();
        if let Some(command) = command.strip_prefix(b"api ") {
            let answer = api::run(command);
            let head = format!("Content-Type: api/response\nContent-Length: {}\n\n", answer.len());
            self.send(&[head.as_bytes(), &answer].concat())
        } else if let Some(command) = command.strip_prefix(b"bgapi ") {
            let (job, command) = (new_uuid(), command.to_vec());
            let text = format!(
                "Content-Type: command/reply\nReply-Text: +OK Job-UUID: {job}\nJob-UUID: {job}\n\n"
            );
            self.send(text.as_bytes())?;
            std::thread::spawn(move || {
                let answer = api::run(&command);
                let mut event = Event::named("BACKGROUND_JOB");
                event.add("Job-UUID", &job);
                event.body = Some(String::from_utf8_lossy(&answer).into_owned());
                bus::fire(event);
            });
            Ok(())
        } else if let Some(names) = first.strip_prefix("event plain ") {
            self.subscribe(names);
            self.reply("+OK event listener enabled plain")
        } else if let Some(name) = first.strip_prefix("sendevent ") {
            let mut event = Event::named(name.trim());
            for (name, value) in line.lines().skip(1).filter_map(|line| line.split_once(':')) {
                event.add(name, value.trim_start());
            }
            if let Some(length) = event.get("Content-Length").and_then(|length| length.parse().ok())
            {
                let mut body = vec![0; length];
                lines.read_exact(&mut body)?;
                event.body = Some(String::from_utf8_lossy(&body).into_owned());
            }
            bus::fire(event);
            self.reply("+OK")
        } else {
            self.reply("-ERR command not found")
        }
    }

    fn subscribe(&mut self, names: &str) {
        let mut custom = false;
        let wanted = self.wanted.get_or_insert_with(|| start_sending(&self.out, &self.open));
        let mut wanted = wanted.lock();
        for name in names.split_whitespace() {
            match name {
                "ALL" | "all" => wanted.all = true,
                _ if custom => drop(wanted.subclasses.insert(name.to_owned())),
                _ => {
                    custom = name == "CUSTOM";
                    wanted.names.insert(name.to_owned());
                }
            }
        }
    }

    fn reply(&self, text: &str) -> io::Result<()> {
        self.send(format!("Content-Type: command/reply\nReply-Text: {text}\n\n").as_bytes())
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.out.lock().write_all(bytes)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.open.store(false, Ordering::Release);
        let _ = self.out.lock().shutdown(std::net::Shutdown::Both);
    }
}

/// A thread that sends the client its events: who reads slowly holds up nobody else.
fn start_sending(out: &Arc<Mutex<TcpStream>>, open: &Arc<AtomicBool>) -> Arc<Mutex<Wanted>> {
    let wanted = Arc::new(Mutex::new(Wanted::default()));
    let (queue, events) = unbounded::<String>();
    let (out, open, theirs) = (Arc::clone(out), Arc::clone(open), Arc::clone(&wanted));
    SENDING.fetch_add(1, Ordering::AcqRel);
    std::thread::spawn(move || {
        for text in events {
            let message =
                format!("Content-Length: {}\nContent-Type: text/event-plain\n\n{text}", text.len());
            if out.lock().write_all(message.as_bytes()).is_err() {
                break;
            }
        }
        SENDING.fetch_sub(1, Ordering::AcqRel);
    });
    bus::subscribe(Box::new(move |event| {
        if theirs.lock().has(event) {
            return queue.send(event.plain()).is_ok();
        }
        open.load(Ordering::Acquire)
    }));
    wanted
}

/// The lines up to an empty one; none: the client has gone.
fn read_command(lines: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut command = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        while line.last().is_some_and(|byte| b"\r\n".contains(byte)) {
            line.pop();
        }
        if line.is_empty() {
            if command.is_empty() {
                continue;
            }
            return Ok(Some(command));
        }
        if !command.is_empty() {
            command.push(b'\n');
        }
        command.extend_from_slice(&line);
    }
}
