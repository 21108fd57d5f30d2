//! A recording on the parker's leg goes on with the call, if `recording_follow_transfer` says so.

use kit::{Ends, SOON, Scene, Setup, two_way};

use super::desk::{LOT, MOMENT, setup};

fn recorded(follow: &str) -> Setup {
    let set = format!("recording_follow_transfer={follow}");
    setup(LOT).module("mod_sndfile").extension(
        "66(10[01]\\d)",
        &[
            ("set", set.as_str()),
            ("record_session", "$${log_dir}/$1.wav"),
            ("bind_meta_app", "1 a s callpark::default auto"),
            ("bridge", "user/$1@$${domain}"),
        ],
    )
}

fn is_recorded(desk: &Scene, uuid: &str) -> bool {
    desk.switch.api(&format!("uuid_buglist {uuid}")).contains("session_record")
}

#[track_caller]
fn wait_recorded(desk: &Scene, uuid: &str) {
    desk.switch.eventually(SOON, "it is recorded", || is_recorded(desk, uuid).then_some(()));
}

/// The parker dialled out and its own leg is recorded; then it presses the code, or somebody parks the other leg by
/// command.
#[test]
fn a_recording_follows_the_call_into_its_orbit() {
    for follow in ["true", "false"] {
        let Some(desk) = Scene::start_real(recorded(follow)) else { return };
        let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
        for by_command in [false, true] {
            let calling = alice.call_up("661001");
            let called = bob.incoming(SOON);
            two_way(&calling, bob.voice(), &called, alice.voice());
            wait_recorded(&desk, calling.uuid());
            if by_command {
                assert!(desk.api(&format!("park {}", called.uuid())).starts_with("+OK"));
            } else {
                calling.dtmf("*1");
            }
            desk.action(&called, "park");
            if follow == "true" {
                wait_recorded(&desk, called.uuid());
            } else {
                std::thread::sleep(MOMENT);
                assert!(!is_recorded(&desk, called.uuid()));
            }
            let call = carol.call_up("701");
            two_way(&call, bob.voice(), &called, carol.voice());
            // A retriever that hangs up before has not taken the call.
            desk.outcome(&called, "retrieved");
            assert_eq!(is_recorded(&desk, called.uuid()), follow == "true");
            kit::hang_up(&call, &called, Ends::Other);
            calling.hangup();
            desk.wait_empty();
            desk.switch.wait_channels(0);
        }
    }
}

/// The retriever's own recording goes on when the retriever parks the call again.
#[test]
fn a_retriever_s_recording_follows_as_well() {
    let take = [
        ("set", "recording_follow_transfer=true"),
        ("record_session", "$${log_dir}/taken.wav"),
        ("bind_meta_app", "1 a s callpark::default 702"),
        ("callpark_retrieve", "default 701"),
    ];
    let Some(desk) = Scene::start_real(recorded("true").extension("taking", &take)) else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let caller = alice.call_up("park_default_701");
    desk.action(&caller, "park");
    let call = carol.call_up("taking");
    two_way(&call, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "retrieved");
    wait_recorded(&desk, call.uuid());
    call.dtmf("*1");
    desk.wait_parked(&caller, "default", "702", "1002");
    wait_recorded(&desk, caller.uuid());
}

/// A leg that a command takes out of another call brings the recording of that call along.
#[test]
fn a_recording_follows_a_leg_that_a_command_moves() {
    let Some(desk) = Scene::start_real(recorded("true")) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let calling = alice.call_up("661001");
    let called = bob.incoming(SOON);
    two_way(&calling, bob.voice(), &called, alice.voice());
    wait_recorded(&desk, calling.uuid());
    let answer = desk.api(&format!("park {} default 701", called.uuid()));
    assert!(answer.starts_with("+OK"), "{answer}");
    desk.action(&called, "park");
    wait_recorded(&desk, called.uuid());
}
