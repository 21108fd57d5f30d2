//! The params of a lot, with their defaults.

use super::params::{Param, seconds};
use crate::park::{
    BadDestination, BadFallback, BadNoticeText, BadPin, BadPriorities, ByPriority, HoldEncode,
    LotConfig, NoTone, NoticeText, Privacy, Recording, TimeoutRule, WhenFull, WhenOccupied,
    read_number,
};

/// The params of a `<lot>`.
pub(crate) const LOT_PARAMS: [Param<LotConfig>; 40] = [
    Param::of(
        "timeout",
        "90",
        "Seconds until the return steps start, at most ten years. `0` means never. For \
         `adaptive` see [How long](#how-long)",
        |lot, value| {
            lot.timeout.base = match value {
                "adaptive" => TimeoutRule::Adaptive,
                value => TimeoutRule::Fixed(seconds(value)?),
            };
            Ok(())
        },
    ),
    Param::some_seconds("timeout-min", "30", "The shortest adaptive timeout, in seconds", |lot| {
        &mut lot.timeout.min_ms
    }),
    Param::some_seconds("timeout-max", "300", "The longest adaptive timeout, in seconds", |lot| {
        &mut lot.timeout.max_ms
    }),
    Param::of(
        "timeout-by-priority",
        "",
        "A different timeout from a given priority on: `5:45,9:20`. See [How \
         long](#how-long)",
        |lot, value| {
            let ByPriority(entries) =
                value.parse().map_err(|error: BadPriorities| error.to_string())?;
            lot.timeout.by_priority = entries;
            Ok(())
        },
    ),
    Param::text(
        "hold-music",
        "",
        "The file or stream that the caller hears. If the param is empty, it is the \
         channel's `temp_hold_music` or `hold_music`, or the music of the switch. If the \
         music cannot be played, the caller hears silence and the module logs a warning",
        |lot| &mut lot.hold_music,
    ),
    Param::of(
        "hold-encode",
        "shared",
        "`shared` reads and encodes music once for all callers who hear the same, which costs much \
         less: a caller joins the music where it is. With `own` each call plays it from the \
         beginning. See [Hold music](#hold-music)",
        |lot, value| {
            lot.hold_encode = match value {
                "shared" => HoldEncode::Shared,
                "own" => HoldEncode::Own,
                _ => return Err("must be shared or own".to_owned()),
            };
            Ok(())
        },
    ),
    Param::of(
        "recording",
        "keep",
        "What becomes of recordings (`record_session`, `uuid_record`) of a call while it is parked. With `keep` they go \
         on: what the caller says and hears is in the file. `pause` leaves the time out of the file. `mask` writes \
         silence for it. See [Recordings](#after-the-bridge)",
        |lot, value| {
            lot.recording = match value {
                "keep" => Recording::Keep,
                "pause" => Recording::Pause,
                "mask" => Recording::Mask,
                _ => return Err("must be keep, pause or mask".to_owned()),
            };
            Ok(())
        },
    ),
    Param::of(
        "assign",
        "first",
        "Which free orbit a call gets that does not ask for one. `first` is the first \
         one. `next` is the one after the orbit that was given last, in rotation. \
         `longest-free` is the one that has been free longest, so that a late retriever \
         does not pick up the wrong call. `random` is any one",
        |lot, value| {
            lot.assign =
                value.parse().map_err(|()| "must be first, next, longest-free or random")?;
            Ok(())
        },
    ),
    Param::of(
        "when-full",
        "continue",
        "What happens when every orbit is taken. With `continue` the dialplan continues. \
         `parker` sends the call back to the parker. `hangup` hangs the call up with \
         `NORMAL_CLEARING`. `lot:<name>` parks the call in that lot; at most 64 lots are tried \
         one after the other. `transfer:<exten> [<dialplan> [<context>]]` transfers it",
        |lot, value| {
            lot.when_full = value.parse::<WhenFull>().map_err(|error| error.to_string())?;
            Ok(())
        },
    ),
    Param::of(
        "when-occupied",
        "next",
        "What happens when the requested orbit is taken. With `next` the call gets the \
         next free orbit after it. With `continue` the dialplan continues. `parker` sends \
         the call back to the parker",
        |lot, value| {
            lot.when_occupied = value.parse::<WhenOccupied>().map_err(|error| error.to_string())?;
            Ok(())
        },
    ),
    Param::truth(
        "announce",
        "true",
        "Whether the module speaks to people: the orbit to the parker, the missing call \
         to a retriever, the full lot to a caller",
        |lot| &mut lot.announce,
    ),
    Param::truth(
        "blf",
        "true",
        "Whether the lamps of the lot and of its orbits show what is parked",
        |lot| &mut lot.blf,
    ),
    Param::truth(
        "blf-privacy",
        "false",
        "Whether lamps withhold the caller's name and number",
        |lot| &mut lot.blf_privacy,
    ),
    Param::of(
        "privacy",
        "false",
        "Who learns the names and numbers of callers, and the notes about them. `false`: whoever sees the call. `true`: lamps \
         withhold them, and of persons only the parker, the addressee, the retriever, and whom a rule allows to `see` learn \
         them. `strict`: events, the log, the journal and lists for administrators mask them as well. See \
         [Privacy](security.md#privacy)",
        |lot, value| {
            lot.privacy = match value {
                "false" => Privacy::Off,
                "true" => Privacy::On,
                "strict" => Privacy::Strict,
                _ => return Err("must be false, true or strict".to_owned()),
            };
            Ok(())
        },
    ),
    Param::of(
        "caller-days",
        "",
        "After how many days the journal forgets name and number of callers of this lot, and the notes about them. The calls \
         stay for `history-days`. If the param is empty, callers stay as long as their calls",
        |lot, value| {
            lot.caller_days = match value {
                "" => None,
                value => Some(number("number of days", value, 1, 36_600)?),
            };
            Ok(())
        },
    ),
    Param::seconds(
        "blf-age",
        "0",
        "Seconds after which the lamp of a parked call blinks. `0` means never",
        |lot| &mut lot.blf_age_ms,
    ),
    Param::of(
        "pickup-tone",
        "",
        "What is heard when a call has been retrieved: `[retriever|caller|both:]<file or \
         stream>`. Without a side, the retriever hears it. The tone is mixed into the \
         call once the two are connected, so it delays nothing, and it is cut after 5 s. \
         A tone that cannot be played is left out, with a warning",
        |lot, value| {
            lot.pickup_tone = match value {
                "" => None,
                tone => Some(tone.parse().map_err(|error: NoTone| error.to_string())?),
            };
            Ok(())
        },
    ),
    Param::text(
        "page",
        "",
        "A dial string of phones to call, with automatic answer, for 10 s, to say that a \
         call was parked and where",
        |lot| &mut lot.page,
    ),
    Param::seconds(
        "page-interval",
        "30",
        "Seconds within which phones are paged at most once about one caller (by number, \
         or else by channel) of one parker, and at most ten times about all callers of \
         the lot. `0` means each time. A call that causes no page is parked like any \
         other, and the log says so at INFO",
        |lot| &mut lot.page_interval_ms,
    ),
    Param::truth(
        "notify",
        "false",
        "Whether the parker's phones get a SIP MESSAGE that says where the call is",
        |lot| &mut lot.notify,
    ),
    Param::of(
        "notify-text",
        "",
        "What the message says, at most 500 bytes. `${callpark_notice}` is `Parked` or `Parked for you`. The others are \
         `${callpark_lot}`, `${callpark_orbit}`, `${caller_id_name}`, `${caller_id_number}`, `${callpark_parker}`, \
         `${callpark_for}`, `${callpark_note}`, and `${callpark_link}`, a link with which the recipient takes the call \
         ([One-tap links](web.md#one-tap-links)). If the param is empty, the message says who waits, and where",
        |lot, value| {
            lot.notify_text = match value {
                "" => NoticeText::default(),
                value => value.parse().map_err(|error: BadNoticeText| error.to_string())?,
            };
            Ok(())
        },
    ),
    Param::seconds(
        "notify-interval",
        "30",
        "Seconds within which the parker gets at most one such message about one caller, \
         and at most ten about all callers of the lot. `0` means each time",
        |lot| &mut lot.notify_interval_ms,
    ),
    Param::seconds(
        "exclusive",
        "0",
        "Seconds for which only the user for whom a call is meant (`callpark_for`, `user:`) may \
         retrieve it, and its parker. After that the rules of the lot apply. `0` means that they \
         apply at once. See [Calls for one user](#calls-for-one-user)",
        |lot| &mut lot.exclusive_ms,
    ),
    Param::of(
        "pin",
        "",
        "A PIN of 1 to 32 digits that a retriever has to key for each call of the lot, unless the \
         call or the retriever has a PIN of its own. See [PINs](#pins)",
        |lot, value| {
            lot.pin = match value {
                "" => None,
                pin => Some(pin.parse().map_err(|error: BadPin| error.to_string())?),
            };
            Ok(())
        },
    ),
    Param::of(
        "max-per-caller",
        "0",
        "How many calls of one caller's number may be parked in the lot at once. `0` \
         means any number, because all callers of a company or a trunk may share one \
         number. Where callers park themselves, from an IVR or a DID, 3 is a good value. \
         A further call gets `denied` and continues in its dialplan. The limit does not \
         apply to a caller without a number, or with a number of zeros or a word such as \
         `anonymous`. It does not apply to a call for which an orbit is held (`callpark \
         park`, an attended transfer) or that `callpark move` brings",
        |lot, value| {
            let most: u32 = value.parse().map_err(|_| "is not a number of calls".to_owned())?;
            lot.max_per_caller = (most > 0).then_some(most);
            Ok(())
        },
    ),
    Param::truth(
        "per-domain",
        "false",
        "Whether each domain has its own copy of the lot, with the same orbits and settings. A copy is made at first use, and \
         removed when it is empty. Can also be an attribute of `<lot>`. See [Tenants](#tenants)",
        |lot| &mut lot.per_domain,
    ),
    Param::of(
        "probe-limit",
        "10",
        "How many wrong orbits or PINs one source may dial within `probe-window`. A source that dials more is \
         `denied` for a while, which grows each time. `0` means any number. See \
         [Guessing](#guessing)",
        |lot, value| {
            lot.probe_limit = value.parse().map_err(|_| "is not a number".to_owned())?;
            Ok(())
        },
    ),
    Param::some_seconds(
        "probe-window",
        "60",
        "The time in seconds within which wrong orbits and PINs are counted, and for which a source that has dialled too many \
         is `denied` the first time",
        |lot| &mut lot.probe_window_ms,
    ),
    Param::of(
        "after-return",
        "park",
        "What happens to a call that no return step took: `park`, `hangup`, \
         `hangup:<cause>` or `transfer:…`. See [Return steps](#return-steps)",
        |lot, value| {
            lot.after_return = value.parse().map_err(|error: BadFallback| error.to_string())?;
            Ok(())
        },
    ),
    Param::of(
        "max-returns",
        "",
        "How many times the return steps run before `after-return` applies, 1 to 1000. If \
         the param is empty, they run once, or without a limit if `after-return` is \
         `park`",
        |lot, value| {
            lot.max_returns = match value {
                "" => None,
                value => Some(number("number of returns", value, 1, 1000)?),
            };
            Ok(())
        },
    ),
    Param::key(
        "exit-key",
        "",
        "The key with which a caller leaves: 0-9, `*` or `#`. Needs `exit-to`. See [The \
         caller's choices](#the-callers-choices)",
        |lot| &mut lot.exit_key,
    ),
    Param::of(
        "exit-to",
        "",
        "Where a caller who leaves goes: `<exten> [<dialplan> [<context>]]`",
        |lot, value| {
            lot.exit_to = match value {
                "" => None,
                place => Some(place.parse().map_err(|error: BadDestination| error.to_string())?),
            };
            Ok(())
        },
    ),
    Param::seconds(
        "max-wait",
        "0",
        "Seconds after which a caller goes to `exit-to`, or is hung up if there is none. \
         `0` means never",
        |lot| &mut lot.max_wait_ms,
    ),
    Param::text(
        "comfort",
        "",
        "What the caller hears at intervals: a file, a stream or `phrase:<macro>`",
        |lot| &mut lot.comfort,
    ),
    Param::seconds(
        "comfort-every",
        "60",
        "The interval of `comfort`, in seconds. `0` means never",
        |lot| &mut lot.comfort_every_ms,
    ),
    Param::key(
        "callback-key",
        "",
        "The key with which a caller asks to be called back. It must differ from \
         `exit-key`. See [Call-backs](#call-backs)",
        |lot| &mut lot.callback.key,
    ),
    Param::of(
        "callback-by",
        "parker",
        "The user who calls back: `parker` or `<user>@<domain>`",
        |lot, value| {
            lot.callback.by = value.parse()?;
            Ok(())
        },
    ),
    Param::of(
        "callback-to",
        "${number} XML default",
        "Where the caller's number is dialled",
        |lot, value| {
            lot.callback.to = value.parse().map_err(|error: BadDestination| error.to_string())?;
            Ok(())
        },
    ),
    Param::of(
        "callback-attempts",
        "3",
        "How many times a call-back is tried, 1 to 20",
        |lot, value| {
            lot.callback.attempts = number("number of attempts", value, 1, 20)?;
            Ok(())
        },
    ),
    Param::some_seconds(
        "callback-expires",
        "3600",
        "Seconds after which the module gives a call-back up",
        |lot| &mut lot.callback.expires_ms,
    ),
];

fn number(what: &'static str, value: &str, least: u32, most: u32) -> Result<u32, String> {
    read_number(what, value, least, most).map_err(|error| error.to_string())
}
