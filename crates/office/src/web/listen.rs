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
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::host::Change;
use super::patient::Patient;
use super::server::App;
use super::settings::Settings;
use super::stream::PATIENCE;

/// How many connections there are at the most.
const MOST: usize = 256;
/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);
/// How soon the port is tried again that is taken.
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
        let at = settings.borrow_and_update().listen;
        let listener = tokio::select! {
            listener = listener(&app, at, &mut said) => listener,
            changed = settings.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((connection, peer)) => accept(&router, &room, connection, peer),
                    // No more files for this process, for example.
                    Err(_) => sleep(Duration::from_millis(100)).await,
                },
                changed = settings.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    if settings.borrow_and_update().listen != at {
                        break;
                    }
                }
            }
        }
    }
}

/// Listens there, as soon as that is possible. `said`: of which address it is known that it cannot be had. Settings that are
/// read again say that once.
async fn listener(app: &App, at: SocketAddr, said: &mut Option<SocketAddr>) -> TcpListener {
    loop {
        match TcpListener::bind(at).await {
            Ok(listener) => {
                *said = None;
                let at = listener.local_addr().unwrap_or(at);
                app.host.say(&Change::Listens(at));
                return listener;
            }
            Err(error) => {
                if said.replace(at) != Some(at) {
                    app.host.say(&Change::CannotListen { at, why: error.to_string() });
                }
                sleep(AGAIN).await;
            }
        }
    }
}

fn accept(router: &Router, room: &Arc<Semaphore>, connection: TcpStream, peer: SocketAddr) {
    let Ok(place) = Arc::clone(room).try_acquire_owned() else {
        tokio::spawn(refuse(connection));
        return;
    };
    let router = router.clone();
    let peer = Peer(peer.ip().to_canonical());
    tokio::spawn(async move {
        let _place = place;
        // What is small is sent at once.
        let _ = connection.set_nodelay(true);
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
        let io = TokioIo::new(Patient::new(connection, PATIENCE));
        // It ends as connections end.
        let _ = http.serve_connection(io, service).await;
    });
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
