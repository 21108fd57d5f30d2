//! What is reported of a call.

use std::borrow::Cow;
use std::fmt;

use super::access::Right;
use super::info::CallInfo;
use super::names::{CallUuid, LotKey, OrbitKey, OrbitName};
use super::outcome::Outcome;
use super::privacy::Privacy;
use super::steps::StepRef;
use super::user::User;

/// What an event reports: `Callpark-Action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A call was parked.
    Park,
    /// A retriever was connected (outcome `retrieved`).
    Retrieve,
    /// A claim was given back. The call remains parked.
    Resume,
    /// A return step started, failed or was skipped (the latter two with a reason), or took the call (outcome
    /// `returned`).
    Return,
    /// The caller hung up while waiting (outcome `abandoned`).
    Abandon,
    /// The call left by its exit key, to be called back, or because another command took it (outcomes `left`,
    /// `callback`, `transferred`).
    Leave,
    /// It is in another orbit or lot now.
    Move,
    /// Another leg has taken the place of its leg; the call goes on under that one's uuid.
    Replace,
    /// It was hung up by an administrator, or because the module stops (outcomes `dropped`, `shutdown`).
    Drop,
    /// A return step reminded the parker, or no return step took the call. The call remains parked.
    Remind,
    /// A call was not parked, or a retriever must not have it.
    Refuse,
    /// Its timeout, priority, note or addressee was changed. The reason says which.
    Set,
    /// After a restart of the switch: it is in its orbit again, or is not (outcome `lost`).
    Recover,
}

impl Action {
    /// The word in the event.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Park => "park",
            Action::Retrieve => "retrieve",
            Action::Resume => "resume",
            Action::Return => "return",
            Action::Abandon => "abandon",
            Action::Leave => "leave",
            Action::Move => "move",
            Action::Replace => "replace",
            Action::Drop => "drop",
            Action::Remind => "remind",
            Action::Refuse => "refuse",
            Action::Set => "set",
            Action::Recover => "recover",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of one attempt of a return step: `Callpark-Step-Result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepResult {
    /// It starts.
    Started,
    /// It took the call.
    Took,
    /// A phone answered, and did not take the call.
    Declined,
    /// It did not take the call.
    Failed,
    /// It was not tried.
    Skipped,
}

impl StepResult {
    /// The word in the event.
    pub fn as_str(self) -> &'static str {
        match self {
            StepResult::Started => "started",
            StepResult::Took => "took",
            StepResult::Declined => "declined",
            StepResult::Failed => "failed",
            StepResult::Skipped => "skipped",
        }
    }
}

/// One event of the call's life. After each `park`, exactly one event has an outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct ParkEvent {
    /// What happened.
    pub action: Action,
    /// The call.
    pub info: CallInfo,
    /// The call's lot; after a move the new one; of a refused call the one it asked for.
    pub lot: LotKey,
    /// Its orbit; of a refused call the one it asked for, if it asked for one.
    pub orbit: Option<OrbitName>,
    /// For how long it has been parked, in ms.
    pub wait_ms: u64,
    /// Only on the last event of a call.
    pub outcome: Option<Outcome>,
    /// The user who took it, or would have, `user@domain`.
    pub retriever: Option<User>,
    /// The channel of that one.
    pub retriever_uuid: Option<CallUuid>,
    /// Why: of `refuse` a [`Refusal`](super::Refusal)'s code, otherwise a sentence.
    pub reason: Option<String>,
    /// Of `refuse`: which rule says no, if one does.
    pub rule: Option<Cow<'static, str>>,
    /// Of `refuse`: what somebody wanted to do, if it was not to park.
    pub right: Option<Right>,
    /// Which return step.
    pub step: Option<StepRef>,
    /// What became of that step.
    pub step_result: Option<StepResult>,
    /// In how many ms its timeout passes, after this event, or 0 if it has passed. `None` means never.
    pub timeout_ms_left: Option<u64>,
    /// Of `park` and `refuse`: how many orbits the lot has, if there is such a lot.
    pub capacity: Option<u32>,
    /// Where it was before a `move`.
    pub from: Option<OrbitKey>,
    /// Which channel it was before a `replace`.
    pub from_uuid: Option<CallUuid>,
    /// Who may learn of its caller.
    pub privacy: Privacy,
}

impl ParkEvent {
    /// Something was refused that concerns that lot.
    pub(super) fn refusal(info: CallInfo, lot: LotKey) -> Self {
        Self::new(Action::Refuse, info, lot)
    }

    /// With nothing else known about it.
    pub(super) fn new(action: Action, info: CallInfo, lot: LotKey) -> Self {
        ParkEvent {
            action,
            info,
            lot,
            orbit: None,
            wait_ms: 0,
            outcome: None,
            retriever: None,
            retriever_uuid: None,
            reason: None,
            rule: None,
            right: None,
            step: None,
            step_result: None,
            timeout_ms_left: None,
            capacity: None,
            from: None,
            from_uuid: None,
            privacy: Privacy::Off,
        }
    }
}

impl Outcome {
    /// The action of the event that carries it.
    pub fn action(self) -> Action {
        match self {
            Outcome::Retrieved => Action::Retrieve,
            Outcome::Returned => Action::Return,
            Outcome::Abandoned => Action::Abandon,
            Outcome::Left | Outcome::Callback | Outcome::Transferred => Action::Leave,
            Outcome::Dropped | Outcome::Shutdown => Action::Drop,
            Outcome::Lost => Action::Recover,
        }
    }
}
