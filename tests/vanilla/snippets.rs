//! Every piece of XML in README and docs is well-formed, and is accepted where it is to be put.

use std::fs;

use kit::phone::Policy;
use kit::vanilla::PASSWORD;
use kit::{Phone, SOON, two_way};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::install::{complaints, desk, installed, running};
use super::readme::{Block, block, blocks};

fn xml() -> Vec<Block> {
    let all = blocks().into_iter().filter(|block| block.language == "xml");
    let all: Vec<Block> = all.collect();
    assert!(all.len() > 8, "{} pieces of XML", all.len());
    all
}

/// `conf` with what is `of` a lot, lots, settings or a whole configuration put around it.
fn configuration(text: &str) -> Option<String> {
    let lot = |inside: &str| format!("<lot name=\"default\" orbits=\"701-720\">{inside}</lot>");
    let with = |settings: &str, lots: &str| {
        format!(
            "<configuration name=\"callpark.conf\">{settings}<lots>{lots}</lots></configuration>"
        )
    };
    let whole = |lots: &str| with("", lots);
    match text.trim_start().split([' ', '>']).next()? {
        "<configuration" => Some(text.into()),
        "<settings" => Some(with(text, &lot(""))),
        "<lot" if text.contains("<lot name=\"default\"") => Some(whole(text)),
        "<lot" => Some(whole(&format!("{}{text}", lot("")))),
        "<param" => Some(whole(&lot(text))),
        _ => None,
    }
}

#[test]
fn every_piece_of_xml_is_well_formed() {
    for block in xml() {
        let document = format!("<all>{}</all>", block.text);
        let mut reader = Reader::from_str(&document);
        loop {
            match reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(_) => {}
                Err(error) => panic!("{}: {error}\n{}", block.section, block.text),
            }
        }
    }
}

#[test]
fn every_piece_of_configuration_and_every_example_is_accepted() {
    let Some(desk) = desk() else { return };
    let file = desk.switch.folder().join("conf/autoload_configs/callpark.conf.xml");
    let sample = fs::read_to_string(&file).expect("the sample");
    let mut tried = 0;
    let mut accepted = |text: &str| {
        fs::write(&file, text).expect("it can be written");
        let answer = desk.api("reload");
        assert!(answer.starts_with("+OK"), "{answer}\n{text}");
        tried += 1;
    };
    for text in xml().iter().filter_map(|block| configuration(&block.text)) {
        accepted(&text);
    }
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/conf/examples");
    for entry in fs::read_dir(examples).expect("examples") {
        let text = fs::read_to_string(entry.expect("a file").path()).expect("an example");
        accepted(&text);
        // "Copy the <lot> into callpark.conf.xml": beside the one that is there.
        let from = text.find("<lot ").expect("a lot");
        let to = text.rfind("</lots>").expect("its end");
        accepted(&sample.replace("</lots>", &format!("{}</lots>", &text[from..to])));
    }
    assert!(tried >= 9, "{tried}");
    let mut complaints = complaints(&desk.switch);
    // One of them has the journal sent to a database.
    complaints.retain(|line| !line.contains("take effect when mod_callpark is loaded again"));
    assert_eq!(complaints, Vec::<String>::new());
}

/// The pieces of dialplan in "First steps" and "Return steps", in an extension of the vanilla dialplan: a feature code
/// parks, and a call's own return steps are read.
#[test]
fn the_pieces_of_dialplan_do_what_they_are_for() {
    let Some(switch) = installed() else { return };
    let bind = block("First steps", "xml", "<action application=\"bind_meta_app\"");
    let steps =
        block("Configuration", "xml", "<action application=\"set\" data=\"callpark_return=");
    let number = |n: &str| format!("<condition field=\"destination_number\" expression=\"^{n}$\">");
    let both = format!(
        "<extension name=\"a\">{}{bind}</condition></extension>\n<extension name=\"b\">{}{steps}\
         <action application=\"callpark\" data=\"default 709\"/></condition></extension>",
        number("4411"),
        number("4412")
    );
    // Before the numbers of the vanilla dialplan, and before it waits for 10 s because of its password.
    let dialplan = switch.folder().join("conf/dialplan");
    fs::write(dialplan.join("default/callpark.xml"), {
        let sample = fs::read_to_string(dialplan.join("default/callpark.xml")).expect("the sample");
        format!("{sample}\n{both}")
    })
    .expect("it can be written");
    let desk = running(switch);
    let phone = |user: &str| {
        let phone = Phone::new(&desk.switch, user).password(PASSWORD).policy(Policy::Answer);
        phone.register();
        phone
    };
    let (alice, bob) = (phone("1000"), phone("1001"));
    let call = alice.call_up("4411");
    let theirs = bob.incoming(SOON);
    two_way(&call, bob.voice(), &theirs, alice.voice());
    theirs.dtmf("*1");
    desk.wait_parked(&call, "default", "701", "1001");
    theirs.wait_ended(SOON);
    let other = bob.call_up("4412");
    desk.wait_parked(&other, "default", "709", "");
    let shown = desk.api("show default 709");
    assert!(shown.contains("user/1000@test.local for 20 s"), "{shown}");
    assert!(shown.contains("4000 XML default"), "{shown}");
    assert_eq!(complaints(&desk.switch), Vec::<String>::new());
}

/// Nothing in what is installed is obeyed by the pre-processor where it reads as a remark.
#[test]
fn no_sample_says_anything_to_the_pre_processor_in_a_comment() {
    let conf = concat!(env!("CARGO_MANIFEST_DIR"), "/conf");
    let mut folders = vec![std::path::PathBuf::from(conf)];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("a sample");
            files += 1;
            for comment in text.split("<!--").skip(1) {
                let comment = comment.split("-->").next().unwrap_or("");
                let lower = comment.to_ascii_lowercase();
                for obeyed in ["pre-process", "$${", "<include>", "</include>", "<?"] {
                    assert!(!lower.contains(obeyed), "{}: {comment}", path.display());
                }
                assert!(!comment.starts_with('#'), "{}: {comment}", path.display());
            }
            // A line with such a tag is passed over as a whole.
            for line in text.lines().filter(|line| line.contains("include>")) {
                assert!(["<include>", "</include>"].contains(&line.trim()), "{line}");
            }
        }
    }
    assert!(files >= 6, "{files} samples");
}
