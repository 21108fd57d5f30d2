//! Which commands are in the audit, and what of them.

use std::sync::Arc;

use office::audit::masked;
use office::entry::Place;

use super::Answer;
use crate::journal::acts;
use crate::module::Module;

/// These say nothing of a call, and change nothing.
const NOT: [&str; 6] = ["status", "health", "doctor", "streams", "version", "help"];
/// These only read.
const READ: [&str; 8] = ["list", "show", "callbacks", "history", "at", "report", "audit", "may"];
/// These name a lot first, and perhaps an orbit of it.
const PLACED: [&str; 9] =
    ["show", "retrieve", "move", "set", "return", "drop", "close", "open", "link"];

/// Writes down that the command was given, and what came of it.
pub(super) fn command(module: &Arc<Module>, verb: &str, words: &[&str], answer: &Answer) {
    if NOT.contains(&verb) {
        return;
    }
    let place = match answer {
        _ if PLACED.contains(&verb) => at(words.iter().copied()),
        Ok(text) if verb == "park" => at(text.split_whitespace().skip(1)),
        _ => Place::default(),
    };
    let result = answer.as_ref().err().map_or("ok", |error| error.code);
    let reads = READ.contains(&verb)
        || (verb == "webhooks" && !matches!(words.first(), Some(&("retry" | "test"))));
    let words = told(verb, words);
    let kind = if reads { acts::Kind::Reads } else { acts::Kind::Acts };
    acts::command(module, acts::Command { verb, words, place, result, kind });
}

fn at<'a>(mut words: impl Iterator<Item = &'a str>) -> Place {
    let mut next = || words.next().unwrap_or_default().to_owned();
    Place { lot: next(), orbit: next() }
}

/// What may be written down of its words: no number of a caller, and no note.
fn told(verb: &str, words: &[&str]) -> String {
    let words: Vec<String> = match verb {
        "erase" | "export" => vec![masked(&words.join(" "))],
        "set" => words.iter().take(3).map(|&word| word.to_owned()).collect(),
        _ => words.iter().map(|word| without_caller(word)).collect(),
    };
    words.join(" ")
}

/// A word without the number of a caller in it.
pub(crate) fn without_caller(word: &str) -> String {
    match word.split_once('=') {
        Some((key @ "caller", number)) => format!("{key}={}", masked(number)),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn no_number_and_no_note_is_written_down() {
        assert_eq!(told("erase", &["+49301234567"]), "+49301234***");
        assert_eq!(
            told("history", &["from=-7d", "caller=+49301234567"]),
            "from=-7d caller=+49301234***"
        );
        assert_eq!(told("set", &["default", "701", "note", "ill"]), "default 701 note");
        assert_eq!(told("close", &["default", "701"]), "default 701");
    }
}
