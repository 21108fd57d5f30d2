//! Whose lots a channel sees, and who counts as its user.

use kit::Setup;

use super::lot::{Scene, setup};

const LOTS: &str = r#"
  <lot name="default" domain="b.local" orbits="701-705"><param name="timeout" value="0"/></lot>
  <lot name="sales" domain="b.local" orbits="801"><param name="timeout" value="0"/></lot>
  <lot name="default" domain="test.local" orbits="701-705"><param name="timeout" value="0"/></lot>"#;

fn tenants(lots: &str) -> Setup {
    setup(lots)
        .domain("b.local")
        .extension("far", &[("callpark", "sales@b.local auto"), ("set", WENT_ON), ("park", "")])
}

const WENT_ON: &str = "went_on=${callpark_status}";

#[track_caller]
fn goes_on(scene: &Scene, exten: &str, vars: &[(&str, &str)], status: &str) {
    let leg = scene.dial_with(exten, vars);
    scene.switch.wait_var(&leg, "went_on", status);
    scene.switch.kill(&leg);
}

/// The switch's global `domain_name` is test.local.
#[test]
fn a_channel_sees_the_lots_of_its_own_domain() {
    let scene = Scene::start(tenants(LOTS));
    for domain in ["b.local", "B.Local", "b.local."] {
        let (caller, event) = scene.park_with("park_default_701", &[("domain_name", domain)]);
        assert_eq!(event.text("Callpark-Lot"), "default@b.local", "{domain}");
        goes_on(&scene, "take_default_701", &[("domain_name", "test.local")], "empty");
        goes_on(&scene, "take_default_701", &[], "unknown_lot");
        scene.dial_with("take_default_next", &[("domain_name", domain)]);
        scene.outcome(&caller, "retrieved");
        scene.switch.kill(&caller);
        scene.wait_empty();
    }
    goes_on(&scene, "park", &[], "unknown_lot");
    goes_on(&scene, "key_701", &[], "unknown_lot");
    goes_on(&scene, "park", &[("domain_name", "c.local")], "unknown_lot");
}

#[test]
fn a_lot_s_whole_name_is_for_its_own_domain_and_for_nobody_s_channels() {
    let scene = Scene::start(tenants(LOTS));
    goes_on(&scene, "far", &[("domain_name", "test.local")], "unknown_lot");
    for vars in [&[][..], &[("domain_name", "b.local")]] {
        let (caller, event) = scene.park_with("far", vars);
        assert_eq!(event.text("Callpark-Lot"), "sales@b.local");
        scene.switch.kill(&caller);
        scene.wait_empty();
    }
}

#[test]
fn one_lot_without_a_domain_serves_every_channel() {
    let scene = Scene::start(tenants(super::lot::LOTS));
    for vars in [&[][..], &[("domain_name", "b.local")], &[("domain_name", "c.local")]] {
        let (caller, event) = scene.park_with("park_701", vars);
        assert_eq!(event.text("Callpark-Lot"), "default");
        scene.dial_with("key_701", vars);
        scene.outcome(&caller, "retrieved");
        scene.switch.kill(&caller);
        scene.wait_empty();
    }
}

#[test]
fn users_are_those_of_the_directory() {
    let scene = Scene::start(tenants(super::lot::LOTS));
    for (named, parker) in [
        ("1001@b.local", "1001@b.local"),
        ("1001@B.LOCAL.", "1001@b.local"),
        ("1001@test.local", "1001@test.local"),
        ("9999@test.local", ""),
        ("1001@c.local", ""),
        ("1001@192.0.2.9", ""),
        ("x,loopback/9999@test.local", ""),
        ("1001%2Cloopback%2F9999@test.local", ""),
    ] {
        let (caller, event) = scene.park_with("park_701", &[("callpark_parker", named)]);
        assert_eq!(event.text("Callpark-Parker"), parker, "{named}");
        let retriever = [("user_name", "1002"), ("domain_name", "b.local")];
        scene.dial_with("take_701", &retriever);
        let taken = scene.outcome(&caller, "retrieved");
        assert_eq!(taken.text("Callpark-Retriever"), "1002@b.local");
        scene.switch.kill(&caller);
        scene.wait_empty();
    }
    let (caller, _) = scene.park("park_701");
    scene.dial_with("take_701", &[("user_name", "9999"), ("domain_name", "b.local")]);
    assert_eq!(scene.outcome(&caller, "retrieved").text("Callpark-Retriever"), "");
}

/// The parker's lots are meant where the channel has none of its own.
#[test]
fn the_lot_is_that_of_the_parker_who_is_named() {
    let scene = Scene::start(tenants(LOTS));
    let (_, event) = scene.park_with("park", &[("callpark_parker", "1001@b.local")]);
    assert_eq!(event.text("Callpark-Lot"), "default@b.local");
    let both = [("callpark_parker", "1001@b.local"), ("domain_name", "test.local")];
    let (_, event) = scene.park_with("park", &both);
    assert_eq!(event.text("Callpark-Lot"), "default@test.local");
}
