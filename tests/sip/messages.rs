//! The message to the parker: it arrives wherever the phones are registered.

use kit::phone::{Call, Message, Policy};
use kit::{Phone, SOON, Scene, Setup};

use super::desk::setup;

/// The number of parked calls is told to the user that the extension `by_<user>_<domain>` names.
fn notifying() -> Setup {
    let lot = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
        <param name="notify" value="true"/></lot>"#;
    setup(lot)
        .extension(
            "by_(\\d+)_(.+)",
            &[("set", "callpark_parker=$1@$2"), ("callpark", "default auto")],
        )
        .other_profile("b.local")
}

fn registered(phone: Phone) -> Phone {
    let phone = phone.policy(Policy::Answer);
    phone.register();
    phone
}

#[track_caller]
fn gets_it(phone: &Phone, call: &Call) {
    let is_message = |request: &Message| request.method() == "MESSAGE";
    let (_, message) = phone.wait_request(SOON, is_message);
    assert!(message.body.contains("Parked at 701: "), "{} of {}", message.body, call.uuid());
}

#[test]
fn it_goes_to_the_profile_the_phones_are_registered_on() {
    let Some(desk) = Scene::start_real(notifying()) else { return };
    let alice = desk.phone("1000");
    let other =
        |user: &str, domain: &str| registered(Phone::at_other(&desk.switch, user).domain(domain));
    // In the profile's own domain; in one that another profile answers for; two phones of one user, on two profiles.
    let own = other("1001", "b.local");
    let elsewhere = other("1002", "test.local");
    let (first, second) = (other("1003", "test.local"), desk.phone("1003"));
    for (number, phones) in [
        ("by_1001_b.local", vec![&own]),
        ("by_1002_test.local", vec![&elsewhere]),
        ("by_1003_test.local", vec![&first, &second]),
    ] {
        let call = alice.call_up(number);
        for phone in &phones {
            gets_it(phone, &call);
        }
        for phone in [&own, &elsewhere, &first, &second] {
            phone.no_request_for(std::time::Duration::from_millis(200), |_| true);
        }
        call.hangup();
        desk.wait_empty();
    }
    // Without a phone nothing is lost.
    let call = alice.call_up("by_1004_test.local");
    desk.wait_parked(&call, "default", "701", "1004");
    call.hangup();
    desk.wait_empty();
    assert!(!desk.switch.log_contains("Can't find profile"));
}
