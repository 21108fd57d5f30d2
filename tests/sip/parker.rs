//! Who parked: a user of ours who was really in that call, or nobody that is known.

use kit::phone::{Call, Phase, Policy, ReferredBy};
use kit::{Event, MUSIC, Phone, SOON, Scene, Setup, two_way};

use super::desk::{MOMENT, refer, setup};

/// A domain beside the kit's own.
const OTHER: &str = "b.local";

/// A lot of everybody's, which tells the parker by a message where the call is.
const LOT: &str = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
    <param name="notify" value="true"/></lot>"#;

/// Two domains. `b_<user>` calls that user of [`OTHER`]; 55<user> and `55b_<user>` bind feature codes for both sides:
/// `*1` parks.
fn two_domains() -> Setup {
    let bind = ("bind_meta_app", "1 ab s callpark::default auto");
    setup(LOT)
        .domain(OTHER)
        .extension("b_(10[01]\\d)", &[("bridge", "user/$1@b.local")])
        .extension("55(10[01]\\d)", &[bind, ("bridge", "user/$1@$${domain}")])
        .extension("55b_(10[01]\\d)", &[bind, ("bridge", "user/$1@b.local")])
}

/// A registered phone of [`OTHER`] that answers whoever calls.
fn other_phone(desk: &Scene, user: &str) -> Phone {
    let phone = Phone::new(&desk.switch, user).domain(OTHER).policy(Policy::Answer);
    phone.register();
    phone
}

/// The call is parked, by that user ("" is nobody).
#[track_caller]
pub fn parked_by(desk: &Scene, call: &Call, parker: &str) -> Event {
    let event = desk.action(call, "park");
    assert_eq!(event.text("Callpark-Parker"), parker, "{}", event.summary());
    event
}

/// `from` calls `number`, and `to` answers.
#[track_caller]
fn talk(from: &Phone, number: &str, to: &Phone) -> (Call, Call) {
    let call = from.call_up(number);
    let theirs = to.incoming(SOON);
    two_way(&call, to.voice(), &theirs, from.voice());
    (call, theirs)
}

/// The parker's own phone is called, and nobody else's.
#[track_caller]
fn comes_back_to(desk: &Scene, parked: &Call, parker: &Phone, not: &Phone) {
    assert!(desk.api("return default 701").starts_with("+OK"));
    let ringing = parker.incoming(SOON);
    ringing.wait_up(SOON);
    not.no_incoming_for(MOMENT);
    ringing.hangup();
    parked.wait_ended(SOON);
    desk.wait_empty();
}

/// With and without Referred-By, the called party and the calling one, and a phone that makes its contact's user up.
#[test]
fn whoever_transfers_is_a_user_of_the_domain_of_that_leg() {
    let Some(desk) = Scene::start_real(two_domains()) else { return };
    let (alice, namesake) = (desk.phone("1000"), desk.phone("1001"));
    let plain = other_phone(&desk, "1001");
    for (referred_by, odd) in
        [(ReferredBy::No, false), (ReferredBy::Yes, false), (ReferredBy::No, true)]
    {
        let bob = match odd {
            false => None,
            true => Some(
                Phone::new(&desk.switch, "1002")
                    .domain(OTHER)
                    .contact_user("x7f3")
                    .policy(Policy::Answer),
            ),
        };
        if let Some(bob) = &bob {
            bob.register();
        }
        let bob = bob.as_ref().unwrap_or(&plain);
        let parker = format!("{}@{OTHER}", bob.user());
        // The called party transfers.
        let (caller, theirs) = talk(&alice, &format!("b_{}", bob.user()), bob);
        refer(&theirs, "700", referred_by);
        parked_by(&desk, &caller, &parker);
        comes_back_to(&desk, &caller, bob, &namesake);
        // The calling party does.
        let (theirs, called) = talk(bob, "1000", &alice);
        refer(&theirs, "701", referred_by);
        parked_by(&desk, &called, &parker);
        comes_back_to(&desk, &called, bob, &namesake);
    }
}

#[test]
fn whoever_presses_a_feature_code_is_a_user_of_the_domain_of_that_leg() {
    let Some(desk) = Scene::start_real(two_domains()) else { return };
    let (alice, namesake) = (desk.phone("1000"), desk.phone("1001"));
    let bob = other_phone(&desk, "1001");
    let (caller, theirs) = talk(&alice, "55b_1001", &bob);
    theirs.dtmf("*1");
    parked_by(&desk, &caller, "1001@b.local");
    comes_back_to(&desk, &caller, &bob, &namesake);
    let (theirs, called) = talk(&bob, "551000", &alice);
    theirs.dtmf("*1");
    parked_by(&desk, &called, "1001@b.local");
    comes_back_to(&desk, &called, &bob, &namesake);
}

/// Somebody elsewhere who has the number of one of our users: by key and by transfer, in From and in Referred-By.
#[test]
fn a_foreign_namesake_is_not_our_user() {
    let Some(desk) = Scene::start_real(two_domains()) else { return };
    let (alice, namesake) = (desk.phone("1000"), desk.phone("1001"));
    for domain in ["192.0.2.9", "elsewhere.example", "[2001:db8::9]", "test.local.evil.example"] {
        let foreign = Phone::new(&desk.switch, "1001").domain(domain);
        for by_key in [true, false] {
            let (theirs, called) = talk(&foreign, "551000", &alice);
            match by_key {
                true => theirs.dtmf("*1"),
                false => refer(&theirs, "sip:700@test.local", ReferredBy::Yes),
            }
            parked_by(&desk, &called, "");
            assert!(desk.api("return default 701").starts_with("+OK"));
            namesake.no_incoming_for(MOMENT);
            namesake.no_request_for(MOMENT, |request| request.method() == "MESSAGE");
            called.hangup();
            desk.wait_empty();
        }
    }
}

/// A mobile that rings with a user's phone is not a user of ours.
#[test]
fn a_mobile_of_a_ring_group_is_not_a_user() {
    let group =
        |user: &str| format!("user/1003@$${{domain}},sofia/internal/sip:{user}@127.0.0.1:$1");
    let setup = two_domains()
        .extension("plus_(\\d+)", &[("bridge", &group("+491701234567"))])
        .extension("escaped_(\\d+)", &[("bridge", &group("%2B491701234567"))]);
    let Some(desk) = Scene::start_real(setup) else { return };
    let alice = desk.phone("1000");
    let desk_phone = desk.phone("1003");
    desk_phone.set_policy(Policy::Ring);
    for group in ["plus", "escaped"] {
        let mobile = Phone::new(&desk.switch, "+491701234567").policy(Policy::Answer);
        for referred_by in [ReferredBy::No, ReferredBy::Yes] {
            let (caller, theirs) = talk(&alice, &format!("{group}_{}", mobile.port()), &mobile);
            refer(&theirs, "700", referred_by);
            parked_by(&desk, &caller, "");
            caller.hangup();
            desk.wait_empty();
        }
    }
}

/// What a caller writes into From must never reach a dial string.
#[test]
fn a_caller_s_address_is_never_dialled() {
    let setup = two_domains()
        .extension("9999", &[("set_global", "reached=true"), ("answer", ""), ("park", "")]);
    let Some(desk) = Scene::start_real(setup) else { return };
    let alice = desk.phone("1000");
    let eve = Phone::new(&desk.switch, "eve");
    let long = "7".repeat(10_000);
    let phone = format!("x,sofia/internal/eve%40127.0.0.1:{},x", eve.port());
    let users = [
        "x,loopback/9999/default/XML,x",
        &phone,
        "x%2Cloopback%2F9999%2Fdefault%2FXML%2Cx",
        "1001%2Cloopback%2F9999",
        "1001,loopback/9999",
        "%7Ba=b%7D1001",
        "1001'x",
        "1001%27%22",
        "$%7B1001%7D",
        "1001=x&y",
        "*/1001",
        "1~1",
        &long,
    ];
    let mut parked = 0;
    for domain in ["evil.example", "test.local"] {
        for user in users {
            let hostile = Phone::new(&desk.switch, user).domain(domain);
            let theirs = hostile.call("551000");
            desk.switch
                .eventually(SOON, "an answer", || (theirs.phase() >= Phase::Up).then_some(()));
            if theirs.phase() == Phase::Ended {
                // mod_sofia does not let everything in.
                continue;
            }
            let called = alice.incoming(SOON);
            two_way(&theirs, alice.voice(), &called, hostile.voice());
            theirs.dtmf("*1");
            parked += 1;
            parked_by(&desk, &called, "");
            assert!(desk.api("return default 701").starts_with("+OK"));
            let skipped = desk.events.wait(SOON, |e| {
                e.is("Callpark-UUID", called.uuid()) && !e.text("Callpark-Reason").is_empty()
            });
            assert_eq!(skipped.text("Callpark-Step"), "1 parker", "{}", skipped.summary());
            eve.no_incoming_for(MOMENT / 4);
            assert_ne!(desk.switch.api("global_getvar reached").trim(), "true", "{user}");
            called.hangup();
            desk.wait_empty();
        }
    }
    assert!(parked > users.len(), "only {parked} of them came in");
}

/// Of several users who ring, the one who answers; a phone that knows the switch by its address; one whose user the
/// dialplan says.
#[test]
fn a_user_is_the_one_whose_leg_it_is() {
    let setup = two_domains()
        .extension(
            "group",
            &[("bridge", "user/1004@$${domain},user/1001@b.local,user/1005@$${domain}")],
        )
        .extension(
            "as_1007",
            &[
                ("set_user", "1007@b.local"),
                ("bind_meta_app", "1 a s callpark::default auto"),
                ("bridge", "user/1000@$${domain}"),
            ],
        );
    let Some(desk) = Scene::start_real(setup) else { return };
    let alice = desk.phone("1000");
    let ringing: Vec<Phone> = ["1004", "1005"].map(|user| desk.phone(user)).into();
    for phone in &ringing {
        phone.set_policy(Policy::Ring);
    }
    let bob = other_phone(&desk, "1001");
    for referred_by in [ReferredBy::No, ReferredBy::Yes] {
        let (caller, theirs) = talk(&alice, "group", &bob);
        refer(&theirs, "700", referred_by);
        parked_by(&desk, &caller, "1001@b.local");
        caller.hangup();
        desk.wait_empty();
    }
    // By the switch's address.
    let dave = Phone::new(&desk.switch, "1008").domain("127.0.0.1").policy(Policy::Answer);
    let (theirs, called) = talk(&dave, "sip:551000@127.0.0.1", &alice);
    theirs.dtmf("*1");
    parked_by(&desk, &called, "1008@test.local");
    called.hangup();
    desk.wait_empty();
    // As the dialplan says.
    let (theirs, called) = talk(&dave, "sip:as_1007@127.0.0.1", &alice);
    theirs.dtmf("*1");
    parked_by(&desk, &called, "1007@b.local");
    called.hangup();
    desk.wait_empty();
}

/// FreeSWITCH says on the leg of a phone that was called for whom that was, until that leg calls somebody itself.
#[test]
fn a_phone_that_was_called_and_then_connected_onwards_parks_as_its_own_user() {
    let Some(desk) = Scene::start_real(two_domains()) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for clicks in [true, false] {
        // A click to dial: Bob's phone rings, and then Carol's. Or Alice calls Bob and sends him to Carol.
        let (bobs, carols) = if clicks {
            let command = "bgapi originate user/1001@test.local 1002 XML default";
            desk.switch.api(command);
            (bob.incoming(SOON), carol.incoming(SOON))
        } else {
            let (alices, bobs) = desk.talk(&alice, &bob);
            refer(&alices, "1002", ReferredBy::Yes);
            (bobs, carol.incoming(SOON))
        };
        two_way(&bobs, carol.voice(), &carols, bob.voice());
        refer(&bobs, "700", ReferredBy::Yes);
        parked_by(&desk, &carols, "1001@test.local");
        // It is Bob who is in no call now, and gets Carol back.
        bobs.wait_ended(SOON);
        // And no longer what she heard last.
        carols.wait_hears(MUSIC, SOON);
        assert_eq!(desk.api("return default 701").trim(), "+OK default 701");
        let back = bob.incoming(SOON);
        two_way(&back, carol.voice(), &carols, bob.voice());
        back.hangup();
        carols.wait_ended(SOON);
        desk.switch.wait_channels(0);
    }
}
