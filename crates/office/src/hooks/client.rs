//! One POST, for a limited time and with a limited answer, whatever the other end does.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::address::is_public;
use super::endpoint::Endpoint;
use super::settings::Hook;
use super::signature::Headers;

/// How long it may take to be connected, encryption included.
const CONNECT: Duration = Duration::from_secs(5);
/// The most redirects.
const REDIRECTS: usize = 3;
/// The most that is read of an answer, its head and its body each.
const MOST_READ: usize = 64 * 1024;
/// The most headers of an answer.
const MOST_HEADERS: usize = 100;
/// How many addresses of a name are tried.
const MOST_ADDRESSES: usize = 4;
/// For how long the system's certificates are not read again.
const TRUST: Duration = Duration::from_secs(3_600);
/// The longest that an answer may put off the next message.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(86_400);

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// After how long to try again.
    pub(super) retry_after: Option<Duration>,
    /// As much of it as was to be read.
    pub(super) body: Vec<u8>,
}

/// How long everything may take, and how much of that the body of the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) whole: Duration,
    pub(super) body: Duration,
}

/// Which certificates count. They are read when they are first needed, and again from time to time.
#[derive(Default)]
pub(super) struct Trust(Mutex<Option<(Arc<ClientConfig>, Instant)>>);

impl Trust {
    fn client(&self) -> Result<Arc<ClientConfig>, String> {
        if let Some((client, read)) = &*self.0.lock()
            && read.elapsed() < TRUST
        {
            return Ok(Arc::clone(client));
        }
        let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let client = client.with_safe_default_protocol_versions().map_err(|err| err.to_string())?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err("the system has no root certificates".to_owned());
        }
        let client = Arc::new(client.with_root_certificates(roots).with_no_client_auth());
        *self.0.lock() = Some((Arc::clone(&client), Instant::now()));
        Ok(client)
    }
}

/// Sends the body to the hook. Why there is no answer, without anything secret.
pub(super) async fn post(
    trust: &Trust,
    hook: &Hook,
    headers: &Headers,
    body: Bytes,
    patience: Patience,
) -> Result<Answer, String> {
    let until = Instant::now() + patience.whole;
    let mut at = hook.endpoint.clone();
    for _ in 0..=REDIRECTS {
        let elsewhere = !at.is_at(&hook.endpoint);
        let anywhere = hook.private || !elsewhere;
        let asked = ask(trust, hook, &at, anywhere, headers, body.clone(), until, patience.body);
        let (answer, location) = timeout_at(until, asked).await.unwrap_or_else(|_| {
            Err(format!("{at} did not answer within {} s", patience.whole.as_secs()))
        })?;
        let Some(location) = location else { return Ok(answer) };
        at = redirected(&at, answer.status, &location)?;
    }
    Err(format!("{} redirects more than {REDIRECTS} times", hook.endpoint))
}

/// Where that answer leads.
fn redirected(from: &Endpoint, status: StatusCode, location: &str) -> Result<Endpoint, String> {
    let code = status.as_u16();
    let to = from.join(location).map_err(|_| {
        format!("{from} answers {code} with a Location that is not an address of HTTP")
    })?;
    if !matches!(code, 307 | 308) {
        return Err(format!(
            "{from} answers {code} and redirects to {to}; only 307 and 308 do not change a POST, so configure the address \
             that it leads to"
        ));
    }
    if from.tls && !to.tls {
        return Err(format!("{from} redirects to {to}, which is not encrypted"));
    }
    Ok(to)
}

#[expect(clippy::too_many_arguments, reason = "this is one request")]
async fn ask(
    trust: &Trust,
    hook: &Hook,
    at: &Endpoint,
    anywhere: bool,
    headers: &Headers,
    body: Bytes,
    until: Instant,
    for_body: Duration,
) -> Result<(Answer, Option<String>), String> {
    let io = timeout(CONNECT, connect(trust, at, anywhere)).await;
    let io = io.map_err(|_| format!("{at} cannot be reached within {} s", CONNECT.as_secs()))??;
    let wrong = |err: hyper::Error| format!("{at}: {}", said(&err));
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(MOST_READ)
        .max_headers(MOST_HEADERS)
        .handshake(TokioIo::new(io))
        .await
        .map_err(wrong)?;
    let _connection = Ended(tokio::spawn(connection));
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = at.path.parse().map_err(|_| format!("{at}: its path cannot be sent"))?;
    let all = request.headers_mut();
    let value = |text: &str| HeaderValue::from_str(text).map_err(|err| format!("{at}: {err}"));
    all.insert(header::HOST, value(&at.authority())?);
    all.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    all.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    all.insert(header::CONNECTION, HeaderValue::from_static("close"));
    all.insert(header::USER_AGENT, HeaderValue::from_static("mod_callpark"));
    for (name, text) in headers {
        all.insert(*name, value(text)?);
    }
    // Another host is not meant by it.
    if let Some(authorization) = hook.authorization.as_ref().filter(|_| at.is_at(&hook.endpoint)) {
        let mut secret = value(&authorization.0)?;
        secret.set_sensitive(true);
        all.insert(header::AUTHORIZATION, secret);
    }
    let response = sender.send_request(request).await.map_err(wrong)?;
    let (head, mut rest) = response.into_parts();
    let location = head.headers.get(header::LOCATION).filter(|_| head.status.is_redirection());
    let location = location.and_then(|location| location.to_str().ok()).map(str::to_owned);
    let retry_after = retry_after(&head.headers);
    let mut answer = Answer { status: head.status, retry_after, body: Vec::new() };
    if location.is_none() {
        // The status counts, whatever the body is.
        let until = until.min(Instant::now() + for_body);
        while let Ok(Some(Ok(frame))) = timeout_at(until, rest.frame()).await {
            let Ok(data) = frame.into_data() else { break };
            let room = MOST_READ - answer.body.len();
            answer.body.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
            if data.len() >= room {
                break;
            }
        }
    }
    Ok((answer, location))
}

/// What went wrong, as the innermost reason says it.
fn said(err: &hyper::Error) -> String {
    let mut text = err.to_string();
    let mut inner = std::error::Error::source(err);
    while let Some(err) = inner {
        text = format!("{text}: {err}");
        inner = err.source();
    }
    text
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let after = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            let in_s = date.as_second().saturating_sub(jiff::Timestamp::now().as_second());
            Duration::from_secs(in_s.try_into().unwrap_or_default())
        }
    };
    Some(after.min(LONGEST_RETRY_AFTER))
}

/// A connection to that host. `anywhere`: the administrator has named it, so its address may be any.
async fn connect(trust: &Trust, at: &Endpoint, anywhere: bool) -> Result<Io, String> {
    let found = tokio::net::lookup_host((at.host.as_str(), at.port)).await;
    let found: Vec<SocketAddr> = found.map_err(|err| format!("{at}: {err}"))?.collect();
    if found.is_empty() {
        return Err(format!("{at} has no address"));
    }
    let allowed = found.into_iter().filter(|address| anywhere || is_public(address.ip()));
    let mut wrong =
        format!("{at} is not on the Internet, and a redirect there needs private=\"true\"");
    for address in allowed.take(MOST_ADDRESSES) {
        let tcp = match TcpStream::connect(address).await {
            Ok(tcp) => tcp,
            Err(err) => {
                wrong = format!("{at}: {err}");
                continue;
            }
        };
        // It only makes things faster.
        let _ = tcp.set_nodelay(true);
        if !at.tls {
            return Ok(Io::Plain(tcp));
        }
        let name = ServerName::try_from(at.host.clone()).map_err(|err| format!("{at}: {err}"))?;
        let client = trust.client().map_err(|err| format!("{at}: {err}"))?;
        let tls = TlsConnector::from(client).connect(name, tcp).await;
        return Ok(Io::Tls(Box::new(tls.map_err(|err| format!("{at}: {err}"))?)));
    }
    Err(wrong)
}

/// A task that ends with this.
struct Ended<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for Ended<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Plain or encrypted.
enum Io {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

impl AsyncRead for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Io::Plain(io) => Pin::new(io).poll_read(cx, buf),
            Io::Tls(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Io::Plain(io) => Pin::new(io).poll_write(cx, buf),
            Io::Tls(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Io::Plain(io) => Pin::new(io).poll_flush(cx),
            Io::Tls(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Io::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Io::Tls(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}
