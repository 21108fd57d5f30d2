//! A caller is erased, and nobody else.

use super::*;
use crate::query::{Filter, Reader};

const OTHER: &str = "+49309999999";

fn call(journal: &Journal, uuid: &str, number: &str, at_ms: i64, ended: bool) {
    let mut begun = park(at_ms, uuid, "701");
    begun.subject.caller_number = number.into();
    begun.subject.note = "a secret".into();
    journal.record(begun.clone());
    let mut set = Entry { action: Action::Set, at_ms: at_ms + 1, ..begun.clone() };
    set.subject.note = "another secret".into();
    journal.record(set.clone());
    if ended {
        journal.record(end(&set, 10, Outcome::Abandoned, ""));
    }
}

fn refuse(journal: &Journal, number: &str) {
    let mut refused = entry(9_000, Action::Refuse, "r", "701");
    refused.subject.caller_number = number.into();
    journal.record(refused);
}

fn bytes(path: &Path) -> Vec<u8> {
    let mut all = fs::read(path).unwrap();
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    all.extend(fs::read(wal).unwrap_or_default());
    all
}

fn holds(path: &Path, text: &str) -> bool {
    bytes(path).windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_caller_can_be_exported_and_erased() {
    for callers in [Callers::Full, Callers::Hashed] {
        let folder = Folder::new();
        let path = folder.file();
        let (journal, _) = journal(&path, |settings| settings.callers = callers);
        let mine = "+49301234567";
        call(&journal, "u1", mine, 1_000, true);
        call(&journal, "u2", OTHER, 2_000, true);
        call(&journal, "u3", mine, 3_000, false);
        refuse(&journal, mine);
        refuse(&journal, OTHER);
        assert!(journal.flush(LONG));
        let reader = Reader::new(&path);
        let exported = reader.export(mine).unwrap();
        let of: Vec<&str> = exported.calls.iter().map(|call| call.call.uuid.as_str()).collect();
        assert_eq!((of, exported.refused.len(), exported.masked), (vec!["u1", "u3"], 1, 0));
        assert_eq!(exported.calls[0].entries.len(), 3);
        let head = journal.audit_head();

        let erased = journal.erase(mine, LONG).unwrap();
        assert_eq!(erased, Erased { calls: 1, refused: 1, waiting: 1 });
        assert_eq!(journal.erase(mine, LONG).unwrap(), Erased { waiting: 1, ..Erased::default() });
        let calls = reader.history(&Filter::default()).unwrap();
        let seen = |uuid: &str| {
            let call = calls.iter().find(|call| call.uuid == uuid).unwrap();
            (call.subject.caller_number.clone(), call.subject.note.clone())
        };
        assert_eq!(seen("u1"), (String::new(), String::new()));
        assert_eq!(seen("u2").1, "another secret");
        assert_eq!(seen("u3").1, "another secret");
        let found = reader.verify().unwrap();
        assert_eq!((found.broken, found.calls), (0, 3), "{found:?}");
        assert_eq!(reader.verify_audit(&[head]).unwrap().broken, None);
        assert_eq!(reader.export(mine).unwrap().calls.len(), 1);
        // When the last call has ended, nothing is left, not even in pages that are free.
        let mut last = end(&park(3_000, "u3", "701"), 10, Outcome::Left, "");
        last.subject.caller_number = mine.into();
        last.subject.note = "another secret".into();
        journal.record(last);
        assert!(journal.flush(LONG));
        assert_eq!(journal.erase(mine, LONG).unwrap(), Erased { calls: 1, ..Erased::default() });
        assert!(!holds(&path, mine));
        assert_eq!(holds(&path, OTHER), callers == Callers::Full);
        assert_eq!(reader.verify().unwrap().broken, 0);
        assert_eq!(count(&path, "count(*) FROM erased"), 5);
        journal.erased_elsewhere((0..100).collect());
        assert!(journal.flush(LONG));
        until(|| count(&path, "count(*) FROM erased") == 0);
    }
}

#[test]
fn a_lot_forgets_its_callers_sooner_than_its_calls() {
    let folder = Folder::new();
    let path = folder.file();
    let now = now_ms();
    let day = 86_400_000;
    {
        let (journal, _) = journal(&path, |_| {});
        call(&journal, "old", "+1", now - 3 * day, true);
        call(&journal, "new", "+2", now, true);
        let mut elsewhere = park(now - 3 * day, "elsewhere", "9");
        elsewhere.place.lot = "other".into();
        journal.record(elsewhere.clone());
        journal.record(end(&elsewhere, 10, Outcome::Left, ""));
        let mut refused = entry(now - 3 * day, Action::Refuse, "r", "701");
        refused.subject.parked_at_ms = now - 3 * day;
        journal.record(refused);
        assert!(journal.flush(LONG));
    }
    let (journal, _) = journal(&path, |_| {});
    journal.forget_after(BTreeMap::from([("default".to_owned(), 2)]));
    let _ = journal.prune(LONG);
    until(|| count(&path, "count(*) FROM call WHERE caller_number <> ''") == 2);
    let numbers = "group_concat(caller_number) FROM (SELECT caller_number FROM call WHERE caller_number <> '' ORDER BY id)";
    let connection = Connection::open(&path).unwrap();
    let left: String =
        connection.query_row(&format!("SELECT {numbers}"), [], |row| row.get(0)).unwrap();
    assert_eq!(left, "+2,+49301234567");
    until(|| {
        count(&path, "count(*) FROM entry WHERE action = 'refuse' AND json LIKE '%+4930%'") == 0
    });
    assert_eq!(Reader::new(&path).verify().unwrap().broken, 0);
}
