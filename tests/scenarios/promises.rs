//! The module looks itself whether calls, channels, the journal and lamps agree.

use std::time::{Duration, Instant};

use kit::{SOON, new_uuid};
use rusqlite::Connection;
use serde_json::Value;

use super::lot::{LOTS, Scene, setup};

/// It looks every minute, and again after seconds at what is wrong.
const A_LOOK: Duration = Duration::from_secs(90);

fn part(scene: &Scene) -> (bool, String) {
    let health: Value = serde_json::from_str(&scene.api("health json")).expect("health");
    let parts = health["parts"].as_array().expect("parts");
    let part = parts.iter().find(|part| part["name"] == "promises").expect("promises");
    (part["ok"] == true, part["text"].as_str().expect("a text").to_owned())
}

/// It can look for seconds.
fn verify(scene: &Scene) -> String {
    scene.switch.esl_patient().api("callpark journal verify").expect("an answer")
}

/// Does that to the file of the journal behind the module's back.
fn forge(scene: &Scene, sql: &str) {
    let path = scene.switch.folder().join("db/callpark.sqlite");
    let file = Connection::open(path).expect("the journal");
    file.busy_timeout(SOON).expect("patience");
    assert!(file.execute(sql, []).expect(sql) > 0, "{sql}");
}

#[test]
fn what_the_journal_has_forgotten_is_found_within_a_minute() {
    let scene = Scene::start(setup(LOTS));
    let (forgotten, _) = scene.park("park_701");
    let (moved, _) = scene.park("park_703");
    let (ended, _) = scene.park("park_702");
    scene.switch.kill(&ended);
    scene.outcome(&ended, "abandoned");
    assert!(verify(&scene).starts_with("+OK "));
    let (ok, text) = part(&scene);
    assert!(ok && text.starts_with("0 broken, looked "), "{text}");

    forge(&scene, &format!("DELETE FROM call WHERE uuid = '{forgotten}'"));
    forge(&scene, &format!("UPDATE call SET orbit = '705' WHERE uuid = '{moved}'"));
    forge(&scene, &format!("UPDATE call SET ended_at_ms = NULL WHERE uuid = '{ended}'"));
    let says = [
        format!("default 701: the parked call is not in the journal ({forgotten})"),
        format!("default 703: the journal has the call in default 705 ({moved})"),
        format!("default 702: the call is not parked, and the journal has no end of it ({ended})"),
    ];
    let lines = || {
        let log = scene.switch.log();
        let crit = log.lines().filter(|line| line.contains("a promise was broken: "));
        crit.map(str::to_owned).collect::<Vec<_>>()
    };
    let lines = scene.switch.eventually(A_LOOK, "three lines", || {
        Some(lines()).filter(|lines| lines.len() >= says.len())
    });
    assert_eq!(lines.len(), says.len(), "{lines:?}");
    let (ok, text) = part(&scene);
    assert!(!ok && text.starts_with("3 broken, "), "{text}");
    for (says, uuid) in says.iter().zip([&forgotten, &moved, &ended]) {
        assert!(text.contains(says), "{text}");
        let line = lines.iter().find(|line| line.contains(says)).expect(says);
        assert!(line.contains("[CRIT]") && line.starts_with(uuid), "{line}");
    }
    // What stays broken is counted once.
    let answer = verify(&scene);
    assert!(answer.starts_with("-ERR failed broken promises: "), "{answer}");
    assert!(says.iter().all(|says| answer.contains(says)), "{answer}");
    assert!(part(&scene).1.starts_with("3 broken, "));
}

/// FreeSWITCH's domain changes, and nobody tells the module: the lamp of the old name stays lit.
#[test]
fn a_lamp_that_nobody_puts_out_is_found() {
    let Some(scene) = Scene::start_real(setup(LOTS)) else { return };
    let (caller, _) = scene.park("park_701");
    assert!(verify(&scene).starts_with("+OK "));
    assert!(scene.switch.api("global_setvar domain=other.local").starts_with("+OK"));
    let answer = verify(&scene);
    let dark = format!("701@other.local: the lamp of the parked call is dark ({caller})");
    assert!(answer.starts_with("-ERR failed ") && answer.contains(&dark), "{answer}");
    assert!(answer.contains("701@test.local: the lamp is lit without a call"), "{answer}");
    assert!(!part(&scene).0);
}

/// What is just changing is not broken.
#[test]
fn nothing_is_broken_while_calls_come_and_go() {
    let scene = Scene::start(setup(LOTS));
    let until = Instant::now() + Duration::from_secs(12);
    std::thread::scope(|scope| {
        for orbit in 701..=704 {
            let mut esl = scene.switch.esl();
            let mut dial = move |exten: &str| {
                let uuid = new_uuid();
                let start =
                    format!("originate {{origination_uuid={uuid}}}null/1 {exten} XML default");
                assert!(esl.api(&start).expect("an answer").starts_with("+OK"));
                std::thread::sleep(Duration::from_millis(fastrand::u64(0..200)));
                esl.api(&format!("uuid_kill {uuid}")).expect("an answer");
            };
            scope.spawn(move || {
                while Instant::now() < until {
                    dial(&format!("park_{orbit}"));
                    dial(&format!("take_{orbit}"));
                }
            });
            let mut esl = scene.switch.esl();
            scope.spawn(move || {
                while Instant::now() < until {
                    let start = format!("originate null/1 take_{orbit} XML default");
                    esl.api(&start).expect("an answer");
                    std::thread::sleep(Duration::from_millis(100));
                }
            });
        }
        while Instant::now() < until {
            let answer = verify(&scene);
            assert!(answer.starts_with("+OK "), "{answer}");
        }
    });
    let (ok, text) = part(&scene);
    assert!(ok && text.starts_with("0 broken, looked "), "{text}");
}
