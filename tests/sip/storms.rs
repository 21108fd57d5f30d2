//! Callers, phones and strangers who do one thing far too often, or under somebody else's name.

use kit::phone::Policy;
use kit::{Phone, SOON};

use super::desk::{Desk, Ends, hang_up, two_way};
use super::steps::{returned, returning, step};

/// Nobody has logged in for the stranger's calls, and no phone of that user is at the stranger's address.
#[test]
fn a_stranger_under_a_user_s_name_does_not_make_that_user_busy() {
    let steps = r#"<step to="parker" when="idle"/>"#;
    let Some(desk) = Desk::with(returning("", steps)) else { return };
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
