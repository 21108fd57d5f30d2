//! What is noted for webhooks: in the transaction of its entry, held behind what is before it, and never without a limit.

use std::collections::HashSet;

use rusqlite::{Connection, params};

use super::*;
use crate::journal::deliveries::{Posted, Verdict, of_none};
use crate::testing::{Folder, end, journal, park};

fn want(hook: &str) -> Want {
    Want { hook: hook.to_owned(), ..Want::default() }
}

/// The numbers of what is due.
fn due(path: &std::path::Path, hook: &str) -> Vec<i64> {
    let reader = crate::query::Reader::new(path);
    let work = reader.due(&[(hook, 100, &HashSet::new())], now_ms() + 1).unwrap().remove(0);
    work.due.iter().map(|due| due.seq).collect()
}

fn tell(journal: &Journal, hook: &str, seq: i64, verdict: Verdict) {
    let posted = Posted { hook: hook.to_owned(), seq, verdict };
    let answer = journal.posted(vec![posted]).unwrap();
    assert!(answer.blocking_recv().unwrap());
}

#[test]
fn each_call_has_one_entry_due_and_the_next_when_that_is_done_with() {
    let folder = Folder::new();
    let path = folder.file();
    let (one, _) = journal(&path, |_| {});
    one.wants(vec![want("a"), want("b")]);
    for uuid in ["x", "y"] {
        let parked = park(1_000, uuid, "701");
        one.record(parked.clone());
        one.record(end(&parked, 5_000, Outcome::Abandoned, ""));
    }
    assert!(one.flush(LONG));
    // 1 and 2 are of x, 3 and 4 of y.
    assert_eq!((due(&path, "a"), due(&path, "b")), (vec![1, 3], vec![1, 3]));
    tell(&one, "a", 1, Verdict::Done);
    assert_eq!((due(&path, "a"), due(&path, "b")), (vec![3, 2], vec![1, 3]));
    tell(&one, "a", 3, Verdict::Dead { error: "no".into() });
    tell(&one, "a", 2, Verdict::Later { due_ms: now_ms() + 3_600_000, error: "no".into() });
    assert_eq!(due(&path, "a"), [4]);
    assert_eq!(one.tally("a"), Tally { waiting: 2, dead: 1, shed: 0 });
    // What is told twice counts once.
    tell(&one, "a", 3, Verdict::Done);
    tell(&one, "a", 1, Verdict::Done);
    assert_eq!(one.tally("a"), Tally { waiting: 2, dead: 1, shed: 0 });
    // An endpoint that answers again gets everything at once.
    tell(&one, "a", 4, Verdict::DoneAgain);
    assert_eq!(due(&path, "a"), [2]);
    assert!(one.stop(LONG));
    let (again, _) = journal(&path, |_| {});
    assert!(again.flush(LONG));
    assert_eq!(again.tally("a"), Tally { waiting: 1, dead: 1, shed: 0 });
    assert_eq!(again.post_again(Some("a"), LONG).unwrap(), 2);
    assert_eq!(due(&path, "a"), [2, 3]);
}

#[test]
fn what_is_pruned_holds_nothing_up() {
    let folder = Folder::new();
    let path = folder.file();
    let (one, _) = journal(&path, |settings| settings.history_days = 1);
    one.wants(vec![want("a")]);
    let parked = park(1_000, "x", "701");
    one.record(parked.clone());
    one.record(end(&parked, 5_000, Outcome::Abandoned, ""));
    one.record(park(now_ms(), "y", "701"));
    assert!(one.flush(LONG));
    one.prune(LONG).unwrap();
    assert!(one.flush(LONG));
    assert_eq!(one.tally("a").waiting, 1, "that of y");
}

#[test]
fn a_webhook_with_too_much_loses_its_oldest_dead_letter_first() {
    let mut connection = Connection::open_in_memory().unwrap();
    crate::journal::schema::migrate(&mut connection).unwrap();
    let tx = connection.transaction().unwrap();
    for seq in [1, 2] {
        tx.execute(
            "INSERT INTO outbox VALUES ('a', ?, ?, 'dead', 10, 0, 0, '')",
            params![seq, seq],
        )
        .unwrap();
    }
    let mut tally = Tally { waiting: 99_998, dead: 2, shed: 0 };
    for seq in 3..6 {
        tally.add(&tx, "a", seq, None).unwrap();
    }
    assert_eq!(tally, Tally { waiting: 100_000, dead: 0, shed: 3 });
    let left: Vec<i64> = {
        let mut all = tx.prepare("SELECT seq FROM outbox ORDER BY seq").unwrap();
        all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(left, [3, 4], "the fifth found no dead letter");
    tx.commit().unwrap();
    assert_eq!(of_none(&connection, &[want("a")], i64::MAX).unwrap(), 0);
    assert_eq!(of_none(&connection, &[want("b")], i64::MAX).unwrap(), 2);
}
