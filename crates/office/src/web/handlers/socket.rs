//! Questions and actions that come as JSON over somebody else's socket, such as that of mod_verto.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::super::host::{Act, Look, Problem, Query};
use super::bodies::{Announce, Drop, Move, Park, Retrieve, Return, Set};

/// The longest request, in bytes.
const LONGEST: usize = 64 * 1024;

/// What somebody wants over a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// An answer to a question.
    Look(Look),
    /// Something done.
    Act(Act),
    /// What has happened since that entry of the journal. None: what there is now.
    Events(Option<i64>),
}

/// A request, and who sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The user who is logged in at the socket. None: an administrator's own program.
    pub user: Option<String>,
    /// What is wanted.
    pub wish: Wish,
}

#[derive(Deserialize)]
struct Frame {
    data: Map<String, Value>,
    /// What mod_verto says of its user.
    #[serde(rename = "sockData")]
    socket: Option<Socket>,
}

#[derive(Deserialize)]
struct Socket {
    verto_user: Option<String>,
}

/// Reads a request of FreeSWITCH's JSON API.
///
/// # Errors
/// It is none, or comes from a socket at which nobody is logged in.
pub fn read(json: &str) -> Result<Request, Problem> {
    if json.len() > LONGEST {
        return Err(Problem::bad("the request is longer than 64 KiB"));
    }
    let bad = |error: serde_json::Error| Problem::bad(error.to_string());
    // mod_verto adds who it is behind everything that its user has sent, perhaps a forged one of that name: the last one counts,
    // as it does in a map, but not if this were read into a struct at once.
    let whole: Value = serde_json::from_str(json).map_err(bad)?;
    let Frame { data, socket } = serde_json::from_value(whole).map_err(bad)?;
    let user = match socket {
        None => None,
        Some(Socket { verto_user: Some(user) }) if !user.is_empty() => Some(user),
        Some(_) => return Err(Problem::denied("nobody is logged in")),
    };
    Ok(Request { user, wish: wish(data)? })
}

fn wish(mut data: Map<String, Value>) -> Result<Wish, Problem> {
    match (data.remove("look"), data.remove("do")) {
        (Some(Value::String(what)), None) => look(&what, data),
        (None, Some(Value::String(what))) => act(&what, data).map(Wish::Act),
        _ => Err(Problem::bad("the data has either \"look\" or \"do\"")),
    }
}

fn look(what: &str, mut data: Map<String, Value>) -> Result<Wish, Problem> {
    let mut query = Query::new();
    let mut named = |name: &str| match data.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(Problem::bad(format!("{name:?} is missing"))),
    };
    let mut look = match what {
        "orbits" => Look::Orbits { lot: named("lot")?, query: Query::new() },
        "call" => Look::Call(named("uuid")?),
        "report" => Look::Report { kind: named("name")?, query: Query::new(), csv: false },
        "lots" => Look::Lots,
        "calls" => Look::Calls(Query::new()),
        "history" => Look::History(Query::new()),
        "at" => Look::At(Query::new()),
        "health" => Look::Health,
        "events" => {
            let after = data.remove("after").map(|after| after.as_i64().ok_or(()));
            let after = after.transpose().map_err(|()| Problem::bad("\"after\" is a number"))?;
            return nothing_else(&data).map(|()| Wish::Events(after));
        }
        _ => return Err(Problem::bad("there is no such question")),
    };
    for (name, value) in data {
        let value = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return Err(Problem::bad(format!("{name:?} is neither a text nor a number"))),
        };
        query.push((name, value));
    }
    match &mut look {
        Look::Orbits { query: theirs, .. }
        | Look::Report { query: theirs, .. }
        | Look::Calls(theirs)
        | Look::History(theirs)
        | Look::At(theirs) => *theirs = query,
        Look::Lots | Look::Call(_) | Look::Health if query.is_empty() => {}
        _ => return Err(Problem::bad("that question has no filters")),
    }
    Ok(Wish::Look(look))
}

fn nothing_else(data: &Map<String, Value>) -> Result<(), Problem> {
    match data.keys().next() {
        None => Ok(()),
        Some(name) => Err(Problem::bad(format!("there is no {name:?}"))),
    }
}

fn act(what: &str, mut data: Map<String, Value>) -> Result<Act, Problem> {
    if what == "park" {
        let Park { uuid, lot, orbit } = body(data)?;
        return Ok(Act::Park { uuid, lot, orbit });
    }
    let Some(Value::String(uuid)) = data.remove("uuid") else {
        return Err(Problem::bad("\"uuid\" is missing"));
    };
    Ok(match what {
        "retrieve" => {
            let Retrieve { to } = body(data)?;
            Act::Retrieve { uuid, to, logged_in: true }
        }
        "move" => {
            let Move { lot, orbit } = body(data)?;
            Act::Move { uuid, lot, orbit }
        }
        "set" => Act::Set { uuid, changes: body::<Set>(data)?.changes()? },
        "return" => {
            let Return {} = body(data)?;
            Act::Return(uuid)
        }
        "drop" => {
            let Drop { cause } = body(data)?;
            Act::Drop { uuid, cause }
        }
        "announce" => {
            let Announce {} = body(data)?;
            Act::Announce(uuid)
        }
        _ => return Err(Problem::bad("there is no such action")),
    })
}

fn body<T: DeserializeOwned>(data: Map<String, Value>) -> Result<T, Problem> {
    serde_json::from_value(Value::Object(data)).map_err(|error| Problem::bad(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wished(data: &str) -> Result<Wish, String> {
        let read = read(&format!("{{\"command\":\"callpark\",\"data\":{data}}}"));
        read.map(|request| request.wish).map_err(|problem| problem.text)
    }

    #[test]
    fn questions_and_actions_are_those_of_the_api() {
        assert_eq!(wished(r#"{"look":"lots"}"#), Ok(Wish::Look(Look::Lots)));
        assert_eq!(
            wished(r#"{"look":"calls","lot":"sales","limit":5}"#),
            Ok(Wish::Look(Look::Calls(vec![
                ("limit".into(), "5".into()),
                ("lot".into(), "sales".into())
            ])))
        );
        assert_eq!(wished(r#"{"look":"events"}"#), Ok(Wish::Events(None)));
        assert_eq!(wished(r#"{"look":"events","after":7}"#), Ok(Wish::Events(Some(7))));
        assert_eq!(
            wished(r#"{"do":"move","uuid":"u","orbit":"705"}"#),
            Ok(Wish::Act(Act::Move { uuid: "u".into(), lot: None, orbit: Some("705".into()) }))
        );
        assert_eq!(
            wished(r#"{"do":"retrieve","uuid":"u"}"#),
            Ok(Wish::Act(Act::Retrieve { uuid: "u".into(), to: None, logged_in: true }))
        );
        assert_eq!(
            wished(r#"{"do":"park","lot":"default"}"#),
            Ok(Wish::Act(Act::Park { uuid: None, lot: Some("default".into()), orbit: None }))
        );
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        for (data, why) in [
            ("{}", "either"),
            (r#"{"look":"lots","do":"drop"}"#, "either"),
            (r#"{"look":"pins"}"#, "no such question"),
            (r#"{"look":"lots","lot":"x"}"#, "no filters"),
            (r#"{"look":"calls","lot":["x"]}"#, "neither"),
            (r#"{"look":"events","after":"x"}"#, "a number"),
            (r#"{"look":"events","since":1}"#, "there is no"),
            (r#"{"do":"drop"}"#, "\"uuid\" is missing"),
            (r#"{"do":"drop","uuid":"u","why":"x"}"#, "unknown field"),
            (r#"{"do":"set","uuid":"u"}"#, "nothing"),
            (r#"{"do":"explode","uuid":"u"}"#, "no such action"),
            ("7", "invalid type"),
        ] {
            let error = wished(data).unwrap_err();
            assert!(error.contains(why), "{data}: {error}");
        }
        assert!(read("{").is_err() && read("{}").is_err());
        assert!(read(&format!("{{\"data\":{{\"look\":\"{}\"}}}}", "x".repeat(70_000))).is_err());
    }

    #[test]
    fn nobody_can_say_who_they_are() {
        let user = |sockets: &str| {
            let text = format!("{{{sockets}\"data\":{{\"look\":\"lots\"}}");
            let with = |more: &str| read(&format!("{text}{more}}}")).map(|request| request.user);
            (with(""), with(r#","sockData":{"verto_user":"1002@b","verto_domain":"b"}"#))
        };
        let (own, verto) = user("");
        assert_eq!((own, verto), (Ok(None), Ok(Some("1002@b".to_owned()))));
        // A forged one stands before that of mod_verto.
        let (_, verto) = user(r#""sockData":{"verto_user":"1001@a"},"#);
        assert_eq!(verto, Ok(Some("1002@b".to_owned())));
        let (_, verto) = user(r#""sockData":null,"#);
        assert_eq!(verto, Ok(Some("1002@b".to_owned())));
        for nobody in [r#""sockData":{},"#, r#""sockData":{"verto_user":""},"#] {
            assert_eq!(user(nobody).0.unwrap_err().status, 403);
        }
    }
}
