//! The domain, and the model: what somebody believes who sees nothing but the effects.

use std::collections::{BTreeMap, BTreeSet};

use mod_callpark::park::*;

use crate::setup::{BETWEEN, CONFIGURED, LOTS, is_made, place};

/// How long the sending of a message may take.
const MESSAGE_MS: u64 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    Retriever,
    Leg(RunId),
    Step,
    /// A return step, or the end of a round of them, hangs it up.
    StepEnd,
    /// It has waited for as long as the lot allows.
    Waited,
    Exit,
    Drop,
}

/// Of every lot, in ms.
pub const COMFORT_EVERY: u64 = 3_000;
pub const MAX_WAIT: u64 = 25_000;
/// How long a call waits at least in a lot that it was moved to.
const LEAST_LEFT: u64 = 10_000;

#[derive(Clone, Debug)]
pub struct Call {
    pub place: OrbitKey,
    pub timeout: Option<u64>,
    pub priority: u8,
    pub order: (u64, u64),
    pub deadline: Option<u64>,
    pub ringing: Option<(RunId, u64)>,
    /// Until when it is offered to be called back.
    pub offer: Option<u64>,
    pub comfort_at: u64,
    pub leaves_at: u64,
    pub claim: Option<(Ticket, By)>,
}

impl Call {
    /// When this call is due.
    pub fn due(&self) -> Option<u64> {
        if self.claim.is_some() {
            return None;
        }
        let returns = self.ringing.map(|(_, backstop)| backstop).or(self.offer).or(self.deadline);
        let due = returns.into_iter().chain([self.comfort_at, self.leaves_at]).min();
        due.filter(|at| *at < u64::MAX)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Lot {
    pub orbits: BTreeSet<OrbitName>,
    pub closed: BTreeSet<OrbitName>,
    /// It was closed altogether: what has not been opened since is closed, new orbits and all.
    pub whole: bool,
    pub timeout_ms: u64,
    pub going: bool,
    /// It was made, and has any orbit.
    pub made: bool,
    /// It was made, and is closed altogether.
    pub shut: bool,
}

pub struct World {
    pub park: Park,
    /// Lots are made.
    pub makes: bool,
    pub now: u64,
    pub lots: BTreeMap<LotKey, Lot>,
    pub calls: BTreeMap<CallUuid, Call>,
    /// Under which uuid a call goes whose leg was replaced.
    pub renamed: BTreeMap<CallUuid, CallUuid>,
    pub held: BTreeMap<CallUuid, (OrbitKey, u64)>,
    pub old_tickets: BTreeMap<CallUuid, Ticket>,
    pub old_runs: BTreeMap<CallUuid, RunId>,
    pub parked: u64,
    pub ended: u64,
    pub stopping: bool,
    /// How many are to be called back, and every attempt at it there was.
    pub owed: usize,
    pub trying: Vec<(CallbackId, RunId)>,
}

impl World {
    pub fn new(makes: bool) -> Self {
        let mut world = World {
            park: Park::new(5),
            makes,
            now: 1_000,
            lots: BTreeMap::new(),
            calls: BTreeMap::new(),
            renamed: BTreeMap::new(),
            held: BTreeMap::new(),
            old_tickets: BTreeMap::new(),
            old_runs: BTreeMap::new(),
            parked: 0,
            ended: 0,
            stopping: false,
            owed: 0,
            trying: Vec::new(),
        };
        if makes {
            world.park.make_lots();
        }
        world.reload(0);
        world
    }

    pub fn key(&self, lot: u8) -> LotKey {
        let known = if self.makes { LOTS.len() } else { CONFIGURED };
        LOTS[usize::from(lot) % known].parse().unwrap()
    }

    /// Something is in that lot now, so it exists.
    pub fn note_made(&mut self, lot: &LotKey) {
        if is_made(lot) {
            self.lots.entry(lot.clone()).or_default().made = true;
        }
    }

    pub fn is_shut(&self, lot: &LotKey) -> bool {
        self.lots.get(lot).is_some_and(|lot| lot.shut)
    }

    pub fn at(&self) -> Moment {
        Moment(self.now)
    }

    /// Takes in whatever has happened; whether anything has.
    pub fn absorb_all(&mut self) -> bool {
        let effects = self.park.take_effects();
        self.absorb(&effects);
        !effects.is_empty()
    }

    /// Carries out what the domain decided, in the model.
    pub fn absorb(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Event(event) => self.event(event),
                Effect::Ring(ring) => {
                    let call = self.calls.get_mut(&ring.call.info.uuid).expect("rings for no call");
                    assert!(call.claim.is_none(), "rings for a call that is claimed");
                    assert!(call.ringing.is_none(), "rings twice");
                    let message = matches!(ring.to, RingTo::Message(_));
                    let rings_ms = u64::from(ring.step.ring_s) * 1000;
                    let until = self.now + if message { MESSAGE_MS } else { rings_ms };
                    call.ringing = Some((ring.run, until));
                    self.old_runs.entry(ring.call.info.uuid.clone()).or_insert(ring.run);
                }
                Effect::StopRing(run, _) if self.trying.iter().any(|(_, trying)| trying == run) => {
                }
                Effect::StopRing(run, _) => {
                    let ringing = |call: &&mut Call| {
                        call.ringing.is_some_and(|(ringing, _)| ringing == *run)
                            || call.claim.is_some_and(|(_, by)| by == By::Leg(*run))
                    };
                    let call = self.calls.values_mut().find(ringing);
                    call.expect("stops what does not ring").ringing = None;
                }
                Effect::ClaimLost { ticket, .. } => {
                    let lost = |call: &Call| call.claim.is_some_and(|(held, _)| held == *ticket);
                    assert!(self.calls.values().any(lost), "a claim was lost that nobody held");
                }
                Effect::InService(_) => {}
                Effect::Lapsed { uuid, place } => {
                    let (held, until) = self.held.remove(uuid).expect("lapses unheld");
                    assert_eq!(held, *place);
                    assert!(until <= self.now, "lapses too early");
                }
                Effect::Comfort(uuid) => {
                    let call = self.calls.get_mut(uuid).expect("comforts nobody");
                    assert!(call.claim.is_none() && call.comfort_at <= self.now);
                    call.comfort_at = self.now + COMFORT_EVERY;
                }
                Effect::Offer(uuid) => {
                    let call = self.calls.get_mut(uuid).expect("offers nobody anything");
                    assert!(call.claim.is_none() && call.ringing.is_none());
                    // One that stands is made again when the call is moved.
                    call.offer.get_or_insert(self.now + 2_000);
                }
                Effect::TryCallback(attempt) => {
                    self.trying.push((attempt.callback.id, attempt.run))
                }
                Effect::Callback(news) => match news.end {
                    Some(_) => self.owed -= 1,
                    None if news.callback.reason.is_none() => self.owed += 1,
                    None => {}
                },
                // The leg that has just been replaced was woken first.
                Effect::Wake(uuid) => {
                    let known = self.calls.contains_key(uuid) || self.renamed.contains_key(uuid);
                    assert!(known, "wakes nobody");
                }
                Effect::TimeIsUp(at) => assert!(at.0 <= self.now, "the time is not up yet"),
                Effect::Presence(..) => {}
            }
        }
    }

    pub fn event(&mut self, event: &ParkEvent) {
        let uuid = &event.info.uuid;
        let here = event.orbit.clone().map(|orbit| OrbitKey { lot: event.lot.clone(), orbit });
        match event.action {
            // The caller of `park` knows it already.
            Action::Park | Action::Refuse => return,
            Action::Move => {
                let call = self.calls.get_mut(uuid).expect("moves no call");
                assert_eq!(event.from.as_ref(), Some(&call.place));
                let to = here.clone().unwrap();
                if to.lot != call.place.lot {
                    // It waits as the lot has it that it comes into, and not too short there.
                    let longest = (call.order.0 + MAX_WAIT).max(self.now + LEAST_LEFT);
                    let comfort = call.comfort_at.min(self.now + COMFORT_EVERY);
                    let never = is_made(&to.lot).then_some(u64::MAX);
                    call.leaves_at = never.unwrap_or(longest);
                    call.comfort_at = never.unwrap_or(comfort);
                }
                call.place = to;
            }
            Action::Replace => {
                let old = event.from_uuid.clone().expect("the leg that was replaced");
                let call = self.calls.remove(&old).expect("replaces no call");
                assert!(self.calls.insert(uuid.clone(), call).is_none(), "takes two places");
                for now in self.renamed.values_mut().filter(|now| **now == old) {
                    *now = uuid.clone();
                }
                self.renamed.insert(old, uuid.clone());
            }
            Action::Return if event.reason.is_some() => {
                self.calls.get_mut(uuid).expect("returns no call").offer = None;
            }
            Action::Remind if event.step.is_none() => {
                let call = self.calls.get_mut(uuid).expect("reminds of no call");
                let timeout = call.timeout.unwrap_or_else(|| self.lots[&call.place.lot].timeout_ms);
                call.deadline = (timeout > 0).then(|| self.now + timeout);
            }
            _ => {}
        }
        let call = self.calls.get(uuid).expect("an event of no call");
        assert_eq!(here.as_ref(), Some(&call.place));
        if let Some(outcome) = event.outcome {
            let expected = match call.claim {
                _ if outcome == Outcome::Shutdown => self.stopping,
                Some((_, By::Retriever)) if outcome == Outcome::Retrieved => true,
                Some((_, By::Leg(_) | By::Step)) if outcome == Outcome::Returned => true,
                Some((_, By::Drop | By::StepEnd | By::Waited)) if outcome == Outcome::Dropped => {
                    true
                }
                _ => !matches!(outcome, Outcome::Retrieved | Outcome::Returned | Outcome::Dropped),
            };
            assert!(expected, "{outcome} with claim {:?}", call.claim);
            self.calls.remove(uuid);
            self.renamed.retain(|_, now| now != uuid);
            self.ended += 1;
        }
    }

    /// The call that is meant by the uuid of a leg that has, or once had, its place.
    pub fn current(&self, uuid: CallUuid) -> CallUuid {
        match self.calls.contains_key(&uuid) {
            true => uuid,
            false => self.renamed.get(&uuid).cloned().unwrap_or(uuid),
        }
    }

    pub fn is_taken(&self, place: &OrbitKey) -> bool {
        self.calls.values().any(|call| call.place == *place)
            || self.held.values().any(|(held, _)| held == place)
    }

    pub fn is_free(&self, place: &OrbitKey) -> bool {
        let OrbitKey { lot, orbit } = place;
        let there = |lot: &Lot| {
            (lot.made || lot.orbits.contains(orbit)) && !lot.shut && !lot.closed.contains(orbit)
        };
        self.lots.get(lot).map_or(is_made(lot), there) && !self.is_taken(place)
    }

    pub fn has_free(&self, key: &LotKey) -> bool {
        if is_made(key) {
            let mut orbits = BETWEEN.iter().map(|orbit| orbit.parse().unwrap());
            return orbits.any(|orbit| self.is_free(&place(key, &orbit)));
        }
        self.lots
            .get(key)
            .into_iter()
            .flat_map(|lot| &lot.orbits)
            .any(|orbit| self.is_free(&place(key, orbit)))
    }

    pub fn check_refusal(&self, key: &LotKey, orbit: &Want, refusal: Refusal) {
        let lot = self.lots.get(key).filter(|lot| !lot.going);
        match (refusal, lot) {
            (Refusal::UnknownLot, lot) => assert!(lot.is_none()),
            (_, None) => panic!("{refusal:?} from a lot that does not exist"),
            (Refusal::Full, Some(_)) => assert!(!self.has_free(key), "full with a free orbit"),
            (Refusal::Closed, Some(Lot { shut: true, .. })) => {}
            (Refusal::Closed, Some(lot)) => match orbit {
                Want::Orbit(orbit) if lot.closed.contains(orbit) => {}
                _ => assert_eq!(lot.closed, lot.orbits),
            },
            (Refusal::UnknownOrbit, Some(lot)) => match orbit {
                Want::Orbit(orbit) => assert!(!lot.orbits.contains(orbit)),
                _ => panic!("asked for no orbit"),
            },
            (Refusal::Occupied, Some(_)) => match orbit {
                Want::Orbit(orbit) => assert!(self.is_taken(&place(key, orbit))),
                _ => panic!("asked for no orbit"),
            },
            (other, Some(_)) => panic!("{other:?}"),
        }
    }
}
