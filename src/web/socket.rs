//! FreeSWITCH's JSON API `callpark`: the questions and actions of the web server for those who have a socket already, such as
//! users of mod_verto. It needs no `web-listen`.

use std::ffi::CStr;
use std::sync::Arc;

use office::query::Reader;
use office::web::{Answer, Attempt, Host, Problem, Reply, Scope, Sight, Who, Wish, socket_request};

use super::told;
use super::{Office, guarded};
use crate::journal::Keeper;
use crate::module::Module;
use crate::switch::module::JsonCommand;

/// How many events one answer has at the most.
const MOST_EVENTS: usize = 256;
/// Whoever has missed more is told what there is now.
const MOST_MISSED: i64 = 20_000;

/// The JSON API.
pub(crate) struct Socket;

impl JsonCommand for Socket {
    const NAME: &'static CStr = c"callpark";
    const SHORT: &'static CStr = c"Asks about parked calls and acts on them";
    const SYNTAX: &'static CStr = c"{\"look\":\"calls\"} or {\"do\":\"retrieve\",\"uuid\":\"...\"}";

    fn run(request: &str) -> Result<String, String> {
        let Some(module) = Module::running() else {
            return Err(told_as(&Problem::new(503, "failed", "the module is stopping")));
        };
        let office = Office(module);
        let answer = guarded(|| answer(&office, request));
        answer.map(|reply| reply.body).map_err(|problem| told_as(&problem))
    }
}

/// A problem as JSON, with the keys of a problem document.
fn told_as(problem: &Problem) -> String {
    let Problem { status, code, text, .. } = problem;
    serde_json::json!({ "status": status, "code": code, "detail": text }).to_string()
}

fn answer(office: &Office, request: &str) -> Answer {
    let request = socket_request(request)?;
    let who = match request.user {
        Some(user) => office.user(&Attempt::Vouched(user)),
        // Whoever has the console or an event socket is an administrator.
        None => Some(Who {
            name: "json".to_owned(),
            user: None,
            domain: None,
            scope: Scope::Admin,
            lots: Vec::new(),
        }),
    };
    let who = who.ok_or_else(|| Problem::new(403, "denied", "the directory has no such user"))?;
    match request.wish {
        Wish::Look(look) => office.look(&who, look),
        Wish::Act(act) => office.act(&who, act),
        Wish::Events(after) => events(&office.0, &who, after),
    }
}

/// What has happened since that entry, as far as it is seen: the texts of the live stream. If that is not known, what there is now.
fn events(module: &Arc<Module>, who: &Who, after: Option<i64>) -> Answer {
    let journal = Keeper::of(module).journal();
    let latest = journal.as_ref().map_or(0, |journal| *journal.latest().borrow());
    let view = told::view(module, who, latest);
    let snapshot =
        |all: String| Ok(Reply::json(format!("{{\"seq\":{latest},\"snapshot\":{all}}}")));
    let known = after.filter(|after| (latest - MOST_MISSED..=latest).contains(after));
    let (Some(after), Some(journal)) = (known, journal) else { return snapshot(view.snapshot) };
    let happened = Reader::new(journal.path()).since(after, MOST_EVENTS);
    let happened = happened.map_err(|error| Problem::new(503, "failed", error.to_string()))?;
    let (mut seq, mut events) = (after, Vec::new());
    for event in happened {
        let event = told::told(module, event);
        match (view.eyes)(&event) {
            Sight::Nothing => {}
            Sight::Json(json) => events.push(json),
            Sight::Unknown => return snapshot(view.snapshot),
        }
        seq = event.seq;
    }
    let (more, events) = (seq < latest, events.join(","));
    Ok(Reply::json(format!("{{\"seq\":{seq},\"more\":{more},\"events\":[{events}]}}")))
}
