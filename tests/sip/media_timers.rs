//! Session timers (RFC 4028): whoever refreshes, and when nobody does.

use std::time::Duration;

use kit::phone::Call;
use kit::{Ends, MUSIC, Phone, SOON, hang_up, two_way};

use super::desk::open;

/// The shortest that FreeSWITCH agrees to, unless it is told otherwise.
const SHORTEST: u32 = 120;

fn timed(phone: &Phone, number: &str, refresher: &str) -> Call {
    let expires = format!("{SHORTEST};refresher={refresher}");
    let headers = [("Session-Expires", expires.as_str()), ("Supported", "timer")];
    let call = phone.call_with(number, &headers);
    call.wait_up(SOON);
    call
}

#[test]
fn a_session_is_refreshed_while_it_is_parked_and_afterwards() {
    let Some(desk) = open() else { return };
    let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
    for method in ["UPDATE", "INVITE"] {
        let caller = timed(&alice, "park_default_705", "uac");
        desk.wait_parked(&caller, "default", "705", "");
        assert_eq!(caller.refresh(method, SHORTEST), 200, "{method}");
        caller.wait_hears(MUSIC, SOON);
        let call = carol.call_up("705");
        two_way(&call, alice.voice(), &caller, carol.voice());
        desk.outcome(&caller, "retrieved");
        assert_eq!(caller.refresh(method, SHORTEST), 200, "{method}");
        two_way(&call, alice.voice(), &caller, carol.voice());
        hang_up(&call, &caller, Ends::Other);
        desk.wait_empty();
    }
}

/// FreeSWITCH refreshes the one session; the other one's phone has gone, and its time runs out: one outcome, and the
/// orbit is free.
#[test]
fn the_switch_refreshes_and_an_expired_session_ends_once() {
    let Some(desk) = open() else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let kept = timed(&alice, "park_default_705", "uas");
    desk.wait_parked(&kept, "default", "705", "");
    let lost = timed(&bob, "park_default_706", "uac");
    desk.wait_parked(&lost, "default", "706", "");
    let long = Duration::from_secs(u64::from(SHORTEST) + 30);
    alice.wait_request(long, |request| {
        request.call_id() == kept.uuid() && ["UPDATE", "INVITE"].contains(&request.method())
    });
    kept.wait_hears(MUSIC, SOON);
    let event = desk.events.wait(long, |e| {
        e.is("Callpark-UUID", lost.uuid()) && !e.text("Callpark-Outcome").is_empty()
    });
    assert_eq!(event.text("Callpark-Outcome"), "abandoned", "{}", event.summary());
    assert_eq!(event.text("Callpark-Reason"), "RECOVERY_ON_TIMER_EXPIRE", "{}", event.summary());
    assert!(lost.wait_ended(SOON).remote);
    desk.take(&carol, "705", &kept, alice.voice(), Ends::Other);
    desk.wait_empty();
    desk.switch.wait_channels(0);
}
