//! `callpark [<lot>] [<orbit>|auto]`: parks this call, or in mid-call its partner.

use std::ffi::CStr;
use std::sync::Arc;

use crate::apps::{module_for, retrieve};
use crate::args;
use crate::dial::page;
use crate::leg::after_bridge::{self, AfterBridge, Dialplan};
use crate::leg::arrival::{self, Arrival, Replacement};
use crate::leg::behind;
use crate::leg::caller_id;
use crate::leg::departed::Departed;
use crate::leg::extension;
use crate::leg::feature_codes;
use crate::leg::hold::Music;
use crate::leg::midcall;
use crate::leg::origin::{self, Origin};
use crate::leg::parked::Parked;
use crate::leg::parker;
use crate::leg::parting;
use crate::leg::party::Party;
use crate::leg::pin;
use crate::leg::recovered;
use crate::leg::replaces::{self, Replaces};
use crate::leg::request;
use crate::leg::standing;
use crate::leg::through;
use crate::leg::transfer_budget::TransferBudget;
use crate::module::Module;
use crate::module::tokens;
use crate::module::variables;
use crate::park::{
    self, Actor, AfterRefusal, CallUuid, LotKey, OrbitKey, ParkRefused, Pick, Refusal, User, Want,
};
use crate::switch::Stop;
use crate::switch::calling::{self, Dial};
use crate::switch::dial_string::DialString;
use crate::switch::module::Application;
use crate::switch::{Cause, Channel, Located, Session, ivr, log};
use crate::tell::{cdr, speech};

/// The application.
pub(crate) struct Callpark;

impl Application for Callpark {
    const NAME: &'static CStr = c"callpark";
    const SHORT: &'static CStr = c"Parks the call in an orbit";
    const SYNTAX: &'static CStr = c"[<lot>] [<orbit>|auto|mine|user:<user>|group:<group>]";

    fn run(session: Session<'_>, data: &str) {
        if let Err(refusal) = module_for(session).and_then(|module| run(&module, session, data)) {
            cdr::report(session, "callpark", data, Err(refusal));
        }
    }
}

fn run(module: &Arc<Module>, session: Session<'_>, data: &str) -> Result<(), Refusal> {
    if let Some(place) = recovered::place(module, session) {
        come_back(module, session, place);
        return Ok(());
    }
    if tokens::is_token(data) {
        after_bridge::put_back(session.channel());
    }
    let data = match tokens::is_token(data).then(|| arrival::errands(module).take(data)) {
        Some(Some(arrival)) => {
            arrived(module, session, arrival);
            return Ok(());
        }
        // Spent, or of before the module was loaded again: the call that comes with it still has to go somewhere.
        Some(None) => return strayed(module, session, tokens::place(data)),
        None => data,
    };
    let channel = session.channel();
    match midcall::partner(session)? {
        Some(partner) => {
            let presser = Party::of(channel);
            let domain = origin::domain_of(channel, &presser);
            let own = || parker::named(channel).or_else(|| presser.user.clone());
            place(module, data, domain.as_deref(), &own)
                .and_then(|(lot, want)| {
                    midcall::park_partner(module, session, &partner, lot, want, &presser)
                })
                .inspect_err(|_| midcall::outlast_the_music(session))
        }
        None => {
            let came = Origin::in_dialplan(module, session);
            let domain = came.domain(channel);
            let own = || parker::named(channel).or_else(|| came.clone().party().user);
            let (lot, want) = place(module, data, domain.as_deref(), &own)?;
            match Replaces::of(channel) {
                Replaces::Nothing | Replaces::Leg => {
                    park_here(module, session, lot, want, came)?;
                }
                // A phone that picks up what it takes for a call in that orbit.
                Replaces::Lamp(_) => {
                    let pick = match want {
                        Want::Orbit(orbit) => Pick::Orbit(orbit),
                        _ => Pick::Next,
                    };
                    let by = came.party();
                    if let Some(status) = retrieve::retrieve(module, session, &lot, &pick, by)? {
                        cdr::report(session, "callpark", data, Ok(status));
                    }
                }
                Replaces::Unknown => {
                    replaces::refuse(session);
                    return Err(Refusal::Gone);
                }
            }
            Ok(())
        }
    }
}

/// The lot, and where in it. `own` is who parks the call.
fn place(
    module: &Module,
    data: &str,
    domain: Option<&str>,
    own: &dyn Fn() -> Option<User>,
) -> Result<(LotKey, Want), Refusal> {
    let place = module.look(|park| args::place(park, data, domain))?;
    let want = extension::want(place.word.as_deref(), &place.lot, domain, own)?;
    Ok((place.lot, want))
}

/// A leg that we have sent here is here.
fn arrived(module: &Arc<Module>, session: Session<'_>, arrival: Arrival) {
    match arrival {
        Arrival::Park { lot, orbit, parker, by, heir_of, talks_to: _ } => {
            if let Some(holder) = heir_of {
                arrival::inherit(module, session, &holder);
            }
            park(module, session, lot, orbit, Origin::Sent(parker, by));
        }
        Arrival::Replace(replacement) => replace(module, session, replacement),
        Arrival::ParkThrough { lot, orbit, came } => park(module, session, lot, orbit, came),
        Arrival::RetrieveThrough { lot, pick, by } => {
            parting::outstay(session);
            retrieve_through(module, session, &lot, &pick, by);
        }
        Arrival::Tell(uuid) => {
            // It may have been moved since, or have gone, and another call be in its orbit. Or it is on its way to it.
            let place = || module.look(|park| park.place_of(&uuid));
            if place().is_some() && session.channel().answer() {
                // The phone may have been slow.
                if let Some(place) = place() {
                    speech::orbit(module, session, &place, &Stop::default());
                }
            }
            session.channel().hangup(Cause::NORMAL_CLEARING);
        }
    }
}

/// The call for which a leg has stood retrieves, on its own thread. It has no dialplan to go back to.
fn retrieve_through(
    module: &Arc<Module>,
    session: Session<'_>,
    lot: &LotKey,
    pick: &Pick,
    by: Party,
) {
    let result = retrieve::retrieve(module, session, lot, pick, by);
    let failed = result.is_err();
    if let Some(result) = result.transpose() {
        cdr::report(session, "callpark_retrieve", "", result);
    }
    if failed {
        session.channel().hangup(Cause::NORMAL_CLEARING);
    }
}

/// A leg has come with a token that is not out. It was to be parked in `place`, and is, if that orbit is not taken.
fn strayed(module: &Arc<Module>, session: Session<'_>, place: &str) -> Result<(), Refusal> {
    if place.is_empty() {
        return Err(Refusal::Gone);
    }
    let domain = Origin::in_dialplan(module, session).domain(session.channel());
    let (lot, want) = self::place(module, place, domain.as_deref(), &|| None)?;
    park(module, session, lot, want, Origin::Sent(None, Actor::Administrator));
    Ok(())
}

/// Parks the call that has come to this leg: the leg's own, or the one behind it.
///
/// # Errors
/// Why not; the leg goes on in its dialplan.
pub(crate) fn park_here(
    module: &Arc<Module>,
    session: Session<'_>,
    lot: LotKey,
    want: Want,
    came: Origin,
) -> Result<(), Refusal> {
    // Not in a `match`, which would hold on to the other leg for as long as the call is parked.
    let caller = behind::caller(module, session).filter(|_| !matches!(came, Origin::Consulting(_)));
    if let Some(caller) = caller {
        return through::park(module, session, &caller, lot, want, came);
    }
    park(module, session, lot, want, came);
    Ok(())
}

/// Parks the call of `session` and stays with it until it has an outcome.
pub(crate) fn park(
    module: &Arc<Module>,
    session: Session<'_>,
    lot: LotKey,
    orbit: Want,
    came: Origin,
) {
    parting::outstay(session);
    let channel = session.channel();
    let uuid = CallUuid::from(session.uuid().as_str());
    if module.look(|park| park.is_parked(&uuid)) {
        return cdr::report(session, "callpark", "", Err(Refusal::AlreadyParked));
    }
    if let Some(obstacle) = standing::obstacle_to_parking(channel) {
        module.act(None, |park, _| park.unreserve(&uuid));
        return cdr::report(session, "callpark", "", Err(obstacle));
    }
    let named = parker::named(channel);
    let found = match &came {
        _ if named.is_some() => None,
        Origin::Sent(parker, _) => parker.clone(),
        Origin::Transferred(by) | Origin::Consulting(by) => by.user.clone(),
        Origin::Dialled(_) => None,
    };
    let by = came.actor(module, &lot, named.as_ref());
    let who = named.or(found);
    let asked = lot.clone();
    let named_slot = module.valet && matches!(orbit, Want::Orbit(_));
    let request = request::of(module, channel, uuid.clone(), lot, orbit, who.clone(), by);
    let pin = pin::for_call(module, session);
    let mut parked = Parked::about_to_be(module, session, &uuid);
    let result = module.act(Some(session), |park, now| {
        let place = park.park(now, request)?;
        if let Some(of_call) = &pin {
            park.set_pin(&uuid, of_call.pin.clone());
        }
        Ok::<_, ParkRefused>(place)
    });
    match result {
        Ok(place) => {
            pin::mark(channel, module.look(|park| park.has_pin(&uuid)));
            cdr::report(session, "callpark", "", Ok("parked"));
            if !matches!(came, Origin::Dialled(_) | Origin::Consulting(_)) {
                TransferBudget::give_one_back(channel);
                if let Some(presser) = channel.variable("last_bridge_to") {
                    feature_codes::take_over(Departed::of(module).codes(&presser), session);
                }
            }
            // It may have been moved meanwhile.
            let (place, lot) = module.look(|park| {
                let place = park.place_of(&uuid).unwrap_or(place);
                let lot = park.lot_config(&place.lot);
                (place, lot)
            });
            let inbound = channel.variable("direction").as_deref() == Some("inbound");
            let told = match &came {
                Origin::Dialled(by) | Origin::Consulting(by) => {
                    inbound && hears_orbit(module, channel, by)
                }
                Origin::Transferred(_) | Origin::Sent(..) => false,
            };
            let by = match came {
                Origin::Dialled(by) if inbound => Some(by.user),
                _ => None,
            };
            // Before it is answered: a phone can complete the transfer at once.
            parked.can_be_replaced(&place, by);
            confirm(session);
            answer(channel, &uuid, &place);
            page::tell_others(module, lot.as_deref(), &uuid);
            // As by mod_valet_parking, a slot that was named is not spoken.
            let told = told && !(named_slot && lot.as_ref().is_some_and(|lot| lot.made));
            if told && lot.as_ref().is_some_and(|lot| lot.announce) {
                parked.announce(&place);
            }
            parked.stay(&mut Music::choose(module, channel, lot.as_deref()));
        }
        Err(refused) => {
            drop(parked);
            if let Some(pin) = pin {
                pin.put_back(channel);
            }
            let refused = match came {
                // It has no dialplan in which it could go on.
                Origin::Sent(..)
                    if refused.then == AfterRefusal::Continue
                        && who.is_some()
                        && !module.is_stopping() =>
                {
                    ParkRefused { then: AfterRefusal::Parker, ..refused }
                }
                _ => refused,
            };
            refuse(module, session, &asked, refused, who);
        }
    }
}

/// Answers calls that ring or have early media, because a call that is not answered cannot wait here.
fn answer(channel: Channel<'_>, uuid: &CallUuid, place: &park::OrbitKey) {
    if !channel.answer() {
        log::info(
            Some(uuid.as_str()),
            format_args!("{} {}: the call could not be answered", place.lot, place.orbit),
        );
    }
}

/// A call that was parked here before a crash is back, on its own thread.
fn come_back(module: &Arc<Module>, session: Session<'_>, place: OrbitKey) {
    let channel = session.channel();
    let uuid = CallUuid::from(session.uuid().as_str());
    let mut parked = Parked::about_to_be(module, session, &uuid);
    let taken = recovered::is_taken(module, session);
    let orbit = Want::Orbit(place.orbit);
    let pin = pin::of_recovered(channel);
    let by = Actor::Administrator;
    let request = request::of(module, channel, uuid.clone(), place.lot, orbit, None, by);
    let back = module.act(Some(session), |park, now| {
        let place = if taken { park.recover(now, request) } else { Err(Refusal::Gone) }?;
        if let Some(pin) = pin {
            park.set_pin(&uuid, pin);
        }
        Ok::<_, Refusal>(place)
    });
    match back {
        Ok(place) => {
            cdr::report(session, "callpark", "", Ok("parked"));
            parked.can_be_replaced(&place, None);
            let lot = module.look(|park| park.lot_config(&place.lot));
            parked.stay(&mut Music::choose(module, channel, lot.as_deref()));
        }
        Err(_) => {
            drop(parked);
            channel.hangup(Cause::NO_ANSWER);
        }
    }
}

/// The leg goes on in the place of a parked one, or is hung up: there is nothing else it came for.
fn replace(module: &Arc<Module>, session: Session<'_>, replacement: Replacement) {
    let channel = session.channel();
    let uuid = CallUuid::from(session.uuid().as_str());
    let mut parked = Parked::about_to_be(module, session, &uuid);
    match replaces::take_place(module, session, replacement) {
        Ok(place) => {
            cdr::report(session, "callpark", "", Ok("parked"));
            parked.can_be_replaced(&place, None);
            answer(channel, &uuid, &place);
            let lot = module.look(|park| park.lot_config(&place.lot));
            parked.stay(&mut Music::choose(module, channel, lot.as_deref()));
        }
        Err(refusal) => {
            drop(parked);
            cdr::report(session, "callpark", "", Err(refusal));
            channel.hangup(Cause::CALL_REJECTED);
        }
    }
}

/// Confirms the transfer to the phone that transferred the call, if it waits for that, and hangs it up.
fn confirm(session: Session<'_>) {
    ivr::confirm_blind_transfer(session);
    if let Some(phone) = session.channel().variable("blind_transfer_uuid") {
        session.channel().set_variable("blind_transfer_uuid", None);
        if let Some(phone) = Located::find(&phone) {
            phone.session().channel().hangup(Cause::BLIND_TRANSFER);
        }
    }
}

/// Whether the orbit is spoken to a call that dialled here itself. It is for a user of this switch, who may be about to
/// transfer a party to it. To a caller from outside the orbit means nothing, unless the dialplan asks for it.
fn hears_orbit(module: &Module, channel: Channel<'_>, by: &Party) -> bool {
    request::announces(module, channel).unwrap_or_else(|| by.user.is_some())
}

fn refuse(
    module: &Arc<Module>,
    session: Session<'_>,
    lot: &LotKey,
    refused: ParkRefused,
    parker: Option<User>,
) {
    let channel = session.channel();
    channel.set_variable(variables::STATUS, Some(refused.refusal.code()));
    match &refused.then {
        AfterRefusal::Continue => speech::refusal(module, session, lot, None, refused.refusal),
        AfterRefusal::Hangup => channel.hangup(Cause::NORMAL_CLEARING),
        AfterRefusal::Transfer(to) => {
            TransferBudget::spare_one(channel);
            ivr::transfer(session, &to.exten, to.dialplan.as_deref(), to.context.as_deref());
        }
        AfterRefusal::Parker => match parker {
            Some(parker) => ring_parker(session, &parker, refused.refusal),
            None => log::notice(
                Some(&session.uuid()),
                format_args!(
                    "the parker is not known, so the call is not sent back; the dialplan continues"
                ),
            ),
        },
    }
}

/// Calls the parker for a call that could not be parked, under the caller's own id, to which the reason is added. Not
/// by way of a dialplan: there a caller's name would have to be written into a dial string.
fn ring_parker(session: Session<'_>, parker: &User, why: Refusal) {
    const RING_S: u32 = 30;
    let channel = session.channel();
    let after = AfterBridge::of(channel);
    let dial = Dial {
        dial_string: &DialString::user(parker),
        ring_s: RING_S,
        caller_id_name: &caller_id::for_sip(&format!(
            "{} (park {})",
            caller_id::of_caller(channel),
            why.code()
        )),
        caller_id_number: &caller_id::number_of_caller(channel),
        // The phone has to be answered: what it plays before that does not count.
        variables: &[("ignore_early_media", "true"), ("leg_timeout", &RING_S.to_string())],
    };
    match calling::call_and_bridge(session, &dial) {
        Ok(()) => after.end(session, Cause::NORMAL_CLEARING, Dialplan::Over),
        Err(reason) => log::notice(
            Some(&session.uuid()),
            format_args!(
                "the parker {parker} does not take the call back: {reason}; the dialplan continues"
            ),
        ),
    }
}
