//! A process that journals is killed again and again, at random moments: nothing is written twice, nothing that was flushed
//! is missing, and each park has exactly one end.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use office::entry::{Action, Entry, Outcome, Place};
use office::journal::{Journal, Settings, State};
use office::query::{Limits, Reader};

/// The process that is killed learns the file from it.
const VICTIM: &str = "OFFICE_KILL_VICTIM";
/// How many entries it records each second.
const RATE: u32 = 2_000;
const LONG: Duration = Duration::from_secs(120);

/// How often: 100 times unless `OFFICE_KILLS` says otherwise.
fn kills() -> u32 {
    std::env::var("OFFICE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(100)
}

#[test]
fn each_park_has_one_end_after_a_hundred_kills() {
    if let Some(path) = std::env::var_os(VICTIM) {
        journal_until_killed(Path::new(&path));
        return;
    }
    let folder = std::env::temp_dir().join(format!("callpark-kill-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("callpark.sqlite");
    let mut flushed: u64 = 0;
    for _ in 0..kills() {
        flushed = flushed.max(kill_one(&path));
    }
    // What the last kill has left is recovered like the rest.
    let journal = start(&path);
    recover(&journal);
    assert!(journal.stop(LONG));
    let limits = Limits { time: LONG, ..Limits::default() };
    let found = Reader::new(&path).with(limits).verify().unwrap();
    println!("{} kills: {found:?}, of which {flushed} were flushed", kills());
    assert_eq!(found.first_broken, []);
    assert_eq!((found.broken, found.waiting, found.partial), (0, 0, 0));
    assert!(found.entries >= flushed && flushed > 0, "{found:?}, {flushed}");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Starts a process, and kills it at a random moment of its work. How many entries it knew to be in the file.
fn kill_one(path: &PathBuf) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "each_park_has_one_end_after_a_hundred_kills", "--nocapture"])
        .env(VICTIM, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // Not only its start.
    let ready = lines.by_ref().any(|line| line.unwrap().ends_with("ready"));
    assert!(ready);
    std::thread::sleep(Duration::from_millis(fastrand::u64(0..250)));
    child.kill().unwrap();
    child.wait().unwrap();
    let flushed = lines.map_while(Result::ok).filter_map(|line| line.parse().ok());
    flushed.max().unwrap_or_default()
}

fn start(path: &Path) -> Journal {
    Journal::start(Settings { history_days: 0, ..Settings::new(path, "pbx1") }).unwrap()
}

/// Half of what had no end is parked again and goes on; the rest is lost. The entries of those that go on.
fn recover(journal: &Journal) -> Vec<Entry> {
    let mut going_on = Vec::new();
    for (number, unfinished) in journal.opened(LONG).unfinished.into_iter().enumerate() {
        let call = unfinished.call;
        let mut entry = Entry::new(now_ms(), Action::Recover, &call.uuid, call.place);
        entry.subject = call.subject;
        if number % 2 == 0 || std::env::var_os(VICTIM).is_none() {
            entry.outcome = Some(Outcome::Lost);
        } else {
            going_on.push(entry.clone());
        }
        journal.record(entry);
    }
    going_on
}

fn journal_until_killed(path: &Path) {
    let journal = start(path);
    let mut waiting = recover(&journal);
    assert!(journal.flush(LONG), "{:?}", journal.health());
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready").unwrap();
    let base = highest(path);
    let mut next_flush = Instant::now();
    let start = Instant::now();
    for count in 0_u32.. {
        if fastrand::bool() || waiting.is_empty() {
            let place = Place { lot: "default".into(), orbit: format!("7{:02}", count % 100) };
            let uuid = format!("{}-{count}", std::process::id());
            let park = Entry::new(now_ms(), Action::Park, &uuid, place);
            journal.record(park.clone());
            waiting.push(park);
        } else {
            let mut end = waiting.swap_remove(fastrand::usize(0..waiting.len()));
            end.action = Action::Retrieve;
            end.outcome = Some(Outcome::Retrieved);
            end.at_ms = now_ms();
            journal.record(end);
        }
        assert_ne!(journal.health().state, State::Failing);
        if Instant::now() >= next_flush {
            assert!(journal.flush(LONG));
            next_flush = Instant::now() + Duration::from_millis(30);
            writeln!(out, "{}", base + u64::from(count) + 1).unwrap();
        }
        let due = start + Duration::from_secs(1) / RATE * count;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

/// How many entries the file has.
fn highest(path: &Path) -> u64 {
    Reader::new(path).verify().unwrap().entries
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
