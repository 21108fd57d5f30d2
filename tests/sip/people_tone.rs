//! The pick-up tone, for either side.

use kit::phone::{Call, Sound};
use kit::{Ends, SOON, Scene, Setup, hang_up, two_way};

use super::desk::setup;

const TONE: Sound = Sound::Tone(1350);

fn lots() -> Setup {
    let lot = |name: &str, orbits: &str, tone: &str| {
        format!(
            r#"<lot name="{name}" orbits="{orbits}"><param name="timeout" value="0"/>
            <param name="pickup-tone" value="{tone}"/></lot>"#
        )
    };
    let stream = "tone_stream://%(400,0,1350)";
    setup(
        &[
            lot("default", "701-709", &format!("retriever:{stream}")),
            lot("caller", "711", &format!("caller:{stream}")),
            lot("both", "721", &format!("both:{stream}")),
            lot("bare", "731", stream),
            lot("file", "741", "both:$${log_dir}/../sounds/pickup.wav"),
            lot("broken", "751", "both:/nowhere/tone.wav"),
            lot("endless", "761", "both:tone_stream://%(400,0,1350);loops=-1"),
            lot("none", "771", ""),
        ]
        .concat(),
    )
    .module("mod_sndfile")
    .sound("pickup.wav", 1350.0, 400)
}

fn say(call: &Call, voice: Sound) {
    if let Sound::Tone(hz) = voice {
        call.say(hz);
    }
}

/// Whoever is to hear the tone does, the other does not, and both then hear each other; whatever is wrong with it.
#[test]
fn either_side_hears_the_pick_up_tone() {
    let Some(desk) = Scene::start_real(lots()) else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    for (lot, orbit, retriever, caller) in [
        ("default", "701", true, false),
        ("caller", "711", false, true),
        ("both", "721", true, true),
        ("bare", "731", true, false),
        ("file", "741", true, true),
        ("broken", "751", false, false),
        ("none", "771", false, false),
    ] {
        println!("{lot}");
        let parked = alice.call_up(&format!("park_{lot}_{orbit}"));
        desk.wait_parked(&parked, lot, orbit, "");
        parked.say(0);
        let call = carol.call(&format!("take_{lot}_{orbit}"));
        call.say(0);
        call.wait_up(SOON);
        if retriever {
            call.wait_hears(TONE, SOON);
        }
        desk.outcome(&parked, "retrieved");
        if caller {
            parked.wait_hears(TONE, SOON);
        }
        say(&parked, alice.voice());
        say(&call, carol.voice());
        two_way(&call, alice.voice(), &parked, carol.voice());
        assert_eq!(call.first_heard(TONE).is_some(), retriever, "{lot}: the retriever");
        assert_eq!(parked.first_heard(TONE).is_some(), caller, "{lot}: the caller");
        hang_up(&call, &parked, Ends::Other);
        desk.wait_empty();
    }
}

/// A tone without an end is cut after five seconds.
#[test]
fn a_tone_without_an_end_does_not_keep_two_from_talking() {
    let Some(desk) = Scene::start_real(lots()) else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let parked = alice.call_up("park_endless_761");
    desk.wait_parked(&parked, "endless", "761", "");
    parked.say(0);
    let call = carol.call_up("take_endless_761");
    call.wait_hears(TONE, SOON);
    say(&parked, alice.voice());
    two_way(&call, alice.voice(), &parked, carol.voice());
    hang_up(&call, &parked, Ends::Caller);
}

/// Whoever a command calls for a parked call hears it as well; the phone of a return step does not. What FreeSWITCH does
/// with a leg whose file is missing does not happen to a caller.
#[test]
fn the_tone_is_for_retrievals_and_never_the_end_of_one() {
    let risky = [("set", "DISPLACE_HANGUP_ON_ERROR=true"), ("callpark", "broken 751")];
    let Some(desk) = Scene::start_real(lots().extension("risky", &risky)) else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let parked = alice.call_up("park_both_721");
    desk.wait_parked(&parked, "both", "721", "");
    parked.say(0);
    assert!(desk.api("retrieve both 721 user/1002@test.local").starts_with("+OK"));
    let call = carol.incoming(SOON);
    call.wait_hears(TONE, SOON);
    desk.outcome(&parked, "retrieved");
    hang_up(&call, &parked, Ends::Other);
    desk.wait_empty();

    let parked = alice.call_up("risky");
    desk.wait_parked(&parked, "broken", "751", "");
    let call = carol.call_up("take_broken_751");
    two_way(&call, alice.voice(), &parked, carol.voice());
    desk.outcome(&parked, "retrieved");
    desk.switch.eventually(SOON, "a warning", || {
        desk.switch.log_contains("the pick-up tone").then_some(())
    });
    two_way(&call, alice.voice(), &parked, carol.voice());
    hang_up(&call, &parked, Ends::Caller);
}
