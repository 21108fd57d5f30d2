//! Time is up.

use super::lot::{LOTS, Scene, setup};

#[test]
fn nobody_takes_it_and_it_is_transferred() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park_quick");
    let end = scene.outcome(&caller, "returned");
    assert_eq!(end.text("Callpark-Action"), "return");
    assert!(end.text("Callpark-Step").contains("transfer:7777"), "{}", end.summary());
    scene.switch.wait_var(&caller, "callpark_outcome", "returned");
    assert!(scene.switch.alive(&caller));
    scene.wait_empty();
}

#[test]
fn a_step_that_fails_gives_way_to_the_next() {
    let scene = Scene::start(setup(
        r#"<lot name="default" orbits="701-705"><param name="timeout" value="1"/>
        <return><step to="parker" ring="5"/><step to="error/USER_BUSY" ring="5"/><step to="null/backup" ring="5"/></return></lot>"#,
    ));
    let (caller, _) = scene.park("park");
    let end = scene.outcome(&caller, "returned");
    assert!(end.text("Callpark-Step").contains("null/backup"), "{}", end.summary());
    let backup = end.text("Callpark-Retriever-UUID").to_owned();
    scene.switch.wait_bridged(&caller, &backup);
    scene.switch.kill(&backup);
    scene.switch.wait_gone(&caller);
    scene.wait_empty();
}

#[test]
fn the_call_says_its_own_timeout_and_steps() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park_with(
        "park",
        &[("callpark_timeout", "1"), ("callpark_return", "transfer:7777 XML default")],
    );
    scene.outcome(&caller, "returned");
}

#[test]
fn the_command_returns_it_now_and_when_all_steps_fail_it_waits_on() {
    let scene = Scene::start(setup(
        r#"<lot name="default" orbits="701-705"><param name="timeout" value="60"/>
        <return><step to="error/USER_BUSY" ring="5"/></return></lot>"#,
    ));
    let (caller, _) = scene.park("park");
    assert_eq!(scene.api("return default 701").trim(), "+OK default 701");
    scene.action(&caller, "return");
    scene.action(&caller, "remind");
    assert_eq!(scene.calls()[0]["state"], "waiting");
    scene.dial("take_701");
    scene.outcome(&caller, "retrieved");
}
