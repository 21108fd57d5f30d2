//! Checks that imports in src/ run downwards only, and never in a circle. Prints each that does not, and fails.
//!
//! A room is a file or folder of src/; it may import from the rooms below it. Within a room files import one another as they
//! like, but never in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

/// From the ground up. Rooms of one floor do not know each other.
const FLOORS: [&[&str]; 12] = [
    &["park"],
    &["switch"],
    &["args", "config"],
    &["module"],
    &["render"],
    &["tell"],
    &["journal", "leg"],
    &["dial", "doctor"],
    &["hooks"],
    &["apps", "api"],
    &["web"],
    &["service"],
];
/// These look at all of them.
const TOP: [&str; 3] = ["lib", "docs", "fuzzing"];

type Module = Vec<String>;

fn floor(module: &Module) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&module[0].as_str()))
}

/// Every file below `folder`, by its path as a module.
fn files(folder: &Path, above: &Module, found: &mut BTreeMap<Module, String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let module = [above.as_slice(), &[name]].concat();
        if path.is_dir() {
            files(&path, &module, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(module, fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// The text without comments and unit tests.
fn code(text: &str) -> String {
    let tests = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..tests].lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// `a::{b, c::{d}}` is `a::b` and `a::c::d`.
fn unfold(path: &str, found: &mut Vec<String>) {
    let path = path.trim();
    let Some((before, inside)) = path.split_once('{') else {
        return found.push(path.split(" as ").next().unwrap_or_default().trim().to_owned());
    };
    let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
    let (mut depth, mut part) = (0, String::new());
    for c in inside.chars().chain([',']) {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            if !part.trim().is_empty() {
                unfold(&format!("{before}{}", part.trim()), found);
            }
            part.clear();
        } else {
            part.push(c);
        }
    }
}

/// Every path that the code names from `crate`, `super` or `self` on.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let starts = rest[..at].chars().next_back().is_none_or(|c| c.is_whitespace());
        let statement = rest[at + 4..].split(';').next().unwrap_or_default();
        if starts && ["crate", "super", "self"].iter().any(|root| statement.starts_with(root)) {
            unfold(statement, &mut found);
        }
        rest = &rest[at + 4..];
    }
    let path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c| !path(c)).filter(|word| !word.ends_with(':'));
    let from_root =
        |word: &&str| ["crate::", "super::", "self::"].iter().any(|root| word.starts_with(root));
    found.extend(words.filter(from_root).map(str::to_owned));
    found
}

/// The file that a path seen in `module` leads to.
fn target(path: &str, module: &Module, files: &BTreeMap<Module, String>) -> Option<Module> {
    let mut at: Module = Vec::new();
    for (n, part) in path.split("::").enumerate() {
        match part {
            "crate" => at.clear(),
            "self" if n == 0 => at = module.clone(),
            "super" if n == 0 => at = module[..module.len() - 1].to_vec(),
            "super" => drop(at.pop()),
            "self" => {}
            part => at.push(part.to_owned()),
        }
    }
    while !at.is_empty() && !files.contains_key(&at) {
        at.pop();
    }
    (!at.is_empty() && at != *module).then_some(at)
}

/// A way from `from` back to it, if there is one.
fn circle(from: &Module, imports: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
    let mut came: BTreeMap<&Module, &Module> = BTreeMap::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for next in imports.get(at).into_iter().flatten() {
            if next == from {
                let mut way = vec![from.clone(), at.clone()];
                let mut at = at;
                while let Some(before) = came.get(at).filter(|_| at != from) {
                    way.push((*before).clone());
                    at = before;
                }
                way.reverse();
                return Some(way);
            }
            if next != at && !came.contains_key(next) {
                came.insert(next, at);
                open.push(next);
            }
        }
    }
    None
}

fn main() -> ExitCode {
    let src = env::args().nth(1).unwrap_or_else(|| "src".to_owned());
    let mut all = BTreeMap::new();
    files(Path::new(&src), &Vec::new(), &mut all).expect("the files of src/");
    let is_test = |module: &Module| module.iter().any(|part| part == "tests");
    let mut imports: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    let mut wrong = BTreeSet::new();
    for (module, text) in all.iter().filter(|(module, _)| !is_test(module)) {
        if TOP.contains(&module[0].as_str()) {
            continue;
        }
        let Some(own) = floor(module) else {
            wrong.insert(format!("src/{} is on no floor: see .ci/imports.rs", module[0]));
            continue;
        };
        for path in paths(&code(text)) {
            let Some(target) = target(&path, module, &all) else { continue };
            let (from, to) = (module.join("::"), target.join("::"));
            match floor(&target) {
                Some(other) if other < own || target[0] == module[0] => {}
                _ => drop(wrong.insert(format!("{from} imports {to}, which is not below it"))),
            }
            imports.entry(module.clone()).or_default().insert(target);
        }
    }
    let mut seen = BTreeSet::new();
    for module in imports.keys() {
        if seen.contains(module) {
            continue;
        }
        if let Some(way) = circle(module, &imports) {
            let names: Vec<String> = way.iter().map(|module| module.join("::")).collect();
            wrong.insert(format!("in a circle: {}", names.join(" -> ")));
            seen.extend(way);
        }
    }
    for line in &wrong {
        println!("{line}");
    }
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
