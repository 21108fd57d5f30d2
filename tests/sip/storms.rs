//! Callers, phones and strangers who do one thing far too often, or under somebody else's name.

use kit::phone::Policy;
use kit::{Ends, MUSIC, Phone, SOON, Scene, hang_up, two_way};

use super::desk::{MOMENT, setup};
use super::steps::{returned, returning, step};

/// Nobody has logged in for the stranger's calls, and no phone of that user is at the stranger's address.
#[test]
fn a_stranger_under_a_user_s_name_does_not_make_that_user_busy() {
    let steps = r#"<step to="parker" when="idle"/>"#;
    let Some(desk) = Scene::start_real(returning("", steps)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    bob.set_policy(Policy::Ring);
    for host in ["test.local", "TEST.local"] {
        let stranger = Phone::new(&desk.switch, "1001").domain(host);
        let theirs = stranger.call_up("7777");
        let caller = returned(&desk, &alice);
        step(&desk, &caller, "1 parker", "");
        let ringing = bob.incoming(SOON);
        ringing.answer();
        two_way(&ringing, alice.voice(), &caller, bob.voice());
        // With a call of their own the user is busy all the same.
        let second = returned(&desk, &alice);
        step(&desk, &second, "1 parker", "the user is in a call");
        second.hangup();
        hang_up(&ringing, &caller, Ends::Other);
        theirs.hangup();
        desk.wait_empty();
        desk.switch.wait_channels(0);
    }
}

/// A caller who leaves by the exit key for a menu that parks the caller again.
#[test]
fn a_caller_in_a_loop_pages_once_and_others_are_announced() {
    let lots = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
        <param name="announce" value="false"/>
        <param name="page" value="user/1003@$${domain}"/><param name="notify" value="true"/>
        <param name="exit-key" value="0"/><param name="exit-to" value="menu XML default"/></lot>"#;
    let menu = [("set", "callpark_parker=1004@test.local"), ("callpark", "default auto")];
    let Some(desk) = Scene::start_real(setup(lots).extension("menu", &menu)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (paged, parker) = (desk.phone("1003"), desk.phone("1004"));
    let caller = alice.call_up("menu");
    for _ in 0..6 {
        desk.action(&caller, "park");
        caller.wait_hears(MUSIC, SOON);
        std::thread::sleep(MOMENT);
        caller.dtmf("0");
        desk.outcome(&caller, "left");
    }
    desk.action(&caller, "park");
    paged.incoming(SOON).wait_ended(SOON);
    let is_message = |request: &kit::phone::Message| request.method() == "MESSAGE";
    parker.wait_request(SOON, is_message);
    paged.no_incoming_for(MOMENT);
    parker.no_request_for(MOMENT, is_message);
    let second = bob.call_up("menu");
    desk.action(&second, "park");
    paged.incoming(SOON).wait_ended(SOON);
    parker.wait_request(SOON, is_message);
}
