//! The variables of a channel that tell dialplans and CDRs what happened to a call.

use crate::module::variables;
use crate::park::{Action, ParkEvent, Refusal};
use crate::switch::{Channel, Session, log};

/// Sets what CDRs and the dialplan see of that event.
pub(super) fn set(session: Session<'_>, event: &ParkEvent) {
    let channel = session.channel();
    let set = |name: &str, value: &str| channel.set_variable(name, Some(value));
    match event.action {
        Action::Park | Action::Move | Action::Replace | Action::Recover => {
            set(variables::LOT, &event.lot.to_string());
            if let Some(orbit) = &event.orbit {
                set(variables::ORBIT, orbit.as_str());
            }
            write_parker(channel, event.info.parker.as_deref());
            set(variables::PARKED_AT, &event.info.parked_at_epoch_ms.to_string());
            if event.action != Action::Move {
                for stale in [
                    variables::OUTCOME,
                    variables::WAIT_MS,
                    variables::RETRIEVER,
                    variables::REASON,
                ] {
                    channel.set_variable(stale, None);
                }
            }
        }
        _ => {}
    }
    if let Some(outcome) = event.outcome {
        set(variables::OUTCOME, outcome.as_str());
        set(variables::WAIT_MS, &event.wait_ms.to_string());
        channel.set_variable(variables::RETRIEVER, event.retriever.as_deref());
        channel.set_variable(variables::REASON, event.reason.as_deref());
    }
}

pub(crate) fn named_parker(channel: Channel<'_>) -> Option<String> {
    let named = channel.variable(variables::PARKER)?;
    (channel.variable(variables::PARKER_FOUND).as_ref() != Some(&named)).then_some(named)
}

/// Writes the parker on a channel, for its CDR. The next park of that channel does not take this for a name that the dialplan
/// gave, unless it was one.
fn write_parker(channel: Channel<'_>, parker: Option<&str>) {
    if named_parker(channel).is_none_or(|named| Some(named.as_str()) != parker) {
        channel.set_variable(variables::PARKER_FOUND, parker);
    }
    channel.set_variable(variables::PARKER, parker);
}

/// Says in `callpark_status` how an application ended, and in the log if it did not do what it was asked.
pub(crate) fn report(
    session: Session<'_>,
    application: &str,
    data: &str,
    result: Result<&str, Refusal>,
) {
    let code = match result {
        Ok(status) => status,
        // Said once, when it began.
        Err(refusal @ Refusal::KeptAway) => refusal.code(),
        Err(refusal) => {
            log::notice(
                Some(&session.uuid()),
                format_args!(
                    "{application}({data}) answered {}: {refusal}; the dialplan continues",
                    refusal.code()
                ),
            );
            refusal.code()
        }
    };
    session.channel().set_variable(variables::STATUS, Some(code));
}
