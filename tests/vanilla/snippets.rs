//! Every piece of XML in the README is well-formed, and is accepted where it is to be put.

use std::fs;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::install::{complaints, desk};
use super::readme::{Block, blocks};

fn xml() -> Vec<Block> {
    let all = blocks().into_iter().filter(|block| block.language == "xml");
    let all: Vec<Block> = all.collect();
    assert!(all.len() > 8, "{} pieces of XML", all.len());
    all
}

/// `conf` with what is `of` a lot, lots or a whole configuration put around it.
fn configuration(text: &str) -> Option<String> {
    let lot = |inside: &str| format!("<lot name=\"default\" orbits=\"701-720\">{inside}</lot>");
    let whole = |lots: &str| {
        format!("<configuration name=\"callpark.conf\"><lots>{lots}</lots></configuration>")
    };
    match text.trim_start().split([' ', '>']).next()? {
        "<configuration" => Some(text.into()),
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
        }
    }
    assert!(files >= 6, "{files} samples");
}
