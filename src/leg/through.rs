//! What a loopback leg asks for is done to the call behind it. FreeSWITCH removes such legs from the middle of a call at
//! moments of its own (bow-out), and a call that was parked or connected through one would be lost with it.

use std::sync::Arc;

use crate::leg::arrival::{self, Arrival};
use crate::leg::errand::{self, Force, MOVES_WITHIN_MS, Sent};
use crate::leg::origin::Origin;
use crate::leg::parker;
use crate::leg::party::Party;
use crate::leg::pin;
use crate::leg::request;
use crate::module::Module;
use crate::park::{CallInfo, CallUuid, LotKey, Pick, Refusal, Taker, Want};
use crate::switch::clock;
use crate::switch::{Cause, Located, Session};
use crate::tell::{cdr, speech};

/// Parks `caller`, for which `leg` stands. The leg then ends.
///
/// # Errors
/// Why not. The leg continues in its dialplan.
pub(crate) fn park(
    module: &Arc<Module>,
    leg: Session<'_>,
    caller: &Located,
    lot: LotKey,
    want: Want,
    came: Origin,
) -> Result<(), Refusal> {
    let uuid = CallUuid::from(caller.session().uuid().as_str());
    let named = parker::named(leg.channel());
    let by = came.actor(module, &lot, named.as_ref());
    let info = CallInfo::new(uuid.clone(), request::caller(caller.session().channel()));
    let place = module
        .act(None, |park, now| park.reserve_for(now, (&info, &by), &lot, want, MOVES_WITHIN_MS))?;
    for name in request::VARIABLES {
        if let Some(value) = leg.channel().variable(name) {
            caller.session().channel().set_variable(name, Some(&value));
        }
    }
    pin::carry(module, leg, caller.session());
    let words = place.to_string();
    let arrival = Arrival::ParkThrough { lot: place.lot, orbit: Want::Orbit(place.orbit), came };
    come(module, arrival, &words, caller).inspect_err(|_| {
        module.act(None, |park, _| park.unreserve(&uuid));
    })?;
    cdr::report(leg, "callpark", "", Ok("parked"));
    leg.channel().hangup(Cause::NORMAL_CLEARING);
    Ok(())
}

/// Has `caller`, for which `leg` stands, retrieve that call. The leg then ends.
///
/// # Errors
/// Why not. The leg continues in its dialplan.
pub(crate) fn retrieve(
    module: &Arc<Module>,
    leg: Session<'_>,
    caller: &Located,
    lot: &LotKey,
    pick: &Pick,
    mut by: Party,
) -> Result<(), Refusal> {
    // The caller's leg is not that user's.
    by.facts.listed = false;
    let taker = Taker::Party(by.user.as_ref());
    let there = module.look(|park| park.peek(clock::now(), lot, pick.target(), taker));
    there.inspect_err(|refusal| speech::refusal(module, leg, lot, pick.orbit(), *refusal))?;
    let arrival = Arrival::RetrieveThrough { lot: lot.clone(), pick: pick.clone(), by };
    come(module, arrival, "", caller)?;
    leg.channel().hangup(Cause::NORMAL_CLEARING);
    Ok(())
}

/// Has a caller come out of the bridge that it has, or waits for, with a loopback pair, on that errand. The caller
/// leaves on its own thread, because a leg that is taken out of a bridge that is just beginning is hung up by the other
/// side (`audio_bridge_thread`).
fn come(
    module: &Arc<Module>,
    arrival: Arrival,
    place: &str,
    caller: &Located,
) -> Result<(), Refusal> {
    let token = arrival::errands(module).issue(arrival, "callpark", place);
    let sent = errand::send(&arrival::errands(module), &token, caller.session(), Force::Take)?;
    if sent == Sent::OnItsWay {
        arrival::expect(module, &token, &caller.session().uuid());
    }
    Ok(())
}
