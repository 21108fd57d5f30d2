//! The rules of the domain, one file a noun. No switch, no sleeping.

use super::*;

mod absent;
mod addressed;
mod admin;
mod callbacks;
mod changes;
mod choices;
mod claims;
mod copies;
mod crowd;
mod lasting;
mod limits;
mod made;
mod orbits;
mod parking;
mod pin;
mod reload;
mod replace;
mod returns;
mod rules;
mod steps;
mod timeouts;
mod users;
mod views;

/// What an operation causes, and nothing that was caused before it.
macro_rules! effects {
    ($park:ident . $($operation:tt)+) => {{
        drop($park.take_effects());
        let _ = $park.$($operation)+;
        $park.take_effects()
    }};
}
pub(super) use effects;

pub(super) const T0: Moment = Moment(1_000_000);

pub(super) fn at(ms: u64) -> Moment {
    T0.after(ms)
}

pub(super) fn key(text: &str) -> LotKey {
    text.parse().unwrap()
}

pub(super) fn orbit_key(lot: &str, orbit: &str) -> OrbitKey {
    OrbitKey { lot: lot.parse().unwrap(), orbit: orbit.parse().unwrap() }
}

pub(super) fn orbit(text: &str) -> OrbitName {
    text.parse().unwrap()
}

pub(super) fn lot(name: &str, orbits: &str) -> LotConfig {
    let ranges = OrbitRange::parse_list(orbits).unwrap();
    LotConfig { timeout: Timeout::fixed(60_000), ..LotConfig::new(key(name), ranges) }
}

/// Nothing is known of anybody's phones.
pub(super) fn nobody(_: &Precondition) -> Option<&'static str> {
    None
}

pub(super) fn park_with(lots: Vec<LotConfig>) -> Park {
    let mut park = Park::new(7);
    assert_eq!(effects!(park.configure(T0, lots)), []);
    park
}

/// One lot `default` with the orbits 701-705.
pub(super) fn park_of_five() -> Park {
    park_with(vec![lot("default", "701-705")])
}

pub(super) fn user(text: &str) -> User {
    text.parse().expect(text)
}

pub(super) fn request(uuid: &str, lot: &str) -> ParkRequest {
    let info = CallInfo {
        parker: Some(user("1000@example.com")),
        parked_at_epoch_ms: 1_700_000_000_000,
        ..CallInfo::new(uuid.into(), Caller::new("Alice", "100"))
    };
    ParkRequest::by_administrator(info, key(lot), Want::Auto)
}

/// The same for a call of which something else is known.
pub(super) fn known(mut request: ParkRequest, change: impl FnOnce(&mut CallInfo)) -> ParkRequest {
    change(&mut request.info);
    request
}

pub(super) fn wanting(uuid: &str, lot: &str, name: &str) -> ParkRequest {
    ParkRequest { orbit: Want::Orbit(orbit(name)), ..request(uuid, lot) }
}

/// Parks and says where.
pub(super) fn parked(park: &mut Park, request: ParkRequest) -> String {
    let parked = park.park(T0, request).unwrap();
    parked.to_string()
}

pub(super) fn refused(park: &mut Park, request: ParkRequest) -> (Refusal, AfterRefusal) {
    drop(park.take_effects());
    let refused = park.park(T0, request).unwrap_err();
    let effects = park.take_effects();
    let events = events(&effects);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].action, Action::Refuse);
    assert_eq!(events[0].reason.as_deref(), Some(refused.refusal.code()));
    assert_eq!(events[0].outcome, None);
    (refused.refusal, refused.then)
}

pub(super) fn retriever(uuid: &str) -> Claimant {
    Claimant::Retriever {
        uuid: uuid.into(),
        user: Some(user("1001@example.com")),
        by: Actor::Administrator,
    }
}

pub(super) fn step_leg(uuid: &str, run: RunId) -> Claimant {
    Claimant::StepLeg { uuid: uuid.into(), user: Some(user("1002@example.com")), run }
}

pub(super) fn claim_call(park: &mut Park, now: Moment, uuid: &str, by: Claimant) -> Claim {
    drop(park.take_effects());
    park.claim(now, None, Target::Call(&uuid.into()), by).unwrap()
}

pub(super) fn events(effects: &[Effect]) -> Vec<&ParkEvent> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Event(event) => Some(&**event),
            _ => None,
        })
        .collect()
}

/// The events in short: `return 1 parker (no answer)`, `retrieve =retrieved`.
pub(super) fn told(effects: &[Effect]) -> Vec<String> {
    let short = |event: &&ParkEvent| {
        let mut text = event.action.to_string();
        text.extend(event.step.as_ref().map(|step| format!(" {step}")));
        text.extend(event.reason.as_ref().map(|reason| format!(" ({reason})")));
        text.extend(event.outcome.map(|outcome| format!(" ={outcome}")));
        text
    };
    events(effects).iter().map(short).collect()
}

pub(super) fn rings(effects: &[Effect]) -> Vec<&Ring> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Ring(ring) => Some(&**ring),
            _ => None,
        })
        .collect()
}

pub(super) fn stops(effects: &[Effect]) -> Vec<RunId> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::StopRing(run, _) => Some(*run),
            _ => None,
        })
        .collect()
}

pub(super) fn lamps(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Presence(place) => Some(place.to_string()),
            _ => None,
        })
        .collect()
}

/// capacity, parked, free, closed, reserved, draining
pub(super) fn counts(park: &Park, name: &str) -> [u32; 6] {
    let lots = park.lots();
    let lot = lots.iter().find(|lot| lot.lot == key(name)).expect("no such lot");
    [lot.capacity, lot.parked, lot.free, lot.closed, lot.reserved, lot.draining]
}
