//! Legs that are replaced at an awkward moment: while something else runs on them, and while they are being connected.

use std::time::Duration;

use kit::phone::{Call, Phase, Sound};
use kit::{Ends, MUSIC, Phone, SOON, Scene, two_way};

use super::desk::{LOT, open, setup};
use super::replaces::{only, parked_by_bob, sbc, told_once, took_the_place, with_note};

/// The sample phrases as they are installed: a spoken orbit runs an application in between.
const PHRASES: &str = r#"<section name="languages"><language name="en" say-module="en" sound-prefix="/nowhere">
  <phrases><macros><macro name="callpark_announce"><input pattern="(.*)"><match>
    <action function="play-file" data="tone_stream://%(200,0,1150)"/>
    <action function="execute" data="sleep(1500)"/>
    <action function="play-file" data="tone_stream://%(200,0,1150)"/>
  </match></input></macro></macros></phrases></language></section>"#;

const ROUNDS: u64 = 30;

/// Somebody else's announcement plays to the parked leg, or has been played.
#[test]
fn what_is_played_to_a_parked_leg_is_not_what_replaces_it() {
    let Some(desk) = Scene::start_real(with_note(LOT)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for (ms, wait) in [(60_000, Duration::ZERO), (200, Duration::from_millis(600))] {
        let caller = parked_by_bob(&desk, &alice, &bob, "705");
        let before = only(&desk);
        let tone = format!("playback::tone_stream://%({ms},0,1350)");
        desk.switch.api(&format!("uuid_broadcast {} {tone} aleg", caller.uuid()));
        caller.wait_hears(Sound::Tone(1350), SOON);
        std::thread::sleep(wait);
        let trunk = sbc(&desk, "5550123");
        let moved = trunk.call_with("705", &[("Replaces", &caller.replaces())]);
        moved.wait_up(SOON);
        took_the_place(&desk, &before, &caller, &moved, &["orbit", "parker", "parked_at", "note"]);
        desk.take(&carol, "705", &moved, trunk.voice(), Ends::Other);
        told_once(&desk, [&caller, &moved]);
        desk.wait_empty();
    }
    desk.switch.wait_channels(0);
}

#[test]
fn who_replaces_a_consultation_in_the_middle_of_the_spoken_orbit_lands_in_it() {
    let Some(desk) = Scene::start_real(setup(LOT).sections(PHRASES)) else { return };
    let (bob, carol) = (desk.phone("1001"), desk.phone("1002"));
    for wait_ms in [0, 900, 2900] {
        let consultation = bob.call_up("700");
        desk.action(&consultation, "park");
        let before = only(&desk);
        consultation.wait_hears(Sound::Tone(1150), SOON);
        std::thread::sleep(Duration::from_millis(wait_ms));
        let dave = Phone::new(&desk.switch, "5550199").display("Dave");
        let customer = dave.call_with("700", &[("Replaces", &consultation.replaces())]);
        customer.wait_up(SOON);
        took_the_place(&desk, &before, &consultation, &customer, &["orbit", "parked_at"]);
        desk.take(&carol, "701", &customer, dave.voice(), Ends::Other);
        told_once(&desk, [&consultation, &customer]);
        desk.wait_empty();
    }
    desk.switch.wait_channels(0);
}

/// What is true in the end: `waits` is parked and hears music, or talks to `other`, and the table says which.
#[track_caller]
fn one_place(desk: &Scene, waits: (&Call, Sound), other: (&Call, Sound), round: u64) {
    let parked = desk.switch.eventually(SOON, "it is settled", || {
        let calls = desk.calls();
        match calls.as_slice() {
            [] => Some(false),
            [call] if call["state"] == "waiting" && other.0.phase() == Phase::Ended => Some(true),
            _ => None,
        }
    });
    assert_eq!(waits.0.phase(), Phase::Up, "round {round}: the caller is lost");
    if parked {
        assert_eq!(only(desk)["uuid"], waits.0.uuid(), "round {round}");
        waits.0.wait_hears(MUSIC, SOON);
    } else {
        two_way(waits.0, other.1, other.0, waits.1);
    }
}

/// Everybody hangs up; of the call there was one `park`, and there was one outcome.
fn clean_up(desk: &Scene, legs: &[&Call], round: u64) {
    for leg in legs {
        leg.hangup();
        leg.wait_ended(SOON);
    }
    desk.wait_empty();
    desk.switch.wait_channels(0);
    let mut told = vec![desk.events.wait(SOON, |e| !e.text("Callpark-Outcome").is_empty())];
    told.extend(desk.events.drain());
    let count = |fits: &dyn Fn(&kit::Event) -> bool| told.iter().filter(|e| fits(e)).count();
    let lines: Vec<String> = told.iter().map(kit::Event::summary).collect();
    assert_eq!(count(&|e| e.is("Callpark-Action", "park")), 1, "round {round}: {lines:#?}");
    let outcomes = count(&|e| !e.text("Callpark-Outcome").is_empty());
    assert_eq!(outcomes, 1, "round {round}: {lines:#?}");
}

#[test]
fn a_parked_leg_that_is_replaced_while_somebody_retrieves_it() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    for round in 0..ROUNDS {
        let caller = alice.call_up("park_default_705");
        caller.wait_hears(MUSIC, SOON);
        let trunk = sbc(&desk, "5550123");
        let retriever = carol.call("705");
        std::thread::sleep(Duration::from_millis(round * 60 / ROUNDS));
        let moved = trunk.call_with("705", &[("Replaces", &caller.replaces())]);
        moved.wait_up(SOON);
        caller.wait_ended(SOON);
        one_place(&desk, (&moved, trunk.voice()), (&retriever, carol.voice()), round);
        clean_up(&desk, &[&retriever, &moved], round);
    }
}

#[test]
fn a_retriever_whose_leg_is_replaced_while_it_is_connected() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    for round in 0..ROUNDS {
        let caller = alice.call_up("park_default_705");
        caller.wait_hears(MUSIC, SOON);
        let trunk = sbc(&desk, "5550123");
        let retriever = carol.call("705");
        retriever.wait_ringing(SOON);
        std::thread::sleep(Duration::from_millis(round * 60 / ROUNDS));
        let moved = trunk.call_with("705", &[("Replaces", &retriever.replaces())]);
        moved.wait_up(SOON);
        retriever.wait_ended(SOON);
        one_place(&desk, (&caller, alice.voice()), (&moved, trunk.voice()), round);
        // Whoever takes the retriever's place came for the call.
        assert!(desk.calls().is_empty(), "round {round}: {:?}", desk.calls());
        clean_up(&desk, &[&moved, &caller], round);
    }
}
