//! Feature codes of a parker who had dialled out: they work after a retrieval and after a return as they were bound.

use kit::phone::{Call, ReferredBy};
use kit::{MUSIC, Phone, SOON, Scene, Setup, two_way};

use super::desk::{LOT, MOMENT, refer, setup};

/// Calls over 66<user>: codes of the side that dials, `*1` and `55#`; over 67<user>: of the side that is called.
fn codes() -> Setup {
    setup(LOT)
        .extension(
            "66(10[01]\\d)",
            &[
                ("bind_meta_app", "1 a s callpark::default auto"),
                ("bind_digit_action", "codes,55#,exec:callpark,default auto,self,self"),
                ("bridge", "user/$1@$${domain}"),
            ],
        )
        .extension(
            "67(10[01]\\d)",
            &[("bind_meta_app", "1 b s callpark::default auto"), ("bridge", "user/$1@$${domain}")],
        )
        .extension(
            "68(10[01]\\d)",
            &[
                ("bind_meta_app", "1 ab s callpark::default auto"),
                ("bind_meta_app", "2 a s callpark::default 705"),
                ("unbind_meta_app", "2"),
                ("bridge", "user/$1@$${domain}"),
            ],
        )
}

fn talk(from: &Phone, number: &str, to: &Phone) -> (Call, Call) {
    let call = from.call_up(number);
    let theirs = to.incoming(SOON);
    two_way(&call, to.voice(), &theirs, from.voice());
    (call, theirs)
}

/// The parked call comes back to the user's phone, which answers.
fn returned(desk: &Scene, orbit: &str, parked: (&Call, &Phone), to: &Phone) -> Call {
    desk.api(&format!("return default {orbit}"));
    let again = to.incoming(SOON);
    two_way(&again, parked.1.voice(), parked.0, to.voice());
    desk.outcome(parked.0, "returned");
    again
}

#[test]
fn the_codes_of_a_parker_who_had_dialled_out_work_after_the_return() {
    let Some(desk) = Scene::start_real(codes()) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for by_refer in [false, true] {
        let (calling, called) = talk(&alice, "661001", &bob);
        if by_refer {
            refer(&calling, "701", ReferredBy::Yes);
        } else {
            calling.dtmf("*1");
        }
        desk.wait_parked(&called, "default", "701", "1000");
        let again = returned(&desk, "701", (&called, &bob), &alice);
        again.dtmf("*1");
        desk.wait_parked(&called, "default", "701", "1000");
        again.wait_ended(SOON);
        // A retriever has them as well, both ways of binding, and the other side has none.
        let call = carol.call_up("701");
        two_way(&call, bob.voice(), &called, carol.voice());
        desk.outcome(&called, "retrieved");
        called.dtmf("*1");
        std::thread::sleep(2 * MOMENT);
        two_way(&call, bob.voice(), &called, carol.voice());
        call.dtmf("*1");
        desk.wait_parked(&called, "default", "701", "1002");
        called.hangup();
        call.wait_ended(SOON);
        desk.wait_empty();
        desk.switch.wait_channels(0);
    }
}

#[test]
fn digit_actions_go_with_the_call_too() {
    let Some(desk) = Scene::start_real(codes()) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (calling, called) = talk(&alice, "661001", &bob);
    calling.dtmf("*1");
    desk.wait_parked(&called, "default", "701", "1000");
    let again = returned(&desk, "701", (&called, &bob), &alice);
    again.dtmf("55#");
    desk.wait_parked(&called, "default", "701", "1000");
    called.wait_hears(MUSIC, SOON);
}

/// Bound for the side that is called, on the leg that dialled: this one is parked and keeps them.
#[test]
fn the_codes_of_the_called_side_work_after_the_return() {
    let Some(desk) = Scene::start_real(codes()) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (calling, called) = talk(&alice, "671001", &bob);
    called.dtmf("*1");
    desk.wait_parked(&calling, "default", "701", "1001");
    let again = returned(&desk, "701", (&calling, &alice), &bob);
    again.dtmf("*1");
    desk.wait_parked(&calling, "default", "701", "1001");
    again.wait_ended(SOON);
}

/// An administrator parks the called leg; both sides have their codes after that, and those that were unbound are gone.
#[test]
fn the_codes_of_both_sides_go_with_a_call_that_a_command_parks() {
    let Some(desk) = Scene::start_real(codes()) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let (calling, called) = talk(&alice, "681001", &bob);
    let answer = desk.api(&format!("park {} default 703", called.uuid()));
    assert!(answer.starts_with("+OK"), "{answer}");
    desk.wait_parked(&called, "default", "703", "");
    calling.wait_ended(SOON);
    let call = carol.call_up("703");
    two_way(&call, bob.voice(), &called, carol.voice());
    desk.outcome(&called, "retrieved");
    call.dtmf("*2");
    std::thread::sleep(2 * MOMENT);
    two_way(&call, bob.voice(), &called, carol.voice());
    // The side that was called presses: it is the retriever who is parked, and who keeps the codes of its own side.
    called.dtmf("*1");
    desk.wait_parked(&call, "default", "701", "1001");
    called.wait_ended(SOON);
    let again = alice.call_up("701");
    two_way(&again, carol.voice(), &call, alice.voice());
    desk.outcome(&call, "retrieved");
    call.dtmf("*1");
    desk.wait_parked(&again, "default", "701", "1002");
}

/// The parker who had dialled out parks by an attended transfer to the orbit.
#[test]
fn the_codes_go_with_an_attended_transfer() {
    let Some(desk) = Scene::start_real(codes()) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (calling, called) = talk(&alice, "661001", &bob);
    let consultation = alice.call_up("700");
    consultation.wait_hears(MUSIC, SOON);
    assert_eq!(calling.refer_replaces(&consultation, ReferredBy::Yes), 202);
    desk.wait_parked(&called, "default", "701", "1000");
    let again = returned(&desk, "701", (&called, &bob), &alice);
    again.dtmf("*1");
    desk.wait_parked(&called, "default", "701", "1000");
}
