//! Hold music that is read and encoded once for all who hear it.
//!
//! A hub is a thread that reads a source and encodes it, for all parked legs that send in the same format. It ends some
//! seconds after its last listener.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::ring::{Packet, Place, Ring};
use crate::module::Module;
use crate::render::StreamView;
use crate::switch::codec::{Encoder, Format};
use crate::switch::lock::Mutex;
use crate::switch::sound_file::SoundFile;
use crate::switch::{clock, core};

/// More sources and formats than these are not shared: each call encodes for itself.
const MOST_HUBS: usize = 64;
/// More formats of one source than these are not shared either: a far end can ask its codec for anything.
const MOST_FORMATS: usize = 8;
/// How long a hub goes on without a listener. FreeSWITCH waits for 10 s until nobody uses a codec or a file format whose
/// module is unloaded, and then unmaps it.
const LINGERS: Duration = Duration::from_secs(9);
/// A source is stuck that has given a leg nothing for so long, although the leg has looked so often: it tries for itself. Time
/// alone does not count, because it passes while the whole process stands still.
const STUCK: Duration = Duration::from_secs(2);
const STUCK_LOOKS: u32 = 50;
/// A file that ends sooner is not music.
const SHORTEST: Duration = Duration::from_millis(100);

/// What a hub plays, and in which format.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    source: String,
    format: Format,
}

/// The hubs, in the running module.
#[derive(Default)]
pub(crate) struct Streams(Mutex<HashMap<Key, Arc<Hub>>>);

struct Hub {
    ring: Mutex<Ring>,
    listeners: AtomicUsize,
    ended: AtomicBool,
    since: Instant,
    packets: AtomicU64,
    /// The processor time that reading and encoding took, in microseconds.
    busy_us: AtomicU64,
}

/// One who hears a hub, for as long as this lives.
pub(super) struct Listening {
    hub: Arc<Hub>,
    place: Place,
    empty: Empty,
}

/// How often in a row a leg has found nothing, and since when.
#[derive(Default)]
struct Empty {
    looks: u32,
    since: Option<Instant>,
}

impl Streams {
    /// Those of the running module.
    #[must_use]
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    /// Begins to hear `source`. None: it cannot be shared, for want of a thread or because there are too many already.
    pub(super) fn listen(
        self: &Arc<Self>,
        module: &Arc<Module>,
        source: &str,
        format: &Format,
    ) -> Option<Listening> {
        let key = Key { source: source.to_owned(), format: format.clone() };
        let (hub, new) = {
            let mut hubs = self.0.lock();
            match hubs.get(&key) {
                Some(hub) if !hub.has_ended() => {
                    // Under this lock, as is the look of a hub that is about to end.
                    hub.listeners.fetch_add(1, Ordering::AcqRel);
                    (Arc::clone(hub), false)
                }
                None if hubs.len() >= MOST_HUBS => return None,
                None if hubs.keys().filter(|other| other.source == source).count()
                    >= MOST_FORMATS =>
                {
                    return None;
                }
                _ => {
                    let hub = Arc::new(Hub::new());
                    hubs.insert(key.clone(), Arc::clone(&hub));
                    (hub, true)
                }
            }
        };
        let listening =
            Listening { hub: Arc::clone(&hub), place: Place::default(), empty: Empty::default() };
        if new {
            let (streams, theirs) = (Arc::clone(self), Arc::clone(module));
            let hub = Ended { streams, hub, key };
            // Without a thread the hub has ended, and everybody who listens finds out.
            module.threads.play(move || hub.play(&theirs)).ok()?;
        }
        Some(listening)
    }

    /// The hubs that play, with the most listeners first.
    #[must_use]
    pub(crate) fn views(&self) -> Vec<StreamView> {
        let mut views: Vec<StreamView> =
            self.0.lock().iter().map(|(key, hub)| hub.view(key)).collect();
        views.sort_by(|a, b| b.listeners.cmp(&a.listeners).then_with(|| a.source.cmp(&b.source)));
        views
    }
}

impl Hub {
    /// With one listener, who has asked for it.
    fn new() -> Self {
        Self {
            ring: Mutex::default(),
            listeners: AtomicUsize::new(1),
            ended: AtomicBool::new(false),
            since: Instant::now(),
            packets: AtomicU64::new(0),
            busy_us: AtomicU64::new(0),
        }
    }

    /// Whether nothing will come any more.
    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn view(&self, key: &Key) -> StreamView {
        let format = &key.format;
        let packets = self.packets.load(Ordering::Relaxed).max(1);
        let of_one = self.busy_us.load(Ordering::Relaxed) / packets;
        StreamView {
            source: key.source.clone(),
            codec: format.codec.clone(),
            rate: format.rate,
            channels: format.channels,
            ptime_ms: format.ptime_us / 1000,
            listeners: self.listeners.load(Ordering::Acquire),
            since_ms: clock::ms(self.since.elapsed()),
            cost_us: of_one * 1_000_000 / u64::from(format.ptime_us),
        }
    }
}

/// The hub on its own thread. However that ends, nobody finds it afterwards.
struct Ended {
    streams: Arc<Streams>,
    hub: Arc<Hub>,
    key: Key,
}

impl Ended {
    fn play(self, module: &Module) {
        let format = &self.key.format;
        let packet = Duration::from_micros(u64::from(format.ptime_us));
        let mut encoder = if format.common {
            let Some(encoder) = Encoder::open(format) else { return };
            Some(encoder)
        } else {
            None
        };
        let (mut due, mut heard_at) = (Instant::now(), Instant::now());
        let stops = || module.is_stopping() || core::is_shutting_down();
        while !stops() {
            let opened = Instant::now();
            let Some(mut file) = self.open(&stops) else { return };
            loop {
                if stops() {
                    return;
                }
                if self.hub.listeners.load(Ordering::Acquire) > 0 {
                    heard_at = Instant::now();
                } else if heard_at.elapsed() > LINGERS && self.nobody_listens() {
                    return;
                }
                let began = clock::of_thread();
                let mut samples = vec![0; format.samples * format.channels as usize];
                if !file.read(&mut samples) {
                    break;
                }
                let payload = match &mut encoder {
                    Some(encoder) => match encoder.encode(&mut samples) {
                        Some(payload) => Some(payload),
                        None => return,
                    },
                    None => None,
                };
                self.hub.ring.lock().push(Packet { samples, payload });
                self.hub.packets.fetch_add(1, Ordering::Relaxed);
                let busy = clock::of_thread().saturating_sub(began);
                let busy_us = u64::try_from(busy.as_micros()).unwrap_or(0);
                self.hub.busy_us.fetch_add(busy_us, Ordering::Relaxed);
                due += packet;
                match due.checked_duration_since(Instant::now()) {
                    Some(early) => std::thread::sleep(early),
                    // A source that came late, or a machine that stood still: nobody wants to hear that faster.
                    None if due.elapsed() > packet => due = Instant::now(),
                    None => {}
                }
            }
            // From the beginning. What has none is left to the legs, which say so.
            if opened.elapsed() < SHORTEST {
                return;
            }
        }
    }

    /// The source from its beginning. One that was there is tried for a while: perhaps it is being replaced, and each leg would
    /// try the same.
    fn open(&self, stops: &dyn Fn() -> bool) -> Option<SoundFile> {
        const TRIED_FOR: Duration = Duration::from_millis(1500);
        const EVERY: Duration = Duration::from_millis(100);
        let Format { rate, channels, .. } = self.key.format;
        let began = Instant::now();
        loop {
            let file = SoundFile::open(&self.key.source, rate, channels);
            let was_there = self.hub.packets.load(Ordering::Relaxed) > 0;
            if file.is_some() || !was_there || stops() || began.elapsed() > TRIED_FOR {
                return file;
            }
            std::thread::sleep(EVERY);
        }
    }

    /// Takes the hub out, unless somebody has just begun to listen.
    fn nobody_listens(&self) -> bool {
        let mut hubs = self.streams.0.lock();
        let alone = self.hub.listeners.load(Ordering::Acquire) == 0;
        if alone {
            self.take_out(&mut hubs);
        }
        alone
    }

    /// Not another one that has taken its place.
    fn take_out(&self, hubs: &mut HashMap<Key, Arc<Hub>>) {
        if hubs.get(&self.key).is_some_and(|hub| Arc::ptr_eq(hub, &self.hub)) {
            hubs.remove(&self.key);
        }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.hub.ended.store(true, Ordering::Release);
        self.take_out(&mut self.streams.0.lock());
    }
}

impl Listening {
    /// What is to be heard now; none if there is nothing yet.
    pub(super) fn next(&mut self, now: Instant) -> Option<Arc<Packet>> {
        let packet = self.hub.ring.lock().take(&mut self.place);
        self.empty.found(packet.is_some(), now);
        packet
    }

    /// Whether nothing will come any more, or nothing has come for too long.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.hub.has_ended() || self.empty.is_too_long(now)
    }
}

impl Empty {
    fn found(&mut self, something: bool, now: Instant) {
        if something {
            *self = Self::default();
        } else {
            self.looks += 1;
            self.since.get_or_insert(now);
        }
    }

    fn is_too_long(&self, now: Instant) -> bool {
        self.looks >= STUCK_LOOKS
            && self.since.is_some_and(|since| now.saturating_duration_since(since) > STUCK)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.hub.listeners.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Empty;

    #[test]
    fn a_source_is_stuck_when_a_leg_has_looked_in_vain_and_not_when_all_stood_still() {
        let began = Instant::now();
        let at = |ms: u64| began + Duration::from_millis(ms);
        let mut empty = Empty::default();
        empty.found(false, at(0));
        empty.found(false, at(60_000));
        assert!(!empty.is_too_long(at(60_000)));
        empty.found(true, at(60_020));
        (0..99).for_each(|n| empty.found(false, at(60_040 + n * 20)));
        assert!(!empty.is_too_long(at(62_020)));
        assert!(empty.is_too_long(at(62_060)));
    }
}
