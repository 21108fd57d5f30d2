//! One orbit, and what happens to its call next and when.

use super::Park;
use super::call::{Call, ClaimedBy};
use super::destination::Exit;
use super::fallback::AfterReturn;
use super::lot::Slot;
use super::moment::Moment;
use super::names::{CallUuid, LotKey, OrbitKey, OrbitName};
use super::outcome::Refusal;
use super::return_state::StepTry;
use super::steps::{Mailbox, Precondition, Reminder, Step, StepRef, StepTo};
use super::view::CallView;

/// What an orbit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrbitState {
    /// A call could get it.
    Free,
    /// It is held for a channel about to arrive.
    Reserved,
    /// Out of service and empty.
    Closed,
    /// A call is in it.
    Parked,
    /// A call, or a reservation, is in it, and a reload took it away.
    Draining,
}

impl OrbitState {
    /// The word in `callpark show`.
    pub fn as_str(self) -> &'static str {
        match self {
            OrbitState::Free => "free",
            OrbitState::Reserved => "reserved",
            OrbitState::Closed => "closed",
            OrbitState::Parked => "parked",
            OrbitState::Draining => "draining",
        }
    }
}

/// One orbit.
#[derive(Clone, Debug, PartialEq)]
pub struct OrbitView {
    /// Its lot.
    pub lot: LotKey,
    /// Its name.
    pub orbit: OrbitName,
    /// What it is.
    pub state: OrbitState,
    /// It is not given to another call, even after the one in it has left.
    pub closed: bool,
    /// The call in it.
    pub call: Option<CallView>,
    /// What happens next, in order. If empty, the call waits until it is taken.
    pub next: Vec<Forecast>,
}

/// As [`OrbitView`], in a list of many.
pub struct OrbitRow {
    /// Its name.
    pub orbit: OrbitName,
    /// What it is.
    pub state: OrbitState,
    /// It is not given to another call, even after the one in it has left.
    pub closed: bool,
    /// The call in it.
    pub uuid: Option<CallUuid>,
}

/// Something that will happen unless the call is taken first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// In how many ms.
    pub in_ms: u64,
    /// What, as a sentence without its subject: `rings the parker 1000@example.com for 20 s`.
    pub what: String,
    /// Which return step that is.
    pub step: Option<StepRef>,
    /// Why it will be skipped, if that is known now. A step that is skipped takes no time.
    pub skipped: Option<&'static str>,
}

impl Park {
    /// One orbit, and what happens to its call next and when, return step by return step. `known` answers what
    /// [`show_asks`](Park::show_asks) asked.
    ///
    /// # Errors
    /// `UnknownLot`, `UnknownOrbit`.
    pub fn show(
        &self,
        now: Moment,
        place: &OrbitKey,
        known: &Known<'_>,
    ) -> Result<OrbitView, Refusal> {
        let (state, closed, slot) = self.orbit(place)?;
        let mut view = OrbitView {
            lot: place.lot.clone(),
            orbit: place.orbit.clone(),
            state,
            closed,
            call: None,
            next: Vec::new(),
        };
        match slot {
            Some(Slot::Parked(uuid)) => {
                if let Some(call) = self.calls.get(uuid) {
                    view.next = self.forecast(now, call, known);
                    view.call = Some(self.view(call, now));
                }
            }
            Some(Slot::Reserved(uuid)) => {
                view.next.extend(self.reservations.get(uuid).map(|held| {
                    let what = format!("becomes free again unless {uuid} arrives");
                    Forecast::plain(held.until.since(now), what)
                }));
                view.next.extend(self.absent.left_ms(now, uuid).map(|left_ms| {
                    let what =
                        format!("becomes free again unless {uuid} comes back after the restart");
                    Forecast::plain(left_ms, what)
                }));
            }
            None => {}
        }
        Ok(view)
    }

    /// What an orbit is, whether it is closed, and what is in it.
    fn orbit(&self, place: &OrbitKey) -> Result<(OrbitState, bool, Option<&Slot>), Refusal> {
        let OrbitKey { lot: key, orbit } = place;
        let lot = self.lot_or_original(key).ok_or(Refusal::UnknownLot)?;
        let slot = self.slot(place);
        let draining = !lot.has_orbit(orbit);
        let closed = draining || (self.lots.contains_key(key) && lot.is_orbit_closed(orbit));
        let state = match slot {
            None if draining => return Err(Refusal::UnknownOrbit),
            Some(_) if draining => OrbitState::Draining,
            Some(Slot::Parked(_)) => OrbitState::Parked,
            Some(Slot::Reserved(_)) => OrbitState::Reserved,
            None if closed => OrbitState::Closed,
            None => OrbitState::Free,
        };
        Ok((state, closed, slot))
    }

    /// Some orbits of a lot by name, at most so many, behind that one, and whether there are more.
    pub fn some_orbits(
        &self,
        lot: &LotKey,
        after: Option<&OrbitName>,
        most: usize,
    ) -> (Vec<OrbitRow>, bool) {
        let Some(original) = self.lot_or_original(lot) else { return (Vec::new(), false) };
        let mut orbits = original.orbits_after(after);
        let some: Vec<OrbitName> = orbits.by_ref().take(most).collect();
        let more = orbits.next().is_some();
        let rows = some.into_iter().filter_map(|orbit| {
            let place = OrbitKey { lot: lot.clone(), orbit };
            let (state, closed, slot) = self.orbit(&place).ok()?;
            let uuid = match slot {
                Some(Slot::Parked(uuid)) => Some(uuid.clone()),
                _ => None,
            };
            Some(OrbitRow { orbit: place.orbit, state, closed, uuid })
        });
        (rows.collect(), more)
    }

    /// What [`show`](Park::show) should know of the switch.
    pub fn show_asks(&self, place: &OrbitKey) -> Vec<Precondition> {
        let slot = self.slot(place);
        let Some(Slot::Parked(uuid)) = slot else { return Vec::new() };
        let Some(call) = self.calls.get(uuid) else { return Vec::new() };
        let steps = self.steps_of(call);
        steps.iter().filter_map(|step| step.asks(call.info.parker.as_ref())).collect()
    }

    fn forecast(&self, now: Moment, call: &Call, known: &Known<'_>) -> Vec<Forecast> {
        let mut next = Vec::new();
        if let Some(pending) = &call.claim {
            next.push(Forecast::plain(0, happening(&pending.by)));
            return next;
        }
        if self.stopping {
            return next;
        }
        if let Some(at) = call.leaves_at {
            let exit = self.lots.get(&call.place.lot).and_then(|lot| lot.config.exit_to.as_ref());
            let what = match exit {
                Some(to) => format!("reaches max-wait and is transferred to {to}"),
                None => "reaches max-wait and is hung up".to_owned(),
            };
            next.push(Forecast::plain(at.since(now), what));
        }
        if let Some(at) = call.exclusive_until {
            next.push(Forecast::plain(at.since(now), "is no longer kept for one user".to_owned()));
        }
        let last = call.leaves_at.map(|at| at.since(now));
        self.forecast_returns(now, call, known, &mut next);
        next.sort_by_key(|forecast| forecast.in_ms);
        // Nothing more happens to a call that has left.
        next.retain(|forecast| last.is_none_or(|last| forecast.in_ms <= last));
        next
    }

    fn forecast_returns(
        &self,
        now: Moment,
        call: &Call,
        known: &Known<'_>,
        next: &mut Vec<Forecast>,
    ) {
        let mut attempt = call.returning.attempt();
        let mut at = match (call.returning.ringing(), call.returning.due()) {
            (Some(rings), _) => {
                if let Some(step) = self.steps_among(call).get(attempt.step) {
                    let state = if rings.answered { "answered" } else { "now" };
                    let what = format!("{} ({state})", describe(call, step));
                    next.push(Forecast::step(0, what, attempt.step, step));
                }
                attempt.tries = attempt.tries.saturating_add(1);
                rings.until.since(now)
            }
            (None, Some(due)) => due.since(now),
            (None, None) => return,
        };
        let (steps, attempt, mut paused) =
            self.steps_from(call, attempt, call.returning.is_paused());
        let StepTry { step: first, mut tries } = attempt;
        for (number, step) in steps.iter().enumerate().skip(first) {
            for _ in tries..step.repeat {
                if !std::mem::take(&mut paused) {
                    at = at.saturating_add(u64::from(step.pause_s) * 1000);
                }
                let mut forecast = Forecast::step(at, describe(call, step), number, step);
                forecast.skipped = self.skipped(call, step, known);
                if forecast.skipped.is_none() {
                    at = at.saturating_add(step.lasts_ms());
                }
                let over = forecast.skipped.is_some();
                next.push(forecast);
                if !over
                    && matches!(
                        step.to,
                        StepTo::Transfer(_)
                            | StepTo::Voicemail(_)
                            | StepTo::Hangup(_)
                            | StepTo::Continue
                    )
                {
                    return;
                }
                if over {
                    break;
                }
            }
            tries = 0;
        }
        next.push(Forecast::plain(at, self.at_the_end(call)));
    }

    /// Why a step is skipped, as far as that is known now.
    fn skipped(&self, call: &Call, step: &Step, known: &Known<'_>) -> Option<&'static str> {
        if let StepTo::Callback = step.to {
            return self.callback_of(call).err();
        }
        let needs_parker = matches!(
            step.to,
            StepTo::Parker | StepTo::Remind(_) | StepTo::Voicemail(Mailbox::Parker)
        );
        if needs_parker && call.info.parker.is_none() {
            return Some("the parker is not known");
        }
        known(&step.asks(call.info.parker.as_ref())?)
    }

    fn at_the_end(&self, call: &Call) -> String {
        let config = self.lots.get(&call.place.lot).map(|lot| &lot.config);
        let last = config.filter(|config| {
            config.rounds().is_some_and(|most| call.rounds.saturating_add(1) >= most)
        });
        match (last.map(|config| &config.after_return), self.timeout_of(call)) {
            (Some(AfterReturn::Transfer(to)), _) => format!("is transferred to {to}"),
            (Some(AfterReturn::Hangup(cause)), _) => format!("is hung up with {cause}"),
            (Some(AfterReturn::Park), _) => format!("is hung up with {}", AfterReturn::CAUSE),
            (None, 0) => "remains parked without a timeout".to_owned(),
            (None, ms) => format!("remains parked for another {}", seconds(ms)),
        }
    }
}

/// What is known of the switch: the reason, if any, why a precondition is not met.
type Known<'a> = dyn Fn(&Precondition) -> Option<&'static str> + 'a;

impl Forecast {
    fn plain(in_ms: u64, what: String) -> Self {
        Forecast { in_ms, what, step: None, skipped: None }
    }

    fn step(in_ms: u64, what: String, number: usize, step: &Step) -> Self {
        Forecast { step: Some(StepRef::of(number, step)), ..Forecast::plain(in_ms, what) }
    }
}

fn happening(by: &ClaimedBy) -> String {
    match by {
        ClaimedBy::Retriever { leg, user } | ClaimedBy::StepLeg { leg, user, .. } => {
            format!("is being connected to {}", user.as_deref().unwrap_or(leg.as_str()))
        }
        ClaimedBy::Leave(exit) | ClaimedBy::Step { exit, .. } => match exit {
            Exit::Transfer(to) => format!("is being transferred to {to}"),
            Exit::Voicemail(user) => format!("is being transferred to the voicemail of {user}"),
            Exit::Continue => "is about to continue in its dialplan".to_owned(),
            Exit::Drop { cause } => format!("is being hung up with {cause}"),
            Exit::Callback => "is being notified of its call-back".to_owned(),
        },
    }
}

fn describe(call: &Call, step: &Step) -> String {
    let parker = || match &call.info.parker {
        Some(parker) => format!("the parker {parker}"),
        None => "the parker".to_owned(),
    };
    match &step.to {
        StepTo::Parker => format!("rings {} for {} s", parker(), step.ring_s),
        StepTo::Dial(dial) => format!("rings {dial} for {} s", step.ring_s),
        StepTo::Remind(Reminder::Call) => format!("reminds {} for {} s", parker(), step.ring_s),
        StepTo::Remind(Reminder::Message) => format!("reminds {} by message", parker()),
        StepTo::Voicemail(Mailbox::Parker) => format!("goes to the voicemail of {}", parker()),
        StepTo::Voicemail(Mailbox::User(user)) => format!("goes to the voicemail of {user}"),
        StepTo::Transfer(to) => format!("is transferred to {to}"),
        StepTo::Hangup(cause) => format!("is hung up with {cause}"),
        StepTo::Continue => "continues in its dialplan".to_owned(),
        StepTo::Callback => format!("is offered a call-back for {} s", step.ring_s),
    }
}

fn seconds(ms: u64) -> String {
    match ms % 1000 {
        0 => format!("{} s", ms / 1000),
        _ => format!("{ms} ms"),
    }
}
