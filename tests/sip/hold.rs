//! A caller waits and is taken: what it hears meanwhile, and who it hears afterwards.

use std::time::Duration;

use kit::phone::{Codec, Phase, Sound};
use kit::{Ends, MUSIC, Phone, SOON, Scene, hang_up, two_way};

use super::desk::{LOT, open, setup};

#[test]
fn a_caller_hears_music_and_then_both_hear_each_other_until_either_hangs_up() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    for ends in [Ends::Caller, Ends::Other] {
        let caller = alice.call_up("park_default_705");
        desk.wait_parked(&caller, "default", "705", "");
        desk.take(&carol, "705", &caller, alice.voice(), ends);
        desk.wait_empty();
    }
    desk.switch.wait_channels(0);
}

#[test]
fn a_caller_who_hangs_up_while_waiting_has_gone() {
    let Some(desk) = open() else { return };
    let alice = desk.phone("1000");
    let caller = alice.call_up("park_default_705");
    desk.wait_parked(&caller, "default", "705", "");
    caller.hangup();
    let end = desk.outcome(&caller, "abandoned");
    assert_eq!(end.text("Callpark-Reason"), "", "{}", end.summary());
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

#[test]
fn a_caller_on_hold_of_its_own_is_still_parked_and_hears_music_afterwards() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let caller = alice.call_up("park_default_705");
    desk.wait_parked(&caller, "default", "705", "");
    caller.hold();
    std::thread::sleep(Duration::from_millis(500));
    caller.resume();
    caller.wait_hears(MUSIC, SOON);
    desk.take(&carol, "705", &caller, alice.voice(), Ends::Other);
    desk.wait_empty();
}

#[test]
fn a_caller_who_has_put_us_on_hold_can_be_taken() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let caller = alice.call_up("park_default_705");
    desk.wait_parked(&caller, "default", "705", "");
    caller.hold();
    std::thread::sleep(Duration::from_millis(500));
    let call = carol.call_up("705");
    desk.outcome(&caller, "retrieved");
    caller.resume();
    two_way(&call, alice.voice(), &caller, carol.voice());
    hang_up(&call, &caller, Ends::Other);
    desk.wait_empty();
}

#[test]
fn phones_of_two_codecs_hear_each_other() {
    let Some(desk) = open() else { return };
    let alice = Phone::new(&desk.switch, "1000").codecs(&[Codec::Pcma]);
    let carol = desk.phone("1002");
    let caller = alice.call_up("park_default_705");
    desk.wait_parked(&caller, "default", "705", "");
    desk.take(&carol, "705", &caller, alice.voice(), Ends::Other);
}

#[test]
fn the_music_comes_from_a_local_stream() {
    let lots = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
        <param name="hold-music" value="local_stream://moh"/></lot>"#;
    let Some(desk) = Scene::start_real(setup(lots).local_stream()) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let first = alice.call_up("park_default_705");
    let second = bob.call_up("park_default_706");
    first.wait_hears(Sound::Tone(500), SOON);
    second.wait_hears(Sound::Tone(500), SOON);
    desk.take(&carol, "705", &first, alice.voice(), Ends::Other);
    // The other listener of the stream is not disturbed.
    second.wait_hears(Sound::Tone(500), SOON);
    desk.take(&carol, "706", &second, bob.voice(), Ends::Caller);
    desk.wait_empty();
}

#[test]
fn music_of_the_caller_s_own_goes_before_the_lot_s() {
    let lots = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
        <param name="hold-music" value="tone_stream://%(500,0,350);loops=-1"/></lot>"#;
    let own = "callpark_hold_music=tone_stream://%(500,0,450);loops=-1";
    let setup = setup(lots).extension("own", &[("set", own), ("callpark", "default auto")]);
    let Some(desk) = Scene::start_real(setup) else { return };
    let alice = desk.phone("1000");
    let lots = alice.call_up("park_default_705");
    lots.wait_hears(Sound::Tone(350), SOON);
    let own = alice.call_up("own");
    own.wait_hears(Sound::Tone(450), SOON);
    lots.wait_hears(Sound::Tone(350), SOON);
}

/// Silence is what is left, not a dead call; and no loop that runs hot on the missing music.
#[test]
fn missing_music_is_silence_and_the_call_lives() {
    let bad =
        ["local_stream://nowhere", "/no/such/file.wav", "nothing://x", "silence", "tone_stream://"];
    let mut lots = String::from(LOT);
    for (n, music) in bad.iter().enumerate() {
        lots += &format!(
            r#"<lot name="bad{n}" orbits="80{n}"><param name="timeout" value="0"/>
            <param name="hold-music" value="{music}"/></lot>"#
        );
    }
    let Some(desk) = Scene::start_real(setup(&lots).local_stream()) else { return };
    let carol = desk.phone("1002");
    for (n, music) in bad.iter().enumerate() {
        let alice = Phone::new(&desk.switch, "1000");
        let caller = alice.call_up(&format!("park_bad{n}_80{n}"));
        desk.action(&caller, "park");
        std::thread::sleep(Duration::from_secs(2));
        let lines = desk.switch.log().lines().count();
        std::thread::sleep(Duration::from_secs(1));
        let more = desk.switch.log().lines().count() - lines;
        assert!(more < 50, "{music}: {more} lines of log in a second");
        assert_eq!(caller.phase(), Phase::Up, "{music}");
        let heard = caller.heard();
        assert!(matches!(heard, Sound::Silence | Sound::Nothing), "{music}: {heard:?}");
        let call = carol.call_up(&format!("take_bad{n}_80{n}"));
        two_way(&call, alice.voice(), &caller, carol.voice());
        desk.outcome(&caller, "retrieved");
        hang_up(&call, &caller, Ends::Other);
    }
    desk.wait_empty();
}

/// A panel's hold key, which also stops the music, ends with the hand-over: otherwise nobody would hear anybody.
#[test]
fn a_caller_whom_a_command_holds_talks_to_the_retriever() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    for command in ["uuid_hold {}", "uuid_pause {} on"] {
        let caller = alice.call_up("park_default_705");
        desk.wait_parked(&caller, "default", "705", "");
        desk.switch.api(&command.replace("{}", caller.uuid()));
        std::thread::sleep(Duration::from_millis(500));
        desk.take(&carol, "705", &caller, alice.voice(), Ends::Other);
        desk.wait_empty();
    }
}
