//! A journal that ships to a server.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kit::eventually;
use office::database::{Change, Settings as DatabaseSettings, Shipper};
use office::entry::{Action, Entry, Outcome, Place, Step, StepResult};
use office::journal::{Journal, Settings};

pub const LONG: Duration = Duration::from_secs(60);

/// A node.
pub struct Rig {
    pub journal: Arc<Journal>,
    pub shipper: Shipper,
    pub said: Arc<Mutex<Vec<Change>>>,
}

/// A folder that goes away with this.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let name = format!("callpark-database-{}-{:08x}", std::process::id(), fastrand::u32(..));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn file(&self) -> PathBuf {
        self.0.join("callpark.sqlite")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Rig {
    pub fn new(path: &Path, url: &str) -> Self {
        Rig::with(path, url, |_| {}, |_| {})
    }

    /// Short limits, so that a test need not wait.
    pub fn with(
        path: &Path,
        url: &str,
        set_journal: impl FnOnce(&mut Settings),
        set: impl FnOnce(&mut DatabaseSettings),
    ) -> Self {
        let mut settings = Settings { history_days: 0, ..Settings::new(path, "pbx1") };
        set_journal(&mut settings);
        let journal = Arc::new(Journal::start(settings).unwrap());
        let said = Arc::new(Mutex::new(Vec::new()));
        let hear = Arc::clone(&said);
        let mut settings = DatabaseSettings::new(url.parse().unwrap());
        settings.on_change = Arc::new(move |change| hear.lock().unwrap().push(change.clone()));
        settings.answer_within = Duration::from_secs(4);
        settings.pause = Duration::from_millis(100);
        settings.longest_pause = Duration::from_millis(500);
        settings.alive_every = Duration::from_secs(1);
        set(&mut settings);
        let shipper = Shipper::start(settings, Arc::clone(&journal)).unwrap();
        Rig { journal, shipper, said }
    }

    pub fn record(&self, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            self.journal.record(entry);
        }
    }

    /// Everything is shipped.
    #[track_caller]
    pub fn shipped(&self) {
        assert!(self.journal.flush(LONG));
        let until = Instant::now() + LONG;
        loop {
            let health = self.shipper.health();
            if health.ok == Some(true) && health.waiting == Some(0) {
                return;
            }
            assert!(Instant::now() < until, "not shipped: {health:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// It says what is wrong, and that.
    #[track_caller]
    pub fn fails(&self, with: &str) {
        let mut last = String::new();
        eventually(LONG, "the database is wrong", || {
            let health = self.shipper.health();
            last = format!("{health:?}");
            (health.ok == Some(false) && health.reason.contains(with)).then_some(())
        });
        assert!(!last.contains(kit::postgres::PASSWORD), "{last}");
    }

    /// Trouble, its end, and nothing more.
    #[track_caller]
    pub fn said_once(&self) {
        let said = self.said.lock().unwrap();
        assert!(matches!(said[..], [Change::Failing { .. }, Change::Working { .. }]), "{said:?}");
    }

    /// Ends both, as an unload does.
    pub fn stop(self) {
        assert!(self.journal.flush(LONG));
        assert!(self.shipper.stop(Duration::from_secs(1)));
        assert!(self.journal.stop(LONG));
    }
}

pub fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// A call that is parked, returned once without success, moved, and retrieved; every fourth waits, and every fifth is refused.
pub fn calls(numbers: std::ops::Range<u32>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for number in numbers {
        let place =
            |orbit: u32| Place { lot: "sales@example.com".into(), orbit: orbit.to_string() };
        let uuid = format!("call-{number}");
        let mut park = Entry::new(now_ms(), Action::Park, &uuid, place(700 + number % 50));
        park.subject.domain = "example.com".into();
        park.subject.caller_name = format!("Caller {number}");
        park.subject.caller_number = format!("+4930{number:07}");
        park.subject.parker = "1001@example.com".into();
        park.deadline_ms = Some(park.at_ms + 60_000);
        park.capacity = Some(50);
        let then = |action, after: i64| {
            let mut entry = park.clone();
            (entry.action, entry.at_ms, entry.wait_ms) = (action, park.at_ms + after, after);
            entry
        };
        if number % 5 == 4 {
            let mut refused = then(Action::Refuse, 0);
            refused.reason = "full".into();
            entries.push(refused);
            continue;
        }
        entries.push(park.clone());
        let mut step = then(Action::Return, 1_000);
        step.step = Some(Step { number: 1, to: "user/1001".into(), result: StepResult::Started });
        entries.push(step.clone());
        step.step = Some(Step { number: 1, to: "user/1001".into(), result: StepResult::Failed });
        entries.push(step);
        let mut moved = then(Action::Move, 2_000);
        moved.place = place(800 + number % 50);
        entries.push(moved.clone());
        if number % 4 != 3 {
            let mut end = then(Action::Retrieve, 3_000);
            end.place = moved.place;
            end.retriever = "1002@example.com".into();
            end.outcome = Some(Outcome::Retrieved);
            entries.push(end);
        }
    }
    entries
}
