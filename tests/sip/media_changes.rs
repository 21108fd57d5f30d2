//! What phones negotiate while a call is parked, and after it was retrieved.

use std::time::Duration;

use kit::phone::{Call, Codec, Direction, Phase, ReferredBy};
use kit::{Ends, MUSIC, Phone, SOON, Scene, hang_up, two_way};

use super::desk::{LOT, open, refer, setup};

/// What a phone does to a call.
type Change = fn(&Call);

/// The caller does it while it waits and after it was retrieved, and so does the retriever.
fn survives(name: &str, change: Change) {
    let Some(desk) = Scene::start_real(setup(LOT).codecs("PCMU,PCMA")) else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    let caller = alice.call_up("park_default_705");
    desk.wait_parked(&caller, "default", "705", "");
    change(&caller);
    hears_anew(&caller, name);
    assert_eq!(desk.calls().len(), 1, "{name}");
    let call = carol.call_up("705");
    two_way(&call, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "retrieved");
    for end in [&caller, &call] {
        change(end);
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!((caller.phase(), call.phase()), (Phase::Up, Phase::Up), "{name}");
        two_way(&call, alice.voice(), &caller, carol.voice());
    }
    hang_up(&call, &caller, Ends::Other);
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

/// Music, and not what was heard before.
#[track_caller]
fn hears_anew(call: &Call, name: &str) {
    let before = call.packets();
    kit::eventually(SOON, name, || (call.packets() > before + 20).then_some(()));
    call.wait_hears(MUSIC, SOON);
}

#[test]
fn another_codec() {
    survives("another codec", |call| {
        for codec in [Codec::Pcma, Codec::Pcmu, Codec::Pcma] {
            assert_eq!(call.change_codecs(&[codec]), 200);
        }
        assert!(call.remote_sdp().contains("PCMA/8000"), "{}", call.remote_sdp());
    });
}

#[test]
fn a_reinvite_without_an_offer() {
    survives("no offer", |call| assert_eq!(call.reinvite_without_offer(), 200));
}

#[test]
fn an_update() {
    survives("UPDATE", |call| assert_eq!(call.update(), 200));
}

#[test]
fn a_fax_is_refused_and_the_call_goes_on() {
    survives("T.38", |call| {
        let code = call.offer_fax();
        assert!(code >= 400 && code != 481, "{code}");
        assert_eq!(call.reinvite(Direction::SendRecv), 200);
    });
}

#[test]
fn holding_and_resuming_again_and_again() {
    survives("hold", |call| {
        for _ in 0..3 {
            call.hold();
            call.resume();
        }
        assert_eq!(call.reinvite(Direction::Inactive), 200);
        call.resume();
    });
}

/// Where the dialplan allows faxes FreeSWITCH may take the offer: the caller is not lost.
#[test]
fn a_fax_that_the_dialplan_allows_loses_nobody() {
    for allowed in ["fax_enable_t38=true", "t38_passthru=true", "sip_enable_soa=true"] {
        let setup = setup(LOT).extension("fax", &[("set", allowed), ("callpark", "default 705")]);
        let Some(desk) = Scene::start_real(setup) else { return };
        let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
        let caller = alice.call_up("fax");
        desk.wait_parked(&caller, "default", "705", "");
        println!("{allowed}: {}", caller.offer_fax());
        assert_eq!(caller.reinvite(Direction::SendRecv), 200, "{allowed}");
        hears_anew(&caller, allowed);
        desk.take(&carol, "705", &caller, alice.voice(), Ends::Other);
    }
}

/// The audio goes around the switch: it comes back in to be parked.
#[test]
fn bypassed_audio_comes_back_to_be_parked() {
    let around = [("set", "bypass_media=true"), ("bridge", "user/$1@$${domain}")];
    let code = [
        ("set", "bypass_media_after_bridge=true"),
        ("bind_meta_app", "1 ab s callpark::default 705"),
        ("bridge", "user/$1@$${domain}"),
    ];
    let setup = setup(LOT).extension("44(10[01]\\d)", &around).extension("45(10[01]\\d)", &code);
    let Some(desk) = Scene::start_real(setup) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for (prefix, caller_parks) in [("44", false), ("44", true), ("45", false), ("45", true)] {
        let (call, theirs) = around_the_switch(&alice, &bob, prefix);
        let (parks, waits, by, voice) = match caller_parks {
            true => (&call, &theirs, "1000", bob.voice()),
            false => (&theirs, &call, "1001", alice.voice()),
        };
        refer(parks, "705", ReferredBy::Yes);
        desk.wait_parked(waits, "default", "705", by);
        desk.take(&carol, "705", waits, voice, Ends::Other);
        desk.wait_empty();
        desk.switch.wait_channels(0);
    }
}

fn around_the_switch(alice: &Phone, bob: &Phone, prefix: &str) -> (Call, Call) {
    let call = alice.call_up(&format!("{prefix}{}", bob.user()));
    let theirs = bob.incoming(SOON);
    two_way(&call, bob.voice(), &theirs, alice.voice());
    let direct = || {
        let from = |call: &Call| Some(call.record().last()?.from);
        let ends = (Some(call.audio_address()), Some(theirs.audio_address()));
        (from(&theirs) == ends.0 && from(&call) == ends.1).then_some(())
    };
    kit::eventually(SOON, "the audio goes around the switch", direct);
    (call, theirs)
}

/// After the retrieval the two may talk around the switch.
#[test]
fn after_a_retrieval_the_audio_may_go_around_the_switch() {
    let bypass = ("set", "bypass_media_after_bridge=true");
    let setup = setup(LOT)
        .extension("around_park", &[bypass, ("callpark", "default 705")])
        .extension("around_take", &[bypass, ("callpark_retrieve", "default 705")]);
    let Some(desk) = Scene::start_real(setup) else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    for (park, take) in [("park_default_705", "around_take"), ("around_park", "705")] {
        for ends in [Ends::Caller, Ends::Other] {
            let caller = alice.call_up(park);
            desk.wait_parked(&caller, "default", "705", "");
            let call = carol.call_up(take);
            two_way(&call, alice.voice(), &caller, carol.voice());
            desk.outcome(&caller, "retrieved");
            std::thread::sleep(Duration::from_millis(500));
            two_way(&call, alice.voice(), &caller, carol.voice());
            // Parked again from there.
            refer(&call, "706", ReferredBy::Yes);
            desk.wait_parked(&caller, "default", "706", "1002");
            desk.take(&carol, "706", &caller, alice.voice(), ends);
            desk.wait_empty();
            desk.switch.wait_channels(0);
        }
    }
}

/// Either side of a retrieved call holds the other and sends it on.
#[test]
fn a_retrieved_call_is_held_and_transferred() {
    let Some(desk) = open() else { return };
    let (alice, carol, dave) = (desk.phone("1000"), desk.phone("1002"), desk.phone("1003"));
    for retriever_acts in [true, false] {
        for attended in [false, true] {
            let caller = alice.call_up("park_default_705");
            desk.wait_parked(&caller, "default", "705", "");
            let call = carol.call_up("705");
            two_way(&call, alice.voice(), &caller, carol.voice());
            desk.outcome(&caller, "retrieved");
            let (acts, other, phone, voice) = match retriever_acts {
                true => (&call, &caller, &carol, alice.voice()),
                false => (&caller, &call, &alice, carol.voice()),
            };
            acts.hold();
            other.wait_hears(MUSIC, SOON);
            if attended {
                let consultation = phone.call_up("1003");
                let third = dave.incoming(SOON);
                third.wait_hears(phone.voice(), SOON);
                assert_eq!(acts.refer_replaces(&consultation, ReferredBy::Yes), 202);
                two_way(&third, voice, other, dave.voice());
                third.hangup();
            } else {
                acts.resume();
                two_way(&call, alice.voice(), &caller, carol.voice());
                refer(acts, "1003", ReferredBy::Yes);
                let third = dave.incoming(SOON);
                two_way(&third, voice, other, dave.voice());
                third.hangup();
            }
            assert!(other.wait_ended(SOON).remote);
            desk.wait_empty();
            desk.switch.wait_channels(0);
        }
    }
}
