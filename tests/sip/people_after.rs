//! What FreeSWITCH does with a leg after a bridge, it does after a retrieval as well, on either side.

use kit::phone::{Call, Sound};
use kit::{SOON, Setup};

use super::desk::{Desk, LOT, WENT_ON, setup, two_way};

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
fn taken(desk: &Desk, park: &str, take: &str, caller_ends: bool) -> Call {
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
    ["plain", "hangup"].contains(&other) || (!caller_ends && park == "continue")
}

#[test]
fn what_is_set_for_after_the_bridge_happens_on_both_sides() {
    let Some(desk) = Desk::with(after()) else { return };
    for name in ["exec", "transfer", "continue", "hangup", "plain"] {
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
    let Some(desk) = Desk::with(setup) else { return };
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
