//! `callpark_history`: every park and how it ended, on the parked channel and on the leg that took it.

use kit::phone::ReferredBy;
use kit::{DOMAIN, Ends, SOON, hang_up, two_way};

use super::desk::{open, refer};

/// The entries: other leg, what, place, parker, wait.
fn entries(history: &str) -> Vec<Vec<String>> {
    let list = history.strip_prefix("ARRAY::").unwrap_or(history);
    list.split("|:").map(|entry| entry.split(':').map(str::to_owned).collect()).collect()
}

#[track_caller]
fn is(entry: &[String], other: &str, what: &str, place: &str, parker: &str) {
    assert_eq!(entry.len(), 6, "{entry:?}");
    assert!(entry[0].parse::<u64>().is_ok_and(|ms| ms > 1_600_000_000_000), "{entry:?}");
    let other = other.replace('%', "%25").replace(':', "%3A");
    assert_eq!([&entry[1], &entry[2], &entry[3], &entry[4]], [&other, what, place, parker]);
    assert!(entry[5].parse::<u64>().is_ok_and(|ms| ms < 60_000), "{entry:?}");
}

#[test]
fn two_parks_and_a_return_are_in_the_record_of_both_sides() {
    let Some(desk) = open() else { return };
    let ends = desk.switch.events(&["CHANNEL_HANGUP_COMPLETE"]);
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let by = |user: &str| format!("{user}@{DOMAIN}");
    let (caller, theirs) = desk.talk(&alice, &bob);
    refer(&theirs, "701", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "701", "1001");
    let call = carol.call_up("701");
    two_way(&call, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "retrieved");
    refer(&call, "702", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "702", "1002");
    desk.api("return default 702");
    let again = carol.incoming(SOON);
    two_way(&again, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "returned");
    hang_up(&again, &caller, Ends::Other);

    let record = |uuid: &str| {
        let record = ends.wait(SOON, |event| event.uuid() == uuid);
        entries(record.text("variable_callpark_history"))
    };
    let first = record(call.uuid());
    assert_eq!(first.len(), 1, "{first:?}");
    is(&first[0], caller.uuid(), "retrieved", "default/701", &by("1001"));
    let second = record(again.uuid());
    assert_eq!(second.len(), 1, "{second:?}");
    is(&second[0], caller.uuid(), "returned", "default/702", &by("1002"));
    let all = record(caller.uuid());
    assert_eq!(all.len(), 4, "{all:?}");
    is(&all[0], "", "parked", "default/701", &by("1001"));
    is(&all[1], call.uuid(), "retrieved", "default/701", &by("1001"));
    is(&all[2], "", "parked", "default/702", &by("1002"));
    is(&all[3], again.uuid(), "returned", "default/702", &by("1002"));
}

/// Called by a command, then given up by its caller: every end is there, and a leg that took nobody has none.
#[test]
fn a_command_and_an_abandoned_call_are_in_the_record() {
    let Some(desk) = open() else { return };
    let ends = desk.switch.events(&["CHANNEL_HANGUP_COMPLETE"]);
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    let caller = alice.call_up("park_default_703");
    desk.wait_parked(&caller, "default", "703", "");
    let nothing = bob.call("take_default_704");
    desk.switch.wait_var(nothing.uuid(), "callpark_status", "empty");
    nothing.hangup();
    assert!(desk.api("retrieve default 703 user/1002@test.local").starts_with("+OK"));
    let call = carol.incoming(SOON);
    two_way(&call, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "retrieved");
    refer(&call, "704", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "704", "1002");
    desk.api("move default 704 default 705");
    caller.hangup();
    desk.outcome(&caller, "abandoned");
    let text = |uuid: &str| {
        let record = ends.wait(SOON, |event| event.uuid() == uuid);
        record.text("variable_callpark_history").to_owned()
    };
    assert_eq!(text(nothing.uuid()), "");
    let theirs = entries(&text(call.uuid()));
    is(&theirs[0], caller.uuid(), "retrieved", "default/703", "");
    let all = entries(&text(caller.uuid()));
    assert_eq!(all.len(), 4, "{all:?}");
    is(&all[2], "", "parked", "default/704", "1002@test.local");
    is(&all[3], "", "abandoned", "default/705", "1002@test.local");
}
