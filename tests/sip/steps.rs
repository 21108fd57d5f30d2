//! Return steps, one after the other: who rings, what they see and hear, who is skipped, and what the caller hears.

use std::time::{Duration, Instant};

use kit::phone::{Call, Phase, Policy, Sound};
use kit::{Ends, Event, MUSIC, Phone, SOON, Scene, Setup, hang_up, two_way};

use super::desk::{MOMENT, setup};

/// An unregistered destination costs the caller less than this.
const SKIPPED_WITHIN: Duration = Duration::from_millis(200);

/// A lot whose calls wait for a command, with these return steps and params; `named` parks there for 1001.
pub fn returning(params: &str, steps: &str) -> Setup {
    let lot = format!(
        r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>{params}
        <return>{steps}</return></lot>"#
    );
    let named = "callpark_parker=1001@test.local";
    setup(&lot).extension("named", &[("set", named), ("callpark", "default 701")])
}

/// A parked call whose return steps have been told to run.
#[track_caller]
pub fn returned(desk: &Scene, caller: &Phone) -> Call {
    let call = caller.call_up("named");
    desk.wait_parked(&call, "default", "701", "1001");
    assert_eq!(desk.api("return default 701").trim(), "+OK default 701");
    call
}

/// The step begins, or has failed if there is a reason; `step` is its number and destination.
#[track_caller]
pub fn step(desk: &Scene, call: &Call, step: &str, reason: &str) -> (Instant, Event) {
    desk.events.wait_timed(SOON, |e| {
        e.is("Callpark-UUID", call.uuid())
            && e.is("Callpark-Step", step)
            && e.text("Callpark-Outcome").is_empty()
            && e.text("Callpark-Reason").contains(reason)
            && e.text("Callpark-Reason").is_empty() == reason.is_empty()
    })
}

/// The phone rings, its user answers, they hear each other, and the call is that step's.
#[track_caller]
fn answers(desk: &Scene, phone: &Phone, caller: (&Phone, &Call), step: &str) {
    let ringing = phone.incoming(SOON);
    caller.1.wait_hears(MUSIC, SOON);
    ringing.answer();
    two_way(&ringing, caller.0.voice(), caller.1, phone.voice());
    let end = desk.outcome(caller.1, "returned");
    assert_eq!(end.text("Callpark-Step"), step, "{}", end.summary());
    assert_eq!(end.text("Callpark-Retriever"), format!("{}@test.local", phone.user()));
    hang_up(&ringing, caller.1, Ends::Other);
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

fn ringing_phone(desk: &Scene, user: &str) -> Phone {
    let phone = desk.phone(user);
    phone.set_policy(Policy::Ring);
    phone
}

#[test]
fn a_busy_parker_s_backup_answers() {
    let steps = r#"<step to="parker"/><step to="user/1002@$${domain}"/>"#;
    let Some(desk) = Scene::start_real(returning("", steps)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let carol = ringing_phone(&desk, "1002");
    bob.set_policy(Policy::Reject(486));
    let caller = returned(&desk, &alice);
    step(&desk, &caller, "1 parker", "");
    step(&desk, &caller, "1 parker", "USER_BUSY");
    answers(&desk, &carol, (&alice, &caller), "2 user/1002@test.local");
}

#[test]
fn a_parker_who_does_not_answer_stops_ringing_when_the_backup_rings() {
    let steps = r#"<step to="parker" ring="1"/><step to="user/1002@$${domain}"/>"#;
    let Some(desk) = Scene::start_real(returning("", steps)) else { return };
    let (alice, bob) = (desk.phone("1000"), ringing_phone(&desk, "1001"));
    let carol = ringing_phone(&desk, "1002");
    let caller = returned(&desk, &alice);
    let (began, _) = step(&desk, &caller, "1 parker", "");
    let ringing = bob.incoming(SOON);
    assert!(ringing.wait_ended(SOON).remote);
    let rang = ringing.ended_at().expect("an end") - began;
    assert!(rang > Duration::from_millis(950) && rang < Duration::from_millis(1200), "{rang:?}");
    step(&desk, &caller, "1 parker", "NO_ANSWER");
    answers(&desk, &carol, (&alice, &caller), "2 user/1002@test.local");
}

#[test]
fn an_unregistered_parker_costs_next_to_nothing() {
    for when in ["always", "registered", "idle"] {
        let steps =
            format!(r#"<step to="parker" when="{when}"/><step to="user/1002@$${{domain}}"/>"#);
        let Some(desk) = Scene::start_real(returning("", &steps)) else { return };
        let (alice, carol) = (desk.phone("1000"), ringing_phone(&desk, "1002"));
        let caller = alice.call_up("named");
        desk.wait_parked(&caller, "default", "701", "1001");
        let began = Instant::now();
        desk.api("return default 701");
        let ringing = carol.incoming(SOON);
        let (at, _) = ringing.identities()[0];
        let cost = at.saturating_duration_since(began);
        step(&desk, &caller, "1 parker", "");
        let reason = if when == "always" { "USER_NOT_REGISTERED" } else { "no phone of the user" };
        step(&desk, &caller, "1 parker", reason);
        println!("unregistered, when={when}: the backup's phone rings after {cost:?}");
        assert!(cost < SKIPPED_WITHIN, "{when}: {cost:?}");
        ringing.answer();
        two_way(&ringing, alice.voice(), &caller, carol.voice());
    }
}

#[test]
fn a_parker_in_a_call_is_skipped_and_the_forecast_says_so() {
    let steps = r#"<step to="parker" when="idle"/><step to="user/1002@$${domain}"/>"#;
    let Some(desk) = Scene::start_real(returning("", steps)) else { return };
    let (alice, bob, dave) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1003"));
    let carol = ringing_phone(&desk, "1002");
    // As caller and as callee.
    for calls in [true, false] {
        let (theirs, other) = if calls { desk.talk(&bob, &dave) } else { desk.talk(&dave, &bob) };
        let caller = alice.call_up("named");
        desk.wait_parked(&caller, "default", "701", "1001");
        desk.api("set default 701 timeout 60");
        let shown = desk.api("show default 701");
        assert!(shown.contains("the user is in a call"), "{shown}");
        let json: serde_json::Value =
            serde_json::from_str(&desk.api("show default 701 json")).expect("JSON");
        assert!(json.to_string().contains("the user is in a call"), "{json}");
        let began = Instant::now();
        desk.api("return default 701");
        step(&desk, &caller, "1 parker", "");
        step(&desk, &caller, "1 parker", "the user is in a call");
        println!("in a call: skipped after {:?}", began.elapsed());
        assert!(began.elapsed() < SKIPPED_WITHIN);
        answers_again(&desk, &carol, (&alice, &caller));
        bob.no_incoming_for(Duration::ZERO);
        hang_up(&theirs, &other, Ends::Other);
        desk.switch.wait_channels(0);
    }
    // Free again, it rings.
    bob.set_policy(Policy::Ring);
    let caller = returned(&desk, &alice);
    let ringing = bob.incoming(SOON);
    caller.hangup();
    ringing.wait_ended(SOON);
}

#[track_caller]
fn answers_again(desk: &Scene, phone: &Phone, caller: (&Phone, &Call)) {
    let ringing = phone.incoming(SOON);
    ringing.answer();
    two_way(&ringing, caller.0.voice(), caller.1, phone.voice());
    desk.outcome(caller.1, "returned");
    hang_up(&ringing, caller.1, Ends::Caller);
}

#[test]
fn a_step_rings_again_after_a_pause_and_the_caller_hears_music_all_the_time() {
    let steps = r#"<step to="parker" repeat="3" pause="1"/><step to="user/1002@$${domain}"/>"#;
    let Some(desk) = Scene::start_real(returning("", steps)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let carol = ringing_phone(&desk, "1002");
    bob.set_policy(Policy::Reject(480));
    let caller = returned(&desk, &alice);
    let began = Instant::now();
    let mut last = began;
    for _ in 0..3 {
        let (at, _) = step(&desk, &caller, "1 parker", "");
        let pause = at - last;
        assert!(pause > MOMENT && pause < Duration::from_millis(1300), "{pause:?}");
        assert_eq!(bob.incoming(SOON).wait_ended(SOON).code, Some(480));
        last = at;
    }
    let ringing = carol.incoming(SOON);
    bob.no_incoming_for(MOMENT);
    assert_eq!(ringing.phase(), Phase::Ringing);
    let heard = caller.history().into_iter().filter(|(at, _)| *at > began);
    let (music, other): (Vec<_>, Vec<_>) = heard.partition(|(_, sound)| *sound == MUSIC);
    // A busy machine may tear a packet or two.
    let voice = |(_, sound): &&(Instant, Sound)| matches!(sound, Sound::Tone(_));
    assert_eq!(other.iter().filter(voice).count(), 0, "{other:?}");
    assert!(music.len() > 140 && other.len() < 10, "{} and {other:?}", music.len());
    answers_ringing(&desk, &ringing, &carol, (&alice, &caller));
}

#[track_caller]
fn answers_ringing(desk: &Scene, ringing: &Call, phone: &Phone, caller: (&Phone, &Call)) {
    ringing.answer();
    two_way(ringing, caller.0.voice(), caller.1, phone.voice());
    desk.outcome(caller.1, "returned");
    hang_up(ringing, caller.1, Ends::Other);
    desk.wait_empty();
}
