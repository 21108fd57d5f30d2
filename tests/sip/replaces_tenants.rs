//! Nobody takes a place, or picks a call up, among the calls of another tenant.

use kit::phone::ReferredBy;
use kit::{Ends, Phone, SOON, Scene, two_way};

use super::desk::{LOT, refer};
use super::lamp::{wait_state, watch};
use super::replaces::{only, sbc, took_the_place};
use super::tenants::{LOTS, phone, talk, tenants, trunk};

/// In lots of the tenants, and in one of everybody's: who parked the call is of b.local there too.
fn every_lot() -> [String; 2] {
    [LOTS.to_owned(), LOT.to_owned()]
}

#[test]
fn a_leg_of_another_tenant_takes_no_place() {
    for lots in every_lot() {
        let Some(desk) = Scene::start_real(tenants(&lots)) else { return };
        let bob = phone(&desk, "1001", "b.local");
        let (stranger, colleague) =
            (phone(&desk, "1002", "a.local"), phone(&desk, "1003", "b.local"));
        let outside = trunk(&desk);
        // The call ends: FreeSWITCH has hung its leg up before we hear of it. But nobody waits in its place.
        let (caller, theirs) = talk(&outside, "b_1001", &bob);
        refer(&theirs, "701", ReferredBy::Yes);
        desk.action(&caller, "park");
        let foreign = stranger.call_with("701", &[("Replaces", &caller.replaces())]);
        foreign.wait_ended(SOON);
        desk.outcome(&caller, "abandoned");
        desk.wait_empty();
        // What belongs to nobody, as a carrier's, and a phone of the same tenant may.
        let sbc: [Phone; 2] = [sbc(&desk, "5550123"), colleague];
        for new in &sbc {
            let (caller, theirs) = talk(&outside, "b_1001", &bob);
            refer(&theirs, "701", ReferredBy::Yes);
            desk.action(&caller, "park");
            let before = only(&desk);
            let moved = new.call_with("701", &[("Replaces", &caller.replaces())]);
            moved.wait_up(SOON);
            took_the_place(&desk, &before, &caller, &moved, &["lot", "orbit", "parker"]);
            let retriever = bob.call_up("701");
            two_way(&retriever, new.voice(), &moved, bob.voice());
            desk.outcome(&moved, "retrieved");
            kit::hang_up(&retriever, &moved, Ends::Other);
            desk.wait_empty();
        }
        desk.switch.wait_channels(0);
    }
}

/// A caller who is a user of a.local and is parked by one of b.local is moved by the PBX of a.local.
#[test]
fn the_tenant_of_the_caller_may_move_its_leg() {
    for lots in every_lot() {
        let Some(desk) = Scene::start_real(tenants(&lots)) else { return };
        let bob = phone(&desk, "1001", "b.local");
        let (ann, another) = (phone(&desk, "1000", "a.local"), phone(&desk, "1004", "a.local"));
        let (caller, theirs) = talk(&ann, "b_1001", &bob);
        refer(&theirs, "701", ReferredBy::Yes);
        desk.action(&caller, "park");
        let before = only(&desk);
        let moved = another.call_with("701", &[("Replaces", &caller.replaces())]);
        moved.wait_up(SOON);
        took_the_place(&desk, &before, &caller, &moved, &["lot", "orbit", "parker"]);
        moved.hangup();
        desk.outcome(&moved, "abandoned");
        desk.wait_empty();
    }
}

/// The same orbit in two tenants: what one's lamp names is nothing in the other's lot.
#[test]
fn a_lamp_s_dialog_is_worth_nothing_in_another_tenant() {
    let Some(desk) = Scene::start_real(tenants(LOTS)) else { return };
    let (bob, carol) = (phone(&desk, "1001", "b.local"), phone(&desk, "1002", "b.local"));
    let stranger = phone(&desk, "1002", "a.local");
    let lamp = watch(&carol, "701");
    let outside = trunk(&desk);
    let (caller, theirs) = talk(&outside, "b_1001", &bob);
    refer(&theirs, "701", ReferredBy::Yes);
    desk.action(&caller, "park");
    let replaces = wait_state(&lamp, "confirmed").replaces();
    for number in ["701", "**701", "take_701", "700"] {
        let call = stranger.call_with(number, &[("Replaces", &replaces)]);
        assert_eq!(call.wait_ended(SOON).code, Some(481), "{number}");
        assert_eq!(only(&desk)["uuid"], caller.uuid());
    }
    let taken = carol.call_with("**701", &[("Replaces", &replaces)]);
    taken.wait_up(SOON);
    two_way(&taken, outside.voice(), &caller, carol.voice());
    assert_eq!(desk.outcome(&caller, "retrieved").text("Callpark-Retriever"), "1002@b.local");
    kit::hang_up(&taken, &caller, Ends::Other);
    desk.wait_empty();
}
