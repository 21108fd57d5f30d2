//! Calls between users of the vanilla directory: the numbers of the sample dialplan, the spoken orbit, lamps.

use std::time::Duration;

use kit::phone::{Call, Policy, ReferredBy, Sound};
use kit::vanilla::PASSWORD;
use kit::{Ends, MUSIC, Phone, SOON, Scene, two_way};

use super::install::{DIGITS, complaints, desk};
use crate::desk::refer;

/// The vanilla configuration makes every call wait for 10 s because its password is the one that everybody knows.
pub const NAGGED: Duration = Duration::from_secs(30);

pub fn phone(desk: &Scene, user: &str) -> Phone {
    let phone = Phone::new(&desk.switch, user).password(PASSWORD).policy(Policy::Answer);
    phone.register();
    phone
}

/// `from` calls `to`.
pub fn talk(from: &Phone, to: &Phone) -> (Call, Call) {
    let call = from.call(&to.user());
    let theirs = to.incoming(NAGGED);
    call.wait_up(NAGGED);
    two_way(&call, to.voice(), &theirs, from.voice());
    (call, theirs)
}

#[test]
fn the_numbers_of_the_sample_dialplan_park_and_retrieve() {
    let Some(desk) = desk() else { return };
    let (alice, bob, carol) = (phone(&desk, "1000"), phone(&desk, "1001"), phone(&desk, "1002"));
    let lamp = carol.subscribe("park+701", "dialog");
    // 700 and 701 by blind transfer; every way to dial for it.
    let mut ways = ["701", "**701", "park+701", "*70", "*71"].into_iter();
    for target in ["700", "701"].into_iter().cycle().take(5) {
        let (caller, theirs) = talk(&alice, &bob);
        refer(&theirs, target, ReferredBy::Yes);
        desk.wait_parked(&caller, "default", "701", "1001");
        lamp.wait(SOON, |body| body.contains("confirmed") && body.contains("**701"));
        let way = ways.next().expect("a way");
        let call = carol.call_up(way);
        if way == "*71" {
            call.dtmf("701#");
        }
        two_way(&call, alice.voice(), &caller, carol.voice());
        desk.outcome(&caller, "retrieved");
        kit::hang_up(&call, &caller, Ends::Other);
        lamp.wait(SOON, |body| body.contains("terminated"));
        desk.wait_empty();
    }
    assert_eq!(complaints(&desk.switch), Vec::<String>::new());
}

#[test]
fn the_parker_hears_the_orbit_and_gets_the_call_back() {
    let Some(desk) = desk() else { return };
    let (alice, bob) = (phone(&desk, "1000"), phone(&desk, "1001"));
    let (caller, theirs) = talk(&alice, &bob);
    theirs.hold();
    caller.wait_hears(MUSIC, SOON);
    let consultation = bob.call_up("700");
    for (hz, _) in DIGITS {
        consultation.wait_hears(Sound::Tone(hz), SOON);
    }
    assert_eq!(theirs.refer_replaces(&consultation, ReferredBy::Yes), 202);
    theirs.wait_ended(SOON);
    desk.wait_parked(&caller, "default", "701", "1001");
    assert_eq!(desk.api("return default 701").trim(), "+OK default 701");
    let back = bob.incoming(SOON);
    two_way(&back, alice.voice(), &caller, bob.voice());
    desk.outcome(&caller, "returned");
    back.hangup();
    caller.wait_ended(SOON);
    // Nobody is in 702: one is told, and refused.
    let nothing = alice.call("702");
    assert_eq!(nothing.wait_ended(SOON).code.map(|code| code >= 400), Some(true));
    desk.wait_empty();
    assert_eq!(complaints(&desk.switch), Vec::<String>::new());
}
