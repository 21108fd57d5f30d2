//! Reading return steps.

use std::str::FromStr;
use std::sync::Arc;

use super::super::cause::{BadCause, CauseName};
use super::super::destination::BadDestination;
use super::{LONGEST_RING_S, MOST_STEPS, MOST_TRIES, Mailbox, Reminder, Step, StepTo, When};

/// A return step that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadStep {
    /// Nothing to ring or to transfer to.
    #[error("{0:?} does not say what to ring or where to transfer")]
    Nowhere(String),
    /// More than [`MOST_STEPS`].
    #[error("there are more than {MOST_STEPS} return steps")]
    TooMany,
    /// Too long a text, in bytes.
    #[error("the return steps are longer than {LONGEST_LIST} bytes")]
    TooLong,
    /// A transfer to something that is not a place in the dialplan.
    #[error(transparent)]
    Place(#[from] BadDestination),
    /// Not `parker` and not `user@domain`.
    #[error("{0:?} is neither parker nor <user>@<domain>")]
    Mailbox(String),
    /// A text that cannot name a hang-up cause.
    #[error(transparent)]
    Cause(#[from] BadCause),
    /// Out of range.
    #[error("{value:?} is not a {what} from {least} to {most}")]
    Number {
        /// What was given.
        value: String,
        /// What it should be.
        what: &'static str,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// A word that is not among the known ones.
    #[error("{0:?} is not one of {1}")]
    Unknown(String, &'static str),
    /// Neither true nor false.
    #[error("{0:?} is neither true nor false")]
    Truth(String),
    /// Not a key of a telephone.
    #[error("{0:?} is not one of 0-9, * and #")]
    Key(String),
    /// An attribute of a step that connects a phone, on a step that does not.
    #[error("{0} needs a step that rings a phone")]
    Rings(&'static str),
    /// A condition on a user, on a step that does not ring one user.
    #[error("when={0:?} needs a step to parker or user/<user>@<domain>")]
    When(String),
}

/// The longest text of return steps, in bytes.
const LONGEST_LIST: usize = 64 * 1024;

impl Step {
    /// Sets what an attribute of a `<step>`, or a word `name=value` in a variable, says.
    ///
    /// # Errors
    /// The value cannot be read, or the attribute does not exist.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), BadStep> {
        let text = || (!value.is_empty()).then(|| Arc::from(value));
        match name {
            "ring" => {
                self.ring_s = read_number("ringing time in seconds", value, 1, LONGEST_RING_S)?
            }
            "repeat" => self.repeat = read_number("number of tries", value, 1, MOST_TRIES)?,
            "pause" => self.pause_s = read_number("pause in seconds", value, 0, LONGEST_RING_S)?,
            "caller-id-name" => self.caller_id_name = text(),
            "alert-info" => self.alert_info = text(),
            "announce" => self.announce = text(),
            "when" => self.when = value.parse()?,
            "redirect" => self.redirect = read_truth(value)?,
            "confirm" => self.confirm = read_key(value)?,
            _ => return Err(BadStep::Unknown(name.to_owned(), ATTRIBUTES)),
        }
        Ok(())
    }

    /// Checks what depends on several attributes.
    ///
    /// # Errors
    /// A condition that cannot be checked, or an attribute about a phone on a step that does not ring one.
    pub fn check(self) -> Result<Step, BadStep> {
        if !self.redirect && !self.rings() {
            return Err(BadStep::Rings("redirect"));
        }
        if self.confirm.is_some() && (!self.rings() || matches!(self.to, StepTo::Remind(_))) {
            return Err(BadStep::Rings("confirm"));
        }
        match self.when {
            When::Registered | When::Idle if !self.rings_a_user() => {
                Err(BadStep::When(self.when.as_str().to_owned()))
            }
            _ => Ok(self),
        }
    }

    /// Reads the steps of a channel variable: `parker ring=30|user/1000@example.com when=idle|transfer:4000 XML default`.
    /// As in a dial string, `|` means "and if that failed"; inside brackets it separates nothing. An empty text
    /// and `none` mean no steps.
    ///
    /// # Errors
    /// The first step that cannot be read.
    pub fn parse_list(text: &str) -> Result<Arc<[Step]>, BadStep> {
        let text = text.trim();
        if text.is_empty() || text == "none" {
            return Ok(Arc::from([]));
        }
        if text.len() > LONGEST_LIST {
            return Err(BadStep::TooLong);
        }
        let mut depth = 0i32;
        let steps: Arc<[Step]> = text
            .split(|c: char| {
                match c {
                    '[' | '{' | '<' => depth += 1,
                    ']' | '}' | '>' => depth -= 1,
                    _ => {}
                }
                c == '|' && depth <= 0
            })
            .take(MOST_STEPS + 1)
            .map(one)
            .collect::<Result<_, _>>()?;
        if steps.len() > MOST_STEPS { Err(BadStep::TooMany) } else { Ok(steps) }
    }
}

const ATTRIBUTES: &str =
    "ring, repeat, pause, caller-id-name, alert-info, announce, when, redirect, confirm";

/// `<to> [<name>=<value> …]`.
fn one(text: &str) -> Result<Step, BadStep> {
    let mut to = text.trim();
    let mut attributes = Vec::new();
    while let Some((rest, word)) = to.rsplit_once(char::is_whitespace) {
        let Some((name, value)) = word.split_once('=') else { break };
        if !ATTRIBUTES.split(", ").any(|known| known == name) {
            break;
        }
        attributes.push((name, value));
        to = rest.trim_end();
    }
    let mut step = Step::new(to.parse()?);
    for (name, value) in attributes {
        step.set(name, value)?;
    }
    step.check()
}

/// Reads a number.
///
/// # Errors
/// It is not a number, or is out of range.
pub fn read_number(what: &'static str, value: &str, least: u32, most: u32) -> Result<u32, BadStep> {
    match value.trim().parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(BadStep::Number { value: value.to_owned(), what, least, most }),
    }
}

fn read_truth(value: &str) -> Result<bool, BadStep> {
    match value {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(BadStep::Truth(value.to_owned())),
    }
}

/// An empty text means no key.
fn read_key(value: &str) -> Result<Option<char>, BadStep> {
    let mut keys = value.chars();
    match (keys.next(), keys.next()) {
        (None, _) => Ok(None),
        (Some(key), None) if key.is_ascii_digit() || key == '*' || key == '#' => Ok(Some(key)),
        _ => Err(BadStep::Key(value.to_owned())),
    }
}

impl FromStr for StepTo {
    type Err = BadStep;

    fn from_str(text: &str) -> Result<Self, BadStep> {
        let text = text.trim();
        let (word, rest) = match text.split_once(':') {
            Some((word, rest)) => (word, Some(rest.trim())),
            None => (text, None),
        };
        match (word, rest) {
            ("", _) => Err(BadStep::Nowhere(text.to_owned())),
            ("parker", None) => Ok(StepTo::Parker),
            ("callback", None) => Ok(StepTo::Callback),
            ("continue", None) => Ok(StepTo::Continue),
            ("remind", None | Some("call")) => Ok(StepTo::Remind(Reminder::Call)),
            ("remind", Some("message")) => Ok(StepTo::Remind(Reminder::Message)),
            ("remind", Some(other)) => Err(BadStep::Unknown(other.to_owned(), "call, message")),
            ("hangup", None) => Ok(StepTo::Hangup(CauseName::NORMAL_CLEARING)),
            ("hangup", Some(cause)) => Ok(StepTo::Hangup(cause.parse()?)),
            ("transfer", Some(place)) => Ok(StepTo::Transfer(place.parse()?)),
            ("voicemail", Some("parker")) => Ok(StepTo::Voicemail(Mailbox::Parker)),
            ("voicemail", Some(user)) => match user.parse() {
                Ok(user) => Ok(StepTo::Voicemail(Mailbox::User(user))),
                Err(_) => Err(BadStep::Mailbox(user.to_owned())),
            },
            // Our words without what must follow them. Only FreeSWITCH knows whether any other text is a dial string.
            ("transfer" | "voicemail", None) => Err(BadStep::Nowhere(text.to_owned())),
            _ => Ok(StepTo::Dial(text.to_owned())),
        }
    }
}

impl When {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            When::Always => "always",
            When::Registered => "registered",
            When::Idle => "idle",
        }
    }
}

impl FromStr for When {
    type Err = BadStep;

    fn from_str(text: &str) -> Result<Self, BadStep> {
        match text {
            "always" => Ok(When::Always),
            "registered" => Ok(When::Registered),
            "idle" => Ok(When::Idle),
            _ => Err(BadStep::Unknown(text.to_owned(), "always, idle, registered")),
        }
    }
}
