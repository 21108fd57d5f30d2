//! More than one file: two nodes, a file that was damaged, one that was restored from a copy.

use std::time::Duration;

use kit::Postgres;
use office::database::Change;

use super::rig::{Folder, LONG, Rig, calls};
use super::same::same;

#[test]
fn two_nodes_ship_to_one_database() {
    let Some(mut server) = Postgres::start() else { return };
    let (one, two) = (Folder::new(), Folder::new());
    let other = |settings: &mut office::journal::Settings| settings.node = "pbx2".into();
    // Both make the tables.
    let rigs = [
        Rig::new(&one.file(), &server.url()),
        Rig::with(&two.file(), &server.url(), other, |_| {}),
    ];
    for round in 0..3 {
        for rig in &rigs {
            rig.record(calls(round * 100..round * 100 + 70));
        }
        if round == 1 {
            server.crash();
            server.launch();
        }
        for rig in &rigs {
            rig.shipped();
        }
        same(&server, &[&one.file(), &two.file()]);
    }
    assert_eq!(server.sql("SELECT count(DISTINCT node) FROM callpark_calls"), "2");
}

#[test]
fn a_new_file_after_a_damaged_one_is_another_journal() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::new();
    let rig = Rig::new(&folder.file(), &server.url());
    rig.record(calls(0..20));
    rig.shipped();
    let before: usize = server.sql("SELECT count(*) FROM callpark_entry").parse().unwrap();
    rig.stop();
    // Its numbers begin with 1 again.
    std::fs::remove_file(folder.file()).unwrap();
    let rig = Rig::new(&folder.file(), &server.url());
    rig.record(calls(100..120));
    rig.shipped();
    let after: usize = server.sql("SELECT count(*) FROM callpark_entry").parse().unwrap();
    assert_eq!(after, 2 * before);
    assert_eq!(server.sql("SELECT count(*) FROM callpark_journal"), "2");
    // While it runs.
    std::fs::remove_file(folder.file()).unwrap();
    let _ = std::fs::remove_file(folder.file().with_extension("sqlite-wal"));
    let _ = std::fs::remove_file(folder.file().with_extension("sqlite-shm"));
    rig.record(calls(200..220));
    rig.shipped();
    assert_eq!(server.sql("SELECT count(*) FROM callpark_journal"), "3");
    let last: usize = server.sql("SELECT count(*) FROM callpark_entry").parse().unwrap();
    assert_eq!(last, 3 * before);
    // Nothing is said to be lost that was never there.
    assert_eq!(rig.shipper.health().skipped, 0);
    rig.stop();
    server.sql(
        "DELETE FROM callpark_entry WHERE journal NOT IN (SELECT journal FROM callpark_journal ORDER BY shipped_at DESC LIMIT 1); \
         DELETE FROM callpark_call WHERE journal NOT IN (SELECT journal FROM callpark_journal ORDER BY shipped_at DESC LIMIT 1)",
    );
    same(&server, &[&folder.file()]);
}

#[test]
fn a_file_that_was_restored_from_a_copy_goes_on_as_another_journal() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::new();
    let rig = Rig::new(&folder.file(), &server.url());
    rig.record(calls(0..40));
    rig.shipped();
    rig.stop();
    let copy = folder.0.join("copy");
    std::fs::copy(folder.file(), &copy).unwrap();
    let rig = Rig::new(&folder.file(), &server.url());
    rig.record(calls(40..80));
    rig.shipped();
    rig.stop();
    let before: usize = server.sql("SELECT count(*) FROM callpark_entry").parse().unwrap();
    std::fs::copy(&copy, folder.file()).unwrap();
    // Other calls have the numbers now, and more of them than before.
    let rig = Rig::new(&folder.file(), &server.url());
    rig.record(calls(1_000..1_100));
    rig.shipped();
    let restored = |change: &Change| matches!(change, Change::Restored { .. });
    assert!(rig.said.lock().unwrap().iter().any(restored), "{:?}", rig.said.lock().unwrap());
    let after: usize = server.sql("SELECT count(*) FROM callpark_entry").parse().unwrap();
    assert!(after > before);
    rig.stop();
    // What both stories have in common is there once, and the calls of today are those of the file.
    let twice = server.sql(
        "SELECT count(*) FROM (SELECT at_ms, json FROM callpark_entry WHERE action = 'park' GROUP BY 1, 2 HAVING count(*) > 1) AS t",
    );
    assert_eq!(twice, "0");
    let first = server.sql("SELECT journal FROM callpark_journal ORDER BY shipped_at LIMIT 1");
    let from =
        server.sql(&format!("SELECT min(seq) FROM callpark_entry WHERE journal <> '{first}'"));
    server.sql(&format!(
        "DELETE FROM callpark_entry WHERE journal = '{first}' AND seq >= {from}; \
         DELETE FROM callpark_call WHERE journal = '{first}' AND id >= {from}"
    ));
    same(&server, &[&folder.file()]);
}

#[test]
fn a_rebuilt_table_of_calls_is_sent_again() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::new();
    let rig = Rig::new(&folder.file(), &server.url());
    rig.record(calls(0..2_000));
    rig.shipped();
    server.sql("UPDATE callpark_call SET orbit = 'x', note = 'y'");
    rig.journal.rebuild(LONG).unwrap();
    rig.shipper.rebuilt();
    kit::eventually(LONG, "all calls are sent", || {
        (server.sql("SELECT count(*) FROM callpark_call WHERE orbit = 'x'") == "0").then_some(())
    });
    same(&server, &[&folder.file()]);
}

/// A process that is killed again and again while the server is.
#[test]
fn a_restart_in_the_middle_sends_nothing_twice() {
    let Some(mut server) = Postgres::start() else { return };
    let folder = Folder::new();
    for round in 0..12 {
        let rig = Rig::new(&folder.file(), &server.url());
        rig.record(calls(round * 1_000..round * 1_000 + 400));
        assert!(rig.journal.flush(LONG));
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..600)));
        if round % 4 == 3 {
            server.crash();
        }
        // Without a last look.
        drop(rig);
        if round % 4 == 3 {
            server.launch();
        }
    }
    let rig = Rig::new(&folder.file(), &server.url());
    rig.shipped();
    same(&server, &[&folder.file()]);
}
