//! Whatever a caller is called, every format can be read back.

use super::*;
use crate::park::{
    CallInfo, CallState, CallView, Caller, LotConfig, Moment, OrbitKey, OrbitRange, Park,
    ParkRequest, Step, Want,
};

/// What somebody could send as a caller id to break a format.
const NASTY: &str =
    "Eve\"; \n1 calls\r\n<b>&amp;]]>\u{0}\u{1b}[2J\u{202e},\\n\t\u{fffe} ü 😀 {\"a\":1}";

fn park() -> Park {
    let ranges = OrbitRange::parse_list("701-705").unwrap();
    let mut park = Park::new(1);
    park.configure(Moment(0), vec![LotConfig::new("default".parse().unwrap(), ranges)]);
    park
}

fn put(park: &mut Park, uuid: &str, name: &str) {
    let info = CallInfo {
        priority: 3,
        note: name.into(),
        parked_at_epoch_ms: 1_700_000_000_123,
        ..CallInfo::new(uuid.into(), Caller::new(name, name))
    };
    let request = ParkRequest {
        returns: Some(Step::parse_list("parker|user/1").unwrap()),
        ..ParkRequest::by_administrator(info, "default".parse().unwrap(), Want::Auto)
    };
    park.park(Moment(0), request).unwrap();
}

fn two() -> Vec<CallView> {
    let mut park = park();
    put(&mut park, "u-1", NASTY);
    put(&mut park, "u-2", "Alice");
    park.calls(Moment(1_500), None)
}

#[test]
fn json_is_one_document() {
    let text = calls(&two(), Format::Json);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let list = json["calls"].as_array().unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(list[0]["caller_id_name"], NASTY);
    assert_eq!(list[0]["waiting_ms"], 1_500);
    assert_eq!(list[0]["timeout_ms_left"], 88_500);
    assert_eq!(list[0]["parker"], serde_json::Value::Null);
    assert_eq!(list[0]["state"], CallState::Waiting.as_str());
    assert_eq!(list[0]["parked_at"], 1_700_000_000_123_u64);
    let start = r#"{"calls":[{"lot":"default","orbit":"701","uuid":"u-1","caller_id_name":"#;
    assert!(text.starts_with(start), "{text}");
    assert_eq!(calls(&[], Format::Json), r#"{"calls":[]}"#);
}

#[test]
fn csv_can_be_read_back() {
    let text = calls(&two(), Format::Csv);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    assert_eq!(header.iter().next(), Some("lot"));
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    let name = header.iter().position(|name| name == "caller_id_name").unwrap();
    assert_eq!(rows[0].get(name), Some(NASTY));
    assert_eq!(calls(&[], Format::Csv).lines().count(), 1);
}

#[test]
fn xml_can_be_read_back() {
    use quick_xml::events::Event;
    let text = calls(&two(), Format::Xml);
    assert!(!text.contains(['\0', '\u{1b}', '\u{fffe}']));
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut rows, mut name, mut inside) = (0, String::new(), false);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                rows += usize::from(start.name().as_ref() == "call");
                inside = rows == 1 && start.name().as_ref() == "caller_id_name";
            }
            Event::End(_) => inside = false,
            Event::Text(text) if inside => name.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) if inside => match reference.resolve_char_ref().unwrap() {
                Some(c) => name.push(c),
                None => {
                    let entity = format!("&{};", reference.xml10_content());
                    name.push_str(&quick_xml::escape::unescape(&entity).unwrap());
                }
            },
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(rows, 2);
    assert_eq!(name, NASTY.replace(['\0', '\u{1b}', '\u{fffe}'], "\u{fffd}"));
    assert!(calls(&[], Format::Xml).starts_with("<calls"));
}

#[test]
fn text_has_a_line_a_call() {
    let text = calls(&two(), Format::Text);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("lot      orbit  uuid"));
    assert!(lines[2].starts_with("default  702    u-2   Alice"));
    assert_eq!(lines[3], "2 calls");
    assert!(!text.contains(['\u{0}', '\u{1b}', '\u{202e}', '\r', '\t']));
    assert!(lines[1].contains(r#""Eve\"; \n1 calls\r\n<b>"#), "{text}");
    assert_eq!(calls(&two()[..1], Format::Text).lines().last(), Some("1 call"));
    assert_eq!(calls(&[], Format::Text).lines().last(), Some("0 calls"));
}

#[test]
fn cells_of_text_cannot_be_mistaken() {
    for (raw, shown) in
        [("a", "a"), ("", "\"\""), ("-", "\"-\""), ("a b", "\"a b\""), ("\\", "\"\\\\\"")]
    {
        assert_eq!(text::quoted(raw), shown);
    }
}

#[test]
fn status_counts_the_lots() {
    let mut park = park();
    put(&mut park, "u-1", "Alice");
    assert_eq!(status_text(&park.lots()), "default: capacity 5, parked 1, free 4, closed 0\n");
    park.reserve(Moment(0), &"x".into(), &"default".parse().unwrap(), Want::Auto, 9).unwrap();
    let text = status_text(&park.lots());
    assert_eq!(text, "default: capacity 5, parked 1, free 3, closed 0, reserved 1\n");
    let json: serde_json::Value = serde_json::from_str(&status_json(&park.lots())).unwrap();
    let lot = &json["lots"][0];
    assert_eq!((&lot["lot"], &lot["capacity"]), (&"default".into(), &5.into()));
    assert_eq!((&lot["free"], &lot["removed"]), (&3.into(), &false.into()));
    assert_eq!(lot["going"], lot["removed"]);
}

#[test]
fn show_tells_what_comes_next() {
    let mut park = park();
    put(&mut park, "u-1", NASTY);
    let at =
        |orbit: &str| OrbitKey { lot: "default".parse().unwrap(), orbit: orbit.parse().unwrap() };
    let view = park.show(Moment(1_500), &at("701"), &|_| None).unwrap();
    let text = show_text(&view);
    assert!(text.starts_with("default 701 is parked\n  uuid: u-1\n"), "{text}");
    assert!(text.contains(
        "next: in 88.500 s rings the parker for 20 s (skipped: the parker is not known)\n"
    ));
    assert!(text.contains("next: in 88.500 s rings user/1 for 20 s\n"));
    let json: serde_json::Value = serde_json::from_str(&show_json(&view)).unwrap();
    assert_eq!(json["call"]["caller_id_name"], NASTY);
    assert_eq!(json["next"][1]["in_ms"], 88_500);
    let free = park.show(Moment(0), &at("705"), &|_| None).unwrap();
    assert_eq!(show_text(&free), "default 705 is free\n");
    let json: serde_json::Value = serde_json::from_str(&show_json(&free)).unwrap();
    assert_eq!((&json["state"], &json["call"]), (&"free".into(), &serde_json::Value::Null));
}

/// A name that is longer once it is escaped than any formatter pads, and one that is simply long.
#[test]
fn a_long_name_widens_no_table_and_breaks_none() {
    for name in ["\u{202e}".repeat(8_192), "x".repeat(60_000)] {
        let mut park = park();
        put(&mut park, "u-1", &name);
        put(&mut park, "u-2", "Alice");
        let list = park.calls(Moment(1_500), None);
        assert_eq!(list[0].info.caller.name.chars().count(), crate::park::LONGEST_NAME);
        let text = calls(&list, Format::Text);
        assert!(text.lines().all(|line| line.chars().count() < 2_000), "{text}");
        for format in [Format::Json, Format::Xml, Format::Csv] {
            assert!(calls(&list, format).len() < 16_000);
        }
        let orbit = park.show(Moment(1_500), &list[0].place(), &|_| None);
        assert!(orbit.is_ok_and(|orbit| show_text(&orbit).len() < 16_000));
    }
}
