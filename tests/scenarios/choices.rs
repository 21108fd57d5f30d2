//! What a caller hears and can choose while waiting.

use std::time::Duration;

use kit::{SOON, Setup, new_uuid};
use serde_json::Value;

use super::lot::{MOMENT, Scene, setup};

fn lot(inside: &str) -> Setup {
    setup(&format!(
        r#"<lot name="default" orbits="701-705"><param name="timeout" value="0"/>
        <param name="announce" value="false"/>{inside}</lot>"#
    ))
}

fn press(scene: &Scene, caller: &str, keys: &str) {
    let answer = scene.switch.api(&format!("uuid_recv_dtmf {caller} {keys}"));
    assert!(answer.starts_with("+OK"), "{answer}");
}

/// A caller whose number can be dialled, parked by 1000.
fn caller(scene: &Scene) -> String {
    let variables = [
        ("callpark_parker", "1000@test.local"),
        ("origination_callee_id_name", "Bob"),
        ("origination_callee_id_number", "5550123"),
    ];
    scene.park_with("park", &variables).0
}

#[test]
fn a_caller_leaves_by_its_key_and_no_other() {
    let scene = Scene::start(lot(
        r#"<param name="exit-key" value="0"/><param name="exit-to" value="7777 XML default"/>"#,
    ));
    let caller = caller(&scene);
    press(&scene, &caller, "1#*9");
    scene.events.none_for(MOMENT, |e| !e.text("Callpark-Outcome").is_empty());
    assert_eq!(scene.calls().len(), 1);
    press(&scene, &caller, "0");
    let end = scene.outcome(&caller, "left");
    assert_eq!(end.text("Callpark-Action"), "leave");
    scene.switch.wait_var(&caller, "callpark_outcome", "left");
    assert!(scene.switch.alive(&caller));
    scene.wait_empty();
}

#[test]
fn without_an_exit_key_no_key_does_anything() {
    let scene = Scene::start(lot(""));
    let caller = caller(&scene);
    press(&scene, &caller, "0123456789*#");
    scene.events.none_for(MOMENT, |e| !e.text("Callpark-Outcome").is_empty());
    assert!(scene.switch.alive(&caller));
    scene.dial("take_701");
    scene.outcome(&caller, "retrieved");
}

#[test]
fn who_has_waited_long_enough_leaves_or_is_hung_up() {
    let scene = Scene::start(lot(
        r#"<param name="max-wait" value="1"/><param name="exit-to" value="7777 XML default"/>"#,
    ));
    let stays = caller(&scene);
    scene.outcome(&stays, "left");
    assert!(scene.switch.alive(&stays));

    let scene = Scene::start(lot(r#"<param name="max-wait" value="1"/>"#));
    let ends = caller(&scene);
    scene.outcome(&ends, "dropped");
    scene.switch.wait_gone(&ends);
    scene.wait_empty();
}

#[test]
fn a_caller_has_the_choices_of_the_lot_it_is_in_now() {
    let lots = |first: &str| {
        format!(
            r#"<configuration name="callpark.conf"><lots>
            <lot name="default" orbits="701-705"><param name="timeout" value="0"/>
              <param name="announce" value="false"/>{first}</lot>
            <lot name="never" orbits="801-805"><param name="timeout" value="0"/></lot>
            </lots></configuration>"#
        )
    };
    let exit = r#"<param name="exit-to" value="7777 XML default"/>"#;
    let limit = format!(r#"<param name="max-wait" value="4"/>{exit}"#);
    let scene = Scene::start(lot("").callpark_conf(&lots(&limit)));
    // Moved to a lot without a limit, it stays.
    let moved = caller(&scene);
    assert_eq!(scene.api("move default 701 never 801").trim(), "+OK never 801");
    let stays = caller(&scene);
    // So does one whose lot has no limit any more, and by then a key.
    let key = format!(r#"<param name="exit-key" value="9"/>{exit}"#);
    scene.switch.write_callpark_conf(Some(&lots(&key)));
    assert_eq!(scene.api("reload").trim(), "+OK lots: 2");
    scene.events.none_for(Duration::from_secs(5), |e| !e.text("Callpark-Outcome").is_empty());
    press(&scene, &moved, "9");
    press(&scene, &stays, "9");
    scene.outcome(&stays, "left");
    assert_eq!(scene.calls().len(), 1);
    // The key that it has after a move works as well.
    assert_eq!(scene.api("move never 801 default 705").trim(), "+OK default 705");
    press(&scene, &moved, "9");
    scene.outcome(&moved, "left");
    scene.wait_empty();
}

#[test]
fn comfort_that_cannot_be_played_disturbs_nobody() {
    let scene = Scene::start(lot(r#"<param name="comfort" value="/no/such/comfort.wav"/>
        <param name="comfort-every" value="1"/>"#));
    let caller = caller(&scene);
    scene.switch.eventually(SOON, "a line about it", || {
        scene.switch.log_contains("/no/such/comfort.wav").then_some(())
    });
    assert_eq!(scene.calls()[0]["state"], "waiting");
    scene.dial("take_701");
    scene.outcome(&caller, "retrieved");
}

fn callbacks(scene: &Scene) -> Vec<Value> {
    let text = scene.api("callbacks json");
    let list: Value = serde_json::from_str(&text).expect(&text);
    list["callbacks"].as_array().expect("callbacks").clone()
}

/// Whom `callback-to` dials; it answers.
const CALLBACK: &str = r#"<param name="callback-key" value="5"/>
    <param name="callback-to" value="9${number} XML default"/>"#;

#[test]
fn a_caller_hangs_up_and_is_called_back_once() {
    let scene = Scene::start(
        lot(CALLBACK)
            .user_at(1000, "null/desk")
            .extension("95550123", &[("bridge", "null/caller")]),
    );
    let caller = caller(&scene);
    press(&scene, &caller, "5");
    let end = scene.outcome(&caller, "callback");
    assert_eq!(end.text("Callpark-Action"), "leave");
    scene.switch.wait_gone(&caller);
    scene.wait_empty();
    let told = |state: &str| {
        scene.events.wait(SOON, |e| {
            e.is("Callpark-Action", "callback") && e.is("Callpark-Callback-State", state)
        })
    };
    assert_eq!(told("owed").text("Callpark-Callback-By"), "1000@test.local");
    let done = told("connected");
    assert_eq!(done.text("Callpark-Caller-ID-Number"), "5550123");
    assert!(callbacks(&scene).is_empty());
}

#[test]
fn a_callback_waits_until_its_user_is_free_and_can_be_cancelled() {
    let scene = Scene::start(lot(CALLBACK));
    let caller = caller(&scene);
    press(&scene, &caller, "5");
    scene.outcome(&caller, "callback");
    let owed = scene.switch.eventually(SOON, "a reason", || {
        let owed = callbacks(&scene);
        (owed.len() == 1 && !owed[0]["reason"].is_null()).then(|| owed[0].clone())
    });
    assert_eq!(owed["reason"], "no phone of the user is registered");
    assert_eq!(owed["attempts_left"], 3, "that was no attempt");
    assert_eq!(owed["by"], "1000@test.local");
    let id = owed["id"].as_u64().expect("an id");
    assert!(scene.api("callbacks").contains("5550123"));
    assert_eq!(scene.api(&format!("callback cancel {id}")).trim(), format!("+OK {id}"));
    assert!(callbacks(&scene).is_empty());
    assert!(scene.api(&format!("callback cancel {id}")).starts_with("-ERR empty "));
    assert!(scene.api("callback cancel x").starts_with("-ERR bad_arguments "));
}

#[test]
fn nobody_is_promised_a_callback_that_cannot_be() {
    let scene = Scene::start(lot(CALLBACK));
    let leg = new_uuid();
    scene.switch.originate(
        &leg,
        "park",
        &[("callpark_parker", "1000@test.local"), ("origination_callee_id_number", "anonymous")],
    );
    scene.action(&leg, "park");
    press(&scene, &leg, "5");
    scene.switch.eventually(SOON, "a line about it", || {
        scene.switch.log_contains("the caller pressed 5").then_some(())
    });
    assert_eq!(scene.calls()[0]["state"], "waiting");
    assert!(callbacks(&scene).is_empty());
}

#[test]
fn a_return_step_offers_it() {
    let scene = Scene::start(setup(
        r#"<lot name="default" orbits="701-705"><param name="timeout" value="1"/>
        <return><step to="callback" ring="2"/><step to="transfer:7777 XML default"/></return></lot>"#,
    ));
    let first = caller(&scene);
    let end = scene.outcome(&first, "returned");
    assert!(end.text("Callpark-Step").contains("7777"), "{}", end.summary());
    let second = caller(&scene);
    let offered = scene.action(&second, "return");
    assert_eq!(offered.text("Callpark-Step"), "1 callback");
    press(&scene, &second, "1");
    scene.outcome(&second, "callback");
    assert_eq!(callbacks(&scene).len(), 1);
}
