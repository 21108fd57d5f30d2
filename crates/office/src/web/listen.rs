//! Accepts connections, not more than fit, each for a limited time.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::host::Change;
use super::patient::Patient;
use super::server::App;
use super::settings::{Settings, Tls};
use super::stream::PATIENCE;
use super::tls::Certificate;

/// How many connections there are at the most.
const MOST: usize = 256;
/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);
/// How long the other end may take until the connection is encrypted.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How soon the port is tried again that is taken, or the certificate that cannot be read.
const AGAIN: Duration = Duration::from_secs(5);
/// The most headers.
const MOST_HEADERS: usize = 64;
/// How much of a request's head is read.
const HEAD_BYTES: usize = 16 * 1024;
/// What one connection too many is told.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// Where a request comes from.
#[derive(Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Listens where the settings say, until the server ends.
pub(super) async fn run(
    app: Arc<App>,
    router: Router,
    mut settings: watch::Receiver<Arc<Settings>>,
) {
    let room = Arc::new(Semaphore::new(MOST));
    let mut said = None;
    loop {
        let (at, tls) = wanted(&settings.borrow_and_update());
        let (listener, certificate) = tokio::select! {
            ready = ready(&app, at, tls.as_ref(), &mut said) => ready,
            changed = settings.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((connection, peer)) => {
                        accept(&router, &room, certificate.as_ref(), connection, peer);
                    }
                    // No more files for this process, for example.
                    Err(_) => sleep(Duration::from_millis(100)).await,
                },
                changed = settings.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    if wanted(&settings.borrow_and_update()) != (at, tls.clone()) {
                        break;
                    }
                }
            }
        }
    }
}

fn wanted(settings: &Settings) -> (SocketAddr, Option<Tls>) {
    (settings.listen, settings.tls.clone())
}

/// Listens there, as soon as that is possible: never without the encryption that is asked for. `said`: what is known to be in the
/// way. Settings that are read again say that once.
async fn ready(
    app: &App,
    at: SocketAddr,
    tls: Option<&Tls>,
    said: &mut Option<(SocketAddr, String)>,
) -> (TcpListener, Option<Certificate>) {
    loop {
        match listener(app, at, tls).await {
            Ok(ready) => {
                *said = None;
                let at = ready.0.local_addr().unwrap_or(at);
                app.host.say(&Change::Listens(at));
                return ready;
            }
            Err(why) => {
                let trouble = (at, why.clone());
                if said.replace(trouble.clone()) != Some(trouble) {
                    app.host.say(&Change::CannotListen { at, why });
                }
                sleep(AGAIN).await;
            }
        }
    }
}

async fn listener(
    app: &App,
    at: SocketAddr,
    tls: Option<&Tls>,
) -> Result<(TcpListener, Option<Certificate>), String> {
    let certificate = match tls {
        Some(tls) => Some(Certificate::of(tls.clone(), Arc::clone(&app.host)).await?),
        None => None,
    };
    let listener = TcpListener::bind(at).await.map_err(|error| error.to_string())?;
    Ok((listener, certificate))
}

fn accept(
    router: &Router,
    room: &Arc<Semaphore>,
    certificate: Option<&Certificate>,
    connection: TcpStream,
    peer: SocketAddr,
) {
    let Ok(place) = Arc::clone(room).try_acquire_owned() else {
        // A client that expects encryption cannot read an answer without, and a handshake would need one of the places.
        if certificate.is_none() {
            tokio::spawn(refuse(connection));
        }
        return;
    };
    let router = router.clone();
    let peer = Peer(peer.ip().to_canonical());
    // What is small is sent at once.
    let _ = connection.set_nodelay(true);
    let connection = Patient::new(connection, PATIENCE);
    match certificate.map(Certificate::acceptor) {
        None => tokio::spawn(serve(router, place, connection, peer)),
        Some(acceptor) => tokio::spawn(async move {
            // Whoever is late or speaks something else is cut without a word.
            if let Ok(Ok(connection)) = timeout(HANDSHAKE, acceptor.accept(connection)).await {
                serve(router, place, connection, peer).await;
            }
        }),
    };
}

/// Answers the requests of a connection. It has its place as long.
async fn serve(
    router: Router,
    _place: OwnedSemaphorePermit,
    connection: impl AsyncRead + AsyncWrite + Unpin + Send,
    peer: Peer,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let router = router.clone();
        async move { answer(router, request.map(Body::new)).await }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(MOST_HEADERS)
        .max_buf_size(HEAD_BYTES);
    // It ends as connections end.
    let _ = http.serve_connection(TokioIo::new(connection), service).await;
}

async fn answer(
    router: Router,
    request: Request<Body>,
) -> Result<axum::http::Response<Body>, std::convert::Infallible> {
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;
    TowerToHyperService::new(router).call(request).await
}

async fn refuse(mut connection: TcpStream) {
    let told = async {
        connection.write_all(FULL).await?;
        connection.shutdown().await
    };
    let _ = timeout(Duration::from_secs(1), told).await;
}
