//! The orbit is spoken to a parker, and never to an outside caller.

use kit::phone::{Call, Sound};
use kit::{MUSIC, Phone, SOON, Scene, Setup};

use super::desk::{LOT, MOMENT, setup};

const PHRASE: Sound = Sound::Tone(1150);

const PHRASES: &str = r#"<section name="languages"><language name="en" say-module="en" sound-prefix="/nowhere">
  <phrases><macros><macro name="callpark_announce"><input pattern="(.*)"><match>
  <action function="play-file" data="tone_stream://%(500,0,1150)"/></match></input></macro></macros></phrases>
  </language></section>"#;

fn spoken() -> Setup {
    setup(LOT)
        .sections(PHRASES)
        .extension("did", &[("callpark", "default auto")])
        .extension("ivr", &[("answer", ""), ("sleep", "200"), ("transfer", "700 XML default")])
        .extension("explicit", &[("set", "callpark_announce=true"), ("callpark", "default auto")])
        .extension(
            "login",
            &[
                ("set", "user_name=1001"),
                ("set", "domain_name=test.local"),
                ("callpark", "default auto"),
            ],
        )
}

fn heard(call: &Call) -> usize {
    call.history().iter().filter(|(_, sound)| *sound == PHRASE).count()
}

/// A trunk's callers and others whom the directory does not know.
#[test]
fn an_outside_caller_is_not_told_the_orbit() {
    let Some(desk) = Scene::start_real(spoken()) else { return };
    for (from, number) in [
        ("4930123456", "did"),
        ("4930123456", "700"),
        ("4930123456", "ivr"),
        ("1001@192.0.2.9", "ivr"),
        ("anonymous@anonymous.invalid", "did"),
    ] {
        let outside = Phone::new(&desk.switch, from);
        let call = outside.call_up(number);
        call.wait_hears(MUSIC, SOON);
        std::thread::sleep(MOMENT);
        assert_eq!(heard(&call), 0, "{from} was told the orbit at {number}");
        call.hangup();
        desk.wait_empty();
    }
}

#[test]
fn a_user_of_ours_and_whoever_the_dialplan_says_so_of_are_told() {
    let Some(desk) = Scene::start_real(spoken()) else { return };
    let bob = desk.phone("1001");
    let outside = Phone::new(&desk.switch, "4930123456");
    for (phone, number) in
        [(&bob, "700"), (&bob, "ivr"), (&outside, "explicit"), (&outside, "login")]
    {
        let call = phone.call_up(number);
        call.wait_hears(PHRASE, SOON);
        call.wait_hears(MUSIC, SOON);
        call.hangup();
        desk.wait_empty();
    }
}
