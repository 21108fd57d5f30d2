//! What FreeSWITCH does with a leg after a bridge, it does after a retrieval as well, on either side.

use kit::phone::{Call, Sound};
use kit::{SOON, Scene, Setup, two_way};

use super::desk::{LOT, WENT_ON, setup};

const AFTER: Sound = Sound::Tone(1350);
const TONE: &str = "tone_stream://%(500,0,1350);loops=-1";

fn after() -> Setup {
    let arg = format!("exec_after_bridge_arg={TONE}");
    let mut setup = setup(LOT).extension("after", &[("answer", ""), ("playback", TONE)]);
    for (name, variables) in [
        ("exec", vec!["exec_after_bridge_app=playback", &arg]),
        ("transfer", vec!["transfer_after_bridge=after:XML:default"]),
        ("continue", vec!["hangup_after_bridge=false"]),
        ("hangup", vec!["hangup_after_bridge=true", "exec_after_bridge_app=playback", &arg]),
        ("explicit", vec!["hangup_after_bridge=explicit"]),
        ("plain", vec![]),
    ] {
        for (number, application, data) in
            [("park", "callpark", "default 701"), ("take", "callpark_retrieve", "default 701")]
        {
            let mut actions: Vec<(&str, &str)> =
                variables.iter().map(|variable| ("set", *variable)).collect();
            actions.push((application, data));
            actions.push(("answer", ""));
            actions.push(("playback", "tone_stream://%(500,0,1250);loops=-1"));
            setup = setup.extension(&format!("{name}_{number}"), &actions);
        }
    }
    setup
}

/// The caller is parked and taken, both by these extensions; then `first` hangs up.
fn taken(desk: &Scene, park: &str, take: &str, caller_ends: bool) -> Call {
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let caller = alice.call_up(&format!("{park}_park"));
    desk.wait_parked(&caller, "default", "701", "");
    let call = carol.call_up(&format!("{take}_take"));
    two_way(&call, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "retrieved");
    let (first, second) = if caller_ends { (caller, call) } else { (call, caller) };
    first.hangup();
    if second_ends(park, take, caller_ends) {
        assert!(second.wait_ended(SOON).remote);
    } else {
        let sound = if take == "continue" && caller_ends { WENT_ON } else { AFTER };
        second.wait_hears(sound, SOON);
        second.hangup();
    }
    desk.switch.wait_channels(0);
    second
}

fn second_ends(park: &str, take: &str, caller_ends: bool) -> bool {
    let other = if caller_ends { take } else { park };
    // A parked call does not come back to its dialplan: what stands there is for one that could not be parked.
    ["plain", "hangup", "explicit"].contains(&other) || (!caller_ends && park == "continue")
}

#[test]
fn what_is_set_for_after_the_bridge_happens_on_both_sides() {
    let Some(desk) = Scene::start_real(after()) else { return };
    for name in ["exec", "transfer", "continue", "hangup", "explicit", "plain"] {
        for caller_ends in [true, false] {
            println!("{name}, the {} hangs up", if caller_ends { "caller" } else { "retriever" });
            let (park, take) = if caller_ends { ("plain", name) } else { (name, "plain") };
            taken(&desk, park, take, caller_ends);
            desk.wait_empty();
        }
    }
}

/// A leg of a return step has no dialplan, but what its own variables say is done.
#[test]
fn a_leg_of_a_return_step_does_what_it_was_told_to() {
    let lot = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/><return>
        <step to="{transfer_after_bridge='after:XML:default'}user/1002@$${domain}"/></return></lot>"#;
    let setup = setup(lot).extension("after", &[("answer", ""), ("playback", TONE)]);
    let Some(desk) = Scene::start_real(setup) else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let caller = alice.call_up("park_default_701");
    desk.wait_parked(&caller, "default", "701", "");
    desk.api("return default 701");
    let call = carol.incoming(SOON);
    two_way(&call, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "returned");
    caller.hangup();
    call.wait_hears(AFTER, SOON);
}

#[test]
fn parked_by_either_side_s_own_wish() {
    let park = [("set", "park_after_bridge=true"), ("callpark", "default 701")];
    let take = [("set", "park_after_bridge=on"), ("callpark_retrieve", "default 701")];
    let setup = setup(LOT).extension("parks", &park).extension("takes", &take);
    let Some(desk) = Scene::start_real(setup) else { return };
    for caller_ends in [true, false] {
        let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
        let caller = alice.call_up("parks");
        desk.wait_parked(&caller, "default", "701", "");
        let call = carol.call_up("takes");
        two_way(&call, alice.voice(), &caller, carol.voice());
        desk.outcome(&caller, "retrieved");
        let (first, second) = if caller_ends { (&caller, &call) } else { (&call, &caller) };
        first.hangup();
        desk.switch.eventually(SOON, "it is parked", || {
            let channels = desk.switch.api("show channels");
            channels.contains(",park,").then_some(())
        });
        assert!(second.ended().is_none());
        second.hangup();
        desk.switch.wait_channels(0);
    }
}

/// A leg that is to run something after its bridge is parked all the same, and runs it after the next bridge.
#[test]
fn a_feature_code_parks_a_leg_that_is_to_run_something_after_its_bridge() {
    let arg = format!("exec_after_bridge_arg={TONE}");
    let talk = [
        ("set", "exec_after_bridge_app=playback"),
        ("set", &arg),
        ("bind_meta_app", "1 b s callpark::default auto"),
        ("bridge", "user/1001@$${domain}"),
    ];
    let Some(desk) = Scene::start_real(setup(LOT).extension("talk", &talk)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let caller = alice.call_up("talk");
    let theirs = bob.incoming(SOON);
    two_way(&caller, bob.voice(), &theirs, alice.voice());
    theirs.dtmf("*1");
    desk.wait_parked(&caller, "default", "701", "1001");
    let call = carol.call_up("701");
    two_way(&call, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "retrieved");
    call.hangup();
    caller.wait_hears(AFTER, SOON);
}
