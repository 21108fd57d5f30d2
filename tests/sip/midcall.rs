//! Feature codes in mid-call: the partner is parked, who pressed the keys hears the orbit and is let go.

use kit::phone::{Call, Phase};
use kit::{Ends, MUSIC, Phone, SOON, Scene, Setup, two_way};

use super::desk::{LOT, MOMENT, setup};

/// Calls over 55<user> have feature codes for both sides, as a dialplan binds them: `*1` parks at once, `*2` by way of
/// an extension, `*3` in an orbit that is taken, `*4` in a lot that is full.
fn features() -> Setup {
    let lots = format!(
        r#"{LOT}<lot name="strict" orbits="801-802"><param name="timeout" value="0"/>
        <param name="when-full" value="continue"/><param name="when-occupied" value="continue"/></lot>
        <lot name="one" orbits="901"><param name="timeout" value="0"/>
        <param name="when-full" value="hangup"/></lot>"#
    );
    setup(&lots).extension(
        "55(10[01]\\d)",
        &[
            ("bind_meta_app", "1 ab s callpark::default auto"),
            ("bind_meta_app", "2 ab s execute_extension::park_default_705 XML default"),
            ("bind_meta_app", "3 ab s callpark::strict 801"),
            ("bind_meta_app", "4 ab s callpark::one auto"),
            ("bridge", "user/$1@$${domain}"),
        ],
    )
}

/// `from` calls `to` by 55<to>.
fn talk(from: &Phone, to: &Phone) -> (Call, Call) {
    let call = from.call_up(&format!("55{}", to.user()));
    let theirs = to.incoming(SOON);
    two_way(&call, to.voice(), &theirs, from.voice());
    (call, theirs)
}

/// Both sides press; each time the other one is parked.
fn press(digits: &str, orbit: &str) {
    let Some(desk) = Scene::start_real(features()) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let lamp = carol.subscribe(&format!("park+{orbit}"), "dialog");
    for called_presses in [true, false] {
        let (calling, called) = talk(&alice, &bob);
        let (presser, parked, by, voice) = match called_presses {
            true => (called, calling, "1001", alice.voice()),
            false => (calling, called, "1000", bob.voice()),
        };
        let before = presser.packets();
        presser.dtmf(digits);
        desk.wait_parked(&parked, "default", orbit, by);
        lamp.wait(SOON, |body| body.contains("confirmed"));
        presser.wait_ended(SOON);
        // It was told something, and that was not its partner's music.
        let heard: Vec<_> = presser.history().split_off(before);
        let told = heard.iter().filter(|(_, sound)| !sound_of_the_call(*sound, voice)).count();
        assert!(told > 5, "the presser heard only its partner: {told} packets");
        assert!(heard.iter().all(|(_, sound)| *sound != MUSIC), "the presser heard the music");
        desk.take(&carol, orbit, &parked, voice, Ends::Caller);
        lamp.wait(SOON, |body| body.contains("terminated"));
        desk.wait_empty();
    }
    desk.switch.wait_channels(0);
}

fn sound_of_the_call(sound: kit::phone::Sound, voice: kit::phone::Sound) -> bool {
    sound == voice || sound == kit::phone::Sound::Silence
}

#[test]
fn a_feature_code_parks_the_partner_and_lets_go_who_pressed_it() {
    press("*1", "701");
}

#[test]
fn a_feature_code_by_way_of_an_extension_parks_the_partner() {
    press("*2", "705");
}

/// Nobody is hung up, moved or separated because there was no orbit, whatever the lot's policy for calls that come.
#[test]
fn two_who_talk_go_on_talking_when_there_is_no_orbit() {
    let Some(desk) = Scene::start_real(features()) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let first = carol.call_up("park_strict_801");
    desk.wait_parked(&first, "strict", "801", "");
    let second = carol.call_up("park_one_901");
    desk.wait_parked(&second, "one", "901", "");
    let (calling, called) = talk(&alice, &bob);
    for (digits, status) in [("*3", "occupied"), ("*4", "full")] {
        called.dtmf(digits);
        desk.switch.wait_var(called.uuid(), "callpark_status", status);
        std::thread::sleep(MOMENT);
        assert_eq!((calling.phase(), called.phase()), (Phase::Up, Phase::Up), "{digits}");
        two_way(&calling, bob.voice(), &called, alice.voice());
    }
    called.hangup();
    calling.wait_ended(SOON);
    first.hangup();
    second.hangup();
    desk.wait_empty();
}

#[test]
fn a_caller_who_hangs_up_just_then_leaves_no_orbit_taken() {
    let Some(desk) = Scene::start_real(features()) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    for wait_ms in [100, 180, 190, 200, 210, 220, 250] {
        let (calling, called) = talk(&alice, &bob);
        called.dtmf("*1");
        // A digit lasts 160 ms, with a pause of 80 ms after it.
        std::thread::sleep(std::time::Duration::from_millis(wait_ms + 200));
        calling.hangup();
        called.wait_ended(SOON);
        desk.wait_empty();
    }
    desk.switch.wait_channels(0);
}
