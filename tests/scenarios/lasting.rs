//! What is as it was before a restart, besides the calls.

use std::path::PathBuf;

use kit::{SOON, Setup};
use rusqlite::Connection;
use serde_json::Value;

use super::journal::{history, with_settings};
use super::lot::{LOTS, Scene, setup};

fn file(scene: &Scene) -> PathBuf {
    scene.switch.folder().join("db/callpark.sqlite")
}

/// Waits until this is in the file under that name.
fn wait_written(scene: &Scene, name: &str, text: &str) {
    scene.switch.eventually(SOON, text, || {
        let file = Connection::open(file(scene)).ok()?;
        let sql = "SELECT json FROM kept WHERE name = ?";
        let json: String = file.query_row(sql, [name], |row| row.get(0)).ok()?;
        json.contains(text).then_some(())
    });
}

fn crash_and_restart(scene: &mut Scene) {
    scene.switch.crash_and_restart();
    scene.events = scene.switch.events(&["CUSTOM callpark::info"]);
}

fn reload_module(scene: &Scene) {
    let mut esl = scene.switch.esl_patient();
    assert!(esl.api("unload -f mod_callpark").expect("an answer").starts_with("+OK"));
    assert!(esl.api("load mod_callpark").expect("an answer").contains("+OK"));
}

/// How many orbits of that lot are closed.
fn closed(scene: &Scene, lot: &str) -> u64 {
    let status: Value = serde_json::from_str(&scene.api("status json")).expect("JSON");
    let lots = status["lots"].as_array().expect("lots");
    let lot = lots.iter().find(|found| found["lot"] == lot).expect(lot);
    lot["closed"].as_u64().expect("a number")
}

#[test]
fn what_was_closed_by_hand_stays_closed() {
    let mut scene = Scene::start(setup(LOTS));
    for words in ["close default 702", "close default 704", "close quick", "open quick 802"] {
        assert!(scene.api(words).starts_with("+OK"), "{words}");
    }
    let as_it_was = |scene: &Scene| {
        let closed = ["default", "quick", "one"].map(|lot| closed(scene, lot));
        assert_eq!(closed, [2, 2, 0]);
        let refused = scene.dial("park_704");
        scene.switch.wait_var(&refused, "callpark_status", "closed");
        let (caller, parked) = scene.park("park_quick");
        assert_eq!(parked.text("Callpark-Orbit"), "802");
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
        // Otherwise the orbit would be held for it after a kill.
        scene.switch.eventually(SOON, "its end is in the file", || {
            history(scene, "outcome=waiting").is_empty().then_some(())
        });
    };
    wait_written(&scene, "closed", "\"802\"");
    crash_and_restart(&mut scene);
    as_it_was(&scene);
    let says = "as before the restart: closed 3, lots with waits 0, call-backs 0; ignored 0";
    assert!(scene.switch.log_contains(says));
    // What has not changed since is not forgotten by a second one.
    crash_and_restart(&mut scene);
    as_it_was(&scene);
    reload_module(&scene);
    as_it_was(&scene);
    assert!(scene.api("open default").starts_with("+OK"));
    reload_module(&scene);
    assert_eq!(["default", "quick"].map(|lot| closed(&scene, lot)), [0, 2]);
    // An orderly end writes what has changed just before.
    assert!(scene.api("open quick").starts_with("+OK"));
    assert!(scene.api("close one").starts_with("+OK"));
    assert!(scene.switch.stop().success());
    scene.switch.launch();
    assert_eq!(["default", "quick", "one"].map(|lot| closed(&scene, lot)), [0, 0, 1]);
}

#[test]
fn damaged_values_are_left_out() {
    let scene = Scene::start(setup(LOTS));
    assert!(scene.api("close default 702").starts_with("+OK"));
    wait_written(&scene, "closed", "702");
    scene.switch.crash();
    {
        let file = Connection::open(file(&scene)).expect("the file");
        let values = [
            (
                "closed",
                r#"[{"lot":"gone","all":true,"orbits":[]},7,{"lot":"one","all":false,"orbits":["901","é"]}]"#
                    .to_owned(),
            ),
            ("waits", "[".repeat(100_000)),
            ("callbacks", r#"[{"lot":"default"}]"#.to_owned()),
        ];
        for (name, json) in values {
            file.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", [name, &json])
                .expect("written");
        }
    }
    scene.switch.launch();
    assert_eq!(["default", "one"].map(|lot| closed(&scene, lot)), [0, 1]);
    let says = "as before the restart: closed 1, lots with waits 0, call-backs 0; ignored 5";
    assert!(scene.switch.log_contains(says));
}

#[test]
fn without_a_journal_nothing_is_as_before() {
    let mut scene = Scene::start(with_settings(&[("journal", "false")]));
    assert!(scene.api("close default").starts_with("+OK"));
    assert!(scene.api("checkpoint").starts_with("-ERR failed there is no journal"));
    reload_module(&scene);
    assert_eq!(closed(&scene, "default"), 0);
    assert!(scene.api("close default").starts_with("+OK"));
    crash_and_restart(&mut scene);
    assert_eq!(closed(&scene, "default"), 0);
}

#[test]
fn an_adaptive_timeout_survives() {
    let lots = r#"<lot name="default" orbits="701-705"><param name="timeout" value="adaptive"/>
        <param name="timeout-min" value="7"/><param name="announce" value="false"/></lot>"#;
    let mut scene = Scene::start(setup(lots));
    let timeout = |scene: &Scene| {
        let (caller, _) = scene.park("park_701");
        let ms = scene.calls()[0]["timeout_ms_left"].as_u64().expect("a timeout");
        let retriever = scene.dial("take_701");
        scene.outcome(&caller, "retrieved");
        scene.switch.kill(&retriever);
        ms
    };
    for _ in 0..5 {
        assert!(timeout(&scene) > 60_000, "too little is known");
    }
    assert!(scene.api("checkpoint").starts_with("+OK"));
    crash_and_restart(&mut scene);
    assert!(timeout(&scene) <= 7_000);
    reload_module(&scene);
    assert!(timeout(&scene) <= 7_000);
}

/// A lot whose callers are called back by that extension.
fn calls_back(to: &str) -> String {
    format!(
        r#"<lot name="default" orbits="701-705"><param name="timeout" value="0"/>
        <param name="announce" value="false"/><param name="callback-key" value="5"/>
        <param name="callback-to" value="{to}${{number}} XML default"/></lot>"#
    )
}

fn conf(lots: &str) -> String {
    format!("<configuration name=\"callpark.conf\"><lots>{lots}</lots></configuration>")
}

fn callbacks(scene: &Scene) -> Vec<Value> {
    let text = scene.api("callbacks json");
    let list: Value = serde_json::from_str(&text).expect(&text);
    list["callbacks"].as_array().expect("callbacks").clone()
}

/// The first attempts reach nobody, and those after the second start do.
fn two_extensions() -> Setup {
    setup(&calls_back("7"))
        .user_at(1000, "null/desk")
        .extension("75550123", &[("hangup", "NO_ANSWER")])
        .extension("95550123", &[("bridge", "null/caller")])
}

#[test]
fn a_call_back_that_is_owed_is_made_after_a_kill() {
    let mut scene = Scene::start(two_extensions());
    let variables = [
        ("callpark_parker", "1000@test.local"),
        ("origination_callee_id_name", "Bób <&\"'>"),
        ("origination_callee_id_number", "5550123"),
    ];
    let (caller, _) = scene.park_with("park", &variables);
    let answer = scene.switch.api(&format!("uuid_recv_dtmf {caller} 5"));
    assert!(answer.starts_with("+OK"), "{answer}");
    scene.outcome(&caller, "callback");
    let told = |scene: &Scene, state: &str| {
        scene.events.wait(SOON, |e| {
            e.is("Callpark-Action", "callback") && e.is("Callpark-Callback-State", state)
        })
    };
    told(&scene, "failed-once");
    let before = callbacks(&scene).remove(0);
    assert_eq!(before["attempts_left"], 2);
    wait_written(&scene, "callbacks", "\"attempts_left\":2");

    crash_and_restart(&mut scene);
    let after = callbacks(&scene).remove(0);
    for name in ["lot", "orbit", "uuid", "caller_id_name", "caller_id_number", "by", "note"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert_eq!(after["attempts_left"], 2);
    let left = |callback: &Value| callback["expires_ms_left"].as_u64().expect("a number");
    assert!(left(&after) < left(&before), "{before} {after}");
    let says = "as before the restart: closed 0, lots with waits 0, call-backs 1; ignored 0";
    assert!(scene.switch.log_contains(says));

    // An unload keeps it as well.
    scene.switch.write_callpark_conf(Some(&conf(&calls_back("9"))));
    scene.switch.api("reloadxml");
    reload_module(&scene);
    let done = told(&scene, "connected");
    assert_eq!(done.text("Callpark-Caller-ID-Number"), "5550123");
    assert_eq!(done.text("Callpark-UUID"), caller);
    assert!(callbacks(&scene).is_empty());
    wait_written(&scene, "callbacks", "[]");
    crash_and_restart(&mut scene);
    assert!(callbacks(&scene).is_empty(), "it is made once");
}
