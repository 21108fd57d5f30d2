//! What the server asks of the module, and what it is answered.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use super::settings::Scope;
use crate::entry::Step;

/// Whoever is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Who {
    /// The name of the token, or the user.
    pub name: String,
    /// The user, `user@domain`.
    pub user: Option<String>,
    /// The tenant; none: every tenant.
    pub domain: Option<String>,
    /// How much that is at the most.
    pub scope: Scope,
    /// Only these lots; empty: no such limit.
    pub lots: Vec<String>,
}

/// Keys and values behind the `?` of an address.
pub type Query = Vec<(String, String)>;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// The lots.
    Lots,
    /// The orbits of a lot.
    Orbits {
        /// The lot.
        lot: String,
        /// `after`, `limit`.
        query: Query,
    },
    /// The parked calls.
    Calls(Query),
    /// One parked call.
    Call(String),
    /// Which calls were parked.
    History(Query),
    /// Who waited where at a moment.
    At(Query),
    /// A report.
    Report {
        /// Which.
        kind: String,
        /// `lot`, `from`, `to`.
        query: Query,
        /// As comma-separated values.
        csv: bool,
    },
    /// How the parts of the module are.
    Health,
}

/// Something to be done. Calls are named by their channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Connects a call.
    Retrieve {
        /// The call.
        uuid: String,
        /// With whom: a user, a channel, or a dial string. None: with whoever asks.
        to: Option<String>,
        /// Whoever asks is logged in. Somebody who has a link may be anywhere, and that phone has to be answered by hand.
        logged_in: bool,
    },
    /// Puts it into another orbit.
    Move {
        /// The call.
        uuid: String,
        /// The lot. None: the same.
        lot: Option<String>,
        /// The orbit. None: any.
        orbit: Option<String>,
    },
    /// Changes it.
    Set {
        /// The call.
        uuid: String,
        /// Names and values, as `callpark set` has them.
        changes: BTreeMap<String, String>,
    },
    /// Runs its return steps now.
    Return(String),
    /// Hangs it up.
    Drop {
        /// The call.
        uuid: String,
        /// With that cause.
        cause: Option<String>,
    },
    /// Pages the phones of its lot.
    Announce(String),
    /// Parks a channel.
    Park {
        /// The channel. None: the party that whoever asks is talking to.
        uuid: Option<String>,
        /// The lot.
        lot: Option<String>,
        /// The orbit. None: any.
        orbit: Option<String>,
    },
}

/// An answer.
pub type Answer = Result<Reply, Problem>;

/// What was found, or done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// JSON, or comma-separated values if these were asked for.
    pub body: String,
    /// Stands for what is in it, apart from what changes as time passes.
    pub tag: Option<u64>,
    /// It was begun, and ends later.
    pub later: bool,
}

impl Reply {
    /// This JSON.
    #[must_use]
    pub fn json(body: String) -> Self {
        Reply { body, ..Reply::default() }
    }
}

/// Why there is no other answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The status of HTTP.
    pub status: u16,
    /// The code of `callpark_status`.
    pub code: &'static str,
    /// For people.
    pub text: String,
    /// After how many seconds to try again.
    pub retry_s: Option<u64>,
}

impl Problem {
    /// That problem.
    #[must_use]
    pub fn new(status: u16, code: &'static str, text: impl Into<String>) -> Self {
        Problem { status, code, text: text.into(), retry_s: None }
    }

    /// The same, and when to try again.
    #[must_use]
    pub fn after(self, seconds: u64) -> Self {
        Problem { retry_s: Some(seconds), ..self }
    }
}

/// An entry of the journal that is to be told.
#[derive(Clone)]
pub struct Happened {
    /// Its number.
    pub seq: i64,
    /// When, in ms since 1970.
    pub at_ms: i64,
    /// What.
    pub action: String,
    /// The lot.
    pub lot: String,
    /// The orbit.
    pub orbit: String,
    /// The channel of the call.
    pub uuid: String,
    /// Of a replacement: the channel before.
    pub from_uuid: Option<String>,
    /// How the call ended, if it did.
    pub outcome: Option<String>,
    /// Who took it.
    pub retriever: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Which return step.
    pub step: Option<Step>,
    /// For how long the call had been parked, in ms.
    pub wait_ms: i64,
    /// What the host has added, in [`Host::told`].
    pub seen: Option<Arc<dyn Any + Send + Sync>>,
}

/// What somebody sees of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Nothing.
    Nothing,
    /// This JSON.
    Json(Arc<str>),
    /// It has to be found out first: a new [`View`] is needed.
    Unknown,
}

/// Decides what one viewer sees of an event. Never waits.
pub type Eyes = Box<dyn Fn(&Happened) -> Sight + Send + Sync>;

/// What one viewer sees now, and will see.
pub struct View {
    /// Everything there is, with this `seq`.
    pub snapshot: String,
    /// For the events to come.
    pub eyes: Eyes,
}

/// Figures for monitoring.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauges {
    /// For each lot: its name, and how many of its orbits are in which state.
    pub lots: Vec<(String, Vec<(&'static str, u64)>)>,
    /// Each part of the module, and whether it is all right.
    pub parts: Vec<(String, bool)>,
    /// Other figures.
    pub figures: Vec<Figure>,
    /// How long things take.
    pub times: Vec<Times>,
}

/// A figure, or several under one name that differ by a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name. Those of counters end in `_total`.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// The value of each label, in the same order, and the figure.
    pub values: Vec<(Vec<String>, f64)>,
}

impl Figure {
    /// One without a label.
    #[must_use]
    pub fn one(name: &'static str, about: &'static str, value: f64) -> Self {
        Figure { name, about, labels: &[], values: vec![(Vec::new(), value)] }
    }

    /// One for each value of a label.
    #[must_use]
    pub fn by<T: Into<String>>(
        name: &'static str,
        about: &'static str,
        label: &'static [&'static str; 1],
        values: impl IntoIterator<Item = (T, f64)>,
    ) -> Self {
        let values = values.into_iter().map(|(label, value)| (vec![label.into()], value));
        Figure { name, about, labels: label, values: values.collect() }
    }
}

/// How often something took how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The upper end of each bucket in s, and how many are in this bucket alone. The last one has no end.
    pub buckets: Vec<(Option<f64>, u64)>,
    /// All durations together, in s.
    pub sum_s: f64,
}

/// Somebody tries to log in.
#[derive(Clone, PartialEq, Eq)]
pub enum Attempt {
    /// A user, with a password.
    Password {
        /// `user@domain`.
        user: String,
        /// The password.
        password: String,
    },
    /// A user for whom a proxy vouches.
    Vouched(String),
}

/// What the server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It listens.
    Listens(SocketAddr),
    /// It cannot listen, and tries again and again.
    CannotListen {
        /// Where.
        at: SocketAddr,
        /// Why.
        why: String,
    },
    /// It has the certificate that is in its files now.
    HasCertificate,
    /// The files have changed and cannot be used, so it keeps the certificate that it has.
    KeepsCertificate(String),
    /// Somebody has failed too often to log in.
    KeptAway(String),
    /// Too many passwords for this user were wrong.
    Slowed(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Listens(at) => write!(f, "the web server listens on {at}"),
            Change::CannotListen { at, why } => {
                write!(f, "the web server cannot listen on {at}: {why}; it tries again")
            }
            Change::HasCertificate => write!(f, "the web server has read its certificate again"),
            Change::KeepsCertificate(why) => {
                write!(f, "the web server keeps the certificate that it has: {why}; it tries again")
            }
            Change::KeptAway(who) => {
                write!(f, "the web server keeps {who} away for a while: too many failed logins")
            }
            Change::Slowed(user) => write!(
                f,
                "the web server looks at one password in a few seconds for {user}, except from addresses that it knows: too many were \
                 wrong"
            ),
        }
    }
}

/// The module, as the server sees it.
pub trait Host: Send + Sync + 'static {
    /// Answers a question. May wait.
    fn look(&self, who: &Who, look: Look) -> Answer;

    /// Does something. May wait for longer.
    fn act(&self, who: &Who, act: Act) -> Answer;

    /// Who that user is. May wait. Nobody: the password is wrong, or there is no such user.
    fn user(&self, attempt: &Attempt) -> Option<Who>;

    /// What that viewer sees. `seq`: the latest entry before. May wait.
    fn view(&self, who: &Who, seq: i64) -> View;

    /// Adds to events what is known now. Called once for each event, in their order.
    fn told(&self, happened: Vec<Happened>) -> Vec<Happened>;

    /// Whether that source of failed logins is kept away.
    fn is_kept_away(&self, source: &str) -> bool;

    /// That source has failed to log in. True: from now on it is kept away.
    fn failed(&self, source: &str) -> bool;

    /// Somebody has logged in, or was kept away.
    fn logged_in(&self, who: &str, result: &'static str);

    /// Figures for monitoring. May wait.
    fn gauges(&self) -> Gauges;

    /// Whether everything is all right. May wait.
    fn is_well(&self) -> bool;

    /// Hears what the server says of itself. Must not wait.
    fn say(&self, change: &Change);

    /// The name of this switch.
    fn node(&self) -> String;

    /// The version of the module.
    fn version(&self) -> &'static str;
}
