//! Whether a bridge counts: the worker looks whether the two legs are in it, with each other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::state::{Handover, Handovers};
use crate::leg::track;
use crate::module::{Module, variables};
use crate::park::CallUuid;
use crate::switch::channel::Flag;
use crate::switch::{Cause, Located, Session, guard};

/// How long after a look that found no bridge the next one follows.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Looks at every bridge whose time to be looked at has come. Returns how soon the next one's time comes.
pub(crate) fn look_at_bridges(module: &Arc<Module>) -> Option<Duration> {
    let handovers = Handovers::of(module);
    let now = Instant::now();
    for handover in handovers.to_look_at(now) {
        if !guard("a bridge", true, || examine(module, &handover)) {
            handovers.look_at(handover.ticket, now + LOOK_AGAIN);
        }
    }
    handovers.next_look().map(|at| at.saturating_duration_since(Instant::now()))
}

/// Looks whether the two are in a bridge with each other. Returns false if it has to look again. A phone that has tried to
/// transfer a party onto its leg by then meant to park that party, and does not get the call.
fn examine(module: &Arc<Module>, handover: &Handover) -> bool {
    if handover.is_over() || handover.is_real() {
        return true;
    }
    let (uuid, leg) = (&handover.call, &handover.leg);
    let (Some(parked), Some(other)) = (Located::find(uuid.as_str()), Located::find(leg.as_str()))
    else {
        return true;
    };
    if handover.retriever.has_refused(other.session().channel()) {
        other.session().channel().hangup(Cause::ATTENDED_TRANSFER);
        return true;
    }
    handover.look();
    let connected = is_with(&parked, leg) && is_with(&other, uuid);
    if !connected || handover.going().is_none() {
        return false;
    }
    complete(module, Some(parked.session()), handover);
    let channel = parked.session().channel();
    channel.clear_flag(Flag::NoMediaRequested);
    handover.parked.end(channel);
    let channel = other.session().channel();
    handover.retriever.end(channel);
    channel.set_variable(variables::STATUS, Some("retrieved"));
    // FreeSWITCH has written them down as the bridge began, with what was to last for a moment.
    for leg in [&parked, &other] {
        track::again(module, leg.session());
    }
    true
}

/// Whether a leg is up, answered and in a bridge with the leg `other`.
fn is_with(leg: &Located, other: &CallUuid) -> bool {
    let channel = leg.session().channel();
    channel.up()
        && channel.test(Flag::Answered)
        && channel.test(Flag::Bridged)
        && !channel.test(Flag::Transfer)
        && channel.variable("bridge_to").as_deref() == Some(other.as_str())
}

/// The claim succeeds: the call is no longer parked.
pub(super) fn complete(module: &Arc<Module>, here: Option<Session<'_>>, handover: &Handover) {
    let completed = module.act(here, |park, now| {
        let completed = park.complete(now, &handover.call, handover.ticket);
        if completed {
            handover.prove();
        }
        completed
    });
    if completed && let Some(took) = handover.took() {
        module.timings.retrieval.took(took);
    }
    if handover.is_real() {
        handover.tell(Ok(()));
    }
}
