//! `callpark health`: what monitoring asks.

use serde_json::Value;

use kit::{SOON, Setup};

use super::lot::{Scene, setup};

const LOT: &str =
    r#"<lot name="default" orbits="701-705"><param name="timeout" value="1"/><return/></lot>"#;

/// What a reload is refused for, in line `5`.
const BAD: &str = "<configuration name=\"callpark.conf\">\n<lots>\n<lot name=\"default\" orbits=\"701\">\n\
                   <param name=\"timeout\" value=\"1\"/>\n<param name=\"time-out\" value=\"1\"/>\n</lot>\n</lots>\n\
                   </configuration>\n";
const WORSE: &str = "<configuration name=\"callpark.conf\">\n<lots>\n<lot orbits=\"701\"/>\n</lots>\n</configuration>\n";
const GOOD: &str = "<configuration name=\"callpark.conf\">\n<lots>\n<lot name=\"default\" orbits=\"701-709\"/>\n</lots>\n</configuration>\n";

fn health(scene: &Scene) -> Value {
    let text = scene.api("health json");
    serde_json::from_str(&text).expect(&text)
}

fn part(scene: &Scene, name: &str) -> (bool, u64, String) {
    let health = health(scene);
    let parts = health["parts"].as_array().expect("parts");
    let part = parts.iter().find(|part| part["name"] == name).expect(name);
    let text = part["text"].as_str().expect("a text").to_owned();
    let ok = part["ok"].as_bool().expect("a verdict");
    assert!(ok || health["ok"] == false, "{health}");
    (ok, part["since_ms"].as_u64().expect("a time"), text)
}

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("after 1970").as_millis() as u64
}

#[test]
fn a_module_with_a_parked_call_is_all_right() {
    let begun = now_ms();
    let scene = Scene::start(setup(LOT));
    let (caller, _) = scene.park("park_701");
    scene.action(&caller, "remind");
    let all = health(&scene);
    assert_eq!(all["ok"], true, "{all}");
    let names: Vec<_> =
        all["parts"].as_array().expect("parts").iter().map(|p| &p["name"]).collect();
    let known = [
        "worker",
        "calls",
        "lamps",
        "configuration",
        "hooks",
        "modules",
        "errors",
        "journal",
        "promises",
        "recovery",
    ];
    assert_eq!(names, known);
    for name in known {
        let (ok, since_ms, text) = part(&scene, name);
        assert!(ok, "{name}: {text}");
        assert!((begun..=now_ms()).contains(&since_ms), "{name} since {since_ms}");
    }
    // It says so a moment after the event.
    kit::eventually(SOON, "the worker has met a deadline", || {
        let (_, _, worker) = part(&scene, "worker");
        worker.starts_with("the last deadline was met ").then_some(())
    });
    let text = scene.api("health");
    assert_eq!(text.lines().count(), names.len(), "{text}");
    assert!(text.lines().all(|line| line.contains(": ok for ")), "{text}");
    assert!(
        scene.api("health xml").starts_with("-ERR bad_arguments usage: callpark health [json]")
    );
}

#[test]
fn a_reload_that_failed_is_wrong_until_one_succeeds() {
    let scene = Scene::start(setup(LOT));
    let (_, loaded_ms, _) = part(&scene, "configuration");
    scene.switch.write_callpark_conf(Some(BAD));
    let refused = scene.api("reload");
    assert!(refused.contains("line 5"), "{refused}");
    let (ok, since_ms, text) = part(&scene, "configuration");
    assert!(!ok && since_ms > loaded_ms, "since {since_ms}, loaded {loaded_ms}");
    assert!(text.contains(refused.trim().trim_start_matches("-ERR failed ")), "{text}");
    // Of two mistakes one after the other it says the later one, and when it began.
    scene.switch.write_callpark_conf(Some(WORSE));
    scene.switch.api("reloadxml");
    scene.switch.eventually(kit::SOON, "the later mistake", || {
        let (ok, since, text) = part(&scene, "configuration");
        (!ok && since == since_ms && text.contains("line 3")).then_some(())
    });
    assert!(scene.api("health").contains("configuration: wrong for "));
    scene.switch.write_callpark_conf(Some(GOOD));
    scene.switch.api("reloadxml");
    scene.switch.eventually(kit::SOON, "it is all right again", || {
        let (ok, since, _) = part(&scene, "configuration");
        (ok && since > since_ms).then_some(())
    });
    assert_eq!(health(&scene)["ok"], true);
}

#[test]
fn a_bad_file_at_load_is_wrong_from_the_beginning() {
    let scene = Scene::start(Setup::new().callpark_conf(BAD));
    let (ok, _, text) = part(&scene, "configuration");
    assert!(!ok && text.contains("line 5") && text.contains("701-720"), "{text}");
    scene.switch.write_callpark_conf(Some(GOOD));
    assert_eq!(scene.api("reload").trim(), "+OK lots: 1");
    assert!(part(&scene, "configuration").0);
}

/// The command makes FreeSWITCH read its XML, and that makes the module read it: whichever of the two is first, what the
/// command says is what counts.
#[test]
fn what_reload_says_is_what_health_says() {
    let scene = Scene::start(setup(LOT));
    for round in 0..50 {
        scene.switch.write_callpark_conf(Some(BAD));
        assert!(scene.api("reload").starts_with("-ERR"));
        assert!(!part(&scene, "configuration").0, "round {round}");
        scene.switch.write_callpark_conf(Some(GOOD));
        assert_eq!(scene.api("reload").trim(), "+OK lots: 1");
        assert!(part(&scene, "configuration").0, "round {round}");
    }
}

/// Neither does a document that FreeSWITCH itself cannot read pass unseen, nor is the good one before it forgotten.
#[test]
fn xml_that_freeswitch_cannot_read_is_wrong_too() {
    let scene = Scene::start(setup(LOT));
    if !scene.switch.is_real() {
        return;
    }
    let main = scene.switch.folder().join("conf/freeswitch.xml");
    let before = std::fs::read(&main).expect("the configuration");
    std::fs::write(&main, "<document><section").expect("a broken configuration");
    assert!(scene.api("reload").starts_with("-ERR failed FreeSWITCH cannot read"));
    assert!(!part(&scene, "configuration").0);
    std::fs::write(&main, before).expect("the configuration");
    scene.switch.api("reloadxml");
    scene.switch.eventually(kit::SOON, "it is all right again", || {
        part(&scene, "configuration").0.then_some(())
    });
}

#[test]
fn mod_valet_parking_beside_is_wrong_unless_the_lamps_are_called_otherwise() {
    let scene = Scene::start(setup(LOT).module("mod_valet_parking"));
    if !scene.switch.is_real() {
        return;
    }
    let (ok, _, text) = part(&scene, "modules");
    assert!(!ok && text.contains("mod_valet_parking"), "{text}");
    let named = GOOD.replace(
        "<lots>",
        "<settings><param name=\"presence-proto\" value=\"orbit\"/></settings>\n<lots>",
    );
    scene.switch.write_callpark_conf(Some(&named));
    assert_eq!(scene.api("reload").trim(), "+OK lots: 1");
    assert!(part(&scene, "modules").0);
}
