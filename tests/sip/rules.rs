//! What the directory says of users: their groups, their own lists of what they may do, and their PINs.

use std::time::Duration;

use kit::phone::{Call, ReferredBy};
use kit::{DOMAIN, Ends, MUSIC, Phone, SOON, Scene, two_way};

use super::desk::{WENT_ON, refer, setup};

const LOTS: &str = r#"
  <lot name="default" orbits="701-720"><param name="timeout" value="0"/></lot>
  <lot name="sales" orbits="801-803">
    <param name="timeout" value="0"/>
    <allow action="park"/>
    <allow action="retrieve" group="sales"/>
  </lot>
  <lot name="people" orbits="*1000-*1019"><param name="timeout" value="0"/></lot>"#;

/// 1004 and 1005 are the group `sales`. 1006 may only retrieve, 1007 may do nothing in `default`.
fn open() -> Option<Scene> {
    let setup = setup(LOTS)
        .user_variable(1006, "callpark_allow", "retrieve:*")
        .user_variable(1007, "callpark_allow", "retrieve:sales,park:sales")
        .user_variable(1008, "callpark_pin", "2580")
        .extension(
            "hunt",
            &[
                ("callpark", "people group:sales"),
                ("answer", ""),
                ("playback", "tone_stream://%(500,0,1250);loops=-1"),
            ],
        )
        .extension(
            "55(10[01]\\d)",
            &[("bind_meta_app", "1 ab s callpark::default auto"), ("bridge", "user/$1@$${domain}")],
        );
    Scene::start_real(setup)
}

#[track_caller]
fn refused(desk: &Scene, phone: &Phone, exten: &str, rule: &str) {
    let call = phone.call_up(exten);
    call.wait_hears(WENT_ON, SOON);
    let event = desk.events.wait(SOON, |event| {
        event.is("Callpark-Action", "refuse") && event.is("Callpark-Retriever-UUID", call.uuid())
    });
    assert!(event.text("Callpark-Rule").starts_with(rule), "{}", event.summary());
    call.hangup();
}

#[test]
fn a_group_of_the_directory_may_retrieve_and_nobody_else() {
    let Some(desk) = open() else { return };
    let [alice, bob, seller] = ["1000", "1001", "1004"].map(|user| desk.phone(user));
    let caller = alice.call_up("park_sales_801");
    desk.wait_parked(&caller, "sales", "801", "");
    for exten in ["take_sales_801", "take_sales_next", "key_sales_801"] {
        refused(&desk, &bob, exten, "no <allow> for retrieve fits");
    }
    for (user, answer) in [("1001", "no: "), ("1004", "yes: allow"), ("1005", "yes: allow")] {
        let said = desk.api(&format!("may {user}@{DOMAIN} retrieve sales"));
        assert!(said.starts_with(answer), "{user}: {said}");
    }
    caller.wait_hears(MUSIC, SOON);
    desk.take(&seller, "take_sales_next", &caller, alice.voice(), Ends::Caller);
    desk.wait_empty();
}

#[test]
fn a_user_s_list_in_the_directory_counts_on_every_leg_of_that_user() {
    let Some(desk) = open() else { return };
    let [alice, bob, listed] = ["1000", "1001", "1007"].map(|user| desk.phone(user));
    let caller = alice.call_up("park_default_701");
    desk.wait_parked(&caller, "default", "701", "");
    for exten in ["take_default_701", "take_default_next", "key_default_701"] {
        refused(&desk, &listed, exten, "callpark_allow=retrieve:sales");
    }
    desk.take(&bob, "take_default_701", &caller, alice.voice(), Ends::Caller);
    // A leg that was called, and one that calls: neither may park its partner, by a transfer or a feature code.
    for (called, by_code) in [(true, false), (false, false), (true, true), (false, true)] {
        let (from, to) = if called { (&alice, &listed) } else { (&listed, &alice) };
        let call = from.call_up(&format!("55{}", to.user()));
        let other = to.incoming(SOON);
        two_way(&call, to.voice(), &other, from.voice());
        let (parker, caller) = if called { (other, call) } else { (call, other) };
        if by_code {
            parker.dtmf("*1");
        } else {
            refer(&parker, "park_default_702", ReferredBy::Yes);
        }
        let event = desk.events.wait(SOON, |event| {
            event.is("Callpark-Action", "refuse") && event.is("Callpark-UUID", caller.uuid())
        });
        assert!(event.text("Callpark-Rule").starts_with("callpark_allow="), "{}", event.summary());
        caller.hangup();
        desk.wait_empty();
    }
    desk.wait_empty();
}

#[test]
fn a_group_is_hunted_for_a_free_member() {
    let Some(desk) = open() else { return };
    let callers = ["1000", "1001", "1002"].map(|user| desk.phone(user));
    let mut parked: Vec<Call> = Vec::new();
    for (caller, orbit) in callers.iter().zip(["*1004", "*1005"]) {
        let call = caller.call_up("hunt");
        desk.wait_parked(&call, "people", orbit, "");
        parked.push(call);
    }
    let call = callers[2].call_up("hunt");
    call.wait_hears(WENT_ON, SOON);
    call.hangup();
    let seller = desk.phone("1005");
    desk.take(&seller, "take_people_mine", &parked[1], callers[1].voice(), Ends::Caller);
    parked[0].hangup();
    desk.wait_empty();
}

#[test]
fn a_user_s_pin_is_that_of_the_directory_and_leaves_no_trace() {
    let Some(desk) = open() else { return };
    let [alice, boss] = ["1000", "1008"].map(|user| desk.phone(user));
    // This user's own PIN does not become that of a call which this user parks.
    let (caller, parker) = desk.talk(&alice, &boss);
    refer(&parker, "park_default_703", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "703", "1008");
    let bob = desk.phone("1001");
    desk.take(&bob, "take_default_703", &caller, alice.voice(), Ends::Other);
    let caller = alice.call_up("park_default_701");
    desk.wait_parked(&caller, "default", "701", "");
    let call = boss.call_up("take_default_701");
    desk.switch.wait_var(call.uuid(), "sensitive_dtmf", "true");
    std::thread::sleep(Duration::from_millis(400));
    call.dtmf("2580#");
    two_way(&call, alice.voice(), &caller, boss.voice());
    let ends = desk.switch.events(&["CHANNEL_HANGUP_COMPLETE"]);
    let uuid = call.uuid().to_owned();
    caller.hangup();
    call.wait_ended(SOON);
    // The last event before FreeSWITCH writes the CDR has the same variables.
    let last = ends.wait(SOON, |event| event.is("Unique-ID", &uuid));
    assert!(!format!("{:?}", last.headers()).contains("2580"), "{}", last.summary());
    desk.wait_empty();
}
