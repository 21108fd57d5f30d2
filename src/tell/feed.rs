//! Every event goes to every listener once, in the order in which the rules decided.
//!
//! Two threads that act on one call, one directly after the other, prepare their events at the same time. Each decision has
//! a number. A thread that is ready before its turn leaves its news with the thread before it, so that neither of them
//! waits. Therefore an operation can end a moment before it is reported. The variables of the channel are set before that.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::switch::lock::{Held, Mutex};

use crate::module::Module;
use crate::park::CallUuid;
use crate::switch::event::Event;
use crate::switch::{guard, log};

/// One event, ready to be reported. It already contains what only the call's own thread knows.
pub(crate) struct News {
    /// The call.
    pub uuid: CallUuid,
    /// The events that FreeSWITCH fires, in this order. Those for which there was no memory are missing.
    pub events: Vec<Event>,
    /// The line of the log.
    pub sentence: String,
    /// What a room above this one does when the event is reported, if there is anything.
    pub above: Option<Box<dyn FnOnce() + Send>>,
}

impl News {
    /// The same, heard by a room above too.
    pub(crate) fn heard_by(self, above: impl FnOnce() + Send + 'static) -> Self {
        News { above: Some(Box::new(above)), ..self }
    }
}

/// All listeners. A listener must not wait for anything.
const LISTENERS: [fn(&mut News); 3] = [fire, write_log, above];

fn fire(news: &mut News) {
    std::mem::take(&mut news.events).into_iter().for_each(Event::fire);
}

fn write_log(news: &mut News) {
    let uuid = Some(news.uuid.as_str()).filter(|uuid| !uuid.is_empty());
    log::notice(uuid, format_args!("{}", news.sentence));
}

fn above(news: &mut News) {
    if let Some(above) = news.above.take() {
        above();
    }
}

/// What can be reported.
pub(crate) trait Tell {
    /// Reports it.
    fn tell(self);
}

impl Tell for News {
    fn tell(mut self) {
        for listener in LISTENERS {
            guard("telling", (), || listener(&mut self));
        }
    }
}

/// The turns to report, and the news that is ready before its turn.
pub(crate) struct Feed<T: Tell = News>(Mutex<State<T>>);

struct State<T> {
    /// How many turns are over.
    over: u64,
    early: BTreeMap<u64, Vec<T>>,
    /// Whether a thread is reporting, which then also reports what the others leave it.
    telling: bool,
}

impl<T: Tell> Default for Feed<T> {
    fn default() -> Self {
        Self(Mutex::new(State { over: 0, early: BTreeMap::new(), telling: false }))
    }
}

impl Feed {
    /// That of the module.
    pub(crate) fn of(module: &Module) -> Arc<Self> {
        module.table()
    }
}

impl<T: Tell> Feed<T> {
    /// The turn of that decision. Each decision has one, and later decisions are not reported before it ends.
    pub(crate) fn turn(&self, number: u64) -> Turn<'_, T> {
        Turn { feed: self, number, news: Vec::new() }
    }

    fn ready(&self, number: u64, news: Vec<T>) {
        let mut state = self.0.lock();
        state.early.insert(number, news);
        if state.telling {
            return;
        }
        state.telling = true;
        while let Some(news) = state.next() {
            Held::unlocked(&mut state, || {
                // The next news is reported whatever happens in there.
                drop(catch_unwind(AssertUnwindSafe(|| news.into_iter().for_each(Tell::tell))));
            });
        }
        state.telling = false;
    }
}

impl<T> State<T> {
    fn next(&mut self) -> Option<Vec<T>> {
        let news = self.early.remove(&self.over)?;
        self.over += 1;
        Some(news)
    }
}

/// One turn. It ends when this is dropped, even if its thread panics.
pub(crate) struct Turn<'a, T: Tell = News> {
    feed: &'a Feed<T>,
    number: u64,
    news: Vec<T>,
}

impl<T: Tell> Turn<'_, T> {
    /// Adds news that is reported in this turn.
    pub(crate) fn tells(&mut self, news: T) {
        self.news.push(news);
    }
}

impl<T: Tell> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        self.feed.ready(self.number, std::mem::take(&mut self.news));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Note(u32, Arc<Mutex<Vec<u32>>>);

    impl Tell for Note {
        fn tell(self) {
            self.1.lock().push(self.0);
        }
    }

    #[test]
    fn what_was_decided_first_is_told_first() {
        let (feed, told) = (Feed::default(), Arc::new(Mutex::new(Vec::new())));
        let (mut first, mut second, mut third) = (feed.turn(0), feed.turn(1), feed.turn(2));
        third.tells(Note(4, Arc::clone(&told)));
        second.tells(Note(3, Arc::clone(&told)));
        first.tells(Note(1, Arc::clone(&told)));
        first.tells(Note(2, Arc::clone(&told)));
        drop(third);
        drop(second);
        assert!(told.lock().is_empty(), "nothing is told out of turn");
        drop(first);
        assert_eq!(*told.lock(), [1, 2, 3, 4]);
    }

    #[test]
    fn a_turn_in_which_nothing_is_told_is_over_too() {
        let (feed, told) = (Feed::default(), Arc::new(Mutex::new(Vec::new())));
        drop(feed.turn(0));
        feed.turn(1).tells(Note(1, Arc::clone(&told)));
        assert_eq!(*told.lock(), [1]);
    }

    #[test]
    fn many_threads_tell_in_the_order_of_their_turns() {
        let (feed, told) = (Feed::default(), Arc::new(Mutex::new(Vec::new())));
        let decided = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        let number = {
                            let mut decided = decided.lock();
                            *decided += 1;
                            *decided
                        };
                        feed.turn(u64::from(number) - 1).tells(Note(number, Arc::clone(&told)));
                    }
                });
            }
        });
        assert!(told.lock().iter().copied().eq(1..=4000));
    }
}
