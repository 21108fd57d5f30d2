//! One orbit, and what happens to its call next and when.

use super::Park;
use super::call::Call;
use super::claim::{By, Exit};
use super::deadlines::Millis;
use super::lot::Slot;
use super::names::{LotKey, OrbitName};
use super::outcome::Refusal;
use super::steps::{Step, StepTo};
use super::views::CallView;

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
    /// No call gets it, even when the one in it has left.
    pub closed: bool,
    /// Who is in it.
    pub call: Option<CallView>,
    /// What happens next, in order. Nothing: the call waits until somebody takes it.
    pub next: Vec<Forecast>,
}

/// Something that will happen if nobody comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// In how many ms.
    pub in_ms: u64,
    /// What, as a sentence without its subject: `rings the parker 1000@example.com for 20 s`.
    pub what: String,
}

impl Park {
    /// One orbit, and what happens to its call next and when, return step by return step.
    ///
    /// # Errors
    /// `UnknownLot`, `UnknownOrbit`.
    pub fn show(&self, now: Millis, key: &LotKey, orbit: &OrbitName) -> Result<OrbitView, Refusal> {
        let lot = self.lots.get(key).ok_or(Refusal::UnknownLot)?;
        let slot = lot.slot(orbit);
        let draining = lot.orbits.number(orbit).is_none();
        let closed = draining || lot.is_orbit_closed(orbit);
        let state = match slot {
            None if draining => return Err(Refusal::UnknownOrbit),
            Some(_) if draining => OrbitState::Draining,
            Some(Slot::Parked(_)) => OrbitState::Parked,
            Some(Slot::Reserved(_)) => OrbitState::Reserved,
            None if closed => OrbitState::Closed,
            None => OrbitState::Free,
        };
        let mut view = OrbitView {
            lot: key.clone(),
            orbit: orbit.clone(),
            state,
            closed,
            call: None,
            next: Vec::new(),
        };
        match slot {
            Some(Slot::Parked(uuid)) => {
                if let Some(call) = self.calls.get(uuid) {
                    view.next = self.forecast(now, call);
                    view.call = Some(self.view(call, now));
                }
            }
            Some(Slot::Reserved(uuid)) => {
                view.next.extend(self.reservations.get(uuid).map(|held| Forecast {
                    in_ms: held.until.since(now),
                    what: format!("is free again unless {uuid} arrives"),
                }));
            }
            None => {}
        }
        Ok(view)
    }

    fn forecast(&self, now: Millis, call: &Call) -> Vec<Forecast> {
        let steps = self.steps_of(call);
        let mut next = Vec::new();
        let mut say = |in_ms, what: String| next.push(Forecast { in_ms, what });
        if let Some(pending) = &call.claim {
            let what = match &pending.by {
                By::Retriever { leg, user } | By::StepLeg { leg, user, .. } => {
                    let who = user.as_deref().unwrap_or(leg.as_str());
                    format!("is being connected to {who}")
                }
                By::Leave(Exit::Transfer(to)) | By::Step { to, .. } => {
                    format!("is being transferred to {to}")
                }
                By::Leave(Exit::Drop { cause }) => format!("is being hung up with {cause}"),
            };
            say(0, what);
            return next;
        }
        let (mut at, first) = match (call.ringing, call.deadline) {
            _ if self.stopping => return next,
            (Some(ringing), _) => {
                if let Some(step) = steps.get(ringing.step) {
                    say(0, format!("{} (now)", describe(call, step)));
                }
                (ringing.until.since(now), ringing.step.saturating_add(1))
            }
            (None, Some(deadline)) => (deadline.since(now), call.next_step),
            (None, None) => return next,
        };
        for step in steps.iter().skip(first) {
            say(at, describe(call, step));
            match (&step.to, &call.parker) {
                // Skipped, so it takes no time.
                (StepTo::Parker, None) => {}
                (StepTo::Parker | StepTo::Dial(_), _) => {
                    at = at.saturating_add(u64::from(step.ring_s).saturating_mul(1000));
                }
                (StepTo::Transfer(_), _) => return next,
            }
        }
        match self.timeout_of(call) {
            0 => say(at, "waits on without a timeout".to_owned()),
            ms => say(at, format!("waits on, again for {}", seconds(ms))),
        }
        next
    }
}

fn describe(call: &Call, step: &Step) -> String {
    match (&step.to, &call.parker) {
        (StepTo::Parker, Some(parker)) => {
            format!("rings the parker {parker} for {} s", step.ring_s)
        }
        (StepTo::Parker, None) => "skips ringing the parker, who is not known".to_owned(),
        (StepTo::Dial(dial), _) => format!("rings {dial} for {} s", step.ring_s),
        (StepTo::Transfer(to), _) => format!("transfers to {to}"),
    }
}

fn seconds(ms: u64) -> String {
    match ms % 1000 {
        0 => format!("{} s", ms / 1000),
        _ => format!("{ms} ms"),
    }
}
