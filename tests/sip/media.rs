//! Whatever a phone speaks and over whatever: it parks, hears the music, is retrieved, and both hear each other.

use kit::phone::{Call, Codec, Policy, ReferredBy, Transport};
use kit::{Ends, MUSIC, Phone, SOON, Scene, Setup, two_way};

use super::desk::{LOT, refer, setup};

/// What kind of phone it is.
type Make = fn(&Scene, &str) -> Phone;

fn plain(desk: &Scene, user: &str) -> Phone {
    Phone::new(&desk.switch, user)
}

fn tcp(desk: &Scene, user: &str) -> Phone {
    Phone::over(&desk.switch, Transport::Tcp, user)
}

fn tls(desk: &Scene, user: &str) -> Phone {
    Phone::over(&desk.switch, Transport::Tls, user)
}

fn srtp(desk: &Scene, user: &str) -> Phone {
    plain(desk, user).srtp()
}

fn video(desk: &Scene, user: &str) -> Phone {
    plain(desk, user).video()
}

fn a_law(desk: &Scene, user: &str) -> Phone {
    plain(desk, user).codecs(&[Codec::Pcma, Codec::Pcmu])
}

fn phone(desk: &Scene, make: Make, user: &str) -> Phone {
    let phone = make(desk, user).policy(Policy::Answer);
    phone.register();
    phone
}

/// As caller, as parker and as retriever, with phones of the usual kind around it and of its own; parked by dialling, by
/// a blind transfer, and by an attended one.
fn parks(setup: Setup, make: Make) -> Option<Scene> {
    let desk = Scene::start_real(setup)?;
    for [caller, parker, retriever] in
        [[make, plain, plain], [plain, make, plain], [plain, plain, make], [make; 3]]
    {
        let alice = phone(&desk, caller, "1000");
        let bob = phone(&desk, parker, "1001");
        let carol = phone(&desk, retriever, "1002");
        let call = alice.call_up("park_default_705");
        desk.wait_parked(&call, "default", "705", "");
        desk.take(&carol, "705", &call, alice.voice(), Ends::Caller);

        let (call, theirs) = desk.talk(&alice, &bob);
        refer(&theirs, "706", ReferredBy::Yes);
        desk.wait_parked(&call, "default", "706", "1001");
        desk.take(&carol, "706", &call, alice.voice(), Ends::Other);

        let (call, theirs) = desk.talk(&alice, &bob);
        theirs.hold();
        call.wait_hears(MUSIC, SOON);
        let consultation = bob.call_up("700");
        assert_eq!(theirs.refer_replaces(&consultation, ReferredBy::No), 202);
        theirs.wait_ended(SOON);
        consultation.wait_ended(SOON);
        desk.wait_parked(&call, "default", "701", "1001");
        // And back to the parker, whose phone is called.
        desk.api("return default 701");
        let back = bob.incoming(SOON);
        two_way(&back, alice.voice(), &call, bob.voice());
        desk.outcome(&call, "returned");
        kit::hang_up(&back, &call, Ends::Other);
        desk.wait_empty();
        desk.switch.wait_channels(0);
    }
    Some(desk)
}

#[test]
fn phones_on_tcp() {
    parks(setup(LOT), tcp);
}

#[test]
fn phones_on_tls() {
    parks(setup(LOT).tls(), tls);
}

#[test]
fn phones_on_ipv6() {
    parks(setup(LOT).ipv6(), plain);
}

#[test]
fn phones_on_ipv6_and_tls_with_encrypted_audio() {
    parks(setup(LOT).ipv6().tls(), |desk, user| tls(desk, user).srtp());
}

#[test]
fn phones_with_another_codec() {
    parks(setup(LOT), a_law);
}

#[test]
fn phones_with_video() {
    parks(setup(LOT), video);
    parks(setup(LOT).codecs("PCMU,PCMA,VP8"), video);
}

/// They are called with encrypted audio too.
#[test]
fn phones_with_encrypted_audio() {
    let secure = |setup: Setup, user: u32| {
        let contact = format!("${{sofia_contact(*/{user}@test.local)}}");
        setup.user_at(user, &format!("{{rtp_secure_media=optional}}{contact}"))
    };
    let setup = [1000, 1001, 1002].into_iter().fold(setup(LOT), secure);
    let Some(desk) = parks(setup, srtp) else { return };
    let alice = phone(&desk, srtp, "1000");
    let call = alice.call_up("park_default_705");
    encrypted(&call);
    desk.wait_parked(&call, "default", "705", "");
}

#[track_caller]
fn encrypted(call: &Call) {
    let described = call.remote_sdp();
    assert!(described.contains("RTP/SAVP") && described.contains("a=crypto"), "{described}");
}

/// Digits that come in the signalling are keys like any others.
#[test]
fn a_caller_leaves_by_a_key_that_came_by_info() {
    let lot = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
        <param name="exit-key" value="0"/><param name="exit-to" value="take_default_709"/></lot>"#;
    let setup = setup(lot).sip_param("liberal-dtmf", "true");
    let Some(desk) = Scene::start_real(setup) else { return };
    let alice = desk.phone("1000");
    let call = alice.call_up("park_default_705");
    desk.wait_parked(&call, "default", "705", "");
    assert_eq!(call.info_digit('5'), 200);
    assert_eq!(call.info_digit('0'), 200);
    desk.outcome(&call, "left");
    call.wait_hears(super::desk::WENT_ON, SOON);
}
