//! The command `callpark`, one file a verb.

use std::collections::HashMap;
use std::ffi::CStr;
use std::sync::Arc;

use office::audit::API;

use crate::args;
use crate::config;
use crate::dial::errand as called;
use crate::journal::acts;
use crate::leg::{actor, errand, party, standing};
use crate::module::Module;
use crate::park::{
    Actor, CallView, Caller, LotConfig, LotKey, OrbitKey, OrbitName, Park, Refusal, Shown, User,
    Viewer,
};
use crate::render;
use crate::switch;
use crate::switch::Session;
use crate::switch::module::Command;
use crate::switch::stream::Stream;

mod audit;
mod callbacks;
mod checkpoint;
pub(crate) mod complete;
mod doctor;
mod drop;
pub(crate) mod health;
mod history;
mod import;
mod journal;
#[cfg(feature = "web")]
mod link;
mod list;
mod may;
mod move_call;
mod orbits;
pub(crate) mod park;
pub(crate) mod past;
mod people;
mod reload;
mod report;
pub(crate) mod retrieve;
mod return_now;
pub(crate) mod set;
mod show;
mod status;
mod streams;
pub(crate) mod valet;
#[cfg(feature = "web")]
mod webhooks;
pub(crate) mod written_down;

/// The command.
pub(crate) struct Callpark;

/// An action's or a query's answer.
type Answer = Result<String, Error>;

/// Why a verb did not do what it was asked: `-ERR <code> <text>`.
pub(crate) struct Error {
    /// The code.
    pub code: &'static str,
    /// For people.
    pub text: String,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self { code: refusal.code(), text: refusal.text().to_owned() }
    }
}

impl Error {
    fn new(refusal: Refusal, text: impl Into<String>) -> Self {
        Self { code: refusal.code(), text: text.into() }
    }

    fn usage(verb: &Verb) -> Self {
        Self::new(Refusal::BadArguments, format!("usage: callpark {} {}", verb.name, verb.syntax))
    }
}

/// A verb of the command.
struct Verb {
    name: &'static str,
    syntax: &'static str,
    /// What it does and answers, as `docs/reference.md` and `callpark help` say it.
    about: &'static str,
    /// What can be completed with Tab behind it: words, or `::callpark::…` for lists of ours.
    complete: &'static [&'static str],
    run: fn(&Arc<Module>, &[&str]) -> Answer,
}

impl Verb {
    fn usage(&self) -> String {
        usage(self.name, self.syntax)
    }
}

fn usage(name: &str, syntax: &str) -> String {
    format!("callpark {name} {syntax}").trim_end().to_owned()
}

const VERBS: &[Verb] = &[
    status::VERB,
    list::VERB,
    show::VERB,
    park::VERB,
    retrieve::VERB,
    move_call::VERB,
    set::VERB,
    return_now::VERB,
    drop::VERB,
    orbits::CLOSE,
    orbits::OPEN,
    callbacks::LIST,
    callbacks::ONE,
    may::VERB,
    #[cfg(feature = "web")]
    link::VERB,
    reload::VERB,
    health::VERB,
    doctor::VERB,
    import::VERB,
    streams::VERB,
    #[cfg(feature = "web")]
    webhooks::VERB,
    history::VERB,
    history::AT,
    report::VERB,
    journal::VERB,
    audit::VERB,
    people::EXPORT,
    people::ERASE,
    checkpoint::VERB,
    Verb {
        name: "version",
        syntax: "",
        about: "Prints the version",
        complete: &[""],
        run: version,
    },
    Verb {
        name: "help",
        syntax: "[<verb>|<param>]",
        about: "Lists the verbs, or explains one verb or one param",
        complete: &["::callpark::topics"],
        run: help,
    },
];

/// How each verb is written, and what it does. Made when this is compiled: a test that holds the functions of the verbs needs
/// FreeSWITCH.
#[cfg(test)]
pub(crate) fn verbs() -> impl Iterator<Item = (String, &'static str)> {
    const TEXTS: [(&str, &str, &str); VERBS.len()] = {
        let mut texts = [("", "", ""); VERBS.len()];
        let mut at = 0;
        while at < VERBS.len() {
            texts[at] = (VERBS[at].name, VERBS[at].syntax, VERBS[at].about);
            at += 1;
        }
        texts
    };
    TEXTS.iter().map(|(name, syntax, about)| (usage(name, syntax), *about))
}

/// These wait for a file or for a network, and the thread of a call does not.
const NOT_ON_A_CALL: &[&str] = &[
    #[cfg(feature = "web")]
    webhooks::VERB.name,
    audit::VERB.name,
    people::EXPORT.name,
    people::ERASE.name,
    doctor::VERB.name,
    import::VERB.name,
    history::VERB.name,
    history::AT.name,
    report::VERB.name,
    journal::VERB.name,
    checkpoint::VERB.name,
];

/// Nothing an administrator types is longer.
const LONGEST: usize = 8 * 1024;

impl Command for Callpark {
    const NAME: &'static CStr = c"callpark";
    const SHORT: &'static CStr = c"Call parking";
    const SYNTAX: &'static CStr = c"<verb> [<arguments>]; `callpark help` lists the verbs";

    fn run(arguments: &str, stream: &mut Stream, here: Option<Session<'_>>) {
        let answer = match Module::running() {
            Some(module) => {
                // Of no use to anybody but a channel that we have asked ourselves.
                let token = arguments.strip_prefix(errand::ERRAND).map(str::trim);
                if let (Some(leg), Some(token)) = (here, token) {
                    return called::asked(&module, leg, token);
                }
                dispatch(&module, arguments, here.is_some())
            }
            None => Err(Error::new(Refusal::Closed, "the module is being unloaded")),
        };
        stream.write(&written(answer));
    }
}

fn written(answer: Answer) -> String {
    answer.unwrap_or_else(|error| format!("-ERR {} {}\n", error.code, one_line(&error.text)))
}

/// What a line of the command answers.
#[cfg(feature = "fuzzing")]
pub(crate) fn answer(module: &Arc<Module>, arguments: &str) -> String {
    written(dispatch(module, arguments, false))
}

/// `on_a_call`: this is the thread of a call.
fn dispatch(module: &Arc<Module>, arguments: &str, on_a_call: bool) -> Answer {
    if arguments.len() > LONGEST {
        return Err(Error::new(Refusal::BadArguments, "the command is longer than 8 KB"));
    }
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let Some((name, rest)) = words.split_first() else { return help(module, &[]) };
    let verb = VERBS.iter().find(|verb| verb.name == *name).ok_or_else(|| {
        Error::new(
            Refusal::BadArguments,
            format!("there is no verb {name:?}; `callpark help` lists the verbs"),
        )
    })?;
    if on_a_call && NOT_ON_A_CALL.contains(&verb.name) {
        let text = format!(
            "{name} waits for a file or a network, and a call must not; use the event socket or fs_cli, not a dialplan"
        );
        return Err(Error::new(Refusal::Failed, text));
    }
    acts::acting(API, || {
        let answer = (verb.run)(module, rest);
        written_down::command(module, verb.name, rest, &answer);
        // A verb that cannot make sense of its words says BadArguments: the caller wants to know how it goes.
        answer.map_err(|error| {
            let bare = Error::from(Refusal::BadArguments);
            if error.code == bare.code && error.text == bare.text {
                Error::usage(verb)
            } else {
                error
            }
        })
    })
}

fn version(_: &Arc<Module>, words: &[&str]) -> Answer {
    none(words)?;
    Ok(format!("mod_callpark {}\n", env!("CARGO_PKG_VERSION")))
}

fn help(_: &Arc<Module>, words: &[&str]) -> Answer {
    match *words {
        [] => Ok(VERBS.iter().map(|verb| format!("{}\n", verb.usage())).collect()),
        [topic] => {
            let verb = VERBS.iter().find(|verb| verb.name == topic);
            let verb = verb.map(|verb| explained(&verb.usage(), verb.about));
            let param = config::explain(topic).map(|(default, meaning)| {
                explained(&format!("{topic}, by default {default}"), meaning)
            });
            let found: Vec<String> = verb.into_iter().chain(param).collect();
            if found.is_empty() {
                let text = format!("there is no verb or param {topic:?}");
                return Err(Error::new(Refusal::BadArguments, text));
            }
            Ok(found.concat())
        }
        _ => Err(Refusal::BadArguments.into()),
    }
}

fn explained(what: &str, text: &str) -> String {
    format!("{what}\n  {}\n", plain(text))
}

/// The text without the marks of the reference: code, links and emphasis.
fn plain(text: &str) -> String {
    unlinked(text, "").replace("**", "").replace('`', "")
}

/// The text with its links without where they lead, between two of these marks.
pub(crate) fn unlinked(text: &str, mark: &str) -> String {
    let mut text = text.to_owned();
    while let Some((before, after)) = text.split_once("](")
        && let (Some(from), Some(to)) = (before.rfind('['), after.find(')'))
    {
        let (before, link) = (&before[..from], &before[from + 1..]);
        text = format!("{before}{mark}{link}{mark}{}", &after[to + 1..]);
    }
    text
}

fn none(words: &[&str]) -> Result<(), Error> {
    if words.is_empty() { Ok(()) } else { Err(Refusal::BadArguments.into()) }
}

/// What an action that worked answers.
fn ok(text: impl std::fmt::Display) -> Answer {
    Ok(format!("+OK {text}\n"))
}

/// `<lot> <orbit>`, as an administrator names them: from outside every tenant.
fn orbit_key(park: &Park, lot: &str, orbit: &str) -> Result<OrbitKey, Refusal> {
    let lot = args::lot(park, lot, None)?;
    let made = park.lot_config(&lot).is_some_and(|lot| lot.made);
    let orbit = match OrbitName::slot(orbit).ok().filter(|_| made) {
        Some(slot) => slot,
        None => args::orbit(orbit)?,
    };
    Ok(OrbitKey { lot, orbit })
}

/// A phone that rings is not moved, because the user who answers gets what it was called for. Nor is a leg moved that could
/// not be parked.
fn nobody_there(leg: &switch::Located) -> Result<(), Error> {
    match standing::obstacle_to_parking(leg.session().channel()) {
        Some(Refusal::Unanswered) => {
            Err(Error::new(Refusal::Unanswered, "the phone is ringing and has not been answered"))
        }
        Some(obstacle) => Err(obstacle.into()),
        None => Ok(()),
    }
}

/// Why a channel did not go where it was sent.
fn busy(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Failed => Error::new(
            refusal,
            "the channel is busy and did not respond; it continues what it was doing",
        ),
        Refusal::Gone => Error::new(refusal, "the channel has hung up"),
        refusal => refusal.into(),
    }
}

/// An answer's first line is its only one.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// How much of a caller in that lot administrators see. Each lot is asked once.
fn shown(module: &Module) -> impl FnMut(&LotKey, &Caller) -> Shown {
    let mut lots: HashMap<LotKey, Option<Arc<LotConfig>>> = HashMap::new();
    move |lot, caller| {
        let config =
            lots.entry(lot.clone()).or_insert_with(|| module.look(|park| park.lot_config(lot)));
        let shown = config.as_ref().map(|lot| lot.shown_to(Viewer::Administrator, caller));
        shown.unwrap_or(Shown::All)
    }
}

/// These calls, with as much of their callers as administrators see.
fn seen(module: &Module, calls: Vec<CallView>) -> Vec<CallView> {
    let mut shown = shown(module);
    let seen = calls.into_iter().map(|call| {
        let shown = shown(&call.lot, &call.info.caller);
        CallView { info: render::masked::call(call.info, shown), ..call }
    });
    seen.collect()
}

/// The user of that name; without a domain, one of the switch's own.
fn user(text: &str) -> Result<User, Error> {
    let bad = |why: &str| Error::new(Refusal::BadArguments, format!("{text:?} {why}"));
    let named = if text.contains('@') {
        text.parse().ok()
    } else {
        switch::core::domain().and_then(|domain| User::new(text, &domain).ok())
    };
    let user = named.ok_or_else(|| bad("is not a user@domain"))?;
    if party::exists(&user) { Ok(user) } else { Err(bad("is not a user of the directory")) }
}

/// These calls, as far as a user may see them.
fn seen_by(module: &Module, user: &User, calls: Vec<CallView>) -> Vec<CallView> {
    let mut actors: HashMap<LotKey, Actor> = HashMap::new();
    let seen = calls.into_iter().filter_map(|call| {
        let lot = call.lot.clone();
        let actor = actors.entry(lot).or_insert_with_key(|lot| actor::of_user(module, user, lot));
        let shown = module.look(|park| park.seen_by(actor, &call.lot, &call.info))?;
        Some(CallView { info: render::masked::call(call.info, shown), ..call })
    });
    seen.collect()
}

/// A session that has not hung up, by the uuid that an administrator typed.
fn session(uuid: &str) -> Result<switch::Located, Error> {
    switch::Located::find(uuid)
        .ok_or_else(|| Error::new(Refusal::Gone, format!("there is no channel {uuid:?}")))
}
