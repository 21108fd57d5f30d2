//! The live stream: what each viewer sees of each event.

use std::sync::{Arc, OnceLock};

use office::web::{Happened, Sight, View, Who};

use super::looks;
use super::viewer::Viewer;
use crate::module::Module;
use crate::park::{CallUuid, CallView, Forecast, LotConfig, LotKey, LotView, Shown};
use crate::render;
use crate::render::web::{Card, Event, Lot};
use crate::switch::clock;

/// What there was to see when an event was told.
struct Seen {
    lot: LotKey,
    config: Option<Arc<LotConfig>>,
    call: Option<(CallView, Option<Forecast>)>,
    status: Option<LotView>,
    /// The text for each way in which the caller can be shown.
    texts: [OnceLock<Arc<str>>; 3],
}

/// Adds what is known now.
pub(super) fn told(module: &Module, event: Happened) -> Happened {
    let Ok(lot) = event.lot.parse::<LotKey>() else { return event };
    let uuid = CallUuid::from(event.uuid.as_str());
    let (now, none) = (clock::now(), |_: &_| None);
    let seen = module.look(|park| {
        let call = (!event.uuid.is_empty()).then(|| park.find(now, &uuid)).flatten();
        // Of the lot in which it is now.
        let at = call.as_ref().map_or(&lot, |call| &call.lot);
        let next = call.as_ref().and_then(|call| park.show(now, &call.place(), &none).ok());
        Seen {
            config: park.lot_config(at),
            status: park.lot(&lot),
            lot: at.clone(),
            call: call.map(|call| (call, next.and_then(|view| view.next.into_iter().next()))),
            texts: Default::default(),
        }
    });
    Happened { seen: Some(Arc::new(seen)), ..event }
}

/// What that viewer sees now, and will see.
pub(super) fn view(module: &Arc<Module>, who: &Who, seq: i64) -> View {
    let viewer = Viewer::of(module, who);
    let snapshot = looks::snapshot(module, &viewer, seq);
    View { snapshot, eyes: Box::new(move |event| sight(&viewer, event)) }
}

/// What the viewer sees of an event.
fn sight(viewer: &Viewer, event: &Happened) -> Sight {
    let seen = event.seen.as_ref().and_then(|seen| seen.downcast_ref::<Seen>());
    let Some(seen) = seen else { return Sight::Nothing };
    let config = seen.config.as_deref();
    if config.is_some_and(|config| !viewer.knows(config)) {
        return Sight::Unknown;
    }
    if !viewer.sees(&seen.lot, config) {
        return Sight::Nothing;
    }
    let shown = match &seen.call {
        Some((call, _)) => viewer.shown(config, call),
        None => Shown::All,
    };
    let at = match shown {
        Shown::All => 0,
        Shown::Masked => 1,
        Shown::Nothing => 2,
    };
    let text = seen.texts.get(at).map(|text| text.get_or_init(|| written(event, seen, shown)));
    text.map_or(Sight::Nothing, |text| Sight::Json(Arc::clone(text)))
}

fn written(event: &Happened, seen: &Seen, shown: Shown) -> Arc<str> {
    let call = seen.call.as_ref().map(|(call, next)| {
        let info = render::masked::call(call.info.clone(), shown);
        (CallView { info, ..call.clone() }, next.as_ref())
    });
    let event = Event {
        seq: event.seq,
        at_ms: event.at_ms,
        action: &event.action,
        uuid: &event.uuid,
        from_uuid: event.from_uuid.as_deref(),
        lot: &event.lot,
        orbit: &event.orbit,
        outcome: event.outcome.as_deref(),
        retriever: event.retriever.as_deref(),
        reason: event.reason.as_deref(),
        step: event.step.as_ref(),
        wait_ms: event.wait_ms,
        call: call.as_ref().map(|(call, next)| Card { call, next: *next }),
        status: seen.status.as_ref().map(|lot| Lot { lot, may: None }),
    };
    Arc::from(event.json())
}
