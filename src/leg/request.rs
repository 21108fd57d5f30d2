//! What a channel's variables say about how it is to be parked.

use std::fmt::Display;

use crate::leg::caller_id;
use crate::leg::expand::holds_what_was_sent;
use crate::leg::valet;
use crate::module::{Module, variables};
use crate::park::{
    Actor, CallInfo, CallUuid, Caller, LotKey, Number, ParkRequest, Step, TOP_PRIORITY, User, Want,
};
use crate::switch::clock;
use crate::switch::text::is_true;
use crate::switch::{Cause, Channel, SentField, log};

/// The variables that are read from the channel that is parked, or in mid-call from the parker's.
pub(crate) const VARIABLES: [&str; 15] = [
    variables::TIMEOUT,
    variables::HOLD_MUSIC,
    variables::ANNOUNCE,
    variables::PRIORITY,
    variables::PARKER,
    variables::RETURN,
    variables::FOR,
    variables::NOTE,
    variables::VALET_TIMEOUT,
    variables::VALET_HOLD_MUSIC,
    variables::VALET_ANNOUNCE,
    variables::VALET_EXTEN,
    variables::VALET_DIALPLAN,
    variables::VALET_CONTEXT,
    variables::VALET_EXIT_KEY,
];

/// The request for a channel. A value that makes no sense is ignored and logged.
#[must_use]
pub(crate) fn of(
    module: &Module,
    channel: Channel<'_>,
    uuid: CallUuid,
    lot: LotKey,
    orbit: Want,
    parker: Option<User>,
    by: Actor,
) -> ParkRequest {
    let text = |name: &str| channel.variable(name).unwrap_or_default();
    let ignored = |name: &str, why: &dyn Display| {
        log::warning(Some(uuid.as_str()), format_args!("{name} is ignored: {why}"));
    };
    let number = |name: &str, most: u64| -> Option<u64> {
        let value = channel.variable(name)?;
        let number = value.trim().parse().ok().filter(|number| *number <= most);
        if number.is_none() {
            ignored(name, &format_args!("{value:?} is not a number from 0 to {most}"));
        }
        number
    };
    let addressed_to = text(variables::FOR);
    if !addressed_to.is_empty() && addressed_to.parse::<User>().is_err() {
        log::warning(
            Some(uuid.as_str()),
            format_args!("{} {addressed_to:.80?} is not a user@domain", variables::FOR),
        );
    }
    let returns = channel.variable(variables::RETURN).and_then(|steps| {
        if let Some(what) = holds_what_was_sent(channel, &steps) {
            ignored(variables::RETURN, &format_args!("it contains the call's {what}"));
            return None;
        }
        if steps.contains("${") {
            ignored(variables::RETURN, &"it contains a ${…} that the dialplan has not replaced");
            return None;
        }
        let steps =
            Step::parse_list(&steps).map_err(|error| ignored(variables::RETURN, &error)).ok()?;
        if let Some(cause) =
            steps.iter().filter_map(Step::cause).find(|cause| !Cause::exists(cause))
        {
            let why = format_args!("there is no hang-up cause {:?}", cause.as_str());
            ignored(variables::RETURN, &why);
            return None;
        }
        Some(steps)
    });
    let priority = number(variables::PRIORITY, u64::from(TOP_PRIORITY)).unwrap_or(0);
    let info = CallInfo {
        did: dialled(channel),
        parker,
        priority: u8::try_from(priority).unwrap_or(TOP_PRIORITY),
        note: text(variables::NOTE).into(),
        addressed_to: addressed_to.into(),
        parked_at_epoch_ms: clock::epoch_ms(),
        ..CallInfo::new(uuid.clone(), caller(channel))
    };
    let timeout_ms = number(variables::TIMEOUT, u64::MAX / 1000).map(|seconds| seconds * 1000);
    let valet = if module.valet { valet::ways(channel) } else { valet::Ways::default() };
    ParkRequest {
        info,
        lot,
        orbit,
        timeout_ms: timeout_ms.or(valet.timeout_ms),
        returns: returns.or(valet.returns),
        by,
    }
}

/// Whether a channel says that the orbit is to be spoken, or is not.
#[must_use]
pub(crate) fn announces(module: &Module, channel: Channel<'_>) -> Option<bool> {
    let ours = channel.variable(variables::ANNOUNCE).map(|wish| wish != "false");
    ours.or_else(|| {
        let theirs = module.valet.then(|| channel.variable(variables::VALET_ANNOUNCE)).flatten();
        theirs.map(|wish| is_true(&wish))
    })
}

/// The number that the caller of a channel dialled. A leg that was called has dialled nothing.
fn dialled(channel: Channel<'_>) -> Number {
    let called = channel.variable("direction").as_deref() == Some("outbound");
    let dialled = channel.sent(SentField::TO_USER).filter(|_| !called);
    dialled.map(|number| Number::of(&number)).unwrap_or_default()
}

/// The caller on a channel.
#[must_use]
pub(crate) fn caller(channel: Channel<'_>) -> Caller {
    let hidden = |name: &str| channel.variable(name).is_some_and(|hide| hide == "true");
    Caller {
        name: caller_id::of_caller(channel),
        number: caller_id::number_of_caller(channel),
        private: hidden("privacy_hide_name") || hidden("privacy_hide_number"),
    }
}
