//! Webhooks and questions: what happens is sent, and an answer changes the call.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kit::SOON;

use super::lot::{MOMENT, Scene, setup};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Takes every message and answers with this JSON.
struct Receiver {
    port: u16,
    received: Arc<Mutex<Vec<serde_json::Value>>>,
}

impl Receiver {
    fn new(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let received: Arc<Mutex<Vec<serde_json::Value>>> = Arc::default();
        let theirs = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Some((stream, body)) = stream.ok().and_then(|stream| read(&stream)) else {
                    continue;
                };
                theirs.lock().expect("the list").push(body);
                let mut stream = stream;
                let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length:";
                let _ =
                    stream.write_all(format!("{head} {}\r\n\r\n{answer}", answer.len()).as_bytes());
            }
        });
        Receiver { port, received }
    }

    /// Waits until there are so many about that call: their actions.
    fn wait(&self, scene: &Scene, uuid: &str, count: usize) -> Vec<String> {
        self.wait_for(SOON, scene, uuid, count)
    }

    fn wait_for(&self, time: Duration, scene: &Scene, uuid: &str, count: usize) -> Vec<String> {
        scene.switch.eventually(time, "messages", || {
            let all = self.received.lock().expect("the list");
            let of = all.iter().filter(|message| message["data"]["uuid"] == uuid);
            let actions: Vec<String> =
                of.map(|message| message["data"]["action"].as_str().unwrap_or("").into()).collect();
            (actions.len() >= count).then_some(actions)
        })
    }
}

fn read(stream: &TcpStream) -> Option<(TcpStream, serde_json::Value)> {
    stream.set_read_timeout(Some(SOON)).ok()?;
    let mut lines = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).ok()?;
        let line = line.trim_end().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    Some((stream.try_clone().ok()?, serde_json::from_slice(&body).ok()?))
}

/// A switch with these settings.
fn with(settings: &str) -> Scene {
    let conf = format!(
        r#"<configuration name="callpark.conf">
<settings>{settings}</settings>
<lots><lot name="default" orbits="701-799"><param name="timeout" value="0"/><param name="announce" value="false"/></lot></lots>
</configuration>"#
    );
    Scene::start(setup("").callpark_conf(&conf))
}

fn element(kind: &str, name: &str, port: u16, more: &str) -> String {
    format!(
        r#"<{kind} name="{name}" url="http://127.0.0.1:{port}/x?key=topsecret" secret="{SECRET}" {more}/>"#
    )
}

fn listed(scene: &Scene, name: &str) -> serde_json::Value {
    let list: serde_json::Value =
        serde_json::from_str(&scene.api("webhooks json")).expect("a list");
    let all = list["webhooks"].as_array().expect("webhooks").clone();
    all.into_iter().find(|hook| hook["name"] == name).expect("the webhook")
}

#[test]
fn a_webhook_is_sent_a_park_and_a_retrieval() {
    let receiver = Receiver::new("{}");
    let scene = with(&element("webhook", "crm", receiver.port, ""));
    let (caller, _) = scene.park_with("park_701", &[("callpark_note", "\"<b>\"")]);
    scene.dial("take_default_701");
    scene.outcome(&caller, "retrieved");
    assert_eq!(receiver.wait(&scene, &caller, 2), ["park", "retrieve"]);
    let all = receiver.received.lock().expect("the list").clone();
    let last = all.last().expect("a message");
    assert_eq!(last["type"], "callpark.retrieve");
    assert_eq!(last["data"]["outcome"], "retrieved");
    assert_eq!(last["data"]["call"]["note"], "\"<b>\"");
    scene.switch.eventually(SOON, "the list", || {
        let crm = listed(&scene, "crm");
        (crm["delivered"].as_u64() >= Some(2) && crm["waiting"] == 0).then_some(())
    });
    assert!(scene.api("webhooks test crm").starts_with("+OK 200 after "));
    assert!(scene.api("webhooks test nobody").starts_with("-ERR failed there is no webhook"));
    assert!(scene.api("health").contains("webhooks: ok for "));
    assert!(!scene.api("webhooks").contains("topsecret"));
}

#[test]
fn a_question_names_the_caller_for_lists_events_and_lamps() {
    let receiver = Receiver::new(r#"{"name":"Ada Lovelace","priority":8,"note":"gold"}"#);
    // Without the journal.
    let settings = element("question", "who", receiver.port, "");
    let scene = with(&format!("<param name=\"journal\" value=\"false\"/>{settings}"));
    let lamps = scene.switch.events(&["PRESENCE_IN"]);
    let (caller, parked) = scene.park("park_701");
    assert_ne!(parked.text("Callpark-Caller-ID-Name"), "Ada Lovelace");
    let named = scene.events.wait(SOON, |event| {
        event.is("Callpark-UUID", &caller)
            && event.is("Callpark-Action", "set")
            && event.is("Callpark-Caller-ID-Name", "Ada Lovelace")
    });
    assert_eq!(named.text("Callpark-Orbit"), "701");
    lamps.wait(SOON, |lamp| lamp.headers().iter().any(|(_, value)| value.contains("Ada Lovelace")));
    scene.switch.eventually(SOON, "the list", || {
        let call = scene.calls().remove(0);
        let is = call["caller_id_name"] == "Ada Lovelace"
            && call["priority"] == 8
            && call["note"] == "gold";
        is.then_some(())
    });
    scene.switch.kill(&caller);
    scene.outcome(&caller, "abandoned");
    scene.wait_empty();
}

#[test]
fn an_answer_that_comes_after_the_call_has_left_changes_nothing() {
    let slow = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = slow.local_addr().expect("an address").port();
    let scene = with(&element("question", "who", port, ""));
    let (first, _) = scene.park("park_701");
    // The question has been asked, and is answered when somebody else is in the orbit.
    let (stream, _) = slow.accept().expect("a question");
    let (mut stream, _) = read(&stream).expect("the question");
    scene.switch.kill(&first);
    scene.outcome(&first, "abandoned");
    let (second, _) = scene.park("park_701");
    let answer = r#"{"name":"Ada Lovelace"}"#;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len());
    stream.write_all(format!("{head}{answer}").as_bytes()).expect("an answer");
    scene.events.none_for(MOMENT, |event| event.is("Callpark-Action", "set"));
    assert_ne!(scene.calls()[0]["caller_id_name"], "Ada Lovelace");
    scene.switch.kill(&second);
    scene.wait_empty();
}

#[test]
fn a_dead_receiver_slows_no_call_and_is_caught_up_with() {
    // It takes connections, and never answers.
    let dead = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = dead.local_addr().expect("an address").port();
    let scene =
        with(&(element("webhook", "crm", port, "") + &element("question", "who", port, "")));
    let begun = Instant::now();
    let calls: Vec<String> = (0..50).map(|_| scene.park("park").0).collect();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(25), "{took:?} for 50 parks");
    for call in &calls {
        scene.switch.kill(call);
    }
    scene.wait_empty();
    scene.switch.eventually(SOON, "all of it waits", || {
        (listed(&scene, "crm")["waiting"].as_u64() >= Some(100)).then_some(())
    });
    // Another address, and everything arrives there.
    let receiver = Receiver::new("{}");
    scene.switch.write_callpark_conf(Some(&format!(
        "<configuration name=\"callpark.conf\"><settings>{}</settings><lots><lot name=\"default\" orbits=\"701-799\"/></lots></configuration>",
        element("webhook", "crm", receiver.port, "")
    )));
    assert!(scene.api("reload").starts_with("+OK"));
    assert!(scene.api("webhooks retry crm").starts_with("+OK "));
    // What was on its way is given up after 15 s, and sent again after 5 s more.
    for call in &calls {
        let actions = receiver.wait_for(Duration::from_secs(40), &scene, call, 2);
        assert_eq!(actions, ["park", "abandon"]);
    }
    scene.switch.eventually(SOON, "nothing waits", || {
        (listed(&scene, "crm")["waiting"] == 0).then_some(())
    });
}

#[test]
fn a_mistake_changes_nothing_and_shows_no_secret() {
    let receiver = Receiver::new("{}");
    let scene = with(&element("webhook", "crm", receiver.port, ""));
    let bad = element("webhook", "crm", receiver.port, "template=\"webhooks/none.json\"");
    scene.switch.write_callpark_conf(Some(&format!(
        "<configuration name=\"callpark.conf\"><settings>{bad}</settings></configuration>"
    )));
    let answer = scene.api("reload");
    assert!(answer.starts_with("-ERR failed webhook \"crm\": template "), "{answer}");
    assert!(answer.contains("conf/webhooks/none.json"), "{answer}");
    assert!(!scene.switch.log_contains("topsecret") && !scene.switch.log_contains("MfKQ9r8GKY"));
    let (caller, _) = scene.park("park_701");
    assert_eq!(receiver.wait(&scene, &caller, 1), ["park"]);
    scene.switch.kill(&caller);
    scene.wait_empty();
}
