//! Everything arrives, each call in its order, whatever happens to the endpoint or to this process.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::receiver::{MOMENT, Receiver, answer, status};
use super::*;
use crate::entry::{Action, Outcome};
use crate::testing::{Folder, end, entry, park};

/// What was delivered of each call, without what came again with the same id.
fn by_call(receiver: &Receiver) -> BTreeMap<String, Vec<String>> {
    let (mut calls, mut seen) = (BTreeMap::<String, Vec<String>>::new(), Vec::new());
    for request in receiver.all() {
        assert!(request.is_signed(), "{request:?}");
        if !seen.contains(&request.id().to_owned()) {
            seen.push(request.id().to_owned());
            let what = request.what();
            let (action, uuid) = what.split_once(' ').unwrap();
            calls.entry(uuid.to_owned()).or_default().push(action.to_owned());
        }
    }
    calls
}

#[test]
fn what_happens_is_sent_signed_and_in_order() {
    let (folder, desk) = (Folder::new(), Arc::new(Desk::default()));
    let (journal, receiver) = (journal(&folder), Receiver::new(status(204)));
    let hooks = start(&desk, Some(&journal), settings(&[webhook("crm", receiver.port)]), quick());
    for number in 0..20 {
        let parked = park(1_000, &format!("u{number}"), "701");
        journal.record(parked.clone());
        journal.record(entry(2_000, Action::Set, &parked.uuid, "701"));
        journal.record(end(&parked, 5_000, Outcome::Retrieved, "1002@example.com"));
    }
    receiver.wait(60);
    wait("recorded", || journal.tally("crm") == Default::default());
    let calls = by_call(&receiver);
    assert_eq!(calls.len(), 20);
    assert!(calls.values().all(|actions| *actions == ["park", "set", "retrieve"]), "{calls:?}");
    assert_eq!(receiver.count(), 60, "nothing twice");
    let last = receiver.all().into_iter().find(|request| request.what() == "retrieve u7").unwrap();
    let json = last.json();
    assert_eq!(json["type"], "callpark.retrieve");
    assert_eq!(json["timestamp"], "1970-01-01T00:00:06Z");
    let data = &json["data"];
    assert_eq!(
        (&data["outcome"], &data["wait_ms"], &data["retriever"]),
        (&"retrieved".into(), &5_000.into(), &"1002@example.com".into())
    );
    assert_eq!(data["call"]["caller_id_number"], "+49301234567");
    assert_eq!(data["call"]["parker"], "1001@example.com");
    assert!(last.id().starts_with("evt_") && last.path == "/in?key=topsecret");
    let listed = listed(&hooks);
    assert_eq!((listed.state, listed.delivered, listed.failed), ("ok", 60, 0));
    assert_eq!(listed.host, format!("127.0.0.1:{}", receiver.port));
    assert!(desk.said.lock().is_empty());
}

#[test]
fn a_dead_endpoint_gets_everything_when_it_is_back_and_both_are_said_once() {
    let (folder, desk) = (Folder::new(), Arc::new(Desk::default()));
    let journal = journal(&folder);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // The next attempt would be an hour later, and is at once when the endpoint answers.
    let schedule: Arc<[Duration]> =
        [Duration::from_millis(500)].into_iter().chain([Duration::from_secs(3_600); 8]).collect();
    let hooks = start(&desk, Some(&journal), settings(&[webhook("crm", port)]), schedule);
    for number in 0..8 {
        let parked = park(1_000, &format!("u{number}"), "701");
        journal.record(parked.clone());
        journal.record(end(&parked, 5_000, Outcome::Abandoned, ""));
    }
    wait("failures", || listed(&hooks).failed >= 8);
    assert_eq!(journal.tally("crm").waiting, 16);
    assert!(listed(&hooks).error.contains("refused"), "{:?}", listed(&hooks));
    let receiver = Receiver::on(TcpListener::bind(("127.0.0.1", port)).unwrap(), status(200));
    // Somebody asks, or an event comes that is due.
    let one = park(9_000, "later", "702");
    journal.record(one);
    receiver.wait(17);
    wait("recorded", || journal.tally("crm").waiting == 0);
    let calls = by_call(&receiver);
    assert!(
        calls.iter().all(|(uuid, all)| uuid == "later" || *all == ["park", "abandon"]),
        "{calls:?}"
    );
    assert_eq!((calls.len(), receiver.count()), (9, 17));
    let said = desk.said.lock().clone();
    assert!(
        matches!(said.as_slice(), [Change::Failing { .. }, Change::Working { .. }]),
        "{said:?}"
    );
    assert!(!said[0].to_string().contains("topsecret"), "{}", said[0]);
}

#[test]
fn a_message_that_fails_holds_up_its_call_alone_and_becomes_a_dead_letter() {
    let (folder, desk) = (Folder::new(), Arc::new(Desk::default()));
    let journal = journal(&folder);
    let receiver = Receiver::new(|request, stream| {
        answer(stream, if request.what() == "park bad" { 500 } else { 200 }, "");
    });
    let hooks = start(&desk, Some(&journal), settings(&[webhook("crm", receiver.port)]), quick());
    for uuid in ["bad", "good"] {
        let parked = park(1_000, uuid, "701");
        journal.record(parked.clone());
        journal.record(end(&parked, 5_000, Outcome::Abandoned, ""));
    }
    wait("a dead letter", || journal.tally("crm").dead == 1 && journal.tally("crm").waiting == 0);
    let all: Vec<String> = receiver.all().iter().map(|request| request.what()).collect();
    let attempts = all.iter().filter(|what| *what == "park bad").count();
    assert_eq!(attempts, 6, "the first and one for each pause: {all:?}");
    assert_eq!(all.last().map(String::as_str), Some("abandon bad"), "{all:?}");
    let ids: Vec<String> = receiver.all().iter().map(|request| request.id().to_owned()).collect();
    assert!(ids.iter().filter(|id| **id == ids[0]).count() <= 6);
    // A restart forgets nothing of it, and it can be tried again.
    receiver.answers(status(200));
    assert_eq!(hooks.retry(Some("other"), LONG).unwrap(), None);
    assert_eq!(hooks.retry(Some("crm"), LONG).unwrap(), Some(1));
    wait("the dead letter", || journal.tally("crm") == Default::default());
    assert_eq!(receiver.all().last().unwrap().what(), "park bad");
}

#[test]
fn what_was_on_its_way_when_the_process_died_comes_again_with_the_same_id() {
    let (folder, desk) = (Folder::new(), Arc::new(Desk::default()));
    let receiver = Receiver::new(|_, _| std::thread::sleep(MOMENT));
    let crm = || settings(&[webhook("crm", receiver.port)]);
    {
        let journal = journal(&folder);
        let hooks = start(&desk, Some(&journal), crm(), quick());
        let parked = park(1_000, "u", "701");
        journal.record(parked.clone());
        journal.record(end(&parked, 5_000, Outcome::Retrieved, ""));
        receiver.wait(1);
        // It has received the message, and nobody learns of that.
        hooks.stop(Duration::ZERO);
    }
    // Nothing may be lost that happens while nobody sends.
    let again = journal(&folder);
    again.wants(crm().wants());
    again.record(park(9_000, "v", "702"));
    receiver.answers(status(200));
    let _hooks = start(&desk, Some(&again), crm(), quick());
    wait("all of it", || again.flush(LONG) && again.tally("crm").waiting == 0);
    let all = receiver.all();
    let park: Vec<&str> =
        all.iter().filter(|one| one.what() == "park u").map(|one| one.id()).collect();
    assert!(park.len() >= 2 && park.iter().all(|id| *id == park[0]), "{park:?}");
    let calls = by_call(&receiver);
    assert_eq!(calls["u"], ["park", "retrieve"]);
    assert_eq!(calls["v"], ["park"]);
}

#[test]
fn gone_ends_a_webhook_until_somebody_wants_it_again() {
    let (folder, desk) = (Folder::new(), Arc::new(Desk::default()));
    let (journal, receiver) = (journal(&folder), Receiver::new(status(410)));
    let crm = settings(&[webhook("crm", receiver.port)]);
    let hooks = start(&desk, Some(&journal), crm.clone(), quick());
    journal.record(park(1_000, "a", "701"));
    wait("the end", || listed(&hooks).state == "ended");
    journal.record(park(2_000, "b", "702"));
    assert!(journal.flush(LONG));
    std::thread::sleep(MOMENT);
    assert_eq!((receiver.count(), journal.tally("crm").waiting), (1, 2));
    let ended = [Change::Ended { hook: "crm".to_owned() }];
    assert_eq!(*desk.said.lock(), ended);
    receiver.answers(status(200));
    hooks.configure(crm);
    wait("both", || journal.tally("crm").waiting == 0);
    assert_eq!(receiver.count(), 3);
}

#[test]
fn an_endpoint_that_wants_to_be_left_alone_is() {
    let (folder, desk) = (Folder::new(), Arc::new(Desk::default()));
    let journal = journal(&folder);
    let once = AtomicBool::new(true);
    let receiver = Receiver::new(move |_, stream| match once.swap(false, Ordering::Relaxed) {
        true => answer(stream, 429, "Retry-After: 2\r\n"),
        false => answer(stream, 200, ""),
    });
    let hooks = start(&desk, Some(&journal), settings(&[webhook("crm", receiver.port)]), quick());
    journal.record(park(1_000, "a", "701"));
    wait("429", || listed(&hooks).error.ends_with("429"));
    journal.record(park(2_000, "b", "702"));
    let all = receiver.wait(3);
    let paused = all[1].at - all[0].at;
    assert!(paused >= Duration::from_millis(1_900), "{paused:?}");
    wait("both", || journal.tally("crm").waiting == 0);
}

#[test]
fn a_webhook_is_sent_what_it_wants_and_as_much_of_a_caller_as_it_may_see() {
    let (folder, desk) = (Folder::new(), Arc::new(Desk::default()));
    let (journal, receiver) = (journal(&folder), Receiver::new(status(200)));
    let mut crm = webhook("crm", receiver.port);
    crm.want.actions = vec![Action::Park];
    crm.want.outcomes = vec![Outcome::Abandoned];
    crm.want.lots = vec!["default".to_owned()];
    *desk.shown.lock() = Some(Shown::Masked);
    let hooks = start(&desk, Some(&journal), settings(&[crm]), quick());
    for (uuid, lot, outcome) in [
        ("a", "default", Outcome::Abandoned),
        ("b", "default", Outcome::Retrieved),
        ("c", "other", Outcome::Abandoned),
    ] {
        let mut parked = park(1_000, uuid, "701");
        parked.place.lot = lot.to_owned();
        parked.subject.note = "ill".to_owned();
        journal.record(parked.clone());
        journal.record(end(&parked, 5_000, outcome, ""));
    }
    receiver.wait(3);
    wait("recorded", || journal.tally("crm").waiting == 0);
    let mut all: Vec<String> = receiver.all().iter().map(|request| request.what()).collect();
    all.sort();
    assert_eq!(all, ["abandon a", "park a", "park b"]);
    let call = receiver.all()[0].json()["data"]["call"].clone();
    assert_eq!(
        (&call["caller_id_name"], &call["caller_id_number"], &call["note"]),
        (&"A***".into(), &"+49301234***".into(), &"".into())
    );
    // What it may not see is done with, without a message.
    *desk.shown.lock() = None;
    journal.record(park(9_000, "d", "702"));
    wait("nothing", || journal.flush(LONG) && journal.tally("crm").waiting == 0);
    assert_eq!(receiver.count(), 3);
    assert_eq!(listed(&hooks).delivered, 3);
}

#[test]
fn a_caller_who_is_erased_is_in_no_message_that_is_still_to_be_sent() {
    let (folder, desk) = (Folder::new(), Arc::new(Desk::default()));
    let (journal, receiver) = (journal(&folder), Receiver::new(status(500)));
    let schedule: Arc<[Duration]> = Arc::from([Duration::from_secs(3_600); 5]);
    let hooks = start(&desk, Some(&journal), settings(&[webhook("crm", receiver.port)]), schedule);
    let parked = park(1_000, "a", "701");
    journal.record(parked.clone());
    journal.record(end(&parked, 5_000, Outcome::Abandoned, ""));
    wait("a failure", || listed(&hooks).failed == 1);
    assert!(receiver.all()[0].body.contains("+49301234567"));
    assert_eq!(journal.erase("+49301234567", LONG).unwrap().calls, 1);
    receiver.answers(status(200));
    hooks.retry(None, LONG).unwrap();
    let all = receiver.wait(3);
    assert!(all[1..].iter().all(|request| !request.body.contains("4930")), "{all:?}");
}
