//! Telling the orbit, or why there is none: by voice, by paging, by message.

use std::time::{Duration, Instant};

use kit::phone::{Call, Policy, ReferredBy, Sound};
use kit::{Ends, MUSIC, SOON, Scene, Setup};

use super::desk::{LOT, MOMENT, WENT_ON, music_after, refer, setup};

/// Half a second of a tone for each phrase, told apart by what it is asked to say.
const PHRASES: &str = r#"<section name="languages"><language name="en" say-module="en" sound-prefix="/nowhere">
  <phrases><macros>
    <macro name="callpark_announce">
      <input pattern="^default:701$"><match><action function="play-file" data="tone_stream://%(500,0,1150)"/></match></input>
      <input pattern="^group:811$"><match><action function="play-file" data="tone_stream://%(500,0,1150)"/></match></input>
      <input pattern="^default:705$"><match><action function="play-file" data="tone_stream://%(500,0,1450)"/></match></input>
    </macro>
    <macro name="callpark_full">
      <input pattern="^one:"><match><action function="play-file" data="tone_stream://%(500,0,1550)"/></match></input>
    </macro>
    <macro name="callpark_empty">
      <input pattern="^default:702$"><match><action function="play-file" data="tone_stream://%(500,0,1650)"/></match></input>
    </macro>
  </macros></phrases></language></section>"#;

fn phrases() -> Setup {
    let lots = format!(
        r#"{LOT}<lot name="one" orbits="901"><param name="timeout" value="0"/></lot>
        <lot name="mute" orbits="911-912"><param name="timeout" value="0"/>
        <param name="announce" value="false"/></lot>"#
    );
    let quiet = [("set", "callpark_announce=false"), ("callpark", "default 703")];
    setup(&lots).sections(PHRASES).extension("quiet", &quiet).extension(
        "55(10[01]\\d)",
        &[("bind_meta_app", "1 ab s callpark::default auto"), ("bridge", "user/$1@$${domain}")],
    )
}

/// For how long the call heard that; it is over.
fn heard(call: &Call, sound: Sound) -> Duration {
    let packets = call.history().iter().filter(|(_, heard)| *heard == sound).count();
    Duration::from_millis(20 * packets as u64)
}

/// All of a phrase of half a second, and once: neither its beginning nor its end was cut off.
#[track_caller]
fn heard_whole(call: &Call, sound: Sound) {
    let length = heard(call, sound);
    let whole = Duration::from_millis(420)..Duration::from_millis(540);
    assert!(whole.contains(&length), "{sound:?} for {length:?}");
}

#[test]
fn the_consultation_leg_hears_the_orbit_from_the_first_digit() {
    let Some(desk) = Scene::start_real(phrases()) else { return };
    let bob = desk.phone("1001");
    for (number, phrase) in [("700", Sound::Tone(1150)), ("park_default_705", Sound::Tone(1450))] {
        let consultation = bob.call_up(number);
        let up = consultation.up_at().expect("an answer");
        consultation.wait_hears(phrase, SOON);
        // A phone that has just been answered swallows what comes at once.
        let first = consultation.first_heard(phrase).expect("the phrase") - up;
        assert!(first > Duration::from_millis(200), "it begins {first:?} after the answer");
        consultation.wait_hears(MUSIC, SOON);
        heard_whole(&consultation, phrase);
        consultation.hangup();
        desk.wait_empty();
    }
}

#[test]
fn who_presses_a_feature_code_hears_the_orbit_and_the_parked_one_does_not_wait_for_it() {
    let Some(desk) = Scene::start_real(phrases()) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let caller = alice.call_up("551001");
    let theirs = bob.incoming(SOON);
    theirs.wait_hears(alice.voice(), SOON);
    theirs.dtmf("*1");
    let parked = desk.action(&caller, "park");
    assert_eq!(parked.text("Callpark-Orbit"), "701");
    let since = Instant::now();
    let took = music_after(&caller, since - Duration::from_millis(50));
    assert!(took < Duration::from_millis(300), "the music came {took:?} after the park");
    theirs.wait_ended(SOON);
    heard_whole(&theirs, Sound::Tone(1150));
    assert_eq!(heard(&caller, Sound::Tone(1150)), Duration::ZERO);
    desk.take(&carol, "701", &caller, alice.voice(), Ends::Other);
}

/// The sample's phrases, with the sounds of that folder.
fn sample(sounds: &str) -> Setup {
    let sample = include_str!("../../conf/lang/en/callpark.xml");
    let macros = sample.split_once("<include>").and_then(|(_, rest)| rest.split_once("</include>"));
    let (macros, _) = macros.expect("macros in the sample");
    let languages = format!(
        "<section name=\"languages\"><language name=\"en\" say-module=\"en\" \
         sound-prefix=\"{sounds}\"><phrases><macros>{macros}</macros></phrases></language></section>"
    );
    setup(LOT).module("mod_sndfile").module("mod_say_en").sections(&languages)
}

/// "seven, zero, one", and the same again.
#[test]
fn the_sample_s_phrase_says_each_digit() {
    let digits = [("7", 1150.0), ("0", 1250.0), ("1", 1350.0)];
    let mut setup = sample("{{folder}}/sounds");
    for (digit, hz) in digits {
        setup = setup.sound(&format!("digits/{digit}.wav"), hz, 400);
    }
    let Some(desk) = Scene::start_real(setup) else { return };
    let bob = desk.phone("1001");
    let consultation = bob.call_up("700");
    consultation.wait_hears(MUSIC, SOON);
    let mut said: Vec<Sound> = Vec::new();
    for (_, hz) in digits {
        let length = heard(&consultation, Sound::Tone(hz as u32));
        let twice = Duration::from_millis(640)..Duration::from_millis(840);
        assert!(twice.contains(&length), "{hz} Hz for {length:?}");
    }
    for (_, sound) in consultation.history() {
        let digit = matches!(sound, Sound::Tone(1150 | 1250 | 1350));
        if digit && said.last() != Some(&sound) {
            said.push(sound);
        }
    }
    let once = digits.map(|(_, hz)| Sound::Tone(hz as u32));
    assert_eq!(said, [once, once].concat());
}

/// Without a macro, and with the sample's, whose sounds are nowhere: a tone says that it worked.
#[test]
fn a_tone_takes_the_place_of_a_phrase_that_cannot_be_spoken() {
    for setup in [setup(LOT), sample("/nowhere")] {
        let Some(desk) = Scene::start_real(setup) else { return };
        let bob = desk.phone("1001");
        let consultation = bob.call_up("700");
        consultation.wait_hears(MUSIC, SOON);
        let silent = |sound: Sound| matches!(sound, Sound::Silence | Sound::Nothing);
        let history = consultation.history();
        let told = history.iter().filter(|(_, sound)| *sound != MUSIC && !silent(*sound)).count();
        assert!(told >= 5, "the parker was told nothing: {told} packets");
    }
}

#[test]
fn nobody_is_told_who_does_not_want_to_be() {
    let Some(desk) = Scene::start_real(phrases()) else { return };
    let alice = desk.phone("1000");
    for number in ["quiet", "park_mute_911"] {
        let call = alice.call_up(number);
        call.wait_hears(MUSIC, SOON);
        std::thread::sleep(MOMENT);
        let quiet = |sound: &Sound| [MUSIC, Sound::Silence].contains(sound);
        // The first packet can be half of each.
        let told = call.history().iter().filter(|(_, sound)| !quiet(sound)).count();
        assert!(told < 3, "{number}: {told} packets of something else");
        call.hangup();
        desk.wait_empty();
    }
}

#[test]
fn full_and_empty_are_said() {
    let Some(desk) = Scene::start_real(phrases()) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let waiting = alice.call_up("park_one_901");
    desk.action(&waiting, "park");
    let call = bob.call_up("park_one_auto");
    call.wait_hears(WENT_ON, SOON);
    heard_whole(&call, Sound::Tone(1550));
    call.hangup();
    // Also to a caller who was transferred to it.
    let (caller, theirs) = desk.talk(&alice, &bob);
    refer(&theirs, "park_one_auto", ReferredBy::Yes);
    caller.wait_hears(WENT_ON, SOON);
    heard_whole(&caller, Sound::Tone(1550));
    caller.hangup();
    let call = bob.call_up("take_default_702");
    call.wait_hears(WENT_ON, SOON);
    heard_whole(&call, Sound::Tone(1650));
}

#[test]
fn phones_are_paged_and_the_parker_gets_a_message() {
    let lots = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
        <param name="page" value="user/1003@$${domain}"/><param name="notify" value="true"/></lot>
        <lot name="group" orbits="811"><param name="timeout" value="0"/>
        <param name="page" value="group/sales@$${domain}"/></lot>
        <lot name="broken" orbits="801"><param name="timeout" value="0"/>
        <param name="page" value="user/nobody@$${domain}"/><param name="notify" value="true"/></lot>"#;
    let Some(desk) = Scene::start_real(setup(lots).sections(PHRASES)) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let dave = desk.phone("1003").policy(Policy::Answer);
    let (caller, theirs) = desk.talk(&alice, &bob);
    refer(&theirs, "700", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "701", "1001");
    let page = dave.incoming(SOON);
    let asks = |(name, value): &(String, String)| {
        ["Call-Info", "Alert-Info"].contains(&name.as_str())
            && (value.contains("answer-after=0") || value.contains("Auto Answer"))
    };
    assert!(page.invite().headers.iter().any(asks), "{:?}", page.invite());
    page.wait_ended(SOON);
    heard_whole(&page, Sound::Tone(1150));
    let (_, message) = bob.wait_request(SOON, |request| request.method() == "MESSAGE");
    assert!(message.body.contains("701") && message.body.contains("1000"), "{message:?}");
    desk.take(&carol, "701", &caller, alice.voice(), Ends::Other);

    // Every phone of a group is told, not only the fastest.
    let (eve, frank) = (desk.phone("1004"), desk.phone("1005"));
    let caller = alice.call_up("park_group_811");
    desk.action(&caller, "park");
    for phone in [&eve, &frank] {
        let page = phone.incoming(SOON);
        page.wait_ended(SOON);
        heard_whole(&page, Sound::Tone(1150));
    }
    caller.hangup();

    // Nobody there to be paged, nobody known to be told: the call is parked all the same.
    let caller = alice.call_up("park_broken_801");
    desk.wait_parked(&caller, "broken", "801", "");
    std::thread::sleep(MOMENT);
    desk.take(&carol, "take_broken_801", &caller, alice.voice(), Ends::Other);
}
