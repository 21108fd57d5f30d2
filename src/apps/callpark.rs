//! `callpark [<lot>] [<orbit>|auto]`: parks this call.

use std::ffi::CStr;
use std::sync::Arc;

use crate::apps::{self, domain, module_for};
use crate::args;
use crate::clock;
use crate::hold::Music;
use crate::module::Module;
use crate::park::{
    CallUuid, Caller, ParkRefused, ParkRequest, Refusal, Step, TOP_PRIORITY, Then, Want,
};
use crate::parked::Parked;
use crate::parker;
use crate::switch::module::Application;
use crate::switch::{Cause, Channel, Session, ivr, log};

/// The application.
pub struct Callpark;

impl Application for Callpark {
    const NAME: &'static CStr = c"callpark";
    const SHORT: &'static CStr = c"Parks the call in an orbit";
    const SYNTAX: &'static CStr = c"[<lot>] [<orbit>|auto]";

    fn run(session: Session<'_>, data: &str) {
        let result = module_for(session).and_then(|module| {
            let (lot, want) = module.look(|park| {
                let place = args::place(park, data, domain(session.channel()).as_deref())?;
                Ok((place.lot, args::want(place.word.as_deref())?))
            })?;
            Ok((module, lot, want))
        });
        match result {
            Ok((module, lot, want)) => park(&module, session, lot, want),
            Err(refusal) => apps::report(session, "callpark", data, Err(refusal)),
        }
    }
}

/// Parks the call of `session` and stays with it until it has an outcome.
pub fn park(module: &Arc<Module>, session: Session<'_>, lot: crate::park::LotKey, orbit: Want) {
    let channel = session.channel();
    let uuid = CallUuid::from(session.uuid().as_str());
    if module.look(|park| park.is_parked(&uuid)) {
        return apps::report(session, "callpark", "", Err(Refusal::AlreadyParked));
    }
    let request = request(channel, uuid.clone(), lot, orbit);
    let parked = Parked::about_to_be(module, session, &uuid);
    let result = module.act(Some(session), |park, now| match park.park(now, request) {
        Ok(mut parked) => {
            let effects = std::mem::take(&mut parked.effects);
            (Ok(parked), effects)
        }
        Err(mut refused) => {
            let effects = std::mem::take(&mut refused.effects);
            (Err(refused), effects)
        }
    });
    match result {
        Ok(place) => {
            apps::report(session, "callpark", "", Ok("parked"));
            ivr::confirm_blind_transfer(session);
            // Early media and ringing calls are answered: a call nobody answered cannot wait here.
            if !channel.answer() {
                log::info(
                    Some(uuid.as_str()),
                    format_args!("{} {}: the call could not be answered", place.lot, place.orbit),
                );
            }
            let lot = module.look(|park| park.lot_config(&place.lot));
            let music = lot.as_ref().and_then(|lot| lot.hold_music.as_deref());
            parked.stay(&mut Music::choose(channel, music));
        }
        Err(refused) => {
            drop(parked);
            refuse(session, refused);
        }
    }
}

fn refuse(session: Session<'_>, refused: ParkRefused) {
    let channel = session.channel();
    channel.set_variable("callpark_status", Some(refused.refusal.code()));
    match refused.then {
        Then::Continue => {}
        Then::Hangup => channel.hangup(Cause::NORMAL_CLEARING),
        Then::Transfer(to) => {
            ivr::transfer(session, &to.exten, to.dialplan.as_deref(), to.context.as_deref());
        }
        Then::Parker => match parker::find(channel) {
            Some(parker) => {
                // By the dialplan's own words, so that it rings as any call to that user does.
                let bridge = format!("bridge:user/{parker}");
                ivr::transfer(session, &format!("m:^:{bridge}"), Some("inline"), None);
            }
            None => log::notice(
                Some(&session.uuid()),
                format_args!(
                    "nobody knows who parked the call: it cannot go back, the dialplan goes on"
                ),
            ),
        },
    }
}

fn request(
    channel: Channel<'_>,
    uuid: CallUuid,
    lot: crate::park::LotKey,
    orbit: Want,
) -> ParkRequest {
    let text = |name: &str| channel.variable(name).unwrap_or_default();
    let number = |name: &str| -> Option<u64> {
        let value = channel.variable(name)?;
        let number = value.trim().parse().ok();
        if number.is_none() {
            log::warning(
                Some(uuid.as_str()),
                format_args!("{name} is {value:?}, which is no number: it is ignored"),
            );
        }
        number
    };
    let private = channel
        .variable("privacy_hide_number")
        .or_else(|| channel.variable("privacy_hide_name"))
        .is_some_and(|hide| hide == "true");
    let returns = channel.variable("callpark_return").and_then(|steps| {
        Step::parse_list(&steps)
            .map_err(|error| {
                log::warning(
                    Some(uuid.as_str()),
                    format_args!("callpark_return: {error}: the lot's return steps are used"),
                );
            })
            .ok()
    });
    let priority = number("callpark_priority").unwrap_or(0).min(u64::from(TOP_PRIORITY));
    ParkRequest {
        lot,
        orbit,
        caller: Caller { private, ..Caller::new(text("caller_id_name"), text("caller_id_number")) },
        parker: parker::find(channel),
        priority: u8::try_from(priority).unwrap_or(TOP_PRIORITY),
        timeout_ms: number("callpark_timeout").map(|seconds| seconds.saturating_mul(1000)),
        returns,
        note: text("callpark_note"),
        addressed_to: text("callpark_for"),
        parked_at_epoch_ms: clock::epoch_ms(),
        uuid,
    }
}
