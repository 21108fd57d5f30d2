//! Fills a journal with a year of made-up calls and measures it: `cargo run --release -p office --example million -- <calls>
//! <days> [<folder>]`. Leaves the file and a report in the folder, and reads a file that is there already. Without a folder it
//! removes everything.
//!
//! Absolute times depend on the machine. What is measured: the size of the file for each call, what `record` costs the thread that
//! calls it, and how long `history` of a day, `at` and the reports of a month take.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program that measures stops where it fails"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use office::entry::{Action, Entry, Outcome, Place, Step, StepResult};
use office::journal::{Journal, Settings};
use office::query::{Filter, Limits, Reader};
use office::report::{Kind, Report, Scope, html};
use office::time::Clock;

const DAY_MS: i64 = 86_400_000;
/// Long enough for everything.
const LONG: Duration = Duration::from_secs(3_600);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number =
        |otherwise: i64| arguments.next().map_or(otherwise, |text| text.parse().unwrap());
    let (calls, days) = (number(1_000_000), number(365));
    let given = arguments.next().map(PathBuf::from);
    let folder = given.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("callpark-million-{}", std::process::id()))
    });
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("callpark.sqlite");
    let clock = Clock::system();
    let today = clock.from("today").unwrap();

    if path.exists() {
        println!("an earlier file is read");
    } else {
        write(&path, calls, days, today);
    }
    let settings =
        Settings { history_days: 0, ..Settings::new(folder.join("other.sqlite"), "pbx1") };
    let journal = Journal::start(settings).unwrap();
    record(&journal, today);
    drop(journal);

    let limits = Limits { time: LONG, ..Limits::default() };
    let reader = Reader::new(&path).with(limits);
    let day = Filter {
        from_ms: Some(today - 8 * DAY_MS),
        to_ms: Some(today - 7 * DAY_MS),
        limit: 1_000,
        ..Filter::default()
    };
    let caller = Filter { caller: Some("+49301000007".into()), limit: 1_000, ..Filter::default() };
    let parker =
        Filter { parker: Some("1003".into()), from_ms: Some(today - 30 * DAY_MS), ..day.clone() };
    timed("history of a day", || reader.history(&day).unwrap().len());
    timed("history of a caller", || reader.history(&caller).unwrap().len());
    timed("history of a parker in a month", || reader.history(&parker).unwrap().len());
    timed("at a moment", || reader.at(today - 100 * DAY_MS + 11 * 3_600_000).unwrap().len());
    let month = Scope::new(today - 30 * DAY_MS, today);
    let mut reports: Vec<Report> = Vec::new();
    for kind in Kind::ALL {
        timed(&format!("report {kind} of a month"), || {
            reports.push(reader.report(*kind, &month, &clock, |_| {}).unwrap());
            1
        });
    }
    let year = Scope::new(today - days * DAY_MS, today);
    timed("report usage of everything", || {
        drop(reader.report(Kind::Usage, &year, &clock, |_| {}).unwrap());
        1
    });
    timed("verify", || {
        let found = reader.verify().unwrap();
        assert_eq!(found.broken, 0, "{found:?}");
        usize::try_from(found.entries).unwrap()
    });
    let page = html("Parked calls", &reports, &clock);
    println!("report.html: {} KB", page.len() >> 10);
    std::fs::write(folder.join("report.html"), page).unwrap();
    if given.is_none() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

/// Makes the file.
fn write(path: &Path, calls: i64, days: i64, today: i64) {
    let settings = Settings { history_days: 0, ..Settings::new(path, "pbx1") };
    let journal = Journal::start(settings).unwrap();
    let start = Instant::now();
    let entries = fill(&journal, calls, days, today);
    assert!(journal.flush(LONG));
    let health = journal.health();
    assert_eq!((health.shed, health.in_memory), (0, 0));
    let written = start.elapsed();
    println!(
        "{calls} calls, {entries} entries over {days} days written in {:.1} s",
        written.as_secs_f64()
    );
    assert!(journal.stop(LONG));
    let size = std::fs::metadata(path).unwrap().len();
    println!("file: {} MB, {} bytes for each call", size >> 20, size / calls.unsigned_abs());
}

fn timed(what: &str, run: impl FnOnce() -> usize) {
    let start = Instant::now();
    let count = run();
    println!("{what}: {:.0} ms ({count})", start.elapsed().as_secs_f64() * 1_000.0);
}

/// What one entry costs the thread that records it, with making the entry.
fn record(journal: &Journal, today: i64) {
    let mut costs = Vec::new();
    for round in 0..200 {
        let start = Instant::now();
        for number in 0..100 {
            journal.record(parked(today, round * 100 + number, 0));
        }
        costs.push(start.elapsed().as_secs_f64() * 1e6 / 100.0);
        for number in 0..100 {
            journal.record(ended(&parked(today, round * 100 + number, 0), 1, Outcome::Dropped));
        }
        assert!(journal.flush(LONG));
    }
    costs.sort_by(f64::total_cmp);
    println!(
        "record: median {:.2} µs, p99 {:.2} µs, with making the entry",
        costs[100], costs[198]
    );
}

/// Office hours, with a peak at eleven and one at three.
fn hour() -> i64 {
    const WEIGHTS: [i64; 24] =
        [1, 1, 0, 0, 0, 1, 3, 12, 40, 70, 90, 100, 60, 55, 80, 90, 70, 40, 15, 8, 5, 3, 2, 1];
    let mut left = fastrand::i64(0..WEIGHTS.iter().sum());
    for (hour, weight) in (0..).zip(WEIGHTS) {
        left -= weight;
        if left < 0 {
            return hour;
        }
    }
    0
}

/// A time until something happens: exponential, with that mean in ms.
fn time(mean: f64) -> f64 {
    -mean * (1.0 - fastrand::f64()).ln()
}

fn parked(at_ms: i64, number: i64, orbit: i64) -> Entry {
    let place = Place { lot: "default".into(), orbit: (701 + orbit).to_string() };
    let mut entry = Entry::new(
        at_ms,
        Action::Park,
        &format!("{number:08x}-7a53-4f0e-9c1d-0242ac120002"),
        place,
    );
    entry.capacity = Some(20);
    entry.deadline_ms = Some(at_ms + 90_000);
    entry.subject.domain = "example.com".into();
    // A few call again and again.
    let caller = (fastrand::f64().powi(3) * 200_000.0).round();
    entry.subject.caller_name = format!("Caller {caller}");
    entry.subject.caller_number = format!("+4930{}", 1_000_000.0 + caller);
    entry.subject.did = "+493055500".into();
    entry.subject.parker = format!("{}@example.com", 1001 + fastrand::i64(0..12));
    entry
}

fn ended(begun: &Entry, wait_ms: i64, outcome: Outcome) -> Entry {
    Entry {
        at_ms: begun.at_ms + wait_ms,
        action: match outcome {
            Outcome::Retrieved => Action::Retrieve,
            Outcome::Abandoned => Action::Abandon,
            Outcome::Returned => Action::Return,
            _ => Action::Drop,
        },
        wait_ms,
        outcome: Some(outcome),
        retriever: match outcome {
            Outcome::Retrieved => format!("{}@example.com", 1001 + fastrand::i64(0..12)),
            _ => String::new(),
        },
        ..begun.clone()
    }
}

/// Records the calls of these days until today, each day's in the order of their times. How many entries.
fn fill(journal: &Journal, calls: i64, days: i64, today: i64) -> u64 {
    fastrand::seed(1);
    let (mut number, mut entries) = (0, 0);
    for day in 0..days {
        let weekend = (today / DAY_MS - days + day + 3).rem_euclid(7) >= 5;
        let share = if weekend { 0.2 } else { 1.32 };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "of a day"
        )]
        let count = (calls as f64 / days as f64 * share) as i64;
        let count = if day + 1 == days { calls - number } else { count.min(calls - number) };
        let mut of_day: Vec<Entry> = Vec::new();
        for _ in 0..count {
            number += 1;
            let at_ms =
                today - (days - day) * DAY_MS + hour() * 3_600_000 + fastrand::i64(0..3_600_000);
            let mut begun = parked(at_ms, number, (fastrand::f64().powi(2) * 20.0).floor() as i64);
            if fastrand::u8(0..4) == 0 {
                begun.place =
                    Place { lot: "sales".into(), orbit: (801 + fastrand::i64(0..8)).to_string() };
                begun.capacity = Some(8);
            }
            if fastrand::u8(0..100) == 0 {
                let reason = "full".to_owned();
                of_day.push(Entry { action: Action::Refuse, reason, ..begun });
                continue;
            }
            of_call(begun, &mut of_day);
        }
        of_day.sort_by_key(|entry| entry.at_ms);
        entries += of_day.len() as u64;
        for entry in of_day {
            journal.record(entry);
            // Faster than any telephone system; the journal must not shed here.
            if journal.health().in_memory > 50_000 {
                assert!(journal.flush(LONG));
            }
        }
    }
    entries
}

#[expect(clippy::cast_possible_truncation, reason = "ms of a call")]
fn of_call(begun: Entry, of_day: &mut Vec<Entry>) {
    let (somebody, patience) = (time(45_000.0) as i64 + 2_000, time(180_000.0) as i64 + 1_000);
    of_day.push(begun.clone());
    let step = |after_ms: i64, number: u32, to: &str, result: StepResult| Entry {
        at_ms: begun.at_ms + after_ms,
        action: Action::Return,
        wait_ms: after_ms,
        step: Some(Step { number, to: to.into(), result }),
        outcome: (result == StepResult::Took).then_some(Outcome::Returned),
        ..begun.clone()
    };
    let end = somebody.min(patience);
    if end > 90_000 {
        of_day.push(step(90_000, 1, "parker", StepResult::Started));
        if end > 105_000 && fastrand::u8(0..3) == 0 {
            of_day.push(step(98_000, 1, "parker", StepResult::Took));
            return;
        }
        if end > 110_000 {
            of_day.push(step(110_000, 1, "parker", StepResult::Failed));
            of_day.push(step(110_000, 2, "user/1000@example.com", StepResult::Started));
            if end > 120_000 && fastrand::u8(0..2) == 0 {
                of_day.push(step(118_000, 2, "user/1000@example.com", StepResult::Took));
                return;
            }
        }
    }
    if fastrand::u8(0..50) == 0 {
        let retriever = "1004@example.com".to_owned();
        let at_ms = begun.at_ms + end / 2;
        of_day.push(Entry {
            at_ms,
            action: Action::Resume,
            retriever,
            wait_ms: end / 2,
            ..begun.clone()
        });
    }
    let outcome = if somebody < patience { Outcome::Retrieved } else { Outcome::Abandoned };
    of_day.push(ended(&begun, end, outcome));
}
