//! One place for what is reported of a parked call: the `callpark::info` event, the channel variables and the log.

use std::borrow::Cow;
use std::ffi::CStr;
use std::fmt::Write;

use crate::park::{
    Action, CallUuid, CallbackEnd, CallbackNews, Caller, LotKey, OrbitName, ParkEvent, Shown,
    StepResult, Viewer,
};
use crate::render::masked;
use crate::switch::clock;
use crate::switch::event::{Event, Kind};
use crate::switch::{Located, Session};
use crate::tell::feed::News;
use crate::tell::{cdr, history, valet};

/// The subclass of our events.
pub(crate) const SUBCLASS: &CStr = c"callpark::info";

/// Sets the channel's variables and prepares the report. `here` is the session on whose thread this runs. It can be
/// reported even while it hangs up, when FreeSWITCH no longer finds it. `valet`: also as mod_valet_parking would.
pub(crate) fn news(event: &ParkEvent, here: Option<Session<'_>>, valet: bool) -> News {
    let here = here.filter(|session| session.uuid() == event.info.uuid.as_str());
    let located = match here {
        Some(_) => None,
        None => Located::find(event.info.uuid.as_str()),
    };
    let session = here.or_else(|| located.as_ref().map(Located::session));
    if let Some(session) = session {
        cdr::set(session, event);
    }
    if matches!(event.action, Action::Park | Action::Replace | Action::Recover)
        || event.outcome.is_some()
    {
        history::note(event, clock::epoch_ms(), session);
    }
    let told = told(event);
    // What FreeSWITCH says of the channel has the caller too.
    let shown = session.filter(|_| matches!(told, Cow::Borrowed(_)));
    let mut events: Vec<Event> = info(&told, shown).into_iter().collect();
    if valet {
        events.extend(valet::told(event, session));
    }
    News { uuid: event.info.uuid.clone(), events, sentence: sentence(&told), above: None }
}

/// The event with as much of its caller as may be told.
fn told(event: &ParkEvent) -> Cow<'_, ParkEvent> {
    match event.privacy.shown_to(Viewer::Event, &event.info.caller) {
        Shown::All => Cow::Borrowed(event),
        shown => {
            let info = masked::call(event.info.clone(), shown);
            Cow::Owned(ParkEvent { info, ..event.clone() })
        }
    }
}

/// What every event of ours begins with.
fn about(
    action: &str,
    place: (&LotKey, Option<&OrbitName>),
    uuid: &CallUuid,
    caller: &Caller,
    session: Option<Session<'_>>,
) -> Option<Event> {
    let mut out = Event::new(Kind::Custom, Some(SUBCLASS))?;
    if let Some(session) = session {
        out = out.with_channel(session.channel());
    }
    let (lot, orbit) = place;
    Some(
        out.with("Callpark-Action", action)
            .with("Callpark-Lot", &lot.to_string())
            .with("Callpark-Orbit", orbit.map_or("", OrbitName::as_str))
            .with("Callpark-UUID", uuid.as_str())
            .with("Callpark-Caller-ID-Name", &caller.name)
            .with("Callpark-Caller-ID-Number", &caller.number),
    )
}

fn info(event: &ParkEvent, session: Option<Session<'_>>) -> Option<Event> {
    let place = (&event.lot, event.orbit.as_ref());
    let mut out =
        about(event.action.as_str(), place, &event.info.uuid, &event.info.caller, session)?
            .with("Callpark-Parker", event.info.parker.as_deref().unwrap_or_default())
            .with("Callpark-Retriever", event.retriever.as_deref().unwrap_or_default())
            .with(
                "Callpark-Retriever-UUID",
                event.retriever_uuid.as_ref().map_or("", |uuid| uuid.as_str()),
            )
            .with("Callpark-Priority", &event.info.priority.to_string())
            .with("Callpark-Note", &event.info.note)
            .with("Callpark-Wait-Ms", &event.wait_ms.to_string())
            .with("Callpark-Outcome", event.outcome.map_or("", |outcome| outcome.as_str()))
            .with("Callpark-Reason", event.reason.as_deref().unwrap_or_default())
            .with("Callpark-Rule", event.rule.as_deref().unwrap_or_default());
    if let Some(right) = event.right {
        out = out.with("Callpark-Right", right.as_str());
    }
    if let Some(step) = &event.step {
        out = out
            .with("Callpark-Step", &step.to_string())
            .with("Callpark-Step-Result", event.step_result.map_or("", StepResult::as_str));
    }
    if let Some(from) = &event.from {
        out = out
            .with("Callpark-From-Lot", &from.lot.to_string())
            .with("Callpark-From-Orbit", from.orbit.as_str());
    }
    if let Some(uuid) = &event.from_uuid {
        out = out.with("Callpark-From-UUID", uuid.as_str());
    }
    Some(out)
}

/// Prepares the report of a call-back, `Callpark-Action: callback`. The call itself has ended.
pub(crate) fn callback_news(news: &CallbackNews) -> News {
    let callback = &news.callback;
    let shown = callback.privacy.shown_to(Viewer::Event, &callback.caller);
    let caller = &masked::caller(&callback.caller, shown);
    let place = (&callback.lot, Some(&callback.orbit));
    let state = match (news.end, &callback.reason) {
        (Some(end), _) => end.as_str(),
        (None, Some(_)) => "failed-once",
        (None, None) => "owed",
    };
    let event = about("callback", place, &callback.uuid, caller, None).map(|out| {
        out.with("Callpark-Callback-ID", &callback.id.to_string())
            .with("Callpark-Callback-By", &callback.by)
            .with("Callpark-Callback-State", state)
            .with("Callpark-Callback-Attempts-Left", &callback.attempts_left.to_string())
            .with("Callpark-Note", callback.note.unwrap_or_default())
            .with("Callpark-Reason", callback.reason.as_deref().unwrap_or_default())
    });
    let caller = format!("{:?} <{}>", &*caller.name, caller.number);
    let (id, by) = (callback.id, &callback.by);
    let why = callback.reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    let what = match (news.end, callback.reason.is_some()) {
        (None, false) => match callback.note {
            Some(note) => format!("{by} will call {caller} back, who was {note}"),
            None => format!("{by} will call {caller} back"),
        },
        (None, true) => format!(
            "{by} could not call {caller} back{why}; attempts left: {}",
            callback.attempts_left
        ),
        (Some(CallbackEnd::Connected), _) => format!("{by} has called {caller} back"),
        (Some(CallbackEnd::Failed), _) => format!("{caller} will not be called back{why}"),
        (Some(CallbackEnd::Expired), _) => {
            format!("{caller} will not be called back, because callback-expires has passed{why}")
        }
        (Some(CallbackEnd::Cancelled), _) => {
            format!("{caller} will not be called back, because the call-back was cancelled")
        }
        (Some(CallbackEnd::Again), _) => {
            format!("{caller} has asked for another call-back, which replaces this one")
        }
        (Some(CallbackEnd::Shutdown), _) => {
            format!("{caller} will not be called back before the next start")
        }
    };
    let sentence = format!("call-back {id}: {what}");
    let events = event.into_iter().collect();
    News { uuid: callback.uuid.clone(), events, sentence, above: None }
}

/// What an administrator reads at 3 a.m.: which call, what happened, why, and what comes next.
pub(crate) fn sentence(event: &ParkEvent) -> String {
    let caller = format!("{:?} <{}>", &*event.info.caller.name, event.info.caller.number);
    let place = match &event.orbit {
        Some(orbit) => format!("{} {orbit}", event.lot),
        None => event.lot.to_string(),
    };
    let waited = format_args!("{}.{:03} s", event.wait_ms / 1000, event.wait_ms % 1000).to_string();
    let who = event
        .retriever
        .as_deref()
        .or_else(|| event.retriever_uuid.as_ref().map(|uuid| uuid.as_str()))
        .unwrap_or("nobody");
    let step = event.step.as_ref().map(|step| format!("return step {step}"));
    let step = step.as_deref().unwrap_or("after-return");
    let mut text = match (event.action, event.outcome) {
        (Action::Park, _) => {
            let by = event.info.parker.as_deref().unwrap_or("an unknown parker");
            format!("{place}: {caller} parked by {by}")
        }
        (Action::Retrieve, _) => format!("{place}: {caller} retrieved by {who} after {waited}"),
        (Action::Resume, _) if event.retriever.is_none() && event.retriever_uuid.is_none() => {
            format!("{place}: {caller} remains parked")
        }
        (Action::Resume, _) => {
            format!("{place}: {caller} remains parked; {who} did not take the call")
        }
        (Action::Return, Some(_)) => {
            format!("{place}: {caller} was returned after {waited} by {step}")
        }
        (Action::Return, None) if event.reason.is_some() => {
            format!("{place}: {caller} remains parked; {step} failed")
        }
        (Action::Return, None) => {
            format!("{place}: {caller} still parked after {waited}; {step} starts")
        }
        (Action::Abandon, _) => format!("{place}: {caller} hung up after {waited}"),
        (Action::Leave, Some(outcome)) => {
            format!("{place}: {caller} left the orbit after {waited}, outcome {outcome}")
        }
        (Action::Leave, None) => format!("{place}: {caller} left after {waited}"),
        (Action::Move, _) => match &event.from {
            Some(from) => format!("{place}: {caller} moved here from {from}"),
            None => format!("{place}: {caller} moved here"),
        },
        (Action::Replace, _) => {
            let old = event.from_uuid.as_ref().map_or("another leg", |uuid| uuid.as_str());
            format!("{place}: {caller} has taken the place of {old}")
        }
        (Action::Drop, outcome) => {
            let outcome = outcome.map_or("dropped", |outcome| outcome.as_str());
            format!("{place}: {caller} was hung up ({outcome}) after {waited}")
        }
        (Action::Remind, _) if event.step.is_some() && event.reason.is_none() => {
            let parker = event.info.parker.as_deref().unwrap_or("the parker");
            format!("{place}: {caller} still parked after {waited}; reminding {parker} ({step})")
        }
        (Action::Remind, _) if event.step.is_some() => {
            format!("{place}: {caller} still parked after {waited}; {step} failed")
        }
        (Action::Remind, _) => format!("{place}: {caller} still parked after {waited}"),
        (Action::Refuse, _) => match event.right {
            None => format!("{place}: {caller} not parked"),
            Some(right) => format!("{place}: {who} may not {right}"),
        },
        (Action::Set, _) => format!("{place}: {caller} remains parked"),
        (Action::Recover, None) => {
            format!("{place}: {caller} is back after the restart, parked for {waited}")
        }
        (Action::Recover, Some(_)) => {
            format!("{place}: {caller} was lost in the restart after {waited}")
        }
    };
    if let Some(reason) = &event.reason {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {reason}");
    }
    if let Some(rule) = &event.rule {
        let _ = write!(text, " by {rule}");
    }
    text
}
