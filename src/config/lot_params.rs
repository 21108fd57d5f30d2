//! The params of a lot, with their defaults.

use super::params::{Param, seconds, truth};
use crate::park::{
    BadFallback, BadPlace, BadPriorities, Base, ByPriority, LotConfig, NoTone, WhenFull,
    WhenOccupied, read_number,
};

/// The params of a `<lot>`.
pub(crate) const LOT_PARAMS: [Param<LotConfig>; 30] = [
    Param {
        name: "timeout",
        default: "90",
        meaning: "Seconds until the return steps start, at most ten years. `0` means never. For \
                  `adaptive` see [How long](#how-long)",
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
        meaning: "The shortest adaptive timeout, in seconds",
        set: |lot, value| {
            lot.timeout.min_ms = at_least_one(seconds(value)?)?;
            Ok(())
        },
    },
    Param {
        name: "timeout-max",
        default: "300",
        meaning: "The longest adaptive timeout, in seconds",
        set: |lot, value| {
            lot.timeout.max_ms = at_least_one(seconds(value)?)?;
            Ok(())
        },
    },
    Param {
        name: "timeout-by-priority",
        default: "",
        meaning: "A different timeout from a given priority on: `5:45,9:20`. See [How \
                  long](#how-long)",
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
        meaning: "The file or stream that the caller hears. If the param is empty, it is the \
                  channel's `temp_hold_music` or `hold_music`, or the music of the switch. If the \
                  music cannot be played, the caller hears silence and the module logs a warning",
        set: |lot, value| {
            lot.hold_music = (!value.is_empty()).then(|| value.to_owned());
            Ok(())
        },
    },
    Param {
        name: "assign",
        default: "first",
        meaning: "Which free orbit a call gets that does not ask for one. `first` is the first \
                  one. `next` is the one after the orbit that was given last, in rotation. \
                  `longest-free` is the one that has been free longest, so that a late retriever \
                  does not pick up the wrong call. `random` is any one",
        set: |lot, value| {
            lot.assign = value.parse().map_err(|()| "none of first, next, longest-free, random")?;
            Ok(())
        },
    },
    Param {
        name: "when-full",
        default: "continue",
        meaning: "What happens when every orbit is taken. With `continue` the dialplan continues. \
                  `parker` sends the call back to the parker. `hangup` hangs the call up with \
                  `NORMAL_CLEARING`. `lot:<name>` parks the call in that lot. `transfer:<exten> \
                  [<dialplan> [<context>]]` transfers it",
        set: |lot, value| {
            lot.when_full = value.parse::<WhenFull>().map_err(|error| error.to_string())?;
            Ok(())
        },
    },
    Param {
        name: "when-occupied",
        default: "next",
        meaning: "What happens when the requested orbit is taken. With `next` the call gets the \
                  next free orbit after it. With `continue` the dialplan continues. `parker` sends \
                  the call back to the parker",
        set: |lot, value| {
            lot.when_occupied = value.parse::<WhenOccupied>().map_err(|error| error.to_string())?;
            Ok(())
        },
    },
    Param {
        name: "announce",
        default: "true",
        meaning: "Whether the module speaks to people: the orbit to the parker, the missing call \
                  to a retriever, the full lot to a caller",
        set: |lot, value| {
            lot.announce = truth(value)?;
            Ok(())
        },
    },
    Param {
        name: "blf",
        default: "true",
        meaning: "Whether the lamps of the lot and of its orbits show what is parked",
        set: |lot, value| {
            lot.blf = truth(value)?;
            Ok(())
        },
    },
    Param {
        name: "blf-privacy",
        default: "false",
        meaning: "Whether lamps withhold the caller's name and number",
        set: |lot, value| {
            lot.blf_privacy = truth(value)?;
            Ok(())
        },
    },
    Param {
        name: "blf-age",
        default: "0",
        meaning: "Seconds after which the lamp of a parked call blinks. `0` means never",
        set: |lot, value| {
            lot.blf_age_ms = seconds(value)?;
            Ok(())
        },
    },
    Param {
        name: "pickup-tone",
        default: "",
        meaning: "What is heard when a call has been retrieved: `[retriever|caller|both:]<file or \
                  stream>`. Without a side, the retriever hears it. The tone is mixed into the \
                  call once the two are connected, so it delays nothing, and it is cut after 5 s. \
                  A tone that cannot be played is left out, with a warning",
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
        meaning: "A dial string of phones to call, with automatic answer, for 10 s, to say that a \
                  call was parked and where",
        set: |lot, value| {
            lot.page = (!value.is_empty()).then(|| value.to_owned());
            Ok(())
        },
    },
    Param {
        name: "page-interval",
        default: "30",
        meaning: "Seconds within which phones are paged at most once about one caller (by number, \
                  or else by channel) of one parker, and at most ten times about all callers of \
                  the lot. `0` means each time. A call that causes no page is parked like any \
                  other, and the log says so at INFO",
        set: |lot, value| {
            lot.page_interval_ms = seconds(value)?;
            Ok(())
        },
    },
    Param {
        name: "notify",
        default: "false",
        meaning: "Whether the parker's phones get a SIP MESSAGE that says where the call is",
        set: |lot, value| {
            lot.notify = truth(value)?;
            Ok(())
        },
    },
    Param {
        name: "notify-interval",
        default: "30",
        meaning: "Seconds within which the parker gets at most one such message about one caller, \
                  and at most ten about all callers of the lot. `0` means each time",
        set: |lot, value| {
            lot.notify_interval_ms = seconds(value)?;
            Ok(())
        },
    },
    Param {
        name: "max-per-caller",
        default: "0",
        meaning: "How many calls of one caller's number may be parked in the lot at once. `0` \
                  means any number, because all callers of a company or a trunk may share one \
                  number. Where callers park themselves, from an IVR or a DID, 3 is a good value. \
                  A further call gets `denied` and continues in its dialplan. The limit does not \
                  apply to a caller without a number, or with a number of zeros or a word such as \
                  `anonymous`. It does not apply to a call for which an orbit is held (`callpark \
                  park`, an attended transfer) or that `callpark move` brings",
        set: |lot, value| {
            let most: u32 = value.parse().map_err(|_| "not a number of calls".to_owned())?;
            lot.max_per_caller = (most > 0).then_some(most);
            Ok(())
        },
    },
    Param {
        name: "after-return",
        default: "park",
        meaning: "What happens to a call that no return step took: `park`, `hangup`, \
                  `hangup:<cause>` or `transfer:…`. See [Return steps](#return-steps)",
        set: |lot, value| {
            lot.after_return = value.parse().map_err(|error: BadFallback| error.to_string())?;
            Ok(())
        },
    },
    Param {
        name: "max-returns",
        default: "",
        meaning: "How many times the return steps run before `after-return` applies, 1 to 1000. If \
                  the param is empty, they run once, or without a limit if `after-return` is \
                  `park`",
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
        meaning: "The key with which a caller leaves: 0-9, `*` or `#`. Needs `exit-to`. See [The \
                  caller's choices](#the-callers-choices)",
        set: |lot, value| {
            lot.exit_key = key(value)?;
            Ok(())
        },
    },
    Param {
        name: "exit-to",
        default: "",
        meaning: "Where a caller who leaves goes: `<exten> [<dialplan> [<context>]]`",
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
        meaning: "Seconds after which a caller goes to `exit-to`, or is hung up if there is none. \
                  `0` means never",
        set: |lot, value| {
            lot.max_wait_ms = seconds(value)?;
            Ok(())
        },
    },
    Param {
        name: "comfort",
        default: "",
        meaning: "What the caller hears at intervals: a file, a stream or `phrase:<macro>`",
        set: |lot, value| {
            lot.comfort = (!value.is_empty()).then(|| value.to_owned());
            Ok(())
        },
    },
    Param {
        name: "comfort-every",
        default: "60",
        meaning: "The interval of `comfort`, in seconds. `0` means never",
        set: |lot, value| {
            lot.comfort_every_ms = seconds(value)?;
            Ok(())
        },
    },
    Param {
        name: "callback-key",
        default: "",
        meaning: "The key with which a caller asks to be called back. It must differ from \
                  `exit-key`. See [Call-backs](#call-backs)",
        set: |lot, value| {
            lot.callback.key = key(value)?;
            Ok(())
        },
    },
    Param {
        name: "callback-by",
        default: "parker",
        meaning: "Who calls back: `parker` or `<user>@<domain>`",
        set: |lot, value| {
            lot.callback.by = value.parse()?;
            Ok(())
        },
    },
    Param {
        name: "callback-to",
        default: "${number} XML default",
        meaning: "Where the caller's number is dialled",
        set: |lot, value| {
            lot.callback.to = value.parse().map_err(|error: BadPlace| error.to_string())?;
            Ok(())
        },
    },
    Param {
        name: "callback-attempts",
        default: "3",
        meaning: "How many times a call-back is tried, 1 to 20",
        set: |lot, value| {
            lot.callback.attempts = number("number of attempts", value, 1, 20)?;
            Ok(())
        },
    },
    Param {
        name: "callback-expires",
        default: "3600",
        meaning: "Seconds after which the module gives a call-back up",
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
