//! The audit: who did what, and that nobody can change it unnoticed. What a data subject can ask for.

use std::fs;
use std::path::PathBuf;

use kit::SOON;
use rusqlite::Connection;
use serde_json::Value;

use super::journal::{history, verified, with_settings};
use super::lot::{LOTS, Scene, setup};

fn rows(scene: &Scene, filters: &str) -> Vec<Value> {
    let answer = scene.api(&format!("audit {filters} limit=1000 json"));
    let answer: Value =
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    answer["audit"].as_array().expect("rows").clone()
}

/// `actor action orbit result`, oldest first.
fn told(scene: &Scene, filters: &str) -> Vec<String> {
    let text = |row: &Value, key: &str| row[key].as_str().expect("a text").to_owned();
    let line =
        |row: &Value| ["actor", "action", "orbit", "result"].map(|key| text(row, key)).join(" ");
    rows(scene, filters).iter().rev().map(line).collect()
}

fn database(scene: &Scene) -> PathBuf {
    scene.switch.folder().join("db/callpark.sqlite")
}

#[test]
fn who_did_what_is_written_down() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) =
        scene.park_with("park_default_701", &[("callpark_parker", "1001@test.local")]);
    assert!(scene.api("move default 701 default 702").starts_with("+OK"));
    scene.action(&caller, "move");
    assert!(scene.api("set default 702 note very ill").starts_with("+OK"));
    assert!(scene.api("close default 705").starts_with("+OK"));
    assert!(scene.api("open default 705").starts_with("+OK"));
    assert!(scene.api("close default 9").starts_with("-ERR"));
    scene.api("list json");
    scene.api("list json");
    assert!(scene.api("drop default 702").starts_with("+OK"));
    scene.outcome(&caller, "dropped");
    assert!(scene.api("reload").starts_with("+OK"));
    let told = told(&scene, "");
    let expected = [
        "1001@test.local park 701 ok",
        "api move 702 ok",
        "api move 701 ok",
        "api set 702 ok",
        "api close 705 ok",
        "api open 705 ok",
        "api close 9 unknown_orbit",
        "api list  ok",
        "api drop 702 dropped",
        "api drop 702 ok",
        "api reload  ok",
    ];
    for line in expected {
        assert!(told.iter().any(|told| told == line), "{line:?} is not in {told:#?}");
    }
    let lists = told.iter().filter(|line| line.starts_with("api list")).count();
    assert_eq!(lists, 1, "a program that asks again is not written down again");
    let all = format!("{:?}", rows(&scene, ""));
    assert!(!all.contains("ill"), "a note is nobody's business: {all}");
    assert!(scene.api("audit verify").starts_with("+OK "));
    assert_eq!(told.iter().filter(|line| line.contains(" close ")).count(), 2);
    assert_eq!(rows(&scene, "action=close result=ok").len(), 1);
    assert!(scene.api("audit actor=1001@test.local csv").contains(",park,"));
    assert!(scene.api("audit nonsense=1").starts_with("-ERR bad_arguments"));
}

#[test]
fn a_row_that_was_changed_is_found() {
    let scene = Scene::start(setup(LOTS));
    for _ in 0..3 {
        scene.api("close default 705");
        scene.api("open default 705");
    }
    let head = scene.api("audit head");
    let head = head.strip_prefix("+OK ").expect(&head).trim().to_owned();
    assert!(scene.api(&format!("audit verify head={head}")).starts_with("+OK "));
    assert!(scene.api("audit verify head=1:00").starts_with("-ERR bad_arguments"));
    let change = |sql: &str| {
        let connection = Connection::open(database(&scene)).expect("the file");
        connection.busy_timeout(SOON).expect("a timeout");
        connection.execute_batch(sql).expect(sql);
    };
    change("UPDATE audit SET actor = 'Api' WHERE seq = 3");
    let answer = scene.api("audit verify");
    assert!(answer.starts_with("-ERR failed row 3:"), "{answer}");
    change("UPDATE audit SET actor = 'api' WHERE seq = 3; DELETE FROM audit WHERE seq = 2");
    let answer = scene.api("audit verify");
    assert!(answer.starts_with("-ERR failed row 2:"), "{answer}");
}

#[test]
fn lines_of_json_go_to_a_file_that_is_begun_anew_at_a_sighup() {
    let folder = std::env::temp_dir().join(format!("callpark-audit-{}", kit::new_uuid()));
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("audit.json");
    let name = path.display().to_string();
    let scene = Scene::start(with_settings(&[("audit-file", name.as_str())]));
    let lines = || fs::read_to_string(&path).unwrap_or_default();
    scene.api("close default 705");
    scene
        .switch
        .eventually(SOON, "a line", || lines().contains("\"action\":\"close\"").then_some(()));
    for line in lines().lines() {
        let row: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(row["hash"].as_str().map(str::len), Some(64));
    }
    if scene.switch.is_real() {
        let old = folder.join("audit.json.1");
        fs::rename(&path, &old).expect("renamed");
        scene.switch.api("fsctl send_sighup");
        scene.switch.eventually(SOON, "a new file", || {
            scene.api("open default 705");
            lines().contains("\"action\":\"open\"").then_some(())
        });
    }
    drop(scene);
    let _ = fs::remove_dir_all(&folder);
}

#[test]
fn a_caller_is_exported_and_erased() {
    let scene = Scene::start(setup(LOTS));
    let by = |number: &str| {
        let (caller, _) = scene.park_with(
            "park_default_701",
            &[("origination_callee_id_number", number), ("callpark_note", "very ill")],
        );
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
    };
    by("0301111111");
    by("0302222222");
    let export = scene.api("export 0301111111");
    let document: Value =
        serde_json::from_str(&export).unwrap_or_else(|error| panic!("{error}: {export}"));
    assert_eq!(document["calls"].as_array().map(Vec::len), Some(1), "{export}");
    assert_eq!(document["calls"][0]["note"], "very ill");
    assert!(document["calls"][0]["entries"].as_array().is_some_and(|entries| entries.len() >= 2));
    let erased = scene.api("erase 0301111111");
    assert!(erased.starts_with("+OK erased from 1 calls"), "{erased}");
    assert!(!scene.api("export 0301111111").contains("very ill"));
    let numbers: Vec<Value> =
        history(&scene, "").iter().map(|call| call["caller_id_number"].clone()).collect();
    assert_eq!(numbers, ["0302222222", ""]);
    verified(&scene);
    assert!(scene.api("audit verify").starts_with("+OK "));
    let details: Vec<String> =
        rows(&scene, "").iter().map(|row| row["detail"].to_string()).collect();
    assert!(details.iter().any(|detail| detail == "\"0301111***\""), "{details:?}");
    assert!(details.iter().all(|detail| !detail.contains("0301111111")), "{details:?}");
    assert!(scene.api("erase").starts_with("-ERR bad_arguments"));
}

/// The parked caller of a lot that is strict is nowhere in full, except to whom it is connected.
#[test]
fn a_strict_lot_masks_its_callers() {
    let lots = r#"<lot name="default" orbits="701-705"><param name="timeout" value="0"/>
                  <param name="announce" value="false"/><param name="privacy" value="strict"/></lot>"#;
    let scene = Scene::start(setup(lots));
    let number = "+49301234567";
    let (caller, park) = scene.park_with(
        "park_default_701",
        &[
            ("origination_callee_id_number", number),
            ("origination_callee_id_name", "Ada"),
            ("callpark_note", "very ill"),
        ],
    );
    assert_eq!(park.text("Callpark-Caller-ID-Number"), "+49301234***");
    assert_eq!(park.text("Callpark-Caller-ID-Name"), "A***");
    let hidden = |text: &str| {
        assert!(
            !text.contains(number) && !text.contains("Ada") && !text.contains("very ill"),
            "{text}"
        );
    };
    for list in ["list", "list json", "list csv", "show default 701", "show default 701 json"] {
        hidden(&scene.api(list));
    }
    let retriever = scene.dial("take_default_701");
    let end = scene.outcome(&caller, "retrieved");
    assert_eq!(end.text("Callpark-Caller-ID-Number"), "+49301234***");
    scene.switch.kill(&retriever);
    scene.wait_empty();
    let export = format!("export {number}");
    for list in ["history json", "history csv", "audit json", export.as_str()] {
        let answer = scene.api(list);
        assert!(!answer.contains("Ada") && !answer.contains("very ill"), "{answer}");
    }
    assert_eq!(history(&scene, "")[0]["caller_id_number"], "+49301234***");
}
