//! What happens to the server, and to the way there.

use std::time::{Duration, Instant};

use kit::postgres::{PASSWORD, ROLE};
use kit::{Postgres, eventually};
use office::database::Change;

use super::rig::{Folder, LONG, Rig, calls};
use super::same::same;

#[test]
fn what_the_file_has_is_in_the_database_a_moment_later() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::new();
    let rig = Rig::new(&folder.file(), &server.url());
    rig.record(calls(0..200));
    rig.shipped();
    let (entries, calls_there) = same(&server, &[&folder.file()]);
    assert!(entries > 600 && calls_there == 160, "{entries} {calls_there}");
    rig.record(calls(200..300));
    rig.shipped();
    same(&server, &[&folder.file()]);
    assert_eq!(*rig.said.lock().unwrap(), []);
    // What comes last is shipped at the end.
    rig.record(calls(300..310));
    rig.stop();
    same(&server, &[&folder.file()]);
    // And the next start goes on from there.
    let rig = Rig::new(&folder.file(), &server.url());
    rig.record(calls(310..320));
    rig.shipped();
    assert!(rig.shipper.health().shipped < 100, "{:?}", rig.shipper.health());
    same(&server, &[&folder.file()]);
}

#[test]
fn a_server_that_is_killed_gets_the_rest_when_it_is_back() {
    let Some(mut server) = Postgres::start() else { return };
    let folder = Folder::new();
    let rig = Rig::new(&folder.file(), &server.url());
    rig.record(calls(0..50));
    rig.shipped();
    for round in 1..4 {
        rig.record(calls(round * 1_000..round * 1_000 + 300));
        server.crash();
        rig.fails("127.0.0.1");
        rig.record(calls(round * 1_000 + 300..round * 1_000 + 400));
        assert!(rig.journal.flush(LONG));
        assert!(rig.shipper.health().waiting > Some(300), "{:?}", rig.shipper.health());
        server.launch();
        rig.shipped();
        same(&server, &[&folder.file()]);
    }
    // It is said once a minute at the most.
    let said = rig.said.lock().unwrap();
    assert!(said.len() <= 4, "{said:?}");
}

#[test]
fn a_server_that_is_paused_is_noticed_and_gets_the_rest() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::new();
    let rig = Rig::new(&folder.file(), &server.url());
    rig.record(calls(0..50));
    rig.shipped();
    // Nothing is on its way, and it is noticed all the same.
    server.pause();
    rig.fails("no answer");
    rig.record(calls(50..400));
    assert!(rig.journal.flush(LONG));
    std::thread::sleep(Duration::from_secs(5));
    server.resume();
    rig.shipped();
    same(&server, &[&folder.file()]);
    rig.said_once();
    // And in the middle of a transaction.
    rig.record(calls(1_000..6_000));
    assert!(rig.journal.flush(LONG));
    server.pause();
    std::thread::sleep(Duration::from_secs(6));
    server.resume();
    rig.shipped();
    same(&server, &[&folder.file()]);
}

#[test]
fn a_server_that_takes_nothing_gets_the_rest_when_it_does() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::new();
    let rig = Rig::new(&folder.file(), &server.url());
    rig.record(calls(0..10));
    rig.shipped();
    let cases = [
        (
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING \
             ERRCODE = 'disk_full', MESSAGE = 'could not extend file: No space left on device'; END $$; \
             CREATE TRIGGER refuse BEFORE INSERT ON callpark_entry FOR EACH ROW EXECUTE FUNCTION refuse()",
            "No space left on device (53100)",
            "DROP TRIGGER refuse ON callpark_entry",
        ),
        (
            "CREATE TRIGGER refuse BEFORE INSERT ON callpark_call FOR EACH ROW EXECUTE FUNCTION refuse()",
            "No space left on device (53100)",
            "DROP TRIGGER refuse ON callpark_call",
        ),
        (
            "ALTER ROLE callpark SET default_transaction_read_only = on; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'callpark'",
            "read-only transaction (25006)",
            "ALTER ROLE callpark RESET default_transaction_read_only",
        ),
    ];
    for (number, (begin, reason, end)) in cases.into_iter().enumerate() {
        server.sql(begin);
        let first = 1_000 * (u32::try_from(number).unwrap() + 1);
        rig.record(calls(first..first + 100));
        rig.fails(reason);
        rig.record(calls(first + 100..first + 200));
        server.sql(end);
        rig.shipped();
        same(&server, &[&folder.file()]);
    }
}

#[test]
fn a_slow_server_gets_less_at_a_time() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::new();
    let rig = Rig::with(
        &folder.file(),
        &server.url(),
        |_| {},
        |settings| {
            settings.answer_within = Duration::from_secs(2);
        },
    );
    rig.record(calls(0..10));
    rig.shipped();
    // 800 entries would take 8 s.
    server.sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$; \
         CREATE TRIGGER slow BEFORE INSERT ON callpark_entry FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    rig.record(calls(1_000..1_200));
    rig.shipped();
    same(&server, &[&folder.file()]);
}

#[test]
fn who_cannot_come_in_says_why_and_not_with_which_password() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::new();
    let url = server.url();
    let cases = [
        (url.replace("s3cr", "wrong"), "password authentication failed"),
        (url.replace("//callpark:", "//nobody:"), "password authentication failed"),
        (format!("{url}x"), "database \"callparkx\" does not exist"),
        (url.replace("127.0.0.1", "no-such-host.invalid"), "no-such-host.invalid"),
        (server.url_with("?sslmode=verify-full"), "certificate"),
    ];
    for (wrong, reason) in cases {
        let rig = Rig::new(&folder.file(), &wrong);
        rig.record(calls(0..2));
        rig.fails(reason);
        let began = Instant::now();
        rig.stop();
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    // A role that may come in and may not make tables.
    server.sql("ALTER DATABASE callpark OWNER TO postgres");
    let rig = Rig::new(&folder.file(), &url);
    rig.fails("permission denied for schema public (42501)");
    server.sql("GRANT CREATE ON SCHEMA public TO callpark");
    rig.shipped();
    same(&server, &[&folder.file()]);
    assert!(!format!("{:?}", rig.said.lock().unwrap()).contains(PASSWORD));
    drop(rig);
    // Once there are tables, it does not need to.
    server.sql(&format!("REVOKE CREATE ON SCHEMA public FROM {ROLE}"));
    let rig = Rig::new(&folder.file(), &url);
    rig.record(calls(10..20));
    rig.shipped();
    same(&server, &[&folder.file()]);
}

#[test]
fn the_connection_is_encrypted_and_the_server_proves_who_it_is() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::new();
    let root = server.certificate();
    let full = format!("?sslmode=verify-full&sslrootcert={}", root.display());
    let name = server.url_with(&full).replace("127.0.0.1", "localhost");
    for (url, encrypted) in [
        (server.url_with("?sslmode=require"), "t"),
        (server.url_with("?sslmode=prefer"), "t"),
        (server.url_with("?sslmode=disable"), "f"),
        (server.url_with(&full), "t"),
        (name, "t"),
    ] {
        let rig = Rig::new(&folder.file(), &url);
        rig.record(calls(0..2));
        rig.shipped();
        let used = server.sql(
            "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'callpark'",
        );
        assert_eq!(used, encrypted, "{}", rig.shipper.health().reason);
        rig.stop();
    }
    same(&server, &[&folder.file()]);
}

/// Retention does not wait for a database, and says what the database will never have.
#[test]
fn what_retention_takes_before_it_was_sent_is_said() {
    let Some(mut server) = Postgres::start() else { return };
    let folder = Folder::new();
    let days = |settings: &mut office::journal::Settings| settings.history_days = 30;
    // Only calls that have ended, 40 days ago.
    let old = |numbers: std::ops::Range<u32>| {
        let mut old = calls(numbers);
        let mut ended: Vec<String> =
            old.iter().filter(|entry| entry.is_ending()).map(|entry| entry.uuid.clone()).collect();
        ended.dedup();
        old.retain(|entry| ended.contains(&entry.uuid));
        for entry in &mut old {
            entry.at_ms -= 40 * 86_400_000;
        }
        old
    };
    let rig =
        Rig::with(&folder.file(), &server.url(), |settings| settings.history_days = 0, |_| {});
    rig.record(old(0..10));
    rig.shipped();
    rig.stop();
    let sent: u64 = server.sql("SELECT count(*) FROM callpark_entry").parse().unwrap();
    server.crash();
    let rig =
        Rig::with(&folder.file(), &server.url(), |settings| settings.history_days = 0, |_| {});
    rig.record(old(10..60));
    rig.record(calls(60..70));
    rig.fails("127.0.0.1");
    rig.stop();
    // A file that never saw the server in this life knows where it stood.
    let rig = Rig::with(&folder.file(), &server.url(), days, |_| {});
    let deleted = rig.journal.prune(LONG).unwrap() + rig.journal.prune(LONG).unwrap();
    let skipped = eventually(LONG, "it is said", || {
        let skipped = rig.shipper.health().skipped;
        (skipped > 0).then_some(skipped)
    });
    println!("{deleted} entries were deleted now, {skipped} of them had not been sent");
    server.launch();
    rig.shipped();
    // Once, although the server is asked where it stands as well.
    assert_eq!(rig.shipper.health().skipped, skipped);
    let said = rig.said.lock().unwrap().clone();
    let all: Vec<_> = said.iter().filter(|change| change.is_critical()).collect();
    assert_eq!(all, [&Change::Skipped(skipped)]);
    let here = server.sql("SELECT count(*), max(seq) FROM callpark_entry");
    let (count, last) = here.split_once('|').unwrap();
    assert_eq!(
        count.parse::<u64>().unwrap() + skipped,
        last.parse::<u64>().unwrap(),
        "{sent} before"
    );
}
