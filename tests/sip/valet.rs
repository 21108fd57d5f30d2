//! Dialplans for mod_valet_parking, as the vanilla configuration and FusionPBX have them, with phones; and the same steps
//! beside mod_valet_parking itself.

use kit::phone::{ReferredBy, Sound};
use kit::{DOMAIN, Ends, Event, MUSIC, SOON, Scene, Setup, Switch, new_uuid, two_way};

use super::desk::{MOMENT, WENT_ON, refer};
use super::lamp::{wait_state, watch};

const CONF: &str = r#"<configuration name="callpark.conf">
<settings><param name="valet" value="true"/></settings></configuration>"#;

/// Bob's lot: that of a tenant, and one without a domain.
const LOTS: [&str; 2] = ["park@test.local", "valet_parking_lot"];

/// 5900 parks in the first free slot of 5901-5999, and these and *5901… are keys.
fn dialplan(setup: Setup, lot: &str) -> Setup {
    let tone = ("playback", "tone_stream://%(500,0,1250);loops=-1");
    let auto = format!("{lot} auto in 5901 5999");
    let out = format!("{lot} auto out 5901 5999");
    let slot = format!("{lot} $1");
    let ask = format!("{lot} ask 1 11 10000 tone_stream://%(100,0,1350)");
    setup
        .sip(true)
        .extension("(?:park\\+)?5900", &[("answer", ""), ("valet_park", &auto), tone])
        .extension("5899", &[("answer", ""), ("valet_park", &out), tone])
        .extension("6000", &[("answer", ""), ("valet_park", &ask), tone])
        .extension(
            "(?:park\\+|\\*\\*)?(\\*?59\\d[1-9])",
            &[
                ("set", "valet_parking_timeout=${orbit_timeout}"),
                ("answer", ""),
                ("valet_park", &slot),
                tone,
            ],
        )
        .extension("(10[01]\\d)", &[("bridge", "user/$1@$${domain}")])
}

fn open(lot: &str) -> Option<Scene> {
    Scene::start_real(dialplan(Setup::new().callpark_conf(CONF), lot))
}

#[test]
fn a_caller_is_transferred_to_a_slot_or_to_5900_its_lamp_is_lit_and_a_phone_takes_it() {
    for lot in LOTS {
        let Some(desk) = open(lot) else { return };
        let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
        let name = lot.split('@').next().unwrap_or(lot);
        let of_lot = watch(&carol, name);
        for (target, slot) in [("5900", "5901"), ("*5902", "*5902"), ("park+5903", "5903")] {
            let lamp = watch(&carol, slot);
            let (caller, theirs) = desk.talk(&alice, &bob);
            refer(&theirs, target, ReferredBy::Yes);
            desk.wait_parked(&caller, lot, slot, "1001");
            assert_eq!(wait_state(&lamp, "confirmed").number, "1000", "{lot} {slot}");
            wait_state(&of_lot, "confirmed");
            let info = desk.switch.api(&format!("valet_info {}", lot.to_uppercase()));
            assert!(info.contains(&format!(">{slot}</extension>")), "{info}");
            desk.take(&carol, slot, &caller, alice.voice(), Ends::Other);
            wait_state(&lamp, "terminated");
            wait_state(&of_lot, "terminated");
            // The key of a call that somebody else has taken does not park the user.
            let late = carol.call_up(slot);
            late.wait_hears(WENT_ON, SOON);
            late.hangup();
        }
        desk.wait_empty();
    }
}

#[test]
fn two_outside_callers_are_not_connected() {
    let Some(desk) = open(LOTS[0]) else { return };
    let (alice, bob, dave) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1003"));
    let (caller, theirs) = desk.talk(&alice, &bob);
    refer(&theirs, "*5901", ReferredBy::Yes);
    desk.wait_parked(&caller, LOTS[0], "*5901", "1001");
    let (second, theirs) = desk.talk(&dave, &bob);
    refer(&theirs, "*5901", ReferredBy::Yes);
    // It goes back to the parker.
    let again = bob.incoming(SOON);
    two_way(&second, bob.voice(), &again, dave.voice());
    caller.wait_hears(MUSIC, SOON);
    assert_eq!(desk.calls().len(), 1);
}

#[test]
fn a_consultation_hands_its_slot_over() {
    for lot in LOTS {
        let Some(desk) = open(lot) else { return };
        let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
        for (target, slot) in [("5900", "5901"), ("*5902", "*5902")] {
            let (caller, theirs) = desk.talk(&alice, &bob);
            theirs.hold();
            let consultation = bob.call_up(target);
            desk.switch.eventually(SOON, "parked", || (!desk.calls().is_empty()).then_some(()));
            assert_eq!(theirs.refer_replaces(&consultation, ReferredBy::Yes), 202);
            theirs.wait_ended(SOON);
            desk.wait_parked(&caller, lot, slot, "1001");
            desk.take(&carol, slot, &caller, alice.voice(), Ends::Caller);
            desk.wait_empty();
        }
    }
}

#[test]
fn a_slot_is_asked_for_and_the_oldest_call_is_taken() {
    let Some(desk) = open(LOTS[1]) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let mut callers = Vec::new();
    for target in ["5902", "5901"] {
        let (caller, theirs) = desk.talk(&alice, &bob);
        refer(&theirs, target, ReferredBy::No);
        desk.wait_parked(&caller, LOTS[1], target, "1001");
        callers.push(caller);
    }
    desk.take(&carol, "5899", &callers[0], alice.voice(), Ends::Other);
    let call = carol.call_up("6000");
    std::thread::sleep(MOMENT);
    call.dtmf("5901#");
    two_way(&call, alice.voice(), &callers[1], carol.voice());
    desk.outcome(&callers[1], "retrieved");
    call.hangup();
    desk.wait_empty();
    let nothing = carol.call_up("5899");
    nothing.wait_hears(WENT_ON, SOON);
}

#[test]
fn beside_mod_valet_parking_it_is_refused_and_says_why() {
    let setup = Setup::new().callpark_conf(CONF).module("mod_valet_parking");
    let Some(switch) = Switch::start_real(setup) else { return };
    assert_eq!(switch.api("module_exists mod_callpark").trim(), "false");
    assert!(switch.log_contains("mod_callpark cannot be loaded: <param name=\"valet\""));
    assert!(switch.api("valet_info").starts_with("<lots>"));
}

#[test]
fn mod_valet_parking_is_refused_beside_it() {
    let setup = Setup::new().callpark_conf(CONF);
    let Some(switch) = Switch::start_real(setup) else { return };
    assert!(switch.api("load mod_valet_parking").contains("-ERR"));
    assert_eq!(switch.api("valet_info"), "<lots>\n</lots>\n");
}

/// What a park and a retrieval look like from outside.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    info: String,
    events: Vec<Vec<(String, String)>>,
    lamps: Vec<Vec<(String, String)>>,
    slot: Option<String>,
}

/// The headers that are the module's own, with the uuids of the legs by name.
fn own(event: &Event, legs: &[(&str, &str)]) -> Vec<(String, String)> {
    // Of the last, ours also names the dialog by which a phone picks the call up.
    const CORES: [&str; 5] = ["Event-", "Core-", "FreeSWITCH-", "event_count", "unique-id"];
    let headers = event.headers().iter();
    let headers = headers.filter(|(name, _)| !CORES.iter().any(|core| name.starts_with(core)));
    let named = |value: &String| {
        legs.iter().fold(value.clone(), |value, (uuid, name)| value.replace(uuid, name))
    };
    headers.map(|(name, value)| (name.clone(), named(value))).collect()
}

fn seen(setup: Setup, lot: &str) -> Option<Seen> {
    let data = format!("{lot} $1");
    let setup = setup.extension("at_(.+)", &[("answer", ""), ("valet_park", &data), ("park", "")]);
    let switch = Switch::start_real(setup)?;
    let told = switch.events(&["CUSTOM valet_parking::info", "PRESENCE_IN"]);
    let (caller, retriever) = (new_uuid(), new_uuid());
    let legs = [(caller.as_str(), "caller"), (retriever.as_str(), "retriever")];
    switch.originate(&caller, "at_*5901", &[]);
    switch.eventually(SOON, "a parked call", || {
        switch.api("valet_info").contains(&caller).then_some(())
    });
    std::thread::sleep(MOMENT);
    let info = switch.api(&format!("valet_info {}", lot.to_uppercase()));
    let slot = switch.getvar(&caller, "valet_lot_extension");
    switch.originate(&retriever, "at_*5901", &[]);
    switch.wait_bridged(&caller, &retriever);
    std::thread::sleep(MOMENT);
    switch.kill(&retriever);
    switch.try_api(&format!("uuid_kill {caller}")).ok()?;
    switch.wait_gone(&caller);
    std::thread::sleep(MOMENT);
    let (events, lamps): (Vec<Event>, Vec<Event>) =
        told.drain().into_iter().partition(|event| event.name() == "CUSTOM");
    // Of the events, the headers before those of the channel.
    let events = events.iter().map(|event| {
        let own = own(event, &legs).into_iter();
        own.take_while(|(name, _)| !name.starts_with("Channel-")).collect()
    });
    Some(Seen {
        info: info.replace(&caller, "caller"),
        events: events.collect(),
        lamps: lamps.iter().map(|lamp| own(lamp, &legs)).collect(),
        slot,
    })
}

/// What is in both, apart from the order, and what only one has.
#[test]
fn a_park_and_a_retrieval_look_as_by_mod_valet_parking() {
    for lot in [&format!("park@{DOMAIN}"), "valet_parking_lot"] {
        let theirs = Setup::new().load_module(false).module("mod_valet_parking");
        let Some(theirs) = seen(theirs, lot) else { return };
        let Some(ours) = seen(Setup::new().callpark_conf(CONF), lot) else { return };
        assert_eq!(ours.info, theirs.info);
        assert_eq!(ours.slot, theirs.slot);
        assert_eq!(ours.events, theirs.events);
        // Each of their lamp's headers, whatever is added.
        let lacks = |theirs: &Vec<(String, String)>| {
            !ours.lamps.iter().any(|ours| theirs.iter().all(|header| ours.contains(header)))
        };
        let missing: Vec<_> = theirs.lamps.iter().filter(|lamp| lacks(lamp)).collect();
        assert!(missing.is_empty(), "{missing:#?}\nof ours: {:#?}", ours.lamps);
    }
}

#[test]
fn a_feature_code_parks_the_partner_in_a_slot() {
    let setup = dialplan(Setup::new().callpark_conf(CONF), LOTS[0]).extension(
        "55(10[01]\\d)",
        &[
            ("set", "valet_hold_music=tone_stream://%(500,0,550);loops=-1"),
            ("bind_meta_app", "1 ab s valet_park::park@test.local auto in 5901 5999"),
            ("bind_meta_app", "2 ab s valet_park::park@test.local *5901"),
            ("bridge", "user/$1@$${domain}"),
        ],
    );
    let Some(desk) = Scene::start_real(setup) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for (digits, slot) in [("*1", "5901"), ("*2", "*5901")] {
        let called = alice.call_up("551001");
        let theirs = bob.incoming(SOON);
        two_way(&called, bob.voice(), &theirs, alice.voice());
        // Alice presses, whose leg has the variable.
        called.dtmf(digits);
        let event = desk.action(&theirs, "park");
        let place = (event.text("Callpark-Lot"), event.text("Callpark-Orbit"));
        assert_eq!(place, (LOTS[0], slot));
        called.wait_ended(SOON);
        theirs.wait_hears(Sound::Tone(550), SOON);
        desk.take(&carol, slot, &theirs, bob.voice(), Ends::Caller);
        desk.wait_empty();
    }
}

#[test]
fn the_caller_leaves_by_the_exit_key_and_by_no_other() {
    let leave = [("answer", ""), ("playback", "tone_stream://%(500,0,1450);loops=-1")];
    let park = [
        ("answer", ""),
        ("set", "valet_parking_orbit_exit_key=5"),
        ("set", "valet_parking_orbit_exten=leave"),
        ("valet_park", "park 1"),
    ];
    let setup = Setup::new().sip(true).callpark_conf(CONF);
    let setup = setup.extension("leave", &leave).extension("park1", &park);
    let Some(desk) = Scene::start_real(setup) else { return };
    let alice = desk.phone("1000");
    let caller = alice.call_up("park1");
    desk.action(&caller, "park");
    caller.wait_hears(MUSIC, SOON);
    caller.dtmf("#1");
    std::thread::sleep(MOMENT);
    assert_eq!(desk.calls().len(), 1);
    caller.dtmf("5");
    desk.outcome(&caller, "left");
    caller.wait_hears(Sound::Tone(1450), SOON);
}
