//! Routes that only ask.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query as Asked, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Method, StatusCode};
use serde::Serialize;

use super::super::document::{
    At, AtQuery, Calls, CallsQuery, EventsQuery, Health, History, HistoryQuery, Lots, NotAnswered,
    NotModified, OneCall, Orbits, OrbitsQuery, ReportQuery,
};
use super::super::gate::Guest;
use super::super::host::{Figure, Look, Problem, Query, Reply};
use super::super::listen::Peer;
use super::super::problem::{JSON, found, json, text};
use super::super::server::App;
use super::super::stream::Listener;
use super::{Answered, Shared, guest};
use crate::report::Report;

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

/// Routes that pass a question on.
macro_rules! questions {
    ($($(#[$about:meta])* $name:ident[$($path:ident: $type:ty)?] $query:ident => $look:expr;)*) => {$(
        $(#[$about])*
        pub(super) async fn $name(
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
    /// The lots, and what you may do there
    #[utoipa::path(
        get, path = "/v1/lots",
        responses((status = 200, body = Lots, description = "Those that you see"), NotModified, NotAnswered),
    )]
    lots[] _query => Look::Lots;

    /// The orbits of a lot
    #[utoipa::path(
        get, path = "/v1/lots/{lot}/orbits",
        params(("lot" = String, Path, description = "The lot", example = "default"), OrbitsQuery),
        responses((status = 200, body = Orbits, description = "A page of them"), NotAnswered),
    )]
    orbits[lot: String] query => Look::Orbits { lot, query };

    /// The parked calls, each with what happens to it next
    #[utoipa::path(
        get, path = "/v1/calls", params(CallsQuery),
        responses((status = 200, body = Calls, description = "A page of them"), NotModified, NotAnswered),
    )]
    calls[] query => Look::Calls(query);

    /// A parked call, with everything that happens next
    #[utoipa::path(
        get, path = "/v1/calls/{uuid}",
        params(("uuid" = String, Path, description = "The channel of the call")),
        responses((status = 200, body = OneCall, description = "The call"), NotAnswered),
    )]
    call[uuid: String] _query => Look::Call(uuid);

    /// Calls of the past and of the present
    #[utoipa::path(
        get, path = "/v1/history", params(HistoryQuery),
        responses((status = 200, body = History, description = "A page of them"), NotAnswered),
    )]
    history[] query => Look::History(query);

    /// Who waited where at a moment
    #[utoipa::path(
        get, path = "/v1/at", params(AtQuery),
        responses((status = 200, body = At, description = "Those who waited"), NotAnswered),
    )]
    at[] query => Look::At(query);
}

/// A report
#[utoipa::path(
    get, path = "/v1/reports/{name}",
    params(
        ("name" = String, Path, description = "`usage`, `waits`, `timeouts`, `people` or `lots`", example = "usage"),
        ReportQuery,
    ),
    responses(
        (
            status = 200, description = "JSON, or with `Accept: text/csv` its first table",
            content((Report = "application/json"), (String = "text/csv")),
        ),
        NotAnswered,
    ),
)]
pub(super) async fn report(
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

/// How the module is, without a login only whether it is all right
#[utoipa::path(
    get, path = "/v1/health", security((), ("token" = []), ("session" = [])),
    responses((status = 200, body = Health, description = "How it is"), NotAnswered),
)]
pub(super) async fn health(
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

/// Figures for Prometheus
///
/// For tokens without `domain` and `lots`.
#[utoipa::path(
    get, path = "/metrics",
    responses(
        (
            status = 200, body = String, description = "OpenMetrics",
            content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
        NotAnswered,
    ),
)]
pub(super) async fn metrics(
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
    let mut gauges = gauges.map_err(|_| Problem::broken())?;
    let waiting = app.actions_waiting() as f64;
    gauges.figures.push(Figure::one(
        "web_actions_waiting",
        "Actions that wait for a thread",
        waiting,
    ));
    Ok(text(StatusCode::OK, KIND, app.metrics.page(&gauges)))
}

/// The live stream
///
/// An event `snapshot` with everything that you see, then an event `call` for each thing that happens, whose data are an
/// `Event`. The `id` of an event is its number in the journal.
#[utoipa::path(
    get, path = "/v1/events",
    params(
        EventsQuery,
        ("Last-Event-ID" = Option<i64>, Header, description = "The `id` of the latest event that is known: what was missed follows"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/event-stream", description = "It goes on for up to an hour"),
        NotAnswered,
    ),
)]
pub(super) async fn events(
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
