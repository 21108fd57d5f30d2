//! PINs that a retriever has to key.

use super::lot::{MOMENT, Scene, setup};

const LOTS: &str = r#"
  <lot name="default" orbits="701-705">
    <param name="timeout" value="0"/>
    <param name="announce" value="false"/>
  </lot>
  <lot name="safe" orbits="801-803">
    <param name="timeout" value="0"/>
    <param name="announce" value="false"/>
    <param name="pin" value="4711"/>
    <param name="probe-limit" value="0"/>
  </lot>"#;

fn open() -> Scene {
    Scene::start(setup(LOTS))
}

const USER: [(&str, &str); 2] = [("user_name", "1003"), ("domain_name", "test.local")];

/// It dials that, is asked for a PIN, and keys these digits.
#[track_caller]
fn keys(scene: &Scene, exten: &str, vars: &[(&str, &str)], digits: &[&str]) -> String {
    let leg = scene.dial_with(exten, vars);
    scene.switch.wait_var(&leg, "sensitive_dtmf", "true");
    for digits in digits {
        scene.switch.api(&format!("uuid_recv_dtmf {leg} {digits}"));
        std::thread::sleep(MOMENT * 4);
    }
    leg
}

#[test]
fn a_lot_s_pin_is_asked_on_every_way_and_three_times() {
    let scene = open();
    for exten in ["take_safe_801", "take_safe_next", "key_safe_801"] {
        let (caller, _) = scene.park("park_safe_801");
        let leg =
            keys(&scene, exten, &USER, &["1#", "12345678901234567890123456789012345", "4712#"]);
        scene.switch.wait_var(&leg, "went_on", "denied");
        let event = scene.action(&caller, "refuse");
        assert_eq!((event.text("Callpark-Reason"), event.text("Callpark-Rule")), ("denied", "pin"));
        assert_eq!(event.text("Callpark-Retriever"), "1003@test.local");
        assert_eq!(
            scene.switch.api(&format!("uuid_getvar {leg} sensitive_dtmf")).trim(),
            "_undef_"
        );
        scene.switch.kill(&leg);
        let right = keys(&scene, exten, &USER, &["4712#", "4711#"]);
        scene.outcome(&caller, "retrieved");
        scene.switch.kill(&right);
        scene.wait_empty();
    }
}

#[test]
fn the_call_s_pin_counts_first_and_is_nowhere_afterwards() {
    let scene = open();
    let (caller, event) = scene.park_with("park_safe_801", &[("callpark_pin", "98765432")]);
    assert!(!format!("{:?}", event.headers()).contains("98765432"));
    for command in ["list json", "list", "show safe 801 json", "history json"] {
        assert!(!scene.api(command).contains("98765432"), "{command}");
    }
    let dump = scene.switch.api(&format!("uuid_dump {caller}"));
    assert!(!dump.contains("98765432"), "{dump}");
    let wrong = keys(&scene, "take_safe_801", &USER, &["4711#"]);
    scene.switch.kill(&wrong);
    let leg = keys(&scene, "take_safe_801", &USER, &["98765432#"]);
    let end = scene.outcome(&caller, "retrieved");
    assert!(!format!("{:?}", end.headers()).contains("98765432"));
    scene.switch.kill(&leg);
}

#[test]
fn a_user_s_own_pin_counts_before_that_of_the_lot() {
    let scene = open();
    for (park, take) in
        [("park_safe_801", "take_safe_801"), ("park_default_701", "take_default_701")]
    {
        let (caller, _) = scene.park(park);
        let vars = [USER[0], USER[1], ("callpark_pin", "2580")];
        let leg = keys(&scene, take, &vars, &["4711#", "2580#"]);
        scene.outcome(&caller, "retrieved");
        scene.switch.kill(&leg);
        scene.wait_empty();
    }
}

#[test]
fn nobody_is_asked_without_a_pin_and_commands_never() {
    let scene = open();
    let (caller, _) = scene.park("park_default_701");
    scene.dial_with("take_default_701", &USER);
    scene.outcome(&caller, "retrieved");
    let (caller, _) = scene.park("park_safe_801");
    let leg = scene.dial("7778");
    scene.switch.wait_var(&leg, "current_application", "sleep");
    assert_eq!(scene.api(&format!("retrieve safe 801 {leg}")).trim(), "+OK safe 801");
    scene.outcome(&caller, "retrieved");
}

#[test]
fn the_call_can_be_taken_while_a_pin_is_keyed() {
    let scene = open();
    let (caller, _) = scene.park("park_safe_801");
    let slow = keys(&scene, "take_safe_801", &USER, &["47"]);
    assert_eq!(scene.calls()[0]["state"], "waiting");
    let leg = scene.dial("7778");
    scene.switch.wait_var(&leg, "current_application", "sleep");
    assert_eq!(scene.api(&format!("retrieve safe 801 {leg}")).trim(), "+OK safe 801");
    scene.outcome(&caller, "retrieved");
    scene.switch.api(&format!("uuid_recv_dtmf {slow} 11#"));
    scene.switch.wait_var(&slow, "went_on", "empty");
}

#[test]
fn a_pin_that_is_none_opens_for_nobody() {
    let scene = open();
    let (caller, _) = scene.park_with("park_default_701", &[("callpark_pin", "47x1")]);
    let leg = keys(&scene, "take_default_701", &USER, &["47#", "1#", "471#"]);
    scene.switch.wait_var(&leg, "went_on", "denied");
    scene.switch.kill(&caller);
}
