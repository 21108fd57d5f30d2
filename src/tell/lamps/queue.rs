//! What is to be done about lamps. The room for questions of phones is limited, however often they ask. Changes of parked
//! calls go first and are never lost.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::switch::lock::{Condvar, Mutex};

use crate::module::Module;
use crate::park::{LotKey, OrbitKey};
use crate::tell::lamps::asked::Asked;
use crate::tell::lamps::backlog::Backlog;

/// How many phones may wait for an answer.
const MOST: usize = 10_000;
/// How many of these questions may be one phone's.
const MOST_OF_A_PHONE: usize = 1_000;

/// A lamp: its name without the proto, and its domain.
pub(crate) type LampName = (String, String);

/// The lamps as they were shown last.
pub(crate) struct Sent {
    /// Those that are lit.
    pub lit: HashSet<LampName>,
    /// Those that will be shown when their turn comes.
    pub to_come: HashSet<LampName>,
}

/// What is to be done next.
pub(crate) enum Job {
    /// The lamp of this orbit may show something old.
    Lamp(OrbitKey),
    /// That of the lot as a whole may.
    Lot(LotKey),
    /// A phone asks what a lamp shows.
    Asked(Asked),
    /// Somebody wants to know which lamps are lit.
    Sent(Sender<Sent>),
    /// The configuration was read again, so that lamps may have other names and other owners.
    Configured,
    /// Nothing.
    Nothing,
    /// End. All lamps have been shown.
    Stop,
}

#[derive(Default)]
struct Waiting {
    lamps: Backlog<OrbitKey>,
    lots: Backlog<LotKey>,
    asked: VecDeque<Asked>,
    of_phones: HashMap<Arc<str>, usize>,
    sent: Vec<Sender<Sent>>,
    configured: bool,
    stop: bool,
    unanswered: u64,
}

impl Waiting {
    fn ask(&mut self, asked: Asked) -> bool {
        let phone = asked.source();
        let count = self.of_phones.get(&phone).copied().unwrap_or_default();
        if self.stop || self.asked.len() >= MOST || count >= MOST_OF_A_PHONE {
            self.unanswered += 1;
            return false;
        }
        self.of_phones.insert(phone, count + 1);
        self.asked.push_back(asked);
        true
    }

    fn next(&mut self) -> Option<Job> {
        if std::mem::take(&mut self.configured) {
            return Some(Job::Configured);
        }
        if let Some(lamp) = self.lamps.pop() {
            return Some(Job::Lamp(lamp));
        }
        // Once for all calls that have come and gone meanwhile.
        if let Some(lot) = self.lots.pop() {
            return Some(Job::Lot(lot));
        }
        if self.stop {
            return Some(Job::Stop);
        }
        if let Some(sent) = self.sent.pop() {
            return Some(Job::Sent(sent));
        }
        let asked = self.asked.pop_front()?;
        let phone = asked.source();
        if let Some(count) = self.of_phones.get_mut(&phone) {
            *count -= 1;
            if *count == 0 {
                self.of_phones.remove(&phone);
            }
        }
        Some(Job::Asked(asked))
    }
}

/// The queue. One lock, a leaf.
#[derive(Default)]
pub(crate) struct LampQueue {
    waiting: Mutex<Waiting>,
    came: Condvar,
    /// How many wait elsewhere, because no phone is known to watch them.
    unwatched: AtomicUsize,
}

/// How much waits.
#[cfg_attr(not(feature = "web"), allow(dead_code, reason = "there is no server that shows it"))]
pub(crate) struct Backlogs {
    /// Lamps that have changed.
    pub changed: usize,
    /// Lamps that have changed and that no phone is known to watch.
    pub unwatched: usize,
    /// Phones that ask.
    pub asked: usize,
}

impl LampQueue {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }

    fn with<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        let value = change(&mut self.waiting.lock());
        self.came.notify_one();
        value
    }

    /// The lamps of this orbit and of its lot may show something old.
    pub(crate) fn changed(&self, lamp: OrbitKey) {
        self.with(|waiting| {
            waiting.lots.push(lamp.lot.clone());
            waiting.lamps.push(lamp);
        });
    }

    /// A phone asks. Returns false if too many do. The phone is answered when it asks again.
    pub(crate) fn ask(&self, asked: Asked) -> bool {
        self.with(|waiting| waiting.ask(asked))
    }

    /// Tells which lamps are lit, after the changes that wait now.
    pub(crate) fn tell_sent(&self, to: Sender<Sent>) {
        self.with(|waiting| waiting.sent.push(to));
    }

    /// The configuration was read again.
    pub(crate) fn configured(&self) {
        self.with(|waiting| waiting.configured = true);
    }

    /// Ends the thread that reads the queue, after the lamps that wait. Phones get no answers any more.
    pub(crate) fn stop(&self) {
        self.with(|waiting| waiting.stop = true);
    }

    /// So many lamps that no phone is known to watch are shown a few at a time.
    pub(super) fn leave(&self, unwatched: usize) {
        self.unwatched.store(unwatched, Ordering::Relaxed);
    }

    /// How much waits.
    #[cfg_attr(not(feature = "web"), allow(dead_code, reason = "there is no server that shows it"))]
    pub(crate) fn backlogs(&self) -> Backlogs {
        let unwatched = self.unwatched.load(Ordering::Relaxed);
        let waiting = self.waiting.lock();
        let changed = waiting.lamps.len() + waiting.lots.len();
        Backlogs { changed, unwatched, asked: waiting.asked.len() }
    }

    /// Whether a phone that asks now has a good chance of being answered.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.lock().asked.len() < MOST / 2
    }

    /// A phone gets no answer.
    pub(crate) fn leave_unanswered(&self) {
        self.waiting.lock().unanswered += 1;
    }

    /// How many phones have got no answer since this was called last.
    pub(crate) fn take_unanswered(&self) -> u64 {
        std::mem::take(&mut self.waiting.lock().unanswered)
    }

    /// Waits for something to do, at most for `patience`.
    pub(crate) fn next(&self, patience: Duration) -> Job {
        let mut waiting = self.waiting.lock();
        if let Some(job) = waiting.next() {
            return job;
        }
        if !patience.is_zero() {
            self.came.wait_for(&mut waiting, patience);
        }
        waiting.next().unwrap_or(Job::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(from: &str, n: usize) -> Asked {
        Asked::new("701", "b.local", Some(n.to_string()), from, 60).expect("a lamp")
    }

    fn lamp(n: u32) -> OrbitKey {
        let orbit = n.to_string().parse().expect("an orbit");
        OrbitKey { lot: "default".parse().expect("a lot"), orbit }
    }

    #[test]
    fn a_lamp_goes_before_everybody_who_asks_and_waits_once() {
        let queue = LampQueue::default();
        for n in 0..100 {
            assert!(queue.ask(asked("1@b.local", n)));
        }
        for _ in 0..3 {
            queue.changed(lamp(701));
        }
        queue.changed(lamp(702));
        for _ in 0..2 {
            assert!(matches!(queue.next(Duration::ZERO), Job::Lamp(..)));
        }
        assert!(matches!(queue.next(Duration::ZERO), Job::Lot(_)));
        assert!(matches!(queue.next(Duration::ZERO), Job::Asked(_)));
    }

    #[test]
    fn one_phone_leaves_room_for_others_and_all_have_a_limit() {
        let queue = LampQueue::default();
        let taken = |phone: &str, count| (0..count).filter(|n| queue.ask(asked(phone, *n))).count();
        assert_eq!(taken("1@b.local", 20_000), MOST_OF_A_PHONE);
        assert_eq!(taken("2@b.local", 10), 10);
        let strangers = (0..20_000).filter(|n| queue.ask(asked(&format!("{n}@x.example"), *n)));
        assert_eq!(strangers.count(), MOST - MOST_OF_A_PHONE - 10);
        assert!(queue.take_unanswered() > 0);
        let answered = std::iter::from_fn(|| match queue.next(Duration::ZERO) {
            Job::Asked(asked) => Some(asked),
            _ => None,
        });
        assert_eq!(answered.count(), MOST);
        assert!(queue.waiting.lock().of_phones.is_empty());
        assert_eq!(taken("1@b.local", 1), 1);
    }

    #[test]
    fn it_ends_after_the_lamps() {
        let queue = LampQueue::default();
        queue.ask(asked("1@b.local", 1));
        queue.stop();
        queue.changed(lamp(701));
        assert!(matches!(queue.next(Duration::ZERO), Job::Lamp(..)));
        assert!(matches!(queue.next(Duration::ZERO), Job::Lot(_)));
        assert!(matches!(queue.next(Duration::ZERO), Job::Stop));
        assert!(!queue.ask(asked("1@b.local", 2)));
    }
}
