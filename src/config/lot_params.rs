//! The params of a lot, with their defaults.

use super::params::{Param, seconds, truth};
use crate::park::{
    BadFallback, BadPlace, BadPriorities, Base, ByPriority, LotConfig, NoTone, WhenFull,
    WhenOccupied, read_number,
};

/// The params of a `<lot>`.
pub const LOT_PARAMS: [Param<LotConfig>; 30] = [
    Param {
        name: "timeout",
        default: "90",
        meaning: "seconds until the return steps start; 0: never; adaptive: what the lot's calls took lately",
        set: |lot, value| {
            lot.timeout.base = match value {
                "adaptive" => Base::Adaptive,
                value => Base::Fixed(seconds(value)?),
            };
            Ok(())
        },
    },
    Param {
        name: "timeout-min",
        default: "30",
        meaning: "the shortest adaptive timeout, in seconds",
        set: |lot, value| {
            lot.timeout.min_ms = at_least_one(seconds(value)?)?;
            Ok(())
        },
    },
    Param {
        name: "timeout-max",
        default: "300",
        meaning: "the longest adaptive timeout, in seconds",
        set: |lot, value| {
            lot.timeout.max_ms = at_least_one(seconds(value)?)?;
            Ok(())
        },
    },
    Param {
        name: "timeout-by-priority",
        default: "",
        meaning: "from which priority on the timeout is another, in seconds: 0:90,5:45,9:20",
        set: |lot, value| {
            let ByPriority(entries) =
                value.parse().map_err(|error: BadPriorities| error.to_string())?;
            lot.timeout.by_priority = entries;
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
        name: "pickup-tone",
        default: "",
        meaning: "what is heard when a call has been retrieved: [retriever|caller|both:]<file or stream>",
        set: |lot, value| {
            lot.pickup_tone = match value {
                "" => None,
                tone => Some(tone.parse().map_err(|error: NoTone| error.to_string())?),
            };
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
        name: "page-interval",
        default: "30",
        meaning: "seconds within which phones are paged about one caller once; 0: each time",
        set: |lot, value| {
            lot.page_interval_ms = seconds(value)?;
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
    Param {
        name: "notify-interval",
        default: "30",
        meaning: "seconds within which the parker gets one message about one caller; 0: each time",
        set: |lot, value| {
            lot.notify_interval_ms = seconds(value)?;
            Ok(())
        },
    },
    Param {
        name: "max-per-caller",
        default: "0",
        meaning: "how many calls of one caller's number may be parked in the lot at once; 0: any number",
        set: |lot, value| {
            let most: u32 = value.parse().map_err(|_| "not a number of calls".to_owned())?;
            lot.max_per_caller = (most > 0).then_some(most);
            Ok(())
        },
    },
    Param {
        name: "after-return",
        default: "park",
        meaning: "no return step took the call: park (again) | hangup | hangup:<cause> | \
                  transfer:<exten> [<dialplan> [<context>]]",
        set: |lot, value| {
            lot.after_return = value.parse().map_err(|error: BadFallback| error.to_string())?;
            Ok(())
        },
    },
    Param {
        name: "max-returns",
        default: "",
        meaning: "how many times the return steps run before after-return; empty: once, and for park \
                  again and again. A call that has been parked again so often is hung up",
        set: |lot, value| {
            lot.max_returns = match value {
                "" => None,
                value => Some(number("number of returns", value, 1, 1000)?),
            };
            Ok(())
        },
    },
    Param {
        name: "exit-key",
        default: "",
        meaning: "the key with which a caller leaves for exit-to: 0-9, * or #",
        set: |lot, value| {
            lot.exit_key = key(value)?;
            Ok(())
        },
    },
    Param {
        name: "exit-to",
        default: "",
        meaning: "where a caller goes who leaves: <exten> [<dialplan> [<context>]]",
        set: |lot, value| {
            lot.exit_to = match value {
                "" => None,
                place => Some(place.parse().map_err(|error: BadPlace| error.to_string())?),
            };
            Ok(())
        },
    },
    Param {
        name: "max-wait",
        default: "0",
        meaning: "seconds after which a caller goes to exit-to, or without one is hung up; 0: never",
        set: |lot, value| {
            lot.max_wait_ms = seconds(value)?;
            Ok(())
        },
    },
    Param {
        name: "comfort",
        default: "",
        meaning: "what the caller hears now and then: a file, a stream or phrase:<macro>",
        set: |lot, value| {
            lot.comfort = (!value.is_empty()).then(|| value.to_owned());
            Ok(())
        },
    },
    Param {
        name: "comfort-every",
        default: "60",
        meaning: "how often that is, in seconds; 0: never",
        set: |lot, value| {
            lot.comfort_every_ms = seconds(value)?;
            Ok(())
        },
    },
    Param {
        name: "callback-key",
        default: "",
        meaning: "the key with which a caller hangs up to be called back: 0-9, * or #",
        set: |lot, value| {
            lot.callback.key = key(value)?;
            Ok(())
        },
    },
    Param {
        name: "callback-by",
        default: "parker",
        meaning: "who calls back, unless the call is for somebody: parker | <user>@<domain>",
        set: |lot, value| {
            lot.callback.by = value.parse()?;
            Ok(())
        },
    },
    Param {
        name: "callback-to",
        default: "${number} XML default",
        meaning: "where the caller's ${number} is dialled: <exten> [<dialplan> [<context>]]",
        set: |lot, value| {
            lot.callback.to = value.parse().map_err(|error: BadPlace| error.to_string())?;
            Ok(())
        },
    },
    Param {
        name: "callback-attempts",
        default: "3",
        meaning: "how many times it is tried, 1 to 20",
        set: |lot, value| {
            lot.callback.attempts = number("number of attempts", value, 1, 20)?;
            Ok(())
        },
    },
    Param {
        name: "callback-expires",
        default: "3600",
        meaning: "seconds after which it is given up",
        set: |lot, value| {
            lot.callback.expires_ms = at_least_one(seconds(value)?)?;
            Ok(())
        },
    },
];

fn key(value: &str) -> Result<Option<char>, String> {
    let mut chars = value.chars();
    match (chars.next(), chars.next()) {
        (None, _) => Ok(None),
        (Some(key), None) if key.is_ascii_digit() || key == '*' || key == '#' => Ok(Some(key)),
        _ => Err("not one of 0-9, * and #".to_owned()),
    }
}

fn number(what: &'static str, value: &str, least: u32, most: u32) -> Result<u32, String> {
    read_number(what, value, least, most).map_err(|error| error.to_string())
}

fn at_least_one(ms: u64) -> Result<u64, String> {
    if ms == 0 { Err("must be at least 1".to_owned()) } else { Ok(ms) }
}
