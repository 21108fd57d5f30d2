//! WEBHOOKS: programs of others are sent what happens to parked calls, and are asked who is calling.
//!
//! One thread, `callpark-hooks`, with an asynchronous runtime of its own. What is to be sent is in the file of the journal, so
//! it is sent after a restart too. Whatever an endpoint does, a call never waits for it.

mod endpoint;
mod settings;

#[cfg(feature = "web")]
mod address;
#[cfg(feature = "web")]
mod asking;
#[cfg(feature = "web")]
mod attempt;
#[cfg(feature = "web")]
mod body;
#[cfg(feature = "web")]
mod client;
#[cfg(feature = "web")]
mod health;
#[cfg(feature = "web")]
mod host;
#[cfg(feature = "web")]
mod sending;
#[cfg(feature = "web")]
mod signature;
#[cfg(feature = "web")]
mod template;
#[cfg(feature = "web")]
#[cfg(test)]
mod tests;
#[cfg(feature = "web")]
mod thread;

pub use endpoint::{BadEndpoint, Endpoint};
#[cfg(feature = "web")]
pub use health::{Change, Figures, Listed};
#[cfg(feature = "web")]
pub use host::{Host, Shown, Suggestion};
pub use settings::{BadSecret, Hidden, Hook, Question, Reader, Secret, Settings, Webhook};
#[cfg(feature = "web")]
pub use template::{BadTemplate, Template};
#[cfg(feature = "web")]
pub use thread::{Hooks, Setup, THREAD};
