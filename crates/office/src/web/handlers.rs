//! The routes.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, ETAG, HeaderName, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::{map_response, map_response_with_state};
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::assets::{ASSETS, Asset};
use super::document;
use super::gate::{self, Guest};
use super::host::Problem;
use super::listen::Peer;
use super::problem::{JSON, text};
use super::server::App;
use super::sessions::hash;

mod actions;
mod bodies;
mod link;
mod questions;
mod session;
pub(super) mod socket;

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

/// Every route. Those of the API are in the document, because they are made from what describes them.
pub(super) fn router(app: &Arc<App>) -> Router {
    let (mut router, document) = OpenApiRouter::with_openapi(document::base())
        .routes(routes!(session::me))
        .routes(routes!(session::login))
        .routes(routes!(session::logout))
        .routes(routes!(questions::lots))
        .routes(routes!(questions::orbits))
        .routes(routes!(questions::calls))
        .routes(routes!(questions::call))
        .routes(routes!(questions::history))
        .routes(routes!(questions::at))
        .routes(routes!(questions::report))
        .routes(routes!(questions::health))
        .routes(routes!(questions::events))
        .routes(routes!(questions::metrics))
        .routes(routes!(actions::retrieve))
        .routes(routes!(actions::shift))
        .routes(routes!(actions::set))
        .routes(routes!(actions::return_now))
        .routes(routes!(actions::announce))
        .routes(routes!(actions::hang_up))
        .routes(routes!(actions::park))
        .routes(routes!(link::show, link::take))
        .split_for_parts();
    let document = document::text(&document);
    let serve = async move || {
        let mut response = text(StatusCode::OK, JSON, document.clone());
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    };
    router = router.route("/openapi.json", get(serve));
    for asset in ASSETS {
        let tag = hash(asset.body);
        let serve = move |headers: HeaderMap| async move { file(asset, &tag, &headers) };
        router = router.route(asset.path, get(serve));
    }
    router
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

async fn guest(
    app: &Arc<App>,
    peer: Peer,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Guest, Problem> {
    gate::guest(app, peer.0, method, headers).await
}
