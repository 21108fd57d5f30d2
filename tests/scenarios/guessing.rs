//! Who dials one wrong orbit after another is kept away for a while.

use std::time::Duration;

use kit::{Event, SOON};

use super::lot::{MOMENT, Scene, setup};

const LOTS: &str = r#"
  <lot name="default" orbits="701-720">
    <param name="timeout" value="0"/>
    <param name="announce" value="false"/>
    <param name="probe-limit" value="2"/>
    <param name="probe-window" value="4"/>
  </lot>
  <lot name="free" orbits="801-899">
    <param name="timeout" value="0"/>
    <param name="announce" value="false"/>
    <param name="probe-limit" value="0"/>
  </lot>"#;

fn user(name: &str) -> [(&str, &str); 2] {
    [("user_name", name), ("domain_name", "test.local")]
}

#[track_caller]
fn answered(scene: &Scene, exten: &str, who: &str, status: &str) {
    let leg = scene.dial_with(exten, &user(who));
    scene.switch.wait_var(&leg, "went_on", status);
    scene.switch.kill(&leg);
}

#[test]
fn after_too_many_wrong_orbits_a_user_is_denied_for_a_growing_while() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park_701");
    for orbit in [702, 799, 705] {
        let status = if orbit == 799 { "unknown_orbit" } else { "empty" };
        answered(&scene, &format!("take_default_{orbit}"), "1001", status);
    }
    let is_refuse = |event: &Event| event.is("Callpark-Action", "refuse");
    let event = scene.events.wait(SOON, is_refuse);
    assert_eq!(event.text("Callpark-Rule"), "probe-limit");
    assert_eq!(event.text("Callpark-Retriever"), "1001@test.local");
    // Not even the right one, on whichever way. Another user does not notice.
    for exten in ["take_default_701", "key_default_701", "take_default_next", "take_default_706"] {
        answered(&scene, exten, "1001", "denied");
    }
    answered(&scene, "take_default_706", "1002", "empty");
    // It is said once.
    scene.events.none_for(MOMENT, is_refuse);
    // Parking is no guess.
    let (own, _) = scene.park_with("park_707", &user("1001"));
    scene.switch.kill(&own);
    std::thread::sleep(Duration::from_millis(4_100));
    answered(&scene, "take_default_708", "1001", "empty");
    for orbit in 709..711 {
        answered(&scene, &format!("take_default_{orbit}"), "1001", "empty");
    }
    // Now for twice as long.
    std::thread::sleep(Duration::from_millis(4_100));
    answered(&scene, "take_default_701", "1001", "denied");
    std::thread::sleep(Duration::from_millis(4_000));
    scene.dial_with("take_default_701", &user("1001"));
    scene.outcome(&caller, "retrieved");
    scene.switch.kill(&caller);
    scene.wait_empty();
    assert_eq!(scene.switch.log().matches("probe-limit").count(), 2);
}

#[test]
fn a_lot_without_a_limit_and_a_race_for_a_call_count_nothing() {
    let scene = Scene::start(setup(LOTS));
    for orbit in 801..820 {
        answered(&scene, &format!("take_free_{orbit}"), "1001", "empty");
    }
    let (caller, _) = scene.park("park_701");
    scene.switch.kill(&caller);
    scene.outcome(&caller, "abandoned");
    for _ in 0..8 {
        answered(&scene, "take_default_701", "1001", "empty");
    }
}
