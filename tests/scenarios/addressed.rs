//! Calls for one user, at a user's extension, and the last one that a user has parked.

use kit::Event;

use super::lot::{MOMENT, Scene, setup};

const LOTS: &str = r#"
  <lot name="default" orbits="701-705">
    <param name="timeout" value="0"/>
    <param name="announce" value="false"/>
    <param name="exclusive" value="60"/>
  </lot>
  <lot name="short" orbits="801-803">
    <param name="timeout" value="0"/>
    <param name="announce" value="false"/>
    <param name="exclusive" value="1"/>
  </lot>
  <lot name="people" orbits="1001-1003">
    <param name="timeout" value="0"/>
    <param name="announce" value="false"/>
  </lot>"#;

const FOR_1002: (&str, &str) = ("callpark_for", "1002@test.local");

fn open() -> Scene {
    Scene::start(setup(LOTS))
}

fn as_user(user: &str) -> [(&str, &str); 2] {
    [("user_name", user), ("domain_name", "test.local")]
}

/// It dials that, and its dialplan goes on with that status.
#[track_caller]
fn goes_on(scene: &Scene, exten: &str, vars: &[(&str, &str)], status: &str) {
    let leg = scene.dial_with(exten, vars);
    scene.switch.wait_var(&leg, "went_on", status);
    scene.switch.kill(&leg);
}

#[track_caller]
fn refused(scene: &Scene, caller: &str) -> Event {
    let event = scene.action(caller, "refuse");
    assert_eq!(event.text("Callpark-Reason"), "denied");
    assert_eq!(event.text("Callpark-Rule"), "exclusive");
    event
}

#[test]
fn a_call_for_one_user_is_kept_from_others_on_every_way() {
    let scene = open();
    let (caller, event) = scene.park_with("park_default_701", &[FOR_1002]);
    assert_eq!(event.text("Callpark-Orbit"), "701");
    for vars in [&as_user("1003")[..], &[]] {
        for exten in ["take_default_701", "key_701", "take_default_user:1002"] {
            goes_on(&scene, exten, vars, "denied");
            let event = refused(&scene, &caller);
            let who = if vars.is_empty() { "" } else { "1003@test.local" };
            assert_eq!(event.text("Callpark-Retriever"), who, "{exten}");
        }
        goes_on(&scene, "take_default_next", vars, "empty");
    }
    goes_on(&scene, "take_default_mine", &as_user("1003"), "empty");
    goes_on(&scene, "take_default_mine", &[], "denied");
    assert_eq!(scene.calls().len(), 1);
    scene.dial_with("take_default_next", &as_user("1002"));
    let end = scene.outcome(&caller, "retrieved");
    assert_eq!(end.text("Callpark-Retriever"), "1002@test.local");
    scene.switch.kill(&caller);
    scene.wait_empty();
}

#[test]
fn its_parker_and_administrators_may_have_it_as_well() {
    let scene = open();
    let parked_by_1000 = [FOR_1002, ("callpark_parker", "1000@test.local")];
    let (caller, _) = scene.park_with("park_default_701", &parked_by_1000);
    scene.dial_with("take_default_last", &as_user("1000"));
    scene.outcome(&caller, "retrieved");
    let (caller, _) = scene.park_with("park_default_702", &parked_by_1000);
    let leg = scene.dial("7778");
    scene.switch.wait_var(&leg, "current_application", "sleep");
    assert_eq!(scene.api(&format!("retrieve default next {leg}")).trim(), "+OK default 702");
    scene.outcome(&caller, "retrieved");
}

#[test]
fn after_its_time_everybody_may_have_it() {
    let scene = open();
    let (caller, _) = scene.park_with("park_short_801", &[FOR_1002]);
    goes_on(&scene, "take_short_801", &as_user("1003"), "denied");
    std::thread::sleep(MOMENT * 3);
    scene.dial_with("take_short_next", &as_user("1003"));
    scene.outcome(&caller, "retrieved");
}

#[test]
fn another_addressee_begins_anew() {
    let scene = open();
    let (caller, _) = scene.park("park_default_701");
    assert_eq!(scene.api("set default 701 for 1002@test.local").trim(), "+OK default 701");
    goes_on(&scene, "take_default_701", &as_user("1003"), "denied");
    assert_eq!(scene.api("set default 701 for").trim(), "+OK default 701");
    scene.dial_with("take_default_701", &as_user("1003"));
    scene.outcome(&caller, "retrieved");
}

#[test]
fn a_call_is_parked_at_an_extension_and_retrieved_by_it() {
    let scene = open();
    let (caller, event) = scene.park("park_people_user:1002");
    assert_eq!(event.text("Callpark-Orbit"), "1002");
    assert_eq!(scene.calls()[0]["for"], "1002@test.local");
    goes_on(&scene, "park_people_user:1002", &[], "occupied");
    goes_on(&scene, "park_people_user:9999", &[], "unknown_orbit");
    goes_on(&scene, "park_people_user:", &[], "bad_arguments");
    goes_on(&scene, "take_people_user:1001", &[], "empty");
    scene.dial_with("take_people_user:1002", &as_user("1003"));
    scene.outcome(&caller, "retrieved");
    // A lot without orbits of that name gives any.
    let (caller, event) = scene.park("park_default_user:1002@test.local");
    assert_eq!(event.text("Callpark-Orbit"), "701");
    scene.dial_with("take_default_mine", &as_user("1002"));
    scene.outcome(&caller, "retrieved");
    // The other devices of one user.
    let parked_by_1001 = [("callpark_parker", "1001@test.local")];
    let (caller, event) = scene.park_with("park_people_mine", &parked_by_1001);
    assert_eq!(event.text("Callpark-Orbit"), "1001");
    scene.dial_with("take_people_mine", &as_user("1001"));
    scene.outcome(&caller, "retrieved");
    goes_on(&scene, "park_people_mine", &[], "denied");
}

#[test]
fn of_several_users_the_first_free_one_gets_the_call() {
    let scene = open();
    let mut parked = Vec::new();
    for orbit in ["1001", "1003", "1002"] {
        let (caller, event) = scene.park("park_people_user:1001,1003,1002");
        assert_eq!(event.text("Callpark-Orbit"), orbit);
        parked.push(caller);
    }
    goes_on(&scene, "park_people_user:1001,1003,1002", &[], "full");
    for caller in &parked {
        scene.switch.kill(caller);
    }
    scene.wait_empty();
}

#[test]
fn commands_park_at_an_extension_and_retrieve_by_it() {
    let scene = open();
    let leg = scene.dial("7778");
    scene.switch.wait_var(&leg, "current_application", "sleep");
    assert_eq!(scene.api(&format!("park {leg} people user:1003")).trim(), "+OK people 1003");
    scene.action(&leg, "park");
    assert_eq!(scene.calls()[0]["for"], "1003@test.local");
    let other = scene.dial("7778");
    scene.switch.wait_var(&other, "current_application", "sleep");
    assert_eq!(scene.api(&format!("retrieve people user:1003 {other}")).trim(), "+OK people 1003");
    scene.outcome(&leg, "retrieved");
}
