//! There is no orbit for the call: the lot is full, or the orbit it was sent to is taken. What becomes of it, for each
//! way in. A transferred caller is never connected to the one who is parked there.

use kit::phone::{Call, Phase, Policy, ReferredBy, Sound};
use kit::{Ends, MUSIC, Phone, SOON, Scene, Setup, hang_up, new_uuid, two_way};

use super::desk::{MOMENT, WENT_ON, refer, setup};

/// What 9000 plays, where some calls overflow to.
const DESK_9000: Sound = Sound::Tone(1350);

/// A lot with one orbit for each policy, besides `default`.
fn policies() -> Setup {
    let lot = |name: &str, orbits: &str, full: &str, occupied: &str| {
        format!(
            r#"<lot name="{name}" orbits="{orbits}"><param name="timeout" value="0"/>
            <param name="when-full" value="{full}"/><param name="when-occupied" value="{occupied}"/></lot>"#
        )
    };
    let lots = [
        lot("default", "701-720", "continue", "next"),
        lot("cont", "801", "continue", "continue"),
        lot("back", "811", "parker", "parker"),
        lot("hang", "821", "hangup", "continue"),
        lot("over", "831", "lot:default", "continue"),
        lot("tran", "841", "transfer:9000 XML default", "continue"),
        lot("next", "851-852", "continue", "next"),
    ];
    setup(&lots.join("\n"))
        .extension("9000", &[("answer", ""), ("playback", "tone_stream://%(500,0,1350);loops=-1")])
}

/// Somebody waits in that orbit. Its uuid.
fn fill(desk: &Scene, lot: &str, orbit: &str) -> String {
    let uuid = new_uuid();
    desk.switch.originate(&uuid, &format!("park_{lot}_{orbit}"), &[]);
    desk.switch.wait_var(&uuid, "callpark_status", "parked");
    uuid
}

/// Whoever was there before is there still, and was never connected to anybody.
#[track_caller]
fn undisturbed(desk: &Scene, filler: &str) {
    let there =
        desk.calls().iter().any(|call| call["uuid"] == filler && call["state"] == "waiting");
    assert!(there, "{:?}", desk.calls());
    assert_eq!(desk.switch.getvar(filler, "bridge_uuid"), None);
}

/// Alice has called Bob, who transfers her to `target`.
fn sent(desk: &Scene, alice: &Phone, bob: &Phone, target: &str, by: ReferredBy) -> Call {
    let (caller, theirs) = desk.talk(alice, bob);
    refer(&theirs, target, by);
    caller
}

#[track_caller]
fn refused(desk: &Scene, caller: &Call, reason: &str) {
    let event = desk.action(caller, "refuse");
    assert_eq!(event.text("Callpark-Reason"), reason, "{}", event.summary());
    assert_eq!(event.text("Callpark-Outcome"), "", "it was never parked: {}", event.summary());
}

#[test]
fn continue_lets_the_dialplan_go_on() {
    let Some(desk) = Scene::start_real(policies()) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let filler = fill(&desk, "cont", "801");
    for (target, why) in
        [("park_cont_auto", "full"), ("park_cont_801", "occupied"), ("key_cont_801", "occupied")]
    {
        let caller = sent(&desk, &alice, &bob, target, ReferredBy::Yes);
        refused(&desk, &caller, why);
        desk.switch.wait_var(caller.uuid(), "callpark_status", why);
        caller.wait_hears(WENT_ON, SOON);
        undisturbed(&desk, &filler);
        caller.hangup();
        desk.switch.wait_gone(caller.uuid());
    }
}

#[test]
fn next_gives_the_next_orbit_and_when_there_is_none_the_lot_is_full() {
    let Some(desk) = Scene::start_real(policies()) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let filler = fill(&desk, "next", "851");
    for target in ["key_next_851", "park_next_851"] {
        let caller = sent(&desk, &alice, &bob, target, ReferredBy::No);
        desk.wait_parked(&caller, "next", "852", "1001");
        undisturbed(&desk, &filler);
        desk.take(&carol, "take_next_852", &caller, alice.voice(), Ends::Other);
    }
    let other = fill(&desk, "next", "852");
    let caller = sent(&desk, &alice, &bob, "key_next_851", ReferredBy::No);
    refused(&desk, &caller, "full");
    caller.wait_hears(WENT_ON, SOON);
    undisturbed(&desk, &filler);
    undisturbed(&desk, &other);
}

#[test]
fn hangup_hangs_up() {
    let Some(desk) = Scene::start_real(policies()) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let filler = fill(&desk, "hang", "821");
    let caller = sent(&desk, &alice, &bob, "park_hang_auto", ReferredBy::Yes);
    refused(&desk, &caller, "full");
    assert!(caller.wait_ended(SOON).remote);
    undisturbed(&desk, &filler);
}

#[test]
fn another_lot_takes_what_one_cannot_hold() {
    let Some(desk) = Scene::start_real(policies()) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let filler = fill(&desk, "over", "831");
    let caller = sent(&desk, &alice, &bob, "park_over_auto", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "701", "1001");
    undisturbed(&desk, &filler);
    desk.take(&carol, "701", &caller, alice.voice(), Ends::Other);
}

#[test]
fn a_transfer_sends_it_elsewhere() {
    let Some(desk) = Scene::start_real(policies()) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let filler = fill(&desk, "tran", "841");
    let caller = sent(&desk, &alice, &bob, "park_tran_auto", ReferredBy::Yes);
    refused(&desk, &caller, "full");
    caller.wait_hears(DESK_9000, SOON);
    undisturbed(&desk, &filler);
}

/// It is the caller who rings at the parker's, not the park; and the display says why.
#[test]
fn the_parker_gets_it_back_with_the_caller_s_own_id_and_sees_why() {
    let Some(desk) = Scene::start_real(policies()) else { return };
    let alice = Phone::new(&desk.switch, "1000").display("Alice");
    let bob = desk.phone("1001");
    let filler = fill(&desk, "back", "811");
    let mut names = Vec::new();
    for (target, why, by) in [
        ("park_back_auto", "full", ReferredBy::Yes),
        ("park_back_auto", "full", ReferredBy::No),
        ("park_back_811", "occupied", ReferredBy::No),
        ("key_back_811", "occupied", ReferredBy::Yes),
    ] {
        bob.set_policy(Policy::Answer);
        let (caller, theirs) = desk.talk(&alice, &bob);
        bob.set_policy(Policy::Ring);
        refer(&theirs, target, by);
        refused(&desk, &caller, why);
        let ringing = bob.incoming(SOON);
        let shown = ringing.identity().expect("a caller id");
        assert_eq!(shown.number, "1000", "{shown:?}");
        assert!(shown.name.contains("Alice"), "{shown:?}");
        names.push((why, shown.name));
        undisturbed(&desk, &filler);
        ringing.answer();
        two_way(&ringing, alice.voice(), &caller, bob.voice());
        hang_up(&ringing, &caller, Ends::Caller);
        desk.switch.wait_gone(caller.uuid());
    }
    let says_why = |(why, name): &(&str, String)| name.to_lowercase().contains(why);
    assert!(names.iter().all(says_why), "the parker does not see why: {names:?}");
}

/// Bob holds Alice and dials a park that has no orbit for him: nothing happens to Alice, whatever the policy, and Bob
/// is not called by his own consultation.
#[test]
fn a_consultation_that_finds_no_orbit_leaves_the_caller_with_its_parker() {
    let Some(desk) = Scene::start_real(policies()) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    for (lot, orbit) in [("cont", "801"), ("back", "811"), ("hang", "821")] {
        fill(&desk, lot, orbit);
        let (caller, theirs) = desk.talk(&alice, &bob);
        theirs.hold();
        caller.wait_hears(MUSIC, SOON);
        bob.set_policy(Policy::Ring);
        let consultation = bob.call(&format!("park_{lot}_auto"));
        let reason = desk.action(&consultation, "refuse");
        assert_eq!(reason.text("Callpark-Reason"), "full", "{lot}");
        match lot {
            "hang" => drop(consultation.wait_ended(SOON)),
            // The dialplan tells; there is nobody to give it back to but the one who hears it.
            _ => consultation.wait_hears(WENT_ON, SOON),
        }
        consultation.hangup();
        bob.no_incoming_for(MOMENT);
        theirs.resume();
        two_way(&caller, bob.voice(), &theirs, alice.voice());
        theirs.hangup();
        caller.wait_ended(SOON);
        bob.set_policy(Policy::Answer);
    }
}

#[test]
fn a_consultation_that_overflows_tells_and_keeps_an_orbit_of_the_other_lot() {
    let Some(desk) = Scene::start_real(policies()) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let filler = fill(&desk, "over", "831");
    let (caller, theirs) = desk.talk(&alice, &bob);
    theirs.hold();
    let consultation = bob.call_up("park_over_auto");
    std::thread::sleep(MOMENT);
    assert_eq!(theirs.refer_replaces(&consultation, ReferredBy::Yes), 202);
    desk.wait_parked(&caller, "default", "701", "1001");
    undisturbed(&desk, &filler);
    desk.take(&carol, "701", &caller, alice.voice(), Ends::Other);
}

#[test]
fn the_command_says_so_and_the_call_goes_on_with_what_it_did() {
    let Some(desk) = Scene::start_real(policies()) else { return };
    let alice = desk.phone("1000");
    let caller = alice.call_up("9000");
    caller.wait_hears(DESK_9000, SOON);
    for (lot, orbit) in [("cont", "801"), ("hang", "821"), ("back", "811"), ("tran", "841")] {
        fill(&desk, lot, orbit);
        let answer = desk.api(&format!("park {} {lot} auto", caller.uuid()));
        assert!(answer.starts_with("-ERR full "), "{lot}: {answer}");
    }
    std::thread::sleep(MOMENT);
    assert_eq!(caller.phase(), Phase::Up);
    caller.wait_hears(DESK_9000, SOON);
}
