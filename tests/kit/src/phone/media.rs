//! The RTP of one call: a thread that sends a packet every 20 ms and listens to what comes.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::sdp::{Direction, Remote};
use super::sound::{Codec, Sound};
use super::srtp::{self, Key, Srtp};

const TICK: Duration = Duration::from_millis(20);

/// So much of the recent past tells what is heard now.
const NOW: Duration = Duration::from_millis(200);

/// Packets that one DTMF digit lasts, and the pause after it.
const DIGIT_TICKS: u16 = 8;
const PAUSE_TICKS: u16 = 4;

struct Control {
    remote: Option<SocketAddr>,
    codec: Codec,
    /// Hz of our voice; 0 is silence.
    tone: u32,
    sending: bool,
    silent: bool,
    telephone_event: Option<u8>,
    digits_out: VecDeque<u8>,
    digits_in: String,
    /// Ours and theirs, while the audio is encrypted.
    keys: Option<(Key, Key)>,
    crypt_in: Option<Srtp>,
    crypt_out: Option<Srtp>,
    heard: Vec<Packet>,
    strays: Vec<Packet>,
}

/// An audio packet that came.
#[derive(Debug, Clone, Copy)]
pub struct Packet {
    /// When.
    pub at: Instant,
    /// What was in it.
    pub sound: Sound,
    /// Where it came from.
    pub from: SocketAddr,
    /// Which stream it belongs to (SSRC).
    pub stream: u32,
    /// Its number in that stream.
    pub sequence: u16,
    /// Packets with the same payload have the same.
    pub payload: u64,
}

struct Shared {
    socket: UdpSocket,
    control: Mutex<Control>,
    stop: AtomicBool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stops its thread on drop.
pub(crate) struct Media {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    address: SocketAddr,
    key: Key,
    /// Only there so that the offered port is real.
    video: UdpSocket,
}

impl Media {
    pub(crate) fn open(ip: IpAddr, tone: u32) -> io::Result<Media> {
        let socket = UdpSocket::bind((ip, 0))?;
        let address = socket.local_addr()?;
        let control = Control {
            remote: None,
            codec: Codec::Pcmu,
            tone,
            sending: false,
            silent: false,
            telephone_event: None,
            digits_out: VecDeque::new(),
            digits_in: String::new(),
            keys: None,
            crypt_in: None,
            crypt_out: None,
            heard: Vec::new(),
            strays: Vec::new(),
        };
        let stop = AtomicBool::new(false);
        let shared = Arc::new(Shared { socket, control: Mutex::new(control), stop });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("kit-rtp".into()).spawn(move || run(&theirs));
        let video = UdpSocket::bind((ip, 0))?;
        let key = srtp::new_key();
        Ok(Media { shared, thread: Some(thread?), address, key, video })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What we encrypt with, if we do.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    pub(crate) fn video_port(&self) -> u16 {
        self.video.local_addr().map_or(0, |address| address.port())
    }

    /// Follows what was negotiated; `direction` is ours.
    pub(crate) fn connect(&self, remote: &Remote, direction: Direction) {
        let mut control = self.shared.lock();
        control.remote = Some(remote.rtp);
        let keys = remote.key.map(|theirs| (self.key, theirs));
        if control.keys != keys {
            control.keys = keys;
            control.crypt_in = keys.map(|(_, theirs)| Srtp::new(&theirs));
            control.crypt_out = keys.map(|(ours, _)| Srtp::new(&ours));
        }
        control.codec = remote.codec.unwrap_or(control.codec);
        control.telephone_event = remote.telephone_event;
        control.sending = direction.sends() && !control.silent;
    }

    pub(crate) fn encrypted(&self) -> bool {
        self.shared.lock().keys.is_some()
    }

    /// Sends no more packets, whatever was negotiated. A call that is over must: the switch gives its port to others.
    pub(crate) fn fall_silent(&self) {
        let mut control = self.shared.lock();
        control.sending = false;
        control.silent = true;
    }

    pub(crate) fn set_tone(&self, tone: u32) {
        self.shared.lock().tone = tone;
    }

    pub(crate) fn dial(&self, digits: &str) {
        let codes = digits.chars().filter_map(|digit| "0123456789*#ABCD".find(digit));
        self.shared.lock().digits_out.extend(codes.map(|code| code as u8));
    }

    pub(crate) fn dialled(&self) -> String {
        self.shared.lock().digits_in.clone()
    }

    pub(crate) fn history(&self) -> Vec<(Instant, Sound)> {
        self.shared.lock().heard.iter().map(|packet| (packet.at, packet.sound)).collect()
    }

    pub(crate) fn record(&self) -> Vec<Packet> {
        self.shared.lock().heard.clone()
    }

    pub(crate) fn strays(&self) -> Vec<Packet> {
        self.shared.lock().strays.clone()
    }

    /// What most of the last packets were.
    pub(crate) fn heard(&self) -> Sound {
        let control = self.shared.lock();
        let recent = control.heard.iter().rev().take(10);
        let recent: Vec<_> =
            recent.take_while(|packet| packet.at.elapsed() < NOW).map(|p| p.sound).collect();
        let Some(first) = recent.first() else { return Sound::Nothing };
        let count = |sound: &Sound| recent.iter().filter(|s| *s == sound).count();
        let most = recent.iter().max_by_key(|sound| count(sound)).unwrap_or(first);
        if count(most) * 3 > recent.len() * 2 { *most } else { Sound::Other }
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared) {
    let mut out = Sender::new();
    let mut last_event = None;
    let mut next = Instant::now() + TICK;
    let mut packet = [0; 2048];
    while !shared.stop.load(Ordering::Relaxed) {
        let now = Instant::now();
        if now >= next {
            next += TICK;
            out.tick(shared);
            continue;
        }
        let _ = shared.socket.set_read_timeout(Some((next - now).max(Duration::from_millis(1))));
        if let Ok((length, from)) = shared.socket.recv_from(&mut packet) {
            receive(shared, &packet[..length], from, &mut last_event);
        }
    }
}

/// What comes from elsewhere than was negotiated is not this call's: a port that was another call's a moment ago still
/// gets that one's last packets.
fn receive(shared: &Shared, packet: &[u8], from: SocketAddr, last_event: &mut Option<u32>) {
    let at = Instant::now();
    let mut control = shared.lock();
    let ours = control.remote == Some(from);
    let clear = match &mut control.crypt_in {
        Some(crypt) if ours => match crypt.unprotect(packet) {
            Some(clear) => clear,
            None => return,
        },
        _ => packet.to_vec(),
    };
    let Some((header, payload)) = clear.split_at_checked(12) else { return };
    let payload_type = header[1] & 0x7f;
    if ours && Some(payload_type) == control.telephone_event {
        // All packets of a digit bear the timestamp of its beginning.
        let stamp = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
        if let (Some(code), true) = (payload.first(), *last_event != Some(stamp)) {
            *last_event = Some(stamp);
            let digit = b"0123456789*#ABCD".get(usize::from(*code)).copied();
            control.digits_in.extend(digit.map(char::from));
        }
        return;
    }
    let codec = match payload_type {
        0 => Codec::Pcmu,
        8 => Codec::Pcma,
        102 => Codec::Opus,
        _ => return,
    };
    drop(control);
    let number = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let stream = u32::from(number(8)) << 16 | u32::from(number(10));
    let sound = codec.listen(payload);
    let mut hasher = DefaultHasher::new();
    payload.hash(&mut hasher);
    let packet = Packet { at, sound, from, stream, sequence: number(2), payload: hasher.finish() };
    let mut control = shared.lock();
    if ours { control.heard.push(packet) } else { control.strays.push(packet) }
}

/// The sending half's counters.
struct Sender {
    sequence: u16,
    timestamp: u32,
    source: u32,
    /// The digit being sent, when it began and for how many ticks.
    digit: Option<(u8, u32, u16)>,
    pause: u16,
}

impl Sender {
    fn new() -> Sender {
        Sender { sequence: 1, timestamp: 160, source: fastrand::u32(..), digit: None, pause: 0 }
    }

    fn tick(&mut self, shared: &Shared) {
        let mut control = shared.lock();
        self.timestamp = self.timestamp.wrapping_add(control.codec.ticks());
        let Some(remote) = control.remote.filter(|_| control.sending) else { return };
        if self.digit.is_none() && self.pause == 0 {
            self.digit = control.digits_out.pop_front().map(|code| (code, self.timestamp, 0));
        }
        let (codec, tone) = (control.codec, control.tone);
        let event = control.telephone_event;
        drop(control);
        self.pause = self.pause.saturating_sub(1);
        let Some((code, begun, ticks)) = self.digit else {
            self.send(shared, remote, codec.payload_type(), self.timestamp, &codec.frame(tone));
            return;
        };
        let over = ticks + 1 >= DIGIT_TICKS;
        let [high, low] = ((ticks + 1) * 160).to_be_bytes();
        let payload = [code, if over { 0x8a } else { 0x0a }, high, low];
        match event {
            Some(event) => {
                for _ in 0..if over { 3 } else { 1 } {
                    self.send(shared, remote, event, begun, &payload);
                }
            }
            None => {
                let tones = codec.key(code, ticks);
                self.send(shared, remote, codec.payload_type(), self.timestamp, &tones);
            }
        }
        self.digit = (!over).then_some((code, begun, ticks + 1));
        self.pause = if over { PAUSE_TICKS } else { 0 };
    }

    fn send(&mut self, shared: &Shared, to: SocketAddr, payload_type: u8, stamp: u32, body: &[u8]) {
        let mut packet = vec![0x80, payload_type];
        packet.extend_from_slice(&self.sequence.to_be_bytes());
        packet.extend_from_slice(&stamp.to_be_bytes());
        packet.extend_from_slice(&self.source.to_be_bytes());
        packet.extend_from_slice(body);
        self.sequence = self.sequence.wrapping_add(1);
        let mut control = shared.lock();
        let packet = match &mut control.crypt_out {
            Some(crypt) => crypt.protect(packet),
            None => packet,
        };
        drop(control);
        let _ = shared.socket.send_to(&packet, to);
    }
}
