//! Routes that have something done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::to_bytes;
use axum::extract::{Extension, Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::super::document::{NotAnswered, NotDone, OnceHeader, Placed};
use super::super::gate::Guest;
use super::super::host::{Act, Problem, Reply};
use super::super::listen::Peer;
use super::super::once::Turn;
use super::super::problem::{JSON, text};
use super::super::server::App;
use super::super::sessions::hash;
use super::super::settings::Scope;
use super::bodies::{Announce, Drop, Move, Park, Retrieve, Return, Set};
use super::{Answered, Shared, guest};

/// The longest body.
const LONGEST: usize = 64 * 1024;
/// How long a body may take.
const BODY: Duration = Duration::from_secs(10);
/// The longest key of what is to be done once.
const LONGEST_KEY: usize = 128;

/// The body of a request, as JSON, and its hash. An empty one is an empty object.
pub(super) async fn body<T: DeserializeOwned>(request: Request) -> Result<(T, [u8; 32]), Problem> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_json = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim() == JSON);
    let no_json = || Problem::new(415, "bad_arguments", "the body has to be application/json");
    if is_json == Some(false) {
        return Err(no_json());
    }
    let bytes = tokio::time::timeout(BODY, to_bytes(request.into_body(), LONGEST)).await;
    let bytes = bytes.map_err(|_| Problem::new(408, "bad_arguments", "the body did not come"))?;
    let too_long = || Problem::new(413, "bad_arguments", "the body is longer than 64 KiB");
    let bytes = bytes.map_err(|_| too_long())?;
    if is_json.is_none() && !bytes.is_empty() {
        return Err(no_json());
    }
    let read = if bytes.is_empty() { b"{}" } else { &bytes[..] };
    let value = serde_json::from_slice(read).map_err(|error| Problem::bad(error.to_string()))?;
    Ok((value, hash(&bytes)))
}

/// Routes that do something to a call.
macro_rules! actions {
    ($($(#[$about:meta])* $name:ident($uuid:ident, $body:pat => $type:ty) $act:expr;)*) => {$(
        $(#[$about])*
        pub(super) async fn $name(
            State(app): Shared,
            Extension(peer): Extension<Peer>,
            Path($uuid): Path<String>,
            request: Request,
        ) -> Answered {
            let guest = guest(&app, peer, request.method(), request.headers()).await?;
            let key = key(request.headers())?;
            let ($body, hash) = body::<$type>(request).await?;
            done(&app, guest, $act, key, hash).await
        }
    )*};
}

actions! {
    /// Connects the call
    #[utoipa::path(
        post, path = "/v1/calls/{uuid}/retrieve", request_body = Retrieve,
        params(("uuid" = String, Path, description = "The channel of the call"), OnceHeader),
        responses(
            (status = 200, body = Placed, description = "It is connected to that channel"),
            (status = 202, body = Placed, description = "A phone rings"),
            NotAnswered, NotDone,
        ),
    )]
    retrieve(uuid, Retrieve { to } => Retrieve) Act::Retrieve { uuid, to, logged_in: true };

    /// Puts the call into another orbit
    #[utoipa::path(
        post, path = "/v1/calls/{uuid}/move", operation_id = "move", request_body = Move,
        params(("uuid" = String, Path, description = "The channel of the call"), OnceHeader),
        responses((status = 200, body = Placed, description = "Where it is now"), NotAnswered, NotDone),
    )]
    shift(uuid, Move { lot, orbit } => Move) Act::Move { uuid, lot, orbit };

    /// Changes the call
    #[utoipa::path(
        post, path = "/v1/calls/{uuid}/set", request_body = Set,
        params(("uuid" = String, Path, description = "The channel of the call"), OnceHeader),
        responses((status = 200, body = Placed, description = "It is changed"), NotAnswered, NotDone),
    )]
    set(uuid, set => Set) Act::Set { uuid, changes: set.changes()? };

    /// Runs the return steps of the call now
    #[utoipa::path(
        post, path = "/v1/calls/{uuid}/return", operation_id = "return", request_body = Return,
        params(("uuid" = String, Path, description = "The channel of the call"), OnceHeader),
        responses((status = 200, body = Placed, description = "They run"), NotAnswered, NotDone),
    )]
    return_now(uuid, Return {} => Return) Act::Return(uuid);

    /// Pages the phones of its lot
    #[utoipa::path(
        post, path = "/v1/calls/{uuid}/announce", request_body = Announce,
        params(("uuid" = String, Path, description = "The channel of the call"), OnceHeader),
        responses((status = 202, body = Placed, description = "They are called"), NotAnswered, NotDone),
    )]
    announce(uuid, Announce {} => Announce) Act::Announce(uuid);

    /// Hangs the call up
    #[utoipa::path(
        post, path = "/v1/calls/{uuid}/drop", operation_id = "drop", request_body = Drop,
        params(("uuid" = String, Path, description = "The channel of the call"), OnceHeader),
        responses((status = 200, body = Placed, description = "It is hung up"), NotAnswered, NotDone),
    )]
    hang_up(uuid, Drop { cause } => Drop) Act::Drop { uuid, cause };
}

/// Parks a channel
#[utoipa::path(
    post, path = "/v1/park", request_body = Park, params(OnceHeader),
    responses((status = 200, body = Placed, description = "Where it is parked"), NotAnswered, NotDone),
)]
pub(super) async fn park(
    State(app): Shared,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Answered {
    let guest = guest(&app, peer, request.method(), request.headers()).await?;
    let key = key(request.headers())?;
    let (Park { uuid, lot, orbit }, hash) = body(request).await?;
    done(&app, guest, Act::Park { uuid, lot, orbit }, key, hash).await
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
    let key = key.ok_or_else(|| Problem::bad("an Idempotency-Key has 1 to 128 characters"))?;
    Ok(Some(key.to_owned()))
}

/// How much somebody has to be allowed for that.
fn needs(act: &Act) -> Scope {
    match act {
        Act::Drop { .. } => Scope::Admin,
        _ => Scope::Act,
    }
}

/// Does it, unless it was done before under that key.
async fn done(
    app: &Arc<App>,
    guest: Guest,
    act: Act,
    key: Option<String>,
    body: [u8; 32],
) -> Answered {
    if guest.who.scope < needs(&act) {
        return Err(Problem::denied("the scope does not allow that"));
    }
    let Some(key) = key else { return answered(app.act(guest.who, act).await) };
    let key = (guest.who.name.clone(), key);
    let mut what = format!("{act:?}").into_bytes();
    what.extend(body);
    match app.done.begin(&key, hash(&what), Instant::now()) {
        Turn::First => {}
        Turn::Known((status, body)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            let kind = if status.is_success() { JSON } else { "application/problem+json" };
            return Ok(text(status, kind, body));
        }
        Turn::UnderWay => {
            return Err(Problem::new(409, "failed", "that is being done").after(1));
        }
        Turn::Other => {
            let text = "that Idempotency-Key was used for something else";
            return Err(Problem::new(422, "bad_arguments", text));
        }
    }
    // In a task of its own: whoever asked may go, and the key is to know what came of it.
    let theirs = Arc::clone(app);
    let doing = tokio::spawn(async move {
        let answer = theirs.act(guest.who, act).await;
        let came = match &answer {
            Ok(reply) => Some((status(reply).as_u16(), reply.body.clone())),
            // What was not even tried may be tried again, and so may what was too early.
            Err(_) => None,
        };
        theirs.done.end(&key, came);
        answer
    });
    answered(doing.await.unwrap_or_else(|_| Err(Problem::broken())))
}

fn status(reply: &Reply) -> StatusCode {
    if reply.later { StatusCode::ACCEPTED } else { StatusCode::OK }
}

fn answered(answer: Result<Reply, Problem>) -> Answered {
    let reply = answer?;
    Ok(text(status(&reply), JSON, reply.body))
}
