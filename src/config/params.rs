//! Params: what one is, how they are read, and those of the whole module. These tables are what the parser knows and
//! what the sample explains.

use super::tree::Element;
use super::{ConfigError, Settings};

/// One `<param name="…" value="…"/>` that sets something about a `T`.
pub(crate) struct Param<T> {
    /// What it is called.
    pub name: &'static str,
    /// The value that counts when it is left out.
    pub default: &'static str,
    /// What it can be, and what it does.
    pub meaning: &'static str,
    pub(super) set: fn(&mut T, &str) -> Result<(), String>,
}

/// The params of `<settings>`.
pub(crate) const SETTINGS: [Param<Settings>; 1] = [Param {
    name: "presence-proto",
    default: "park",
    meaning: "The first word in the name of a lamp: `park` in `park+701@example.com`. Letters, \
                  digits, `-` and `_`",
    set: |settings, value| {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if value.is_empty() || !value.bytes().all(legal) {
            return Err("not made of letters, digits, - and _".to_owned());
        }
        settings.presence_proto = value.to_owned();
        Ok(())
    },
}];

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

pub(super) fn seconds(value: &str) -> Result<u64, String> {
    match value.parse::<u64>() {
        Ok(seconds) if seconds <= LONGEST_TIMEOUT_S => Ok(seconds * 1000),
        _ => Err("not a number of seconds".to_owned()),
    }
}

pub(super) fn truth(value: &str) -> Result<bool, String> {
    match value {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("neither true nor false".to_owned()),
    }
}
