//! How each hook is, and what is said when that changes.

use std::fmt;
use std::time::Instant;

use crate::journal::{Tally, Voice};

/// How one hook is.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// How many messages were delivered, or questions answered, since the start.
    pub(super) delivered: u64,
    /// How many attempts have failed since the start.
    pub(super) failed: u64,
    /// How many questions were not asked, because too many were waiting.
    pub(super) shed: u64,
    /// Why the latest attempt failed, if it did.
    pub(super) error: Option<String>,
    /// Since when attempts fail, in ms since 1970.
    pub(super) failing_since_ms: Option<i64>,
    /// When the next attempt is, in ms since 1970.
    pub(super) next_ms: Option<i64>,
    /// It has answered that there is nobody any more.
    pub(super) ended: bool,
}

/// What is said once, when it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An endpoint does not take messages.
    Failing {
        /// The hook.
        hook: String,
        /// Why, without anything secret.
        reason: String,
    },
    /// It takes them again.
    Working {
        /// The hook.
        hook: String,
        /// For how long it did not, in ms.
        failed_for_ms: i64,
    },
    /// It has answered 410, and is not sent anything any more.
    Ended {
        /// The hook.
        hook: String,
    },
    /// There is no room for more questions.
    Shedding,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Failing { hook, reason } => {
                write!(f, "hook {hook:?} does not answer as it should ({reason}); calls go on")
            }
            Change::Working { hook, failed_for_ms } => {
                write!(f, "hook {hook:?} answers again after {} s", failed_for_ms / 1000)
            }
            Change::Ended { hook } => write!(
                f,
                "webhook {hook:?} answered 410 Gone and is not sent anything until `callpark reload` or `callpark webhooks \
                 retry {hook}`"
            ),
            Change::Shedding => f.write_str(
                "questions about parked calls are not asked: too many wait for their answers",
            ),
        }
    }
}

impl Change {
    /// Somebody should do something about it.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        !matches!(self, Change::Working { .. })
    }
}

/// One hook, as `callpark webhooks` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// `webhook` or `question`.
    pub kind: &'static str,
    /// Host and port of its address.
    pub host: String,
    /// `ok`, `failing`, `ended`, or `new` before the first attempt.
    pub state: &'static str,
    /// Entries that are still to be sent.
    pub waiting: u64,
    /// Entries that are not tried any more.
    pub dead: u64,
    /// Messages delivered, or questions answered, since the start.
    pub delivered: u64,
    /// Attempts that failed since the start.
    pub failed: u64,
    /// Entries given up because too many waited, or questions that were not asked for that reason, since the start.
    pub shed: u64,
    /// Why the latest attempt failed, or empty.
    pub error: String,
    /// For how long attempts have failed, in ms.
    pub failing_ms: Option<u64>,
    /// In how many ms the next attempt is.
    pub next_ms_left: Option<u64>,
}

/// Figures of one webhook, for monitoring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Its name.
    pub hook: String,
    /// Entries that are still to be sent.
    pub waiting: u64,
    /// Entries that are not tried any more.
    pub dead: u64,
    /// Messages delivered since the start.
    pub delivered: u64,
    /// Attempts that failed since the start.
    pub failed: u64,
}

impl State {
    /// An attempt went well. What there is to say.
    pub(super) fn works(&mut self, voice: &mut Voice, hook: &str, now_ms: i64) -> Option<Change> {
        self.delivered += 1;
        self.error = None;
        self.failing_since_ms = None;
        let failed_for_ms = voice.works(now_ms)?;
        Some(Change::Working { hook: hook.to_owned(), failed_for_ms })
    }

    /// An attempt failed. What there is to say.
    pub(super) fn fails(
        &mut self,
        voice: &mut Voice,
        hook: &str,
        reason: &str,
        now_ms: i64,
    ) -> Option<Change> {
        self.failed += 1;
        self.error = Some(reason.to_owned());
        let since_ms = *self.failing_since_ms.get_or_insert(now_ms);
        let hook = hook.to_owned();
        voice
            .fails(since_ms, Instant::now())
            .then(|| Change::Failing { hook, reason: reason.to_owned() })
    }

    pub(super) fn listed(
        &self,
        (name, kind, host): (String, &'static str, String),
        tally: Tally,
        now_ms: i64,
    ) -> Listed {
        let ms = |ms: i64| u64::try_from(ms).unwrap_or_default();
        let next_ms = self.next_ms.filter(|_| tally.waiting > 0 && !self.ended);
        let state = match self {
            State { ended: true, .. } => "ended",
            State { failing_since_ms: Some(_), .. } => "failing",
            State { delivered: 0, .. } => "new",
            _ => "ok",
        };
        Listed {
            name,
            kind,
            host,
            state,
            waiting: tally.waiting,
            dead: tally.dead,
            delivered: self.delivered,
            failed: self.failed,
            shed: self.shed + tally.shed,
            error: self.error.clone().unwrap_or_default(),
            failing_ms: self.failing_since_ms.map(|since_ms| ms(now_ms - since_ms)),
            next_ms_left: next_ms.map(|next_ms| ms(next_ms - now_ms)),
        }
    }
}
