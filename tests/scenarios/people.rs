//! What CDRs and events say of a call, and what becomes of its legs.

use kit::SOON;

use super::lot::{LOTS, Scene, setup};

/// Whoever hangs up in the usual way needs no reason; a connection that broke does.
#[test]
fn an_abandoned_call_says_what_broke_it() {
    let scene = Scene::start(setup(LOTS));
    let ends = scene.switch.events(&["CHANNEL_HANGUP_COMPLETE"]);
    for cause in ["MEDIA_TIMEOUT", "RECOVERY_ON_TIMER_EXPIRE", "NORMAL_TEMPORARY_FAILURE", ""] {
        let (caller, _) = scene.park("park");
        scene.switch.api(&format!("uuid_kill {caller} {cause}"));
        let end = scene.outcome(&caller, "abandoned");
        assert_eq!(end.text("Callpark-Reason"), cause, "{}", end.summary());
        let record = ends.wait(SOON, |event| event.uuid() == caller);
        assert_eq!(record.text("variable_callpark_reason"), cause);
        scene.wait_empty();
    }
    assert!(scene.switch.log_contains(": MEDIA_TIMEOUT"));
}

#[test]
fn the_history_of_a_call_is_in_the_records_of_both_sides() {
    let scene = Scene::start(setup(LOTS));
    let ends = scene.switch.events(&["CHANNEL_HANGUP_COMPLETE"]);
    let (caller, _) = scene.park("park_705");
    let retriever = scene.dial("take_default_705");
    scene.outcome(&caller, "retrieved");
    scene.switch.kill(&retriever);
    let history = |uuid: &str| {
        let record = ends.wait(SOON, |event| event.uuid() == uuid);
        record.text("variable_callpark_history").to_owned()
    };
    let theirs = history(&retriever);
    assert!(theirs.contains(&format!(":{caller}:retrieved:default/705::")), "{theirs}");
    let own = history(&caller);
    let entries: Vec<&str> = own.strip_prefix("ARRAY::").expect("a list").split("|:").collect();
    assert_eq!(entries.len(), 2, "{own}");
    assert!(entries[0].ends_with("::parked:default/705::0"), "{own}");
    assert!(entries[1].contains(&format!(":{retriever}:retrieved:default/705::")), "{own}");
}

/// A broken tone costs nobody a call.
#[test]
fn a_pick_up_tone_that_cannot_be_played_is_left_out() {
    let scene = Scene::start(setup(
        r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
        <param name="pickup-tone" value="both:/nowhere/tone.wav"/></lot>"#,
    ));
    let (caller, _) = scene.park("park_701");
    let retriever = scene.dial("take_default_701");
    scene.outcome(&caller, "retrieved");
    scene.switch.eventually(SOON, "a warning", || {
        scene.switch.log_contains("the pick-up tone").then_some(())
    });
    scene.switch.wait_bridged(&caller, &retriever);
}
