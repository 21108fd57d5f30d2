//! Phones that pick a parked call up by INVITE with Replaces, for the dialog that its lamp names.

use kit::phone::{Call, Subscription};
use kit::{DOMAIN, Ends, MUSIC, Phone, SOON, Scene, hang_up, two_way};

use super::desk::{LOT, MOMENT, open, setup};
use super::lamp::{Lamp, read, wait_state, watch};

/// A call in that orbit, and what its lamp shows.
fn park(desk: &Scene, lamp: &Subscription, alice: &Phone, orbit: &str) -> (Call, Lamp) {
    let caller = alice.call_up(&format!("park_default_{orbit}"));
    desk.wait_parked(&caller, "default", orbit, "");
    (caller, wait_state(lamp, "confirmed"))
}

#[test]
fn a_lamp_names_a_dialog_and_replacing_it_is_a_retrieval() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let lamp = watch(&carol, "705");
    let mut named = Vec::new();
    // Whatever the phone calls: what the document says, the watched address, the orbit; also as it is parked there.
    for number in ["", "park+705", "705", "take_705", "park_default_705", "700"] {
        for early in ["", ";early-only"] {
            let (caller, shown) = park(&desk, &lamp, &alice, "705");
            assert!(!shown.call_id.is_empty() && !shown.local_tag.is_empty(), "{shown:?}");
            assert!(!shown.remote_tag.is_empty(), "{shown:?}");
            assert_eq!(shown.direction, "recipient");
            // A name of its own for each call; the caller's own dialog is nobody's business.
            assert!(!named.contains(&shown.call_id) && shown.call_id != caller.uuid());
            named.push(shown.call_id.clone());
            let number = if number.is_empty() { shown.target.as_str() } else { number };
            let replaces = format!("{}{early}", shown.replaces());
            let taken = carol.call_with(number, &[("Replaces", &replaces)]);
            taken.wait_up(SOON);
            two_way(&taken, alice.voice(), &caller, carol.voice());
            let event = desk.outcome(&caller, "retrieved");
            assert_eq!(event.text("Callpark-Action"), "retrieve");
            assert_eq!(event.text("Callpark-Retriever"), format!("1002@{DOMAIN}"));
            assert_eq!(event.text("Callpark-Retriever-UUID"), taken.uuid());
            wait_state(&lamp, "terminated");
            hang_up(&taken, &caller, Ends::Other);
            desk.wait_empty();
        }
    }
    desk.switch.wait_channels(0);
}

/// What a phone has seen a moment ago is not there any more, and another call is: nobody gets that one.
#[test]
fn a_lamp_that_has_changed_gives_nobody_another_call() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let lamp = watch(&carol, "705");
    let (first, shown) = park(&desk, &lamp, &alice, "705");
    first.hangup();
    desk.outcome(&first, "abandoned");
    wait_state(&lamp, "terminated");
    let late = |number: &str| {
        let late = carol.call_with(number, &[("Replaces", &shown.replaces())]);
        assert_eq!(late.wait_ended(SOON).code, Some(481), "{number}");
    };
    late("705");
    let (second, _) = park(&desk, &lamp, &bob, "705");
    for number in ["705", "**705", "take_705", "take_next", "700", "park_default_auto"] {
        late(number);
    }
    second.wait_hears(MUSIC, SOON);
    assert_eq!(desk.calls().len(), 1);
    assert_eq!(desk.calls()[0]["uuid"], second.uuid());
    // Its own key does get it.
    desk.take(&carol, "**705", &second, bob.voice(), Ends::Other);
    desk.wait_empty();
}

/// The name goes with the call, and its lamp with the orbit.
#[test]
fn a_call_that_was_moved_is_picked_up_where_it_is() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let (from, to) = (watch(&carol, "705"), watch(&carol, "709"));
    let (caller, was) = park(&desk, &from, &alice, "705");
    assert_eq!(desk.api("move default 705 default 709").trim(), "+OK default 709");
    let shown = wait_state(&to, "confirmed");
    assert_eq!(shown.call_id, was.call_id);
    wait_state(&from, "terminated");
    let late = carol.call_with("705", &[("Replaces", &was.replaces())]);
    assert_eq!(late.wait_ended(SOON).code, Some(481));
    let taken = carol.call_with(&shown.target, &[("Replaces", &shown.replaces())]);
    taken.wait_up(SOON);
    two_way(&taken, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "retrieved");
    hang_up(&taken, &caller, Ends::Caller);
    desk.wait_empty();
}

#[test]
fn of_two_that_pick_up_the_same_call_one_gets_it() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let lamp = watch(&carol, "705");
    for _ in 0..5 {
        let (caller, shown) = park(&desk, &lamp, &alice, "705");
        let replaces = shown.replaces();
        let both = [&bob, &carol].map(|phone| phone.call_with("**705", &[("Replaces", &replaces)]));
        let event = desk.outcome(&caller, "retrieved");
        let n = usize::from(event.is("Callpark-Retriever-UUID", both[1].uuid()));
        both[1 - n].wait_ended(SOON);
        both[n].wait_hears(alice.voice(), SOON);
        hang_up(&both[n], &caller, Ends::Other);
        wait_state(&lamp, "terminated");
        desk.wait_empty();
    }
    desk.switch.wait_channels(0);
}

/// Neither who waits, nor anything of the caller's own dialog.
#[test]
fn a_caller_who_asks_for_privacy_is_picked_up_unnamed() {
    let Some(desk) = Scene::start_real(setup(LOT)) else { return };
    let alice = Phone::new(&desk.switch, "1000").display("Alice").private();
    let carol = desk.phone("1002");
    let lamp = watch(&carol, "705");
    let (caller, shown) = park(&desk, &lamp, &alice, "705");
    let document = lamp.last().expect("a NOTIFY").body;
    for secret in ["Alice", "1000", caller.uuid()] {
        assert!(!document.contains(secret), "{document}");
    }
    assert_eq!(shown.target, "**705");
    let taken = carol.call_with(&shown.target, &[("Replaces", &shown.replaces())]);
    taken.wait_up(SOON);
    desk.outcome(&caller, "retrieved");
    hang_up(&taken, &caller, Ends::Other);
    wait_state(&lamp, "terminated");
    desk.wait_empty();
}

/// A phone that has picked up is a phone like any other: what its INVITE said is over.
#[test]
fn who_has_picked_up_and_is_transferred_parks() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let lamp = watch(&carol, "705");
    let (caller, shown) = park(&desk, &lamp, &alice, "705");
    let taken = carol.call_with("705", &[("Replaces", &shown.replaces())]);
    taken.wait_up(SOON);
    desk.outcome(&caller, "retrieved");
    two_way(&taken, alice.voice(), &caller, carol.voice());
    // The caller, by its phone, parks whoever picked up.
    super::desk::refer(&caller, "703", kit::phone::ReferredBy::Yes);
    desk.wait_parked(&taken, "default", "703", "1000");
    std::thread::sleep(MOMENT);
    let back = alice.call_up("703");
    two_way(&back, carol.voice(), &taken, alice.voice());
    desk.outcome(&taken, "retrieved");
    hang_up(&back, &taken, Ends::Other);
    desk.wait_empty();
    assert_eq!(read(&lamp.last().expect("a NOTIFY").body).state, "terminated");
}
