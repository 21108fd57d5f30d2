//! What callers, dialplans and administrators send that makes no sense, or too much of it.

use kit::{SOON, new_uuid};

use super::lot::{LOTS, Scene, setup};

/// A name with everything in it that means something to somebody.
const NAME: &str = r#"Bob <&"'> %s%n $x \ , ; = [a] {b} |"#;
const CHINESE: &str = "王小明 ñ €";

#[test]
fn names_arrive_intact_everywhere() {
    let scene = Scene::start(setup(LOTS));
    for name in [NAME, CHINESE] {
        let (caller, parked) = scene.park_with(
            "park_701",
            &[
                ("origination_callee_id_name", name),
                ("origination_callee_id_number", "+49 30 \"1\""),
                ("callpark_note", name),
            ],
        );
        assert_eq!(parked.text("Callpark-Caller-ID-Name"), name);
        assert_eq!(parked.text("Callpark-Note"), name);
        let call = scene.calls().remove(0);
        assert_eq!(call["caller_id_name"], name);
        assert_eq!(call["note"], name);

        let csv = scene.api("list csv");
        let mut rows = csv::Reader::from_reader(csv.as_bytes());
        let column = rows.headers().expect(&csv).iter().position(|name| name == "caller_id_name");
        let row = rows.records().next().expect("a row").expect(&csv);
        assert_eq!(row.get(column.expect("a column")), Some(name));

        let xml = scene.api("list xml");
        let escaped = quick_xml::escape::escape(name);
        assert!(xml.contains(escaped.as_ref()) || unescaped(&xml).contains(name), "{xml}");

        let text = scene.api("list");
        assert!(text.contains(name.split(' ').next().expect("a word")), "{text}");
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
    }
}

#[test]
fn a_huge_name_or_note_breaks_no_list_and_is_shortened_everywhere() {
    let scene = Scene::start(setup(LOTS));
    let (other, _) = scene.park("park_702");
    for name in ["\u{202e}".repeat(8_192), "x".repeat(20_000)] {
        let huge = [
            ("origination_callee_id_name", name.as_str()),
            ("origination_callee_id_number", name.as_str()),
            ("callpark_note", name.as_str()),
        ];
        let (caller, parked) = scene.park_with("park_701", &huge);
        let (name, number) =
            (parked.text("Callpark-Caller-ID-Name"), parked.text("Callpark-Caller-ID-Number"));
        assert_eq!((name.chars().count(), number.chars().count()), (128, 64));
        assert!(name.ends_with('…') && number.ends_with('…'), "{name}");
        assert_eq!(parked.text("Callpark-Note").chars().count(), 512);
        for format in ["", "json", "xml", "csv"] {
            let list = scene.api(&format!("list default {format}"));
            assert!(!list.starts_with("-ERR") && list.len() < 20_000, "{list}");
            assert!(list.contains(&other) && list.contains(&caller), "{list}");
        }
        let shown = scene.api("show default 701");
        assert!(shown.starts_with("default 701 is parked") && shown.len() < 20_000, "{shown}");
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
    }
}

fn unescaped(xml: &str) -> String {
    quick_xml::escape::unescape(xml).map(|text| text.into_owned()).unwrap_or_default()
}

#[test]
fn the_command_takes_anything() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park_701");
    let mut esl = scene.switch.esl();
    let huge = "9".repeat(6000);
    let verbs = [
        "", "help", "version", "health", "status", "list", "show", "park", "retrieve", "move",
        "set", "return", "drop", "close", "open", "reload", "nonsense", "%s%s%n", "\"", "'", "<&>",
    ];
    let tails: [&[u8]; 16] = [
        b"",
        b" default",
        b" default 702",
        b" default 999",
        b" nowhere 701",
        b" default %s%n%x",
        b" default \"",
        b" ' ' '",
        b" default <&>",
        b" \xff\xfe\x80 \xc3",
        b" default 702 \xff",
        b" default 702 default",
        b" default 701 timeout -1",
        b" default 701 priority x",
        b" default 702 default 703 704 705",
        huge.as_bytes(),
    ];
    for verb in verbs {
        for tail in tails {
            let mut command = format!("callpark {verb}").into_bytes();
            if tail == huge.as_bytes() {
                command.push(b' ');
            }
            command.extend_from_slice(tail);
            let answer = esl.api_bytes(&command).expect("an answer");
            let lines = ["-ERR ", "+OK ", "callpark ", "mod_callpark "];
            let known = ["status", "list", "show", "health"].contains(&verb)
                || lines.iter().any(|start| answer.starts_with(start));
            assert!(known, "{}: {answer}", String::from_utf8_lossy(&command));
        }
    }
    // `close default` and the like were among them.
    scene.api("open default");
    assert_eq!(scene.calls().len(), 1);
    assert!(scene.switch.alive(&caller));
    scene.dial("take_701");
    scene.outcome(&caller, "retrieved");
}

#[test]
fn errors_have_their_codes() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park_701");
    for (command, code) in [
        ("park", "bad_arguments"),
        ("park no-such-channel", "gone"),
        ("park no-such-channel default 701 x", "gone"),
        ("retrieve default 702 null/1", "empty"),
        ("retrieve default 999 null/1", "unknown_orbit"),
        ("retrieve nowhere next null/1", "unknown_lot"),
        ("retrieve default 701", "bad_arguments"),
        ("move default 702 default 703", "empty"),
        ("move default 701 default 999", "unknown_orbit"),
        ("move default 701 nowhere auto", "unknown_lot"),
        ("set default 702 note x", "empty"),
        ("set default 701 colour red", "bad_arguments"),
        ("drop default 701 NO_SUCH_CAUSE", "bad_arguments"),
        ("drop default 702", "empty"),
        ("return default 702", "empty"),
        ("show default 999", "unknown_orbit"),
        ("close nowhere", "unknown_lot"),
        ("list nowhere", "unknown_lot"),
    ] {
        let answer = scene.api(command);
        assert!(answer.starts_with(&format!("-ERR {code} ")), "{command}: {answer}");
    }
    assert!(scene.api(&format!("park {caller}")).starts_with("-ERR occupied "));
    assert!(
        scene.api(&format!("retrieve default 701 {caller}")).starts_with("-ERR bad_arguments ")
    );
    assert!(scene.switch.alive(&caller));
}

#[test]
fn variables_that_make_no_sense_are_ignored_and_logged_once() {
    let scene = Scene::start(setup(LOTS));
    let (_, parked) = scene.park_with(
        "park",
        &[
            ("callpark_timeout", "soon"),
            ("callpark_priority", "-3"),
            ("callpark_return", "transfer:"),
            ("callpark_parker", "1,loopback/9@x"),
            ("callpark_hold_music", "/no/such/file.wav"),
        ],
    );
    assert_eq!(parked.get("Callpark-Parker"), None);
    assert_eq!(scene.calls()[0]["priority"], 0);
    // FreeSWITCH says something of the file as well.
    let count = |text: &str| {
        let log = scene.switch.log();
        log.lines().filter(|line| line.contains(text) && line.contains("mod_callpark")).count()
    };
    let once = |text: &str| {
        let count = scene.switch.eventually(SOON, text, || Some(count(text)).filter(|n| *n > 0));
        assert_eq!(count, 1, "{text}");
    };
    once("callpark_timeout is ignored");
    once("callpark_priority is ignored");
    once("callpark_return is ignored");
    once("is not a user@domain");
    once("/no/such/file.wav");
}

#[test]
fn bad_configurations_say_what_is_wrong_and_change_nothing() {
    let scene = Scene::start(setup(LOTS));
    let (caller, _) = scene.park("park_701");
    for (lots, says) in [
        (r#"<lot name="default" orbits="7x1-720"/>"#, "7x1-720"),
        (r#"<lot name="default" orbits="720-701"/>"#, "720-701"),
        (r#"<lot name="default"/>"#, "orbits"),
        (r#"<lot orbits="701-720"/>"#, "name"),
        (r#"<lot name="default" orbits="701-720"/><lot name="b" orbits="715"/>"#, "715"),
        (r#"<lot name="default" orbits="701-720"/><lot name="default" orbits="801"/>"#, "default"),
        (r#"<lot name="default" orbits="701"><param name="colour" value="red"/></lot>"#, "colour"),
        (
            r#"<lot name="default" orbits="701"><param name="timeout" value="soon"/></lot>"#,
            "timeout",
        ),
        (
            r#"<lot name="default" orbits="701"><return><step to="" ring="1"/></return></lot>"#,
            "what to ring",
        ),
        ("<plot/>", "plot"),
    ] {
        let xml =
            format!(r#"<configuration name="callpark.conf"><lots>{lots}</lots></configuration>"#);
        scene.switch.write_callpark_conf(Some(&xml));
        let answer = scene.api("reload");
        assert!(answer.starts_with("-ERR failed ") && answer.contains(says), "{lots}: {answer}");
        assert!(scene.api("status").contains("quick"), "{lots}");
    }
    // Not even XML: FreeSWITCH itself says where, and keeps what it has.
    scene.switch.write_callpark_conf(Some(
        "<configuration name=\"callpark.conf\">\n<lots>\n</configuration>",
    ));
    let answer = scene.api("reload");
    assert!(answer.starts_with("-ERR failed ") && answer.contains("line"), "{answer}");
    // No file at all: the built-in lot.
    scene.switch.write_callpark_conf(None);
    assert!(scene.api("reload").starts_with("+OK"));
    assert!(scene.api("status").contains("default") && !scene.api("status").contains("quick"));
    assert!(scene.switch.alive(&caller));
    scene.dial("take_701");
    scene.outcome(&caller, "retrieved");
}

#[test]
fn without_a_file_or_with_a_bad_one_there_is_one_lot() {
    for conf in [
        None,
        Some(
            r#"<configuration name="callpark.conf"><lots><lot name="x" orbits="9-1"/></lots></configuration>"#,
        ),
    ] {
        let setup = match conf {
            None => setup("").no_callpark_conf(),
            Some(xml) => setup("").callpark_conf(xml),
        };
        let scene = Scene::start(setup);
        let (caller, parked) = scene.park("park");
        assert_eq!(parked.text("Callpark-Orbit"), "701");
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
    }
}

#[test]
fn reloadxml_is_followed_too() {
    let scene = Scene::start(setup(LOTS));
    scene.switch.write_callpark_conf(Some(
        r#"<configuration name="callpark.conf"><lots><lot name="fresh" orbits="501"/></lots></configuration>"#,
    ));
    scene.switch.api("reloadxml");
    scene
        .switch
        .eventually(SOON, "the new lot", || scene.api("status").contains("fresh").then_some(()));
    let leg = new_uuid();
    scene.switch.originate(&leg, "park_fresh", &[]);
    assert_eq!(scene.action(&leg, "park").text("Callpark-Orbit"), "501");
}
