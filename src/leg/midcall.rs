//! Parking in mid-call: a feature code runs the application on one leg of a bridge, and the other leg is parked.

use std::sync::Arc;

use crate::leg::actor;
use crate::leg::arrival::{self, Arrival};
use crate::leg::errand::{self, ARRIVES_WITHIN_MS};
use crate::leg::parker;
use crate::leg::party::Party;
use crate::leg::pin;
use crate::leg::recordings;
use crate::leg::request;
use crate::leg::standing;
use crate::module::Module;
use crate::module::variables;
use crate::park::{CallInfo, CallUuid, LotKey, Refusal, Want};
use crate::switch::channel::Flag;
use crate::switch::{Cause, Located, Session, Stop, ivr, log};
use crate::tell::cdr;

/// The leg to which this one is talking right now. `None` if it is not in a bridge. The leg that FreeSWITCH calls the
/// partner may have hung up long ago, or be talking to another leg.
///
/// # Errors
/// `Gone`: it is still in its bridge, but the other leg has just left. The leg that pressed the keys must not be parked, and
/// would be held inside there.
pub(crate) fn partner(session: Session<'_>) -> Result<Option<Located>, Refusal> {
    let channel = session.channel();
    if !channel.test(Flag::Bridged) && !channel.exchanging_media() {
        return Ok(None);
    }
    let uuid = channel.partner_uuid().ok_or(Refusal::Gone)?;
    let partner = Located::find(&uuid).ok_or(Refusal::Gone)?;
    let there = partner.session().channel();
    let with_us = there.partner_uuid().as_deref() == Some(&session.uuid());
    if with_us && there.test(Flag::Bridged) { Ok(Some(partner)) } else { Err(Refusal::Gone) }
}

/// FreeSWITCH plays music to the partner while a feature code runs, and stops it afterwards. Music that has not yet begun is
/// not stopped, so an application that ends at once would leave the partner with it.
pub(crate) fn outlast_the_music(presser: Session<'_>) {
    const BEGINS_WITHIN_MS: u32 = 200;
    ivr::sleep(presser, BEGINS_WITHIN_MS, &Stop::default());
}

/// Parks `partner`. The user who pressed the keys hears the orbit and is hung up.
///
/// # Errors
/// Why not. The two continue talking.
pub(crate) fn park_partner(
    module: &Arc<Module>,
    presser: Session<'_>,
    partner: &Located,
    lot: LotKey,
    want: Want,
    presser_is: &Party,
) -> Result<(), Refusal> {
    let (here, there) = (presser.channel(), partner.session().channel());
    if let Some(obstacle) = standing::obstacle_to_parking(there) {
        return Err(obstacle);
    }
    let uuid = CallUuid::from(partner.session().uuid().as_str());
    // Before an orbit is held for a short time only, because this may ask the directory.
    let named = parker::named(here);
    let says_who = named.is_some();
    let by = actor::of_named(module, presser_is, named.as_ref(), &lot);
    let parker = named.or_else(|| presser_is.user.clone());
    let mut info = CallInfo::new(uuid.clone(), request::caller(there));
    info.parker.clone_from(&parker);
    let place = module.act(None, |park, now| {
        park.reserve_for(now, (&info, &by), &lot, want, ARRIVES_WITHIN_MS)
    })?;
    for name in request::VARIABLES {
        if name == variables::PARKER && !says_who {
            // If it is set, it names the user who parked the presser earlier.
            continue;
        }
        if let Some(value) = here.variable(name) {
            there.set_variable(name, Some(&value));
        }
    }
    pin::carry(module, presser, partner.session());
    if parker.is_none() {
        log::notice(
            Some(uuid.as_str()),
            format_args!(
                "{place}: the parker is not known, because {} is not a user's phone",
                here.name()
            ),
        );
    }
    let told = request::announces(module, here).unwrap_or(true)
        && module.look(|park| park.lot_config(&place.lot)).is_some_and(|lot| lot.announce);
    // Each transfers itself out of the bridge, the partner first, so that neither is held inside it.
    let want = Want::Orbit(place.orbit.clone());
    let lot = place.lot.clone();
    let arrival = Arrival::Park { lot, orbit: want, parker, by, heir_of: None, talks_to: None };
    let token = arrival::errands(module).issue(arrival, "callpark", &place.to_string());
    recordings::follow(presser, partner.session());
    if !errand::set_off(&arrival::errands(module), &token, partner.session()) {
        drop(arrival::errands(module).take(&token));
        module.act(None, |park, _| park.unreserve(&uuid));
        return Err(Refusal::Gone);
    }
    arrival::expect(module, &token, uuid.as_str());
    cdr::report(presser, "callpark", "", Ok("parked"));
    if told {
        let token = arrival::errands(module).issue(Arrival::Tell(uuid), "callpark", "");
        if errand::set_off(&arrival::errands(module), &token, presser) {
            arrival::expect(module, &token, &presser.uuid());
        } else {
            drop(arrival::errands(module).take(&token));
        }
    } else {
        here.hangup(Cause::NORMAL_CLEARING);
    }
    Ok(())
}
