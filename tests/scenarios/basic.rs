//! Park, hold, retrieve, hang up.

use kit::SOON;

use super::lot::{LOTS, MOMENT, Scene, setup};

#[test]
fn a_call_is_parked_listed_retrieved_and_the_orbit_is_free_again() {
    let scene = Scene::start(setup(LOTS));
    let (caller, parked) = scene.park_with(
        "park",
        &[("origination_callee_id_name", "Bob"), ("origination_callee_id_number", "0301234")],
    );
    assert_eq!(parked.text("Callpark-Lot"), "default");
    assert_eq!(parked.text("Callpark-Orbit"), "701");
    assert_eq!(scene.switch.getvar(&caller, "callpark_orbit").as_deref(), Some("701"));
    assert_eq!(scene.switch.getvar(&caller, "callpark_status").as_deref(), Some("parked"));

    let calls = scene.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["orbit"], "701");
    assert_eq!(calls[0]["uuid"], caller.as_str());
    assert_eq!(calls[0]["caller_id_name"], "Bob");
    assert_eq!(calls[0]["state"], "waiting");

    let retriever = scene.dial("take_701");
    scene.events.wait(SOON, |e| e.name() == "CHANNEL_BRIDGE");
    let taken = scene.outcome(&caller, "retrieved");
    assert_eq!(taken.text("Callpark-Retriever-UUID"), retriever);
    scene.switch.wait_bridged(&caller, &retriever);
    scene.wait_empty();
    scene.switch.wait_var(&retriever, "callpark_status", "retrieved");

    scene.switch.kill(&retriever);
    scene.switch.wait_gone(&caller);
    // Nobody holds on to them.
    scene.switch.wait_channels(0);
}

#[test]
fn the_caller_hangs_up_while_waiting() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park");
    scene.switch.kill(&caller);
    let end = scene.outcome(&caller, "abandoned");
    assert_eq!(end.text("Callpark-Action"), "abandon");
    scene.wait_empty();
}

#[test]
fn the_caller_hangs_up_in_the_bridge_and_takes_the_retriever_along() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park_705");
    let retriever = scene.dial("take_default_705");
    scene.outcome(&caller, "retrieved");
    scene.switch.kill(&caller);
    scene.switch.wait_gone(&retriever);
    scene.events.none_for(MOMENT, |e| !e.text("Callpark-Outcome").is_empty());
}

#[test]
fn an_empty_orbit_says_so_and_the_dialplan_goes_on() {
    let scene = Scene::start(setup(LOTS));
    for (exten, status) in [
        ("take_701", "empty"),
        ("take_default_next", "empty"),
        ("take_999", "unknown_orbit"),
        ("take_nowhere_701", "unknown_lot"),
        ("take_nowhere", "unknown_lot"),
        ("take_default_x%sx", "bad_arguments"),
        ("key_701", "empty"),
        ("park_nowhere", "unknown_lot"),
        ("park_999", "unknown_orbit"),
        ("park_default_7-1", "bad_arguments"),
    ] {
        let leg = scene.dial(exten);
        scene.switch.wait_var(&leg, "went_on", status);
        scene.switch.kill(&leg);
    }
}

#[test]
fn a_full_lot_and_a_taken_orbit() {
    let scene = Scene::start(setup(LOTS));
    let (_, first) = scene.park("park_one");
    assert_eq!(first.text("Callpark-Orbit"), "901");
    let leg = scene.dial("park_one");
    scene.switch.wait_var(&leg, "went_on", "full");
    assert_eq!(scene.action(&leg, "refuse").text("Callpark-Reason"), "full");

    // when-occupied is `next` unless the lot says otherwise.
    scene.park("park_703");
    let (_, next) = scene.park("park_703");
    assert_eq!(next.text("Callpark-Orbit"), "704");
}

#[test]
fn next_takes_the_highest_priority_then_who_waits_longest() {
    let scene = Scene::start(setup(LOTS));
    let (first, _) = scene.park("park");
    let (second, _) = scene.park("park");
    let (urgent, _) = scene.park_with("park", &[("callpark_priority", "5")]);
    for caller in [urgent, first, second] {
        scene.dial("take_default_next");
        scene.outcome(&caller, "retrieved");
    }
    scene.wait_empty();
}

#[test]
fn the_command_parks_moves_sets_shows_and_drops() {
    let scene = Scene::start(setup(LOTS));
    let leg = scene.dial("7777");
    scene.switch.eventually(SOON, "leg", || scene.switch.alive(&leg).then_some(()));
    assert_eq!(scene.api(&format!("park {leg} default 702")).trim(), "+OK default 702");
    scene.action(&leg, "park");
    assert_eq!(
        scene.api(&format!("park {leg}")).split(' ').take(2).collect::<Vec<_>>(),
        ["-ERR", "occupied"]
    );
    assert_eq!(scene.api("move default 702 one auto").trim(), "+OK one 901");
    let moved = scene.action(&leg, "move");
    assert_eq!(moved.text("Callpark-Orbit"), "901");
    assert_eq!(scene.api("set one 901 note call back later").trim(), "+OK one 901");
    assert_eq!(scene.api("set one 901 priority 7").trim(), "+OK one 901");
    assert!(scene.api("set one 901 priority 10").starts_with("-ERR bad_arguments "));
    let call = scene.calls().remove(0);
    assert_eq!(
        (call["note"].as_str(), call["priority"].as_u64()),
        (Some("call back later"), Some(7))
    );
    let shown: serde_json::Value =
        serde_json::from_str(&scene.api("show one 901 json")).expect("json");
    assert_eq!(shown["call"]["uuid"], leg.as_str(), "{shown}");
    assert_eq!(scene.api("drop one 901 USER_BUSY").trim(), "+OK one 901");
    let end = scene.outcome(&leg, "dropped");
    assert_eq!(end.text("Callpark-Action"), "drop");
    scene.switch.wait_gone(&leg);
    scene.wait_empty();
}

#[test]
fn the_command_connects_a_channel_and_a_dial_string() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park");
    let leg = scene.dial("7777");
    scene.switch.eventually(SOON, "leg", || scene.switch.alive(&leg).then_some(()));
    assert_eq!(scene.api(&format!("retrieve default 701 {leg}")).trim(), "+OK default 701");
    assert_eq!(scene.outcome(&caller, "retrieved").text("Callpark-Retriever-UUID"), leg);
    scene.switch.wait_bridged(&caller, &leg);

    let (caller, _) = scene.park("park");
    assert_eq!(scene.api("retrieve default next null/200").trim(), "+OK default 701");
    scene.outcome(&caller, "retrieved");
    assert!(scene.api("retrieve default 701 null/200").starts_with("-ERR empty "));
    assert!(scene.api("retrieve default 702 nobody").starts_with("-ERR "));
}

#[test]
fn closed_orbits_take_no_calls_and_keep_those_they_have() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park_701");
    assert_eq!(scene.api("close default").trim(), "+OK default");
    let leg = scene.dial("park");
    scene.switch.wait_var(&leg, "went_on", "closed");
    scene.dial("take_701");
    scene.outcome(&caller, "retrieved");
    assert_eq!(scene.api("open default").trim(), "+OK default");
    scene.park("park");
}

#[test]
fn another_command_takes_the_call_out() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park");
    scene.switch.api(&format!("uuid_transfer {caller} 7777 XML default"));
    scene.outcome(&caller, "transferred");
    scene.wait_empty();
    assert!(scene.switch.alive(&caller));
}

#[test]
fn unloading_and_loading_again() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park");
    assert!(scene.switch.api("unload mod_callpark").starts_with("-ERR"));
    assert!(scene.switch.alive(&caller));
    assert!(scene.switch.api("unload -f mod_callpark").starts_with("+OK"));
    scene.outcome(&caller, "shutdown");
    scene.switch.wait_gone(&caller);
    for _ in 0..3 {
        assert!(scene.switch.api("load mod_callpark").contains("+OK"));
        scene
            .switch
            .eventually(SOON, "up", || scene.api("status").contains("default").then_some(()));
        let (caller, _) = scene.park("park");
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
        scene.wait_empty();
        // The outcome is told a moment before the application returns.
        scene.switch.eventually(SOON, "an unload", || {
            scene.switch.api("unload mod_callpark").starts_with("+OK").then_some(())
        });
    }
}

#[test]
fn a_reload_keeps_parked_calls_and_a_bad_file_changes_nothing() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park_701");
    let conf = |lots: &str| {
        format!(
            r#"<configuration name="callpark.conf" description="x"><lots>{lots}</lots></configuration>"#
        )
    };
    scene.switch.write_callpark_conf(Some(&conf(r#"<lot name="default" orbits="710-7"/>"#)));
    let answer = scene.api("reload");
    assert!(answer.starts_with("-ERR failed ") && answer.contains("default"), "{answer}");
    assert!(scene.api("status").contains("quick"));
    scene.switch.write_callpark_conf(Some(&conf(r#"<lot name="default" orbits="711-712"/>"#)));
    assert!(scene.api("reload").starts_with("+OK"));
    assert!(!scene.api("status").contains("quick"));
    assert_eq!(scene.calls().len(), 1);
    let (_, parked) = scene.park("park");
    assert_eq!(parked.text("Callpark-Orbit"), "711");
    scene.dial("take_default_701");
    scene.outcome(&caller, "retrieved");
}

#[test]
fn the_end_of_the_switch_is_an_outcome_too() {
    let scene = Scene::start(setup(LOTS));
    let callers: Vec<String> = (0..3).map(|_| scene.park("park").0).collect();
    assert!(scene.switch.stop().success());
    for caller in callers {
        scene.outcome(&caller, "shutdown");
    }
}
