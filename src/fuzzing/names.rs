//! What callers are called, in everything that shows it.

use quick_xml::events::Event;

use super::{is_one_line, park, texts};
use crate::leg::caller_id;
use crate::park::{
    CallInfo, CallView, CallbackId, CallbackView, Caller, DisplayName, Effect, LONGEST_NAME,
    LONGEST_NOTE, LONGEST_NUMBER, ParkRequest, Privacy, Want, shortened,
};
use crate::render::{self, Format};
use crate::switch::clock;
use crate::switch::log;
use crate::tell::event;
use crate::tell::history;
use crate::tell::lamps::shown;

/// The columns of a list, and those of them that a table shows.
const COLUMNS: usize = 15;
const SHOWN: usize = 11;
/// The widest line of a table, in characters: 48 of each text, each of which an escape can make ten of.
const WIDEST: usize = SHOWN * (48 * 10 + 4);

/// `<name> 0xff <number> 0xff <note> 0xff <whom it is for>`.
pub fn names(data: &[u8]) {
    let [name, number, note, addressed_to] = texts(data);
    let private = data.first().is_some_and(|byte| byte % 8 == 7);
    let mut park = park();
    let lot: crate::park::LotKey = "default".parse().expect("a lot");
    for (uuid, name) in [("u-1", &*name), ("u-2", "Alice")] {
        let caller = Caller { private, ..Caller::new(name, &*number) };
        let info = CallInfo {
            parker: addressed_to.parse().ok(),
            note: (*note).into(),
            addressed_to: (*addressed_to).into(),
            parked_at_epoch_ms: 1_700_000_000_123,
            ..CallInfo::new(uuid.into(), caller)
        };
        let place = lot.clone();
        let request = ParkRequest::by_administrator(info, place, Want::Auto);
        let parked = park.park(clock::now(), request).expect("a free orbit");
        for effect in park.take_effects() {
            if let Effect::Event(event) = &effect {
                is_one_line(&log::line(&event::sentence(event)));
                let entry = history::entry(event, 1, "parked", Some(&name.into()));
                assert_eq!(entry.split(':').count(), 6, "{entry:?}");
                assert!(!entry.contains(|c: char| c == '|' || c.is_control()), "{entry:?}");
            }
        }
        lamp(park.lamp(clock::now(), &parked));
        let view = park.show(clock::now(), &parked, &|_| None).expect("an orbit");
        render::show_text(&view).lines().for_each(is_one_line);
        json(&render::show_json(&view));
    }
    let calls = park.calls(clock::now(), None);
    assert_eq!(&*calls[0].info.caller.name, shortened(&name, LONGEST_NAME));
    assert_eq!(&*calls[0].info.caller.number, shortened(&number, LONGEST_NUMBER));
    assert_eq!(&*calls[0].info.note, shortened(&note, LONGEST_NOTE));
    assert!(DisplayName::unescaped(&(&*name).into()).chars().count() <= LONGEST_NAME);
    lists(&calls);
    phones(&calls[0]);
    owed(&calls[0]);
}

fn lists(calls: &[CallView]) {
    table(&render::calls(calls, Format::Text), SHOWN, calls.len());
    let document = json(&render::calls(calls, Format::Json));
    let rows = document["calls"].as_array().expect("a list");
    assert_eq!(rows.len(), calls.len());
    for (row, call) in rows.iter().zip(calls) {
        assert_eq!(row.as_object().map(serde_json::Map::len), Some(COLUMNS));
        assert_eq!(row["caller_id_name"], *call.info.caller.name);
    }
    let text = render::calls(calls, Format::Csv);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<_> = reader.records().map(|row| row.expect("as many columns")).collect();
    assert_eq!(rows.len(), calls.len());
    for (row, call) in rows.iter().zip(calls) {
        assert_eq!((row.len(), row.get(3)), (COLUMNS, Some(&*call.info.caller.name)));
    }
    xml(&render::calls(calls, Format::Xml), calls.len());
}

/// One line a row, each with as many cells, and whoever splits it finds them.
fn table(text: &str, columns: usize, rows: usize) {
    let lines: Vec<&str> = text.split('\n').collect();
    assert_eq!(lines.len(), rows + 3, "{text}");
    for line in &lines[..=rows] {
        is_one_line(line);
        assert!(line.chars().count() <= WIDEST, "{line}");
        let (mut cells, mut inside, mut escaped, mut before) = (0, false, false, ' ');
        for c in line.chars() {
            cells += usize::from(!inside && before == ' ' && c != ' ');
            inside ^= c == '"' && !escaped;
            escaped = inside && c == '\\' && !escaped;
            before = c;
        }
        assert_eq!((cells, inside), (columns, false), "{line}");
    }
}

fn json(text: &str) -> serde_json::Value {
    assert!(!text.contains(|c| c < ' '), "{text:?}");
    serde_json::from_str(text).expect("JSON")
}

fn xml(text: &str, rows: usize) {
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut depth, mut calls, mut cells) = (0, 0, 0);
    loop {
        match reader.read_event().expect("XML") {
            Event::Start(start) => {
                depth += 1;
                calls += usize::from(start.name().as_ref() == "call");
                cells += usize::from(depth == 3);
                assert!(depth <= 3, "{text}");
            }
            Event::Empty(_) => cells += usize::from(depth == 2),
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            Event::Text(_) | Event::GeneralRef(_) => {}
            event => panic!("{event:?}"),
        }
    }
    assert_eq!((depth, calls, cells), (0, rows, rows * COLUMNS), "{text}");
    assert!(text.chars().all(is_xml), "{text:?}");
}

/// The characters of XML 1.0.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// FreeSWITCH writes what a lamp shows into an XML document as it is.
fn lamp(lamp: crate::park::Lamp) {
    let (shown, _) = shown::shown(lamp);
    for (name, value) in shown.headers("park", "701", "a.b", None, false) {
        assert!(value.chars().all(|c| is_xml(c) && !c.is_control()), "{name}: {value:?}");
        if !name.starts_with("Caller-") {
            continue;
        }
        let document = format!("<target uri=\"{value}\">{value}</target>");
        let mut reader = quick_xml::Reader::from_str(&document);
        match reader.read_event().expect("XML") {
            Event::Start(start) => {
                let attributes: Result<Vec<_>, _> = start.attributes().collect();
                assert_eq!(attributes.expect("attributes").len(), 1, "{document}");
            }
            event => panic!("{event:?}"),
        }
        loop {
            match reader.read_event().expect("XML") {
                Event::Text(_) | Event::GeneralRef(_) => {}
                Event::End(_) => break,
                event => panic!("{event:?}"),
            }
        }
        assert!(matches!(reader.read_event(), Ok(Event::Eof)), "{document}");
    }
}

/// What mod_sofia puts into headers.
fn phones(call: &CallView) {
    let name = caller_id::for_sip(&caller_id::shown_name(call));
    assert!(!name.contains(char::is_control), "{name:?}");
    let inside = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(&name);
    let mut quotes = inside.chars();
    while let Some(c) = quotes.next() {
        assert!(!matches!(c, '"' | ':' | '/' | '@'), "{name:?}");
        if c == '\\' {
            assert!(matches!(quotes.next(), Some('"' | '\\')), "{name:?}");
        }
    }
    let number = caller_id::shown_number(call);
    assert!((1..=LONGEST_NUMBER).contains(&number.len()), "{number:?}");
    assert!(number.bytes().all(|b| b.is_ascii_alphanumeric() || b"+*#._-%".contains(&b)));
}

fn owed(call: &CallView) {
    let callback = CallbackView {
        id: CallbackId(1),
        lot: call.lot.clone(),
        orbit: call.orbit.clone(),
        uuid: call.info.uuid.clone(),
        caller: Caller {
            name: call.info.caller.name.clone(),
            number: call.info.caller.number.clone(),
            private: false,
        },
        by: "1000@a.b".parse().expect("a user"),
        attempts_left: 1,
        expires_in_ms: 1,
        trying: false,
        reason: Some(call.info.note.clone()),
        note: None,
        privacy: Privacy::Off,
    };
    let callbacks = [callback];
    table(&render::callbacks_text(&callbacks), 10, 1);
    json(&render::callbacks_json(&callbacks));
}
