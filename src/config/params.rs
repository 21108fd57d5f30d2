//! Every param there is, with its default: this table is what the parser knows and what the sample explains.

use super::tree::Element;
use super::{ConfigError, Settings};
use crate::park::{LotConfig, WhenFull, WhenOccupied};

/// One `<param name="…" value="…"/>` that sets something about a `T`.
pub struct Param<T> {
    /// What it is called.
    pub name: &'static str,
    /// The value that counts when it is left out.
    pub default: &'static str,
    /// What it can be, and what it does.
    pub meaning: &'static str,
    set: fn(&mut T, &str) -> Result<(), String>,
}

/// The params of `<settings>`.
pub const SETTINGS: [Param<Settings>; 1] = [Param {
    name: "presence-proto",
    default: "park",
    meaning: "what the name of a lamp starts with: park in park+701@example.com",
    set: |settings, value| {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if value.is_empty() || !value.bytes().all(legal) {
            return Err("not made of letters, digits, - and _".to_owned());
        }
        settings.presence_proto = value.to_owned();
        Ok(())
    },
}];

/// The params of a `<lot>`.
pub const LOT_PARAMS: [Param<LotConfig>; 11] = [
    Param {
        name: "timeout",
        default: "90",
        meaning: "seconds until the return steps start; 0: never",
        set: |lot, value| {
            lot.timeout_ms = seconds(value)?;
            Ok(())
        },
    },
    Param {
        name: "hold-music",
        default: "",
        meaning: "what the caller hears; empty: what the channel or the switch says",
        set: |lot, value| {
            lot.hold_music = (!value.is_empty()).then(|| value.to_owned());
            Ok(())
        },
    },
    Param {
        name: "assign",
        default: "first",
        meaning: "which orbit a call gets: first | next | longest-free | random",
        set: |lot, value| {
            lot.assign = value.parse().map_err(|()| "none of first, next, longest-free, random")?;
            Ok(())
        },
    },
    Param {
        name: "when-full",
        default: "continue",
        meaning: "every orbit is taken: continue | parker | hangup | lot:<name> | \
                  transfer:<exten> [<dialplan> [<context>]]",
        set: |lot, value| {
            lot.when_full = value.parse::<WhenFull>().map_err(|error| error.to_string())?;
            Ok(())
        },
    },
    Param {
        name: "when-occupied",
        default: "next",
        meaning: "the orbit that was asked for is taken: next | continue | parker",
        set: |lot, value| {
            lot.when_occupied = value.parse::<WhenOccupied>().map_err(|error| error.to_string())?;
            Ok(())
        },
    },
    Param {
        name: "announce",
        default: "true",
        meaning: "whether the parker is told the orbit",
        set: |lot, value| {
            lot.announce = truth(value)?;
            Ok(())
        },
    },
    Param {
        name: "blf",
        default: "true",
        meaning: "whether the lamps of the lot and its orbits show it",
        set: |lot, value| {
            lot.blf = truth(value)?;
            Ok(())
        },
    },
    Param {
        name: "blf-privacy",
        default: "false",
        meaning: "whether the lamps keep the caller's name and number to themselves",
        set: |lot, value| {
            lot.blf_privacy = truth(value)?;
            Ok(())
        },
    },
    Param {
        name: "blf-age",
        default: "0",
        meaning: "seconds until the lamp of a waiting call blinks; 0: it never does",
        set: |lot, value| {
            lot.blf_age_ms = seconds(value)?;
            Ok(())
        },
    },
    Param {
        name: "page",
        default: "",
        meaning: "a dial string: whom to call, with automatic answer, to say that a call was parked",
        set: |lot, value| {
            lot.page = (!value.is_empty()).then(|| value.to_owned());
            Ok(())
        },
    },
    Param {
        name: "notify",
        default: "false",
        meaning: "whether the parker's phones get a SIP MESSAGE that says where the call is",
        set: |lot, value| {
            lot.notify = truth(value)?;
            Ok(())
        },
    },
];

/// Sets what the `<param>` elements say, each param once at the most.
pub(super) fn apply<'a, T>(
    table: &[Param<T>],
    target: &mut T,
    elements: impl Iterator<Item = &'a Element>,
) -> Result<(), ConfigError> {
    let mut seen: Vec<&str> = Vec::new();
    for element in elements {
        if element.name != "param" {
            return Err(element.unknown());
        }
        element.allow(&["name", "value"])?;
        element.childless()?;
        let (name, value) = (element.need("name")?, element.need("value")?);
        let fail = |problem: String| ConfigError::at(element, problem).param(name, value);
        let Some(param) = table.iter().find(|param| param.name == name) else {
            return Err(fail("unknown param".to_owned()));
        };
        if seen.contains(&param.name) {
            return Err(fail("given twice".to_owned()));
        }
        seen.push(param.name);
        (param.set)(target, value).map_err(fail)?;
    }
    Ok(())
}

/// Ten years: longer is a mistake, and far from any overflow.
const LONGEST_TIMEOUT_S: u64 = 10 * 366 * 86_400;

fn seconds(value: &str) -> Result<u64, String> {
    match value.parse::<u64>() {
        Ok(seconds) if seconds <= LONGEST_TIMEOUT_S => Ok(seconds * 1000),
        _ => Err("not a number of seconds".to_owned()),
    }
}

fn truth(value: &str) -> Result<bool, String> {
    match value {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("neither true nor false".to_owned()),
    }
}
