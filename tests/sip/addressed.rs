//! Calls at extensions and PINs, with phones.

use std::time::Duration;

use kit::phone::ReferredBy;
use kit::{Ends, MUSIC, SOON, Scene, two_way};

use super::desk::{MOMENT, WENT_ON, refer, setup};
use super::lamp::{wait_state, watch};

const LOTS: &str = r#"
  <lot name="default" orbits="701-720"><param name="timeout" value="0"/></lot>
  <lot name="people" orbits="*1000-*1019">
    <param name="timeout" value="0"/>
    <param name="exclusive" value="60"/>
    <param name="notify" value="true"/>
  </lot>
  <lot name="safe" orbits="801-803">
    <param name="timeout" value="0"/>
    <param name="pin" value="4711"/>
  </lot>"#;

#[test]
fn a_call_that_is_transferred_to_an_extension_is_kept_for_its_user() {
    // A URI has no colon in its user part.
    let at = [("callpark", "people user:$1")];
    let from = [
        ("callpark_retrieve", "people user:$1"),
        ("answer", ""),
        ("playback", "tone_stream://%(500,0,1250);loops=-1"),
    ];
    let setup = setup(LOTS).extension("at(\\d+)", &at).extension("from(\\d+)", &from);
    let Some(desk) = Scene::start_real(setup) else { return };
    let [alice, bob, carol, dave] = ["1000", "1001", "1002", "1003"].map(|user| desk.phone(user));
    let lamp = watch(&dave, "*1002");
    let (caller, parker) = desk.talk(&alice, &bob);
    refer(&parker, "at1002", ReferredBy::Yes);
    desk.wait_parked(&caller, "people", "*1002", "1001");
    let shown = wait_state(&lamp, "confirmed");
    assert!(shown.number != "1000" && shown.name != "1000", "the lamp tells the caller: {shown:?}");
    let (_, message) = carol.wait_request(SOON, |request| request.method() == "MESSAGE");
    assert!(message.body.contains("Parked for you at *1002"), "{}", message.body);
    let refused = dave.call_up("from1002");
    refused.wait_hears(WENT_ON, SOON);
    let event = desk.action(&caller, "refuse");
    assert_eq!(event.text("Callpark-Rule"), "exclusive");
    refused.hangup();
    caller.wait_hears(MUSIC, SOON);
    desk.take(&carol, "take_people_mine", &caller, alice.voice(), Ends::Caller);
    wait_state(&lamp, "terminated");
    desk.wait_empty();
}

#[test]
fn a_user_moves_a_call_between_two_phones_with_the_sample_dialplan() {
    let Some(desk) = Scene::start_real(setup(LOTS)) else { return };
    let [alice, bob, other] = ["1000", "1001", "1001"].map(|user| desk.phone(user));
    for (to, from) in [("*68", "*88"), ("*681001", "*881001"), ("700", "*72")] {
        let call = bob.call_up("1000");
        let caller = alice.incoming(SOON);
        two_way(&call, alice.voice(), &caller, bob.voice());
        refer(&call, to, ReferredBy::Yes);
        desk.wait_parked(&caller, "default", "701", "1001");
        desk.take(&other, from, &caller, alice.voice(), Ends::Other);
        desk.wait_empty();
    }
}

/// How a phone sends its keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Rfc2833,
    Info,
    Tones,
}

/// Keys a PIN that is wrong, and the right one.
fn key_pin(keys: Keys) {
    let setup = setup(LOTS).sip_param("liberal-dtmf", "true");
    let Some(desk) = Scene::start_real(setup) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let bob = if keys == Keys::Tones { bob.keys_are_tones() } else { bob };
    let caller = alice.call_up("park_safe_801");
    desk.wait_parked(&caller, "safe", "801", "");
    let call = bob.call_up("take_safe_801");
    desk.switch.wait_var(call.uuid(), "sensitive_dtmf", "true");
    std::thread::sleep(MOMENT);
    for digits in ["99#", "4711#"] {
        if keys == Keys::Info {
            digits.chars().for_each(|digit| assert_eq!(call.info_digit(digit), 200));
        } else {
            call.dtmf(digits);
        }
        std::thread::sleep(Duration::from_secs(2));
    }
    call.wait_hears(alice.voice(), SOON);
    desk.outcome(&caller, "retrieved");
    let log = desk.switch.log();
    assert!(!log.contains("RECV DTMF 4"), "FreeSWITCH logs the PIN");
    call.hangup();
    desk.wait_empty();
}

#[test]
fn a_pin_is_keyed_by_rfc_2833() {
    key_pin(Keys::Rfc2833);
}

#[test]
fn a_pin_is_keyed_by_info() {
    key_pin(Keys::Info);
}

#[test]
fn a_pin_is_keyed_by_tones() {
    key_pin(Keys::Tones);
}
