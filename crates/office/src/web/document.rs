//! `/openapi.json`: made from the routes themselves, so that none is without a description. What the host answers is described
//! here, because the server passes it on as text.

use axum::body::Bytes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, SecurityRequirement};
use utoipa::{Modify, OpenApi as _, ToSchema};

use super::gate::SESSION;

mod answers;
mod asked;

pub(super) use answers::{At, Calls, Health, History, Lots, OneCall, Orbits, Placed, Told};
pub(super) use asked::{
    AtQuery, CallsQuery, EventsQuery, HistoryQuery, OnceHeader, OrbitsQuery, ReportQuery,
};

/// What all routes have in common.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "mod_callpark",
        version = "1",
        description = "Calls that are parked in FreeSWITCH. Times are integers in ms since 1970; those that end in `_left`, and \
                       `waiting_ms`, count from the `at_ms` of their document. Documents may get more keys within `/v1`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(Told)),
    modifiers(&Logins),
)]
struct Base;

/// How somebody is let in.
struct Logins;

impl Modify for Logins {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A `<token>` of the configuration"))
            .build();
        let cookie = ApiKeyValue::with_description(
            SESSION,
            "The cookie that `/v1/login` sets. What changes something needs the header `X-CSRF-Token` with the `csrf` of `/v1/me`",
        );
        components.add_security_scheme("token", SecurityScheme::Http(token));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let needs = |name| SecurityRequirement::new::<_, _, &str>(name, []);
        document.security = Some(vec![needs("token"), needs("session")]);
    }
}

/// What the document begins with.
pub(super) fn base() -> OpenApi {
    Base::openapi()
}

/// The document as it is sent.
pub(super) fn text(document: &OpenApi) -> Bytes {
    // Strings and numbers under string keys: nothing serde_json could refuse.
    Bytes::from(serde_json::to_vec(document).unwrap_or_default())
}

/// Why there is no other answer (RFC 9457).
#[derive(serde::Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument<'a> {
    #[schema(example = "about:blank")]
    pub(super) r#type: &'static str,
    /// The status in words.
    #[schema(example = "Not Found")]
    pub(super) title: &'static str,
    /// The status of HTTP.
    #[schema(example = 404)]
    pub(super) status: u16,
    /// One of the codes of `callpark_status`.
    #[schema(example = "gone")]
    pub(super) code: &'static str,
    /// For people.
    #[schema(example = "the call has left its orbit")]
    pub(super) detail: &'a str,
}

/// Why a question is not answered.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum NotAnswered {
    /// The request makes no sense
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(ProblemDocument<'static>),
    /// Nobody is logged in
    #[response(status = 401, content_type = "application/problem+json")]
    Nobody(ProblemDocument<'static>),
    /// Not allowed
    #[response(status = 403, content_type = "application/problem+json")]
    Denied(ProblemDocument<'static>),
    /// Not there, or not seen
    #[response(status = 404, content_type = "application/problem+json")]
    Gone(ProblemDocument<'static>),
    /// Too many failed logins
    #[response(status = 429, content_type = "application/problem+json")]
    KeptAway(ProblemDocument<'static>),
    /// Too much is being done, or the journal is busy: try again after the seconds of `Retry-After`
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(ProblemDocument<'static>),
}

/// Why something is not done, in addition to [`NotAnswered`].
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum NotDone {
    /// The body did not come in time
    #[response(status = 408, content_type = "application/problem+json")]
    Late(ProblemDocument<'static>),
    /// That cannot be done now
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemDocument<'static>),
    /// The body is longer than 64 KiB
    #[response(status = 413, content_type = "application/problem+json")]
    Long(ProblemDocument<'static>),
    /// The body is not `application/json`
    #[response(status = 415, content_type = "application/problem+json")]
    Kind(ProblemDocument<'static>),
    /// The `Idempotency-Key` was used for something else
    #[response(status = 422, content_type = "application/problem+json")]
    Other(ProblemDocument<'static>),
}

/// Nothing has changed since the answer with that `ETag`.
#[derive(utoipa::IntoResponses)]
#[response(status = 304, description = "It is what `If-None-Match` says")]
pub(super) struct NotModified;
