//! What a lamp's NOTIFY says.

use kit::phone::Subscription;
use kit::{Phone, SOON};
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

/// A dialog-info document, as a phone reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lamp {
    /// `terminated`, `confirmed` or `early`; without a dialog it is idle, which is `terminated`.
    pub state: String,
    /// The remote party: who waits.
    pub name: String,
    pub number: String,
    /// The user that the key dials when it is pressed.
    pub target: String,
    /// The dialog that the document names; empty if it names none.
    pub call_id: String,
    pub local_tag: String,
    pub remote_tag: String,
    pub direction: String,
}

impl Lamp {
    /// The header `Replaces` of a phone that picks the call up: seen from the watched party, which it calls.
    pub fn replaces(&self) -> String {
        format!("{};to-tag={};from-tag={}", self.call_id, self.local_tag, self.remote_tag)
    }
}

/// Reads it.
///
/// # Panics
/// When it is no well-formed XML.
pub fn read(body: &str) -> Lamp {
    let mut lamp = Lamp { state: "terminated".into(), ..Lamp::default() };
    let mut reader = Reader::from_str(body);
    let mut path: Vec<String> = Vec::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}:\n{body}")) {
            Event::Start(element) => {
                path.push(name_of(&element));
                begin(&mut lamp, &path, &element, body);
            }
            Event::Empty(element) => {
                path.push(name_of(&element));
                begin(&mut lamp, &path, &element, body);
                path.pop();
            }
            Event::Text(text) => match path.last().map(String::as_str) {
                Some("state") => lamp.state = text.to_string(),
                Some("identity") if in_remote(&path) => lamp.number = user(&text),
                _ => {}
            },
            Event::End(_) => drop(path.pop()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(path.is_empty(), "{path:?} is not closed:\n{body}");
    lamp
}

fn begin(lamp: &mut Lamp, path: &[String], element: &BytesStart<'_>, body: &str) {
    for attribute in element.attributes() {
        let attribute = attribute.expect(body);
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).expect(body);
        match (path.last().map(String::as_str), attribute.key.as_ref()) {
            (Some("identity"), "display") if in_remote(path) => lamp.name = value.into_owned(),
            (Some("target"), "uri") if in_remote(path) => lamp.target = user(&value),
            (Some("dialog"), "call-id") => lamp.call_id = value.into_owned(),
            (Some("dialog"), "local-tag") => lamp.local_tag = value.into_owned(),
            (Some("dialog"), "remote-tag") => lamp.remote_tag = value.into_owned(),
            (Some("dialog"), "direction") => lamp.direction = value.into_owned(),
            _ => {}
        }
    }
}

fn name_of(element: &BytesStart<'_>) -> String {
    element.local_name().as_ref().to_owned()
}

fn in_remote(path: &[String]) -> bool {
    path.iter().any(|element| element == "remote")
}

fn user(uri: &str) -> String {
    let uri = uri.trim().trim_start_matches("sip:");
    uri.split('@').next().unwrap_or_default().to_owned()
}

/// A phone's dialog subscription to `park+<login>`, which has had its first NOTIFY: dark.
#[track_caller]
pub fn watch(phone: &Phone, login: &str) -> Subscription {
    let lamp = phone.subscribe(&format!("park+{login}"), "dialog");
    lamp.wait(SOON, |body| read(body).state == "terminated");
    lamp
}

/// The next NOTIFY with that state.
#[track_caller]
pub fn wait_state(lamp: &Subscription, state: &str) -> Lamp {
    read(&lamp.wait(SOON, |body| read(body).state == state).body)
}
