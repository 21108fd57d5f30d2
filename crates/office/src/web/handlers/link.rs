//! `/r/{token}`: a page that shows who waits, and a button. Only the button takes the call: link scanners open every link.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;

use super::super::document::ProblemDocument;
use super::super::gate;
use super::super::host::{Act, Attempt, Look, Problem, Who};
use super::super::links::{BadLink, Link};
use super::super::listen::Peer;
use super::super::problem::text;
use super::super::server::App;
use crate::journal::now_ms;

type Shared = State<Arc<App>>;

/// As much of `callpark show json` as the page needs.
#[derive(Deserialize)]
struct Shown {
    lot: String,
    orbit: String,
    call: Option<Call>,
}

#[derive(Deserialize)]
struct Call {
    caller_id_name: String,
    caller_id_number: String,
    parker: Option<String>,
    parked_at: u64,
    waiting_ms: u64,
}

/// What the page says, with its status.
struct Page {
    status: StatusCode,
    title: String,
    lines: Vec<String>,
    button: bool,
}

impl Page {
    fn over(status: StatusCode, title: &str) -> Self {
        Page { status, title: title.to_owned(), lines: Vec::new(), button: false }
    }

    fn bad(bad: BadLink) -> Self {
        match bad {
            BadLink::Unknown => Page::over(StatusCode::NOT_FOUND, "This link is not known"),
            BadLink::Expired => Page::over(StatusCode::GONE, "This link has expired"),
            BadLink::Used => Page::over(StatusCode::GONE, "This link was used already"),
        }
    }

    fn gone() -> Self {
        Page::over(StatusCode::GONE, "This call does not wait any more")
    }

    fn html(&self) -> Response<Body> {
        let title = escaped(&self.title);
        let lines: String =
            self.lines.iter().map(|line| format!("<p>{}</p>\n", escaped(line))).collect();
        let button = match self.button {
            true => "<form method=\"post\"><button>Take the call</button></form>\n",
            false => "",
        };
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"robots\" content=\"noindex\">\n\
             <title>{title}</title>\n<h1>{title}</h1>\n{lines}{button}</html>\n"
        );
        text(self.status, "text/html; charset=utf-8", html)
    }
}

/// A caller's name can hold anything.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The call of the link, as its user sees it.
async fn find(app: &Arc<App>, link: &Link) -> Result<(Who, Shown, Call), Page> {
    let (host, link) = (Arc::clone(&app.host), link.clone());
    let found = tokio::task::spawn_blocking(move || {
        let who = host.user(&Attempt::Vouched(link.user.clone()))?;
        let reply = host.look(&who, Look::Call(link.uuid.clone())).ok()?;
        let mut shown: Shown = serde_json::from_str(&reply.body).ok()?;
        let call = shown.call.take().filter(|call| call.parked_at == link.parked_at_ms)?;
        Some((who, shown, call, link))
    });
    let (who, shown, call, link) = found.await.ok().flatten().ok_or_else(Page::gone)?;
    if (shown.lot.as_str(), shown.orbit.as_str()) != (link.lot.as_str(), link.orbit.as_str()) {
        return Err(Page::over(StatusCode::GONE, "This call is in another orbit now"));
    }
    Ok((who, shown, call))
}

/// Somebody who tries one link after another guesses.
fn may_try(app: &App, from: &str) -> Result<(), Problem> {
    if app.host.is_kept_away(from) { Err(Problem::kept_away()) } else { Ok(()) }
}

fn refused(app: &App, from: String, bad: BadLink) -> Response<Body> {
    if bad == BadLink::Unknown {
        gate::failed(app, &from);
    }
    Page::bad(bad).html()
}

/// A page that shows who waits, and a button
///
/// Opening it uses nothing up. Whoever has the link needs no login.
#[utoipa::path(
    get, path = "/r/{token}", security(()),
    params(("token" = String, Path, description = "What `callpark link` answers")),
    responses(
        (status = 200, body = String, content_type = "text/html", description = "Who waits"),
        (status = 404, body = String, content_type = "text/html", description = "The link is not known"),
        (status = 410, body = String, content_type = "text/html", description = "It is used, has expired, or the call has gone"),
        (
            status = 429, body = ProblemDocument, content_type = "application/problem+json",
            description = "Too many links that are not known",
        ),
    ),
)]
pub(super) async fn show(
    State(app): Shared,
    Extension(peer): Extension<Peer>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response<Body>, Problem> {
    let from = gate::source(&app, peer.0, &headers);
    may_try(&app, &from)?;
    let link = match app.links().open(&token, now_ms()) {
        Ok(link) => link,
        Err(bad) => return Ok(refused(&app, from, bad)),
    };
    let page = match find(&app, &link).await {
        Err(page) => page,
        Ok((_, shown, call)) => {
            let who = format!("{} {}", call.caller_id_name, call.caller_id_number);
            let who = who.trim();
            let parker = call.parker.map(|parker| format!(" by {parker}")).unwrap_or_default();
            let minutes = call.waiting_ms / 60_000;
            Page {
                status: StatusCode::OK,
                title: format!(
                    "{} waits in {}",
                    if who.is_empty() { "A caller" } else { who },
                    shown.orbit
                ),
                lines: vec![
                    format!("Parked{parker} {minutes} min ago."),
                    format!("The phone of {} will ring.", link.user),
                ],
                button: true,
            }
        }
    };
    Ok(page.html())
}

/// Takes the call: the phone of the user of the link rings
#[utoipa::path(
    post, path = "/r/{token}", security(()),
    params(("token" = String, Path, description = "What `callpark link` answers")),
    responses(
        (status = 200, body = String, content_type = "text/html", description = "The phone rings"),
        (status = 403, body = String, content_type = "text/html", description = "The user may not take the call"),
        (status = 404, body = String, content_type = "text/html", description = "The link is not known"),
        (status = 409, body = String, content_type = "text/html", description = "The call cannot be taken now"),
        (status = 410, body = String, content_type = "text/html", description = "It is used, has expired, or the call has gone"),
        (
            status = 429, body = ProblemDocument, content_type = "application/problem+json",
            description = "Too many links that are not known",
        ),
        (status = 503, body = String, content_type = "text/html", description = "Too much is being done"),
    ),
)]
pub(super) async fn take(
    State(app): Shared,
    Extension(peer): Extension<Peer>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response<Body>, Problem> {
    let from = gate::source(&app, peer.0, &headers);
    may_try(&app, &from)?;
    let link = match app.links().take(&token, now_ms()) {
        Ok(link) => link,
        Err(bad) => return Ok(refused(&app, from, bad)),
    };
    let taken = match find(&app, &link).await {
        Err(page) => Err(page),
        Ok((who, ..)) => {
            let act = Act::Retrieve { uuid: link.uuid.clone(), to: None, logged_in: false };
            app.act(who, act).await.map_err(|problem| {
                let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::CONFLICT);
                let title = match problem.code {
                    "gone" | "empty" => return Page::gone(),
                    "denied" => "You may not take this call",
                    _ => "The call could not be taken; try again",
                };
                Page::over(status, title)
            })
        }
    };
    Ok(match taken {
        Ok(_) => {
            let mut page = Page::over(StatusCode::OK, "Your phone rings");
            page.lines.push(format!("Answer it to talk to the caller in {}.", link.orbit));
            page.html()
        }
        Err(page) => {
            app.links().give_back(&token);
            page.html()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_s_name_is_text() {
        assert_eq!(escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}
