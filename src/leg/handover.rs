//! The hand-over: how a second leg gets the parked call, without the caller ever being lost.
//!
//! The second leg (a retriever, or a phone that a return step has rung) claims the call when the leg is answered and not
//! connected (see [`Standing`]), wakes the parked leg and waits. The parked leg drives the bridge on its own thread, because
//! the leg that drives a bridge in FreeSWITCH hangs up the *other* one if the bridge fails
//! (`switch_ivr_multi_threaded_bridge`).
//! The first of the two to act decides: the parked leg takes the hand-over up, or the other leg withdraws it.
//!
//! A bridge counts when both have been *seen* in it, with each other, [`REAL_BRIDGE`] after it began. A leg that has hung
//! up by then, or is connected to another one, has not spoken a word. The claim is then given back, and the caller stays in
//! the same orbit with the same deadline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::leg::after_bridge::{self, AfterBridge};
use crate::leg::caller_id::{self, Names};
use crate::leg::parting;
use crate::leg::standing::Standing;
use crate::module::Module;
use crate::module::message::Message;
use crate::park::{CallUuid, CallView, Claim, Claimant, LotKey, Refusal, Target, Ticket};
use crate::switch::channel::Flag;
use crate::switch::clock;
use crate::switch::codec::Voice;
use crate::switch::{Channel, Located, Session, ivr};

mod bond;
mod proof;
mod seclusion;
pub(crate) mod state;
mod told;

use bond::Bond;
use proof::complete;
pub(crate) use proof::look_at_bridges;
use seclusion::Seclusion;
use state::{Handover, Handovers};
pub(crate) use told::Told;

/// How long the parked leg waits until the other leg is ready. That takes a few ms.
const OTHER_READY: Duration = Duration::from_secs(2);
/// How long the other leg waits for its phone to acknowledge the answer.
const HEARS_WITHIN: Duration = Duration::from_millis(10);
/// How long the other leg waits for the parked one, in ms. That takes one media frame.
const PARKED_COMES_MS: u32 = 5_000;
/// How long two legs must have been in a bridge before it counts. A leg that hangs up sooner has not spoken a word, and the
/// caller remains parked.
const REAL_BRIDGE: Duration = Duration::from_millis(100);
/// If the worker had no time to look at a bridge, the bridge counts if it lasted for this long.
const SURELY_REAL: Duration = Duration::from_secs(1);

/// A call that was claimed for a leg.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    /// The claim.
    pub claim: Claim,
    /// When.
    pub at: Instant,
}

/// How the parked leg came out of a hand-over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Given {
    /// It is still parked.
    StillParked,
    /// The call was taken, and the bridge is over.
    Taken,
}

/// The second leg's side, on its own thread: claims a call and stays for the bridge. `told` receives the answer when the two
/// are connected.
///
/// # Errors
/// Why there was no bridge. The leg is then still up, unless it has hung up itself.
pub(crate) fn take(
    module: &Arc<Module>,
    leg: Session<'_>,
    lot: Option<&LotKey>,
    target: Target<'_>,
    by: Claimant,
    told: Option<Arc<Told>>,
) -> Result<CallView, Refusal> {
    let standing = Standing::of(module, leg);
    if standing != Standing::Here {
        return Err(standing.obstacle().unwrap_or(Refusal::Failed));
    }
    let claimed = claim(module, leg, lot, target, by)?;
    connect(module, leg, claimed, told)
}

/// Claims a call for a leg that is not connected, on the leg's own thread. The leg may be on its way to [`connect`]. If it
/// does not get there, the parked leg gives the claim back.
///
/// # Errors
/// Why not.
pub(crate) fn claim(
    module: &Arc<Module>,
    leg: Session<'_>,
    lot: Option<&LotKey>,
    target: Target<'_>,
    by: Claimant,
) -> Result<Claimed, Refusal> {
    let channel = leg.channel();
    let wanted = match (lot, target) {
        // A leg is not answered, and charged, for an empty orbit.
        (Some(lot), _) => {
            Some(module.look(|park| park.peek(clock::now(), lot, target, by.taker()))?)
        }
        (None, Target::Call(uuid)) => module.look(|park| park.find(clock::now(), uuid)),
        (None, _) => None,
    };
    // It is answered first, and `ready` runs a BYE that is queued, so that a leg that claims is really there.
    if !caller_id::answer_as(channel, wanted.as_ref()) || !channel.ready() {
        return Err(Refusal::Failed);
    }
    let at = Instant::now();
    let claim = module.act(Some(leg), |park, now| park.claim(now, lot, target, by))?;
    Ok(Claimed { claim, at })
}

/// Connects a leg to the call it has claimed, and stays for the bridge.
///
/// # Errors
/// As [`take`].
pub(crate) fn connect(
    module: &Arc<Module>,
    leg: Session<'_>,
    claimed: Claimed,
    told: Option<Arc<Told>>,
) -> Result<CallView, Refusal> {
    let channel = leg.channel();
    let Claimed { claim, at } = claimed;
    let (uuid, ticket) = (claim.call.info.uuid.clone(), claim.ticket);
    parting::wait_until_seen(leg);
    if parting::are_halves(leg, &uuid) {
        module.act(Some(leg), |park, now| park.unclaim(now, &uuid, ticket));
        return Err(Refusal::BadArguments);
    }
    // A caller who is no longer up ends the claim with the call, on its own thread.
    let Some(parked) = Located::find(uuid.as_str()) else { return Err(Refusal::Gone) };
    let names = Names::exchange(leg, &claim.call);
    let bond = Bond::of(channel);
    let other = CallUuid::from(leg.uuid().as_str());
    let handover = Handover::new(ticket, uuid.clone(), other, at, told);
    let handover = Handovers::of(module).begin(handover);
    module.wake(&uuid);
    wait_until_heard(channel);
    stay_for_bridge(leg, parked.session(), &handover);
    Handovers::of(module).end(ticket);
    // Wherever it goes now, connected or not, it goes under its own name.
    names.restore(channel);
    if handover.is_real() {
        after_bridge::note_cause(channel, parked.session().channel());
        return Ok(claim.call);
    }
    bond.restore(channel, uuid.as_str());
    if parked.session().channel().up() {
        // Does nothing if the parked leg has given the claim back, because the ticket is then spent.
        module.act(Some(leg), |park, now| park.unclaim(now, &uuid, ticket));
    }
    Err(Refusal::Gone)
}

/// Waits until the phone has the answer, which says where its audio comes from: a packet can overtake it. `ready` takes the
/// phone's acknowledgement from the leg's queue, which only this thread does in time.
fn wait_until_heard(leg: Channel<'_>) {
    clock::poll(HEARS_WITHIN, Duration::from_micros(200), || {
        !leg.ready() || leg.can_hear() || leg.test(Flag::Transfer)
    });
}

/// Waits until the parked leg has bridged to `leg` and the bridge has ended, or until there will be none.
fn stay_for_bridge(leg: Session<'_>, parked: Session<'_>, handover: &Handover) {
    let channel = leg.channel();
    ivr::wait_for_bridge(leg, parked, PARKED_COMES_MS);
    handover.leave();
    handover.retriever.end(channel);
    parked.channel().clear_flag(Flag::NoMediaRequested);
    // It stays set when there was no bridge.
    channel.clear_flag(Flag::ArrangedBridge);
    if !handover.withdraw() {
        come_back(leg, handover);
    }
}

/// The parked leg has taken the hand-over up and says how it ends. Nobody else may claim the call meanwhile. Each of its
/// own waits has a limit. But if this leg was taken away the moment before it would have been bridged, FreeSWITCH keeps
/// the parked leg for ten seconds, until it sees this one in the bridge (`audio_bridge_thread`). Therefore it shows
/// itself there now and then, so that the parked leg sees it come and leave.
fn come_back(leg: Session<'_>, handover: &Handover) {
    const LIMIT: Duration = Duration::from_secs(15);
    const SHOWN: Duration = Duration::from_millis(50);
    let channel = leg.channel();
    let began = Instant::now();
    let shows = !handover.is_real() && channel.up();
    let mut shown = false;
    // Also after a bridge: the parked leg may run something in it, and does not see that this one has left if this one is in
    // another bridge by then.
    while !handover.is_over() && began.elapsed() < LIMIT {
        let time = began.elapsed().as_millis() / SHOWN.as_millis();
        let shall = shows && time.is_multiple_of(2);
        if shall != shown {
            shown = shall;
            if shown { channel.set_flag(Flag::Bridged) } else { channel.clear_flag(Flag::Bridged) }
        }
        if channel.exchanging_media() {
            // The caller hung up, this leg came back for it, and the parked leg was about to bridge. The parked leg waits until
            // this one has been through that.
            channel.keep_executing();
        }
        // Only called because it runs what is queued for the leg.
        let _ = channel.ready();
        std::thread::sleep(Duration::from_millis(1));
    }
    if shown {
        channel.clear_flag(Flag::Bridged);
    }
    channel.wait_until_sent();
    if channel.test(Flag::Transfer) && channel.routing() {
        // FreeSWITCH says what a leg is to do in a bridge before it looks whether there will be one, perhaps just after the
        // transfer has taken that back. The leg would then wait for a bridge and not go where it was sent. A leg that is
        // connected to somebody else has the same flag, but waits elsewhere, and needs what it is to do in that bridge.
        channel.clear_state_handlers();
    }
}

/// A leg has come back after a crash, perhaps from the middle of a hand-over: what was to protect that does not apply any more.
pub(crate) fn end_of_before(leg: Channel<'_>) {
    // With it, mod_sofia does not confirm that the phone has taken the call again, and FreeSWITCH does not listen to it.
    leg.clear_flag(Flag::NoMediaRequested);
    Seclusion::end_of_before(leg);
    AfterBridge::end_of_before(leg);
}

/// The claim is void: the parked leg need not take the hand-over up.
pub(crate) fn withdraw(module: &Module, ticket: Ticket) {
    if let Some(handover) = Handovers::of(module).get(ticket) {
        handover.withdraw();
    }
}

/// The parked leg's side, on its own thread: bridges to the leg that claimed it. `voice` is what the caller has said last.
pub(crate) fn give(
    module: &Arc<Module>,
    parked: Session<'_>,
    uuid: &CallUuid,
    ticket: Ticket,
    leg: &CallUuid,
    voice: &mut Voice,
) -> Given {
    let channel = parked.channel();
    let resume = || {
        // The end of a call that is leaving reports what became of it.
        if channel.ready() {
            module.act(Some(parked), |park, now| park.unclaim(now, uuid, ticket));
        }
        Given::StillParked
    };
    let Some(other) = Located::find(leg.as_str()) else { return resume() };
    let Some(handover) = take_up(module, channel, other.session().channel(), ticket) else {
        return resume();
    };
    parting::wait_until_seen(parked);
    let after = AfterBridge::take_from(channel);
    let names = Names::of_parked(channel);
    let bond = Bond::of(channel);
    channel.clear_flag(Flag::Break);
    for leg in [parked, other.session()] {
        ivr::unhold(leg);
    }
    Handovers::of(module).look_at(ticket, Instant::now() + REAL_BRIDGE);
    module.tell_worker(Message::Look);
    bridge(parked, other.session(), &handover, voice);
    parting::wait_until_seen(parked);
    if !handover.was_looked_at() && handover.lasted() >= SURELY_REAL {
        complete(module, Some(parked), &handover);
    }
    if handover.is_real() {
        after_bridge::note_cause(channel, other.session().channel());
    }
    drop(other);
    after.restore_to(channel);
    let given = if handover.is_real() {
        Given::Taken
    } else {
        names.restore(channel);
        bond.restore(channel, leg.as_str());
        let given = resume();
        // The worker may have seen them in it just then.
        if handover.is_real() { Given::Taken } else { given }
    };
    // Last, because the other leg waits for this to know what came of its claim.
    handover.end();
    given
}

/// Takes the hand-over up once the other leg waits for the bridge. `None`: it does not, or does so in vain.
fn take_up(
    module: &Module,
    parked: Channel<'_>,
    there: Channel<'_>,
    ticket: Ticket,
) -> Option<Arc<Handover>> {
    // FreeSWITCH's own way to wait for a flag looks once in 20 ms.
    let waits = || there.test(Flag::ArrangedBridge);
    clock::poll(OTHER_READY, Duration::from_micros(200), || {
        waits() || !there.up() || !parked.ready()
    });
    if !(waits() && there.up() && parked.ready()) {
        withdraw(module, ticket);
        return None;
    }
    // Last, and then without a pause: a bridge that begins after a transfer keeps the leg from its new place.
    if there.test(Flag::Transfer) {
        // It is on its way elsewhere.
        withdraw(module, ticket);
        there.clear_flag(Flag::ArrangedBridge);
        return None;
    }
    Handovers::of(module).get(ticket).filter(|handover| handover.take_up())
}

/// Bridges the two, and returns when the parked leg has left the bridge.
fn bridge(parked: Session<'_>, other: Session<'_>, handover: &Handover, voice: &mut Voice) {
    let (channel, there) = (parked.channel(), other.channel());
    // The other leg's side of the bridge hangs *us* up if it goes away before it has seen this flag, which FreeSWITCH
    // sets some microseconds, or on a busy machine milliseconds, too late (`audio_bridge_thread`).
    channel.set_flag(Flag::Bridged);
    // A leg that holds the call and leaves takes it along, except from a call with this flag. The leg's own thread does
    // that, and clears the flag when it has left.
    channel.set_flag(Flag::NoMediaRequested);
    handover.retriever.begin(there);
    handover.parked.begin(channel);
    // This is what the other hears until the bridge begins, which discards what has arrived by then.
    voice.say(parked, other);
    // FreeSWITCH reports the bridge itself a moment later.
    handover.bridged();
    ivr::bridge(parked, other);
    if !handover.is_real() {
        outstay(channel, handover);
    }
    channel.clear_flag(Flag::Bridged);
    if handover.has_left() {
        channel.clear_flag(Flag::NoMediaRequested);
    }
    handover.retriever.end(there);
    handover.parked.end(channel);
}

/// The parked leg has left a bridge that does not count. If the other leg's thread is late and comes there only now, it
/// hangs this one up, unless it sees it there (`audio_bridge_thread`).
fn outstay(parked: Channel<'_>, handover: &Handover) {
    /// That thread is late by milliseconds, or on a machine that is at its end by seconds.
    const LIMIT: Duration = Duration::from_secs(10);
    clock::poll(LIMIT, Duration::from_millis(1), || {
        if !parked.up() || handover.has_left() {
            return true;
        }
        parked.set_flag(Flag::Bridged);
        // Runs what is queued for the leg.
        let _ = parked.ready();
        false
    });
}
