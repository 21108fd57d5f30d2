//! The audio of hundreds of phones over one socket and two threads, so that the phones cost next to nothing beside the
//! switch they call.
//!
//! Every call has a mark of its own, which its packets of G.711 repeat byte by byte. A bridge passes such packets on as they
//! are, so the other end knows from each packet whose voice it is.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::sdp::{Direction, Remote};
use super::sound::Codec;

/// Each call sends every 20 ms, and which of these milliseconds is its own is left to chance, as with real phones.
const SLOTS: usize = 20;
const SLOT: Duration = Duration::from_millis(1);
/// What arrives while the receiving thread has no processor.
static BUFFER: libc::c_int = 16 << 20;

/// Whose voice was heard in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    /// The mark of the other call; none is music, or anything else that no phone of the exchange said.
    pub mark: Option<u32>,
    /// When its first packet came.
    pub first: Instant,
    /// When its last packet came.
    pub last: Instant,
    /// How many came.
    pub packets: u64,
    /// The longest time from one to the next.
    pub gap: Duration,
}

struct Entry {
    remote: Option<SocketAddr>,
    sending: bool,
    silent: bool,
    codec: Codec,
    slot: usize,
    sequence: u16,
    timestamp: u32,
    source: u32,
    /// How many packets of the recording it has sent.
    said: usize,
    heard: Vec<Voice>,
    recording: Option<Vec<Vec<u8>>>,
}

#[derive(Default)]
struct Table {
    next: u32,
    entries: HashMap<u32, Entry>,
    by_remote: HashMap<SocketAddr, u32>,
    /// What a call in another codec than G.711 says, over and over.
    recorded: Vec<Vec<u8>>,
}

struct Inner {
    socket: UdpSocket,
    address: SocketAddr,
    table: Mutex<Table>,
    stop: AtomicBool,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Phones that use it: [`Phone::on`](super::Phone::on). Cheap to clone.
#[derive(Clone)]
pub struct Exchange(Arc<Running>);

struct Running {
    inner: Arc<Inner>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.inner.stop.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange({})", self.0.inner.address)
    }
}

impl Exchange {
    /// One at that address.
    ///
    /// # Panics
    /// When there is no socket or thread for it.
    pub fn open(ip: IpAddr) -> Exchange {
        let socket = UdpSocket::bind((ip, 0)).expect("a socket for audio");
        enlarge(&socket);
        socket.set_nonblocking(true).expect("a socket that does not block");
        let address = socket.local_addr().expect("a socket's address");
        let table = Mutex::new(Table::default());
        let inner = Arc::new(Inner { socket, address, table, stop: AtomicBool::new(false) });
        for (name, run) in [("kit-says", say as fn(&Inner)), ("kit-hears", hear)] {
            let theirs = Arc::clone(&inner);
            let thread = std::thread::Builder::new().name(name.into());
            // Not waited for: it ends soon after the exchange.
            thread.spawn(move || run(&theirs)).expect("a thread for audio");
        }
        Exchange(Arc::new(Running { inner }))
    }

    /// What calls in another codec than G.711 say from now on: packets of 20 ms, over and over.
    pub fn say_recorded(&self, packets: Vec<Vec<u8>>) {
        self.0.inner.lock().recorded = packets;
    }

    /// A call without audio so far.
    pub(crate) fn line(&self) -> Line {
        let mut table = self.0.inner.lock();
        // The mark 0 is nobody's.
        table.next += 1;
        let mark = table.next;
        let entry = Entry {
            remote: None,
            sending: false,
            silent: false,
            codec: Codec::Pcmu,
            slot: fastrand::usize(..SLOTS),
            sequence: 1,
            timestamp: 160,
            source: fastrand::u32(..),
            said: 0,
            heard: Vec::new(),
            recording: None,
        };
        table.entries.insert(mark, entry);
        Line { exchange: self.clone(), mark }
    }
}

/// The audio of one call; forgotten on drop.
pub(crate) struct Line {
    exchange: Exchange,
    pub mark: u32,
}

impl Line {
    fn with<T>(&self, at: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        self.exchange.0.inner.lock().entries.get_mut(&self.mark).map(at)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.exchange.0.inner.address
    }

    pub(crate) fn connect(&self, remote: &Remote, direction: Direction) {
        let mut table = self.exchange.0.inner.lock();
        let Table { entries, by_remote, .. } = &mut *table;
        let Some(entry) = entries.get_mut(&self.mark) else { return };
        if let Some(old) = entry.remote.replace(remote.rtp)
            && by_remote.get(&old) == Some(&self.mark)
        {
            by_remote.remove(&old);
        }
        by_remote.insert(remote.rtp, self.mark);
        entry.codec = remote.codec.unwrap_or(entry.codec);
        entry.sending = direction.sends() && !entry.silent;
    }

    pub(crate) fn fall_silent(&self) {
        self.with(|entry| (entry.sending, entry.silent) = (false, true));
    }

    pub(crate) fn heard(&self) -> Vec<Voice> {
        self.with(|entry| entry.heard.clone()).unwrap_or_default()
    }

    /// Begins to keep what arrives, or hands it out.
    pub(crate) fn record(&self, on: bool) -> Vec<Vec<u8>> {
        let new = on.then(Vec::new);
        self.with(|entry| std::mem::replace(&mut entry.recording, new))
            .flatten()
            .unwrap_or_default()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut table = self.exchange.0.inner.lock();
        let Some(entry) = table.entries.remove(&self.mark) else { return };
        if let Some(remote) = entry.remote
            && table.by_remote.get(&remote) == Some(&self.mark)
        {
            table.by_remote.remove(&remote);
        }
    }
}

/// The kernel may give less; then packets are lost only while this process is starved.
fn enlarge(socket: &UdpSocket) {
    for option in [libc::SO_RCVBUFFORCE, libc::SO_RCVBUF] {
        let size = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: the descriptor is open, and the value is an int of that size, which the kernel copies.
        let done = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                option,
                (&raw const BUFFER).cast(),
                size,
            )
        };
        if done == 0 {
            return;
        }
    }
}

/// The sending thread.
fn say(inner: &Inner) {
    let mut next = Instant::now();
    let mut slot = 0;
    let mut packets = Vec::new();
    while !inner.stop.load(Ordering::Relaxed) {
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        next += SLOT;
        slot = (slot + 1) % SLOTS;
        let mut table = inner.lock();
        let Table { entries, recorded, .. } = &mut *table;
        let now = entries.iter_mut().filter(|(_, entry)| entry.slot == slot);
        for (mark, entry) in now {
            if let (Some(remote), true) = (entry.remote, entry.sending) {
                packets.push((remote, entry.packet(*mark, recorded)));
            }
        }
        drop(table);
        for (remote, packet) in packets.drain(..) {
            let _ = inner.socket.send_to(&packet, remote);
        }
    }
}

impl Entry {
    fn packet(&mut self, mark: u32, recorded: &[Vec<u8>]) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(self.codec.ticks());
        let mut packet = vec![0x80, self.codec.payload_type()];
        packet.extend_from_slice(&self.sequence.to_be_bytes());
        packet.extend_from_slice(&self.timestamp.to_be_bytes());
        packet.extend_from_slice(&self.source.to_be_bytes());
        match self.codec {
            Codec::Opus if !recorded.is_empty() => {
                packet.extend_from_slice(&recorded[self.said % recorded.len()]);
                self.said += 1;
            }
            Codec::Opus => packet.extend_from_slice(&self.codec.frame(0)),
            Codec::Pcmu | Codec::Pcma => packet.extend_from_slice(&marked(mark)),
        }
        packet
    }
}

/// The receiving thread.
fn hear(inner: &Inner) {
    let mut packet = [0; 2048];
    while !inner.stop.load(Ordering::Relaxed) {
        let Ok((length, from)) = inner.socket.recv_from(&mut packet) else {
            // On its own: in the call, the table would stay locked until the packet comes.
            let calls = inner.lock().entries.len();
            wait_for_packet(&inner.socket, calls);
            continue;
        };
        let at = Instant::now();
        let Some((header, payload)) = packet[..length].split_at_checked(12) else { continue };
        let mut table = inner.lock();
        let Table { entries, by_remote, .. } = &mut *table;
        let entry = by_remote.get(&from).and_then(|mark| entries.get_mut(mark));
        let Some(entry) = entry.filter(|entry| entry.codec.payload_type() == header[1] & 0x7f)
        else {
            continue;
        };
        let mark = mark_of(payload);
        match entry.heard.iter_mut().find(|voice| voice.mark == mark) {
            Some(voice) => {
                voice.gap = voice.gap.max(at.saturating_duration_since(voice.last));
                (voice.last, voice.packets) = (at, voice.packets + 1);
            }
            None => {
                let gap = Duration::ZERO;
                entry.heard.push(Voice { mark, first: at, last: at, packets: 1, gap });
            }
        }
        if let Some(recording) = &mut entry.recording {
            recording.push(payload.to_vec());
        }
    }
}

/// Waits until there is something to receive, or for a tenth of a second. Being woken for each packet costs more than the
/// packet, so among many calls packets wait for each other, for a millisecond.
fn wait_for_packet(socket: &UdpSocket, calls: usize) {
    const MANY: usize = 50;
    if calls > MANY {
        std::thread::sleep(Duration::from_millis(1));
    }
    let mut wanted = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one structure, which lives as long as the call, and a descriptor that is open.
    unsafe { libc::poll(&raw mut wanted, 1, 100) };
}

const BLOCK: usize = 8;
/// The bytes around the five digits of a mark. None of them, and no digit, is one of the two zeros of G.711.
const FIRST: [u8; 2] = [0x2a, 0x95];
const LAST: u8 = 0x6b;
const DIGIT: u8 = 0x30;

/// 20 ms of G.711 that say whose they are.
fn marked(mark: u32) -> [u8; 160] {
    std::array::from_fn(|n| match n % BLOCK {
        at @ 0..2 => FIRST[at],
        7 => LAST,
        at => DIGIT | (mark >> (4 * (at - 2)) & 15) as u8,
    })
}

fn mark_of(payload: &[u8]) -> Option<u32> {
    let block = payload.get(..BLOCK)?;
    let digits = &block[2..7];
    let shape = block[..2] == FIRST && block[7] == LAST;
    if !shape || payload.chunks(BLOCK).any(|other| other != block) {
        return None;
    }
    digits.iter().rev().try_fold(0, |mark, digit| {
        (digit & 0xf0 == DIGIT).then(|| mark << 4 | u32::from(digit & 15))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        for mark in [1, 15, 16, 4711, 0xf_ffff] {
            assert_eq!(mark_of(&marked(mark)), Some(mark));
        }
        let mut two = marked(1);
        two[80..].copy_from_slice(&marked(2)[80..]);
        assert_eq!(mark_of(&two), None);
        assert_eq!(mark_of(&Codec::Pcmu.frame(400)), None);
    }
}
