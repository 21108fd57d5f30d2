//! Unloading by force: nobody hears music any more, no lamp stays lit, whatever runs on top of the module.

use kit::phone::Policy;
use kit::{MUSIC, SOON, Scene, Switch};

use super::desk::{LOT, setup};
use super::lamp::{wait_state, watch};

/// A spoken orbit that runs an application of FreeSWITCH's on top of ours, and takes its time.
const SPOKEN: &str = r#"<section name="languages"><language name="en" say-module="en" sound-prefix="/nowhere">
  <phrases><macros>
    <macro name="callpark_announce"><input pattern="."><match>
      <action function="execute" data="playback(tone_stream://%(300,0,1150))"/></match></input></macro>
  </macros></phrases></language></section>"#;

fn unload(switch: &Switch) {
    let answer = switch.esl_patient().api("unload -f mod_callpark").expect("an answer");
    assert!(answer.starts_with("+OK"), "{answer}");
}

#[test]
fn a_caller_to_whom_the_orbit_was_spoken_or_something_is_played_ends_with_its_lamp() {
    let Some(desk) = Scene::start_real(setup(LOT).sections(SPOKEN)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let lamps = ["701", "702", "703", "default"].map(|login| watch(&carol, login));
    let callers = [alice.call_up("park_701"), bob.call_up("park_702"), alice.call_up("park_703")];
    for caller in &callers {
        desk.action(caller, "park");
        caller.wait_hears(MUSIC, SOON);
    }
    for lamp in &lamps {
        wait_state(lamp, "confirmed");
    }
    let plays = "tone_stream://%(500,0,900);loops=-1 aleg";
    desk.api("status");
    let answer = desk.switch.api(&format!("uuid_broadcast {} {plays}", callers[1].uuid()));
    assert!(answer.starts_with("+OK"), "{answer}");
    callers[1].wait_hears(kit::phone::Sound::Tone(900), SOON);
    unload(&desk.switch);
    for caller in &callers {
        desk.outcome(caller, "shutdown");
        assert!(caller.wait_ended(SOON).remote);
    }
    for lamp in &lamps {
        wait_state(lamp, "terminated");
    }
    desk.switch.wait_channels(0);
    assert!(desk.switch.api("load mod_callpark").contains("+OK"));
    let caller = alice.call_up("park_701");
    wait_state(&lamps[0], "confirmed");
    caller.hangup();
    wait_state(&lamps[0], "terminated");
}

/// Two who talk after a retrieval, of whom one is played something; a phone that rings; one that has just answered.
#[test]
fn who_talks_and_who_rings_ends_too() {
    let lots = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
        <return><step to="user/1003@test.local" ring="60"/></return></lot>"#;
    let Some(desk) = Scene::start_real(setup(lots)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let dave = desk.phone("1003");
    dave.set_policy(Policy::Ring);
    let lamp = watch(&carol, "701");
    let caller = alice.call_up("park_default_701");
    desk.action(&caller, "park");
    let call = carol.call_up("701");
    desk.outcome(&caller, "retrieved");
    caller.wait_hears(carol.voice(), SOON);
    let waiting = bob.call_up("park_default_702");
    desk.action(&waiting, "park");
    assert!(desk.api("return default 702").starts_with("+OK"));
    let rings = dave.incoming(SOON);
    for leg in [&caller, &call] {
        let plays = "tone_stream://%(500,0,900);loops=-1 aleg";
        let answer = desk.switch.api(&format!("uuid_broadcast {} {plays}", leg.uuid()));
        assert!(answer.starts_with("+OK"), "{answer}");
    }
    unload(&desk.switch);
    desk.outcome(&waiting, "shutdown");
    for leg in [&caller, &call, &waiting, &rings] {
        assert!(leg.wait_ended(SOON).remote);
    }
    desk.switch.wait_channels(0);
    drop(lamp);
}
