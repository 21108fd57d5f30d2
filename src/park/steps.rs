//! Return steps: what is tried, one after the other, when a parked call's timeout has passed.

use std::fmt;
use std::sync::Arc;

mod read;

use super::cause::CauseName;
use super::destination::Destination;
use super::user::User;

pub use read::{BadStep, read_number};

/// Seconds a step rings by default.
pub const RING_S: u32 = 20;
/// Seconds a reminder rings by default.
pub const REMIND_RING_S: u32 = 5;
/// The longest a step may ring or pause, in seconds.
pub const LONGEST_RING_S: u32 = 3600;
/// The most often one step may be repeated in a round.
pub const MOST_TRIES: u32 = 20;
/// How many return steps a lot or a call may have.
pub const MOST_STEPS: usize = 100;

/// One return step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// What it tries.
    pub to: StepTo,
    /// For how many seconds it rings, or the offer of a call-back lasts. Other steps ignore it.
    pub ring_s: u32,
    /// How many times it is tried before the next one is.
    pub repeat: u32,
    /// How many seconds it waits before each try.
    pub pause_s: u32,
    /// What the phone that rings shows. `None` means `Park 701: ` and the caller's name. `${caller_id_name}`,
    /// `${caller_id_number}`, `${callpark_orbit}`, `${callpark_lot}` and `${callpark_parker}` are replaced.
    pub caller_id_name: Option<Arc<str>>,
    /// The header Alert-Info of the phone that rings.
    pub alert_info: Option<Arc<str>>,
    /// What the user who answers hears before the caller: a file, a stream or `phrase:<macro>`.
    pub announce: Option<Arc<str>>,
    /// Under which condition it is tried at all.
    pub when: When,
    /// Whether it follows a phone that sends its callers elsewhere (3xx).
    pub redirect: bool,
    /// The key that the user who answers must press to get the call. `None` means that answering is enough.
    pub confirm: Option<char>,
}

/// What a return step tries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StepTo {
    /// Rings the parker. It is skipped if the parker is not known.
    Parker,
    /// Rings this dial string.
    Dial(String),
    /// Sends the call to a voicemail box.
    Voicemail(Mailbox),
    /// Sends the parked call itself there.
    Transfer(Destination),
    /// Reminds the parker. The call stays.
    Remind(Reminder),
    /// The call continues in the dialplan that has parked it.
    Continue,
    /// Hangs the call up with this cause.
    Hangup(CauseName),
    /// Offers the caller a call-back.
    Callback,
}

/// Whose voicemail box.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mailbox {
    /// The parker's.
    Parker,
    /// That of this user.
    User(User),
}

/// How the parker is reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reminder {
    /// By a short call.
    Call,
    /// By a SIP MESSAGE.
    Message,
}

/// When a step is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum When {
    /// Always.
    #[default]
    Always,
    /// When a phone of the user is registered.
    Registered,
    /// When a phone of the user is registered and the user is not in a call.
    Idle,
}

/// Something about a user that only the switch knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Precondition {
    /// Is there a voicemail box?
    Mailbox(User),
    /// Is a phone registered?
    Registered(User),
    /// Is a phone registered, and the user not in a call?
    Idle(User),
}

impl Step {
    /// A step with everything but its destination at the default.
    pub fn new(to: StepTo) -> Step {
        let ring_s = if matches!(to, StepTo::Remind(_)) { REMIND_RING_S } else { RING_S };
        Step {
            to,
            ring_s,
            repeat: 1,
            pause_s: 0,
            caller_id_name: None,
            alert_info: None,
            announce: None,
            when: When::Always,
            redirect: true,
            confirm: None,
        }
    }

    /// Rings the parker for [`RING_S`] seconds, which is the default of a lot.
    pub fn parker() -> Step {
        Step::new(StepTo::Parker)
    }

    /// Whether it rings the phones of one user, who is the parker or a user that it names.
    pub fn rings_a_user(&self) -> bool {
        match &self.to {
            StepTo::Parker | StepTo::Remind(_) => true,
            StepTo::Dial(dial) => dialled_user(dial).is_some(),
            _ => false,
        }
    }

    /// The user whose phones it rings, if it rings those of one user that is known.
    pub fn user(&self, parker: Option<&User>) -> Option<User> {
        match &self.to {
            StepTo::Parker | StepTo::Remind(_) => parker.cloned(),
            StepTo::Dial(dial) => dialled_user(dial),
            _ => None,
        }
    }

    /// What must be known of the switch before it is tried, if anything.
    pub fn asks(&self, parker: Option<&User>) -> Option<Precondition> {
        let user = self.user(parker);
        match (&self.to, self.when) {
            (StepTo::Voicemail(Mailbox::Parker), _) => Some(Precondition::Mailbox(parker?.clone())),
            (StepTo::Voicemail(Mailbox::User(user)), _) => {
                Some(Precondition::Mailbox(user.clone()))
            }
            (_, When::Registered) => Some(Precondition::Registered(user?)),
            (_, When::Idle) => Some(Precondition::Idle(user?)),
            (_, When::Always) => None,
        }
    }

    /// The cause with which it hangs the call up, if that is what it does.
    pub fn cause(&self) -> Option<&CauseName> {
        match &self.to {
            StepTo::Hangup(cause) => Some(cause),
            _ => None,
        }
    }

    /// Whether it calls a phone.
    pub(super) fn rings(&self) -> bool {
        matches!(self.to, StepTo::Parker | StepTo::Dial(_) | StepTo::Remind(Reminder::Call))
    }

    /// How long a try takes at most, in ms.
    pub(super) fn lasts_ms(&self) -> u64 {
        match self.to {
            StepTo::Parker | StepTo::Dial(_) | StepTo::Callback => u64::from(self.ring_s) * 1000,
            StepTo::Remind(Reminder::Call) => u64::from(self.ring_s) * 1000,
            StepTo::Remind(Reminder::Message)
            | StepTo::Voicemail(_)
            | StepTo::Transfer(_)
            | StepTo::Continue
            | StepTo::Hangup(_) => 0,
        }
    }
}

/// The user of a dial string that rings just that user: `user/1000@example.com`.
pub(super) fn dialled_user(dial: &str) -> Option<User> {
    dial.strip_prefix("user/")?.parse().ok()
}

impl fmt::Display for StepTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepTo::Parker => f.write_str("parker"),
            StepTo::Dial(dial) => f.write_str(dial),
            StepTo::Voicemail(Mailbox::Parker) => f.write_str("voicemail:parker"),
            StepTo::Voicemail(Mailbox::User(user)) => write!(f, "voicemail:{user}"),
            StepTo::Transfer(place) => write!(f, "transfer:{place}"),
            StepTo::Remind(Reminder::Call) => f.write_str("remind"),
            StepTo::Remind(Reminder::Message) => f.write_str("remind:message"),
            StepTo::Hangup(cause) => write!(f, "hangup:{cause}"),
            StepTo::Continue => f.write_str("continue"),
            StepTo::Callback => f.write_str("callback"),
        }
    }
}

/// Which return step of a call, for events and lists: `2 user/1000@example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRef {
    /// 1 for the first.
    pub number: usize,
    /// What it tries, as the configuration writes it.
    pub to: String,
}

impl StepRef {
    pub(super) fn of(index: usize, step: &Step) -> Self {
        StepRef { number: index + 1, to: step.to.to_string() }
    }
}

impl fmt::Display for StepRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.to)
    }
}
