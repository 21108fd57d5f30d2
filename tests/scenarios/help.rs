//! `callpark help` says what the reference says.

use super::lot::{LOTS, Scene, setup};

const REFERENCE: &str = include_str!("../../docs/reference.md");

/// The text without code marks, links and emphasis.
fn plain(text: &str) -> String {
    let mut text = text.replace("\\|", "|").replace("**", "").replace('`', "");
    while let Some((before, after)) = text.split_once("](") {
        let (from, to) = (before.rfind('[').expect("a link"), after.find(')').expect("its end"));
        text = format!("{}{}{}", &before[..from], &before[from + 1..], &after[to + 1..]);
    }
    text
}

/// The first and the last cell of the rows that begin like this.
fn rows(begin: &str) -> Vec<(String, String)> {
    let rows = REFERENCE.lines().filter(|line| line.starts_with(begin));
    let cells = rows.map(|row| row.replace("\\|", "\u{1}"));
    let cells = cells.filter_map(|row| {
        let cells: Vec<&str> = row.trim_matches(['|', ' ']).split(" | ").collect();
        let cell = |text: &str| plain(&text.replace('\u{1}', "|"));
        Some((cell(cells.first()?), cell(cells.last()?)))
    });
    cells.collect()
}

#[test]
fn every_verb_is_explained_as_in_the_reference() {
    let scene = Scene::start(setup(LOTS));
    let verbs = rows("| `callpark ");
    let list = scene.switch.api("callpark help");
    let usages: Vec<&str> = verbs.iter().map(|(usage, _)| usage.as_str()).collect();
    assert_eq!(list.lines().collect::<Vec<_>>(), usages);
    for (usage, about) in verbs {
        let verb = usage.split(' ').nth(1).expect("a verb");
        let answer = scene.switch.api(&format!("callpark help {verb}"));
        // A verb may have the name of a param as well.
        assert!(answer.starts_with(&format!("{usage}\n  {about}\n")), "{answer}");
    }
}

#[test]
fn every_param_is_explained_and_a_word_that_is_neither_is_refused() {
    let scene = Scene::start(setup(LOTS));
    let answer = scene.switch.api("callpark help max-wait");
    assert!(answer.starts_with("max-wait, by default 0\n  Seconds after which"), "{answer}");
    assert!(!answer.contains(['`', '*']), "{answer}");
    let answer = scene.switch.api("callpark help callback-key");
    assert!(answer.starts_with("callback-key, by default empty\n"), "{answer}");
    assert!(answer.ends_with("See Call-backs\n"), "{answer}");
    assert!(scene.switch.api("callpark help presence-proto").contains("by default park"));
    for wrong in ["nonsense", "max-wait comfort"] {
        let answer = scene.switch.api(&format!("callpark help {wrong}"));
        assert!(answer.starts_with("-ERR bad_arguments"), "{answer}");
    }
}
