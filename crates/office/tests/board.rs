//! The files of the board: what they do not contain, what belongs together in them, contrasts, and the tests of `state.js`, which
//! a headless Chromium runs. What a browser does with the board of a running module is in `tests/scenarios/board.rs`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// What the board may weigh, compressed.
const MOST_BYTES: usize = 60 * 1024;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/board")
}

/// The files by name.
fn files() -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder()).unwrap().map(|file| {
        let file = file.unwrap();
        (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())
    });
    files.collect()
}

fn text(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

/// The scripts and their names.
fn scripts() -> Vec<(String, String)> {
    let names = files().into_keys().filter(|name| name.ends_with(".js"));
    names.map(|name| (name.clone(), text(&name))).collect()
}

/// What stands between these two in a text, each time.
fn between<'a>(text: &'a str, before: &'a str, after: &'a str) -> Vec<&'a str> {
    text.split(before)
        .skip(1)
        .filter_map(|rest| rest.split_once(after))
        .map(|(found, _)| found)
        .collect()
}

#[test]
fn nothing_parses_html_or_runs_text() {
    let forbidden = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
        "srcdoc",
        "setAttribute(\"style\"",
    ];
    for (name, script) in scripts() {
        for word in forbidden {
            assert!(!script.contains(word), "{name} has {word}");
        }
    }
    let page = text("index.html");
    assert!(
        !page.contains("style=") && !page.contains("<style") && !page.contains(" on"),
        "inline code"
    );
    assert_eq!(
        page.matches("<script").count(),
        page.matches("<script type=\"module\" src=").count()
    );
}

#[test]
fn every_file_is_kept_for_when_there_is_no_network_and_every_import_exists() {
    let worker = text("sw.js");
    let list = between(&worker, "const FILES = [", "];")[0];
    let kept: BTreeSet<&str> = between(list, "\"/", "\"").into_iter().collect();
    let files = files();
    for name in files.keys().filter(|name| *name != "sw.js" && *name != "index.html") {
        assert!(kept.contains(name.as_str()), "sw.js does not keep {name}");
    }
    let served = fs::read_to_string(folder().with_file_name("assets.rs")).unwrap();
    for name in files.keys() {
        assert!(served.contains(&format!("\"{name}\"")), "{name} is not served");
    }
    for name in kept {
        assert!(
            name.is_empty() || files.contains_key(name),
            "sw.js keeps {name}, which does not exist"
        );
    }
    for (name, script) in scripts() {
        for import in between(&script, " from \"./", "\";") {
            assert!(files.contains_key(import), "{name} imports {import}");
        }
    }
}

#[test]
fn the_board_is_small() {
    let mut sum = 0;
    for name in files().keys() {
        let output =
            Command::new("gzip").args(["-9", "-c"]).arg(folder().join(name)).output().unwrap();
        assert!(output.status.success());
        sum += output.stdout.len();
    }
    println!("{sum} bytes, compressed");
    assert!(sum < MOST_BYTES, "{sum} bytes");
}

/// The keys of the words of a language.
fn keys(language: &str) -> BTreeSet<String> {
    let words = text("words.js");
    let block = between(&words, &format!("\n  {language}: {{\n"), "\n  },\n")[0].to_owned();
    let mut keys = BTreeSet::new();
    let mut rest = block.as_str();
    // A key, a colon, and a text without quotation marks of this kind in it.
    while let Some((key, after)) = rest.split_once(": \"") {
        let key = key.rsplit([',', '\n']).next().unwrap_or_default();
        keys.insert(key.trim().trim_matches('"').to_owned());
        rest = after.split_once('"').unwrap().1;
    }
    keys
}

#[test]
fn every_word_exists_in_both_languages() {
    let (english, german) = (keys("en"), keys("de"));
    assert!(english.len() > 200, "{} words", english.len());
    let missing: Vec<_> = english.symmetric_difference(&german).collect();
    assert!(missing.is_empty(), "only in one language: {missing:?}");
    for (name, script) in scripts() {
        for (at, _) in script.match_indices("t(\"") {
            // `get(` and `set(` end in the same way.
            if script[..at].ends_with(|c: char| c.is_alphanumeric()) {
                continue;
            }
            let key = script[at + 3..].split('"').next().unwrap();
            let known = english.contains(key) || english.contains(&format!("{key}.other"));
            assert!(known, "{name} says {key:?}");
        }
    }
}

/// The colours of `:root`, in the light or the dark scheme.
fn colours(dark: bool) -> BTreeMap<String, [f64; 3]> {
    let css = text("board.css");
    let mut colours = BTreeMap::new();
    for block in between(&css, ":root {", "}").into_iter().take(if dark { 2 } else { 1 }) {
        for (name, value) in block.split("--").filter_map(|one| one.split_once(": #")) {
            let hex = &value[..6];
            let part =
                |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            colours.insert(name.to_owned(), [part(0), part(2), part(4)]);
        }
    }
    colours
}

/// The contrast of two colours, as WCAG 2.2 defines it.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let [r, g, b] = colour.map(|part| {
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_text_stands_out_from_its_ground() {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut pair = |text: &str, ground: &str| pairs.push((text.to_owned(), ground.to_owned()));
    for ground in ["ground", "card", "raised"] {
        for text in ["ink", "soft", "main", "bad"] {
            pair(text, ground);
        }
    }
    for age in ["calm", "soon", "late", "returning", "connecting"] {
        for text in ["ink", "soft", age] {
            pair(text, &format!("{age}-ground"));
        }
        // In the history.
        pair(age, "card");
    }
    for (text, ground) in [
        ("on-main", "main"),
        ("on-main", "main-over"),
        ("on-bad", "bad"),
        ("on-note", "note"),
        ("card", "ink"),
        ("card", "focus"),
    ] {
        pair(text, ground);
    }
    for dark in [false, true] {
        let colours = colours(dark);
        for (text, ground) in &pairs {
            let found = contrast(colours[text], colours[ground]);
            assert!(found >= 4.5, "{text} on {ground}, dark {dark}: {found:.2}");
        }
        for (mark, ground) in [
            ("focus", "ground"),
            ("focus", "card"),
            ("strong", "card"),
            ("strong", "ground"),
            ("one", "card"),
            ("two", "card"),
        ] {
            let found = contrast(colours[mark], colours[ground]);
            assert!(found >= 3.0, "{mark} on {ground}, dark {dark}: {found:.2}");
        }
    }
}

#[test]
fn the_state_follows_from_what_the_server_sends() {
    let Some(browser) = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok())
    else {
        println!("SKIPPED: no Chromium is installed");
        return;
    };
    let place = std::env::temp_dir().join(format!("callpark-board-{}", std::process::id()));
    fs::create_dir_all(&place).unwrap();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/board/state.js");
    let mut tests = fs::read_to_string(tests).unwrap();
    // A page that is a file may import nothing but what is in the address.
    for name in ["state.js", "stream.js"] {
        let address = format!("data:text/javascript;base64,{}", BASE64_STANDARD.encode(text(name)));
        tests = tests.replace(&format!("\"./{name}\""), &format!("\"{address}\""));
    }
    let page = place.join("state.html");
    let html = format!("<!doctype html><meta charset=utf-8><script type=module>{tests}</script>");
    fs::write(&page, html).unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--virtual-time-budget=5000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", place.join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    fs::remove_dir_all(&place).unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    let head = dom.split("<script").next().unwrap_or_default();
    assert!(head.contains("data-done=\"true\""), "the tests have not run to their end: {head}");
    assert!(head.contains("data-failed=\"\""), "{head}");
}
