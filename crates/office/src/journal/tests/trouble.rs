//! What the journal does when its file cannot be used.

use std::io::{Seek, SeekFrom, Write};

use super::*;

#[test]
fn a_locked_file_is_written_later() {
    let folder = Folder::new();
    let (journal, said) = journal(&folder.file(), |_| {});
    assert!(journal.flush(LONG));
    let other = Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for number in 0..3_000 {
        journal.record(park(number, &format!("u{number}"), "701"));
    }
    assert!(!journal.flush(LONG));
    let health = journal.health();
    assert_eq!((health.state, health.in_memory), (State::Failing, 3_000));
    assert!(health.since_ms > 0 && health.reason.contains("locked"), "{health:?}");
    other.execute_batch("ROLLBACK").unwrap();
    until(|| journal.health().in_memory == 0);
    assert_eq!(count(&folder.file(), "count(*) FROM call"), 3_000);
    until(|| journal.health().state == State::Ok);
    let said = said.lock();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].is_critical() && !said[1].is_critical());
}

#[test]
fn a_file_that_cannot_be_made_is_made_later() {
    let folder = Folder::new();
    let path = folder.0.join("not yet").join("callpark.sqlite");
    let (journal, said) = journal(&path, |_| {});
    journal.record(park(1, "u1", "701"));
    assert!(!journal.flush(LONG));
    assert!(journal.opened(LONG).unfinished.is_empty());
    fs::create_dir(folder.0.join("not yet")).unwrap();
    until(|| journal.health().state == State::Ok);
    assert_eq!(count(&path, "count(*) FROM call"), 1);
    assert_eq!(said.lock().len(), 2);
}

#[test]
fn a_file_that_was_removed_is_begun_anew_and_numbers_go_on() {
    let folder = Folder::new();
    let (journal, said) = journal(&folder.file(), |_| {});
    let begun = park(1, "u1", "701");
    journal.record(begun.clone());
    assert!(journal.flush(LONG));
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(folder.0.join(format!("callpark.sqlite{suffix}")));
    }
    journal.record(end(&begun, 5, Outcome::Abandoned, ""));
    until(|| journal.flush(LONG));
    let calls = calls(&folder.file());
    assert_eq!((calls[0].id, calls[0].outcome), (2, Some(Outcome::Abandoned)));
    assert!(calls[0].partial);
    until(|| journal.health().state == State::Ok);
    assert!(said.lock().len() <= 2, "{:?}", said.lock());
}

#[test]
fn recording_does_not_wait_for_a_thread_that_stands_still() {
    let folder = Folder::new();
    let (go, wait) = bounded::<()>(0);
    let (journal, said) = journal(&folder.file(), move |settings| {
        settings.at_thread_start = Arc::new(move || {
            let _ = wait.recv();
        });
    });
    let begun = park(1, "u", "701");
    let ended = end(&begun, 1, Outcome::Abandoned, "");
    // As many parks as fit, one that does not, and as many endings as fit into their own channel, and one that does not.
    let (parks, endings) = (inbox::ROOM + 1, inbox::ROOM_FOR_ENDINGS + 1);
    for number in 0..parks {
        journal.record(Entry { uuid: format!("u{number}"), ..begun.clone() });
    }
    for number in 0..endings {
        journal.record(Entry { uuid: format!("u{number}"), ..ended.clone() });
    }
    let health = journal.health();
    assert_eq!((health.shed, health.shed_endings), (2, 1));
    assert_eq!(health.in_memory, (parks + endings - 2) as u64);
    assert_eq!(said.lock()[..], [Change::Shedding]);
    drop(go);
    assert!(journal.flush(LONG));
    let health = journal.health();
    assert_eq!((health.written, health.in_memory), ((parks + endings) as u64 - 2, 0));
    assert_eq!(count(&folder.file(), "count(*) FROM call WHERE outcome = 'abandoned'"), 65_536);
    assert_eq!(said.lock().len(), 1);
}

/// The thread of a call pays the same while the file is locked, and after it was damaged.
#[test]
fn recording_costs_the_same_whatever_happens_to_the_file() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    let p99 = || {
        let mut costs: Vec<Duration> = (0..2_000)
            .map(|number| {
                let entry = park(number, &format!("u{number}"), "701");
                let start = Instant::now();
                journal.record(entry);
                let cost = start.elapsed();
                if number % 20 == 0 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                cost
            })
            .collect();
        costs.sort();
        costs[1_980]
    };
    let before = p99();
    assert!(journal.flush(LONG));
    let other = Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    journal.record(park(1, "x", "701"));
    until(|| journal.health().state == State::Failing);
    let locked = p99();
    other.execute_batch("COMMIT").unwrap();
    drop(other);
    assert!(journal.flush(LONG));
    fs::write(folder.file(), [0xa5; 100_000]).unwrap();
    let damaged = p99();
    println!("p99 of recording: {before:?} before, {locked:?} locked, {damaged:?} damaged");
    for trouble in [locked, damaged] {
        assert!(trouble < before + Duration::from_millis(1), "{trouble:?}, {before:?} before");
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let folder = Folder::new();
    let disk = folder.0.join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = |arguments: &[&str]| {
        let done = std::process::Command::new("mount").args(arguments).arg(&disk).output();
        done.is_ok_and(|done| done.status.success())
    };
    if !mount(&["-t", "tmpfs", "-o", "size=2m", "none"]) {
        println!("SKIPPED: a small file system can be mounted by root alone");
        return;
    }
    struct Unmount<'a>(&'a Path);
    impl Drop for Unmount<'_> {
        fn drop(&mut self) {
            let _ = std::process::Command::new("umount").arg("-l").arg(self.0).output();
        }
    }
    let unmount = Unmount(&disk);
    let path = disk.join("callpark.sqlite");
    let (journal, said) = journal(&path, |_| {});
    assert!(journal.flush(LONG));
    let record = |from: i64, to: i64| {
        for number in from..to {
            let begun = park(number, &format!("u{number}"), "701");
            journal.record(begun.clone());
            journal.record(end(&begun, 1, Outcome::Retrieved, "1"));
        }
    };
    record(0, 10_000);
    until(|| journal.health().state == State::Failing);
    assert!(journal.health().reason.contains("full"), "{:?}", journal.health());
    assert!(mount(&["-o", "remount,size=64m"]));
    until(|| journal.health().state == State::Ok && journal.health().in_memory == 0);
    assert!(mount(&["-o", "remount,ro"]) || journal.health().state == State::Ok);
    record(10_000, 11_000);
    journal.flush(LONG);
    assert!(mount(&["-o", "remount,rw"]));
    until(|| journal.health().state == State::Ok && journal.health().in_memory == 0);
    assert_eq!(count(&path, "count(*) FROM call WHERE outcome = 'retrieved'"), 11_000);
    assert_eq!(count(&path, "max(seq) FROM entry"), 22_000);
    assert!(said.lock().len() <= 4, "{:?}", said.lock());
    drop(journal);
    drop(unmount);
}

#[test]
fn a_file_that_is_not_a_database_is_put_aside() {
    let folder = Folder::new();
    fs::write(folder.file(), "this is not a database, and long enough to be none".repeat(100))
        .unwrap();
    let (journal, said) = journal(&folder.file(), |_| {});
    journal.record(park(1, "u1", "701"));
    assert!(journal.flush(LONG));
    assert_eq!(journal.health().state, State::Ok);
    let aside = journal.health().put_aside.unwrap();
    assert!(fs::read_to_string(aside).unwrap().starts_with("this is not"));
    assert!(matches!(said.lock()[..], [Change::PutAside { .. }]), "{:?}", said.lock());
    assert!(count(&folder.file(), "min(seq) FROM entry") > 1_700_000_000_000);
}

#[test]
fn a_file_that_is_damaged_while_it_is_written_is_put_aside_and_nothing_new_is_lost() {
    let folder = Folder::new();
    let (journal, said) = journal(&folder.file(), |_| {});
    let old = park(1, "before", "700");
    journal.record(old.clone());
    for number in 0..2_000 {
        journal.record(park(number, &format!("u{number}"), "701"));
    }
    assert!(journal.flush(LONG));
    let other = Connection::open(folder.file()).unwrap();
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(other);
    let length = fs::metadata(folder.file()).unwrap().len();
    let mut file = fs::OpenOptions::new().write(true).open(folder.file()).unwrap();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xa5; usize::try_from(length - 4096).unwrap()]).unwrap();
    drop(file);
    // A page may be in the cache of the connection; what was written meanwhile is not lost with the file.
    journal.record(end(&old, 60_000, Outcome::Abandoned, ""));
    until(|| {
        journal.record(park(1, "after", "702"));
        journal.flush(LONG);
        journal.health().put_aside.is_some()
    });
    assert_eq!(journal.health().state, State::Ok);
    assert_eq!(said.lock().len(), 1, "{:?}", said.lock());
    let calls = calls(&folder.file());
    assert!(calls.iter().any(|call| call.uuid == "after"));
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let folder = Folder::new();
    let newer = Connection::open(folder.file()).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let (journal, said) = journal(&folder.file(), |_| {});
    journal.record(park(1, "u1", "701"));
    assert!(!journal.flush(LONG));
    assert!(journal.health().reason.contains("99"), "{:?}", journal.health());
    assert!(matches!(said.lock()[..], [Change::Failing { .. }]));
    assert_eq!(count(&folder.file(), "count(*) FROM sqlite_schema"), 0);
}
