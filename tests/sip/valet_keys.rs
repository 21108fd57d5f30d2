//! A dialplan as FusionPBX has it for mod_valet_parking, with phones: `*5900` parks in a free slot, `*5901`-`*5999` are keys,
//! `valet_info` tells by a regular expression whether a slot is taken, and a call returns to the user who referred it, or to
//! the caller.

use std::time::Duration;

use kit::phone::{Call, ReferredBy};
use kit::{DOMAIN, Ends, MUSIC, Phone, SOON, Scene, Setup, two_way};

use super::desk::{MOMENT, WENT_ON, refer};
use super::lamp::{wait_state, watch};

const CONF: &str = r#"<configuration name="callpark.conf">
<settings><param name="valet" value="true"/></settings></configuration>"#;

const LOT: &str = "park@test.local";

/// The keys. A call that was referred to a taken slot goes back to who referred it; any other call goes on to `valet_park`.
const KEYS: &str = r#"
<extension name="keys">
  <condition field="${sip_h_Referred-By}" expression="sips?:([^@]+)@" break="never">
    <action application="set" data="referred_by_user=$1" inline="true"/>
  </condition>
  <condition field="destination_number" expression="^(?:park)?\+?\*(59(?:0[1-9]|[1-9]\d))$">
    <action application="set" data="park_lot=$1" inline="true"/>
    <action application="set" data="park_in_use=false" inline="true"/>
    <action application="set" data="park_uuid=${regex(${valet_info park@${domain_name}}|extension\suuid=.([0-9a-f-]{36})..\*${park_lot}..extension|%1|n)}"/>
    <action application="set" data="park_caller=${uuid_getvar ${park_uuid} caller_id_number}"/>
  </condition>
  <condition field="${referred_by_user}" expression="^.+$" break="never">
    <action application="set" data="park_in_use=${regex ${valet_info park@${domain_name}}|\*${park_lot}}" inline="true"/>
  </condition>
  <condition field="${park_in_use}" expression="^true$">
    <action application="transfer" data="${referred_by_user} XML ${context}"/>
    <anti-action application="set" data="effective_caller_id_name=${cond ${regex ${direction} | inbound} == true ? 'park#${caller_id_name}' : 'park#${callee_id_name}'}" inline="true"/>
    <anti-action application="set" data="valet_parking_timeout=$${park_timeout}"/>
    <anti-action application="set" data="valet_hold_music=${hold_music}"/>
    <anti-action application="set" data="valet_parking_orbit_exten=${cond ${regex ${referred_by_user} | ^$} == true ? ${sip_from_user} : ${referred_by_user}}"/>
    <anti-action application="answer"/>
    <anti-action application="valet_park" data="park@${domain_name} *${park_lot}"/>
    <anti-action application="playback" data="tone_stream://%(500,0,1250);loops=-1"/>
  </condition>
</extension>"#;

/// A script of the dialplan looks for a free slot and sends the call there.
const SCRIPTED: &str = r#"
<extension name="scripted">
  <condition field="destination_number" expression="^(?:park\+)?\*5900$">
    <action application="answer"/>
    <action application="set" data="sent=${uuid_transfer(${uuid} -bleg *5901 XML default)}"/>
    <action application="sleep" data="5000"/>
  </condition>
</extension>"#;

/// The lot takes the first free slot, and the slots have no `*`.
const AUTO: &str = r#"
<extension name="auto">
  <condition field="destination_number" expression="^(?:park\+)?\*?5900$">
    <action application="answer"/>
    <action application="set" data="valet_announce_slot=false"/>
    <action application="set" data="valet_hold_music=${hold_music}"/>
    <action application="set" data="valet_parking_orbit_exten=${referred_by_user}"/>
    <action application="set" data="valet_parking_timeout=180"/>
    <action application="valet_park" data="5900@${domain_name} auto in 5901 5999"/>
  </condition>
</extension>
<extension name="out">
  <condition field="destination_number" expression="^(?:park\+)?(59\d\d)$">
    <action application="answer"/>
    <action application="valet_park" data="5900@${domain_name} $1"/>
  </condition>
</extension>"#;

fn open(timeout_s: u32, others: &str) -> Option<Scene> {
    let setup = Setup::new().sip(true).callpark_conf(CONF);
    let setup = setup.global("park_timeout", &timeout_s.to_string());
    let setup = setup.dialplan(others).dialplan(KEYS);
    Scene::start_real(setup.extension("(10[01]\\d)", &[("bridge", "user/$1@$${domain}")]))
}

fn phones(desk: &Scene) -> [Phone; 4] {
    ["1000", "1001", "1002", "1003"].map(|user| desk.phone(user))
}

/// Bob parks a call of that phone.
#[track_caller]
fn park(desk: &Scene, from: &Phone, bob: &Phone, target: &str, slot: &str) -> Call {
    let (caller, theirs) = desk.talk(from, bob);
    refer(&theirs, target, ReferredBy::Yes);
    desk.wait_parked(&caller, LOT, slot, "1001");
    caller
}

#[test]
fn a_key_parks_lights_and_retrieves() {
    let Some(desk) = open(900, "") else { return };
    let [alice, bob, carol, dave] = phones(&desk);
    let lamps = ["*5901", "*5902", "park"].map(|name| watch(&dave, name));
    for (target, n) in [("*5901", 0), ("park+*5902", 1)] {
        let slot = ["*5901", "*5902"][n];
        for way in [slot.to_owned(), format!("park+{slot}")] {
            let caller = park(&desk, &alice, &bob, target, slot);
            assert_eq!(wait_state(&lamps[n], "confirmed").number, "1000");
            wait_state(&lamps[2], "confirmed");
            desk.take(&carol, &way, &caller, alice.voice(), Ends::Other);
            wait_state(&lamps[n], "terminated");
            wait_state(&lamps[2], "terminated");
            desk.wait_empty();
        }
    }
}

#[test]
fn a_call_for_a_taken_slot_goes_back_to_who_referred_it() {
    let Some(desk) = open(900, "") else { return };
    let [alice, bob, carol, dave] = phones(&desk);
    let caller = park(&desk, &alice, &bob, "*5901", "*5901");
    let (second, theirs) = desk.talk(&dave, &bob);
    refer(&theirs, "park+*5901", ReferredBy::Yes);
    let again = bob.incoming(SOON);
    two_way(&second, bob.voice(), &again, dave.voice());
    caller.wait_hears(MUSIC, SOON);
    assert_eq!(desk.calls().len(), 1);
    // The next slot is free, and its call has been referred twice.
    refer(&again, "*5902", ReferredBy::Yes);
    desk.wait_parked(&second, LOT, "*5902", "1001");
    desk.take(&carol, "*5901", &caller, alice.voice(), Ends::Caller);
    desk.take(&carol, "park+*5902", &second, dave.voice(), Ends::Other);
    desk.wait_empty();
}

#[test]
fn a_call_returns_to_who_referred_it_or_to_the_caller() {
    let Some(desk) = open(1, "") else { return };
    let [alice, bob, carol, _] = phones(&desk);
    let caller = park(&desk, &alice, &bob, "*5901", "*5901");
    let back = bob.incoming(SOON);
    two_way(&back, alice.voice(), &caller, bob.voice());
    assert_eq!(desk.outcome(&caller, "returned").text("Callpark-Step"), "1 transfer:1001");
    // Whom it came back to may park it again.
    refer(&back, "*5902", ReferredBy::Yes);
    desk.wait_parked(&caller, LOT, "*5902", "1001");
    let back = bob.incoming(SOON);
    two_way(&back, alice.voice(), &caller, bob.voice());
    back.hangup();
    caller.wait_ended(SOON);
    // A phone that parks itself is called by its own number, as the dialplan says.
    let lonely = carol.call_up("*5903");
    desk.wait_parked(&lonely, LOT, "*5903", "");
    assert_eq!(desk.outcome(&lonely, "returned").text("Callpark-Step"), "1 transfer:1002");
}

#[test]
fn an_attended_transfer_gives_the_slot_to_the_caller() {
    let Some(desk) = open(900, "") else { return };
    let [alice, bob, carol, _] = phones(&desk);
    for target in ["*5901", "park+*5901"] {
        let (caller, theirs) = desk.talk(&alice, &bob);
        theirs.hold();
        let consultation = bob.call_up(target);
        desk.wait_parked(&consultation, LOT, "*5901", "");
        assert_eq!(theirs.refer_replaces(&consultation, ReferredBy::Yes), 202);
        theirs.wait_ended(SOON);
        caller.wait_hears(MUSIC, SOON);
        desk.take(&carol, "*5901", &caller, alice.voice(), Ends::Other);
        desk.wait_empty();
        // A slot that has just emptied parks no dialler, and a consultation of a moment later dials.
        std::thread::sleep(Duration::from_secs(11));
    }
}

#[test]
fn a_script_that_looks_for_a_free_slot_may_send_the_call_there_at_once() {
    let Some(desk) = open(900, SCRIPTED) else { return };
    let [alice, bob, carol, _] = phones(&desk);
    for target in ["*5900", "park+*5900"] {
        // The slot was emptied a moment ago the second time.
        let caller = park(&desk, &alice, &bob, target, "*5901");
        desk.take(&carol, "*5901", &caller, alice.voice(), Ends::Caller);
        desk.wait_empty();
    }
    // A consultation is sent there as well.
    let (caller, theirs) = desk.talk(&alice, &bob);
    theirs.hold();
    let consultation = bob.call_up("*5900");
    let parked = desk.action(&consultation, "park");
    assert_eq!(parked.text("Callpark-Orbit"), "*5901");
    assert_eq!(theirs.refer_replaces(&consultation, ReferredBy::Yes), 202);
    theirs.wait_ended(SOON);
    caller.wait_hears(MUSIC, SOON);
    desk.take(&carol, "park+*5901", &caller, alice.voice(), Ends::Other);
}

#[test]
fn slots_without_a_star_are_assigned_and_keys() {
    let Some(desk) = open(900, AUTO) else { return };
    let [alice, bob, carol, dave] = phones(&desk);
    let lot = format!("5900@{DOMAIN}");
    let mut callers = Vec::new();
    for (from, target, slot) in [(&alice, "5900", "5901"), (&dave, "park+*5900", "5902")] {
        let (caller, theirs) = desk.talk(from, &bob);
        refer(&theirs, target, ReferredBy::Yes);
        desk.wait_parked(&caller, &lot, slot, "1001");
        let variable = desk.switch.getvar(caller.uuid(), "valet_lot_extension");
        assert_eq!(variable.as_deref(), Some(slot));
        callers.push(caller);
    }
    desk.take(&carol, "park+5901", &callers[0], alice.voice(), Ends::Other);
    desk.take(&carol, "5902", &callers[1], dave.voice(), Ends::Caller);
    desk.wait_empty();
}

#[test]
fn a_dialplan_finds_a_parked_call_and_its_caller_by_valet_info() {
    let Some(desk) = open(900, "") else { return };
    let [alice, bob, carol, _] = phones(&desk);
    let caller = park(&desk, &alice, &bob, "*5901", "*5901");
    let call = carol.call_up("*5901");
    desk.outcome(&caller, "retrieved");
    for (name, value) in [("park_uuid", caller.uuid()), ("park_caller", "1000")] {
        assert_eq!(desk.switch.getvar(call.uuid(), name).as_deref(), Some(value));
    }
    call.hangup();
    caller.wait_ended(SOON);
    // A phone that presses the key of a call that was taken goes on in its dialplan.
    let late = carol.call_up("*5901");
    late.wait_hears(WENT_ON, SOON);
    std::thread::sleep(MOMENT);
    assert!(desk.calls().is_empty());
}
