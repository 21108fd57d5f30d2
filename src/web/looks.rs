//! Questions: each answered with what the viewer may see.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use office::entry::Place;
use office::web::{Answer, Look, Problem, Query, Reply, Who};

use super::asked::{Configs, limit, lot, only, value};
use super::viewer::Viewer;
use super::{past, problem};
use crate::api::{health, written_down};
use crate::args;
use crate::dial::reachable;
use crate::journal::acts;
use crate::module::Module;
use crate::park::{
    CallUuid, CallView, Forecast, LotKey, LotView, Precondition, Refusal, Right, Shown, shortened,
};
use crate::render;
use crate::render::web::{Card, Document, Lot};
use crate::switch::clock;

/// How many calls one answer has at the most, and how many orbits.
const MOST_CALLS: usize = 1_000;
const MOST_ORBITS: usize = 1_000;
/// How many orbits it has unless it is asked for more.
const ORBITS: usize = 200;

/// The longest name of a lot that is written down.
const LONGEST_LOT: usize = 100;

/// Answers it, and writes down who has asked.
pub(super) fn look(module: &Arc<Module>, who: &Who, look: Look) -> Answer {
    let viewer = Viewer::of(module, who);
    let asked = told(&look);
    let answer = answer(module, &viewer, look);
    if let Some((verb, words, place)) = asked {
        let result = answer.as_ref().err().map_or("ok", |problem| problem.code);
        write_down(module, &viewer, acts::Command { verb, words, place, result, kind: POLLS });
    }
    answer
}

/// A board and a program ask again and again.
const POLLS: acts::Kind = acts::Kind::Polls;

/// That is in the audit of who it is.
fn write_down(module: &Module, viewer: &Viewer, command: acts::Command<'_>) {
    acts::acting(&viewer.name(), || acts::command(module, command));
}

/// What of a question is written down: the verb of the command that answers the same, words without the number of a caller, and
/// where. What says nothing of a call is not.
fn told(look: &Look) -> Option<(&'static str, String, Place)> {
    let words = |query: &Query| {
        let word = |(key, value): &(String, String)| {
            written_down::without_caller(&format!("{key}={value}"))
        };
        query.iter().map(word).collect::<Vec<_>>().join(" ")
    };
    let nowhere = Place::default();
    match look {
        Look::Lots | Look::Health => None,
        Look::Orbits { lot, query } => {
            let place =
                Place { lot: shortened(lot, LONGEST_LOT).to_string(), orbit: String::new() };
            Some(("show", words(query), place))
        }
        Look::Calls(query) => Some(("list", words(query), nowhere)),
        Look::Call(uuid) => Some(("show", uuid.clone(), nowhere)),
        Look::History(query) => Some(("history", words(query), nowhere)),
        Look::At(query) => Some(("at", words(query), nowhere)),
        Look::Report { kind, query, .. } => {
            Some(("report", format!("{kind} {}", words(query)), nowhere))
        }
    }
}

fn answer(module: &Arc<Module>, viewer: &Viewer, look: Look) -> Answer {
    match look {
        Look::Lots => Ok(lots(module, viewer)),
        Look::Orbits { lot, query } => orbits(module, viewer, &lot, &query),
        Look::Calls(query) => calls(module, viewer, &query),
        Look::Call(uuid) => call(module, viewer, &uuid),
        Look::History(query) => past::history(module, viewer, query),
        Look::At(query) => past::at(module, viewer, &query),
        Look::Report { kind, query, csv } => past::report(module, viewer, &kind, query, csv),
        Look::Health => Ok(parts(module, viewer)),
    }
}

/// The lots that the viewer sees, and what it may do there.
fn visible_lots(module: &Module, viewer: &Viewer) -> Vec<(LotView, Vec<Right>)> {
    let lots = module.look(|park| {
        let lots = park.lots().into_iter().map(|lot| (park.lot_config(&lot.lot), lot));
        lots.collect::<Vec<_>>()
    });
    let seen = lots.into_iter().filter_map(|(config, lot)| {
        let config = config.as_deref();
        let may = |right: &Right| viewer.may(*right, &lot.lot, config);
        let may: Vec<Right> = Right::ALL.into_iter().filter(may).collect();
        may.contains(&Right::List).then_some((lot, may))
    });
    seen.collect()
}

/// The calls that the viewer sees.
fn visible_calls(module: &Module, viewer: &Viewer, lot: Option<&LotKey>) -> Vec<CallView> {
    let mut configs = Configs::default();
    let mut calls = module.calls(lot);
    calls.retain(|call| viewer.sees(&call.lot, configs.of(module, &call.lot).as_deref()));
    calls
}

/// These calls, as far as the viewer sees them, each with what happens next.
fn shown(
    module: &Module,
    viewer: &Viewer,
    calls: Vec<CallView>,
) -> Vec<(CallView, Option<Forecast>)> {
    let mut configs = Configs::default();
    let calls = calls.into_iter().map(|call| {
        let shown = viewer.shown(configs.of(module, &call.lot).as_deref(), &call);
        let none = |_: &Precondition| None;
        let next = module.look(|park| park.show(clock::now(), &call.place(), &none)).ok();
        let next = next.and_then(|view| view.next.into_iter().next());
        (masked(call, shown), next)
    });
    calls.collect()
}

fn masked(call: CallView, shown: Shown) -> CallView {
    CallView { info: render::masked::call(call.info, shown), ..call }
}

/// Everything there is, with which the live stream begins.
pub(super) fn snapshot(module: &Module, viewer: &Viewer, seq: i64) -> String {
    let words = "events".to_owned();
    let (place, result) = (Place::default(), "ok");
    write_down(module, viewer, acts::Command { verb: "list", words, place, result, kind: POLLS });
    let lots = visible_lots(module, viewer);
    let calls = shown(module, viewer, visible_calls(module, viewer, None));
    document(&lots, Some(&calls), Some(seq))
}

fn document(
    lots: &[(LotView, Vec<Right>)],
    calls: Option<&[(CallView, Option<Forecast>)]>,
    seq: Option<i64>,
) -> String {
    let lots = lots.iter().map(|(lot, may)| Lot { lot, may: Some(may.clone()) });
    Document {
        at_ms: clock::epoch_ms(),
        seq,
        lots: Some(lots.collect()),
        calls: calls.map(cards),
        next: None,
    }
    .json()
}

fn cards(calls: &[(CallView, Option<Forecast>)]) -> Vec<Card<'_>> {
    calls.iter().map(|(call, next)| Card { call, next: next.as_ref() }).collect()
}

fn lots(module: &Module, viewer: &Viewer) -> Reply {
    let lots = visible_lots(module, viewer);
    let mut hash = DefaultHasher::new();
    for (lot, may) in &lots {
        let LotView { lot, capacity, parked, free, closed, reserved, draining, removed } = lot;
        (lot.to_string(), capacity, parked, free, closed, reserved, draining, removed)
            .hash(&mut hash);
        may.iter().for_each(|right| right.as_str().hash(&mut hash));
    }
    Reply { tag: Some(hash.finish()), ..Reply::json(document(&lots, None, None)) }
}

fn calls(module: &Module, viewer: &Viewer, query: &Query) -> Answer {
    only(query, &["lot", "limit", "after"])?;
    let most = limit(query, MOST_CALLS, MOST_CALLS)?;
    let lot = value(query, "lot").map(|name| lot(module, viewer, name)).transpose()?;
    let mut calls = visible_calls(module, viewer, lot.as_ref());
    if let Some(after) = value(query, "after") {
        let at = calls.iter().position(|call| call.info.uuid.as_str() == after);
        // If it has left, the list begins anew.
        calls.drain(..at.map_or(0, |at| at + 1));
    }
    let more = calls.len() > most;
    calls.truncate(most);
    let next = calls.last().filter(|_| more).map(|call| call.info.uuid.as_str().to_owned());
    let calls = shown(module, viewer, calls);
    let mut hash = DefaultHasher::new();
    for (call, next) in &calls {
        let CallView { info, lot, orbit, state, retriever, step, .. } = call;
        let now_ms = clock::epoch_ms();
        let at = call.timeout_ms_left.map(|left_ms| now_ms.saturating_add(left_ms) / 1_000);
        (lot.to_string(), orbit.as_str(), state.as_str(), at).hash(&mut hash);
        (format!("{info:?}{retriever:?}{step:?}"), next.as_ref().map(|next| &next.what))
            .hash(&mut hash);
    }
    let document = Document {
        at_ms: clock::epoch_ms(),
        calls: Some(cards(&calls)),
        next: Some(next),
        ..Document::default()
    };
    Ok(Reply { tag: Some(hash.finish()), ..Reply::json(document.json()) })
}

/// A call that the viewer sees.
pub(super) fn find(module: &Module, viewer: &Viewer, uuid: &str) -> Result<CallView, Problem> {
    let uuid = CallUuid::from(uuid);
    let found = module.look(|park| {
        let call = park.find(clock::now(), &uuid)?;
        let config = park.lot_config(&call.lot);
        Some((call, config))
    });
    let (call, config) = found.ok_or_else(|| problem(Refusal::Gone))?;
    let seen = viewer.sees(&call.lot, config.as_deref());
    if seen { Ok(call) } else { Err(problem(Refusal::Gone)) }
}

fn call(module: &Arc<Module>, viewer: &Viewer, uuid: &str) -> Answer {
    let place = find(module, viewer, uuid)?.place();
    let asked = module.look(|park| park.show_asks(&place));
    // Asked between the two looks: no lock of ours is held while FreeSWITCH is asked.
    let known: HashMap<Precondition, Option<&'static str>> =
        asked.into_iter().map(|asks| (asks.clone(), reachable::obstacle(module, &asks))).collect();
    let known = |asks: &Precondition| known.get(asks).copied().flatten();
    let view = module.look(|park| park.show(clock::now(), &place, &known));
    let mut view = view.map_err(problem)?;
    let config = module.look(|park| park.lot_config(&place.lot));
    view.call = view.call.map(|call| {
        let shown = viewer.shown(config.as_deref(), &call);
        masked(call, shown)
    });
    match &view.call {
        // Another one may be there by now.
        Some(call) if call.info.uuid.as_str() == uuid || find(module, viewer, uuid).is_ok() => {}
        _ => return Err(problem(Refusal::Gone)),
    }
    Ok(Reply::json(render::web::call(&view, clock::epoch_ms())))
}

fn orbits(module: &Module, viewer: &Viewer, name: &str, query: &Query) -> Answer {
    only(query, &["after", "limit"])?;
    let most = limit(query, ORBITS, MOST_ORBITS)?;
    let lot = lot(module, viewer, name)?;
    let after = value(query, "after").map(args::orbit).transpose().map_err(problem)?;
    let (orbits, more) = module.look(|park| park.some_orbits(&lot, after.as_ref(), most));
    Ok(Reply::json(render::web::orbits(&orbits, more, clock::epoch_ms())))
}

/// How the parts are. What is wrong with them is for those who see everything.
fn parts(module: &Arc<Module>, viewer: &Viewer) -> Reply {
    let parts = health::parts(module);
    match viewer.actor.is_administrator() && viewer.who.lots.is_empty() {
        true => Reply::json(render::health_json(&parts)),
        false => Reply::json(format!("{{\"ok\":{}}}", parts.iter().all(|part| part.ok))),
    }
}
