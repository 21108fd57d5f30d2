//! THE SERVER: HTTP for boards, programs and monitoring.
//!
//! It knows no call. Whatever it answers it asks a [`Host`], which decides who may see and do what. It runs on two threads of
//! its own, `callpark-io`; what may take a while is done on others, never more than a fixed number of them.

mod host;
mod settings;

#[cfg(feature = "web")]
mod assets;
#[cfg(feature = "web")]
mod document;
#[cfg(feature = "web")]
mod gate;
#[cfg(feature = "web")]
mod handlers;
#[cfg(feature = "web")]
mod links;
#[cfg(feature = "web")]
mod listen;
#[cfg(feature = "web")]
mod logins;
#[cfg(feature = "web")]
mod metrics;
#[cfg(feature = "web")]
mod once;
#[cfg(feature = "web")]
mod patient;
#[cfg(feature = "web")]
mod problem;
#[cfg(feature = "web")]
mod server;
#[cfg(feature = "web")]
mod sessions;
#[cfg(feature = "web")]
mod stream;
#[cfg(feature = "web")]
mod tls;

#[cfg(feature = "web")]
pub use handlers::socket::{Request as SocketRequest, Wish, read as socket_request};
pub use host::{
    Act, Answer, Attempt, Change, Eyes, Figure, Gauges, Happened, Host, Look, Problem, Query,
    Reply, Sight, Times, View, Who,
};
#[cfg(feature = "web")]
pub use links::{BadLink, LONGEST_LINK, Link, Links};
#[cfg(feature = "web")]
pub use server::Server;
pub use settings::{BadNetwork, Network, Proxy, Scope, Settings, Tls, Token};
