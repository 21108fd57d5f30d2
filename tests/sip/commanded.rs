//! What a command rings, or a lot pages, for a parked call: it rings no longer than there is such a call to get.

use std::time::Duration;

use kit::phone::{Call, End, Policy};
use kit::{Ends, MUSIC, Phone, SOON, Scene, hang_up, two_way};

use super::desk::{MOMENT, open, setup};

/// So long may a phone ring on. A command rings for 60 s, a page for 10.
const AT_ONCE: Duration = Duration::from_secs(2);

fn rung(desk: &Scene, place: &str, phones: &[&Phone]) -> Vec<Call> {
    phones.iter().for_each(|phone| phone.set_policy(Policy::Ring));
    for phone in phones {
        let command = format!("retrieve {place} user/{}@test.local", phone.user());
        assert!(desk.api(&command).starts_with("+OK"));
    }
    phones.iter().map(|phone| phone.incoming(SOON)).collect()
}

fn stops(call: &Call) -> End {
    let end = call.wait_ended(AT_ONCE);
    assert!(end.remote, "{end:?}");
    end
}

#[test]
fn phones_stop_ringing_when_somebody_else_takes_the_call() {
    let Some(desk) = open() else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (carol, dave) = (desk.phone("1002"), desk.phone("1003"));
    let caller = alice.call_up("park_default_701");
    desk.wait_parked(&caller, "default", "701", "");
    let ringing = rung(&desk, "default 701", &[&bob, &dave]);
    let call = carol.call_up("take_default_701");
    for phone in &ringing {
        // Not a missed call.
        assert!(stops(phone).reason.contains("completed elsewhere"));
    }
    two_way(&call, alice.voice(), &caller, carol.voice());
    hang_up(&call, &caller, Ends::Other);
    desk.wait_empty();
    desk.switch.wait_channels(0);
}

#[test]
fn one_of_the_phones_that_a_command_rings_takes_the_call_and_keeps_it() {
    let Some(desk) = open() else { return };
    let (alice, bob, dave) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1003"));
    for _ in 0..5 {
        let caller = alice.call_up("park_default_701");
        desk.wait_parked(&caller, "default", "701", "");
        let ringing = rung(&desk, "default 701", &[&bob, &dave]);
        ringing[0].answer();
        assert!(stops(&ringing[1]).reason.contains("completed elsewhere"));
        two_way(&ringing[0], alice.voice(), &caller, bob.voice());
        std::thread::sleep(MOMENT);
        two_way(&ringing[0], alice.voice(), &caller, bob.voice());
        hang_up(&ringing[0], &caller, Ends::Other);
        desk.wait_empty();
        desk.switch.wait_channels(0);
        desk.events.drain();
    }
}

#[test]
fn a_phone_stops_ringing_however_the_call_ends_and_not_before() {
    let Some(desk) = open() else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    for end in ["caller", "kill", "drop", "transfer", "again"] {
        let caller = alice.call_up("park_default_701");
        desk.wait_parked(&caller, "default", "701", "");
        let ringing = rung(&desk, "default 701", &[&bob]).remove(0);
        assert!(desk.api("move default 701 default 705").starts_with("+OK"));
        std::thread::sleep(MOMENT);
        assert!(ringing.ended().is_none(), "{end}: it is the same call");
        match end {
            "caller" => caller.hangup(),
            "kill" => assert!(desk.switch.kill(caller.uuid())),
            "drop" => assert!(desk.api("drop default 705").starts_with("+OK")),
            "transfer" => {
                desk.switch.api(&format!("uuid_transfer {} 7777 XML default", caller.uuid()));
            }
            // Parked anew, perhaps for somebody else.
            _ => {
                let to = "park_default_702 XML default";
                desk.switch.api(&format!("uuid_transfer {} {to}", caller.uuid()));
                caller.wait_hears(MUSIC, SOON);
            }
        }
        stops(&ringing);
        assert_eq!(ringing.first_heard(alice.voice()), None, "{end}");
        caller.hangup();
        desk.wait_empty();
        desk.switch.wait_channels(0);
    }
}

#[test]
fn a_page_ends_with_the_call() {
    let lot = r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
        <param name="page-interval" value="0"/>
        <param name="page" value="user/1001@$${domain},user/1003@$${domain}"/></lot>"#;
    let Some(desk) = Scene::start_real(setup(lot)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (carol, dave) = (desk.phone("1002"), desk.phone("1003"));
    for phone in [&bob, &dave] {
        phone.set_policy(Policy::Ring);
    }
    for taken in [true, false] {
        let caller = alice.call_up("park_default_701");
        desk.wait_parked(&caller, "default", "701", "");
        let paged = [bob.incoming(SOON), dave.incoming(SOON)];
        if taken {
            let call = carol.call_up("take_default_701");
            paged.iter().for_each(|page| drop(stops(page)));
            two_way(&call, alice.voice(), &caller, carol.voice());
            call.hangup();
        } else {
            caller.hangup();
            paged.iter().for_each(|page| drop(stops(page)));
        }
        caller.hangup();
        desk.wait_empty();
        desk.switch.wait_channels(0);
        desk.events.drain();
    }
}
