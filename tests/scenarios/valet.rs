//! Standing in for mod_valet_parking: `valet_park`, `valet_info`, its variables and its events.

use kit::{Events, SOON, Scene, Setup};

use super::lot::MOMENT;

const CONF: &str = r#"<configuration name="callpark.conf">
<settings><param name="valet" value="true"/></settings>
<lots><lot name="default" orbits="701-705"><param name="timeout" value="0"/></lot></lots>
</configuration>"#;

/// Extensions for `valet_park`: `at_<lot>_<slot>`, `in_<lot>_<min>_<max>` and `out_…`, each of which sets `went_on` when the
/// application came back.
fn setup() -> Setup {
    let mut setup = Setup::new().callpark_conf(CONF);
    for (pattern, data) in [
        ("at_([^_]+)_([^_]+)", "$1 $2"),
        ("in_([^_]+)_([^_]+)_([^_]+)", "$1 auto in $2 $3"),
        ("out_([^_]+)_([^_]+)_([^_]+)", "$1 auto out $2 $3"),
        ("bad_([^_]+)", "$1"),
        ("worse_([^_]+)", "$1 auto sideways 1 2"),
    ] {
        setup = setup.extension(
            pattern,
            &[("valet_park", data), ("set", "went_on=${callpark_status}"), ("park", "")],
        );
    }
    setup.extension("7777", &[("answer", ""), ("park", "")])
}

/// The switch, and what it tells as mod_valet_parking would.
fn open() -> (Scene, Events) {
    let scene = Scene::start(setup());
    let told = scene.switch.events(&["CUSTOM valet_parking::info"]);
    (scene, told)
}

fn info(scene: &Scene, lot: &str) -> String {
    scene.switch.api(format!("valet_info {lot}").trim())
}

#[track_caller]
fn hears(told: &Events, uuid: &str, action: &str, lot: &str, slot: &str) -> kit::Event {
    let event = told.wait(SOON, |e| e.is("Unique-ID", uuid) && e.is("Action", action));
    assert_eq!((event.text("Valet-Lot-Name"), event.text("Valet-Extension")), (lot, slot));
    event
}

#[test]
fn a_slot_of_any_name_is_parked_in_told_listed_and_retrieved() {
    let (scene, told) = open();
    let empty = "<lots>\n</lots>\n";
    assert_eq!(info(&scene, ""), empty);
    let (caller, parked) = scene.park("at_park@a.com_*5901");
    assert_eq!(
        (parked.text("Callpark-Lot"), parked.text("Callpark-Orbit")),
        ("park@a.com", "*5901")
    );
    hears(&told, &caller, "hold", "park@a.com", "*5901");
    let slot = scene.switch.getvar(&caller, "valet_lot_extension");
    assert_eq!(slot.as_deref(), Some("*5901"));
    let listed = format!(
        "<lots>\n  <lot name=\"park@a.com\">\n    <extension uuid=\"{caller}\">*5901</extension>\n  </lot>\n</lots>\n"
    );
    for lot in ["", "park@a.com", "PARK@A.Com"] {
        assert_eq!(info(&scene, lot), listed);
    }
    assert_eq!(info(&scene, "park"), empty);

    let retriever = scene.dial("at_park@a.com_*5901");
    scene.outcome(&caller, "retrieved");
    scene.switch.wait_bridged(&caller, &retriever);
    let bridge = hears(&told, &caller, "bridge", "park@a.com", "*5901");
    assert_eq!(bridge.text("Bridge-To-UUID"), retriever);
    hears(&told, &caller, "exit", "park@a.com", "*5901");
    assert_eq!(info(&scene, ""), empty);
    scene.wait_empty();
}

#[test]
fn an_automatic_slot_is_the_first_free_one_and_a_full_range_says_so() {
    let (scene, _) = open();
    for slot in ["5901", "5902"] {
        let (_, parked) = scene.park("in_park_5901_5902");
        assert_eq!(parked.text("Callpark-Orbit"), slot);
    }
    let leg = scene.dial("in_park_5901_5902");
    scene.switch.wait_var(&leg, "went_on", "full");
    // Without a last one.
    let (_, parked) = scene.park("in_park_0_0");
    assert_eq!(parked.text("Callpark-Orbit"), "1");
}

#[test]
fn the_longest_waiting_call_of_a_range_is_taken_and_an_empty_one_says_so() {
    let (scene, _) = open();
    let leg = scene.dial("out_park_1_9");
    scene.switch.wait_var(&leg, "went_on", "empty");
    let (elsewhere, _) = scene.park("at_park_20");
    let (first, _) = scene.park("at_park_9");
    std::thread::sleep(MOMENT);
    let (second, _) = scene.park("at_park_1");
    for caller in [&first, &second] {
        scene.dial("out_park_1_9");
        scene.outcome(caller, "retrieved");
    }
    let leg = scene.dial("out_park_1_9");
    scene.switch.wait_var(&leg, "went_on", "empty");
    scene.dial("out_park_1_0");
    scene.outcome(&elsewhere, "retrieved");
}

#[test]
fn the_second_of_two_retrievers_and_one_who_comes_late_are_not_parked() {
    let (scene, _) = open();
    let (caller, _) = scene.park("at_park_5901");
    let legs = [scene.dial("at_park_5901"), scene.dial("at_park_5901")];
    scene.outcome(&caller, "retrieved");
    let late = scene.dial("at_park_5901");
    scene.switch.wait_var(&late, "went_on", "empty");
    scene.switch.eventually(SOON, "one of two", || {
        let empty = |leg: &String| scene.switch.getvar(leg, "went_on").as_deref() == Some("empty");
        (legs.iter().filter(|leg| empty(leg)).count() == 1).then_some(())
    });
    assert!(scene.calls().is_empty());
    // A dialplan that wants it parked says so.
    let (parked, _) = scene.park_with("at_park_5901", &[("callpark_valet", "park")]);
    let leg = scene.dial_with("at_park_5901", &[("callpark_valet", "park")]);
    scene.switch.wait_var(&leg, "went_on", "occupied");
    let leg = scene.dial_with("at_park_5902", &[("callpark_valet", "retrieve")]);
    scene.switch.wait_var(&leg, "went_on", "empty");
    scene.switch.kill(&parked);
    scene.outcome(&parked, "abandoned");
}

#[test]
fn a_call_that_was_sent_is_parked_and_never_connected() {
    let (scene, _) = open();
    let (caller, _) = scene.park("at_park_5901");
    let sent = scene.dial("7777");
    scene.switch.wait_var(&sent, "current_application", "park");
    scene.switch.api(&format!("uuid_transfer {sent} at_park_5901 XML default"));
    scene.switch.wait_var(&sent, "went_on", "occupied");
    assert_eq!(scene.calls().len(), 1);
    scene.switch.api(&format!("uuid_transfer {sent} at_park_5902 XML default"));
    scene.action(&sent, "park");
    scene.switch.kill(&caller);
    scene.outcome(&caller, "abandoned");
    // It was emptied a moment ago, which does not matter to a call that was sent.
    scene.switch.api(&format!("uuid_transfer {sent} at_park_5901 XML default"));
    scene.outcome(&sent, "transferred");
    scene.action(&sent, "park");
}

#[test]
fn a_call_with_a_ticket_is_parked_or_refused_but_never_connected() {
    let (scene, _) = open();
    let (caller, _) = scene.park("at_park_5901");
    let ticket = [("valet_ticket", caller.as_str())];
    let leg = scene.dial_with("at_park_5901", &ticket);
    scene.switch.wait_var(&leg, "went_on", "occupied");
    assert_eq!(scene.switch.getvar(&leg, "valet_ticket"), None);
    assert_eq!(scene.calls().len(), 1);
    let (_, parked) = scene.park_with("at_park_5902", &ticket);
    assert_eq!(parked.text("Callpark-Orbit"), "5902");
    let (_, parked) = scene.park("at_'park'_'5903'");
    assert_eq!((parked.text("Callpark-Lot"), parked.text("Callpark-Orbit")), ("park", "5903"));
}

#[test]
fn the_time_is_up_and_the_call_goes_where_it_is_told_or_continues() {
    let (scene, told) = open();
    let vars = [("valet_parking_timeout", "1"), ("valet_parking_orbit_exten", "7777")];
    let (caller, _) = scene.park_with("at_park_5901", &vars);
    hears(&told, &caller, "hold", "park", "5901");
    assert_eq!(scene.outcome(&caller, "returned").text("Callpark-Step"), "1 transfer:7777");
    scene.switch.wait_var(&caller, "destination_number", "7777");
    hears(&told, &caller, "exit", "park", "5901");

    let (caller, _) = scene.park_with("at_park_5902", &[("valet_parking_timeout", "1")]);
    assert_eq!(scene.outcome(&caller, "returned").text("Callpark-Step"), "1 continue");
    scene.switch.wait_var(&caller, "went_on", "parked");
    assert!(scene.switch.alive(&caller));
    scene.wait_empty();
}

#[test]
fn what_makes_no_sense_is_refused_and_leaves_no_lot() {
    let (scene, _) = open();
    let long = "7".repeat(33);
    for exten in ["bad_park", "at_pa,rk_1", "at_park_a,b", "worse_park", &format!("at_park_{long}")]
    {
        let leg = scene.dial(exten);
        scene.switch.wait_var(&leg, "went_on", "bad_arguments");
    }
    let lots = scene.api("status json");
    assert!(!lots.contains("\"park\""), "{lots}");
    // A lot that is configured keeps its orbits and its rules.
    let leg = scene.dial("at_default_*1");
    scene.switch.wait_var(&leg, "went_on", "unknown_orbit");
    let (_, parked) = scene.park("at_default_705");
    assert_eq!(parked.text("Callpark-Lot"), "default");
}

#[test]
fn commands_and_a_reload_know_the_lots_that_were_made() {
    let (scene, _) = open();
    let (caller, _) = scene.park("at_park@a.com_bob");
    assert!(scene.api("reload").starts_with("+OK"));
    let call = scene.calls().remove(0);
    assert_eq!((call["lot"].as_str(), call["orbit"].as_str()), (Some("park@a.com"), Some("bob")));
    assert_eq!(scene.api("set park@a.com bob note x").trim(), "+OK park@a.com bob");
    assert_eq!(scene.api("move park@a.com bob default 702").trim(), "+OK default 702");
    assert!(!scene.api("status").contains("park@a.com"));
    assert_eq!(scene.api("drop default 702").trim(), "+OK default 702");
    scene.outcome(&caller, "dropped");
}

#[test]
fn without_the_setting_there_is_none_of_it() {
    let scene = Scene::start(setup().callpark_conf("<configuration name=\"callpark.conf\"/>"));
    assert!(info(&scene, "").starts_with("-ERR"));
}
