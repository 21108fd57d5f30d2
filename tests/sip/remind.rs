//! Reminders: the parker's phone rings shortly and says where the call is, or gets a message; the call stays.

use std::time::Duration;

use kit::phone::{Policy, Sound};
use kit::{Ends, MUSIC, SOON, Scene, hang_up, two_way};

use super::desk::MOMENT;
use super::steps::{returned, returning, step};

/// What the phrase for "parked" sounds like.
const TOLD: Sound = Sound::Tone(950);

#[test]
fn the_parker_s_phone_rings_shortly_and_says_the_orbit() {
    let steps = r#"<step to="remind" ring="2"/><step to="user/1002@$${domain}"/>"#;
    let phrases = r#"<section name="languages"><language name="en" say-module="en" sound-prefix="/nowhere"><phrases><macros>
        <macro name="callpark_announce"><input pattern="^default:701$"><match>
        <action function="play-file" data="tone_stream://%(500,0,950)"/></match></input></macro>
        </macros></phrases></language></section>"#;
    let Some(desk) = Scene::start_real(returning("", steps).sections(phrases)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    carol.set_policy(Policy::Ring);
    // Who answers hears where the call is and is let go; who does not stops ringing.
    for answers in [true, false] {
        bob.set_policy(if answers { Policy::Answer } else { Policy::Ring });
        let caller = returned(&desk, &alice);
        let told = bob.incoming(SOON);
        let shown = told.identity().expect("a caller id");
        assert_eq!((&*shown.name, &*shown.number), ("Reminder 701: 1000", "1000"));
        if answers {
            told.wait_hears(TOLD, SOON);
        }
        let next = carol.incoming(SOON);
        assert!(told.wait_ended(SOON).remote);
        assert_eq!(told.first_heard(alice.voice()), None, "{:?}", told.record());
        if !answers {
            step(&desk, &caller, "1 remind", "NO_ANSWER");
        }
        assert_eq!(desk.calls()[0]["state"], "returning");
        caller.wait_hears(MUSIC, SOON);
        assert_eq!(caller.first_heard(bob.voice()), None);
        next.answer();
        two_way(&next, alice.voice(), &caller, carol.voice());
        hang_up(&next, &caller, Ends::Other);
        desk.wait_empty();
        desk.switch.wait_channels(0);
    }
}

#[test]
fn the_parker_gets_a_message_and_the_call_waits_on() {
    let lot = r#"<step to="remind:message"/>"#;
    let Some(desk) = Scene::start_real(returning("", lot)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let caller = returned(&desk, &alice);
    let (_, message) = bob.wait_request(SOON, |request| request.method() == "MESSAGE");
    assert!(message.body.contains("Parked at 701: 1000 <1000>"), "{}", message.body);
    let (_, event) = step(&desk, &caller, "1 remind:message", "");
    assert_eq!(event.text("Callpark-Action"), "remind");
    bob.no_incoming_for(MOMENT);
    assert_eq!(desk.calls()[0]["state"], "waiting");
    caller.wait_hears(MUSIC, SOON);
    std::thread::sleep(Duration::from_millis(50));
    caller.hangup();
    desk.outcome(&caller, "abandoned");
    desk.wait_empty();
}

/// Of every packet that the reminded phone gets: whose stream it is, and from where. `REMIND_ROUNDS` makes it more.
#[test]
fn the_reminded_phone_hears_nobody_but_the_switch() {
    let rounds = std::env::var("REMIND_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let phrases = r#"<section name="languages"><language name="en" say-module="en" sound-prefix="/nowhere"><phrases><macros>
        <macro name="callpark_announce"><input pattern="^default:701$"><match>
        <action function="play-file" data="tone_stream://%(200,0,950)"/></match></input></macro>
        </macros></phrases></language></section>"#;
    let setup = returning("", r#"<step to="remind" ring="2"/>"#).sections(phrases);
    let Some(desk) = Scene::start_real(setup) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let mut strays = 0;
    for round in 0..rounds {
        let caller = returned(&desk, &alice);
        let told = bob.incoming(SOON);
        told.wait_ended(SOON);
        caller.wait_hears(MUSIC, SOON);
        caller.hangup();
        desk.outcome(&caller, "abandoned");
        desk.wait_empty();
        let record = told.record();
        assert!(record.iter().any(|packet| packet.sound == TOLD), "round {round}: {record:?}");
        for packet in &record {
            // One stream, from the one port of this call, and nothing of the caller in it.
            assert_eq!(packet.stream, record[0].stream, "round {round}: {record:?}");
            assert_ne!(packet.sound, alice.voice(), "round {round}: {record:?}");
        }
        strays += told.strays().len();
    }
    println!("{rounds} rounds, {strays} packets from elsewhere");
}
