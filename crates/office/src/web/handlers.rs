//! The routes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query as Asked, Request, State};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, SET_COOKIE,
};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::{map_response, map_response_with_state};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::assets::{ASSETS, Asset};
use super::gate::{self, Guest, SESSION};
use super::host::{Act, Look, Problem, Query, Reply};
use super::listen::Peer;
use super::once::Turn;
use super::problem::{JSON, found, json, text};
use super::server::App;
use super::sessions::{Means, hash};
use super::settings::Scope;
use super::stream::Listener;
use crate::journal::now_ms;

mod bodies;
mod link;

use bodies::{Announce, Drop, Login, Move, Park, Retrieve, Return, Set};

/// The longest body.
const LONGEST: usize = 64 * 1024;
/// How long a body may take.
const BODY: Duration = Duration::from_secs(10);
/// The longest key of what is to be done once.
const LONGEST_KEY: usize = 128;

/// What every answer bears.
const HEADERS: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; \
         worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
];

type Shared = State<Arc<App>>;
type Answered = Result<Response<Body>, Problem>;

/// Every route.
pub(super) fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for asset in ASSETS {
        let tag = hash(asset.body);
        let serve = move |headers: HeaderMap| async move { file(asset, &tag, &headers) };
        router = router.route(asset.path, get(serve));
    }
    router
        .route("/v1/me", get(me))
        .route("/v1/login", post(login))
        .route("/v1/logout", post(logout))
        .route("/v1/lots", get(lots))
        .route("/v1/lots/{lot}/orbits", get(orbits))
        .route("/v1/calls", get(calls))
        .route("/v1/calls/{uuid}", get(call))
        .route("/v1/calls/{uuid}/{action}", post(on_call))
        .route("/v1/park", post(park))
        .route("/v1/history", get(history))
        .route("/v1/at", get(at))
        .route("/v1/reports/{name}", get(report))
        .route("/v1/health", get(health))
        .route("/v1/events", get(events))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi))
        .route("/r/{token}", get(link::show).post(link::take))
        .fallback(async || {
            Problem::new(404, "bad_arguments", "there is nothing under this address")
        })
        .method_not_allowed_fallback(async || {
            Problem::new(405, "bad_arguments", "this address does not take that method")
        })
        .layer(map_response_with_state(Arc::clone(app), counted))
        .layer(map_response(with_headers))
        .with_state(Arc::clone(app))
}

async fn counted(State(app): Shared, response: Response<Body>) -> Response<Body> {
    app.metrics.requests.inc();
    response
}

async fn with_headers(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn file(asset: &Asset, hash: &[u8; 32], headers: &HeaderMap) -> Response<Body> {
    let tag: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let known = headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let mut response = match known {
        Some(known) if known.contains(&tag) => StatusCode::NOT_MODIFIED.into_response(),
        _ => text(StatusCode::OK, asset.kind, asset.body),
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    response
}

// --- who is it ---------------------------------------------------------------------------------------------------------

#[derive(Serialize)]
struct Me<'a> {
    name: &'a str,
    user: Option<&'a str>,
    domain: Option<&'a str>,
    scope: Scope,
    lots: &'a [String],
    csrf: Option<String>,
    version: &'static str,
    node: String,
    now_ms: i64,
}

fn introduce(app: &App, guest: &Guest) -> Response<Body> {
    let who = &guest.who;
    let me = Me {
        name: &who.name,
        user: who.user.as_deref(),
        domain: who.domain.as_deref(),
        scope: who.scope,
        lots: &who.lots,
        csrf: guest.marked_by().map(|by| app.sessions.mark(by)),
        version: app.host.version(),
        node: app.host.node(),
        now_ms: now_ms(),
    };
    json(StatusCode::OK, &me)
}

async fn guest(
    app: &Arc<App>,
    peer: Peer,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Guest, Problem> {
    gate::guest(app, peer.0, method, headers).await
}

async fn me(State(app): Shared, Extension(peer): Extension<Peer>, headers: HeaderMap) -> Answered {
    let guest = guest(&app, peer, &Method::GET, &headers).await?;
    Ok(introduce(&app, &guest))
}

async fn login(State(app): Shared, Extension(peer): Extension<Peer>, request: Request) -> Answered {
    let from = gate::source(&app, peer.0, request.headers());
    let (login, _) = body::<Login>(request).await?;
    let (who, means) = match (login.token, login.user, login.password) {
        (Some(token), None, None) => {
            let guest = gate::by_token(&app, &token, &from)?;
            (guest.who, Means::Token(hash(token.as_bytes())))
        }
        (None, Some(user), Some(password)) => {
            (gate::by_password(&app, user, password, from).await?, Means::Password)
        }
        _ => return Err(Problem::bad("either a token, or a user and a password")),
    };
    app.host.logged_in(&who.name, "ok");
    let cookie = app.sessions.open(who, means, Instant::now()).ok_or_else(Problem::broken)?;
    let guest = gate::by_cookie(&app, &cookie).ok_or_else(Problem::broken)?;
    let mut response = introduce(&app, &guest);
    set_cookie(&app, &mut response, &cookie, "")?;
    Ok(response)
}

async fn logout(
    State(app): Shared,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Answered {
    guest(&app, peer, &Method::POST, &headers).await?;
    if let Some(cookie) = gate::cookie(&headers) {
        app.sessions.close(cookie);
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&app, &mut response, "", "; Max-Age=0")?;
    Ok(response)
}

fn set_cookie(
    app: &App,
    response: &mut Response<Body>,
    cookie: &str,
    more: &str,
) -> Result<(), Problem> {
    let secure = if app.settings().https { "; Secure" } else { "" };
    let cookie = format!("{SESSION}={cookie}; Path=/; HttpOnly; SameSite=Strict{secure}{more}");
    let cookie = HeaderValue::try_from(cookie).map_err(|_| Problem::broken())?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(())
}

// --- questions ---------------------------------------------------------------------------------------------------------

/// Asks the host, on a thread that may wait.
async fn look(app: &Arc<App>, guest: Guest, look: Look) -> Result<Reply, Problem> {
    let host = Arc::clone(&app.host);
    let answer = tokio::task::spawn_blocking(move || host.look(&guest.who, look)).await;
    answer.unwrap_or_else(|_| Err(Problem::broken()))
}

/// Keys and values behind the `?`.
fn query(asked: Result<Asked<Query>, QueryRejection>) -> Result<Query, Problem> {
    asked.map(|Asked(query)| query).map_err(|_| Problem::bad("the query cannot be read"))
}

/// Routes that only ask.
macro_rules! questions {
    ($($name:ident[$($path:ident: $type:ty)?] $query:ident => $look:expr;)*) => {$(
        async fn $name(
            State(app): Shared,
            Extension(peer): Extension<Peer>,
            $(Path($path): Path<$type>,)?
            headers: HeaderMap,
            asked: Result<Asked<Query>, QueryRejection>,
        ) -> Answered {
            let guest = guest(&app, peer, &Method::GET, &headers).await?;
            let $query = query(asked)?;
            Ok(found(look(&app, guest, $look).await?, JSON, &headers))
        }
    )*};
}

questions! {
    lots[] _query => Look::Lots;
    orbits[lot: String] query => Look::Orbits { lot, query };
    calls[] query => Look::Calls(query);
    call[uuid: String] _query => Look::Call(uuid);
    history[] query => Look::History(query);
    at[] query => Look::At(query);
}

async fn report(
    State(app): Shared,
    Extension(peer): Extension<Peer>,
    Path(kind): Path<String>,
    headers: HeaderMap,
    asked: Result<Asked<Query>, QueryRejection>,
) -> Answered {
    let guest = guest(&app, peer, &Method::GET, &headers).await?;
    let query = query(asked)?;
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let csv = accepts.contains("text/csv");
    let reply = look(&app, guest, Look::Report { kind, query, csv }).await?;
    Ok(found(reply, if csv { "text/csv; charset=utf-8" } else { JSON }, &headers))
}

async fn health(
    State(app): Shared,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Answered {
    match guest(&app, peer, &Method::GET, &headers).await {
        Ok(guest) => Ok(found(look(&app, guest, Look::Health).await?, JSON, &headers)),
        Err(problem) if problem.status != 401 || headers.contains_key("authorization") => {
            Err(problem)
        }
        Err(_) => {
            #[derive(Serialize)]
            struct Well {
                ok: bool,
            }
            let host = Arc::clone(&app.host);
            let ok = tokio::task::spawn_blocking(move || host.is_well()).await.unwrap_or(false);
            Ok(json(StatusCode::OK, &Well { ok }))
        }
    }
}

async fn metrics(
    State(app): Shared,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Answered {
    const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let guest = guest(&app, peer, &Method::GET, &headers).await?;
    if guest.who.domain.is_some() || !guest.who.lots.is_empty() {
        return Err(Problem::denied("the figures are those of every tenant"));
    }
    let host = Arc::clone(&app.host);
    let gauges = tokio::task::spawn_blocking(move || host.gauges()).await;
    let gauges = gauges.map_err(|_| Problem::broken())?;
    Ok(text(StatusCode::OK, KIND, app.metrics.page(&gauges)))
}

async fn openapi() -> Response<Body> {
    let mut response = text(StatusCode::OK, JSON, include_str!("openapi.json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

async fn events(
    State(app): Shared,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    asked: Result<Asked<Query>, QueryRejection>,
) -> Answered {
    let guest = guest(&app, peer, &Method::GET, &headers).await?;
    let query = query(asked)?;
    let header = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let asked =
        query.iter().find(|(key, _)| key == "last_event_id").map(|(_, value)| value.as_str());
    let last = header.or(asked).and_then(|last| last.trim().parse().ok());
    let still = {
        let (app, guest) = (Arc::clone(&app), guest.clone());
        Box::new(move || guest.is_in(&app))
    };
    let body = Listener::begin(Arc::clone(&app), guest.who, last, still).await;
    Ok(text(StatusCode::OK, "text/event-stream", body.ok_or_else(Problem::broken)?))
}

// --- actions -----------------------------------------------------------------------------------------------------------

/// The body of a request, as JSON, and its hash. An empty one is an empty object.
async fn body<T: DeserializeOwned>(request: Request) -> Result<(T, [u8; 32]), Problem> {
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

async fn on_call(
    State(app): Shared,
    Extension(peer): Extension<Peer>,
    Path((uuid, action)): Path<(String, String)>,
    request: Request,
) -> Answered {
    let guest = guest(&app, peer, request.method(), request.headers()).await?;
    let key = key(request.headers())?;
    let (act, hash) = match action.as_str() {
        "retrieve" => {
            let (Retrieve { to }, hash) = body(request).await?;
            (Act::Retrieve { uuid, to, logged_in: true }, hash)
        }
        "move" => {
            let (Move { lot, orbit }, hash) = body(request).await?;
            (Act::Move { uuid, lot, orbit }, hash)
        }
        "set" => {
            let (set, hash) = body::<Set>(request).await?;
            let changes: BTreeMap<String, String> = set.changes();
            if changes.is_empty() {
                return Err(Problem::bad("nothing is to be changed"));
            }
            (Act::Set { uuid, changes }, hash)
        }
        "return" => {
            let (Return {}, hash) = body(request).await?;
            (Act::Return(uuid), hash)
        }
        "drop" => {
            let (Drop { cause }, hash) = body(request).await?;
            (Act::Drop { uuid, cause }, hash)
        }
        "announce" => {
            let (Announce {}, hash) = body(request).await?;
            (Act::Announce(uuid), hash)
        }
        _ => return Err(Problem::new(404, "bad_arguments", "there is no such action")),
    };
    done(&app, guest, act, key, hash).await
}

async fn park(State(app): Shared, Extension(peer): Extension<Peer>, request: Request) -> Answered {
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
