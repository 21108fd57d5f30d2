//! Who is asking, and whether that may be believed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, Method};
use subtle::ConstantTimeEq;

use super::host::{Attempt, Change, Problem, Who};
use super::server::App;
use super::sessions::{Hash, Means, hash};
use super::settings::{Settings, Token};

/// The name of the cookie.
pub(super) const SESSION: &str = "callpark_session";
/// The header that requests of a browser have to bear if they change something.
const MARK: &str = "x-csrf-token";

/// Somebody who was let in.
#[derive(Clone)]
pub(super) struct Guest {
    pub(super) who: Who,
    by: By,
}

/// How somebody was let in.
#[derive(Clone)]
enum By {
    /// The token of this hash, with this request.
    Token(Hash),
    /// The session of this cookie, which began like that.
    Session(String, Means),
    /// A proxy vouches for this user.
    Proxy(String),
}

impl Guest {
    /// What its mark against forged requests is made of. None: its requests cannot be forged.
    pub(super) fn marked_by(&self) -> Option<&str> {
        match &self.by {
            By::Token(_) => None,
            By::Session(text, _) | By::Proxy(text) => Some(text),
        }
    }

    /// Whether the settings let it in.
    fn is_welcome(&self, settings: &Settings) -> bool {
        match &self.by {
            By::Token(hash) | By::Session(_, Means::Token(hash)) => {
                find(settings, hash).is_some_and(|token| whose(token) == self.who)
            }
            By::Session(_, Means::Password) => settings.users,
            By::Proxy(_) => settings.proxy.is_some(),
        }
    }

    /// Whether it is still let in.
    pub(super) fn is_in(&self, app: &App) -> bool {
        let open = match &self.by {
            By::Session(cookie, _) => app.sessions.of(cookie, Instant::now()).is_some(),
            By::Token(_) | By::Proxy(_) => true,
        };
        open && self.is_welcome(&app.settings())
    }
}

/// The token of that hash.
pub(super) fn find<'a>(settings: &'a Settings, hash: &Hash) -> Option<&'a Token> {
    // Every one is compared, so that the time says nothing.
    let mut found = None;
    for token in &settings.tokens {
        if bool::from(token.sha256.ct_eq(hash)) {
            found = Some(token);
        }
    }
    found
}

/// Whoever shows that token.
pub(super) fn whose(token: &Token) -> Who {
    Who {
        name: token.name.clone(),
        user: None,
        domain: token.domain.clone(),
        scope: token.scope,
        lots: token.lots.clone(),
    }
}

/// Where a request comes from: what failures are counted by. A network of IPv6 is one.
pub(super) fn source(app: &App, peer: IpAddr, headers: &HeaderMap) -> String {
    let settings = app.settings();
    let proxied = settings.proxy.as_ref().filter(|proxy| proxy.is_at(peer));
    let forwarded = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let forwarded = forwarded.and_then(|value| value.rsplit(',').next()?.trim().parse().ok());
    let address: IpAddr = proxied.and(forwarded).unwrap_or(peer).to_canonical();
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Somebody from there has failed to log in.
pub(super) fn failed(app: &App, from: &str) {
    if app.host.failed(from) {
        app.host.say(&Change::KeptAway(from.to_owned()));
        app.host.logged_in(from, "denied");
    }
}

/// A wrong password for that user, wherever it comes from.
fn failed_for(app: &App, user: &str) {
    if app.host.failed(user) {
        app.host.say(&Change::Slowed(user.to_owned()));
        app.host.logged_in(user, "denied");
    }
}

/// Who is asking.
///
/// # Errors
/// Nobody who may.
pub(super) async fn guest(
    app: &Arc<App>,
    peer: IpAddr,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Guest, Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(authorization) = headers.get(AUTHORIZATION) {
        let token = authorization.to_str().ok().and_then(bearer);
        let guest = token.map(|token| by_token(app, token, &source(app, peer, headers)));
        return guest.unwrap_or_else(|| Err(Problem::nobody()));
    }
    let guest = match cookie(headers) {
        Some(cookie) => by_cookie(app, cookie).ok_or_else(Problem::nobody)?,
        None => vouched(app, peer, headers).await?.ok_or_else(Problem::nobody)?,
    };
    let changes = !matches!(*method, Method::GET | Method::HEAD);
    if changes && let Some(by) = guest.marked_by() {
        let mark = text(MARK).unwrap_or_default();
        if !app.sessions.is_mark(by, mark) {
            return Err(Problem::denied("the header X-CSRF-Token is not that of /v1/me"));
        }
    }
    Ok(guest)
}

fn bearer(authorization: &str) -> Option<&str> {
    let (kind, token) = authorization.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whoever shows that token.
///
/// # Errors
/// It is not known, or too many from there were not.
pub(super) fn by_token(app: &App, token: &str, from: &str) -> Result<Guest, Problem> {
    if app.host.is_kept_away(from) {
        return Err(Problem::kept_away());
    }
    let hash = hash(token.as_bytes());
    match find(&app.settings(), &hash) {
        Some(token) => Ok(Guest { who: whose(token), by: By::Token(hash) }),
        None => {
            failed(app, from);
            Err(Problem::nobody())
        }
    }
}

/// The cookie of a session.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';'));
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == SESSION).then_some(value)
    })
}

/// Whose session that is.
pub(super) fn by_cookie(app: &App, cookie: &str) -> Option<Guest> {
    let (who, means) = app.sessions.of(cookie, Instant::now())?;
    let guest = Guest { who, by: By::Session(cookie.to_owned(), means) };
    guest.is_welcome(&app.settings()).then_some(guest)
}

/// The user for whom the proxy vouches, if the request comes from it and says so.
async fn vouched(
    app: &Arc<App>,
    peer: IpAddr,
    headers: &HeaderMap,
) -> Result<Option<Guest>, Problem> {
    let settings = app.settings();
    let Some(proxy) = settings.proxy.as_ref().filter(|proxy| proxy.is_at(peer)) else {
        return Ok(None);
    };
    let mut values = headers.get_all(proxy.header.as_str()).iter();
    // Two of them: one may have been sent by whoever is behind the proxy.
    let (Some(user), None) = (values.next(), values.next()) else { return Ok(None) };
    let Ok(user) = user.to_str().map(str::to_owned) else { return Ok(None) };
    let who = app.vouched(&user).await;
    Ok(who.map(|who| Guest { by: By::Proxy(who.name.clone()), who }))
}

/// Who logs in like that.
///
/// # Errors
/// The password is wrong, or there were too many wrong ones.
pub(super) async fn by_password(
    app: &Arc<App>,
    user: String,
    password: String,
    from: String,
) -> Result<Who, Problem> {
    if !app.settings().users {
        return Err(Problem::nobody());
    }
    let source = format!("user {}", user.to_lowercase());
    if app.host.is_kept_away(&from) {
        return Err(Problem::kept_away());
    }
    let is_tried = app.host.is_kept_away(&source);
    if is_tried && !app.logins.may_try(&source, &from, Instant::now()) {
        return Err(Problem::slowed());
    }
    let attempt = Attempt::Password { user, password };
    let host = Arc::clone(&app.host);
    let found = tokio::task::spawn_blocking(move || host.user(&attempt)).await;
    match found {
        Ok(Some(who)) => {
            app.logins.succeeded(&source, &from, Instant::now());
            Ok(who)
        }
        Ok(None) => {
            failed(app, &from);
            failed_for(app, &source);
            Err(Problem::new(401, "denied", "user and password do not belong together"))
        }
        Err(_) => Err(Problem::broken()),
    }
}
