//! What a phone's messages travel over: datagrams, or one connection that the phone opens and that the switch keeps using.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};

use crate::tls;

/// How a phone reaches the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// One datagram a message.
    Udp,
    /// A connection.
    Tcp,
    /// An encrypted connection: see [`Setup::tls`](crate::Setup::tls).
    Tls,
}

impl Transport {
    /// As in `Via`; in a URI in small letters.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
        }
    }
}

/// So long does a receiving thread hold a connection that a sender may want.
const TURN: Duration = Duration::from_millis(10);

trait Connection: Read + Write + Send {}
impl<T: Read + Write + Send> Connection for T {}

struct Stream {
    connection: Box<dyn Connection>,
    /// What has come and is not a whole message yet.
    begun: Vec<u8>,
}

enum Way {
    Datagrams(UdpSocket, SocketAddr),
    Connection(Mutex<Stream>),
}

pub(crate) struct Wire {
    way: Way,
    pub local: SocketAddr,
}

impl Wire {
    pub(crate) fn open(transport: Transport, server: SocketAddr) -> io::Result<Wire> {
        if transport == Transport::Udp {
            let socket = UdpSocket::bind((server.ip(), 0))?;
            socket.set_read_timeout(Some(Duration::from_millis(50)))?;
            let local = socket.local_addr()?;
            return Ok(Wire { way: Way::Datagrams(socket, server), local });
        }
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        let mut connection: Box<dyn Connection> = match transport {
            Transport::Tls => {
                let client = ClientConnection::new(tls::trusting(), server.ip().into());
                let mut tls = StreamOwned::new(client.map_err(io::Error::other)?, stream);
                while tls.conn.is_handshaking() {
                    tls.conn.complete_io(&mut tls.sock)?;
                }
                tls.sock.set_read_timeout(Some(TURN))?;
                Box::new(tls)
            }
            _ => {
                stream.set_read_timeout(Some(TURN))?;
                Box::new(stream)
            }
        };
        connection.flush()?;
        let stream = Mutex::new(Stream { connection, begun: Vec::new() });
        Ok(Wire { way: Way::Connection(stream), local })
    }

    pub(crate) fn send(&self, message: &[u8]) {
        let _ = match &self.way {
            Way::Datagrams(socket, server) => socket.send_to(message, server).map(drop),
            Way::Connection(stream) => {
                let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
                let sent = stream.connection.write_all(message);
                sent.and_then(|()| stream.connection.flush())
            }
        };
    }

    /// The next message, if one comes soon.
    pub(crate) fn receive(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 65_536];
        match &self.way {
            Way::Datagrams(socket, _) => {
                let (length, _) = socket.recv_from(&mut bytes).ok()?;
                bytes.truncate(length);
                Some(bytes)
            }
            Way::Connection(stream) => {
                let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(message) = stream.whole() {
                    return Some(message);
                }
                match stream.connection.read(&mut bytes) {
                    Ok(length) if length > 0 => stream.begun.extend_from_slice(&bytes[..length]),
                    // Nothing yet, or closed: let a sender have its turn.
                    _ => {
                        drop(stream);
                        std::thread::sleep(Duration::from_millis(1));
                        return None;
                    }
                }
                stream.whole()
            }
        }
    }
}

impl Stream {
    /// Takes a whole message off what has come: its head says how long its body is.
    fn whole(&mut self) -> Option<Vec<u8>> {
        let blank = self.begun.iter().take_while(|byte| b"\r\n".contains(byte)).count();
        self.begun.drain(..blank);
        let head = self.begun.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let text = String::from_utf8_lossy(&self.begun[..head]).to_ascii_lowercase();
        let length = |line: &str| {
            let value = line.strip_prefix("content-length:").or(line.strip_prefix("l:"))?;
            value.trim().parse::<usize>().ok()
        };
        let end = head + text.lines().find_map(length).unwrap_or(0);
        (self.begun.len() >= end).then(|| self.begun.drain(..end).collect())
    }
}
