//! What the journal promises, on a real file.

mod audit;
#[cfg(feature = "web")]
mod deliveries;
mod erase;
mod trouble;

use std::fs;

use rusqlite::Connection;

use super::*;
use crate::entry::{Action, Outcome, Place, StepResult};
use crate::testing::{Folder, LONG, end, entry, journal, park, place, step};

fn calls(path: &Path) -> Vec<Call> {
    let connection = Connection::open(path).unwrap();
    let sql = format!("SELECT {} FROM call ORDER BY id", table::COLUMNS);
    let mut statement = connection.prepare(&sql).unwrap();
    statement.query_map([], table::read).unwrap().map(Result::unwrap).collect()
}

fn count(path: &Path, what: &str) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection.query_row(&format!("SELECT {what}"), [], |row| row.get(0)).unwrap()
}

fn until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < end, "it did not happen in {LONG:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_call_has_one_row_with_all_that_happened_to_it() {
    let folder = Folder::new();
    let (journal, said) = journal(&folder.file(), |_| {});
    let begun = park(1_000, "u1", "701");
    journal.record(begun.clone());
    let mut given = entry(5_000, Action::Resume, "u1", "701");
    given.subject = begun.subject.clone();
    given.retriever = "1002@example.com".into();
    journal.record(given.clone());
    journal.record(step(&begun, 90_000, 1, "parker", StepResult::Started));
    let mut failed = step(&begun, 110_000, 1, "parker", StepResult::Failed);
    failed.reason = "no answer".into();
    journal.record(failed);
    let mut moved = Entry { place: place("702"), ..given };
    (moved.action, moved.at_ms) = (Action::Move, 120_000);
    journal.record(moved.clone());
    moved.action = Action::Replace;
    (moved.uuid, moved.from_uuid) = ("u2".into(), "u1".into());
    moved.subject.note = "urgent".into();
    journal.record(moved.clone());
    journal.record(end(&moved, 7_000, Outcome::Retrieved, "1003@example.com"));
    assert!(journal.flush(LONG));

    let calls = calls(&folder.file());
    assert_eq!(calls.len(), 1);
    let call = &calls[0];
    assert_eq!((call.id, call.uuid.as_str(), call.place.orbit.as_str()), (1, "u2", "702"));
    assert_eq!(call.earlier, [Stay { place: place("701"), until_ms: 120_000 }]);
    assert_eq!(call.place_at(119_999), &place("701"));
    assert_eq!(call.place_at(120_000), &place("702"));
    assert_eq!(call.subject.note, "urgent");
    assert_eq!(call.subject.caller_name, "Ada");
    assert_eq!(call.outcome, Some(Outcome::Retrieved));
    assert_eq!(call.retriever, "1003@example.com");
    assert_eq!(call.given_back.len(), 1);
    assert_eq!(call.given_back[0].retriever, "1002@example.com");
    assert_eq!(call.steps.len(), 1);
    assert_eq!(call.steps[0].step.result, StepResult::Failed);
    assert_eq!(call.steps[0].reason, "no answer");
    assert!(!call.partial && !call.recovered);
    assert_eq!(journal.health().state, State::Ok);
    assert!(said.lock().is_empty());
    // Only what has changed is written again.
    let repeated = "count(*) FROM entry WHERE json LIKE '%caller_id_number%'";
    assert_eq!(count(&folder.file(), repeated), 2);
}

#[test]
fn a_channel_that_is_parked_again_ends_the_call_that_nothing_ended() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    journal.record(park(1_000, "u1", "701"));
    let second = park(61_000, "u1", "702");
    journal.record(second.clone());
    journal.record(end(&second, 5, Outcome::Abandoned, ""));
    // Of calls whose park was given up.
    journal.record(entry(70_000, Action::Remind, "u2", "703"));
    journal.record(end(&park(65_000, "u2", "703"), 9_000, Outcome::Left, ""));
    journal.record(Entry { reason: "full".into(), ..entry(80_000, Action::Refuse, "u3", "") });
    assert!(journal.flush(LONG));
    let calls = calls(&folder.file());
    let ends: Vec<_> =
        calls.iter().map(|call| (call.outcome, call.wait_ms, call.partial)).collect();
    assert_eq!(
        ends,
        [
            (Some(Outcome::Lost), Some(60_000), false),
            (Some(Outcome::Abandoned), Some(5), false),
            (Some(Outcome::Left), Some(9_000), true),
        ]
    );
    assert_eq!(count(&folder.file(), "count(*) FROM entry WHERE call_id IS NULL"), 2);
    assert_eq!(count(&folder.file(), "max(seq) - count(*) FROM entry"), 0);
}

#[test]
fn a_restart_knows_what_had_no_end_and_numbers_go_on() {
    for callers in Callers::ALL {
        let folder = Folder::new();
        let (first, _) = journal(&folder.file(), |settings| settings.callers = *callers);
        assert!(first.opened(LONG).unfinished.is_empty());
        let ended = park(1_000, "u0", "700");
        let mut waiting = park(2_000, "u1", "701");
        waiting.subject.priority = 7;
        waiting.subject.addressed_to = "1005@example.com".into();
        waiting.deadline_ms = Some(92_000);
        first.record(ended.clone());
        first.record(waiting.clone());
        first.record(end(&ended, 10, Outcome::Abandoned, ""));
        first.record(step(&waiting, 50, 2, "user/1", StepResult::Started));
        assert!(first.stop(LONG));
        assert!(first.stop(LONG));
        assert_eq!(first.health().state, State::Stopped);

        let (second, _) = journal(&folder.file(), |settings| settings.callers = *callers);
        let found = second.opened(LONG).unfinished;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].call.uuid, "u1");
        assert_eq!(found[0].call.subject, waiting.subject, "{callers}");
        assert_eq!(found[0].step, Some(2));
        assert_eq!(found[0].deadline_from(50_000, 10_000), Some(92_000));
        assert_eq!(found[0].deadline_from(90_000, 10_000), Some(100_000));
        let mut recovered = waiting.clone();
        (recovered.action, recovered.at_ms) = (Action::Recover, 95_000);
        second.record(recovered);
        second.record(end(&waiting, 99_000, Outcome::Retrieved, "1"));
        assert!(second.flush(LONG));
        let calls = calls(&folder.file());
        assert!(calls[1].recovered);
        assert_eq!(calls[1].outcome, Some(Outcome::Retrieved));
        assert_eq!(count(&folder.file(), "count(*) FROM held"), 0);
        assert_eq!(count(&folder.file(), "max(seq) FROM entry"), 6);
        assert_eq!(count(&folder.file(), "count(*) FROM entry"), 6);
    }
}

#[test]
fn what_is_kept_is_known_after_a_restart() {
    let folder = Folder::new();
    let (first, _) = journal(&folder.file(), |_| {});
    // What the journal keeps for itself.
    let own = first.opened(LONG).kept;
    for number in 0..100 {
        first.keep("call-backs", format!("[{number}]"));
    }
    first.keep("closed", "{}".into());
    drop(first);
    let (second, _) = journal(&folder.file(), |_| {});
    let kept = second.opened(LONG).kept;
    assert!(own.iter().all(|(name, json)| kept.get(name) == Some(json)));
    assert_eq!(kept.len(), own.len() + 2);
    assert_eq!(kept["call-backs"], "[99]");
    assert_eq!(second.opened(Duration::ZERO), Opened::default());
}

#[test]
fn the_file_is_as_safe_as_sqlite_can_make_it() {
    let folder = Folder::new();
    let store = store::Store::open(&folder.file(), "pbx1", Callers::Full, true, 1).unwrap();
    let pragma = |name: &str| -> String {
        let value = store.connection.pragma_query_value(None, name, |row| {
            row.get_ref(0).map(|value| match value {
                rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                other => format!("{:?}", other.as_i64().unwrap()),
            })
        });
        value.unwrap()
    };
    assert_eq!(
        [pragma("journal_mode"), pragma("synchronous"), pragma("secure_delete")],
        ["wal", "2", "1"]
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(folder.file()).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    // Every table refuses what is not of its type.
    let sql = "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'";
    assert_eq!(store.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn the_thread_has_its_name_and_starts_with_what_it_was_given() {
    let folder = Folder::new();
    let names = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&names);
    let (journal, _) = journal(&folder.file(), move |settings| {
        settings.at_thread_start = Arc::new(move || {
            heard.lock().push(std::thread::current().name().map(str::to_owned));
        });
    });
    assert!(journal.flush(LONG));
    assert_eq!(names.lock()[..], [Some(THREAD.to_owned())]);
}

#[test]
fn callers_are_written_down_as_far_as_it_is_wanted() {
    for callers in Callers::ALL {
        let folder = Folder::new();
        let (journal, _) = journal(&folder.file(), |settings| settings.callers = *callers);
        let begun = park(1_000, "u1", "701");
        let again = park(1_200, "u2", "702");
        journal.record(begun.clone());
        journal.record(again.clone());
        journal.record(end(&begun, 10, Outcome::Abandoned, ""));
        journal.record(end(&again, 10, Outcome::Abandoned, ""));
        assert!(journal.stop(LONG));
        let calls = calls(&folder.file());
        let [one, two] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!(one.subject.caller_number, two.subject.caller_number);
        let bytes = fs::read(folder.file()).unwrap();
        let in_file = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert_eq!(in_file("+49301234567"), *callers == Callers::Full, "{callers}");
        assert_eq!(in_file("Ada"), *callers == Callers::Full, "{callers}");
        match callers {
            Callers::Full => assert_eq!(one.subject.caller_name, "Ada"),
            Callers::Masked => assert_eq!(one.subject.caller_number, "+49301234***"),
            Callers::Hashed => assert!(one.subject.caller_number.starts_with("hmac:")),
            Callers::None => assert_eq!(one.subject.caller_number, ""),
        }
    }
}

#[test]
fn forgetting_a_key_makes_a_caller_of_before_a_stranger() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |settings| settings.callers = Callers::Hashed);
    journal.record(park(1_000, "u1", "701"));
    assert!(journal.flush(LONG));
    let connection = Connection::open(folder.file()).unwrap();
    let key: Vec<u8> =
        connection.query_row("SELECT key FROM secret", [], |row| row.get(0)).unwrap();
    assert_eq!(journal.forget("", "1970-01", LONG).unwrap(), 1);
    journal.record(park(1_000, "u2", "702"));
    assert!(journal.stop(LONG));
    drop(connection);
    let calls = calls(&folder.file());
    assert_ne!(calls[0].subject.caller_number, calls[1].subject.caller_number);
    let bytes = fs::read(folder.file()).unwrap();
    assert!(!bytes.windows(32).any(|part| part == key));
}

#[test]
fn what_is_old_goes_in_order_and_what_waits_stays() {
    let folder = Folder::new();
    let (first, _) = journal(&folder.file(), |_| {});
    let now = now_ms();
    let old = now - 40 * 86_400_000;
    for number in 0..3_000 {
        let begun = park(old + number, &format!("u{number}"), "701");
        first.record(begun.clone());
        first.record(end(&begun, 10, Outcome::Abandoned, ""));
    }
    first.record(park(old, "waiting", "702"));
    first.record(end(&park(old, "partial", "702"), 10, Outcome::Left, ""));
    let recent = park(now, "recent", "703");
    first.record(recent.clone());
    first.record(end(&recent, 10, Outcome::Abandoned, ""));
    assert_eq!(first.prune(LONG).unwrap(), 0);
    assert!(first.stop(LONG));
    let (journal, _) = journal(&folder.file(), |settings| settings.history_days = 30);
    // It also begins by itself.
    assert!(journal.prune(LONG).unwrap() <= 6_000);
    let left: Vec<_> = calls(&folder.file()).into_iter().map(|call| call.uuid).collect();
    assert_eq!(left, ["waiting", "partial", "recent"]);
    assert_eq!(count(&folder.file(), "min(seq) FROM entry"), 6_001);
    assert_eq!(count(&folder.file(), "value FROM meta WHERE name = 'first_seq'"), 6_001);
    assert_eq!(journal.prune(LONG).unwrap(), 0);
}

#[test]
fn a_key_goes_with_the_last_call_that_it_was_used_for() {
    let folder = Folder::new();
    let (first, _) = journal(&folder.file(), |settings| settings.callers = Callers::Hashed);
    let now = now_ms();
    for at in [now - 100 * 86_400_000, now] {
        let begun = park(at, "u", "701");
        first.record(begun.clone());
        first.record(end(&begun, 5, Outcome::Abandoned, ""));
    }
    assert!(first.stop(LONG));
    assert_eq!(count(&folder.file(), "count(*) FROM secret"), 2);
    let (second, _) = journal(&folder.file(), |settings| {
        (settings.callers, settings.history_days) = (Callers::Hashed, 30);
    });
    second.prune(LONG).unwrap();
    assert!(second.stop(LONG));
    assert_eq!(count(&folder.file(), "count(*) FROM secret"), 1);
}

#[test]
fn the_projection_can_be_made_again() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    for number in 0..2_500 {
        let begun = park(number, &format!("u{number}"), "701");
        journal.record(begun.clone());
        if number % 3 == 0 {
            journal.record(step(&begun, 5, 1, "parker", StepResult::Started));
            let mut moved = begun.clone();
            moved.action = Action::Move;
            moved.place = Place { lot: "other".into(), orbit: "801".into() };
            journal.record(moved);
        }
        if number % 5 != 0 {
            journal.record(end(&begun, 10, Outcome::Abandoned, ""));
        }
    }
    assert!(journal.flush(LONG));
    let before = calls(&folder.file());
    let connection = Connection::open(folder.file()).unwrap();
    connection
        .execute_batch("UPDATE call SET orbit = 'x'; DELETE FROM call WHERE id > 3000")
        .unwrap();
    drop(connection);
    assert_eq!(journal.rebuild(LONG).unwrap(), 2_500);
    assert!(calls(&folder.file()) == before);
}

#[test]
fn every_kind_of_byte_survives() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    let mut begun = park(1, "u1", "701");
    let name: String = (0..=0x2ff).chain(0x1_f600..0x1_f610).filter_map(char::from_u32).collect();
    begun.subject.caller_name.clone_from(&name);
    begun.subject.note = "'; DROP TABLE call; --\0after".into();
    journal.record(begun.clone());
    assert!(journal.flush(LONG));
    assert_eq!(journal.rebuild(LONG).unwrap(), 1);
    assert_eq!(calls(&folder.file())[0].subject, begun.subject);
}
