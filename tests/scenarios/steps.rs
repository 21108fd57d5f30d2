//! Return steps of every kind.

use kit::{SOON, Setup};
use serde_json::Value;

use super::lot::{Scene, setup};

/// One lot, 701-705, whose calls wait a second.
fn lot(inside: &str) -> Setup {
    setup(&format!(
        r#"<lot name="default" orbits="701-705"><param name="timeout" value="1"/>
        <param name="announce" value="false"/>{inside}</lot>"#
    ))
}

/// Their parker is 1000, who is reached at a phone that answers.
fn parked_by_1000(scene: &Scene) -> String {
    scene.park_with("park", &[("callpark_parker", "1000@test.local")]).0
}

/// The reason of the next event about that step.
fn reason(scene: &Scene, caller: &str, action: &str, step: &str) -> String {
    let event = scene.events.wait(SOON, |e| {
        e.is("Callpark-UUID", caller)
            && e.is("Callpark-Action", action)
            && e.text("Callpark-Step").contains(step)
            && !e.text("Callpark-Reason").is_empty()
    });
    event.text("Callpark-Reason").to_owned()
}

#[test]
fn the_parker_is_rung_on_the_phones_of_the_directory() {
    let scene = Scene::start(
        lot(r#"<return><step to="parker" ring="5"/></return>"#).user_at(1000, "null/desk"),
    );
    let caller = parked_by_1000(&scene);
    let end = scene.outcome(&caller, "returned");
    assert_eq!(end.text("Callpark-Step"), "1 parker");
    assert_eq!(end.text("Callpark-Retriever"), "1000@test.local");
    let leg = end.text("Callpark-Retriever-UUID").to_owned();
    scene.switch.wait_bridged(&caller, &leg);
    scene.switch.kill(&leg);
    scene.switch.wait_gone(&caller);
    scene.wait_empty();
}

#[test]
fn every_step_that_cannot_work_gives_way_and_says_why() {
    let scene = Scene::start(lot(r#"<return>
        <step to="user/1000@test.local" when="registered"/>
        <step to="voicemail:1000@test.local"/>
        <step to="user/9999@test.local"/>
        <step to="no such endpoint/x"/>
        <step to="error/USER_BUSY" repeat="2"/>
        <step to="null/backup" announce="/no/such/file.wav"/>
        </return>"#));
    let (caller, _) = scene.park("park");
    let why = |step| reason(&scene, &caller, "return", step);
    assert_eq!(why("1 "), "no phone of the user is registered");
    assert_eq!(why("2 "), "mod_voicemail is not loaded");
    assert!(!why("3 ").is_empty() && !why("4 ").is_empty());
    assert_eq!((why("5 "), why("5 ")), ("USER_BUSY".to_owned(), "USER_BUSY".to_owned()));
    let end = scene.outcome(&caller, "returned");
    assert!(end.text("Callpark-Step").contains("null/backup"), "{}", end.summary());
    assert!(scene.switch.log_contains("/no/such/file.wav\" cannot be played"));
}

#[test]
fn a_reminder_rings_and_the_call_stays() {
    let scene = Scene::start(
        lot(r#"<return><step to="remind"/><step to="remind:message"/></return>"#)
            .user_at(1000, "null/desk"),
    );
    let caller = parked_by_1000(&scene);
    let first = scene.action(&caller, "remind");
    assert_eq!(first.text("Callpark-Step"), "1 remind");
    let second = scene.action(&caller, "remind");
    assert_eq!(second.text("Callpark-Step"), "2 remind:message", "{}", second.summary());
    let last = scene.action(&caller, "remind");
    assert_eq!(last.text("Callpark-Reason"), "no return step took the call");
    assert_eq!(scene.calls()[0]["orbit"], "701");
    scene.dial("take_701");
    scene.outcome(&caller, "retrieved");
}

#[test]
fn three_returns_and_then_after_return() {
    let scene =
        Scene::start(lot(r#"<param name="after-return" value="transfer:7777 XML default"/>
        <param name="max-returns" value="3"/>
        <return><step to="error/USER_BUSY"/></return>"#));
    let (caller, _) = scene.park("park");
    for _ in 0..3 {
        scene.action(&caller, "remind");
    }
    scene.outcome(&caller, "returned");
    assert!(scene.switch.alive(&caller));

    let scene = Scene::start(lot(r#"<param name="after-return" value="hangup:USER_BUSY"/>
        <return><step to="error/USER_BUSY"/></return>"#));
    let (caller, _) = scene.park("park");
    let end = scene.outcome(&caller, "dropped");
    assert_eq!(end.text("Callpark-Action"), "drop");
    scene.switch.wait_gone(&caller);
    scene.wait_empty();
}

#[test]
fn a_step_may_hang_up() {
    let scene = Scene::start(lot(r#"<return><step to="hangup:USER_BUSY"/></return>"#));
    let (caller, _) = scene.park("park");
    let end = scene.outcome(&caller, "dropped");
    assert_eq!(end.text("Callpark-Step"), "1 hangup:USER_BUSY");
    scene.switch.wait_gone(&caller);
}

#[test]
fn sent_back_and_forth_a_call_is_never_ended_by_it() {
    // Its dialplan parks it again and again; FreeSWITCH would end it after three transfers.
    let scene = Scene::start(lot(r#"<return><step to="transfer:park XML default"/></return>"#));
    let (caller, _) =
        scene.park_with("park", &[("max_session_transfers", "3"), ("max_forwards", "3")]);
    for _ in 0..6 {
        scene.outcome(&caller, "returned");
        scene.action(&caller, "park");
    }
    assert!(scene.switch.alive(&caller));
}

#[test]
fn show_says_what_will_happen_and_what_will_be_skipped() {
    let scene = Scene::start(setup(
        r#"<lot name="default" orbits="701-705"><param name="timeout" value="60"/>
        <param name="max-wait" value="100"/><param name="exit-to" value="7777"/>
        <return><step to="parker" when="idle" ring="15" pause="5"/>
        <step to="user/1001@test.local" when="registered"/><step to="callback"/></return></lot>"#,
    ));
    let variables =
        [("callpark_parker", "1000@test.local"), ("origination_callee_id_number", "anonymous")];
    scene.park_with("park", &variables);
    let text = scene.api("show default 701 json");
    let shown: Value = serde_json::from_str(&text).expect(&text);
    let next = shown["next"].as_array().expect("next");
    let what: Vec<&str> = next.iter().filter_map(|next| next["what"].as_str()).collect();
    assert_eq!(what[0], "rings the parker 1000@test.local for 15 s", "{text}");
    assert_eq!(next[0]["step"], "1 parker");
    assert_eq!(next[0]["skipped"], "no phone of the user is registered");
    assert_eq!(next[1]["skipped"], "no phone of the user is registered");
    assert_eq!(next[2]["skipped"], "the caller's number cannot be dialled");
    assert_eq!(what[3], "remains parked for another 60 s");
    assert_eq!(what[4], "reaches max-wait and is transferred to 7777");
    let in_ms = next[0]["in_ms"].as_u64().expect("a number");
    assert!((60_000..=65_000).contains(&in_ms), "{in_ms}");
    let text = scene.api("show default 701");
    assert!(text.contains("(skipped: no phone of the user is registered"), "{text}");
}
