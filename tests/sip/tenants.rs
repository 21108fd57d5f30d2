//! The lot is that of whoever parks, and tenants see nothing of each other.

use kit::phone::{Call, Policy, ReferredBy};
use kit::{Ends, Phone, SOON, Scene, Setup, hang_up, two_way};

use super::desk::{refer, setup};
use super::lamp::{read, wait_state, watch};

pub const LOTS: &str = r#"
    <lot name="default" domain="a.local" orbits="701-720"><param name="timeout" value="0"/></lot>
    <lot name="default" domain="b.local" orbits="701-720"><param name="timeout" value="0"/></lot>
    <lot name="sales" domain="b.local" orbits="801-805"><param name="timeout" value="0"/></lot>"#;

/// The same with a lot of which each domain has its own copy.
pub const COPIES: &str = r#"
    <lot name="default" per-domain="true" orbits="701-720"><param name="timeout" value="0"/></lot>
    <lot name="sales" domain="b.local" orbits="801-805"><param name="timeout" value="0"/></lot>"#;

/// Applications, and the numbers that run them on a lot of b.local by its whole name.
const FAR: [(&str, &str); 3] =
    [("callpark", "park"), ("callpark_retrieve", "take"), ("callpark_key", "key")];

/// Two tenants beside the switch's own domain, which has no lot. `a_<user>` and `b_<user>` call a user; `55a_…` and
/// `55b_…` with a feature code `*1` for both sides.
pub fn tenants(lots: &str) -> Setup {
    let mut setup = setup(lots).domain("a.local").domain("b.local");
    for (letter, domain) in [("a", "a.local"), ("b", "b.local")] {
        let bridge = format!("user/$1@{domain}");
        let bridge = ("bridge", bridge.as_str());
        let bind = ("bind_meta_app", "1 ab s callpark::default auto");
        setup = setup
            .extension(&format!("{letter}_(10[01]\\d)"), &[bridge])
            .extension(&format!("55{letter}_(10[01]\\d)"), &[bind, bridge]);
    }
    for (application, number) in FAR {
        for (spelling, domain) in [("far", "b.local"), ("FAR", "B.Local.")] {
            let data = format!("$1@{domain} $2");
            let number = format!("{spelling}{number}_([^_]+)_([^_]+)");
            setup = setup.extension(&number, &[(application, &data), ("answer", ""), ("park", "")]);
        }
    }
    setup
}

pub fn phone(desk: &Scene, user: &str, domain: &str) -> Phone {
    let phone = Phone::new(&desk.switch, user).domain(domain).policy(Policy::Answer);
    phone.register();
    phone
}

/// A caller from outside.
pub fn trunk(desk: &Scene) -> Phone {
    Phone::new(&desk.switch, "+4930123456").domain("carrier.example").policy(Policy::Answer)
}

#[track_caller]
pub fn talk(from: &Phone, number: &str, to: &Phone) -> (Call, Call) {
    let call = from.call_up(number);
    let theirs = to.incoming(SOON);
    two_way(&call, to.voice(), &theirs, from.voice());
    (call, theirs)
}

#[track_caller]
fn parked_in(desk: &Scene, call: &Call, lot: &str, parker: &str) {
    let event = desk.action(call, "park");
    let place = (event.text("Callpark-Lot"), event.text("Callpark-Orbit"));
    assert_eq!(place, (lot, "701"), "{}", event.summary());
    assert_eq!(event.text("Callpark-Parker"), parker, "{}", event.summary());
}

/// The retriever gets the parked call.
#[track_caller]
fn takes(desk: &Scene, retriever: &Phone, number: &str, caller: &Call, from: &Phone, whose: &str) {
    let call = retriever.call_up(number);
    two_way(&call, from.voice(), caller, retriever.voice());
    let event = desk.outcome(caller, "retrieved");
    assert_eq!(event.text("Callpark-Retriever"), whose);
    hang_up(&call, caller, Ends::Other);
    desk.wait_empty();
}

/// The dialplan of that phone went on with that status.
#[track_caller]
fn is_refused(desk: &Scene, phone: &Phone, number: &str, status: &str) {
    let call = phone.call_up(number);
    desk.switch.wait_var(call.uuid(), "callpark_status", status);
    call.hangup();
}

#[test]
fn a_transferred_caller_lands_in_the_lot_of_whoever_transferred() {
    [LOTS, COPIES].into_iter().for_each(transferred);
}

fn transferred(lots: &str) {
    let Some(desk) = Scene::start_real(tenants(lots)) else { return };
    let bob = phone(&desk, "1001", "b.local");
    let carol = phone(&desk, "1002", "b.local");
    let stranger = phone(&desk, "1002", "a.local");
    let (outside, ann) = (trunk(&desk), phone(&desk, "1000", "a.local"));
    let lit = watch(&carol, "701");
    let dark = watch(&stranger, "701");
    for caller in [&outside, &ann] {
        for (target, referred_by) in
            [("701", ReferredBy::No), ("700", ReferredBy::Yes), ("701", ReferredBy::Yes)]
        {
            let (parked, theirs) = talk(caller, "b_1001", &bob);
            refer(&theirs, target, referred_by);
            parked_in(&desk, &parked, "default@b.local", "1001@b.local");
            wait_state(&lit, "confirmed");
            is_refused(&desk, &stranger, "key_default_701", "empty");
            is_refused(&desk, &stranger, "take_default_next", "empty");
            takes(&desk, &carol, "701", &parked, caller, "1002@b.local");
            wait_state(&lit, "terminated");
        }
        // Called by the user who parks.
        let called = match std::ptr::eq(caller, &ann) {
            true => Some(talk(&bob, "a_1000", &ann)),
            false => None,
        };
        if let Some((theirs, parked)) = called {
            refer(&theirs, "701", ReferredBy::No);
            parked_in(&desk, &parked, "default@b.local", "1001@b.local");
            wait_state(&lit, "confirmed");
            takes(&desk, &carol, "take_default_next", &parked, &ann, "1002@b.local");
            wait_state(&lit, "terminated");
        }
    }
    assert!(dark.all().iter().all(|notify| read(&notify.body).state == "terminated"));
}

#[test]
fn a_feature_code_parks_in_the_lot_of_whoever_presses_it() {
    [LOTS, COPIES].into_iter().for_each(by_feature_code);
}

fn by_feature_code(lots: &str) {
    let Some(desk) = Scene::start_real(tenants(lots)) else { return };
    let bob = phone(&desk, "1001", "b.local");
    let (outside, ann) = (trunk(&desk), phone(&desk, "1000", "a.local"));
    for caller in [&outside, &ann] {
        let (parked, theirs) = talk(caller, "55b_1001", &bob);
        theirs.dtmf("*1");
        parked_in(&desk, &parked, "default@b.local", "1001@b.local");
        takes(&desk, &bob, "701", &parked, caller, "1001@b.local");
    }
    if lots == COPIES {
        return;
    }
    // From outside nobody has a lot to park in.
    let (theirs, called) = talk(&outside, "55a_1000", &ann);
    theirs.dtmf("*1");
    desk.switch.wait_var(theirs.uuid(), "callpark_status", "unknown_lot");
    two_way(&theirs, ann.voice(), &called, outside.voice());
    theirs.hangup();
}

#[test]
fn an_attended_transfer_parks_in_the_lot_of_whoever_consulted() {
    [LOTS, COPIES].into_iter().for_each(by_consultation);
}

fn by_consultation(lots: &str) {
    let Some(desk) = Scene::start_real(tenants(lots)) else { return };
    let bob = phone(&desk, "1001", "b.local");
    let (outside, ann) = (trunk(&desk), phone(&desk, "1000", "a.local"));
    for caller in [&outside, &ann] {
        let (parked, theirs) = talk(caller, "b_1001", &bob);
        theirs.hold();
        let consultation = bob.call_up("700");
        assert_eq!(theirs.refer_replaces(&consultation, ReferredBy::Yes), 202);
        theirs.wait_ended(SOON);
        parked_in(&desk, &parked, "default@b.local", "1001@b.local");
        takes(&desk, &bob, "701", &parked, caller, "1001@b.local");
    }
}

/// Whatever the global variable `domain_name` says, which is the switch's own domain.
#[test]
fn a_channel_without_a_domain_is_nobody_s_tenant() {
    let lots = format!(
        r#"{LOTS}<lot name="default" domain="test.local" orbits="701-720">
        <param name="timeout" value="0"/></lot>"#
    );
    let Some(desk) = Scene::start_real(tenants(&lots)) else { return };
    let outside = trunk(&desk);
    is_refused(&desk, &outside, "park_default", "unknown_lot");
    is_refused(&desk, &outside, "take_default_701", "unknown_lot");
    // A user of that domain has it.
    let alice = desk.phone("1000");
    let call = alice.call_up("park_default");
    parked_in(&desk, &call, "default@test.local", "");
    call.hangup();
    desk.wait_empty();
}

#[test]
fn another_tenant_s_lot_is_not_there() {
    [LOTS, COPIES].into_iter().for_each(not_there);
}

fn not_there(lots: &str) {
    let Some(desk) = Scene::start_real(tenants(lots)) else { return };
    let (ann, bob) = (phone(&desk, "1000", "a.local"), phone(&desk, "1001", "b.local"));
    let waiting = bob.call_up("park_sales_802");
    desk.action(&waiting, "park");
    for (_, number) in FAR {
        is_refused(&desk, &ann, &format!("{number}_sales_802"), "unknown_lot");
        for spelling in ["far", "FAR"] {
            is_refused(&desk, &ann, &format!("{spelling}{number}_sales_802"), "unknown_lot");
        }
    }
    waiting.hangup();
    desk.wait_empty();
    for number in ["park", "farpark", "FARpark"] {
        let call = bob.call_up(&format!("{number}_sales_801"));
        assert_eq!(desk.action(&call, "park").text("Callpark-Lot"), "sales@b.local");
        call.hangup();
        desk.wait_empty();
    }
    // The command stands outside of all tenants.
    let call = ann.call_up("7777");
    let answer = desk.api(&format!("park {} sales@b.local", call.uuid()));
    assert_eq!(answer.trim(), "+OK sales@b.local 801");
    call.hangup();
    desk.wait_empty();
}

/// Phones of several domains, and one lot.
#[test]
fn one_lot_of_everybody_s_serves_every_domain() {
    let Some(desk) = Scene::start_real(tenants(super::desk::LOT)) else { return };
    let (ann, bob) = (phone(&desk, "1000", "a.local"), phone(&desk, "1001", "b.local"));
    let outside = trunk(&desk);
    for caller in [&ann, &outside] {
        let (parked, theirs) = talk(caller, "b_1001", &bob);
        refer(&theirs, "701", ReferredBy::No);
        parked_in(&desk, &parked, "default", "1001@b.local");
        takes(&desk, &ann, "701", &parked, caller, "1000@a.local");
    }
}
