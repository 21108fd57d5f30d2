//! Answers of HTTP: JSON, and problem documents (RFC 9457).

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;

use super::document::ProblemDocument;
use super::host::{Problem, Reply};
use super::logins::EVERY;

pub(super) const JSON: &str = "application/json";

/// That text, as this type.
pub(super) fn text(
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// A document.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    // Strings and integers under string keys: nothing serde_json could refuse.
    text(status, JSON, serde_json::to_string(value).unwrap_or_default())
}

/// The answer to a question, or that it has not changed.
pub(super) fn found(reply: Reply, kind: &'static str, headers: &HeaderMap) -> Response<Body> {
    let tag = reply.tag.map(|tag| format!("\"{tag:016x}\""));
    let known = headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let same = known.zip(tag.as_deref()).is_some_and(|(known, tag)| {
        known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
    });
    let mut response = match same {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => text(StatusCode::OK, kind, reply.body),
    };
    if let Some(tag) = tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let document = ProblemDocument {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            code: self.code,
            detail: &self.text,
        };
        let mut response = json(status, &document);
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        if let Some(seconds) = self.retry_s {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl Problem {
    pub(super) fn denied(text: &str) -> Self {
        Problem::new(403, "denied", text)
    }

    pub(super) fn nobody() -> Self {
        Problem::new(401, "denied", "nobody is logged in, or the token is not known")
    }

    pub(super) fn kept_away() -> Self {
        Problem::new(429, "denied", "too many failed logins; try again later").after(60)
    }

    pub(super) fn slowed() -> Self {
        let text = "too many failed logins of this user; try again in a moment";
        Problem::new(429, "denied", text).after(EVERY.as_secs())
    }

    pub(super) fn bad(text: impl Into<String>) -> Self {
        Problem::new(400, "bad_arguments", text)
    }

    pub(super) fn busy() -> Self {
        Problem::new(503, "failed", "too much is being done at the moment").after(2)
    }

    pub(super) fn broken() -> Self {
        Problem::new(500, "failed", "an internal error; see the log of FreeSWITCH")
    }
}
