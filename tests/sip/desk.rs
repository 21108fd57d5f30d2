//! A desk with phones on it: the switch, its events, and the steps that all scenarios share.

use std::time::{Duration, Instant};

use kit::phone::{Call, ReferredBy, Sound};
use kit::{MUSIC, SOON, Scene, Setup};

/// What is heard when a dialplan goes on after an application that did not do what it was asked.
pub const WENT_ON: Sound = Sound::Tone(1250);

/// Long enough to be sure that something does not happen.
pub const MOMENT: Duration = Duration::from_millis(400);

/// The lot most scenarios park in; with the numbers of the sample dialplan.
pub const LOT: &str =
    r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/></lot>"#;

/// These lots, phones 1000…1019, and for each application an extension `park_<args>`, `take_<args>`, `key_<args>` (`_`
/// stands for a blank), at whose end one hears [`WENT_ON`]. The rest is the sample dialplan: 700 parks, 701… are keys.
pub fn setup(lots: &str) -> Setup {
    let mut setup = Setup::new().sip(true).lots(lots);
    for (prefix, application) in
        [("park", "callpark"), ("take", "callpark_retrieve"), ("key", "callpark_key")]
    {
        for (pattern, data) in [("_([^_]+)", "$1"), ("_([^_]+)_([^_]+)", "$1 $2")] {
            setup = setup.extension(
                &format!("{prefix}{pattern}"),
                &[
                    (application, data),
                    ("answer", ""),
                    ("playback", "tone_stream://%(500,0,1250);loops=-1"),
                ],
            );
        }
    }
    setup
        .extension("(10[01]\\d)", &[("bridge", "user/$1@$${domain}")])
        .extension("7777", &[("answer", ""), ("park", "")])
}

/// With [`LOT`]; none without a FreeSWITCH.
pub fn open() -> Option<Scene> {
    Scene::start_real(setup(LOT))
}

/// How long after `since` the call heard music for the first time; what it heard before does not count.
#[track_caller]
pub fn music_after(call: &Call, since: Instant) -> Duration {
    kit::eventually(SOON, "the music", || {
        let mut packets = call.history().into_iter();
        packets.find(|(at, sound)| *at >= since && *sound == MUSIC).map(|(at, _)| at - since)
    })
}

/// Blind transfer by `parker`'s end of a call, which may just have been retrieved: until that counts, a transfer would be
/// refused.
#[track_caller]
pub fn refer(parker: &Call, target: &str, referred_by: ReferredBy) {
    std::thread::sleep(Duration::from_millis(200));
    refer_at_once(parker, target, referred_by);
}

/// Blind transfer by `parker`'s end of a call: its leg is let go.
#[track_caller]
pub fn refer_at_once(parker: &Call, target: &str, referred_by: ReferredBy) {
    assert_eq!(parker.refer(target, referred_by), 202);
    parker.wait_referred("200", SOON);
    parker.wait_ended(SOON);
}
