//! The audit: what is in it, and that no change of it goes unnoticed.

use super::*;
use crate::audit::{API, Act, Audited};
use crate::query::{AuditFilter, AuditVerified, Reader};

fn act(at_ms: i64, action: &str) -> Act {
    Act {
        at_ms,
        actor: API.to_owned(),
        action: action.to_owned(),
        place: place(""),
        uuid: String::new(),
        result: "ok".to_owned(),
        detail: "some words".to_owned(),
    }
}

/// A file with so many rows, and the head that the log would have.
fn file(folder: &Folder, rows: i64) -> Head {
    let said = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&said);
    let (journal, _) = journal(&folder.file(), |settings| {
        settings.audit_days = 0;
        settings.on_change = Arc::new(move |change| hear.lock().push(change.clone()));
    });
    for number in 1..=rows {
        journal.audit(act(number, "reload"));
    }
    assert!(journal.flush(LONG));
    let head = journal.audit_head();
    assert_eq!(head.seq, rows);
    journal.stop(LONG);
    assert!(said.lock().contains(&Change::AuditHead(head)), "{:?}", said.lock());
    head
}

fn change(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

fn verified(path: &Path, known: &[Head]) -> AuditVerified {
    Reader::new(path).verify_audit(known).unwrap()
}

fn broken(path: &Path, known: &[Head]) -> Option<i64> {
    verified(path, known).broken.map(|(row, _)| row)
}

fn rows(path: &Path) -> Vec<Audited> {
    Reader::new(path).audit(&AuditFilter { limit: 1_000, ..AuditFilter::default() }).unwrap()
}

#[test]
fn what_happens_to_a_call_is_in_the_audit_without_its_caller() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |settings| settings.audit_days = 0);
    let begun = Entry { actor: "1001@example.com".into(), ..park(1_000, "u1", "701") };
    journal.record(begun.clone());
    journal.audit(act(2_000, "list"));
    let mut ended = end(&begun, 5_000, Outcome::Retrieved, "1002@example.com");
    ended.actor = API.into();
    journal.record(ended);
    let mut refused = entry(9_000, Action::Refuse, "u2", "701");
    (refused.reason, refused.rule) = ("denied".into(), "deny 2".into());
    journal.record(refused);
    assert!(journal.flush(LONG));
    let rows = rows(&folder.file());
    let seen: Vec<[&str; 5]> = rows
        .iter()
        .rev()
        .map(|row| {
            [&row.actor, &row.action, &row.orbit, &row.result, &row.detail].map(|s| s.as_str())
        })
        .collect();
    assert_eq!(
        seen,
        [
            ["1001@example.com", "park", "701", "ok", ""],
            ["api", "list", "", "ok", "some words"],
            ["api", "retrieve", "701", "retrieved", "by 1002@example.com"],
            ["", "refuse", "701", "denied", "rule deny 2"],
        ]
    );
    let text = format!("{rows:?}");
    assert!(!text.contains("Ada") && !text.contains("4930"), "{text}");
    assert_eq!(broken(&folder.file(), &[journal.audit_head()]), None);
    assert_eq!(count(&folder.file(), "count(*) FROM entry"), 3);
}

/// A byte of any column of any row, its hash too.
#[test]
fn a_byte_changed_anywhere_is_found() {
    const ROWS: i64 = 6;
    let folder = Folder::new();
    file(&folder, ROWS);
    let path = folder.file();
    let whole = fs::read(&path).unwrap();
    for row in 1..=ROWS {
        for (column, value) in [
            ("at_ms", "at_ms + 1"),
            ("node", "'pbx2'"),
            ("actor", "'Api'"),
            ("action", "'reloae'"),
            ("lot", "'defaulu'"),
            ("orbit", "char(0)"),
            ("uuid", "' '"),
            ("result", "'oK'"),
            ("detail", "'some  words'"),
            ("hash", "CAST(substr(hash, 1, 31) || x'5a' AS BLOB)"),
            ("hash", "x''"),
        ] {
            fs::write(&path, &whole).unwrap();
            change(&path, &format!("UPDATE audit SET {column} = {value} WHERE seq = {row}"));
            assert_eq!(broken(&path, &[]), Some(row), "{column} of {row}");
        }
        fs::write(&path, &whole).unwrap();
        change(&path, &format!("UPDATE audit SET seq = 99 WHERE seq = {row}"));
        assert_eq!(broken(&path, &[]), Some(row), "the number of {row}");
        fs::write(&path, &whole).unwrap();
        change(&path, &format!("DELETE FROM audit WHERE seq = {row}"));
        assert_eq!(broken(&path, &[]), Some(row), "{row} is missing");
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(broken(&path, &[]), None);
}

/// Every single byte of the table's pages in the file.
#[test]
fn a_byte_of_the_file_that_belongs_to_a_row_is_found() {
    let folder = Folder::new();
    file(&folder, 3);
    let path = folder.file();
    let whole = fs::read(&path).unwrap();
    let good = rows(&path);
    let text = b"some words";
    let places: Vec<usize> =
        (0..whole.len() - text.len()).filter(|at| whole[*at..].starts_with(text)).collect();
    assert_eq!(places.len(), 3);
    for place in places {
        // From the actor before it to the hash behind it.
        for at in place - 14..place + text.len() + 32 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            let found = Reader::new(&path).verify_audit(&[]);
            let unchanged =
                Reader::new(&path).audit(&AuditFilter::default()).is_ok_and(|rows| rows == good);
            assert!(
                unchanged || !matches!(found, Ok(AuditVerified { broken: None, .. })),
                "byte {at}"
            );
        }
    }
}

/// Whoever can write the file can make the chain anew. What the log has shows it.
#[test]
fn a_chain_that_was_cut_or_made_anew_does_not_fit_an_earlier_head() {
    let folder = Folder::new();
    let head = file(&folder, 5);
    let path = folder.file();
    change(&path, "DELETE FROM audit WHERE seq >= 4");
    assert_eq!(broken(&path, &[]), Some(4), "the table meta knows how many there were");
    change(&path, "UPDATE meta SET value = 3 WHERE name = 'audit_last'");
    assert_eq!(broken(&path, &[]), None);
    assert_eq!(broken(&path, &[head]), Some(4));
    // Rows that come afterwards do not hide it.
    let other = Folder::new();
    let theirs = file(&other, 5);
    assert_eq!(theirs, head, "the same acts have the same head");
    let (journal, _) = journal(&path, |settings| settings.audit_days = 0);
    for number in 4..=6 {
        journal.audit(act(number, "open"));
    }
    assert!(journal.flush(LONG));
    assert_eq!(broken(&path, &[journal.audit_head()]), None);
    assert_eq!(broken(&path, &[head]), Some(5));
}

#[test]
fn rows_that_are_missing_at_the_end_leave_a_gap() {
    let folder = Folder::new();
    file(&folder, 5);
    change(&folder.file(), "DELETE FROM audit WHERE seq >= 4");
    let (journal, _) = journal(&folder.file(), |settings| settings.audit_days = 0);
    journal.audit(act(9, "open"));
    assert!(journal.flush(LONG));
    assert_eq!(broken(&folder.file(), &[]), Some(4));
}

#[test]
fn the_chain_goes_on_when_old_rows_are_deleted() {
    let folder = Folder::new();
    let early = file(&folder, 5);
    let now = now_ms();
    for _ in 0..2 {
        let (journal, _) = journal(&folder.file(), |settings| settings.audit_days = 1);
        journal.audit(act(now, "open"));
        journal.audit(act(now, "close"));
        assert!(journal.flush(LONG));
        until(|| count(&folder.file(), "min(seq) FROM audit") > 5);
        until(|| verified(&folder.file(), &[]).rows >= 3);
        assert_eq!(broken(&folder.file(), &[journal.audit_head(), early]), None);
        journal.stop(LONG);
    }
    let pruned: Vec<i64> = rows(&folder.file())
        .into_iter()
        .filter(|row| row.action == "prune")
        .map(|row| row.seq)
        .collect();
    // The last row stays until there is another one.
    assert!((1..=2).contains(&pruned.len()), "{pruned:?}");
    // More is deleted than the row says.
    change(&folder.file(), "DELETE FROM audit WHERE seq = (SELECT min(seq) FROM audit)");
    assert_eq!(broken(&folder.file(), &[]), Some(6));
}

#[test]
fn lines_follow_the_rows_and_none_is_missing_after_a_crash() {
    let folder = Folder::new();
    let lines = folder.0.join("audit.json");
    let seqs = || -> Vec<i64> {
        let text = fs::read_to_string(&lines).unwrap_or_default();
        text.lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_i64().unwrap()
            })
            .collect()
    };
    let open = || {
        journal(&folder.file(), |settings| {
            settings.audit_days = 0;
            settings.audit_file = Some(lines.clone());
        })
    };
    {
        let (journal, _) = open();
        for number in 1..=3 {
            journal.audit(act(number, "open"));
        }
        assert!(journal.flush(LONG));
        assert_eq!(seqs(), [1, 2, 3]);
        // The folder is in the way.
        fs::remove_file(&lines).unwrap();
        fs::create_dir(&lines).unwrap();
        journal.rotate();
        journal.audit(act(4, "close"));
        assert!(journal.flush(LONG));
    }
    fs::remove_dir(&lines).unwrap();
    let (journal, _) = open();
    journal.audit(act(5, "open"));
    assert!(journal.flush(LONG));
    let seen = seqs();
    assert!(seen.ends_with(&[4, 5]), "{seen:?}");
}

#[test]
fn an_audit_that_is_switched_off_has_no_rows() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |settings| settings.audit = false);
    journal.audit(act(1, "reload"));
    journal.record(park(1, "u1", "701"));
    assert!(journal.flush(LONG));
    assert_eq!(count(&folder.file(), "count(*) FROM audit"), 0);
    assert_eq!(broken(&folder.file(), &[]), None);
}
