//! The hand-over: how a second leg gets the parked call, without the caller ever being lost.
//!
//! The second leg (a retriever, or somebody a return step has rung) claims the call when it is itself up, offers itself,
//! wakes the parked leg and waits. The parked leg drives the bridge on its own thread, because whoever drives a bridge
//! in FreeSWITCH hangs up the *other* one when it fails (`switch_ivr_multi_threaded_bridge`). Whichever of the two takes
//! the offer out of the table first decides: the parked leg to go through with it, or the other to withdraw.
//!
//! A bridge counts when both have been in it for [`REAL_BRIDGE`](crate::worker::REAL_BRIDGE). Who is gone sooner has not spoken a word: the claim is
//! given back and the caller stays in the same orbit with the same deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::after_bridge::AfterBridge;
use crate::clock;
use crate::module::Module;
use crate::names::{self, Names};
use crate::park::{CallUuid, CallView, Claimant, LotKey, Refusal, Target, Ticket};
use crate::switch::channel::{Channel, Flag};
use crate::switch::{Located, Session, ivr};
use crate::worker::Message;

/// How long the parked leg waits for the other to be ready for it, in ms; it is, within a few.
const OTHER_READY_MS: u32 = 2_000;
/// How long the other waits for the parked leg to come, in ms; it does, within a media frame.
const PARKED_COMES_MS: u32 = 5_000;
/// A bridge that lasted so long was one, even if the worker had no time to look.
const SURELY_REAL: Duration = Duration::from_secs(1);

/// A leg that waits to be bridged to a parked call.
#[derive(Default)]
pub struct Offer {
    real: AtomicBool,
}

/// How the parked leg came out of a hand-over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Given {
    /// It is still parked.
    StillParked,
    /// The call was taken, and the bridge is over.
    Taken,
}

/// The second leg's side, on its own thread: claims a call and stays for the bridge.
///
/// # Errors
/// Why there was no bridge. The leg is up then, unless it is what went away.
pub fn take(
    module: &Arc<Module>,
    leg: Session<'_>,
    lot: Option<&LotKey>,
    target: Target<'_>,
    by: Claimant,
) -> Result<CallView, Refusal> {
    let channel = leg.channel();
    let wanted = match (lot, target) {
        // Nobody is answered, and charged, for an empty orbit.
        (Some(lot), _) => Some(module.look(|park| park.peek(clock::now(), lot, target))?),
        (None, Target::Call(uuid)) => module.look(|park| park.find(clock::now(), uuid)),
        (None, _) => None,
    };
    // Answered first, and asked again whether it is up (which runs a BYE that is queued): what claims is there.
    if !names::answer_as(channel, wanted.as_ref()) || !channel.ready() {
        return Err(Refusal::Failed);
    }
    let claim = module.act(Some(leg), |park, now| match park.claim(now, lot, target, by) {
        Ok(mut claim) => {
            let effects = std::mem::take(&mut claim.effects);
            (Ok(claim), effects)
        }
        Err(refusal) => (Err(refusal), Vec::new()),
    })?;
    let (uuid, ticket) = (claim.call.uuid.clone(), claim.ticket);
    // A caller who is no longer up ends the claim with the call, on its own thread.
    let Some(parked) = Located::find(uuid.as_str()) else { return Err(Refusal::Gone) };
    let names = Names::exchange(leg, &claim.call);
    let offer = Arc::new(Offer::default());
    module.offers.lock().insert(ticket, Arc::clone(&offer));
    module.wake(&uuid);
    ivr::wait_for_bridge(leg, parked.session(), PARKED_COMES_MS);
    // It stays set when there was no bridge.
    channel.clear_flag(Flag::ArrangedBridge);
    let withdrawn = module.offers.lock().remove(&ticket).is_some();
    if !withdrawn {
        // The parked leg has it in hand, and tells what came of it: nobody else may claim the call meanwhile.
        let done = || !module.bridging.lock().contains_key(&ticket);
        wait_until(leg, done);
    }
    // Wherever it goes now, connected or not, it goes under its own name.
    names.restore(channel);
    if !withdrawn && offer.real.load(Ordering::Acquire) {
        return Ok(claim.call);
    }
    if parked.session().channel().up() {
        // Void if the parked leg has done it: the ticket is spent then.
        module.act(Some(leg), |park, now| ((), park.unclaim(now, &uuid, ticket)));
    }
    Err(Refusal::Gone)
}

/// Waits, and lets the leg's own thread do what is queued for it meanwhile. The parked leg is never long: each wait of
/// its own has a limit.
fn wait_until(leg: Session<'_>, done: impl Fn() -> bool) {
    const LIMIT: Duration = Duration::from_secs(15);
    let end = Instant::now() + LIMIT;
    while !done() && Instant::now() < end {
        // Whether it is still up does not matter here, only that it is asked.
        let _ = leg.channel().ready();
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The parked leg's side, on its own thread: bridges to the leg that claimed it.
pub fn give(
    module: &Arc<Module>,
    parked: Session<'_>,
    uuid: &CallUuid,
    ticket: Ticket,
    leg: &CallUuid,
) -> Given {
    let channel = parked.channel();
    let resume = || {
        // A call that is leaving is not waiting on: its end says what became of it.
        if channel.ready() {
            module.act(Some(parked), |park, now| ((), park.unclaim(now, uuid, ticket)));
        }
        Given::StillParked
    };
    let Some(other) = Located::find(leg.as_str()) else { return resume() };
    if !other.session().channel().wait_for(Flag::ArrangedBridge, OTHER_READY_MS, channel) {
        module.offers.lock().remove(&ticket);
        return resume();
    }
    let Some(offer) = taken(module, ticket) else { return resume() };

    let after = AfterBridge::take_from(channel);
    let names = Names::of_parked(channel);
    channel.set_variable("bridge_uuid", None);
    channel.clear_flag(Flag::Break);
    module.tell_worker(Message::Confirm { uuid: uuid.clone(), ticket, leg: leg.clone() });
    // The other leg's side of the bridge hangs *us* up if it goes away before it has seen this flag, which FreeSWITCH
    // sets some microseconds, or on a busy machine milliseconds, too late (`audio_bridge_thread`).
    channel.set_flag(Flag::Bridged);
    let began = Instant::now();
    ivr::bridge(parked, other.session());
    channel.clear_flag(Flag::Bridged);
    let lasted = began.elapsed();
    drop(other);
    let bridged = channel.variable("bridge_uuid").as_deref() == Some(leg.as_str());
    if bridged && lasted >= SURELY_REAL {
        complete(module, Some(parked), uuid, ticket, &offer);
    }
    after.restore_to(channel);
    let given = if offer.real.load(Ordering::Acquire) {
        Given::Taken
    } else {
        names.restore(channel);
        let given = resume();
        // The worker may have seen it come true just then.
        if offer.real.load(Ordering::Acquire) { Given::Taken } else { given }
    };
    // Last: the other leg waits for it to know what came of its claim.
    module.bridging.lock().remove(&ticket);
    given
}

/// The parked leg takes the offer, and the claim is its own to judge from then on; none: it was withdrawn. Noted as a
/// bridge before it is taken, so that at every moment somebody has it.
fn taken(module: &Module, ticket: Ticket) -> Option<Arc<Offer>> {
    let offer = module.offers.lock().get(&ticket).cloned()?;
    module.bridging.lock().insert(ticket, offer);
    let taken = module.offers.lock().remove(&ticket);
    if taken.is_none() {
        module.bridging.lock().remove(&ticket);
    }
    taken
}

/// Looks whether a bridge has come true. True: there is no more to look for.
pub fn confirm(module: &Arc<Module>, uuid: &CallUuid, ticket: Ticket, leg: &CallUuid) -> bool {
    let Some(offer) = module.bridging.lock().get(&ticket).cloned() else { return true };
    let (Some(parked), Some(other)) = (Located::find(uuid.as_str()), Located::find(leg.as_str()))
    else {
        return true;
    };
    let in_bridge = |channel: Channel<'_>| channel.test(Flag::Bridged) && channel.up();
    if !in_bridge(parked.session().channel()) || !in_bridge(other.session().channel()) {
        return false;
    }
    complete(module, Some(parked.session()), uuid, ticket, &offer);
    other.session().channel().set_variable("callpark_status", Some("retrieved"));
    true
}

fn complete(
    module: &Arc<Module>,
    here: Option<Session<'_>>,
    uuid: &CallUuid,
    ticket: Ticket,
    offer: &Offer,
) {
    module.act(here, |park, now| {
        let effects = park.complete(now, uuid, ticket);
        if !effects.is_empty() {
            offer.real.store(true, Ordering::Release);
        }
        ((), effects)
    });
}
