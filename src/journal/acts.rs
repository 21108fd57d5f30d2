//! Who does what, for the audit.
//!
//! What happens to a parked call is in its event. Who did it is known to the thread that does it: one that runs a command
//! says so, and otherwise the event shows it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use office::audit::{API, Act, CALLER, MODULE};
use office::entry::Place;

use super::Keeper;
use crate::module::Module;
use crate::park::{Action, Outcome, ParkEvent, shortened};
use crate::switch::clock;
use crate::switch::event::{self, Heard, Listener};
use crate::switch::lock::Mutex;

thread_local! {
    static ACTING: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

/// While `what` runs, this thread acts for whoever it acts for already, or else for `actor`: a `user@domain`, or [`API`].
pub(crate) fn acting<T>(actor: &str, what: impl FnOnce() -> T) -> T {
    struct Before(Option<Arc<str>>);
    impl Drop for Before {
        fn drop(&mut self) {
            ACTING.set(self.0.take());
        }
    }
    let before = ACTING.replace(None);
    let _before = Before(before.clone());
    ACTING.set(before.or_else(|| Some(Arc::from(actor))));
    what()
}

/// For whom this thread acts, if that is known.
pub(crate) fn actor() -> Option<String> {
    ACTING.with_borrow(|actor| actor.as_deref().map(str::to_owned))
}

/// Who did what the event says.
pub(super) fn actor_of(event: &ParkEvent) -> String {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let retriever = event.retriever.as_deref();
    let parker = event.info.parker.as_deref();
    let acting = actor();
    match (event.action, event.outcome) {
        (_, Some(Outcome::Shutdown | Outcome::Lost)) => MODULE.to_owned(),
        (Action::Abandon, _) | (Action::Leave, Some(Outcome::Left | Outcome::Callback)) => {
            CALLER.to_owned()
        }
        _ if acting.is_some() => acting.unwrap_or_default(),
        (Action::Park | Action::Replace, _) => text(parker),
        (Action::Retrieve, _) => text(retriever),
        (Action::Refuse, _) => text(retriever.or(parker)),
        (Action::Move | Action::Set | Action::Drop, _) => API.to_owned(),
        (Action::Return | Action::Remind | Action::Resume | Action::Recover, _) => {
            MODULE.to_owned()
        }
        (Action::Leave, _) => String::new(),
    }
}

/// The longest detail of a row.
const LONGEST: usize = 200;
/// How often a program or a board that asks for the same again and again is written down.
const SAME_LIST: Duration = Duration::from_secs(3600);
/// How many different questions are remembered.
const MOST_LISTS: usize = 10_000;

/// What programs and boards have asked for, and when that was written down.
#[derive(Default)]
pub(crate) struct Asked(Mutex<HashMap<String, Instant>>);

impl Asked {
    /// Whether it is time to write it down.
    fn is_new(&self, what: &str, now: Instant) -> bool {
        let mut asked = self.0.lock();
        if asked.get(what).is_some_and(|at| now < *at + SAME_LIST) {
            return false;
        }
        if asked.len() >= MOST_LISTS {
            asked.retain(|_, at| now < *at + SAME_LIST);
        }
        if asked.len() < MOST_LISTS {
            asked.insert(what.to_owned(), now);
        }
        true
    }
}

/// A command, for the audit.
pub(crate) struct Command<'a> {
    /// The verb.
    pub verb: &'a str,
    /// What else may be written down of it.
    pub words: String,
    /// Where.
    pub place: Place,
    /// `ok`, or the code of the refusal.
    pub result: &'a str,
    /// What it does.
    pub kind: Kind,
}

/// What a command does, as far as it matters how often it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It changes something, or tries to.
    Acts,
    /// It only reads. A program may do so every second.
    Reads,
    /// It only reads, and a program does so on somebody's behalf: a board, for example.
    Polls,
}

/// Writes down that this thread's actor has given that command.
pub(crate) fn command(module: &Module, command: Command<'_>) {
    let actor = actor().unwrap_or_else(|| API.to_owned());
    let keeper = Keeper::of(module);
    let words = shortened(&command.words, LONGEST);
    if command.kind == Kind::Polls || (command.kind == Kind::Reads && actor == API) {
        let Place { lot, orbit } = &command.place;
        let what = format!("{actor} {} {words} {lot} {orbit} {}", command.verb, command.result);
        if !module.table::<Asked>().is_new(&what, Instant::now()) {
            return;
        }
    }
    keeper.audit(Act {
        at_ms: i64::try_from(clock::epoch_ms()).unwrap_or(i64::MAX),
        actor,
        action: command.verb.to_owned(),
        place: command.place,
        uuid: String::new(),
        result: command.result.to_owned(),
        detail: words.to_string(),
    });
}

/// Another configuration counts.
pub(super) fn configured() -> Act {
    Act {
        at_ms: i64::try_from(clock::epoch_ms()).unwrap_or(i64::MAX),
        actor: actor().unwrap_or_else(|| MODULE.to_owned()),
        action: "configure".to_owned(),
        place: Place::default(),
        uuid: String::new(),
        result: "ok".to_owned(),
        detail: String::new(),
    }
}

/// Hears that FreeSWITCH has received a SIGHUP, at which it begins its log files anew.
pub(crate) struct Signals;

impl Listener for Signals {
    const KIND: event::Kind = event::Kind::Trap;

    fn heard(event: Heard<'_>) {
        if event.header("Trapped-Signal").as_deref() == Some("HUP")
            && let Some(module) = Module::running()
            && let Some(journal) = Keeper::of(&module).journal()
        {
            journal.rotate();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_acts_for_one_at_a_time() {
        assert_eq!(actor(), None);
        acting(API, || {
            assert_eq!(actor().as_deref(), Some(API));
        });
        acting("1000@example.com", || {
            acting(API, || assert_eq!(actor().as_deref(), Some("1000@example.com")));
            assert_eq!(actor().as_deref(), Some("1000@example.com"));
        });
        assert_eq!(actor(), None);
    }

    #[test]
    fn a_dashboard_that_asks_every_second_is_one_row_an_hour() {
        let (asked, now) = (Asked::default(), Instant::now());
        assert!(asked.is_new("list", now) && asked.is_new("list json", now));
        assert!(!asked.is_new("list", now + Duration::from_secs(3_599)));
        assert!(asked.is_new("list", now + Duration::from_secs(3_600)));
        for number in 0..3 * MOST_LISTS {
            assert!(asked.is_new(&number.to_string(), now));
        }
        assert!(asked.0.lock().len() <= MOST_LISTS);
    }
}
