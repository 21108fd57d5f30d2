//! `valet_park` of mod_valet_parking: parks or retrieves, by how the call came and what is in the slot.

use std::cmp::Reverse;
use std::ffi::CStr;
use std::sync::Arc;

use crate::apps::{callpark, module_for, retrieve};
use crate::leg::arrival;
use crate::leg::midcall;
use crate::leg::origin::Origin;
use crate::leg::party::Party;
use crate::leg::replaces::{self, Replaces};
use crate::module::{Module, variables};
use crate::park::{
    CallState, CallUuid, LotKey, OrbitKey, OrbitName, Pick, Refusal, SlotState, Want,
};
use crate::switch::module::Application;
use crate::switch::{Channel, SentField, Session, Stop, clock, ivr};
use crate::tell::{cdr, speech};

/// The application.
pub(crate) struct ValetPark;

impl Application for ValetPark {
    const NAME: &'static CStr = c"valet_park";
    const SHORT: &'static CStr = c"Parks the call in a slot, or retrieves the one that is there";
    const SYNTAX: &'static CStr =
        c"<lotname> <extension>|[ask [<min>] [<max>] [<to>] [<prompt>]|auto [in|out] [min] [max]]";

    fn run(session: Session<'_>, data: &str) {
        let result = module_for(session).and_then(|module| run(&module, session, data));
        if let Some(result) = result.transpose() {
            cdr::report(session, "valet_park", data, result);
        }
    }
}

/// What is wanted of a lot.
enum Asked {
    /// A free slot with a number from the first to the second.
    In(u64, u64),
    /// The call that has waited longest in one of these.
    Out(u64, u64),
    /// This slot.
    Slot(OrbitName),
    /// The slot that the caller dials.
    Ask(Question),
}

/// What the caller is asked.
struct Question {
    least: u32,
    most: u32,
    timeout_ms: u32,
    prompt: String,
}

/// The longest data, in bytes. Longer data is a mistake.
const LONGEST: usize = 1024;

/// `None`: what has become of it is reported elsewhere.
fn run(
    module: &Arc<Module>,
    session: Session<'_>,
    data: &str,
) -> Result<Option<&'static str>, Refusal> {
    let (lot, asked) = read(session, data)?;
    let slot = match asked {
        Asked::Out(first, last) => return oldest(module, session, &lot, first, last),
        Asked::In(first, last) => {
            return park(module, session, lot, Want::Between(first, last)).map(|()| None);
        }
        Asked::Ask(question) => {
            let slot = slot(&ask(session, &question)?)?;
            if midcall::partner(session)?.is_some() {
                return park(module, session, lot, Want::Orbit(slot)).map(|()| None);
            }
            // Whoever sent it here, it dials now.
            return dialled(
                module,
                session,
                lot,
                slot,
                Origin::Dialled(Party::of(session.channel())),
            );
        }
        Asked::Slot(slot) => slot,
    };
    if midcall::partner(session)?.is_some() {
        return park(module, session, lot, Want::Orbit(slot)).map(|()| None);
    }
    let came = Origin::in_dialplan(module, session);
    if let Some(ticket) = session.channel().variable(variables::VALET_TICKET) {
        return with_ticket(module, session, OrbitKey { lot, orbit: slot }, &ticket, came)
            .map(|()| None);
    }
    dialled(module, session, lot, slot, came)
}

/// A call that was sent with a ticket, the uuid of the leg for which the slot is kept. It gets that slot if it is kept for that
/// leg, or free, and is never connected to anybody.
fn with_ticket(
    module: &Arc<Module>,
    session: Session<'_>,
    place: OrbitKey,
    ticket: &str,
    came: Origin,
) -> Result<(), Refusal> {
    session.channel().set_variable(variables::VALET_TICKET, None);
    let holder = CallUuid::from(ticket);
    if module.look(|park| park.reservation(&holder)).as_ref() == Some(&place) {
        arrival::inherit(module, session, &holder);
    }
    park_as(module, session, place.lot, Want::Orbit(place.orbit), came)
}

/// One slot: a call that was sent here is parked in it. One that has dialled retrieves what is in it, or is parked in it if it
/// is free and was not emptied a moment ago.
fn dialled(
    module: &Arc<Module>,
    session: Session<'_>,
    lot: LotKey,
    slot: OrbitName,
    came: Origin,
) -> Result<Option<&'static str>, Refusal> {
    let channel = session.channel();
    let place = OrbitKey { lot: lot.clone(), orbit: slot.clone() };
    let parks = match (channel.variable(variables::VALET).as_deref(), Replaces::of(channel)) {
        // A phone that picks up what its lamp shows.
        (_, Replaces::Lamp(_)) => false,
        (Some("park"), _) => true,
        (Some("retrieve"), _) => false,
        _ if !matches!(came, Origin::Dialled(_)) => true,
        _ => {
            match module.look(|park| park.slot_state(clock::now(), &place)) {
                SlotState::Taken => false,
                SlotState::Free => true,
                // Nobody presses a key too late who has dialled another number.
                SlotState::JustEmptied => is_chosen_by_its_dialplan(channel, &slot),
            }
        }
    };
    if parks {
        return park_as(module, session, lot, Want::Orbit(slot), came).map(|()| None);
    }
    let pick = Pick::Orbit(slot);
    let result = retrieve::retrieve(module, session, &lot, &pick, came.party());
    result.map_err(|refusal| match refusal {
        // Lots exist while there are calls in them.
        Refusal::UnknownLot => Refusal::Empty,
        refusal => refusal,
    })
}

/// Whether the dialplan, or a script of it, has moved the call to this slot from another number, which its phone dialled.
fn is_chosen_by_its_dialplan(channel: Channel<'_>, slot: &OrbitName) -> bool {
    let Some(dialled) = channel.sent(SentField::TO_USER) else { return false };
    !dialled.contains(slot.as_str())
        && channel.sent(SentField::DESTINATION_NUMBER).is_some_and(|now| now != dialled)
}

/// Parks the call, or in mid-call its partner.
fn park(
    module: &Arc<Module>,
    session: Session<'_>,
    lot: LotKey,
    want: Want,
) -> Result<(), Refusal> {
    match midcall::partner(session)? {
        Some(partner) => {
            let presser = Party::of(session.channel());
            midcall::park_partner(module, session, &partner, lot, want, &presser)
                .inspect_err(|_| midcall::outlast_the_music(session))
        }
        None => {
            let came = Origin::in_dialplan(module, session);
            park_as(module, session, lot, want, came)
        }
    }
}

fn park_as(
    module: &Arc<Module>,
    session: Session<'_>,
    lot: LotKey,
    want: Want,
    came: Origin,
) -> Result<(), Refusal> {
    if matches!(Replaces::of(session.channel()), Replaces::Unknown) {
        replaces::refuse(session);
        return Err(Refusal::Gone);
    }
    callpark::park_here(module, session, lot, want, came)
}

/// Retrieves the call that has waited longest in a slot with a number from `first` to `last`, whatever others retrieve
/// meanwhile.
fn oldest(
    module: &Arc<Module>,
    session: Session<'_>,
    lot: &LotKey,
    first: u64,
    last: u64,
) -> Result<Option<&'static str>, Refusal> {
    let by = Party::of(session.channel());
    let is_meant = |orbit: &OrbitName| {
        let number = orbit.as_str().parse::<u64>();
        number.is_ok_and(|number| (first..=last).contains(&number))
    };
    let mut tried = Vec::new();
    loop {
        let calls = module.calls(Some(lot)).into_iter();
        let calls = calls.filter(|call| call.state != CallState::Connecting);
        let oldest = calls
            .filter(|call| is_meant(&call.orbit) && !tried.contains(&call.info.uuid))
            .min_by_key(|call| Reverse(call.waiting_ms));
        let Some(oldest) = oldest else {
            if tried.is_empty() {
                speech::refusal(module, session, lot, None, Refusal::Empty);
            }
            return Err(Refusal::Empty);
        };
        let pick = Pick::Orbit(oldest.orbit.clone());
        match retrieve::retrieve(module, session, lot, &pick, by.clone()) {
            Err(
                Refusal::Empty | Refusal::Exclusive | Refusal::UnknownLot | Refusal::UnknownOrbit,
            ) => {
                tried.push(oldest.info.uuid);
            }
            result => return result,
        }
    }
}

/// No prompt is as short, and no caller so fast.
const AT_ONCE_MS: u64 = 50;

/// Asks for a slot until one is dialled.
fn ask(session: Session<'_>, question: &Question) -> Result<String, Refusal> {
    let channel = session.channel();
    if !channel.answer() {
        return Err(Refusal::Gone);
    }
    let Question { least, most, timeout_ms, prompt } = question;
    let mut prompt = prompt.as_str();
    while channel.ready() {
        let began = clock::now();
        let digits = ivr::ask_digits(session, prompt, *least, *most, *timeout_ms);
        if digits.is_some() {
            return digits.ok_or(Refusal::BadArguments);
        }
        if clock::now().since(began) < AT_ONCE_MS {
            // The prompt is missing. A tone asks, too.
            prompt = retrieve::ASK_TONE;
            ivr::sleep(session, 100, &Stop::default());
        }
    }
    Err(Refusal::Gone)
}

fn slot(text: &str) -> Result<OrbitName, Refusal> {
    OrbitName::slot(text).map_err(|_| Refusal::BadArguments)
}

/// Reads the data. A number that is not one counts as 0, which is the first slot, or no last one.
fn read(session: Session<'_>, data: &str) -> Result<(LotKey, Asked), Refusal> {
    if data.len() > LONGEST {
        return Err(Refusal::BadArguments);
    }
    let mut words = Words(data);
    let mut next = || words.next();
    let lot = next().and_then(|lot| lot.parse().ok()).ok_or(Refusal::BadArguments)?;
    let word = next().ok_or(Refusal::BadArguments)?;
    let asked = if word.eq_ignore_ascii_case("auto") {
        let way = next().ok_or(Refusal::BadArguments)?;
        let mut number = || next().and_then(|word| word.parse::<u64>().ok()).unwrap_or_default();
        let (first, last) = (number().max(1), number());
        let last = if last == 0 { u64::MAX } else { last };
        match () {
            () if way.eq_ignore_ascii_case("in") => Asked::In(first, last),
            () if way.eq_ignore_ascii_case("out") => Asked::Out(first, last),
            () => return Err(Refusal::BadArguments),
        }
    } else if word.eq_ignore_ascii_case("ask") {
        let channel = session.channel();
        let mut number = |name: &str, otherwise: u32| {
            let text = next().map(str::to_owned).or_else(|| channel.variable(name));
            let number = text.and_then(|text| text.trim().parse().ok());
            number.filter(|number| *number > 0).unwrap_or(otherwise)
        };
        let (least, most) = (number("valet_ext_min", 1), number("valet_ext_max", 11));
        let timeout_ms = number("valet_ext_to", 10_000);
        let rest = unquoted(words.0.trim());
        let prompt = (!rest.is_empty()).then(|| rest.to_owned());
        let prompt = prompt.or_else(|| channel.variable("valet_ext_prompt"));
        let prompt = prompt.unwrap_or_else(|| "ivr/ivr-enter_ext_pound.wav".to_owned());
        Asked::Ask(Question { least, most, timeout_ms, prompt })
    } else {
        Asked::Slot(slot(word)?)
    };
    Ok((lot, asked))
}

/// The words of a text, one after another, and what is left of it. A word may stand between apostrophes.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        let quoted = text.strip_prefix('\'').and_then(|text| text.split_once('\''));
        let (word, rest) = match quoted {
            Some(quoted) => quoted,
            None => text.split_once(char::is_whitespace).unwrap_or((text, "")),
        };
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }
}

fn unquoted(text: &str) -> &str {
    let inside = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    inside.unwrap_or(text)
}
