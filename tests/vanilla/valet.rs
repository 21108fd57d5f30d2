//! The vanilla configuration with mod_callpark in the place of mod_valet_parking, and not a line of its dialplan changed.

use std::fs;
use std::time::Duration;

use kit::phone::{Call, ReferredBy, Sound};
use kit::{Ends, Event, MUSIC, Phone, SOON, Scene, Switch, two_way};

use super::calls::{NAGGED, phone, talk};
use super::doctor::no_false_alarm;
use super::install::{complaints, edit, running, vanilla};
use crate::desk::refer;

const LOT: &str = "valet_parking_lot";

/// One word in `modules.conf.xml`, and `callpark.conf.xml`.
fn desk() -> Option<Scene> {
    let switch = Switch::start_real(vanilla())?;
    switch.stop();
    let conf = switch.folder().join("conf/autoload_configs");
    edit(&conf.join("modules.conf.xml"), "mod_valet_parking", "mod_callpark");
    let valet = "<configuration name=\"callpark.conf\"><settings><param name=\"valet\" value=\"true\"/></settings></configuration>";
    fs::write(conf.join("callpark.conf.xml"), valet).expect("a configuration");
    fs::copy(kit::module(), switch.folder().join("mod/mod_callpark.so")).expect("a module");
    Some(running(switch))
}

/// The phone dials, and waits for the nag.
fn up(phone: &Phone, number: &str) -> Call {
    let call = phone.call(number);
    call.wait_up(NAGGED);
    call
}

/// It nags whoever is transferred, too.
fn parked(desk: &Scene, call: &Call, slot: &str, parker: &str) {
    let is = |event: &Event| {
        event.is("Callpark-UUID", call.uuid()) && event.is("Callpark-Action", "park")
    };
    let event = desk.events.wait(NAGGED, is);
    let place = ["Callpark-Lot", "Callpark-Orbit", "Callpark-Parker"].map(|name| event.text(name));
    assert_eq!(place, [LOT, slot, parker]);
    call.wait_hears(MUSIC, SOON);
}

fn take(desk: &Scene, phone: &Phone, number: &str, caller: &Call, voice: Sound) {
    let call = up(phone, number);
    two_way(&call, voice, caller, phone.voice());
    desk.outcome(caller, "retrieved");
    kit::hang_up(&call, caller, Ends::Other);
}

#[test]
fn the_numbers_of_its_valet_lot_park_and_retrieve() {
    let Some(desk) = desk() else { return };
    assert_eq!(desk.switch.api("module_exists mod_valet_parking").trim(), "false");
    no_false_alarm(&desk);
    let [alice, bob, carol] = ["1000", "1001", "1002"].map(|user| phone(&desk, user));
    let lamp = carol.subscribe("park+6001", "dialog");
    for way in ["6001", "6000"] {
        let (caller, theirs) = talk(&alice, &bob);
        refer(&theirs, "6001", ReferredBy::Yes);
        parked(&desk, &caller, "6001", "1001@test.local");
        lamp.wait(SOON, |body| body.contains("confirmed") && body.contains("1000"));
        let info = desk.switch.api("valet_info valet_parking_lot");
        assert!(info.contains(">6001</extension>"), "{info}");
        let call = up(&carol, way);
        if way == "6000" {
            std::thread::sleep(Duration::from_secs(1));
            call.dtmf("6001#");
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
fn a_consultation_hands_its_slot_over_and_a_phone_that_dials_is_parked() {
    let Some(desk) = desk() else { return };
    let [alice, bob, carol] = ["1000", "1001", "1002"].map(|user| phone(&desk, user));
    let (caller, theirs) = talk(&alice, &bob);
    theirs.hold();
    let consultation = up(&bob, "6002");
    parked(&desk, &consultation, "6002", "");
    assert_eq!(theirs.refer_replaces(&consultation, ReferredBy::Yes), 202);
    theirs.wait_ended(SOON);
    desk.switch.eventually(SOON, "alice is parked", || {
        let calls = desk.calls();
        (calls.len() == 1 && calls[0]["uuid"] == caller.uuid()).then_some(())
    });
    take(&desk, &carol, "6002", &caller, alice.voice());
    let lonely = up(&alice, "6099");
    parked(&desk, &lonely, "6099", "");
    take(&desk, &carol, "6099", &lonely, alice.voice());
    desk.wait_empty();
    assert_eq!(complaints(&desk.switch), Vec::<String>::new());
}
