//! The samples of conf/webhooks, with a caller who would like to be more than a text.

use std::sync::Arc;

use serde_json::{Value, json};

use super::receiver::{Receiver, status};
use super::*;
use crate::testing::{Folder, park};

const HOSTILE: &str = "<script>alert('1')</script> \"quoted\" \\ *bold* _it_ ~no~ `code` <!channel> <@U1> @all @channel [x](http://evil) \u{202e}\n\tend {{ 7 * 7 }}";

const SAMPLES: [(&str, &str); 6] = [
    ("zammad", include_str!("../../../../../conf/webhooks/zammad.json")),
    ("freshdesk", include_str!("../../../../../conf/webhooks/freshdesk.json")),
    ("hubspot", include_str!("../../../../../conf/webhooks/hubspot.json")),
    ("slack", include_str!("../../../../../conf/webhooks/slack.json")),
    ("teams", include_str!("../../../../../conf/webhooks/teams.json")),
    ("mattermost", include_str!("../../../../../conf/webhooks/mattermost.json")),
];

fn event(action: &str, outcome: Value) -> Value {
    json!({
        "type": format!("callpark.{action}"),
        "timestamp": "2026-11-26T14:03:00Z",
        "data": {
            "seq": 7, "at_ms": 1, "node": "pbx", "action": action, "uuid": "u", "from_uuid": null,
            "lot": "default", "orbit": "701", "outcome": outcome, "retriever": HOSTILE,
            "reason": HOSTILE, "step": null, "wait_ms": 65_000,
            "call": {
                "uuid": "u", "lot": "default", "orbit": "701", "domain": "example.com",
                "caller_id_name": HOSTILE, "caller_id_number": HOSTILE, "did": "100",
                "parker": "1000@example.com", "for": "", "priority": 0, "note": HOSTILE,
                "parked_at_ms": 1
            }
        }
    })
}

/// Every text in there.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(values) => values.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

#[test]
fn a_hostile_caller_is_a_text_in_every_sample() {
    for (name, sample) in SAMPLES {
        assert!(sample.contains("<webhook name="), "{name} shows how it is configured");
        let template = Template::compile(sample).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (action, outcome) in [
            ("park", Value::Null),
            ("abandon", "abandoned".into()),
            ("retrieve", "retrieved".into()),
            ("test", Value::Null),
        ] {
            let text = template.render(&event(action, outcome));
            let text = text.unwrap_or_else(|error| panic!("{name}, {action}: {error}"));
            let (mut all, json) = (Vec::new(), serde_json::from_str::<Value>(&text).unwrap());
            texts(&json, &mut all);
            let whole = all.join("\n");
            assert!(whole.contains("alert"), "{name}, {action} names the caller: {whole}");
            assert!(!whole.contains("49 "), "{name} is rendered once");
            for bad in [
                "<script",
                "<!channel",
                "<@U1",
                "@all",
                "@channel",
                "*bold*",
                "`code`",
                "](http",
                "\u{202e}",
            ] {
                assert!(!whole.contains(bad), "{name}, {action}: {bad:?} in {whole}");
            }
        }
    }
}

#[test]
fn a_template_makes_the_messages_or_a_dead_letter() {
    let (folder, desk) = (Folder::new(), Arc::new(Desk::default()));
    let (journal, receiver) = (journal(&folder), Receiver::new(status(200)));
    let mut crm = webhook("crm", receiver.port);
    crm.template = Some("{\"who\": {{ data.call.caller_id_name | tojson }}}".to_owned());
    let hooks = start(&desk, Some(&journal), settings(&[crm.clone()]), quick());
    let mut parked = park(1_000, "a", "701");
    parked.subject.caller_name = HOSTILE.to_owned();
    journal.record(parked);
    assert_eq!(receiver.wait(1)[0].json()["who"], HOSTILE);
    wait("recorded", || journal.tally("crm").waiting == 0);
    for (bad, why) in [
        ("{\"who\": {{ data.call.caller_id_name }}}", "is not JSON"),
        (
            "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
            "fuel",
        ),
        ("\"{% for a in range(9000) %}0123456789{% endfor %}\"", "longer than"),
    ] {
        crm.template = Some(bad.to_owned());
        hooks.configure(settings(&[crm.clone()]));
        let dead = journal.tally("crm").dead;
        journal.record(park(2_000, why, "702"));
        wait(why, || journal.tally("crm").dead > dead);
        assert!(listed(&hooks).error.contains(why), "{:?}", listed(&hooks));
    }
    assert_eq!(receiver.count(), 1);
}

#[test]
fn a_bad_template_is_refused_with_its_line() {
    let error = Template::compile("{\n\n{{ a | nosuchfilter }}\n{% if %}").unwrap_err();
    assert_eq!(error.line, Some(4), "{error}");
    assert!(Template::compile(&"x".repeat(70_000)).is_err());
}

#[test]
fn a_link_is_in_the_messages_that_ask_for_one() {
    let (folder, desk) = (Folder::new(), Arc::new(Desk::default()));
    let (journal, receiver) = (journal(&folder), Receiver::new(status(200)));
    let (plain, mut linked) = (webhook("plain", receiver.port), webhook("linked", receiver.port));
    linked.template = Some("{\"link\": {{ callpark_link | tojson }}}".to_owned());
    let _hooks = start(&desk, Some(&journal), settings(&[linked, plain]), quick());
    journal.record(park(1_000, "a", "701"));
    let bodies = |count| -> Vec<serde_json::Value> {
        receiver.wait(count).iter().map(|message| message.json()).collect()
    };
    let (with, without): (Vec<_>, Vec<_>) =
        bodies(2).into_iter().partition(|body| body.get("link").is_some());
    assert_eq!(with[0]["link"], "https://pbx/r/a.1000");
    assert!(!without[0].to_string().contains("/r/"), "{}", without[0]);
    // The call is there no more.
    journal.record(park(2_000, "b", "702"));
    assert!(bodies(4).iter().any(|body| body["link"] == ""));
}
