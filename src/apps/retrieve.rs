//! `callpark_retrieve [<lot>] [<orbit>|next|ask]`: connects this channel to a parked call.

use std::ffi::CStr;
use std::sync::Arc;
use std::time::Instant;

use crate::apps::{self, module_for};
use crate::args;
use crate::dial::errand::{self as called, Confirm, Errand};
use crate::dial::ring;
use crate::dial::ringing::Rings;
use crate::leg::actor;
use crate::leg::after_bridge::{self, AfterBridge, Dialplan};
use crate::leg::attended::Completing;
use crate::leg::behind;
use crate::leg::errand;
use crate::leg::extension;
use crate::leg::handover;
use crate::leg::midcall;
use crate::leg::party::Party;
use crate::leg::pin;
use crate::leg::replaces::{self, Replaces};
use crate::leg::standing::Standing;
use crate::leg::through;
use crate::leg::transfer_budget::TransferBudget;
use crate::module::Module;
use crate::module::tokens::{self, Tokens};
use crate::module::variables;
use crate::park::{
    Actor, Asking, CallUuid, Claim, Claimant, LotKey, OrbitName, Pick, Refusal, Right, Target,
    Verdict,
};
use crate::switch::Stop;
use crate::switch::clock;
use crate::switch::module::Application;
use crate::switch::{Cause, Session, ivr};
use crate::tell::{cdr, speech};

/// The application.
pub(crate) struct Retrieve;

/// Played while `ask` waits for the digits: a short tone, as systems without sound files have it too.
pub(super) const ASK_TONE: &str = "tone_stream://%(200,0,440)";
const ASK_DIGITS: u32 = 32;
const ASK_TIMEOUT_MS: u32 = 5_000;

impl Application for Retrieve {
    const NAME: &'static CStr = c"callpark_retrieve";
    const SHORT: &'static CStr = c"Connects the channel to a parked call";
    const SYNTAX: &'static CStr = c"[<lot>] [<orbit>|next|ask|mine|last|user:<user>]";

    fn run(session: Session<'_>, data: &str) {
        if tokens::is_token(data) {
            after_bridge::put_back(session.channel());
            return match apps::running().ok().and_then(|module| coming(&module).take(data)) {
                Some(wanted) => has_come(session, wanted),
                None => run_errand(session, data),
            };
        }
        let result = apps::running().and_then(|module| {
            let by = Party::of(session.channel());
            let place = module.look(|park| args::place(park, data, by.domain.as_deref()))?;
            let pick = match place.word.as_deref() {
                None | Some("ask") => None,
                Some(word) => {
                    let (own, domain) = (by.user.as_ref(), by.domain.as_deref());
                    Some(extension::pick(word, &place.lot, own, domain)?)
                }
            };
            begin(&module, session, Wanted { lot: place.lot, pick, by })
        });
        if let Some(result) = result.transpose() {
            cdr::report(session, "callpark_retrieve", data, result);
        }
    }
}

/// The call that is wanted, and the party that wants it.
pub(crate) struct Wanted {
    lot: LotKey,
    /// Which call, or whatever is dialled when that is asked.
    pick: Option<Pick>,
    by: Party,
}

/// What legs want that have been sent here.
fn coming(module: &Module) -> Arc<Tokens<Wanted>> {
    module.table()
}

/// `None`: the leg is on its way here.
fn begin(
    module: &Arc<Module>,
    session: Session<'_>,
    wanted: Wanted,
) -> Result<Option<&'static str>, Refusal> {
    let pick = match (&wanted.pick, Standing::of(module, session)) {
        (None, Standing::Here) => {
            // Nobody is asked for an orbit in vain.
            permitted(module, session, &wanted.lot, None, &wanted.by)?;
            Pick::Orbit(args::orbit(&ask(session)?)?)
        }
        // It is asked when it is here.
        (None, Standing::Elsewhere) => return come(module, session, wanted),
        (None, _) => Pick::Next,
        (Some(pick), _) => pick.clone(),
    };
    retrieve(module, session, &wanted.lot, &pick, wanted.by)
}

fn ask(session: Session<'_>) -> Result<String, Refusal> {
    let answered = session.channel().answer();
    let ask = || ivr::ask_digits(session, ASK_TONE, 1, ASK_DIGITS, ASK_TIMEOUT_MS);
    answered.then(ask).flatten().ok_or(Refusal::BadArguments)
}

/// Connects `session`, or the call behind it, to the call that is picked, and stays for the bridge; what
/// `callpark_status` then says. `None`: it was asked from outside, and is on its way to do it.
///
/// # Errors
/// Why not; the channel then goes on with what it does.
pub(crate) fn retrieve(
    module: &Arc<Module>,
    session: Session<'_>,
    lot: &LotKey,
    pick: &Pick,
    by: Party,
) -> Result<Option<&'static str>, Refusal> {
    let orbit = pick.orbit();
    let actor = permitted(module, session, lot, orbit, &by)?;
    let result = connect(module, session, lot, pick, by, &actor);
    let leg = CallUuid::from(session.uuid().as_str());
    let asking = Asking { actor: &actor, right: Right::Retrieve, lot, orbit, leg: Some(&leg) };
    match result {
        Err(Refusal::Empty | Refusal::UnknownOrbit) if orbit.is_some() => {
            module.act(Some(session), |park, now| park.failed(now, asking));
        }
        Err(refusal @ (Refusal::Exclusive | Refusal::WrongPin)) => {
            module.act(Some(session), |park, now| {
                park.refuse_retriever(now, pick.target(), asking, refusal);
            });
        }
        _ => {}
    }
    result
}

fn connect(
    module: &Arc<Module>,
    session: Session<'_>,
    lot: &LotKey,
    pick: &Pick,
    by: Party,
    actor: &Actor,
) -> Result<Option<&'static str>, Refusal> {
    let orbit = pick.orbit();
    if let Some(caller) = behind::caller(module, session)
        && !behind::is_consulting(caller.session())
    {
        return through::retrieve(module, session, &caller, lot, pick, by)
            .map(|()| Some("retrieved"));
    }
    let standing = Standing::of(module, session);
    if let Some(obstacle) = standing.obstacle() {
        // Without a sound: it may be talking.
        if standing == Standing::Talking && session.in_its_thread() {
            midcall::outlast_the_music(session);
        }
        return Err(obstacle);
    }
    if standing == Standing::Elsewhere {
        let pick = Some(pick.clone());
        return come(module, session, Wanted { lot: lot.clone(), pick, by });
    }
    let named = named(module, session, lot, orbit)?;
    let target = match &named {
        Some(uuid) => Target::Call(uuid),
        None => pick.target(),
    };
    replaces::settle(module, session, lot, target);
    let completing = Completing::await_of(module, session, lot, target, (by.user.as_ref(), actor))
        .inspect_err(|refusal| speech::refusal(module, session, lot, orbit, *refusal))?;
    let uuid = CallUuid::from(session.uuid().as_str());
    let asking = Asking { actor, right: Right::Retrieve, lot, orbit, leg: Some(&uuid) };
    let asked = pin::pass(module, session, target, &by, asking)
        .inspect_err(|refusal| speech::refusal(module, session, lot, orbit, *refusal))?;
    // That one and no other: the PIN was keyed for it, and it may be in a lot into which this one overflows.
    let (in_lot, target) = match &asked {
        Some(uuid) => (None, Target::Call(uuid)),
        None => (Some(lot), target),
    };
    let by = Claimant::Retriever { uuid, user: by.user, by: actor.clone() };
    handover::take(module, session, in_lot, target, by, None)
        .inspect_err(|refusal| speech::refusal(module, session, lot, orbit, *refusal))?;
    drop(completing);
    AfterBridge::of(session.channel()).end(session, Cause::NORMAL_CLEARING, Dialplan::MayGoOn);
    Ok(Some("retrieved"))
}

/// The party, if the rules of the lot let it have a call.
///
/// # Errors
/// `Denied`, which the party has heard.
fn permitted(
    module: &Arc<Module>,
    session: Session<'_>,
    lot: &LotKey,
    orbit: Option<&OrbitName>,
    by: &Party,
) -> Result<Actor, Refusal> {
    let actor = actor::of(module, by, lot);
    let leg = CallUuid::from(session.uuid().as_str());
    let asking = Asking { actor: &actor, right: Right::Retrieve, lot, orbit, leg: Some(&leg) };
    let permit = module.act(Some(session), |park, now| match park.is_kept_away(now, &asking) {
        true => Err(Refusal::KeptAway),
        false => park.permit(now, asking),
    });
    permit.inspect_err(|refusal| {
        // A leg that is elsewhere may be talking.
        if Standing::of(module, session) == Standing::Here {
            speech::refusal(module, session, lot, orbit, *refusal);
        }
    })?;
    Ok(actor)
}

/// Has a leg that is not connected leave what it does and come here, on its own thread and as its dialplan's application.
fn come(
    module: &Module,
    session: Session<'_>,
    wanted: Wanted,
) -> Result<Option<&'static str>, Refusal> {
    let token = coming(module).issue(wanted, called::APPLICATION, "");
    if !errand::set_off(&coming(module), &token, session) {
        drop(coming(module).take(&token));
        return Err(Refusal::Gone);
    }
    coming(module).lapse(&token);
    Ok(None)
}

/// It has come.
fn has_come(session: Session<'_>, wanted: Wanted) {
    TransferBudget::give_one_back(session.channel());
    let word = wanted.pick.as_ref().map_or_else(|| "ask".to_owned(), Pick::to_string);
    let data = format!("{} {word}", wanted.lot);
    let result = module_for(session).and_then(|module| {
        // Once is enough.
        let here = Standing::of(&module, session) != Standing::Elsewhere;
        if here { begin(&module, session, wanted) } else { Err(Refusal::Failed) }
    });
    if let Some(result) = result.transpose() {
        cdr::report(session, "callpark_retrieve", &data, result);
    }
}

/// The call that the leg's phone picks up by its lamp, if it does: that one and no other, if it is still there.
fn named(
    module: &Module,
    session: Session<'_>,
    lot: &LotKey,
    orbit: Option<&OrbitName>,
) -> Result<Option<CallUuid>, Refusal> {
    match Replaces::of(session.channel()) {
        Replaces::Nothing | Replaces::Leg => Ok(None),
        Replaces::Lamp(dialog) => {
            let found = module.look(|park| park.offered_as(dialog, lot, orbit));
            found.map(Some).ok_or(Refusal::Gone)
        }
        Replaces::Unknown => Err(Refusal::Gone),
    }
    .inspect_err(|_| replaces::refuse(session))
}

/// A leg that was called for a parked call, and has answered: it takes that call and no other.
fn run_errand(session: Session<'_>, token: &str) {
    let result = module_for(session).and_then(|module| {
        let mut errand = called::errands(&module).take(token).ok_or(Refusal::Gone)?;
        let heard = hear(&module, session, &errand);
        let result = heard.as_ref().map_err(|_| Refusal::Failed).and_then(|()| {
            let by = errand.claimant(CallUuid::from(session.uuid().as_str()));
            let told = errand.told.clone();
            if let Some(claimed) =
                errand.claim.take().filter(|claimed| holds(&module, &claimed.claim))
            {
                return handover::connect(&module, session, claimed, told);
            }
            if errand.run.is_none() && !errand.is_still_for(&module) {
                return Err(Refusal::Gone);
            }
            ask_pin(&module, session, &errand)?;
            handover::take(&module, session, None, Target::Call(&errand.uuid), by, told)
        });
        if let Some(run) = errand.run {
            match (&heard, &result) {
                (_, Ok(_)) => Rings::of(&module).end(run),
                // Does nothing if the step is already known to have failed, or if another leg was faster.
                (Err(why), _) => ring::failed(&module, &errand.uuid, run, why),
                (Ok(()), Err(Refusal::Gone)) => {
                    ring::failed(&module, &errand.uuid, run, "the phone that answered has left");
                }
                (Ok(()), Err(refusal)) => {
                    ring::failed(&module, &errand.uuid, run, refusal.text());
                }
            }
        }
        if let (Err(refusal), Some(told)) = (&result, &errand.told) {
            told.tell(Err(*refusal));
        }
        result
    });
    let channel = session.channel();
    let (status, cause) = match &result {
        Ok(_) => ("retrieved", Cause::NORMAL_CLEARING),
        Err(refusal) => (refusal.code(), Cause::LOSE_RACE),
    };
    channel.set_variable(variables::STATUS, Some(status));
    // It has no dialplan to go back to. What is for after a bridge is not for a leg that was in none.
    let after = if result.is_ok() { AfterBridge::of(channel) } else { AfterBridge::default() };
    after.end(session, cause, Dialplan::Over);
}

/// A command that was given for somebody opens no call for which that one has to key a PIN.
fn ask_pin(module: &Arc<Module>, session: Session<'_>, errand: &Errand) -> Result<(), Refusal> {
    if errand.run.is_some() || errand.by.is_administrator() {
        return Ok(());
    }
    let call = module.look(|park| park.find(clock::now(), &errand.uuid)).ok_or(Refusal::Gone)?;
    let leg = CallUuid::from(session.uuid().as_str());
    let (actor, right, lot) = (&errand.by, Right::Retrieve, &call.lot);
    let asking = Asking { actor, right, lot, orbit: None, leg: Some(&leg) };
    let by = Party { user: errand.taker().cloned(), ..Party::default() };
    pin::pass(module, session, Target::Call(&errand.uuid), &by, asking).map(drop)
}

/// Whether the call still waits for the leg that has claimed it, which it does for two seconds.
fn holds(module: &Module, claim: &Claim) -> bool {
    let verdict = module.look(|park| park.verdict(&claim.call.info.uuid));
    matches!(verdict, Verdict::Bridge { ticket, .. } if ticket == claim.ticket)
}

/// Plays what the user who has answered is to hear first, and has them confirm that they are there. A leg that must not have
/// the call any more is hung up, so this ends with the leg.
///
/// # Errors
/// The user did not confirm.
fn hear(module: &Arc<Module>, session: Session<'_>, errand: &Errand) -> Result<(), String> {
    let call = module.look(|park| park.find(clock::now(), &errand.uuid));
    let Some(call) = call else { return Ok(()) };
    let stop = Stop::default();
    stop.listen_for(errand.confirm.map(|confirm| confirm.key));
    if let Some(what) = &errand.announce {
        speech::play(session, what, &call, &stop);
    }
    let Some(Confirm { key, within }) = errand.confirm else { return Ok(()) };
    if speech::confirm(session, &call, key, Instant::now() + within, &stop) {
        Ok(())
    } else {
        Err(format!("nobody pressed {key}"))
    }
}
