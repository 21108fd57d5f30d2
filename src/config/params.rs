//! Params: what one is, how they are read, and those of the whole module. These tables are what the parser knows and
//! what the sample explains.

use office::database::BadAddress;

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
    set: Set<T>,
}

/// How a value is read, and where it goes.
enum Set<T> {
    Seconds(fn(&mut T) -> &mut u64),
    SomeSeconds(fn(&mut T) -> &mut u64),
    Truth(fn(&mut T) -> &mut bool),
    Text(fn(&mut T) -> &mut Option<String>),
    Key(fn(&mut T) -> &mut Option<char>),
    Other(fn(&mut T, &str) -> Result<(), String>),
}

/// One kind of param each.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $kind:ident $field:ty;)*) => {
        impl<T> Param<T> {$(
            $(#[$doc])*
            pub(super) const fn $name(
                name: &'static str,
                default: &'static str,
                meaning: &'static str,
                field: $field,
            ) -> Self {
                Param { name, default, meaning, set: Set::$kind(field) }
            }
        )*}
    };
}

kinds! {
    /// A time in seconds; the field has ms.
    seconds Seconds fn(&mut T) -> &mut u64;
    /// The same, at least one.
    some_seconds SomeSeconds fn(&mut T) -> &mut u64;
    /// `true` or `false`.
    truth Truth fn(&mut T) -> &mut bool;
    /// A text; empty: none.
    text Text fn(&mut T) -> &mut Option<String>;
    /// A key of a phone; empty: none.
    key Key fn(&mut T) -> &mut Option<char>;
    /// Anything else.
    of Other fn(&mut T, &str) -> Result<(), String>;
}

impl<T> Param<T> {
    fn set(&self, target: &mut T, value: &str) -> Result<(), String> {
        match self.set {
            Set::Seconds(field) => *field(target) = seconds(value)?,
            Set::SomeSeconds(field) => *field(target) = at_least_one(seconds(value)?)?,
            Set::Truth(field) => *field(target) = truth(value)?,
            Set::Text(field) => *field(target) = (!value.is_empty()).then(|| value.to_owned()),
            Set::Key(field) => *field(target) = key(value)?,
            Set::Other(set) => set(target, value)?,
        }
        Ok(())
    }
}

/// The params of `<settings>`.
pub(crate) const SETTINGS: [Param<Settings>; 20] = [
    Param::of(
        "presence-proto",
        "park",
        "The first word in the name of a lamp: `park` in `park+701@example.com`. Letters, digits, \
         `-` and `_`",
        |settings, value| {
            let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            if value.is_empty() || !value.bytes().all(legal) {
                return Err("must consist of letters, digits, - and _".to_owned());
            }
            settings.presence_proto = value.to_owned();
            Ok(())
        },
    ),
    Param::of(
        "max-ringing",
        "1024",
        "How many return steps, commands and call-backs may ring at one time, 1 to 10000. More of \
         them wait for their turn, for as long as each may ring. `callpark health` shows this",
        |settings, value| {
            settings.max_ringing = match value.parse() {
                Ok(most @ 1..=10_000) => most,
                _ => return Err("must be a number from 1 to 10000".to_owned()),
            };
            Ok(())
        },
    ),
    Param::truth(
        "valet",
        "false",
        "Whether the module stands in for mod_valet_parking: the application `valet_park`, the command `valet_info`, and its \
         variables, events and phrases. It cannot be loaded beside mod_valet_parking then. A new value takes effect when the \
         module is loaded again. See [valet_park](#valet_park)",
        |settings| &mut settings.valet,
    ),
    Param::truth(
        "journal",
        "true",
        "Records every parked call in a file, for `callpark history`, `report` and `at`. A new value of this setting, of \
         those down to `node`, and of `database` takes effect when the module is loaded again",
        |settings| &mut settings.journal.on,
    ),
    Param::text(
        "journal-path",
        "",
        "The file of the journal. Empty: `callpark.sqlite` in FreeSWITCH's folder for databases (`db_dir`). A path that does \
         not begin with `/` is below that folder. The folder must exist, and must not be in memory if the history is to \
         survive a restart of the machine",
        |settings| &mut settings.journal.path,
    ),
    Param::of(
        "history-days",
        "400",
        "After how many days calls that have ended are deleted from the journal. 0 means never",
        |settings, value| {
            settings.journal.days = days(value)?;
            Ok(())
        },
    ),
    Param::of(
        "history-callers",
        "full",
        "How much of a caller the journal keeps. `full`: name and number. `masked`: the number without its last three digits, and \
         the first letter of the name. `hashed`: a code by which repeated calls of one number in one month can be recognised. \
         `none`: nothing. While a call \
         is parked, its name and number are in the file in any case, for use after a crash",
        |settings, value| {
            settings.journal.callers = value
                .parse()
                .map_err(|_| "is not one of full, masked, hashed and none".to_owned())?;
            Ok(())
        },
    ),
    Param::truth(
        "audit",
        "true",
        "Whether the journal records who did what: see [The audit](security.md#the-audit)",
        |settings| &mut settings.journal.audit,
    ),
    Param::of(
        "audit-days",
        "400",
        "After how many days that is deleted. 0 means never",
        |settings, value| {
            settings.journal.audit_days = days(value)?;
            Ok(())
        },
    ),
    Param::of(
        "audit-file",
        "",
        "A file that receives the same as lines of JSON, as a whole path. Empty: none. The file is begun anew at a SIGHUP. See \
         [The audit](security.md#the-audit)",
        |settings, value| {
            if !value.is_empty() && !value.starts_with('/') {
                return Err("must be a whole path".to_owned());
            }
            settings.journal.audit_file = (!value.is_empty()).then(|| value.into());
            Ok(())
        },
    ),
    Param::of(
        "node",
        "",
        "The name of this switch in the journal. Empty: FreeSWITCH's `switchname`, or else the host name",
        |settings, value| {
            if value.len() > 64 || value.contains(char::is_control) {
                return Err("must be at most 64 bytes without control characters".to_owned());
            }
            settings.journal.node = (!value.is_empty()).then(|| value.to_owned());
            Ok(())
        },
    ),
    Param::truth(
        "recover",
        "true",
        "Brings parked SIP calls back into their orbits after a crash, if their SIP profile has `track-calls`: see \
         [Recovery](operating.md#recovery). Needs the journal",
        |settings| &mut settings.recovery.on,
    ),
    Param::some_seconds(
        "recover-within",
        "20",
        "For how long after the start the orbits of these calls are held for them",
        |settings| &mut settings.recovery.within_ms,
    ),
    Param::of(
        "lost",
        "callback",
        "What is done for the caller of a parked call that does not come back. `callback`: the caller is called back, if the \
         number can be dialled and a user who can do so is known (`callback-by` of the lot). `none`: nothing",
        |settings, value| {
            settings.recovery.call_back = match value {
                "callback" => true,
                "none" => false,
                _ => return Err("is neither callback nor none".to_owned()),
            };
            Ok(())
        },
    ),
    Param::of(
        "database",
        "",
        "A PostgreSQL database that receives the same tables, for other programs, as \
         `postgresql://user:password@host:5432/database`. Empty: none. `?sslmode=` is `disable`, `prefer`, `require` or \
         `verify-full`, with `&sslrootcert=` for a file of root certificates. See \
         [PostgreSQL](operating.md#postgresql)",
        |settings, value| {
            let address = (!value.is_empty()).then(|| value.parse()).transpose();
            settings.journal.database = address.map_err(|error: BadAddress| error.to_string())?;
            Ok(())
        },
    ),
    Param::of(
        "web-listen",
        "",
        "Where the web server listens, as an address and a port: `127.0.0.1:8095`. Empty: there is none. On any other address than \
         a local one, set `web-tls`, or put it behind a proxy that encrypts. See [The web server](web.md)",
        |settings, value| {
            settings.web.listen = (!value.is_empty())
                .then(|| value.parse())
                .transpose()
                .map_err(|_| "is not an address and a port, such as 127.0.0.1:8095".to_owned())?;
            Ok(())
        },
    ),
    Param::of(
        "web-tls",
        "",
        "How the web server encrypts: `auto`, with `wss.pem`, the certificate that FreeSWITCH has for WebSockets, or the files of a \
         certificate with its chain and of its key, as `/etc/ssl/pbx.pem /etc/ssl/pbx.key`. A path that does not begin with `/` \
         is relative to FreeSWITCH's folder for certificates (`certs_dir`). Files that change are read again. Empty: it does \
         not encrypt",
        |settings, value| {
            settings.web.tls = (!value.is_empty()).then(|| super::web::tls(value)).transpose()?;
            Ok(())
        },
    ),
    Param::of(
        "web-url",
        "",
        "Where the web server is reached, if a proxy is in front of it: `https://pbx.example.com`. One-tap links begin with that. \
         Empty: the address of `web-listen`",
        |settings, value| {
            settings.web.url = (!value.is_empty()).then(|| super::web::url(value)).transpose()?;
            Ok(())
        },
    ),
    Param::truth(
        "web-users",
        "true",
        "Whether users of the directory may log in there, with the password in their `callpark-password`. A user without one \
         cannot",
        |settings| &mut settings.web.users,
    ),
    Param::of(
        "web-proxy-header",
        "",
        "A header in which a proxy says who has logged in to it, as `user@domain`, and the addresses of that proxy: \
         `X-Forwarded-User 127.0.0.1,10.0.0.0/8`. The header counts in requests from these addresses only. Empty: none",
        |settings, value| {
            settings.web.proxy =
                (!value.is_empty()).then(|| super::web::proxy(value)).transpose()?;
            Ok(())
        },
    ),
];

/// A hundred years: more is a mistake.
const MOST_DAYS: u32 = 36_600;

fn days(value: &str) -> Result<u32, String> {
    let days = value.parse().ok().filter(|days| *days <= MOST_DAYS);
    days.ok_or_else(|| "is not a number of days".to_owned())
}

/// Sets what the `<param>` elements say, each param once at most.
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
            return Err(fail("is given twice".to_owned()));
        }
        seen.push(param.name);
        param.set(target, value).map_err(fail)?;
    }
    Ok(())
}

/// Ten years: longer is a mistake, and far from any overflow.
const LONGEST_TIMEOUT_S: u64 = 10 * 366 * 86_400;

pub(super) fn seconds(value: &str) -> Result<u64, String> {
    match value.parse::<u64>() {
        Ok(seconds) if seconds <= LONGEST_TIMEOUT_S => Ok(seconds * 1000),
        _ => Err("is not a number of seconds".to_owned()),
    }
}

pub(super) fn truth(value: &str) -> Result<bool, String> {
    match value {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("is neither true nor false".to_owned()),
    }
}

fn key(value: &str) -> Result<Option<char>, String> {
    let mut chars = value.chars();
    match (chars.next(), chars.next()) {
        (None, _) => Ok(None),
        (Some(key), None) if key.is_ascii_digit() || key == '*' || key == '#' => Ok(Some(key)),
        _ => Err("is not one of 0-9, * and #".to_owned()),
    }
}

fn at_least_one(ms: u64) -> Result<u64, String> {
    if ms == 0 { Err("must be at least 1".to_owned()) } else { Ok(ms) }
}
