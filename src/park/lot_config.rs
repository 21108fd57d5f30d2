//! The configuration of a lot.

use std::sync::Arc;

use super::access::{Access, Actor, By, Right};
use super::callback::CallbackConfig;
use super::caller::Caller;
use super::cause::CauseName;
use super::destination::Destination;
use super::fallback::{AfterReturn, WhenFull, WhenOccupied};
use super::free::Assign;
use super::moment::Moment;
use super::names::LotKey;
use super::notice_text::NoticeText;
use super::pickup::PickupTone;
use super::pin::Pin;
use super::privacy::{Privacy, Shown, Viewer};
use super::range::OrbitRange;
use super::steps::Step;
use super::timeout::Timeout;

/// A call that comes back or comes into the lot from another one has at least this long until its time is up, in ms.
pub(super) const LEAST_LEFT_MS: u64 = 10_000;

/// How hold music is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldEncode {
    /// Once for all calls that hear the same music in the same format.
    Shared,
    /// By each call for itself, from the beginning.
    Own,
}

/// What becomes of the recordings of a call while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// They go on: what the caller says and hears is in them.
    Keep,
    /// The time of the wait is not in them.
    Pause,
    /// The time of the wait is in them, as silence.
    Mask,
}

/// The configuration of one lot. `config::Config` reads it, and ensures that no key is used twice and no orbit
/// is in two lots of one domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LotConfig {
    /// Its name and tenant.
    pub key: LotKey,
    /// Its orbits.
    pub ranges: Vec<OrbitRange>,
    /// When the return steps start.
    pub timeout: Timeout,
    /// What the caller hears. `None` means the music of the channel or the switch.
    pub hold_music: Option<String>,
    /// Whether one encoder serves all callers who hear the same music.
    pub hold_encode: HoldEncode,
    /// What becomes of recordings while a call waits.
    pub recording: Recording,
    /// Which orbit a call gets that does not ask for one.
    pub assign: Assign,
    /// What happens to a call when every orbit is taken.
    pub when_full: WhenFull,
    /// What happens to a call when the orbit it asked for is taken.
    pub when_occupied: WhenOccupied,
    /// Whether the module speaks to people.
    pub announce: bool,
    /// Whether the lamps of the lot and its orbits show what is parked.
    pub blf: bool,
    /// Whether the lamps withhold the caller's name and number.
    pub blf_privacy: bool,
    /// After how many ms the lamp of a parked call blinks. 0 means never.
    pub blf_age_ms: u64,
    /// Who learns the names and numbers of its callers.
    pub privacy: Privacy,
    /// After how many days the journal forgets the callers of its calls. `None`: with the calls.
    pub caller_days: Option<u32>,
    /// The dial string of phones to call, with automatic answer, to say that a call was parked.
    pub page: Option<String>,
    /// The time in ms within which phones are paged once about one caller. 0 means each time.
    pub page_interval_ms: u64,
    /// Whether the parker's phones get a message that says where the call is.
    pub notify: bool,
    /// What the message says.
    pub notify_text: NoticeText,
    /// The time in ms within which the parker gets one message about one caller. 0 means each time.
    pub notify_interval_ms: u64,
    /// For how many ms only the user for whom a call is meant may take it. 0 means that everybody may.
    pub exclusive_ms: u64,
    /// The PIN that has to be keyed for each of its calls.
    pub pin: Option<Pin>,
    /// How many calls of one caller's number may be parked at once. `None` means any number.
    pub max_per_caller: Option<u32>,
    /// The return steps.
    pub returns: Arc<[Step]>,
    /// What happens to a call that no return step took.
    pub after_return: AfterReturn,
    /// How many times the return steps run before that. `None` means without a limit with [`AfterReturn::Park`], and once
    /// otherwise.
    pub max_returns: Option<u32>,
    /// The key with which a caller leaves.
    pub exit_key: Option<char>,
    /// Where a caller goes after pressing the key or waiting for `max_wait_ms`.
    pub exit_to: Option<Destination>,
    /// How long a caller waits at most, in ms. 0 means without a limit.
    pub max_wait_ms: u64,
    /// What the caller hears at intervals: a file, a stream or `phrase:<macro>`.
    pub comfort: Option<String>,
    /// The interval of `comfort`, in ms. 0 means never.
    pub comfort_every_ms: u64,
    /// How callers are called back.
    pub callback: CallbackConfig,
    /// What either side hears when the call has been retrieved.
    pub pickup_tone: Option<PickupTone>,
    /// How many wrong orbits or PINs of one source are too many within `probe_window_ms`. 0 means that any number is allowed.
    pub probe_limit: u32,
    /// Within how many ms they are counted.
    pub probe_window_ms: u64,
    /// Who may do what.
    pub access: Access,
    /// Each domain has its own copy.
    pub per_domain: bool,
    /// It is such a copy.
    pub copy: bool,
    /// It is not configured, but was made when it was first used: see [`Park::make_lots`](super::Park::make_lots).
    pub made: bool,
}

impl LotConfig {
    /// The lot `key` with these orbits and every other setting at its default.
    pub fn new(key: LotKey, ranges: Vec<OrbitRange>) -> Self {
        LotConfig {
            key,
            ranges,
            timeout: Timeout::default(),
            hold_music: None,
            hold_encode: HoldEncode::Shared,
            recording: Recording::Keep,
            assign: Assign::First,
            when_full: WhenFull::Continue,
            when_occupied: WhenOccupied::Next,
            announce: true,
            blf: true,
            blf_privacy: false,
            privacy: Privacy::Off,
            caller_days: None,
            blf_age_ms: 0,
            page: None,
            page_interval_ms: 30_000,
            notify: false,
            notify_text: NoticeText::default(),
            notify_interval_ms: 30_000,
            exclusive_ms: 0,
            pin: None,
            max_per_caller: None,
            returns: Arc::from([Step::parker()]),
            after_return: AfterReturn::Park,
            max_returns: None,
            exit_key: None,
            exit_to: None,
            max_wait_ms: 0,
            comfort: None,
            comfort_every_ms: 60_000,
            callback: CallbackConfig::default(),
            pickup_tone: None,
            probe_limit: 10,
            probe_window_ms: 60_000,
            access: Access::default(),
            per_domain: false,
            copy: false,
            made: false,
        }
    }

    /// How much of this caller is shown to that viewer.
    #[must_use]
    pub fn shown_to(&self, viewer: Viewer, caller: &Caller) -> Shown {
        match viewer {
            Viewer::Lamp if self.blf_privacy => Shown::Nothing,
            viewer => self.privacy.shown_to(viewer, caller),
        }
    }

    /// How much of this caller is shown to that party in this lot, which is called `lot`. `own`: it is the party's call.
    #[must_use]
    pub fn shown_to_party(&self, lot: &LotKey, actor: &Actor, own: bool, caller: &Caller) -> Shown {
        if actor.is_administrator() {
            return self.shown_to(Viewer::Administrator, caller);
        }
        let said = self.access.decide(Right::See, lot, actor);
        let sees = match said.by {
            // Where others are named who may, one still knows the own calls.
            By::NoRule(_) if said.allowed || own => None,
            _ => Some(said.allowed),
        };
        self.shown_to(Viewer::Person { sees, own }, caller)
    }

    /// How many rounds of return steps there are at most. `None` means that there is no limit.
    pub(super) fn rounds(&self) -> Option<u32> {
        match (&self.after_return, self.max_returns) {
            (_, Some(most)) => Some(most),
            (AfterReturn::Park, None) => None,
            (AfterReturn::Hangup(_) | AfterReturn::Transfer(_), None) => Some(1),
        }
    }

    /// The causes with which its return steps, and what follows them, hang calls up.
    pub fn causes(&self) -> impl Iterator<Item = &CauseName> {
        self.returns.iter().filter_map(Step::cause).chain(self.after_return.cause())
    }

    /// After how many ms in total a caller leaves. `None` means never.
    pub(super) fn longest_wait(&self) -> Option<u64> {
        Some(self.max_wait_ms).filter(|ms| *ms > 0)
    }

    /// When a caller leaves who has come into the lot later than the call was parked. `None` means never.
    pub(super) fn leaves_at(&self, parked_at: Moment, now: Moment) -> Option<Moment> {
        let soonest = now.after(LEAST_LEFT_MS);
        self.longest_wait().map(|ms| parked_at.after(ms).max(soonest))
    }

    /// The interval at which the caller hears the comfort, in ms. `None` means never.
    pub(super) fn comfort_every(&self) -> Option<u64> {
        Some(self.comfort_every_ms).filter(|ms| *ms > 0 && self.comfort.is_some())
    }
}
