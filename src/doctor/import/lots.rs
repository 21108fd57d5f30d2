//! The lots that a dialplan for mod_valet_parking uses.

use std::collections::{BTreeMap, BTreeSet};

use super::actions::{Asked, Uses};
use crate::config::numbers;
use crate::switch::text::is_true;

/// The most slots of a lot.
const MOST_SLOTS: usize = 10_000;
/// How many slots an `auto` without an end gets.
const OPEN_END: u64 = 100;

/// Each lot by its name, with its domain.
pub(super) struct Lots(pub(super) BTreeMap<String, Lot>);

/// A lot.
#[derive(Default)]
pub(super) struct Lot {
    slots: BTreeSet<String>,
    /// The values that its extensions set, by the variable.
    set: BTreeMap<&'static str, BTreeSet<Option<String>>>,
    /// What an administrator has to look at.
    pub(super) notes: Vec<String>,
}

impl Lots {
    pub(super) fn of(uses: &Uses<'_>) -> Lots {
        let mut lots: BTreeMap<String, Lot> = BTreeMap::new();
        for used in uses.lots() {
            let lot = lots.entry(used.lot).or_default();
            match used.asked {
                Asked::Ask => {}
                Asked::Auto { first, last, .. } => {
                    let last = if last == 0 { first.saturating_add(OPEN_END - 1) } else { last };
                    let numbers = (first..=last).take(MOST_SLOTS);
                    lot.slots.extend(numbers.map(|number| number.to_string()));
                }
                Asked::Slot(_) if used.slots.is_empty() => lot.notes.push(format!(
                    "the slots of the extension {} are known only during a call; add them to its orbits",
                    used.extension
                )),
                Asked::Slot(_) if used.slots.len() > MOST_SLOTS => lot.notes.push(format!(
                    "the extension {} takes any number for a slot; choose its orbits",
                    used.extension
                )),
                Asked::Slot(_) => lot.slots.extend(used.slots),
            }
            for name in super::actions::VARIABLES {
                let value = used.set.get(name).cloned();
                lot.set.entry(name).or_default().insert(value);
            }
        }
        Lots(lots)
    }

    /// Whether that lot sets this by itself, so that the dialplan need not.
    pub(super) fn sets(&self, lot: &str, name: &str) -> bool {
        self.0.get(lot).is_some_and(|lot| lot.value(name).is_some())
    }
}

impl Lot {
    pub(super) fn orbits(&self) -> String {
        match self.slots.is_empty() {
            true => "701-720".to_owned(),
            false => numbers::ranges(self.slots.iter().map(String::as_str)),
        }
    }

    /// What all its extensions set alike, if that is known before a call.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let values = self.set.get(name)?;
        let mut values = values.iter();
        match (values.next(), values.next()) {
            (Some(Some(value)), None) if !value.contains("${") => Some(value),
            _ => None,
        }
    }

    fn place(&self) -> Option<String> {
        let exten = self.value("valet_parking_orbit_exten")?;
        let dialplan = self.value("valet_parking_orbit_dialplan").unwrap_or("XML");
        Some(match self.value("valet_parking_orbit_context") {
            Some(context) => format!("{exten} {dialplan} {context}"),
            None => format!("{exten} {dialplan}"),
        })
    }

    /// As `<param>`s.
    pub(super) fn params(&self) -> Vec<(&'static str, String)> {
        let text = |name: &str| self.value(name).map(str::to_owned);
        let timeout = text("valet_parking_timeout").filter(|it| it.parse::<u64>().is_ok());
        let timeout = timeout.unwrap_or_else(|| match self.step() {
            Some(_) => "60".to_owned(),
            None => "0".to_owned(),
        });
        let mut params = vec![("timeout", timeout)];
        params.extend(text("valet_hold_music").map(|music| ("hold-music", music)));
        let quiet = self.value("valet_announce_slot").is_some_and(|value| !is_true(value));
        params.extend(quiet.then(|| ("announce", "false".to_owned())));
        if let (Some(key), Some(place)) = (text("valet_parking_orbit_exit_key"), self.place()) {
            let key = key.chars().next().map(String::from).unwrap_or_default();
            params.extend([("exit-key", key), ("exit-to", place)]);
        }
        params
    }

    /// The return step.
    pub(super) fn step(&self) -> Option<String> {
        match self.place() {
            Some(place) => Some(format!("transfer:{place}")),
            None => self.value("valet_parking_timeout").map(|_| "continue".to_owned()),
        }
    }
}
