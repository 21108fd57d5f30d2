//! Whatever fails, the next step runs, the event says why, and the caller keeps its music, its orbit and its deadline.

use std::time::{Duration, Instant};

use kit::phone::{Phase, Policy};
use kit::{Ends, MUSIC, SOON, Scene, hang_up, two_way};

use super::steps::{returned, returning, step};

/// What cannot work, and what FreeSWITCH calls it.
const BROKEN: [(&str, &str); 11] = [
    ("nonsense", "CHAN_NOT_IMPLEMENTED"),
    ("nosuch/endpoint", "CHAN_NOT_IMPLEMENTED"),
    ("{broken", ""),
    ("user/", ""),
    ("user/9999@test.local", "SUBSCRIBER_ABSENT"),
    ("user/1001@nowhere.example", "SUBSCRIBER_ABSENT"),
    ("user/1003@test.local", "USER_NOT_REGISTERED"),
    ("group/nobody@test.local", ""),
    ("sofia/nosuchprofile/1000@test.local", ""),
    ("error/NORMAL_TEMPORARY_FAILURE", "NORMAL_TEMPORARY_FAILURE"),
    ("${nothing}", ""),
];

#[test]
fn a_step_that_cannot_work_is_followed_by_the_next() {
    let steps: String = BROKEN.iter().map(|(to, _)| format!(r#"<step to="{to}"/>"#)).collect();
    let steps = format!(r#"{steps}<step to="user/1002@$${{domain}}"/>"#);
    let Some(desk) = Scene::start_real(returning("", &steps)) else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    carol.set_policy(Policy::Ring);
    let caller = returned(&desk, &alice);
    let began = Instant::now();
    for (number, (to, reason)) in (1..).zip(BROKEN) {
        let failed = desk.events.wait(SOON, |e| {
            e.text("Callpark-Step").starts_with(&format!("{number} "))
                && !e.text("Callpark-Reason").is_empty()
        });
        println!("{to}: {}", failed.text("Callpark-Reason"));
        assert!(failed.text("Callpark-Reason").contains(reason), "{to}: {}", failed.summary());
        assert_eq!(failed.text("Callpark-Outcome"), "");
    }
    let ringing = carol.incoming(SOON);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    caller.wait_hears(MUSIC, SOON);
    ringing.answer();
    two_way(&ringing, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "returned");
    hang_up(&ringing, &caller, Ends::Other);
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

/// A phone that refuses, with whatever code, and one that says it has moved.
#[test]
fn an_endpoint_that_refuses_is_followed_by_the_next() {
    let steps = r#"<step to="parker"/><step to="user/1002@$${domain}"/>"#;
    let Some(desk) = Scene::start_real(returning("", steps)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    carol.set_policy(Policy::Ring);
    for code in [404, 480, 486, 488, 500, 503, 600, 603] {
        bob.set_policy(Policy::Reject(code));
        let caller = returned(&desk, &alice);
        let failed = desk.events.wait(SOON, |e| !e.text("Callpark-Reason").is_empty());
        println!("{code}: {}", failed.text("Callpark-Reason"));
        assert_eq!(failed.text("Callpark-Step"), "1 parker", "{}", failed.summary());
        let ringing = carol.incoming(SOON);
        caller.hangup();
        ringing.wait_ended(SOON);
        desk.outcome(&caller, "abandoned");
        desk.wait_empty();
    }
    desk.switch.wait_channels(0);
}

/// Neither the announcement, nor the comfort, nor the music is there: the call waits, is taken, and lives.
#[test]
fn a_sound_that_is_missing_costs_nobody_a_call() {
    let params = r#"<param name="hold-music" value="/nowhere/music.wav"/>
        <param name="comfort" value="/nowhere/comfort.wav"/><param name="comfort-every" value="1"/>"#;
    for announce in
        ["/nowhere/announce.wav", "phrase:nosuch", "local_stream://nosuch", "nonsense://"]
    {
        let steps = format!(r#"<step to="parker" announce="{announce}"/>"#);
        let Some(desk) = Scene::start_real(
            returning(params, &steps).module("mod_sndfile").module("mod_local_stream"),
        ) else {
            return;
        };
        let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
        bob.set_policy(Policy::Ring);
        let caller = alice.call_up("named");
        desk.action(&caller, "park");
        std::thread::sleep(Duration::from_millis(2300));
        assert_eq!(caller.phase(), Phase::Up);
        desk.api("return default 701");
        step(&desk, &caller, "1 parker", "");
        let ringing = bob.incoming(SOON);
        ringing.answer();
        two_way(&ringing, alice.voice(), &caller, bob.voice());
        desk.outcome(&caller, "returned");
        hang_up(&ringing, &caller, Ends::Other);
        desk.wait_empty();
        assert!(desk.switch.log_contains("comfort.wav"), "the log says nothing of the comfort");
    }
}

/// Nothing that was asked for could be done: the call still has a deadline, and its steps run again.
#[test]
fn when_all_fail_the_call_waits_for_another_timeout() {
    let steps = r#"<step to="nonsense"/><step to="user/9999@$${domain}"/>"#;
    let Some(desk) = Scene::start_real(returning("", steps)) else { return };
    let alice = desk.phone("1000");
    let caller = alice.call_up("named");
    desk.wait_parked(&caller, "default", "701", "1001");
    desk.api("set default 701 timeout 1");
    for _ in 0..3 {
        step(&desk, &caller, "2 user/9999@test.local", "SUBSCRIBER_ABSENT");
        let left = desk.calls()[0]["timeout_ms_left"].as_i64().expect("a deadline");
        assert!((0..=1000).contains(&left), "{left}");
        caller.wait_hears(MUSIC, SOON);
    }
    caller.hangup();
    desk.outcome(&caller, "abandoned");
}
