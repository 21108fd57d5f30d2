//! Questions, on a real file.

use super::*;
use crate::entry::{Action, Entry, Outcome};
use crate::journal::{Callers, Journal};
use crate::testing::{Folder, LONG, end, journal, park};
use crate::time::Clock;

const DAY: i64 = 86_400_000;

/// Calls of three callers on three days, one of which waits.
fn fill(journal: &Journal) {
    for (number, (at, caller, parker, outcome)) in [
        (DAY, "0301", "1001@a.example", Some((Outcome::Retrieved, 30_000))),
        (DAY + 5_000, "0302", "1002@a.example", Some((Outcome::Abandoned, 60_000))),
        (2 * DAY, "0301", "1001@b.example", Some((Outcome::Retrieved, 3 * DAY))),
        (3 * DAY, "", "10010@a.example", None),
    ]
    .into_iter()
    .enumerate()
    {
        let mut begun = park(at, &format!("u{number}"), &format!("70{number}"));
        begun.subject.caller_number = caller.into();
        begun.subject.parker = parker.into();
        journal.record(begun.clone());
        if number == 2 {
            let mut moved = begun.clone();
            (moved.action, moved.at_ms) = (Action::Move, at + 1_000);
            moved.place.lot = "sales".into();
            journal.record(moved.clone());
            begun.place = moved.place;
        }
        if let Some((outcome, wait)) = outcome {
            journal.record(end(&begun, wait, outcome, "1005@a.example"));
        }
    }
    assert!(journal.flush(LONG));
}

fn found(reader: &Reader, set: impl FnOnce(&mut Filter)) -> Vec<String> {
    let mut filter = Filter::default();
    set(&mut filter);
    reader.history(&filter).unwrap().into_iter().map(|call| call.uuid).collect()
}

#[test]
fn history_is_filtered_and_newest_first() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    fill(&journal);
    let reader = Reader::new(folder.file());
    assert_eq!(found(&reader, |_| {}), ["u3", "u2", "u1", "u0"]);
    assert_eq!(found(&reader, |filter| filter.limit = 1), ["u3"]);
    assert_eq!(found(&reader, |filter| filter.lot = Some("sales".into())), ["u2"]);
    assert_eq!(found(&reader, |filter| filter.lot = Some("default".into())).len(), 4);
    assert_eq!(found(&reader, |filter| filter.from_ms = Some(2 * DAY)), ["u3", "u2"]);
    assert_eq!(found(&reader, |filter| filter.to_ms = Some(DAY + 5_000)), ["u0"]);
    assert_eq!(found(&reader, |filter| filter.caller = Some("0301".into())), ["u2", "u0"]);
    assert_eq!(found(&reader, |filter| filter.caller = Some("Ada".into())).len(), 4);
    assert!(found(&reader, |filter| filter.caller = Some("' OR 1 --".into())).is_empty());
    assert_eq!(found(&reader, |filter| filter.parker = Some("1001".into())), ["u2", "u0"]);
    assert_eq!(found(&reader, |filter| filter.parker = Some("1001@b.example".into())), ["u2"]);
    assert_eq!(found(&reader, |filter| filter.retriever = Some("1005".into())).len(), 3);
    assert_eq!(found(&reader, |filter| filter.outcome = Some(None)), ["u3"]);
    let outcome = Some(Some(Outcome::Abandoned));
    assert_eq!(found(&reader, |filter| filter.outcome = outcome), ["u1"]);
}

#[test]
fn filters_are_read_as_they_are_typed() {
    let clock = Clock::at(4 * DAY, jiff::tz::TimeZone::UTC);
    let mut filter = Filter::default();
    for (key, value) in [
        ("from", "1970-01-02"),
        ("to", "1970-01-02"),
        ("caller", "0301"),
        ("outcome", "retrieved"),
        ("limit", "1000"),
    ] {
        filter.set(&clock, key, value).unwrap();
    }
    assert_eq!((filter.from_ms, filter.to_ms), (Some(DAY), Some(2 * DAY)));
    assert_eq!(filter.limit, 1_000);
    for (key, value) in [
        ("from", "soon"),
        ("limit", "0"),
        ("limit", "1001"),
        ("limit", "x"),
        ("outcome", "eaten"),
        ("colour", "red"),
    ] {
        let refused = filter.set(&clock, key, value);
        assert!(matches!(refused, Err(Failure::BadArgument(_))), "{key}={value}");
    }
    filter.set(&clock, "outcome", "waiting").unwrap();
    assert_eq!(filter.outcome, Some(None));
}

#[test]
fn a_caller_is_found_whatever_was_written_down() {
    for callers in [Callers::Masked, Callers::Hashed] {
        let folder = Folder::new();
        let (journal, _) = journal(&folder.file(), |settings| settings.callers = callers);
        let mut begun = park(DAY, "u1", "701");
        begun.subject.caller_number = "+49301234567".into();
        journal.record(begun.clone());
        begun.subject.caller_number = "+49309999999".into();
        begun.uuid = "u2".into();
        journal.record(begun.clone());
        assert!(journal.flush(LONG));
        let reader = Reader::new(folder.file());
        let caller = Some("+49301234567".to_owned());
        assert_eq!(found(&reader, |filter| filter.caller = caller), ["u1"], "{callers}");
    }
}

#[test]
fn at_a_moment_each_call_is_where_it_was_then() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    fill(&journal);
    let reader = Reader::new(folder.file());
    let at = |at_ms: i64| -> Vec<(String, String)> {
        let waited = reader.at(at_ms).unwrap();
        waited.into_iter().map(|waited| (waited.call.uuid, waited.then.lot)).collect()
    };
    let pair = |uuid: &str, lot: &str| (uuid.to_owned(), lot.to_owned());
    assert_eq!(at(DAY - 1), []);
    assert_eq!(at(DAY + 6_000), [pair("u0", "default"), pair("u1", "default")]);
    assert_eq!(at(DAY + 30_000), [pair("u1", "default")]);
    assert_eq!(at(2 * DAY), [pair("u2", "default")]);
    assert_eq!(at(4 * DAY), [pair("u2", "sales"), pair("u3", "default")]);
    assert_eq!(at(6 * DAY), [pair("u3", "default")]);
    assert_eq!(reader.at(4 * DAY).unwrap()[0].waited_ms, 2 * DAY);
}

#[test]
fn verify_finds_what_is_not_as_promised() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    fill(&journal);
    let refused = Entry { action: Action::Refuse, reason: "full".into(), ..park(DAY, "u9", "") };
    journal.record(refused);
    journal.record(end(&park(DAY, "u8", "708"), 5, Outcome::Left, ""));
    assert!(journal.flush(LONG));
    let reader = Reader::new(folder.file());
    let found = reader.verify().unwrap();
    assert_eq!((found.entries, found.calls, found.waiting, found.partial), (10, 5, 1, 1));
    assert_eq!(found.first_broken, []);
    let break_it = |sql: &str| {
        let connection = Connection::open(folder.file()).unwrap();
        connection.execute_batch(sql).unwrap();
        let found = reader.verify().unwrap();
        assert_eq!(found.broken, found.first_broken.len() as u64);
        found.first_broken.into_iter().map(|broken| broken.promise).collect::<Vec<_>>()
    };
    assert_eq!(break_it("UPDATE call SET orbit = '999' WHERE id = 1"), [Promise::SameRow]);
    journal.rebuild(LONG).unwrap();
    assert_eq!(
        break_it("UPDATE entry SET call_id = 1 WHERE seq = 4"),
        [Promise::OneEnd, Promise::SameRow]
    );
    journal.rebuild(LONG).unwrap();
    assert!(break_it("DELETE FROM entry WHERE seq = 9").contains(&Promise::NoGap));
}

#[test]
fn a_question_ends_when_its_time_is_over_or_nobody_wants_it() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    fill(&journal);
    let reader = Reader::new(folder.file());
    let endless = |reader: &Reader| {
        reader.ask(|connection| {
            let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
            Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        })
    };
    let limits = Limits { time: Duration::from_millis(100), ..Limits::default() };
    assert!(matches!(endless(&reader.clone().with(limits)), Err(Failure::TooLong(_))));
    let limits = Limits { time: LONG, ..Limits::default() };
    limits.interrupt.store(true, Ordering::Relaxed);
    assert!(matches!(endless(&reader.clone().with(limits)), Err(Failure::Interrupted)));
    let writes = reader.ask(|connection| Ok(connection.execute("DELETE FROM call", [])?));
    assert!(writes.is_err());
}
