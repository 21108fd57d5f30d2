//! The actions of a dialplan that mod_valet_parking has to do with, and ours in their place.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::dialplan::{Action, Context, Dialplan, Extension};

/// The variables that `valet_park` reads.
pub(super) const VARIABLES: [&str; 7] = [
    "valet_parking_timeout",
    "valet_parking_orbit_exten",
    "valet_parking_orbit_dialplan",
    "valet_parking_orbit_context",
    "valet_parking_orbit_exit_key",
    "valet_hold_music",
    "valet_announce_slot",
];

/// The extensions with such actions.
pub(super) struct Uses<'a> {
    pub(super) extensions: Vec<(&'a Context, &'a Extension)>,
    domain: &'a str,
}

/// One use of a lot.
pub(super) struct Used<'a> {
    /// With its domain filled in.
    pub(super) lot: String,
    pub(super) asked: Asked,
    pub(super) extension: &'a str,
    /// The slots, if the numbers that lead to the extension say them.
    pub(super) slots: BTreeSet<String>,
    /// The variables that the extension sets.
    pub(super) set: BTreeMap<&'static str, String>,
}

/// What `valet_park` is asked.
pub(super) enum Asked {
    Auto { out: bool, first: u64, last: u64 },
    Ask,
    Slot(String),
}

impl<'a> Uses<'a> {
    pub(super) fn of(dialplan: &'a Dialplan, domain: &'a str) -> Uses<'a> {
        let all = dialplan.contexts.iter().flat_map(|context| {
            context.extensions.iter().map(move |extension| (context, extension))
        });
        let uses = |(_, extension): &(&Context, &Extension)| {
            extension.reads_valet_info() || extension.actions().any(is_theirs)
        };
        Uses { extensions: all.filter(uses).collect(), domain }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.extensions.is_empty()
    }

    /// Each use of a lot.
    pub(super) fn lots(&self) -> Vec<Used<'a>> {
        let mut all = Vec::new();
        for (context, extension) in &self.extensions {
            let set = set(extension);
            for data in extension.actions().filter_map(valet_data) {
                let Some((lot, asked)) = read(data) else { continue };
                let slots = match &asked {
                    Asked::Slot(word) if word.contains("${") => BTreeSet::new(),
                    Asked::Slot(word) if word.contains('$') => slots(extension, lot),
                    Asked::Slot(word) => BTreeSet::from([word.clone()]),
                    _ => BTreeSet::new(),
                };
                let lot = self.resolved(context, lot);
                all.push(Used { lot, asked, extension: &extension.name, slots, set: set.clone() });
            }
        }
        all
    }

    /// The lot's name with the domain that a call in that context has.
    pub(super) fn resolved(&self, context: &Context, lot: &str) -> String {
        let domain = if context.name.contains('.') { &context.name } else { self.domain };
        let lot = lot.replace("${domain_name}", domain);
        lot.replace("${domain}", self.domain).replace("${context}", &context.name)
    }
}

pub(super) fn is_theirs(action: &Action) -> bool {
    valet_data(action).is_some() || variable(action).is_some()
}

/// What `valet_park` is run with, at once or by a feature code.
pub(super) fn valet_data(action: &Action) -> Option<&str> {
    match action.application.as_str() {
        "valet_park" => Some(&action.data),
        "bind_meta_app" => action.data.split_once("valet_park::").map(|(_, data)| data),
        _ => None,
    }
}

/// The variable of theirs that an action sets, and to what.
pub(super) fn variable(action: &Action) -> Option<(&'static str, &str)> {
    if !["set", "export", "set_profile_var"].contains(&action.application.as_str()) {
        return None;
    }
    let data = action.data.strip_prefix("nolocal:").unwrap_or(&action.data);
    let (name, value) = data.split_once('=')?;
    let name = VARIABLES.iter().find(|known| **known == name.trim())?;
    Some((name, value.trim()))
}

pub(super) fn set(extension: &Extension) -> BTreeMap<&'static str, String> {
    let set = extension.actions().filter_map(variable);
    set.map(|(name, value)| (name, value.to_owned())).collect()
}

pub(super) fn read(data: &str) -> Option<(&str, Asked)> {
    let mut words = data.split_whitespace();
    let (lot, word) = (words.next()?, words.next()?);
    let asked = if word.eq_ignore_ascii_case("ask") {
        Asked::Ask
    } else if word.eq_ignore_ascii_case("auto") {
        let out = words.next()?.eq_ignore_ascii_case("out");
        let mut number =
            || words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or_default();
        Asked::Auto { out, first: number().max(1), last: number() }
    } else {
        Asked::Slot(word.to_owned())
    };
    Some((lot.trim_matches('\''), asked))
}

/// The slots that the numbers lead to which the extension is for.
fn slots(extension: &Extension, lot: &str) -> BTreeSet<String> {
    let mut slots = BTreeSet::new();
    for prefix in ["", "*", "**", "#"] {
        let longest = if prefix.len() < 2 { 5 } else { 4 };
        for width in 1..=longest {
            for number in 0..10_u32.pow(width) {
                let number = format!("{prefix}{number:0width$}", width = width as usize);
                for step in extension.steps(&number) {
                    let theirs = (step.application == "valet_park").then(|| read(&step.data));
                    if let Some(Some((named, Asked::Slot(slot)))) = theirs
                        && named == lot
                        && !slot.contains('$')
                    {
                        slots.insert(slot);
                    }
                }
            }
        }
    }
    slots
}
