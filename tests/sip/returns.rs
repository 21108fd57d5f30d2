//! Time is up, or a command says so: the parker's phone rings for the caller, who hears music and stays retrievable.

use kit::phone::{Phase, Policy, ReferredBy};
use kit::{Ends, MUSIC, Phone, SOON, Scene, hang_up, two_way};

use super::desk::{MOMENT, refer, setup};

const LOT: &str = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
    <return><step to="parker" ring="20"/></return></lot>"#;

/// Its caller's parker is 1001, as `callpark_parker` says.
fn desk() -> Option<Scene> {
    let named = "callpark_parker=1001@test.local";
    let setup = setup(LOT).extension("named", &[("set", named), ("callpark", "default 705")]);
    Scene::start_real(setup)
}

/// A phone of the parker, on which the caller rings.
fn parker(desk: &Scene) -> Phone {
    let bob = desk.phone("1001");
    bob.set_policy(Policy::Ring);
    bob
}

#[test]
fn the_parker_s_phone_rings_and_both_hear_each_other() {
    let Some(desk) = desk() else { return };
    let (alice, bob) = (desk.phone("1000"), parker(&desk));
    for ends in [Ends::Caller, Ends::Other] {
        let caller = alice.call_up("named");
        desk.wait_parked(&caller, "default", "705", "1001");
        assert_eq!(desk.api("return default 705").trim(), "+OK default 705");
        let ringing = bob.incoming(SOON);
        let shown = ringing.identity().expect("a caller id");
        assert_eq!(shown.number, "1000", "the caller's number: {shown:?}");
        assert_eq!(desk.calls()[0]["state"], "returning");
        caller.wait_hears(MUSIC, SOON);
        ringing.answer();
        two_way(&ringing, alice.voice(), &caller, bob.voice());
        let end = desk.outcome(&caller, "returned");
        assert!(end.text("Callpark-Step").contains("parker"), "{}", end.summary());
        assert_eq!(end.text("Callpark-Retriever"), "1001@test.local", "{}", end.summary());
        hang_up(&ringing, &caller, ends);
        desk.wait_empty();
    }
    desk.switch.wait_channels(0);
}

#[test]
fn who_transferred_it_with_referred_by_is_the_parker_and_gets_it_back_by_itself() {
    let lot = LOT.replace("\"0\"", "\"1\"");
    let Some(desk) = Scene::start_real(setup(&lot)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (caller, theirs) = desk.talk(&alice, &bob);
    bob.set_policy(Policy::Ring);
    refer(&theirs, "700", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "701", "1001");
    let ringing = bob.incoming(SOON);
    caller.wait_hears(MUSIC, SOON);
    ringing.answer();
    two_way(&ringing, alice.voice(), &caller, bob.voice());
    desk.outcome(&caller, "returned");
    hang_up(&ringing, &caller, Ends::Other);
    desk.wait_empty();
}

#[test]
fn a_caller_who_hangs_up_ends_the_ringing() {
    let Some(desk) = desk() else { return };
    let (alice, bob) = (desk.phone("1000"), parker(&desk));
    let caller = alice.call_up("named");
    desk.wait_parked(&caller, "default", "705", "1001");
    desk.api("return default 705");
    let ringing = bob.incoming(SOON);
    assert_eq!(ringing.phase(), Phase::Ringing);
    caller.hangup();
    assert!(ringing.wait_ended(SOON).remote);
    desk.outcome(&caller, "abandoned");
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

#[test]
fn who_retrieves_it_meanwhile_ends_the_ringing() {
    let Some(desk) = desk() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), parker(&desk), desk.phone("1002"));
    let caller = alice.call_up("named");
    desk.wait_parked(&caller, "default", "705", "1001");
    desk.api("return default 705");
    let ringing = bob.incoming(SOON);
    let call = carol.call_up("705");
    two_way(&call, alice.voice(), &caller, carol.voice());
    assert!(ringing.wait_ended(SOON).remote);
    desk.outcome(&caller, "retrieved");
    hang_up(&call, &caller, Ends::Other);
    desk.wait_empty();
}

#[test]
fn a_parker_who_is_busy_gone_or_hangs_up_at_once_leaves_the_caller_with_its_music() {
    let Some(desk) = desk() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let caller = alice.call_up("named");
    desk.wait_parked(&caller, "default", "705", "1001");

    bob.set_policy(Policy::Reject(486));
    desk.api("return default 705");
    assert_eq!(bob.incoming(SOON).wait_ended(SOON).code, Some(486));
    desk.action(&caller, "remind");

    bob.set_policy(Policy::Ring);
    desk.api("return default 705");
    let ringing = bob.incoming(SOON);
    ringing.wait_ringing(SOON);
    ringing.reject(480);
    desk.action(&caller, "remind");

    desk.api("return default 705");
    let ringing = bob.incoming(SOON);
    ringing.answer();
    ringing.hangup();
    std::thread::sleep(MOMENT);
    // Depending on the moment they were connected or not; never is the caller lost without a word.
    if caller.ended().is_none() {
        caller.wait_hears(MUSIC, SOON);
        desk.take(&carol, "705", &caller, alice.voice(), Ends::Other);
    } else {
        desk.outcome(&caller, "returned");
    }
    desk.wait_empty();
}

#[test]
fn a_call_whose_parker_nobody_knows_stays_where_it_is() {
    let Some(desk) = desk() else { return };
    let alice = desk.phone("1000");
    let caller = alice.call_up("park_default_706");
    desk.wait_parked(&caller, "default", "706", "");
    desk.api("return default 706");
    desk.action(&caller, "remind");
    caller.wait_hears(MUSIC, SOON);
    caller.hangup();
    desk.outcome(&caller, "abandoned");
    desk.wait_empty();
}
