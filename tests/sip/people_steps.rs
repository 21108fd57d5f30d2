//! Return steps that take neither a mailbox nor a phone's redirection for an answer.

use std::time::Duration;

use kit::phone::{Phase, Policy, Sound};
use kit::{Ends, MUSIC, Phone, SOON, Scene, hang_up, two_way};

use super::desk::MOMENT;
use super::steps::{returned, returning, step};

const CONFIRM: Sound = Sound::Tone(1550);
const PHRASE: &str = r#"<section name="languages"><language name="en" say-module="en" sound-prefix="/nowhere">
  <phrases><macros><macro name="callpark_confirm"><input pattern="^default:701:[15*]$"><match>
  <action function="play-file" data="tone_stream://%(500,0,1550)"/></match></input></macro></macros></phrases>
  </language></section>"#;

fn ringing_phone(desk: &Scene, user: &str) -> Phone {
    let phone = desk.phone(user);
    phone.set_policy(Policy::Ring);
    phone
}

/// Bob's phone sends everybody to Carol's.
#[test]
fn a_step_follows_a_redirection_unless_it_is_told_not_to() {
    for (to, user) in [
        ("parker", "1001"),
        ("user/1001@$${domain}", "1001"),
        ("{a=b}user/1001@$${domain}", "1001"),
        ("${sofia_contact(1001@$${domain})}", "1001"),
        ("group/sales@$${domain}", "1004"),
        ("user/1009@$${domain},user/1001@$${domain}", "1001"),
    ] {
        for redirect in [true, false] {
            let steps = format!(
                r#"<step to="{to}" redirect="{redirect}"/><step to="user/1003@$${{domain}}"/>"#
            );
            let Some(desk) = Scene::start_real(returning("", &steps)) else { return };
            let (alice, bob) = (desk.phone("1000"), desk.phone(user));
            let (carol, dave) = (ringing_phone(&desk, "1002"), ringing_phone(&desk, "1003"));
            bob.redirect_to(&carol);
            let caller = returned(&desk, &alice);
            let (rings, quiet) = if redirect { (&carol, &dave) } else { (&dave, &carol) };
            let ringing = rings.incoming(SOON);
            ringing.answer();
            two_way(&ringing, alice.voice(), &caller, rings.voice());
            quiet.no_incoming_for(Duration::ZERO);
            hang_up(&ringing, &caller, Ends::Other);
            desk.wait_empty();
        }
    }
}

/// A mailbox answers and presses nothing; then somebody answers who does.
#[test]
fn only_whoever_presses_the_key_gets_the_call() {
    for (key, own) in [("1", false), ("*", false), ("5", true)] {
        let steps = if own {
            r#"<step to="hangup"/>"#.to_owned()
        } else {
            format!(
                r#"<step to="parker" ring="2" confirm="{key}"/><step to="user/1002@$${{domain}}" confirm="{key}"/>"#
            )
        };
        let variable = format!(
            "callpark_return=parker ring=2 confirm={key}|user/1002@test.local confirm={key} redirect=false"
        );
        let mut actions = vec![("set", "callpark_parker=1001@test.local")];
        if own {
            actions.push(("set", &variable));
        }
        actions.push(("callpark", "default 701"));
        let setup = returning("", &steps).sections(PHRASE).extension("own", &actions);
        let Some(desk) = Scene::start_real(setup) else { return };
        let (alice, mailbox) = (desk.phone("1000"), desk.phone("1001"));
        let carol = desk.phone("1002");
        let caller = alice.call_up("own");
        desk.wait_parked(&caller, "default", "701", "1001");
        desk.api("return default 701");
        let machine = mailbox.incoming(SOON);
        machine.wait_hears(CONFIRM, SOON);
        assert!(machine.wait_ended(SOON).remote);
        step(&desk, &caller, "1 parker", &format!("nobody pressed {key}"));
        let person = carol.incoming(SOON);
        person.wait_hears(CONFIRM, SOON);
        caller.wait_hears(MUSIC, SOON);
        // Another key does nothing.
        person.dtmf("7");
        std::thread::sleep(MOMENT);
        assert_eq!(desk.calls()[0]["state"], "returning");
        assert_eq!(person.phase(), Phase::Up);
        person.dtmf(key);
        two_way(&person, alice.voice(), &caller, carol.voice());
        let told = desk.outcome(&caller, "returned");
        assert_eq!(told.text("Callpark-Retriever"), "1002@test.local");
        assert_eq!(caller.first_heard(CONFIRM), None);
        hang_up(&person, &caller, Ends::Other);
        desk.wait_empty();
        desk.switch.wait_channels(0);
    }
}

/// While the mailbox talks, somebody else takes the call.
#[test]
fn a_call_can_be_taken_while_somebody_is_asked_for_the_key() {
    let steps = r#"<step to="parker" confirm="1" announce="tone_stream://%(300,0,1150)"/>"#;
    let Some(desk) = Scene::start_real(returning("", steps).sections(PHRASE)) else { return };
    let (alice, mailbox, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let caller = returned(&desk, &alice);
    let machine = mailbox.incoming(SOON);
    machine.wait_hears(Sound::Tone(1150), SOON);
    machine.wait_hears(CONFIRM, SOON);
    let call = carol.call_up("701");
    two_way(&call, alice.voice(), &caller, carol.voice());
    assert!(machine.wait_ended(SOON).remote);
    desk.outcome(&caller, "retrieved");
    hang_up(&call, &caller, Ends::Other);
    desk.wait_empty();

    // Whoever does press, but when the caller has gone, is let go.
    let caller = returned(&desk, &alice);
    let machine = mailbox.incoming(SOON);
    machine.wait_hears(CONFIRM, SOON);
    caller.hangup();
    assert!(machine.wait_ended(SOON).remote);
    desk.switch.wait_channels(0);
}

/// The key counts while the announcement is still heard, which it ends.
#[test]
fn the_key_can_be_pressed_at_once() {
    let steps = r#"<step to="parker" confirm="*" announce="tone_stream://%(9000,0,1150)"/>"#;
    let Some(desk) = Scene::start_real(returning("", steps)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let caller = returned(&desk, &alice);
    let person = bob.incoming(SOON);
    person.wait_hears(Sound::Tone(1150), SOON);
    person.dtmf("*");
    let pressed = std::time::Instant::now();
    two_way(&person, alice.voice(), &caller, bob.voice());
    assert!(pressed.elapsed() < Duration::from_secs(5), "{:?}", pressed.elapsed());
    desk.outcome(&caller, "returned");
}
