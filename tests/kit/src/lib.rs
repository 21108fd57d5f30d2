//! The test kit: starts a switch in a folder of its own, talks to it over the event socket, and
//! calls it with small SIP phones.
//!
//! The same scenario runs on two hosts. Without the environment variable `FREESWITCH` the switch
//! is the project's stand-in; `FREESWITCH=<prefix>` takes the FreeSWITCH installed there.
//!
//! ```no_run
//! use kit::{SOON, Setup, Switch};
//! let switch = Switch::start(Setup::new().dialplan(
//!     r#"<extension name="tone"><condition field="destination_number" expression="^9000$">
//!          <action application="answer"/>
//!          <action application="playback" data="tone_stream://%(500,0,850);loops=-1"/>
//!        </condition></extension>"#,
//! ));
//! let answers = switch.events(&["CHANNEL_ANSWER"]);
//! let uuid = kit::new_uuid();
//! switch.originate(&uuid, "9000", &[]);
//! answers.wait(SOON, |event| event.uuid() == uuid);
//! ```

mod browser;
mod child;
mod esl;
mod event;
mod events;
pub mod figures;
mod folder;
mod host;
pub mod hostile;
pub mod http;
mod legs;
pub mod phone;
pub mod plot;
mod ports;
pub mod postgres;
pub mod prometheus;
pub mod rival;
mod scene;
mod setup;
mod skip;
mod switch;
mod tls;
pub mod vanilla;
mod wait;
mod wav;

pub use browser::Browser;
pub use esl::{COMMAND_DEADLINE, Esl};
pub use event::Event;
pub use events::Events;
pub use host::{Host, host, module};
pub use http::Http;
pub use phone::Phone;
pub use postgres::Postgres;
pub use prometheus::Prometheus;
pub use scene::{Ends, Leg, MUSIC, Scene, hang_up, two_way};
pub use setup::{DOMAIN, Setup};
pub use skip::skipped;
pub use switch::Switch;
pub use tls::{Certificate, certificate};
pub use wait::{SOON, eventually, new_uuid};
