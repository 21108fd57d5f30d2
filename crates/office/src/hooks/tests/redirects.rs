//! Redirects lead nowhere that the administrator has not named.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;

use super::receiver::{Receiver, answer, status};
use super::*;
use crate::hooks::client::{Answer, Patience, Trust, post};

fn send(hook: &Hook) -> Result<Answer, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let patience = Patience { whole: Duration::from_secs(10), body: Duration::from_secs(1) };
    let headers = vec![("webhook-id", "evt_1".to_owned())];
    runtime.block_on(post(&Trust::default(), hook, &headers, Bytes::from_static(b"{}"), patience))
}

/// One that redirects there.
fn redirecting(code: u16, to: String) -> Receiver {
    Receiver::new(move |_, stream| answer(stream, code, &format!("Location: {to}\r\n")))
}

#[test]
fn a_redirect_into_the_own_network_has_to_be_allowed() {
    let inside = Receiver::new(status(200));
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let first = redirecting(307, format!("http://{host}:{}/secret", inside.port));
        let mut hook = hook("crm", first.port);
        hook.authorization = Hidden::header("Bearer topsecret");
        let error = send(&hook).unwrap_err();
        assert!(error.contains("is not on the Internet"), "{error}");
        assert!(!error.contains("secret"), "{error}");
        hook.private = true;
        if host == "127.0.0.1" {
            assert_eq!(send(&hook).unwrap().status, 200);
        }
        let authorization = first.all()[0].headers.get("authorization").cloned();
        assert_eq!(authorization.as_deref(), Some("Bearer topsecret"));
    }
    let sent = inside.all();
    assert_eq!(sent.len(), 1, "only where it was allowed");
    assert_eq!((sent[0].path.as_str(), sent[0].body.as_str()), ("/secret", "{}"));
    assert_eq!(sent[0].headers["webhook-id"], "evt_1");
    assert!(!sent[0].headers.contains_key("authorization"), "that is for the first host");
}

#[test]
fn within_one_host_a_redirect_is_followed_and_a_circle_is_not() {
    let receiver = Receiver::new(|request, stream| match request.path.as_str() {
        "/b" => answer(stream, 201, ""),
        _ => answer(stream, 308, "Location: /b\r\n"),
    });
    assert_eq!(send(&hook("crm", receiver.port)).unwrap().status, 201);
    receiver.answers(|_, stream| answer(stream, 307, "Location: /a\r\n"));
    let before = receiver.count();
    let error = send(&hook("crm", receiver.port)).unwrap_err();
    assert!(error.contains("more than 3 times"), "{error}");
    assert_eq!(receiver.count() - before, 4);
}

#[test]
fn what_would_change_the_post_is_a_failure_that_says_so() {
    for code in [301, 302, 303] {
        let receiver = redirecting(code, "https://elsewhere.example/x?key=topsecret".to_owned());
        let error = send(&hook("crm", receiver.port)).unwrap_err();
        assert!(error.contains(&code.to_string()), "{error}");
        assert!(error.contains("redirects to elsewhere.example; only 307"), "{error}");
        assert!(!error.contains("topsecret"), "{error}");
    }
    let receiver = redirecting(307, "gopher://elsewhere.example/".to_owned());
    assert!(send(&hook("crm", receiver.port)).unwrap_err().contains("not an address of HTTP"));
    // Without a destination it is a status as any other.
    let receiver = Receiver::new(status(304));
    assert_eq!(send(&hook("crm", receiver.port)).unwrap().status, 304);
}

#[test]
fn nothing_is_sent_by_a_certificate_that_nobody_vouches_for() {
    let receiver = Receiver::new(status(200));
    let mut hook = hook("crm", receiver.port);
    hook.endpoint = format!("https://127.0.0.1:{}/", receiver.port).parse().unwrap();
    let error = send(&hook).unwrap_err();
    assert!(error.starts_with(&format!("127.0.0.1:{}: ", receiver.port)), "{error}");
    assert_eq!(receiver.count(), 0);
    drop(Arc::new(receiver));
}
