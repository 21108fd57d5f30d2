//! Questions are never waited for.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::receiver::{MOMENT, Receiver, status};
use super::*;
use crate::testing::{entry, park};

fn asking(desk: &Arc<Desk>, port: u16) -> Hooks {
    let questions = vec![Question { hook: hook("who", port) }];
    start(desk, None, Settings { webhooks: Vec::new(), questions }, quick())
}

/// Answers 200 with that body.
fn says(body: &'static str) -> impl FnMut(&receiver::Received, &mut std::net::TcpStream) + Send {
    move |_, stream| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(format!("{head}{body}").as_bytes());
    }
}

#[test]
fn each_park_is_asked_about_and_the_answer_is_handed_on() {
    let desk = Arc::new(Desk::default());
    let receiver = Receiver::new(says(
        r#"{"name":"Ada Lovelace","priority":7,"for":"1000@example.com","note":null,"other":[1]}"#,
    ));
    let hooks = asking(&desk, receiver.port);
    hooks.parked(&park(1_000, "u", "701"));
    hooks.parked(&entry(2_000, crate::entry::Action::Set, "u", "701"));
    wait("an answer", || !desk.suggested.lock().is_empty());
    let suggestion = Suggestion {
        name: Some("Ada Lovelace".into()),
        priority: Some("7".into()),
        addressed_to: Some("1000@example.com".into()),
        note: None,
    };
    assert_eq!(*desk.suggested.lock(), [("who".into(), "u".into(), 1_000, suggestion)]);
    let asked = receiver.all().remove(0);
    assert!(asked.is_signed() && asked.id() == "qst_u_1000");
    let json = asked.json();
    assert_eq!((&json["type"], &json["data"]["uuid"]), (&"callpark.question".into(), &"u".into()));
    assert_eq!(json["data"]["caller_id_number"], "+49301234567");
    assert_eq!((receiver.count(), listed(&hooks).kind), (1, "question"));
}

#[test]
fn an_answer_that_is_none_is_said_and_changes_nothing() {
    let desk = Arc::new(Desk::default());
    let receiver = Receiver::new(status(204));
    let hooks = asking(&desk, receiver.port);
    hooks.parked(&park(1_000, "a", "701"));
    wait("nothing to say", || listed(&hooks).delivered == 1);
    for (body, error) in [("[]", "JSON object"), ("<html>", "JSON object")] {
        receiver.answers(says(body));
        let failed = listed(&hooks).failed;
        hooks.parked(&park(1_000, "b", "701"));
        wait(body, || listed(&hooks).failed > failed);
        assert!(listed(&hooks).error.contains(error), "{:?}", listed(&hooks));
    }
    receiver.answers(says(r#"{"priority":[7]}"#));
    hooks.parked(&park(1_000, "c", "701"));
    wait("a value of no use", || listed(&hooks).error.contains("priority"));
    assert!(desk.suggested.lock().is_empty());
}

#[test]
fn an_answer_that_is_late_does_not_count() {
    let desk = Arc::new(Desk::default());
    let receiver = Receiver::new(|request, stream| {
        std::thread::sleep(Duration::from_millis(2_500));
        says(r#"{"name":"late"}"#)(request, stream);
    });
    let hooks = asking(&desk, receiver.port);
    hooks.parked(&park(1_000, "a", "701"));
    wait("no answer", || listed(&hooks).failed == 1);
    assert!(listed(&hooks).error.contains("within 2 s"), "{:?}", listed(&hooks));
    std::thread::sleep(Duration::from_secs(1));
    assert!(desk.suggested.lock().is_empty());
}

#[test]
fn too_many_questions_are_counted_and_nobody_waits() {
    let desk = Arc::new(Desk::default());
    let receiver = Receiver::new(|_, _| std::thread::sleep(Duration::from_secs(5)));
    let hooks = asking(&desk, receiver.port);
    let begun = Instant::now();
    for number in 0..600 {
        hooks.parked(&park(1_000, &format!("u{number}"), "701"));
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    let shed = listed(&hooks).shed;
    assert!((300..=344).contains(&shed), "{shed}");
    assert_eq!(*desk.said.lock(), [Change::Shedding]);
    std::thread::sleep(MOMENT);
    assert!(receiver.count() <= 16, "{}", receiver.count());
    assert!(hooks.stop(Duration::from_millis(100)));
}
