//! The entries that are not in the file yet.

use std::collections::VecDeque;

use super::inbox::Item;

/// How many entries stay in memory while the file cannot be written.
pub(super) const MOST: usize = 100_000;

/// The entries that are not in the file yet, oldest first.
pub(super) struct Backlog {
    entries: VecDeque<Item>,
    most: usize,
}

/// What was given up to make room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shed {
    pub(super) entries: u64,
    pub(super) endings: u64,
}

impl Backlog {
    pub(super) fn new(most: usize) -> Self {
        Backlog { entries: VecDeque::new(), most }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an entry. When there is no room, what happened while a call waited is given up first, then the oldest.
    pub(super) fn push(&mut self, entry: Item) -> Shed {
        let mut shed = Shed::default();
        if self.entries.len() >= self.most {
            let before = self.entries.len();
            self.entries.retain(|entry| !entry.is_between());
            shed.entries = (before - self.entries.len()) as u64;
            if shed.entries == 0 {
                let oldest = self.entries.pop_front();
                shed = Shed {
                    entries: 1,
                    endings: oldest.is_some_and(|entry| entry.is_ending()).into(),
                };
            }
        }
        self.entries.push_back(entry);
        shed
    }

    /// The oldest ones.
    pub(super) fn first(&self, most: usize) -> impl Iterator<Item = &Item> {
        self.entries.iter().take(most)
    }

    /// They are in the file. How many of them were entries.
    pub(super) fn written(&mut self, most: usize) -> u64 {
        let written = self.entries.drain(..most.min(self.entries.len()));
        written.filter(|item| matches!(item, Item::Entry(_))).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Action, Entry, Outcome, Place};

    fn entry(at_ms: i64, action: Action, outcome: Option<Outcome>) -> Item {
        Entry { outcome, ..Entry::new(at_ms, action, "u", Place::default()) }.into()
    }

    fn times(backlog: &Backlog) -> Vec<i64> {
        let time = |item: &Item| match item {
            Item::Entry(entry) => entry.at_ms,
            Item::Act(act) => act.at_ms,
        };
        backlog.first(9).map(time).collect()
    }

    #[test]
    fn what_ends_a_call_is_given_up_last() {
        let mut backlog = Backlog::new(4);
        for (at, action, outcome) in [
            (1, Action::Park, None),
            (2, Action::Remind, None),
            (3, Action::Resume, None),
            (4, Action::Retrieve, Some(Outcome::Retrieved)),
        ] {
            assert_eq!(backlog.push(entry(at, action, outcome)), Shed::default());
        }
        let shed = backlog.push(entry(5, Action::Park, None));
        assert_eq!(shed, Shed { entries: 2, endings: 0 });
        assert_eq!(times(&backlog), [1, 4, 5]);
        backlog.push(entry(6, Action::Park, None));
        assert_eq!(backlog.push(entry(7, Action::Park, None)), Shed { entries: 1, endings: 0 });
        assert_eq!(backlog.push(entry(8, Action::Park, None)), Shed { entries: 1, endings: 1 });
        assert_eq!(backlog.written(2), 2);
        assert_eq!(times(&backlog), [7, 8]);
    }
}
