//! Legs that we send to the application `callpark`, and what for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dial::outgoing::in_thread;
use crate::dial::ring::{self, Errand};
use crate::leg::after_bridge;
use crate::leg::handover;
use crate::leg::origin::Came;
use crate::leg::recordings;
use crate::leg::replaces::Replacement;
use crate::leg::transfer_budget::Hops;
use crate::module::Module;
use crate::module::clock;
use crate::module::tokens::{Progress, Tokens};
use crate::park::{
    CallState, CallUuid, CallView, LotConfig, LotKey, Notice, OrbitName, Refusal, Target, User,
    Want,
};
use crate::switch::channel::Flag;
use crate::switch::{Located, Session, application, ivr, log};
use crate::tell::message;

/// How long an orbit is held for a leg that is on its way, in ms.
pub(crate) const ARRIVES_WITHIN_MS: u64 = 5_000;

/// What a leg is to do when it arrives.
pub(crate) enum Arrival {
    /// Be parked.
    Park {
        /// The lot.
        lot: LotKey,
        /// The orbit, if the one that is held for it has lapsed.
        orbit: Want,
        /// Who parks it.
        parker: Option<User>,
        /// The consultation leg whose orbit it takes over.
        heir_of: Option<CallUuid>,
    },
    /// Take the place of a parked leg.
    Replace(Replacement),
    /// Be parked in place of the loopback leg behind which it was.
    Through {
        /// The lot.
        lot: LotKey,
        /// The orbit that is held for it.
        orbit: Want,
        /// How it came there.
        came: Came,
    },
    /// Retrieve in place of the loopback leg behind which it was.
    Take {
        /// The lot.
        lot: LotKey,
        /// The orbit, or the next call.
        orbit: Option<OrbitName>,
        /// Whose call it is.
        user: Option<User>,
    },
    /// Hear where the call is, and be let go.
    Tell {
        /// The lot.
        lot: LotKey,
        /// The orbit.
        orbit: OrbitName,
    },
}

/// How long an orbit is held for a channel that may have to be waited for, in ms: longer than a command waits.
pub(crate) const MOVES_WITHIN_MS: u64 = 10_000;
/// How long a command waits for a channel to arrive.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// When a channel that did not set off by itself is moved from outside: what it does takes no requests, or no end.
const ASKED_FOR: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How often a channel is asked that could not go when it was asked.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// How a channel is to be moved.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Force {
    /// If it does not set off by itself, it goes on with what it does.
    Ask,
    /// It is taken out of whatever it does.
    Take,
}

/// What became of a channel that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sent {
    /// It is there.
    Arrived,
    /// It has set off and will get there, unless it hangs up: what it was doing has not let it go yet.
    OnItsWay,
}

/// Sends a channel, whatever it is doing, to what its errand is for. Its own thread is asked to go, between two frames of
/// what it plays or reads: so it cannot lose its way in a moment in which FreeSWITCH sends it elsewhere, and until it sets
/// off nothing has happened to it.
///
/// # Errors
/// It goes on with what it does, or is gone. Whoever has set off is not refused.
pub(crate) fn send<T>(
    tokens: &Tokens<T>,
    token: &str,
    leg: Session<'_>,
    force: Force,
) -> Result<Sent, Refusal> {
    if leg.in_its_thread() {
        // It goes when what it is doing right now, asking us, has ended.
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
            // Whoever is just taking it is there first.
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
            // Not yet: it is said again that it was in vain.
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

/// The channel sets off, unless it is on its way already or is not to go any more.
pub(crate) fn set_off<T>(tokens: &Tokens<T>, token: &str, leg: Session<'_>) -> bool {
    tokens.set_off(token).is_some_and(|destination| go(leg, &destination))
}

/// As [`set_off`], for a channel that may be in a bridge: recordings of the other one follow.
fn leave<T>(tokens: &Tokens<T>, token: &str, leg: Session<'_>) -> bool {
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
    Hops::spare_one(leg.channel());
    after_bridge::hold_back(leg.channel());
    let goes = ivr::transfer(leg, destination, Some("inline"), None);
    if !goes {
        after_bridge::put_back(leg.channel());
    }
    goes
}

/// The word of the command with which a channel is asked, on its own thread, to set off.
pub(crate) const ERRAND: &str = "errand";

/// A channel has been asked to set off, and may be on its own thread or not.
pub(crate) fn asked(module: &Arc<Module>, leg: Session<'_>, token: &str) {
    let goes = leg.in_its_thread()
        && leg.channel().can_be_sent()
        && !leg.channel().on_its_way()
        && !leg.channel().is_ringing_phone();
    if module.rings.errands.is_out(token) {
        if !goes || leg.channel().in_bridge() || !leave_with_claim(module, token, leg) {
            module.rings.errands.asked_in_vain(token);
        }
    } else if module.look(|park| park.is_parked(&CallUuid::from(leg.uuid().as_str()))) {
        // Two have sent it, and the other way was shorter.
        module.arrivals.refuse(token, Refusal::AlreadyParked);
    } else if !goes || !leave(&module.arrivals, token, leg) {
        module.arrivals.asked_in_vain(token);
    }
}

/// The leg leaves what it does only if it has the call it is to take: otherwise it would have nothing to go back to.
fn leave_with_claim(module: &Arc<Module>, token: &str, leg: Session<'_>) -> bool {
    let errands = &module.rings.errands;
    let uuid = CallUuid::from(leg.uuid().as_str());
    let by = |errand: &Errand| (errand.uuid.clone(), errand.claimant(uuid.clone()));
    let Some((call, by)) = errands.look(token, by) else { return false };
    if errands.look(token, |errand| errand.claim.is_some()) == Some(true) {
        // It has lost its way: somebody else sent it elsewhere at the same moment.
        return leave(errands, token, leg);
    }
    let there = module.look(|park| park.find(clock::now(), &call));
    if there.is_none_or(|call| call.state == CallState::Connecting) {
        errands.refuse(token, Refusal::Empty);
        return false;
    }
    match handover::claim(module, leg, None, Target::Call(&call), by) {
        Ok(claim) => {
            let ticket = claim.ticket;
            errands.change(token, |errand| errand.claim = Some(claim));
            let gone = leave(errands, token, leg);
            if !gone {
                // The command has given up at this very moment.
                module.act(Some(leg), |park, now| park.unclaim(now, &call, ticket));
            }
            gone
        }
        Err(refusal) => {
            errands.refuse(token, refusal);
            false
        }
    }
}

/// Keeps the orbit for a leg that has set off, until it is there or gone.
pub(crate) fn expect(module: &Arc<Module>, token: &str, leg: &str) {
    let watch = {
        let (module, token, leg) = (Arc::clone(module), token.to_owned(), leg.to_owned());
        move || watch(&module, &token, &CallUuid::from(leg.as_str()))
    };
    if in_thread("callpark-arrival", watch).is_err() {
        module.arrivals.lapse(token);
    }
}

fn watch(module: &Arc<Module>, token: &str, uuid: &CallUuid) {
    /// Somebody else has sent it elsewhere if it does neither come nor is on its way for so long.
    const ASTRAY: Duration = Duration::from_secs(2);
    const LOOK: Duration = Duration::from_millis(50);
    let mut seen = Instant::now();
    while module.arrivals.is_out(token) && !module.is_stopping() {
        match Located::find(uuid.as_str()) {
            Some(leg) if leg.session().channel().on_its_way() => seen = Instant::now(),
            Some(_) if seen.elapsed() < ASTRAY => {}
            _ => {
                if module.arrivals.take(token).is_some() {
                    module.act(None, |park, _| park.unreserve(uuid));
                }
                return;
            }
        }
        module.act(None, |park, now| {
            if let Some((lot, orbit)) = park.reservation(uuid) {
                // The same again prolongs it. It cannot be refused: the orbit is held already.
                drop(park.reserve(now, uuid, &lot, Want::Orbit(orbit), ARRIVES_WITHIN_MS));
            }
        });
        std::thread::sleep(LOOK);
    }
}

/// The leg takes over what the consultation leg `holder` has, which is still in the orbit, or has left it and is awaited.
pub(crate) fn inherit(module: &Arc<Module>, heir: Session<'_>, holder: &CallUuid) {
    let heir = CallUuid::from(heir.uuid().as_str());
    module.act(None, |park, now| park.hand_on(now, holder, &heir, ARRIVES_WITHIN_MS));
}

/// Pages the phones of the lot and sends the parker a message, if the lot wants that.
pub(crate) fn tell_others(module: &Arc<Module>, lot: Option<&LotConfig>, uuid: &CallUuid) {
    let Some(lot) = lot.filter(|lot| lot.notify || lot.page.is_some()) else { return };
    let Some(call) = module.look(|park| park.find(clock::now(), uuid)) else { return };
    if lot.notify && may_tell(module, &call, Notice::Message) {
        message::send(&call);
    }
    if let Some(dial_string) = &lot.page
        && may_tell(module, &call, Notice::Page)
    {
        ring::page(module, call, dial_string.clone());
    }
}

/// Whether it is time to tell people of a call again.
fn may_tell(module: &Arc<Module>, call: &CallView, notice: Notice) -> bool {
    let told = module.act(None, |park, now| park.tell(now, &call.uuid, notice));
    told.inspect_err(|why| {
        let what = match notice {
            Notice::Page => "nobody is paged",
            Notice::Message => "no message is sent",
        };
        log::info(
            Some(call.uuid.as_str()),
            format_args!("{} {}: {what}: {why}", call.lot, call.orbit),
        );
    })
    .is_ok()
}
