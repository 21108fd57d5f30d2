//! The journal in PostgreSQL, seen from outside: whatever happens to the server, calls do not notice, and in the end it has
//! what the file has.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kit::postgres::PASSWORD;
use kit::{Postgres, SOON};
use serde_json::Value;

use super::journal::pieces;
use super::lot::{LOTS, Scene, setup};
use super::same::same;

/// Long enough for a server that answers within 30 s to be given up, and for the longest pause.
const LONG: Duration = Duration::from_secs(120);

fn scene(database: &str) -> Scene {
    let database = database.replace('&', "&amp;");
    Scene::start(setup(LOTS).callpark_conf(&format!(
        "<configuration name=\"callpark.conf\">\n<settings><param name=\"database\" value=\"{database}\"/></settings>\n\
         <lots>{LOTS}</lots>\n</configuration>"
    )))
}

fn file(scene: &Scene) -> PathBuf {
    scene.switch.folder().join("db/callpark.sqlite")
}

fn part(scene: &Scene) -> Value {
    let health: Value = serde_json::from_str(&scene.api("health json")).expect("JSON");
    let parts = health["parts"].as_array().expect("parts");
    parts.iter().find(|part| part["name"] == "database").cloned().unwrap_or_default()
}

/// An entry is written some ms after its event, and only then counts as waiting.
fn all_written(scene: &Scene) {
    scene.switch.eventually(LONG, "every call has ended in the file", || {
        let file = rusqlite::Connection::open(file(scene)).ok()?;
        let open = "SELECT count(*) FROM call WHERE outcome IS NULL";
        (file.query_row(open, [], |row| row.get::<_, i64>(0)).ok()? == 0).then_some(())
    });
}

/// Everything is there.
#[track_caller]
fn shipped(scene: &Scene) {
    scene.switch.eventually(LONG, "all is sent", || {
        let part = part(scene);
        let text = part["text"].as_str().unwrap_or_default();
        (part["ok"] == true && text.ends_with(" 0 on their way")).then_some(())
    });
}

/// Parks and retrieves a call. How long the two took.
fn works(scene: &Scene) -> Duration {
    let began = Instant::now();
    let (caller, _) = scene.park("park_701");
    let retriever = scene.dial("take_701");
    scene.outcome(&caller, "retrieved");
    let took = began.elapsed();
    scene.switch.kill(&retriever);
    scene.wait_empty();
    took
}

#[test]
fn calls_do_not_notice_what_happens_to_the_database() {
    let Some(mut server) = Postgres::start() else { return };
    let scene = scene(&server.url());
    let stopped = AtomicBool::new(false);
    let good: Vec<Duration> = (0..20).map(|_| works(&scene)).collect();
    all_written(&scene);
    shipped(&scene);
    same(&server, &[&file(&scene)]);
    let during = std::thread::scope(|scope| {
        let calls = scope.spawn(|| {
            let mut times = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                times.push(works(&scene));
            }
            times
        });
        for _ in 0..3 {
            server.crash();
            std::thread::sleep(Duration::from_secs(1));
            server.launch();
            std::thread::sleep(Duration::from_millis(500));
        }
        server.pause();
        scene
            .switch
            .eventually(LONG, "it is wrong", || (part(&scene)["ok"] == false).then_some(()));
        let text = part(&scene)["text"].to_string();
        assert!(text.contains("entries wait in the file") && !text.contains(PASSWORD), "{text}");
        server.resume();
        shipped_or_nearly(&scene);
        stopped.store(true, Ordering::Relaxed);
        calls.join().expect("calls")
    });
    all_written(&scene);
    shipped(&scene);
    let (entries, calls) = same(&server, &[&file(&scene)]);
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let count = during.len();
    let (good, during) = (median(good), median(during));
    println!(
        "{calls} calls, {entries} entries; park to retrieval {good:?}, and with trouble {during:?} ({count} calls)"
    );
    assert!(count > 20 && during < 5 * good + Duration::from_millis(100), "{good:?} {during:?}");
    let log = scene.switch.log();
    let said = log.matches("the database cannot be used").count();
    assert!((1..=4).contains(&said), "{said}");
    assert!(log.contains("the database takes entries again"));
    assert!(!log.contains(PASSWORD));
}

/// While calls go on, something is always on its way.
fn shipped_or_nearly(scene: &Scene) {
    scene.switch.eventually(LONG, "it is all right", || (part(scene)["ok"] == true).then_some(()));
}

/// What a caller is called in one database, he is called in the other.
#[test]
fn names_with_everything_in_them_are_the_same_in_both() {
    let Some(server) = Postgres::start() else { return };
    let scene = scene(&server.url());
    for name in pieces() {
        let vars = [("origination_callee_id_name", name.as_str()), ("callpark_note", &name)];
        let (caller, _) = scene.park_with("park_701", &vars);
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
    }
    all_written(&scene);
    shipped(&scene);
    let (_, calls) = same(&server, &[&file(&scene)]);
    assert_eq!(calls, pieces().len());
}

#[test]
fn an_unload_sends_what_is_left_and_ends_in_time() {
    let Some(mut server) = Postgres::start() else { return };
    let scene = scene(&server.url());
    let (parked, _) = scene.park("park_701");
    shipped(&scene);
    let unload = |scene: &Scene| {
        let began = Instant::now();
        let mut esl = scene.switch.esl_patient();
        assert!(esl.api("unload -f mod_callpark").expect("an answer").starts_with("+OK"));
        let took = began.elapsed();
        let tasks =
            std::fs::read_dir(format!("/proc/{}/task", scene.switch.pid())).expect("threads");
        for task in tasks.flatten() {
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            assert!(!name.starts_with("callpark"), "{name}");
        }
        took
    };
    let took = unload(&scene);
    scene.outcome(&parked, "shutdown");
    assert_eq!(server.sql("SELECT outcome FROM callpark_calls"), "shutdown");
    same(&server, &[&file(&scene)]);
    assert!(scene.switch.api("load mod_callpark").contains("+OK"));
    works(&scene);
    shipped(&scene);
    // The server does not answer, and the unload does not wait for that.
    server.pause();
    works(&scene);
    let paused = unload(&scene);
    server.resume();
    println!("unloaded in {took:?}, and beside a paused server in {paused:?}");
    assert!(paused < took + SOON / 2, "{paused:?}");
    server.crash();
    assert!(scene.switch.api("load mod_callpark").contains("+OK"));
    works(&scene);
    scene.switch.eventually(LONG, "it is wrong", || (part(&scene)["ok"] == false).then_some(()));
    unload(&scene);
    server.launch();
    assert!(scene.switch.api("load mod_callpark").contains("+OK"));
    shipped(&scene);
    same(&server, &[&file(&scene)]);
}

#[test]
fn a_bad_address_is_refused_without_being_repeated() {
    let scene = Scene::start(setup(LOTS));
    assert_eq!(part(&scene), Value::Null);
    let conf = format!(
        "<configuration name=\"callpark.conf\"><settings><param name=\"database\" value=\"postgresql://u:hidden@h:x/d\"/>\
         </settings><lots>{LOTS}</lots></configuration>"
    );
    scene.switch.write_callpark_conf(Some(&conf));
    let answer = scene.api("reload");
    assert!(answer.starts_with("-ERR") && answer.contains("is not an address such as"), "{answer}");
    assert!(!answer.contains("hidden") && !scene.api("health").contains("hidden"));
    assert!(!scene.switch.log().contains("hidden"));
}

/// Who is erased here is erased there as well, whether the server is there at that time or comes later.
#[test]
fn who_is_erased_is_erased_in_both() {
    let Some(mut server) = Postgres::start() else { return };
    let scene = scene(&server.url());
    for number in ["0301111111", "0302222222", "0303333333"] {
        let vars = [("origination_callee_id_number", number), ("callpark_note", "very ill")];
        let (caller, _) = scene.park_with("park_701", &vars);
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
    }
    all_written(&scene);
    shipped(&scene);
    // Whatever these tables have, in whatever column.
    let there = |server: &Postgres, number: &str| {
        ["callpark_entry", "callpark_call"]
            .map(|table| {
                let rows =
                    format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%{number}%'");
                server.sql(&rows).trim().to_owned()
            })
            .join(" ")
    };
    assert_ne!(there(&server, "0301111111"), "0 0");
    assert!(scene.api("erase 0301111111").starts_with("+OK erased from 1 calls"));
    scene
        .switch
        .eventually(LONG, "erased there", || (there(&server, "0301111111") == "0 0").then_some(()));
    server.crash();
    assert!(scene.api("erase 0302222222").starts_with("+OK erased from 1 calls"));
    server.launch();
    scene.switch.eventually(LONG, "erased there as well", || {
        (there(&server, "0302222222") == "0 0").then_some(())
    });
    shipped(&scene);
    assert_ne!(there(&server, "0303333333"), "0 0");
    assert_ne!(there(&server, "very ill"), "0 0");
    same(&server, &[&file(&scene)]);
}
