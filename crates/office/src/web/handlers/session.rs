//! Who is it: sessions begin and end.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::document::{NotAnswered, NotDone};
use super::super::gate::{self, Guest, SESSION};
use super::super::host::Problem;
use super::super::listen::Peer;
use super::super::problem::json;
use super::super::server::App;
use super::super::sessions::{Means, hash};
use super::super::settings::Scope;
use super::actions::body;
use super::bodies::Login;
use super::{Answered, Shared, guest};
use crate::journal::now_ms;

/// Who you are.
#[derive(Serialize, ToSchema)]
pub(super) struct Me<'a> {
    /// The name of the token, or the user.
    #[schema(example = "crm")]
    name: &'a str,
    /// The user of the directory.
    #[schema(required = true, example = "1000@example.com")]
    user: Option<&'a str>,
    /// The tenant. None: every tenant.
    #[schema(required = true, example = "example.com")]
    domain: Option<&'a str>,
    /// How much you may do at the most.
    scope: Scope,
    /// Only these lots. Empty: no such limit.
    lots: &'a [String],
    /// What the header `X-CSRF-Token` has to be. None: you need none.
    #[schema(required = true)]
    csrf: Option<String>,
    /// The version of the module.
    version: &'static str,
    /// The name of this switch.
    node: String,
    /// The time of the switch.
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

/// Who you are
#[utoipa::path(get, path = "/v1/me", responses((status = 200, body = Me, description = "You"), NotAnswered))]
pub(super) async fn me(
    State(app): Shared,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Answered {
    let guest = guest(&app, peer, &Method::GET, &headers).await?;
    Ok(introduce(&app, &guest))
}

/// Opens a session and sets its cookie
#[utoipa::path(
    post, path = "/v1/login", request_body = Login, security(()),
    responses(
        (status = 200, body = Me, description = "You are in", headers(("Set-Cookie" = String, description = "The session"))),
        NotAnswered, NotDone,
    ),
)]
pub(super) async fn login(
    State(app): Shared,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Answered {
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

/// Ends your session
#[utoipa::path(
    post, path = "/v1/logout",
    responses((status = 204, description = "It has ended"), NotAnswered),
)]
pub(super) async fn logout(
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
    app: &Arc<App>,
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
