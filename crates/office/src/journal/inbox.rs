//! The way from the threads of calls to the journal's own: two bounded channels that nobody waits at.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, select_biased};

use crate::audit::Act;
use crate::entry::{Action, Entry};

/// How many entries fit between the threads of calls and that of the journal.
pub(super) const ROOM: usize = 65_536;
/// How many endings fit in addition.
pub(super) const ROOM_FOR_ENDINGS: usize = 65_536;

/// What is written down.
#[derive(Debug)]
pub(super) enum Item {
    /// An event of a parked call.
    Entry(Box<Entry>),
    /// Something else that somebody did.
    Act(Box<Act>),
}

impl Item {
    /// The last of a call.
    pub(super) fn is_ending(&self) -> bool {
        matches!(self, Item::Entry(entry) if entry.is_ending())
    }

    /// What happened while a call waits, and is the first to be given up.
    pub(super) fn is_between(&self) -> bool {
        matches!(self, Item::Entry(entry) if !entry.is_ending() && entry.action != Action::Park)
    }
}

impl From<Entry> for Item {
    fn from(entry: Entry) -> Self {
        Item::Entry(Box::new(entry))
    }
}

impl From<Act> for Item {
    fn from(act: Act) -> Self {
        Item::Act(Box::new(act))
    }
}

/// An item, and its place in the order of all.
struct Numbered(u64, Item);

/// Where entries are put.
pub(super) struct Outbox {
    entries: Sender<Numbered>,
    endings: Sender<Numbered>,
    next: AtomicU64,
    /// How many were put nowhere.
    pub(super) shed: AtomicU64,
    /// How many of these were endings.
    pub(super) shed_endings: AtomicU64,
}

/// Where they come out.
pub(super) struct Inbox {
    entries: Receiver<Numbered>,
    endings: Receiver<Numbered>,
    entry: Option<Numbered>,
    ending: Option<Numbered>,
}

/// The two ends, with that much room for entries and for endings.
pub(super) fn channel(room: usize, for_endings: usize) -> (Outbox, Inbox) {
    let (entries, entries_out) = bounded(room);
    let (endings, endings_out) = bounded(for_endings);
    let outbox = Outbox {
        entries,
        endings,
        next: AtomicU64::new(0),
        shed: AtomicU64::new(0),
        shed_endings: AtomicU64::new(0),
    };
    (outbox, Inbox { entries: entries_out, endings: endings_out, entry: None, ending: None })
}

impl Outbox {
    /// Puts an entry in and never waits. False if there was no room for it.
    pub(super) fn put(&self, item: impl Into<Item>) -> bool {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let full = match self.entries.try_send(Numbered(number, item.into())) {
            Ok(()) => return true,
            Err(TrySendError::Full(entry) | TrySendError::Disconnected(entry)) => entry,
        };
        if full.1.is_ending() {
            if self.endings.try_send(full).is_ok() {
                return true;
            }
            self.shed_endings.fetch_add(1, Ordering::Relaxed);
        }
        self.shed.fetch_add(1, Ordering::Relaxed);
        false
    }

    /// How many are on their way.
    pub(super) fn len(&self) -> usize {
        self.entries.len() + self.endings.len()
    }
}

impl Inbox {
    /// The next entry in order, if there is one.
    pub(super) fn take(&mut self) -> Option<Item> {
        // In this order: whatever is older than an ending that went the second way was already in the first.
        if self.ending.is_none() {
            self.ending = self.endings.try_recv().ok();
        }
        if self.entry.is_none() {
            self.entry = self.entries.try_recv().ok();
        }
        let ending_first = match (&self.entry, &self.ending) {
            (Some(entry), Some(ending)) => ending.0 < entry.0,
            (None, ending) => ending.is_some(),
            (Some(_), None) => false,
        };
        let next = if ending_first { self.ending.take() } else { self.entry.take() };
        next.map(|numbered| numbered.1)
    }

    /// The next entry in order; waits for one until then, or until there is something in `also`.
    pub(super) fn next<T>(&mut self, until: Instant, also: &Receiver<T>) -> Next<T> {
        if let Some(entry) = self.take() {
            return Next::Item(entry);
        }
        select_biased! {
            recv(also) -> message => return message.map_or(Next::Nothing, Next::Message),
            recv(self.entries) -> entry => self.entry = entry.ok(),
            recv(self.endings) -> ending => self.ending = ending.ok(),
            default(until.saturating_duration_since(Instant::now())) => {}
        }
        self.take().map_or(Next::Nothing, Next::Item)
    }
}

/// What came first.
pub(super) enum Next<T> {
    Item(Item),
    Message(T),
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Action, Outcome, Place};

    fn entry(at_ms: i64, outcome: Option<Outcome>) -> Entry {
        Entry { outcome, ..Entry::new(at_ms, Action::Park, "u", Place::default()) }
    }

    fn at_ms(item: Item) -> i64 {
        match item {
            Item::Entry(entry) => entry.at_ms,
            Item::Act(act) => act.at_ms,
        }
    }

    #[test]
    fn endings_have_room_of_their_own_and_keep_their_turn() {
        let (outbox, mut inbox) = channel(2, 1);
        let end = Some(Outcome::Abandoned);
        let put = [(1, None), (2, None), (3, None), (4, end), (5, end)];
        let taken: Vec<bool> =
            put.iter().map(|(at, outcome)| outbox.put(entry(*at, *outcome))).collect();
        assert_eq!(taken, [true, true, false, true, false]);
        assert_eq!(inbox.take().map(at_ms), Some(1));
        assert!(outbox.put(entry(6, None)));
        let rest: Vec<i64> = std::iter::from_fn(|| inbox.take()).map(at_ms).collect();
        assert_eq!(rest, [2, 4, 6]);
        assert_eq!(outbox.shed.load(Ordering::Relaxed), 2);
        assert_eq!(outbox.shed_endings.load(Ordering::Relaxed), 1);
    }
}
