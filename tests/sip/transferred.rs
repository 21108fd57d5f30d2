//! A transferred caller is never connected to a stranger: neither by a key, nor by an extension that leads to one.

use kit::phone::{Call, ReferredBy};
use kit::{DOMAIN, Ends, MUSIC, Phone, SOON, Scene, Setup, two_way};

use super::desk::{LOT, MOMENT, open, refer, setup};

/// Ways from an extension to the number `$1`, by which nobody dials anything.
const HOPS: [(&str, &str, &str); 9] = [
    ("by_transfer", "transfer", "$1 XML default"),
    ("by_extension", "execute_extension", "$1 XML default"),
    ("by_loopback", "bridge", "loopback/$1/default"),
    ("by_two", "bridge", "loopback/by_loopback_$1/default"),
    ("by_group", "bridge", "loopback/$1/default,user/1005@$${domain}"),
    ("by_both", "bridge", "loopback/$1/default:_:user/1005@$${domain}"),
    (
        "by_confirm",
        "bridge",
        "{group_confirm_key=exec,group_confirm_file=sleep 100}loopback/$1/default",
    ),
    ("by_bowout", "bridge", "{loopback_bowout_on_execute=true}loopback/$1/default"),
    ("by_kept", "bridge", "{loopback_bowout=false}loopback/$1/default"),
];

pub fn hops() -> Setup {
    HOPS.into_iter().fold(setup(LOT), |setup, (name, application, data)| {
        setup.extension(&format!("{name}_(.+)"), &[(application, data)])
    })
}

/// Somebody waits in 701 whom nobody of the others knows.
pub fn stranger(desk: &Scene, phone: &Phone) -> Call {
    let call = phone.call_up("park_default_701");
    desk.wait_parked(&call, "default", "701", "");
    call
}

/// The stranger is where it was: it hears music, and whoever dials 701 gets it.
#[track_caller]
pub fn still_there(desk: &Scene, stranger: &Call, phone: &Phone, retriever: &Phone) {
    stranger.wait_hears(MUSIC, SOON);
    assert!(heard_only_music(stranger), "the stranger heard somebody");
    desk.take(retriever, "701", stranger, phone.voice(), Ends::Other);
    desk.wait_empty();
}

fn heard_only_music(call: &Call) -> bool {
    call.history()
        .iter()
        .all(|(_, sound)| !matches!(sound, kit::phone::Sound::Tone(hz) if *hz >= 600))
}

#[test]
fn no_hop_leads_a_transferred_caller_to_a_stranger() {
    let Some(desk) = Scene::start_real(hops()) else { return };
    let (alice, bob, carol, dave) =
        (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"), desk.phone("1003"));
    for (hop, _, _) in HOPS {
        println!("{hop}");
        let other = stranger(&desk, &dave);
        let (caller, theirs) = desk.talk(&alice, &bob);
        refer(&theirs, &format!("{hop}_701"), ReferredBy::Yes);
        desk.wait_parked(&caller, "default", "702", "1001");
        still_there(&desk, &other, &dave, carol_takes(&desk, &carol, &caller, &alice));
    }
    desk.switch.wait_channels(0);
}

/// Carol takes the caller out of 702.
fn carol_takes<'a>(desk: &Scene, carol: &'a Phone, caller: &Call, alice: &Phone) -> &'a Phone {
    desk.take(carol, "702", caller, alice.voice(), Ends::Caller);
    carol
}

/// The orbit is free, and the parker known by either kind of number.
#[test]
fn by_every_hop_the_caller_itself_is_parked_and_its_parker_known() {
    let Some(desk) = Scene::start_real(hops()) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for (hop, _, _) in HOPS {
        for number in ["700", "701"] {
            println!("{hop}_{number}");
            let (caller, theirs) = desk.talk(&alice, &bob);
            refer(&theirs, &format!("{hop}_{number}"), ReferredBy::No);
            desk.wait_parked(&caller, "default", "701", "1001");
            let calls = desk.calls();
            assert_eq!(calls.len(), 1, "{calls:?}");
            assert_eq!(calls[0]["caller_id_number"], "1000");
            assert_eq!(calls[0]["parker"], format!("1001@{DOMAIN}"));
            // Nobody but the caller is left: no halves of loopback pairs.
            desk.switch.wait_channels(1);
            desk.take(&carol, "701", &caller, alice.voice(), Ends::Other);
            desk.wait_empty();
        }
    }
}

/// A plain dial retrieves, by every hop, and stays connected when mod_loopback would take its legs out.
#[test]
fn by_every_hop_a_phone_that_dials_retrieves() {
    let Some(desk) = Scene::start_real(hops()) else { return };
    let (carol, dave) = (desk.phone("1002"), desk.phone("1003"));
    for (hop, _, _) in HOPS {
        println!("{hop}");
        let other = stranger(&desk, &dave);
        let call = carol.call(&format!("{hop}_701"));
        call.wait_up(SOON);
        two_way(&call, dave.voice(), &other, carol.voice());
        desk.outcome(&other, "retrieved");
        std::thread::sleep(3 * MOMENT);
        two_way(&call, dave.voice(), &other, carol.voice());
        call.hangup();
        other.wait_ended(SOON);
        desk.wait_empty();
    }
}

#[test]
fn an_empty_orbit_behind_a_hop_lets_the_ring_group_go_on() {
    let group = "{ignore_early_media=true}loopback/quiet/default,user/1005@$${domain}";
    let setup = setup(LOT)
        .extension("quiet", &[("callpark_key", "701"), ("hangup", "")])
        .extension("group", &[("bridge", group)]);
    let Some(desk) = Scene::start_real(setup) else { return };
    let (carol, erin) = (desk.phone("1002"), desk.phone("1005"));
    let call = carol.call("group");
    let theirs = erin.incoming(SOON);
    two_way(&call, erin.voice(), &theirs, carol.voice());
    call.hangup();
    theirs.wait_ended(SOON);
}

/// The caller dialled 1001, whose phone forwards its calls to the key: it wanted somebody else than whoever waits there.
#[test]
fn a_forwarded_caller_is_parked() {
    let Some(desk) = open() else { return };
    let (alice, carol, dave) = (desk.phone("1000"), desk.phone("1002"), desk.phone("1003"));
    let bob = desk.phone("1001");
    bob.set_policy(kit::phone::Policy::Ring);
    let other = stranger(&desk, &dave);
    let caller = alice.call("1001");
    bob.incoming(SOON).redirect("701");
    caller.wait_up(SOON);
    desk.wait_parked(&caller, "default", "702", "");
    still_there(&desk, &other, &dave, carol_takes(&desk, &carol, &caller, &alice));
}

/// Another switch, or a phone that was told to call here, says that it was.
#[test]
fn an_invite_that_says_it_was_sent_is_parked() {
    let Some(desk) = open() else { return };
    let (alice, carol, dave) = (desk.phone("1000"), desk.phone("1002"), desk.phone("1003"));
    let by = format!("<sip:1001@{DOMAIN}>");
    let diverted = format!("<sip:1001@{DOMAIN}>;reason=unconditional");
    for (name, value) in [("Referred-By", by), ("Diversion", diverted)] {
        let other = stranger(&desk, &dave);
        let caller = alice.call_with("701", &[(name, &value)]);
        caller.wait_up(SOON);
        desk.action(&caller, "park");
        caller.wait_hears(MUSIC, SOON);
        still_there(&desk, &other, &dave, carol_takes(&desk, &carol, &caller, &alice));
    }
}

/// Two names that look like decorated orbits are orbits of their own.
#[test]
fn an_orbit_that_looks_like_a_decorated_one_is_its_own() {
    let lots = r#"<lot name="default" orbits="701-703,+701-+703,**701-**703"><param name="timeout" value="0"/></lot>"#;
    let setup = setup(lots).extension("(.*70[1-3])", &[("callpark_key", "default $1")]);
    let Some(desk) = Scene::start_real(setup) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for (target, orbit) in [
        ("701", "701"),
        ("+701", "+701"),
        ("**702", "**702"),
        ("park+703", "703"),
        ("park++703", "+703"),
    ] {
        let (caller, theirs) = desk.talk(&alice, &bob);
        refer(&theirs, target, ReferredBy::Yes);
        desk.wait_parked(&caller, "default", orbit, "1001");
        desk.take(&carol, target, &caller, alice.voice(), Ends::Caller);
        desk.wait_empty();
    }
}
