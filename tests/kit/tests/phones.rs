//! The kit proves its phones, on a real FreeSWITCH. No mod_callpark needed.

use std::time::Duration;

use kit::phone::{Direction, Phase, Policy, ReferredBy, Sound};
use kit::{Phone, SOON, Setup, Switch};

/// What the extension 9000 plays, and what a held party hears.
const PLAYED: Sound = Sound::Tone(850);
const HOLD_MUSIC: Sound = Sound::Tone(400);

fn setup() -> Setup {
    Setup::new()
        .sip(true)
        .load_module(false)
        .no_sample_dialplan()
        .extension("(10[01]\\d)", &[("bridge", "user/$1@$${domain}")])
        .extension("9000", &[("answer", ""), ("playback", "tone_stream://%(500,0,850);loops=-1")])
        .extension("9001", &[("answer", ""), ("sleep", "300"), ("send_dtmf", "42"), ("park", "")])
        .extension("95(\\d\\d)", &[("answer", ""), ("valet_park", "valet_lot 95$1")])
        .module("mod_valet_parking")
}

/// Two registered phones, the first having called the second: both ends of the call.
fn two_in_a_call(alice: &Phone, bob: &Phone) -> (kit::phone::Call, kit::phone::Call) {
    alice.register();
    bob.register();
    let call = alice.call(&bob.user());
    let theirs = bob.incoming(SOON);
    call.wait_ringing(SOON);
    theirs.answer();
    call.wait_up(SOON);
    call.wait_hears(bob.voice(), SOON);
    theirs.wait_hears(alice.voice(), SOON);
    (call, theirs)
}

#[test]
fn two_phones_talk_hold_and_hang_up() {
    let Some(switch) = Switch::start_real(setup()) else { return };
    // No double quote: with one FreeSWITCH writes a From that it cannot send.
    let alice = Phone::new(&switch, "1000").display("Alice 'A' <&> É");
    let bob = Phone::new(&switch, "1001");
    let (call, theirs) = two_in_a_call(&alice, &bob);
    assert!(switch.alive(call.uuid()) && switch.alive(theirs.uuid()));
    let shown = theirs.wait_shows("1000", SOON);
    assert_eq!(shown.name, "Alice 'A' <&> É");
    call.hold();
    theirs.wait_hears(HOLD_MUSIC, SOON);
    call.resume();
    theirs.wait_hears(alice.voice(), SOON);
    call.wait_hears(bob.voice(), SOON);
    assert_eq!(theirs.reinvite(Direction::Inactive), 200);
    assert_eq!(theirs.reinvite(Direction::SendRecv), 200);
    call.wait_hears(bob.voice(), SOON);
    theirs.hangup();
    assert!(call.wait_ended(SOON).remote);
    switch.wait_gone(call.uuid());
}

#[test]
fn a_call_is_refused_cancelled_or_heard_early() {
    let Some(switch) = Switch::start_real(setup()) else { return };
    let alice = Phone::new(&switch, "1000");
    let bob = Phone::new(&switch, "1001").policy(Policy::Reject(486));
    bob.register();
    let busy = alice.call("1001").wait_ended(SOON);
    assert_eq!(busy.code, Some(486));
    let _ = bob.incoming(SOON);

    bob.set_policy(Policy::Ring);
    let call = alice.call("1001");
    let theirs = bob.incoming(SOON);
    call.wait_ringing(SOON);
    call.hangup();
    assert_eq!(theirs.wait_ended(SOON).code, Some(487));

    bob.set_policy(Policy::Silent);
    let call = alice.call("1001");
    let theirs = bob.incoming(SOON);
    theirs.early_media();
    call.wait_hears(bob.voice(), SOON);
    assert_eq!(call.phase(), Phase::Ringing);
    theirs.answer();
    call.wait_up(SOON);

    assert_eq!(alice.call("4711").wait_ended(SOON).code, Some(404));
    bob.set_policy(Policy::Answer);
    let video = Phone::new(&switch, "1002").video();
    assert!(video.call_up("1001").invite().body.contains("m=video"));
}

#[test]
fn digits_go_both_ways() {
    let Some(switch) = Switch::start_real(setup()) else { return };
    let alice = Phone::new(&switch, "1000");
    let digits = switch.events(&["DTMF"]);
    let call = alice.call_up("9001");
    switch.eventually(SOON, "the digits 42", || (call.digits() == "42").then_some(()));
    call.dtmf("1#");
    digits.wait(SOON, |e| e.uuid() == call.uuid() && e.text("DTMF-Digit") == "1");
    digits.wait(SOON, |e| e.uuid() == call.uuid() && e.text("DTMF-Digit") == "#");
}

#[test]
fn a_blind_transfer_moves_the_other_party() {
    let Some(switch) = Switch::start_real(setup()) else { return };
    let (alice, bob) = (Phone::new(&switch, "1000"), Phone::new(&switch, "1001"));
    for referred_by in [ReferredBy::Yes, ReferredBy::No] {
        let (call, theirs) = two_in_a_call(&alice, &bob);
        assert_eq!(theirs.refer("9000", referred_by), 202);
        theirs.wait_referred("200", SOON);
        theirs.wait_ended(SOON);
        call.wait_hears(PLAYED, SOON);
        let told = switch.getvar(call.uuid(), "sip_h_Referred-By");
        assert_eq!(told.is_some(), referred_by == ReferredBy::Yes, "{told:?}");
        call.hangup();
    }
}

#[test]
fn an_attended_transfer_joins_the_two_others() {
    let Some(switch) = Switch::start_real(setup()) else { return };
    let (alice, bob) = (Phone::new(&switch, "1000"), Phone::new(&switch, "1001"));
    let carol = Phone::new(&switch, "1002").policy(Policy::Answer);
    carol.register();
    let (call, theirs) = two_in_a_call(&alice, &bob);
    theirs.hold();
    call.wait_hears(HOLD_MUSIC, SOON);
    let consultation = bob.call_up("1002");
    let third = carol.incoming(SOON);
    third.wait_hears(bob.voice(), SOON);
    assert_eq!(theirs.refer_replaces(&consultation, ReferredBy::Yes), 202);
    consultation.wait_ended(SOON);
    third.wait_hears(alice.voice(), SOON);
    call.wait_hears(carol.voice(), SOON);
}

#[test]
fn a_lamp_is_notified() {
    let Some(switch) = Switch::start_real(setup()) else { return };
    let (alice, bob) = (Phone::new(&switch, "1000"), Phone::new(&switch, "1001"));
    let lamp = bob.subscribe("park+9501", "dialog");
    let call = alice.call_up("9501");
    let lit = lamp.wait(SOON, |body| body.contains("confirmed"));
    assert!(lit.state.starts_with("active"), "{lit:?}");
    call.wait_hears(HOLD_MUSIC, SOON);
    lamp.refresh();
    call.hangup();
    lamp.wait(SOON, |body| body.contains("terminated"));
    lamp.none_for(Duration::from_millis(300), |body| body.contains("confirmed"));
    lamp.end();
}

#[test]
fn two_domains_on_one_profile_have_their_own_users() {
    let setup =
        setup().domain("b.local").extension("b_(10[01]\\d)", &[("bridge", "user/$1@b.local")]);
    let Some(switch) = Switch::start_real(setup) else { return };
    let (alice, bob) = (Phone::new(&switch, "1000"), Phone::new(&switch, "1001"));
    let other_bob = Phone::new(&switch, "1001").domain("b.local");
    for phone in [&alice, &bob, &other_bob] {
        phone.register();
        phone.set_policy(Policy::Answer);
    }
    for (number, called) in [("1001", &bob), ("b_1001", &other_bob)] {
        let call = alice.call_up(number);
        call.wait_hears(called.voice(), SOON);
        call.hangup();
    }
}

#[test]
fn a_second_profile_has_phones_of_its_own() {
    let setup = setup()
        .other_profile("b.local")
        .extension("b_(10[01]\\d)", &[("bridge", "user/$1@b.local")]);
    let Some(switch) = Switch::start_real(setup) else { return };
    let alice = Phone::new(&switch, "1000");
    let bob = Phone::at_other(&switch, "1001").domain("b.local").policy(Policy::Answer);
    bob.register();
    let call = alice.call_up("b_1001");
    call.wait_hears(bob.voice(), SOON);
    call.hangup();
}
