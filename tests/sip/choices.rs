//! What a caller can do by key, and what it hears meanwhile.

use std::time::{Duration, Instant};

use kit::phone::{Call, Phase, Policy, Sound};
use kit::{Ends, MUSIC, SOON, Scene};

use super::desk::{MOMENT, setup};
use super::steps::{returned, returning};

const COMFORT: Sound = Sound::Tone(1150);
const EXIT: Sound = Sound::Tone(1350);

/// A lot with these params, and a place to go to where one hears [`EXIT`].
fn desk(params: &str) -> Option<Scene> {
    let lot = format!(
        r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>{params}</lot>"#
    );
    let tone = [("answer", ""), ("playback", "tone_stream://%(500,0,1350);loops=-1")];
    Scene::start_real(setup(&lot).extension("leave", &tone))
}

#[track_caller]
fn parked(desk: &Scene, call: &Call) {
    desk.wait_parked(call, "default", "705", "");
}

#[test]
fn the_exit_key_leaves_and_no_other_key_does_anything() {
    for (key, others) in [("5", "0123*#46789"), ("#", "0123456789*"), ("*", "#0123456789")] {
        let params = format!(
            r#"<param name="exit-key" value="{key}"/><param name="exit-to" value="leave XML default"/>"#
        );
        let Some(desk) = desk(&params) else { return };
        let alice = desk.phone("1000");
        let caller = alice.call_up("park_default_705");
        parked(&desk, &caller);
        let since = Instant::now();
        caller.dtmf(others);
        std::thread::sleep(Duration::from_millis(240 * others.len() as u64) + MOMENT);
        assert_eq!(desk.calls().len(), 1, "a key that means nothing");
        assert!(undisturbed(&caller, since), "the music stopped for a key that means nothing");
        let pressed = Instant::now();
        caller.dtmf(key);
        let left = desk.outcome(&caller, "left");
        println!("exit-key {key}: gone {:?} after the key began", pressed.elapsed());
        assert_eq!(left.text("Callpark-Action"), "leave");
        caller.wait_hears(EXIT, SOON);
        desk.wait_empty();
    }
}

/// Music all the time, but for a packet or two that a busy machine may tear.
fn undisturbed(call: &Call, since: Instant) -> bool {
    let heard = call.history().into_iter().filter(|(at, _)| *at > since);
    let (music, other): (Vec<_>, Vec<_>) = heard.partition(|(_, sound)| *sound == MUSIC);
    other.len() * 20 < music.len()
}

#[test]
fn without_an_exit_key_no_key_does_anything() {
    let Some(desk) = desk("") else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let caller = alice.call_up("park_default_705");
    parked(&desk, &caller);
    let since = Instant::now();
    caller.dtmf("#*0123456789#");
    std::thread::sleep(Duration::from_millis(240 * 13) + MOMENT);
    assert!(undisturbed(&caller, since));
    desk.take(&carol, "705", &caller, alice.voice(), Ends::Other);
    desk.wait_empty();
}

/// The caller leaves while the parker's phone rings: it stops.
#[test]
fn the_exit_key_ends_the_ringing() {
    let params =
        r#"<param name="exit-key" value="5"/><param name="exit-to" value="7777 XML default"/>"#;
    let Some(desk) = Scene::start_real(returning(params, r#"<step to="parker"/>"#)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    bob.set_policy(Policy::Ring);
    let caller = returned(&desk, &alice);
    let ringing = bob.incoming(SOON);
    caller.dtmf("5");
    desk.outcome(&caller, "left");
    assert!(ringing.wait_ended(Duration::from_secs(1)).remote);
    assert_eq!(caller.phase(), Phase::Up);
    desk.wait_empty();
}

/// When the comfort began, in ms after `since`.
fn comforts(call: &Call, since: Instant) -> Vec<u128> {
    let mut began = Vec::new();
    let mut last: Option<Instant> = None;
    for (at, _) in call.history().into_iter().filter(|(_, sound)| *sound == COMFORT) {
        if last.is_none_or(|last| at - last > MOMENT) {
            began.push(at.saturating_duration_since(since).as_millis());
        }
        last = Some(at);
    }
    began
}

#[test]
fn the_comfort_is_heard_now_and_then_and_the_music_goes_on() {
    let params = r#"<param name="comfort" value="tone_stream://%(500,0,1150)"/>
        <param name="comfort-every" value="2"/>"#;
    let Some(desk) = desk(params) else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let caller = alice.call_up("park_default_705");
    parked(&desk, &caller);
    let since = caller.up_at().expect("an answer");
    std::thread::sleep(Duration::from_millis(6900).saturating_sub(since.elapsed()));
    caller.wait_hears(MUSIC, SOON);
    let began = comforts(&caller, since);
    println!("comfort began after {began:?} ms");
    assert_eq!(began.len(), 3, "{began:?}");
    for (n, ms) in (1..).zip(&began) {
        assert!(ms.abs_diff(2000 * n) < 250, "{began:?}");
    }
    let packets = caller.history().iter().filter(|(_, sound)| *sound == COMFORT).count();
    assert!((66..=78).contains(&packets), "{packets} packets of three times half a second");
    // It is taken in the middle of one.
    caller.wait_hears(COMFORT, SOON);
    desk.take(&carol, "705", &caller, alice.voice(), Ends::Other);
    desk.wait_empty();
}

#[test]
fn a_phrase_gets_the_lot_the_orbit_and_the_seconds() {
    let params =
        r#"<param name="comfort" value="phrase:wait"/><param name="comfort-every" value="1"/>"#;
    let lot = format!(
        r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>{params}</lot>"#
    );
    let phrases = r#"<section name="languages"><language name="en" say-module="en" sound-prefix="/nowhere"><phrases><macros>
        <macro name="wait"><input pattern="^default:705:2$"><match>
        <action function="play-file" data="tone_stream://%(500,0,1150)"/></match></input></macro>
        </macros></phrases></language></section>"#;
    let Some(desk) = Scene::start_real(setup(&lot).sections(phrases)) else { return };
    let alice = desk.phone("1000");
    let caller = alice.call_up("park_default_705");
    parked(&desk, &caller);
    let since = caller.up_at().expect("an answer");
    std::thread::sleep(Duration::from_millis(4300).saturating_sub(since.elapsed()));
    caller.wait_hears(MUSIC, SOON);
    let began = comforts(&caller, since);
    println!("the phrase for 2 seconds began after {began:?} ms");
    assert!(began.len() == 1 && began[0].abs_diff(2000) < 250, "{began:?}");
}

/// After so many seconds in all: to the exit, or without one hung up; whatever rings stops.
#[test]
fn who_has_waited_as_long_as_it_may_leaves() {
    for exit in [true, false] {
        let exit_to = if exit { r#"<param name="exit-to" value="7777 XML default"/>"# } else { "" };
        let params = format!(r#"<param name="max-wait" value="2"/>{exit_to}"#);
        let Some(desk) = Scene::start_real(returning(&params, r#"<step to="parker"/>"#)) else {
            return;
        };
        let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
        bob.set_policy(Policy::Ring);
        let caller = alice.call_up("named");
        desk.wait_parked(&caller, "default", "701", "1001");
        let shown = desk.api("show default 701");
        assert!(shown.contains("reaches max-wait"), "{shown}");
        desk.api("return default 701");
        let ringing = bob.incoming(SOON);
        let end = desk.outcome(&caller, if exit { "left" } else { "dropped" });
        let waited: u64 = end.text("Callpark-Wait-Ms").parse().expect("ms");
        assert!((2000..2100).contains(&waited), "{waited}");
        assert!(ringing.wait_ended(Duration::from_secs(1)).remote);
        match exit {
            true => assert_eq!(caller.phase(), Phase::Up),
            false => assert!(caller.wait_ended(SOON).remote),
        }
        desk.wait_empty();
    }
}
