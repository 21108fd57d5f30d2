//! Endpoints that answer with anything but an answer.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::receiver::{Receiver, status};
use super::*;
use crate::testing::{Folder, park};

/// Memory of this process, in KiB.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What comes of one delivery, and how long it took.
fn outcome(answer: impl FnMut(&mut std::net::TcpStream) + Send + 'static) -> (Listed, Duration) {
    let mut answer = answer;
    let (folder, desk) = (Folder::new(), Arc::new(Desk::default()));
    let (journal, receiver) = (journal(&folder), Receiver::new(move |_, stream| answer(stream)));
    let host: Arc<dyn Host> = desk;
    let schedule: Arc<[Duration]> = Arc::from([Duration::from_secs(3_600); 5]);
    let all = settings(&[webhook("crm", receiver.port)]);
    journal.wants(all.wants());
    let setup = Setup::new(host, Some(Arc::clone(&journal)));
    let setup = Setup { schedule, deliver_within: Duration::from_secs(3), ..setup };
    let hooks = Hooks::start(setup, all).unwrap();
    journal.record(park(1_000, "a", "701"));
    let begun = Instant::now();
    wait("an end", || listed(&hooks).delivered + listed(&hooks).failed > 0);
    (listed(&hooks), begun.elapsed())
}

#[test]
fn garbage_is_a_failure() {
    let (listed, _) = outcome(|stream| drop(stream.write_all(b"\x00\xffSSH-2.0-nonsense\r\n\r\n")));
    assert_eq!((listed.state, listed.waiting), ("failing", 1));
    let (listed, _) = outcome(|_| {});
    assert_eq!(listed.state, "failing", "an answer that does not come");
}

#[test]
fn a_gigabyte_counts_by_its_status_and_is_not_kept() {
    let before = memory();
    let (listed, took) = outcome(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..1024 {
            if stream.write_all(&piece).is_err() {
                break;
            }
        }
    });
    assert_eq!(listed.delivered, 1);
    let grown = memory().saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_head_without_an_end_is_a_failure_and_is_not_kept() {
    let before = memory();
    let (listed, _) = outcome(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        let line = format!("X-{}: y\r\n", "a".repeat(1_000));
        while stream.write_all(line.as_bytes()).is_ok() {}
    });
    assert_eq!(listed.state, "failing", "{listed:?}");
    let grown = memory().saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB");
}

#[test]
fn a_byte_a_second_counts_by_its_status_or_not_at_all() {
    let drip = |head: &'static [u8]| {
        move |stream: &mut std::net::TcpStream| {
            let _ = stream.write_all(head);
            while stream.write_all(b"a").is_ok() {
                std::thread::sleep(Duration::from_millis(200));
            }
        }
    };
    let (listed, took) = outcome(drip(b"HTTP/1.1 202 OK\r\nContent-Length: 1000000\r\n\r\n"));
    assert_eq!(listed.delivered, 1);
    assert!(took < Duration::from_secs(10), "{took:?}");
    let (listed, _) = outcome(drip(b"HTTP/1.1 2"));
    assert_eq!(listed.failed, 1);
}

#[test]
fn a_test_says_what_comes_of_it() {
    let desk = Arc::new(Desk::default());
    let receiver = Receiver::new(status(200));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let all = settings(&[webhook("crm", receiver.port), webhook("none", closed)]);
    let hooks = start(&desk, None, all, quick());
    assert!(hooks.test("crm").unwrap().unwrap().starts_with("200 after "));
    let sent = receiver.all().remove(0);
    assert!(sent.is_signed());
    assert_eq!(sent.json()["type"], "callpark.test");
    assert!(hooks.test("none").unwrap().unwrap_err().contains("refused"));
    receiver.answers(status(500));
    assert_eq!(hooks.test("crm").unwrap().unwrap_err(), "it answers 500");
    assert_eq!(hooks.test("other"), None);
    assert!(hooks.stop(LONG));
}
