//! Sending a leg, whatever it is doing, to one of our applications, on its own thread if that can be.

use std::time::{Duration, Instant};

use crate::leg::after_bridge;
use crate::leg::recordings;
use crate::leg::transfer_budget::TransferBudget;
use crate::module::tokens::{Progress, Tokens};
use crate::park::{CallUuid, Refusal};
use crate::switch::channel::Flag;
use crate::switch::{Session, application, ivr};

/// How long an orbit is held for a leg that is on its way, in ms.
pub(crate) const ARRIVES_WITHIN_MS: u64 = 5_000;

/// How long an orbit is held for a channel that may have to be waited for, in ms: longer than a command waits.
pub(crate) const MOVES_WITHIN_MS: u64 = 10_000;
/// How long a command waits for a channel to arrive.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// When a channel that did not set off by itself is moved from outside, because what it does takes no requests or does not
/// end.
const ASKED_FOR: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// The interval at which a channel is asked again that could not leave.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// How a channel is to be moved.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Force {
    /// If it does not set off by itself, it continues what it does.
    Ask,
    /// It is taken out of whatever it does.
    Take,
}

/// What a channel is sent for.
pub(crate) trait Purpose {
    /// Whom the channel has to be talking to when it sets off, or what is wanted of it is not wanted any more. `None`: anybody.
    fn talks_to(&self) -> Option<&CallUuid> {
        None
    }
}

/// What became of a channel that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sent {
    /// It is there.
    Arrived,
    /// It has set off and will get there unless it hangs up. What it was doing has not ended yet.
    OnItsWay,
}

/// Sends a channel, whatever it is doing, to what its errand is for. Its own thread is asked to go, between two frames of
/// what it plays or reads. Therefore it cannot get lost while FreeSWITCH sends it elsewhere, and nothing happens to it before
/// it sets off.
///
/// # Errors
/// It continues what it does, or has hung up. A channel that has set off is not refused.
pub(crate) fn send<T: Purpose>(
    tokens: &Tokens<T>,
    token: &str,
    leg: Session<'_>,
    force: Force,
) -> Result<Sent, Refusal> {
    if leg.in_its_thread() {
        // It leaves when the request that it is carrying out has ended.
        if leave(tokens, token, leg) {
            return Ok(Sent::OnItsWay);
        }
        drop(tokens.take(token));
        return Err(Refusal::Failed);
    }
    let began = Instant::now();
    let (mut asked, mut taken_out) = (None::<Instant>, false);
    loop {
        let progress = tokens.progress(token);
        let again = match progress {
            Progress::Over => return Ok(Sent::Arrived),
            Progress::Refused(refusal) if tokens.call_off(token) => return Err(refusal),
            Progress::Refused(_) => false,
            Progress::Asked(in_vain) | Progress::Away(in_vain) => in_vain,
        };
        if !leg.channel().up() {
            // Its leg is just taking it.
            return if tokens.take(token).is_some() {
                Err(Refusal::Gone)
            } else {
                Ok(Sent::Arrived)
            };
        }
        if began.elapsed() >= ANSWERS_WITHIN {
            return if tokens.call_off(token) { Err(Refusal::Failed) } else { Ok(Sent::OnItsWay) };
        }
        let due = asked.is_none_or(|at| again && at.elapsed() >= ASK_AGAIN);
        if due {
            leg.ask(&format!("${{callpark({ERRAND} {token})}}"));
            asked = Some(Instant::now());
        } else if again {
            // Not yet, so it is noted again that it was asked in vain.
            tokens.asked_in_vain(token);
        }
        let may_be_taken = force == Force::Take && !matches!(progress, Progress::Away(_));
        if may_be_taken && !taken_out && began.elapsed() >= ASKED_FOR {
            let channel = leg.channel();
            taken_out = channel.can_be_sent() && !channel.on_its_way() && leave(tokens, token, leg);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The channel sets off, unless it is already on its way or must not go any more.
pub(crate) fn set_off<T>(tokens: &Tokens<T>, token: &str, leg: Session<'_>) -> bool {
    tokens.set_off(token).is_some_and(|destination| go(leg, &destination))
}

/// As [`set_off`], for a channel that may be in a bridge: recordings of the other one follow.
pub(crate) fn leave<T: Purpose>(tokens: &Tokens<T>, token: &str, leg: Session<'_>) -> bool {
    let other = tokens.look(token, |purpose| purpose.talks_to().cloned()).flatten();
    if other.is_some_and(|other| leg.channel().bridged_with().as_deref() != Some(other.as_str())) {
        tokens.refuse(token, Refusal::Gone);
        return false;
    }
    // FreeSWITCH's `record` hangs up a channel that is sent elsewhere meanwhile.
    let records = leg.channel().variable("current_application").as_deref() == Some("record");
    if records && !leg.in_its_thread() {
        return false;
    }
    let Some(destination) = tokens.set_off(token) else { return false };
    recordings::follow_out_of_bridge(leg);
    match destination.split_once(':') {
        Some((application, data)) if records => {
            application::run_next(leg, application, data);
            leg.channel().set_flag(Flag::StopBroadcast);
            true
        }
        _ => go(leg, &destination),
    }
}

fn go(leg: Session<'_>, destination: &str) -> bool {
    TransferBudget::spare_one(leg.channel());
    after_bridge::hold_back(leg.channel());
    let goes = ivr::transfer(leg, destination, Some("inline"), None);
    if !goes {
        after_bridge::put_back(leg.channel());
    }
    goes
}

/// The word of the command with which a channel is asked, on its own thread, to set off.
pub(crate) const ERRAND: &str = "errand";
