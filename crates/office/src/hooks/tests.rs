mod answers;
mod order;
mod questions;
mod receiver;
mod redirects;
mod templates;

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::*;
use crate::entry::Place;
use crate::journal::{Journal, Want};
use crate::testing::{self, LONG};

/// That of the tests, and the bytes that it stands for.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What somebody has suggested: the question, the channel, when it was parked, and what.
type Suggested = (String, String, i64, Suggestion);

/// A module that lets everything be seen.
struct Desk {
    said: Mutex<Vec<Change>>,
    suggested: Mutex<Vec<Suggested>>,
    shown: Mutex<Option<Shown>>,
}

impl Default for Desk {
    fn default() -> Self {
        Desk {
            said: Mutex::default(),
            suggested: Mutex::default(),
            shown: Mutex::new(Some(Shown::All)),
        }
    }
}

impl Host for Desk {
    fn shown(&self, _: &Reader, _: &str) -> Option<Shown> {
        *self.shown.lock()
    }

    fn suggested(
        &self,
        question: &str,
        _: &Reader,
        uuid: &str,
        parked_at_ms: i64,
        suggestion: Suggestion,
    ) -> Result<(), String> {
        let what = (question.to_owned(), uuid.to_owned(), parked_at_ms, suggestion);
        self.suggested.lock().push(what);
        Ok(())
    }

    fn link(&self, uuid: &str, parked_at_ms: i64, place: &Place) -> Option<String> {
        (place.orbit == "701").then(|| format!("https://pbx/r/{uuid}.{parked_at_ms}"))
    }

    fn say(&self, change: &Change) {
        self.said.lock().push(change.clone());
    }
}

fn hook(name: &str, port: u16) -> Hook {
    Hook {
        name: name.to_owned(),
        endpoint: format!("http://127.0.0.1:{port}/in?key=topsecret").parse().unwrap(),
        secret: SECRET.parse().unwrap(),
        reader: Reader::default(),
        authorization: None,
        private: false,
    }
}

fn webhook(name: &str, port: u16) -> Webhook {
    let want = Want { hook: name.to_owned(), ..Want::default() };
    Webhook { hook: hook(name, port), want, template_file: None, template: None }
}

fn settings(webhooks: &[Webhook]) -> Settings {
    Settings { webhooks: webhooks.to_vec(), questions: Vec::new() }
}

/// Retries soon, and once more after a while, within which all of that counts.
fn quick() -> Arc<[Duration]> {
    [10, 10, 10, 10, 3_000].map(Duration::from_millis).into()
}

/// Hooks with that schedule.
fn start(
    desk: &Arc<Desk>,
    journal: Option<&Arc<Journal>>,
    settings: Settings,
    schedule: Arc<[Duration]>,
) -> Hooks {
    let host: Arc<dyn Host> = Arc::<Desk>::clone(desk);
    if let Some(journal) = journal {
        journal.wants(settings.wants());
    }
    Hooks::start(Setup { schedule, ..Setup::new(host, journal.cloned()) }, settings).unwrap()
}

fn journal(folder: &testing::Folder) -> Arc<Journal> {
    Arc::new(testing::journal(&folder.file(), |_| {}).0)
}

fn wait(what: &str, mut is: impl FnMut() -> bool) {
    let until = Instant::now() + LONG;
    while !is() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The only one.
fn listed(hooks: &Hooks) -> Listed {
    hooks.list().remove(0)
}
