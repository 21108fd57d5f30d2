//! Return steps: what is tried, one after the other, when a parked call's time is up.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Seconds a step rings when nothing else is said.
pub const RING_S: u32 = 20;
/// The longest a step may ring, in seconds.
pub const LONGEST_RING_S: u32 = 3600;

/// One return step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// Whom it tries.
    pub to: StepTo,
    /// For how many seconds it rings; a transfer does not look at it.
    pub ring_s: u32,
}

/// Whom a return step tries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StepTo {
    /// Rings the parker; skipped when that is not known.
    Parker,
    /// Rings this dial string.
    Dial(String),
    /// Sends the parked call itself there.
    Transfer(Transfer),
}

/// A place in the dialplan.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transfer {
    /// The extension.
    pub exten: String,
    /// The dialplan; none: the call's own.
    pub dialplan: Option<String>,
    /// The context; none: the call's own.
    pub context: Option<String>,
}

/// A return step or a transfer that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadStep {
    /// Nothing to ring or to transfer to.
    #[error("{0:?} names nothing to ring or transfer to")]
    Nowhere(String),
    /// More words than an extension, a dialplan and a context.
    #[error("{0:?} is not <exten> [<dialplan> [<context>]]")]
    Transfer(String),
    /// Seconds out of 1 to 3600.
    #[error("{0:?} is no ringing time from 1 to 3600 seconds")]
    Ring(String),
}

impl Step {
    /// Rings the parker for [`RING_S`] seconds: what a lot does that says nothing about it.
    pub fn parker() -> Step {
        Step { to: StepTo::Parker, ring_s: RING_S }
    }

    /// Reads the steps of a channel variable: `parker ring=30|user/1000@example.com|transfer:4000 XML default`. As in
    /// a dial string, `|` means "and if that failed"; inside brackets it separates nothing. Empty or `none`: no steps.
    ///
    /// # Errors
    /// The first step that cannot be read.
    pub fn parse_list(text: &str) -> Result<Arc<[Step]>, BadStep> {
        let text = text.trim();
        if text.is_empty() || text == "none" {
            return Ok(Arc::from([]));
        }
        let mut depth = 0i32;
        text.split(|c: char| {
            match c {
                '[' | '{' | '<' => depth += 1,
                ']' | '}' | '>' => depth -= 1,
                _ => {}
            }
            c == '|' && depth <= 0
        })
        .map(|part| {
            let part = part.trim();
            match part.rsplit_once(" ring=") {
                Some((to, ring)) => Ok(Step { to: to.parse()?, ring_s: parse_ring(ring)? }),
                None => Ok(Step { to: part.parse()?, ring_s: RING_S }),
            }
        })
        .collect()
    }
}

/// Reads a ringing time in seconds.
///
/// # Errors
/// It is no number from 1 to [`LONGEST_RING_S`].
pub fn parse_ring(text: &str) -> Result<u32, BadStep> {
    match text.trim().parse() {
        Ok(seconds) if (1..=LONGEST_RING_S).contains(&seconds) => Ok(seconds),
        _ => Err(BadStep::Ring(text.to_owned())),
    }
}

impl FromStr for StepTo {
    type Err = BadStep;

    fn from_str(text: &str) -> Result<Self, BadStep> {
        let text = text.trim();
        match text.strip_prefix("transfer:") {
            Some(place) => Ok(StepTo::Transfer(place.parse()?)),
            None if text == "parker" => Ok(StepTo::Parker),
            None if text.is_empty() => Err(BadStep::Nowhere(text.to_owned())),
            None => Ok(StepTo::Dial(text.to_owned())),
        }
    }
}

impl fmt::Display for StepTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepTo::Parker => f.write_str("parker"),
            StepTo::Dial(dial) => f.write_str(dial),
            StepTo::Transfer(place) => write!(f, "transfer:{place}"),
        }
    }
}

impl FromStr for Transfer {
    type Err = BadStep;

    fn from_str(text: &str) -> Result<Self, BadStep> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let exten = words.next().ok_or_else(|| BadStep::Nowhere(text.to_owned()))?;
        let place = Transfer { exten, dialplan: words.next(), context: words.next() };
        if words.next().is_some() {
            return Err(BadStep::Transfer(text.to_owned()));
        }
        Ok(place)
    }
}

impl fmt::Display for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.exten)?;
        for word in [&self.dialplan, &self.context].into_iter().flatten() {
            write!(f, " {word}")?;
        }
        Ok(())
    }
}

/// Which return step of a call, for events and lists: `2 user/1000@example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRef {
    /// 1 for the first.
    pub number: usize,
    /// Whom it tries, as the configuration writes it.
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
