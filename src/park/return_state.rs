//! How far a call is on its way back.

use super::event::StepResult;
use super::moment::Moment;
use super::names::RunId;

/// One try of one return step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StepTry {
    /// Which step, counted from 0.
    pub(super) step: usize,
    /// How many times it has been tried before in this round.
    pub(super) tries: u32,
}

/// How far a call is on its way back.
#[derive(Clone, Copy, Debug)]
pub(super) enum ReturnState {
    /// It waits for its timeout, and then its first step runs. If `until` is `None`, it has no timeout.
    Waiting { since: Moment, until: Option<Moment> },
    /// That attempt runs from `at` on: it pauses before it, or was interrupted in it.
    Next { at: Moment, attempt: StepTry, paused: bool },
    /// A step rings, or its offer stands.
    Ringing(RingingStep),
}

/// The return step that is ringing.
#[derive(Clone, Copy, Debug)]
pub(super) struct RingingStep {
    pub(super) run: RunId,
    pub(super) attempt: StepTry,
    /// When the call's timeout passed.
    pub(super) since: Moment,
    /// When it counts as failed.
    pub(super) until: Moment,
    /// Nothing rings: the caller has been offered to be called back, until then.
    pub(super) offer: bool,
    /// A phone has answered, and hears something before it gets the call.
    pub(super) answered: bool,
}

impl RingingStep {
    /// One that rings, and nobody has answered.
    pub(super) fn of(run: RunId, attempt: StepTry, since: Moment, until: Moment) -> Self {
        RingingStep { run, attempt, since, until, offer: false, answered: false }
    }

    /// What has become of it if it did not take the call.
    pub(super) fn failed(self) -> StepResult {
        if self.answered { StepResult::Declined } else { StepResult::Failed }
    }
}

impl ReturnState {
    /// When something is to be done about it. `None` means never.
    pub(super) fn due(self) -> Option<Moment> {
        match self {
            ReturnState::Waiting { until, .. } => until,
            ReturnState::Next { at, .. } => Some(at),
            ReturnState::Ringing(ringing) => Some(ringing.until),
        }
    }

    /// When the call's timeout passes, or passed. `None` means never.
    pub(super) fn time_is_up(self) -> Option<Moment> {
        match self {
            ReturnState::Ringing(ringing) => Some(ringing.since),
            _ => self.due(),
        }
    }

    /// What rings, if anything does.
    pub(super) fn ringing(self) -> Option<RingingStep> {
        match self {
            ReturnState::Ringing(ringing) => Some(ringing),
            _ => None,
        }
    }

    /// The attempt that rings, or runs next.
    pub(super) fn attempt(self) -> StepTry {
        match self {
            ReturnState::Waiting { .. } => StepTry::default(),
            ReturnState::Next { attempt, .. } => attempt,
            ReturnState::Ringing(ringing) => ringing.attempt,
        }
    }

    /// Whether the pause before the attempt has begun already.
    pub(super) fn is_paused(self) -> bool {
        matches!(self, ReturnState::Next { paused: true, .. })
    }

    /// Ends what rings, if that is `run`, or whatever it is: the attempt can run again at once. What it was.
    pub(super) fn interrupt(&mut self, run: Option<RunId>) -> Option<RingingStep> {
        let ringing = self.ringing().filter(|ringing| run.is_none_or(|run| run == ringing.run))?;
        let RingingStep { since: at, attempt, .. } = ringing;
        *self = ReturnState::Next { at, attempt, paused: false };
        Some(ringing)
    }
}
