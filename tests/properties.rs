//! The domain against a model: long random sequences of everything that can be done to a lot, in every order, with stale
//! tickets and reloads, and what must be true after each step.
//!
//! The model believes only what the effects say, as the edge does. So an event, a ring or a deadline that the domain
//! forgets is a difference.

use std::collections::{BTreeMap, BTreeSet};

use mod_callpark::park::*;
use proptest::prelude::*;

/// Two tests with 128 sequences of 400 steps each: 102,400 steps a run.
const SEQUENCES: u32 = 128;
const STEPS: usize = 400;
const UUIDS: u8 = 14;
/// How long after its ringing time a silent step counts as failed.
const BACKSTOP_MS: u64 = 10_000;

#[derive(Clone, Debug)]
enum Op {
    Park {
        uuid: u8,
        lot: u8,
        orbit: Option<u8>,
        timeout: u8,
        steps: u8,
        priority: u8,
        parker: bool,
    },
    Reserve {
        uuid: u8,
        lot: u8,
        orbit: Option<u8>,
        ttl: u8,
    },
    Unreserve {
        uuid: u8,
    },
    Take {
        uuid: u8,
    },
    TakeOrbit {
        lot: u8,
        orbit: u8,
    },
    TakeNext {
        lot: u8,
    },
    Answer {
        uuid: u8,
        stale: bool,
    },
    Exit {
        uuid: u8,
    },
    Unclaim {
        uuid: u8,
        stale: bool,
    },
    Complete {
        uuid: u8,
        stale: bool,
    },
    Gone {
        uuid: u8,
        end: u8,
    },
    StepFailed {
        uuid: u8,
        stale: bool,
    },
    Wait {
        ms: u16,
    },
    Due,
    Move {
        uuid: u8,
        lot: u8,
        orbit: Option<u8>,
    },
    Set {
        uuid: u8,
        what: u8,
        value: u8,
    },
    ReturnNow {
        uuid: u8,
    },
    Drop {
        uuid: u8,
    },
    Close {
        lot: u8,
        orbit: Option<u8>,
    },
    Open {
        lot: u8,
        orbit: Option<u8>,
    },
    Reload {
        config: u8,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let uuid = || 0..UUIDS;
    let lot = || 0u8..4;
    let orbit = || prop::option::of(0u8..8);
    prop_oneof![
        8 => (uuid(), lot(), orbit(), 0u8..4, 0u8..5, 0u8..10, any::<bool>()).prop_map(
            |(uuid, lot, orbit, timeout, steps, priority, parker)| Op::Park {
                uuid, lot, orbit, timeout, steps, priority, parker
            }
        ),
        2 => (uuid(), lot(), orbit(), 0u8..3)
            .prop_map(|(uuid, lot, orbit, ttl)| Op::Reserve { uuid, lot, orbit, ttl }),
        1 => uuid().prop_map(|uuid| Op::Unreserve { uuid }),
        2 => uuid().prop_map(|uuid| Op::Take { uuid }),
        1 => (lot(), 0u8..8).prop_map(|(lot, orbit)| Op::TakeOrbit { lot, orbit }),
        2 => lot().prop_map(|lot| Op::TakeNext { lot }),
        3 => (uuid(), any::<bool>()).prop_map(|(uuid, stale)| Op::Answer { uuid, stale }),
        1 => uuid().prop_map(|uuid| Op::Exit { uuid }),
        3 => (uuid(), any::<bool>()).prop_map(|(uuid, stale)| Op::Unclaim { uuid, stale }),
        3 => (uuid(), any::<bool>()).prop_map(|(uuid, stale)| Op::Complete { uuid, stale }),
        2 => (uuid(), 0u8..4).prop_map(|(uuid, end)| Op::Gone { uuid, end }),
        3 => (uuid(), any::<bool>()).prop_map(|(uuid, stale)| Op::StepFailed { uuid, stale }),
        2 => (0u16..9_000).prop_map(|ms| Op::Wait { ms }),
        4 => Just(Op::Due),
        2 => (uuid(), lot(), orbit()).prop_map(|(uuid, lot, orbit)| Op::Move { uuid, lot, orbit }),
        2 => (uuid(), 0u8..4, 0u8..12).prop_map(|(uuid, what, value)| Op::Set { uuid, what, value }),
        1 => uuid().prop_map(|uuid| Op::ReturnNow { uuid }),
        1 => uuid().prop_map(|uuid| Op::Drop { uuid }),
        1 => (lot(), orbit()).prop_map(|(lot, orbit)| Op::Close { lot, orbit }),
        2 => (lot(), orbit()).prop_map(|(lot, orbit)| Op::Open { lot, orbit }),
        1 => (0u8..7).prop_map(|config| Op::Reload { config }),
    ]
}

const LOTS: [&str; 4] = ["a", "b", "a@x.com", "c@x.com"];
const ORBITS: [&str; 8] = ["7", "8", "9", "10", "11", "12", "*1", "*2"];

fn key(lot: u8) -> LotKey {
    LOTS[usize::from(lot) % LOTS.len()].parse().unwrap()
}

fn orbit(orbit: u8) -> OrbitName {
    ORBITS[usize::from(orbit) % ORBITS.len()].parse().unwrap()
}

fn uuid(n: u8) -> CallUuid {
    CallUuid::new(format!("call-{n}"))
}

fn want(wanted: Option<u8>) -> Want {
    wanted.map_or(Want::Auto, |n| Want::Orbit(orbit(n)))
}

fn steps(n: u8) -> Option<std::sync::Arc<[Step]>> {
    let text = ["", "parker ring=3", "user/1 ring=2|parker|user/2", "parker|transfer:40", "none"];
    let text = text[usize::from(n) % text.len()];
    (!text.is_empty()).then(|| Step::parse_list(text).unwrap())
}

/// The orbits of each lot, and the lot itself, in each of the configurations a reload may bring.
fn configuration(n: u8) -> Vec<(LotConfig, Vec<&'static str>)> {
    let lot = |name: &str, ranges: &str, orbits: &[&'static str]| {
        let ranges = OrbitRange::parse_list(ranges).unwrap();
        let mut config = LotConfig::new(name.parse().unwrap(), ranges);
        config.timeout_ms = 5_000;
        config.returns = steps(2).unwrap();
        (config, orbits.to_vec())
    };
    let mut lots = match n {
        0 | 1 => vec![
            lot("a", "7-9", &["7", "8", "9"]),
            lot("b", "10-12,*1", &["10", "11", "12", "*1"]),
            lot("a@x.com", "9-10", &["9", "10"]),
            lot("c@x.com", "11-12", &["11", "12"]),
        ],
        2 => vec![
            lot("a", "7-9,*1-*2", &["7", "8", "9", "*1", "*2"]),
            lot("b", "10-12", &["10", "11", "12"]),
            lot("c@x.com", "7-12", &["7", "8", "9", "10", "11", "12"]),
        ],
        3 => vec![
            lot("b", "7-11", &["7", "8", "9", "10", "11"]),
            lot("a@x.com", "9-10", &["9", "10"]),
        ],
        4 => vec![lot("a", "7", &["7"])],
        5 => vec![],
        _ => vec![
            lot("a", "8-10", &["8", "9", "10"]),
            lot("b", "7,11-12", &["7", "11", "12"]),
            lot("c@x.com", "9-12,*1", &["9", "10", "11", "12", "*1"]),
        ],
    };
    let assigns = [Assign::First, Assign::Next, Assign::LongestFree, Assign::Random];
    for (at, (config, _)) in lots.iter_mut().enumerate() {
        config.assign = assigns[(at + usize::from(n)) % 4];
        config.when_full = match (n, at) {
            (1, _) => WhenFull::Lot("b".into()),
            (2 | 6, 0) => WhenFull::Lot("b".into()),
            (_, 1) => WhenFull::Parker,
            _ => WhenFull::Continue,
        };
        if n == 6 {
            config.when_occupied = [WhenOccupied::Continue, WhenOccupied::Parker][at % 2];
            config.timeout_ms = 0;
        }
    }
    lots
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Retriever,
    Leg(RunId),
    Step,
    Exit,
    Drop,
}

#[derive(Clone, Debug)]
struct Call {
    lot: LotKey,
    orbit: OrbitName,
    timeout: Option<u64>,
    priority: u8,
    order: (u64, u64),
    deadline: Option<u64>,
    ringing: Option<(RunId, u64)>,
    claim: Option<(Ticket, By)>,
}

impl Call {
    /// When this call is due.
    fn due(&self) -> Option<u64> {
        match (&self.claim, self.ringing) {
            (Some(_), _) => None,
            (None, Some((_, backstop))) => Some(backstop),
            (None, None) => self.deadline,
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Lot {
    orbits: BTreeSet<OrbitName>,
    closed: BTreeSet<OrbitName>,
    timeout_ms: u64,
    going: bool,
}

struct World {
    park: Park,
    now: u64,
    lots: BTreeMap<LotKey, Lot>,
    calls: BTreeMap<CallUuid, Call>,
    held: BTreeMap<CallUuid, (LotKey, OrbitName, u64)>,
    old_tickets: BTreeMap<CallUuid, Ticket>,
    old_runs: BTreeMap<CallUuid, RunId>,
    parked: u64,
    ended: u64,
    stopping: bool,
}

impl World {
    fn new() -> Self {
        let mut world = World {
            park: Park::new(5),
            now: 1_000,
            lots: BTreeMap::new(),
            calls: BTreeMap::new(),
            held: BTreeMap::new(),
            old_tickets: BTreeMap::new(),
            old_runs: BTreeMap::new(),
            parked: 0,
            ended: 0,
            stopping: false,
        };
        world.reload(0);
        world
    }

    fn at(&self) -> Millis {
        Millis(self.now)
    }

    /// Carries out what the domain decided, in the model.
    fn absorb(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Event(event) => self.event(event),
                Effect::Ring(ring) => {
                    let call = self.calls.get_mut(&ring.call.uuid).expect("rings for no call");
                    assert!(call.claim.is_none(), "rings for a call that is claimed");
                    assert!(call.ringing.is_none(), "rings twice");
                    let backstop = self.now + u64::from(ring.ring_s) * 1000 + BACKSTOP_MS;
                    call.ringing = Some((ring.run, backstop));
                    self.old_runs.entry(ring.call.uuid.clone()).or_insert(ring.run);
                }
                Effect::StopRing(run) => {
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
                Effect::Lapsed { uuid, lot, orbit } => {
                    let (was, at, until) = self.held.remove(uuid).expect("lapses unheld");
                    assert_eq!((&was, &at), (lot, orbit));
                    assert!(until <= self.now, "lapses too early");
                }
                Effect::Wake(uuid) => assert!(self.calls.contains_key(uuid), "wakes nobody"),
                Effect::Presence(..) => {}
            }
        }
    }

    fn event(&mut self, event: &ParkEvent) {
        let uuid = &event.uuid;
        let here = event.orbit.clone().map(|orbit| (event.lot.clone(), orbit));
        match event.action {
            // The caller of `park` knows it already.
            Action::Park | Action::Refuse => return,
            Action::Move => {
                let call = self.calls.get_mut(uuid).expect("moves no call");
                let from = (call.lot.clone(), call.orbit.clone());
                assert_eq!(event.from.as_ref(), Some(&from));
                (call.lot, call.orbit) = here.clone().unwrap();
            }
            Action::Remind => {
                let call = self.calls.get_mut(uuid).expect("reminds of no call");
                let timeout = call.timeout.unwrap_or_else(|| self.lots[&call.lot].timeout_ms);
                call.deadline = (timeout > 0).then(|| self.now + timeout);
            }
            _ => {}
        }
        let call = self.calls.get(uuid).expect("an event of no call");
        assert_eq!(here, Some((call.lot.clone(), call.orbit.clone())));
        if let Some(outcome) = event.outcome {
            let expected = match call.claim {
                _ if outcome == Outcome::Shutdown => self.stopping,
                Some((_, By::Retriever)) if outcome == Outcome::Retrieved => true,
                Some((_, By::Leg(_) | By::Step)) if outcome == Outcome::Returned => true,
                Some((_, By::Drop)) if outcome == Outcome::Dropped => true,
                _ => !matches!(outcome, Outcome::Retrieved | Outcome::Returned | Outcome::Dropped),
            };
            assert!(expected, "{outcome} with claim {:?}", call.claim);
            self.calls.remove(uuid);
            self.ended += 1;
        }
    }

    fn is_taken(&self, key: &LotKey, orbit: &OrbitName) -> bool {
        self.calls.values().any(|call| call.lot == *key && call.orbit == *orbit)
            || self.held.values().any(|(lot, held, _)| lot == key && held == orbit)
    }

    fn is_free(&self, key: &LotKey, orbit: &OrbitName) -> bool {
        let lot = &self.lots[key];
        lot.orbits.contains(orbit) && !lot.closed.contains(orbit) && !self.is_taken(key, orbit)
    }

    fn has_free(&self, key: &LotKey) -> bool {
        self.lots[key].orbits.iter().any(|orbit| self.is_free(key, orbit))
    }

    fn check_refusal(&self, key: &LotKey, orbit: &Want, refusal: Refusal) {
        let lot = self.lots.get(key).filter(|lot| !lot.going);
        match (refusal, lot) {
            (Refusal::UnknownLot, lot) => assert!(lot.is_none()),
            (_, None) => panic!("{refusal:?} from a lot that does not exist"),
            (Refusal::Full, Some(_)) => assert!(!self.has_free(key), "full with a free orbit"),
            (Refusal::Closed, Some(lot)) => match orbit {
                Want::Orbit(orbit) if lot.closed.contains(orbit) => {}
                _ => assert_eq!(lot.closed, lot.orbits),
            },
            (Refusal::UnknownOrbit, Some(lot)) => match orbit {
                Want::Orbit(orbit) => assert!(!lot.orbits.contains(orbit)),
                Want::Auto => panic!("asked for no orbit"),
            },
            (Refusal::Occupied, Some(_)) => match orbit {
                Want::Orbit(orbit) => assert!(self.is_taken(key, orbit)),
                Want::Auto => panic!("asked for no orbit"),
            },
            (other, Some(_)) => panic!("{other:?}"),
        }
    }

    fn step(&mut self, op: &Op) {
        let now = self.at();
        match op.clone() {
            Op::Park { uuid: n, lot, orbit, timeout, steps: returns, priority, parker } => {
                self.park(n, lot, orbit, timeout, returns, priority, parker);
            }
            Op::Reserve { uuid: n, lot, orbit, ttl } => {
                let ttl = [1, 2_000, 30_000][usize::from(ttl)];
                let (uuid, lot, want) = (uuid(n), key(lot), want(orbit));
                match self.park.reserve(now, &uuid, &lot, want.clone(), ttl) {
                    Ok((lot, orbit)) => {
                        self.held.remove(&uuid);
                        assert!(!self.is_taken(&lot, &orbit), "holds what is taken");
                        self.held.insert(uuid, (lot, orbit, self.now + ttl));
                    }
                    Err(Refusal::AlreadyParked) => assert!(self.calls.contains_key(&uuid)),
                    Err(refusal) => self.check_refusal(&lot, &want, refusal),
                }
            }
            Op::Unreserve { uuid: n } => {
                let held = self.held.remove(&uuid(n)).map(|(lot, orbit, _)| (lot, orbit));
                assert_eq!(self.park.unreserve(&uuid(n)), held);
            }
            Op::Take { uuid: n } => {
                let uuid = uuid(n);
                let claimable = self.calls.get(&uuid).is_some_and(|call| call.claim.is_none());
                self.claim(Target::Call(&uuid), None, By::Retriever, claimable.then_some(&uuid));
            }
            Op::TakeOrbit { lot, orbit: at } => {
                let (lot, at) = (key(lot), orbit(at));
                let here = |call: &&Call| call.lot == lot && call.orbit == at;
                let expected = self.calls.iter().find(|(_, call)| here(call));
                let expected = expected.filter(|(_, call)| call.claim.is_none());
                let expected = expected.map(|(uuid, _)| uuid.clone());
                self.claim(Target::Orbit(&at), Some(&lot), By::Retriever, expected.as_ref());
            }
            Op::TakeNext { lot } => {
                let lot = key(lot);
                let waiting = self.calls.iter().filter(|(_, call)| call.lot == lot);
                let waiting = waiting.filter(|(_, call)| call.claim.is_none());
                let next = waiting.min_by_key(|(_, call)| (9 - call.priority, call.order));
                let next = next.map(|(uuid, _)| uuid.clone());
                self.claim(Target::Next, Some(&lot), By::Retriever, next.as_ref());
            }
            Op::Answer { uuid: n, stale } => {
                let uuid = uuid(n);
                let Some(run) = self.run(&uuid, stale) else { return };
                let current = self.calls.get(&uuid).and_then(|call| call.ringing);
                let current = current.is_some_and(|(ringing, _)| ringing == run);
                self.claim(Target::Call(&uuid), None, By::Leg(run), current.then_some(&uuid));
            }
            Op::Exit { uuid: n } => {
                let uuid = uuid(n);
                let claimable = self.calls.get(&uuid).is_some_and(|call| call.claim.is_none());
                self.claim(Target::Call(&uuid), None, By::Exit, claimable.then_some(&uuid));
            }
            Op::Unclaim { uuid: n, stale } => {
                let uuid = uuid(n);
                let Some((ticket, held)) = self.ticket(&uuid, stale) else { return };
                let effects = self.park.unclaim(now, &uuid, ticket);
                assert_eq!(effects.is_empty(), !held);
                if held {
                    self.calls.get_mut(&uuid).unwrap().claim = None;
                }
                self.absorb(&effects);
            }
            Op::Complete { uuid: n, stale } => {
                let uuid = uuid(n);
                let Some((ticket, held)) = self.ticket(&uuid, stale) else { return };
                let effects = self.park.complete(now, &uuid, ticket);
                self.absorb(&effects);
                assert_eq!(effects.is_empty(), !held);
                assert!(!held || !self.calls.contains_key(&uuid));
            }
            Op::Gone { uuid: n, end } => {
                let end = [End::HungUp, End::TakenAway, End::Left, End::Callback][usize::from(end)];
                self.gone(&uuid(n), end);
            }
            Op::StepFailed { uuid: n, stale } => {
                let uuid = uuid(n);
                let Some(run) = self.run(&uuid, stale) else { return };
                if let Some(call) = self.calls.get_mut(&uuid) {
                    call.ringing.take_if(|(ringing, _)| *ringing == run);
                    call.claim.take_if(|(_, by)| *by == By::Leg(run));
                }
                let effects = self.park.step_failed(now, &uuid, run, "no answer");
                self.absorb(&effects);
            }
            Op::Wait { ms } => {
                self.now += u64::from(ms);
                self.run_timeouts();
            }
            Op::Due => {
                if let Some(due) = self.park.poll_timeout() {
                    self.now = self.now.max(due.0);
                    self.run_timeouts();
                }
            }
            Op::Move { uuid: n, lot, orbit } => {
                let Some(call) = self.calls.get(&uuid(n)).cloned() else { return };
                let (to, want) = (key(lot), want(orbit));
                let free = match &want {
                    Want::Auto => self.lots.contains_key(&to) && self.has_free(&to),
                    Want::Orbit(orbit) => self.lots.contains_key(&to) && self.is_free(&to, orbit),
                };
                match self.park.move_call(now, &call.lot, &call.orbit, &to, want.clone()) {
                    Ok((lot, orbit, effects)) => {
                        assert!(call.claim.is_none() && free);
                        self.absorb(&effects);
                        let moved = &self.calls[&uuid(n)];
                        assert_eq!((&moved.lot, &moved.orbit), (&lot, &orbit));
                    }
                    Err(Refusal::Gone) => assert!(call.claim.is_some()),
                    Err(refusal) => {
                        assert!(!free);
                        self.check_refusal(&to, &want, refusal);
                    }
                }
            }
            Op::Set { uuid: n, what, value } => {
                let Some(call) = self.calls.get_mut(&uuid(n)) else { return };
                let (lot, orbit) = (call.lot.clone(), call.orbit.clone());
                let ms = [0, 1, 4_000][usize::from(value) % 3];
                let setting = match what {
                    0 => Setting::TimeoutMs(ms),
                    1 => Setting::Priority(value),
                    2 => Setting::Note("x".into()),
                    _ => Setting::For("x".into()),
                };
                match setting {
                    Setting::TimeoutMs(ms) => {
                        call.timeout = Some(ms);
                        call.deadline = (ms > 0).then(|| self.now + ms);
                    }
                    Setting::Priority(value) if value <= 9 => call.priority = value,
                    _ => {}
                }
                match self.park.set(now, &lot, &orbit, setting) {
                    Ok(effects) => self.absorb(&effects),
                    Err(refusal) => assert!(refusal == Refusal::BadArguments && value > 9),
                }
            }
            Op::ReturnNow { uuid: n } => {
                let Some(call) = self.calls.get(&uuid(n)).cloned() else { return };
                match self.park.return_now(now, &call.lot, &call.orbit) {
                    Ok(effects) => {
                        if call.ringing.is_none() {
                            self.calls.get_mut(&uuid(n)).unwrap().deadline = Some(self.now);
                        }
                        self.absorb(&effects);
                    }
                    Err(Refusal::Gone) => assert!(call.claim.is_some()),
                    Err(refusal) => assert_eq!(refusal, Refusal::Failed),
                }
            }
            Op::Drop { uuid: n } => {
                let uuid = uuid(n);
                let Some(call) = self.calls.get(&uuid).cloned() else { return };
                match self.park.drop_call(now, &call.lot, &call.orbit, "CAUSE") {
                    Ok(effects) => {
                        self.absorb(&effects);
                        let Verdict::HangUp { ticket, .. } = self.park.verdict(&uuid) else {
                            panic!("dropped, but it may stay")
                        };
                        self.claimed(&uuid, ticket, By::Drop);
                    }
                    Err(refusal) => assert!(refusal == Refusal::Gone && call.claim.is_some()),
                }
            }
            Op::Close { lot, orbit: at } => {
                let (lot, at) = (key(lot), at.map(orbit));
                if self.park.close(&lot, at.as_ref()).is_ok() {
                    let lot = self.lots.get_mut(&lot).unwrap();
                    let closed = at.map_or_else(|| lot.orbits.clone(), |at| [at].into());
                    lot.closed.extend(closed);
                }
            }
            Op::Open { lot, orbit: at } => {
                let (lot, at) = (key(lot), at.map(orbit));
                if self.park.open(&lot, at.as_ref()).is_ok() {
                    let lot = self.lots.get_mut(&lot).unwrap();
                    lot.closed.retain(|closed| at.as_ref().is_some_and(|at| at != closed));
                }
            }
            Op::Reload { config } => self.reload(config),
        }
        // A return step that transfers shows in the verdict only.
        for (uuid, call) in &mut self.calls {
            if let (None, Verdict::Transfer { ticket, .. }) = (call.claim, self.park.verdict(uuid))
            {
                call.claim = Some((ticket, By::Step));
                self.old_tickets.entry(uuid.clone()).or_insert(ticket);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of Op::Park")]
    fn park(
        &mut self,
        n: u8,
        lot: u8,
        orbit: Option<u8>,
        timeout: u8,
        returns: u8,
        priority: u8,
        parker: bool,
    ) {
        let timeout = [None, Some(0), Some(1), Some(7_000)][usize::from(timeout)];
        let request = ParkRequest {
            uuid: uuid(n),
            lot: key(lot),
            orbit: want(orbit),
            caller: Caller::new("name", "number"),
            parker: parker.then(|| "1000@x.com".into()),
            priority,
            timeout_ms: timeout,
            returns: steps(returns),
            note: String::new(),
            addressed_to: String::new(),
            parked_at_epoch_ms: self.now,
        };
        match self.park.park(self.at(), request.clone()) {
            Ok(parked) => {
                match self.held.remove(&uuid(n)) {
                    Some((lot, orbit, _)) => {
                        assert_eq!((lot, orbit), (parked.lot.clone(), parked.orbit.clone()))
                    }
                    None => assert!(self.is_free(&parked.lot, &parked.orbit), "was not free"),
                }
                self.parked += 1;
                let timeout_ms = timeout.unwrap_or_else(|| self.lots[&parked.lot].timeout_ms);
                let call = Call {
                    lot: parked.lot,
                    orbit: parked.orbit,
                    timeout,
                    priority,
                    order: (self.now, self.parked),
                    deadline: (timeout_ms > 0).then(|| self.now + timeout_ms),
                    ringing: None,
                    claim: None,
                };
                assert!(self.calls.insert(uuid(n), call).is_none(), "parked twice");
                self.absorb(&parked.effects);
            }
            Err(refused) => {
                self.absorb(&refused.effects);
                match refused.refusal {
                    Refusal::AlreadyParked => assert!(self.calls.contains_key(&uuid(n))),
                    refusal => self.check_refusal(&request.lot, &request.orbit, refusal),
                }
            }
        }
    }

    /// Claims, and expects the call `expected`, or a refusal.
    fn claim(
        &mut self,
        target: Target<'_>,
        lot: Option<&LotKey>,
        by: By,
        expected: Option<&CallUuid>,
    ) {
        let leg: CallUuid = "leg".into();
        let claimant = match by {
            By::Leg(run) => Claimant::StepLeg { uuid: leg, user: None, run },
            By::Exit => Claimant::Leave(Exit::Transfer("50".parse().unwrap())),
            _ => Claimant::Retriever { uuid: leg, user: None },
        };
        match self.park.claim(self.at(), lot, target, claimant) {
            Ok(claim) => {
                assert_eq!(Some(&claim.call.uuid), expected);
                self.absorb(&claim.effects);
                self.claimed(&claim.call.uuid, claim.ticket, by);
            }
            Err(refusal) => assert_eq!(expected, None, "{refusal:?}"),
        }
    }

    fn claimed(&mut self, uuid: &CallUuid, ticket: Ticket, by: By) {
        let call = self.calls.get_mut(uuid).expect("claims no call");
        assert!(call.claim.is_none(), "claimed twice");
        if let By::Leg(_) = by {
            call.ringing = None;
        }
        assert!(call.ringing.is_none(), "claimed while it rings");
        call.claim = Some((ticket, by));
        self.old_tickets.entry(uuid.clone()).or_insert(ticket);
    }

    /// A ticket for that call, and whether it is the one that counts.
    fn ticket(&self, uuid: &CallUuid, stale: bool) -> Option<(Ticket, bool)> {
        let held = self.calls.get(uuid).and_then(|call| call.claim).map(|(ticket, _)| ticket);
        let ticket = if stale { self.old_tickets.get(uuid).copied() } else { held }?;
        Some((ticket, held == Some(ticket)))
    }

    fn run(&self, uuid: &CallUuid, stale: bool) -> Option<RunId> {
        let call = self.calls.get(uuid);
        let claimed = match call.and_then(|call| call.claim) {
            Some((_, By::Leg(run))) => Some(run),
            _ => None,
        };
        let current = call.and_then(|call| call.ringing).map(|(run, _)| run).or(claimed);
        if stale { self.old_runs.get(uuid).copied() } else { current }
    }

    fn gone(&mut self, uuid: &CallUuid, end: End) {
        let known = self.calls.contains_key(uuid);
        let effects = self.park.gone(self.at(), uuid, end);
        self.absorb(&effects);
        assert_eq!(effects.is_empty(), !known);
        assert!(!self.calls.contains_key(uuid), "gone, but still there");
    }

    fn run_timeouts(&mut self) {
        for _ in 0..100 {
            if self.park.poll_timeout().is_none_or(|due| due > self.at()) {
                return;
            }
            let effects = self.park.handle_timeout(self.at());
            assert!(!effects.is_empty(), "something was due and nothing happened");
            self.absorb(&effects);
        }
        panic!("what is due never ends");
    }

    fn reload(&mut self, n: u8) {
        let lots = configuration(n);
        for (key, lot) in &mut self.lots {
            if !lots.iter().any(|(config, _)| config.key == *key) {
                *lot = Lot { going: true, timeout_ms: lot.timeout_ms, ..Lot::default() };
            }
        }
        for (config, orbits) in &lots {
            let lot = self.lots.entry(config.key.clone()).or_default();
            let all_closed = !lot.orbits.is_empty() && lot.closed == lot.orbits;
            lot.orbits = orbits.iter().map(|name| name.parse().unwrap()).collect();
            lot.closed = match all_closed {
                true => lot.orbits.clone(),
                false => lot.closed.intersection(&lot.orbits).cloned().collect(),
            };
            lot.timeout_ms = config.timeout_ms;
            lot.going = false;
        }
        for (key, orbit, _) in self.held.values_mut() {
            let owner = |(other, lot): &(&LotKey, &Lot)| {
                other.domain == key.domain && lot.orbits.contains(orbit)
            };
            if let Some((owner, _)) = self.lots.iter().find(owner) {
                *key = owner.clone();
            }
        }
        let configs = lots.into_iter().map(|(config, _)| config).collect();
        let effects = self.park.configure(self.at(), configs);
        self.absorb(&effects);
    }

    /// What is true after every step.
    fn check(&mut self) {
        // A lot that is gone is there exactly as long as it holds something.
        let used: BTreeSet<LotKey> = self
            .calls
            .values()
            .map(|call| call.lot.clone())
            .chain(self.held.values().map(|(lot, _, _)| lot.clone()))
            .collect();
        self.lots.retain(|key, lot| !lot.going || used.contains(key));
        let views = self.park.lots();
        assert!(views.iter().map(|view| &view.lot).eq(self.lots.keys()), "other lots");

        let listed = self.park.calls(self.at(), None);
        assert_eq!(listed.len(), self.calls.len());
        let mut seen = BTreeSet::new();
        for view in &listed {
            let call = &self.calls[&view.uuid];
            assert_eq!((&view.lot, &view.orbit), (&call.lot, &call.orbit));
            assert!(seen.insert((call.lot.domain.clone(), call.orbit.clone())), "two in one orbit");
            let state = match (&call.claim, call.ringing) {
                (Some((_, By::Step)), _) | (None, Some(_)) => CallState::Returning,
                (Some(_), _) => CallState::Connecting,
                (None, None) => CallState::Waiting,
            };
            assert_eq!(view.state, state);
            assert_eq!(view.timeout_ms_left, call.deadline.map(|at| at.saturating_sub(self.now)));
            let found = self.park.orbit_at(call.orbit.as_str(), call.lot.domain.as_deref());
            assert_eq!(found, Some((call.lot.clone(), call.orbit.clone())));
            let verdict = match (call.claim, self.park.verdict(&view.uuid)) {
                (None, verdict) => verdict == Verdict::Hold,
                (Some((held, By::Retriever | By::Leg(_))), Verdict::Bridge { ticket, .. })
                | (Some((held, By::Step | By::Exit)), Verdict::Transfer { ticket, .. })
                | (Some((held, By::Drop)), Verdict::HangUp { ticket, .. }) => held == ticket,
                _ => false,
            };
            assert!(verdict, "{call:?}, but {:?}", self.park.verdict(&view.uuid));
            assert!(matches!(self.park.lamp(&call.lot, &call.orbit), Lamp::Parked { .. }));
        }
        for (uuid, (lot, orbit, _)) in &self.held {
            assert!(seen.insert((lot.domain.clone(), orbit.clone())), "held and taken");
            assert_eq!(self.park.reservation(uuid), Some((lot.clone(), orbit.clone())));
            assert_eq!(self.park.lamp(lot, orbit), Lamp::Idle);
        }

        for view in views {
            let lot = &self.lots[&view.lot];
            let here =
                |orbit: &&OrbitName| seen.contains(&(view.lot.domain.clone(), (*orbit).clone()));
            let inside = lot.orbits.iter().filter(here).count() as u32;
            let shut = lot.closed.iter().filter(|orbit| !here(orbit)).count() as u32;
            let free = lot.orbits.len() as u32 - inside - shut;
            let parked = self.calls.values().filter(|call| call.lot == view.lot).count() as u32;
            let reserved = self.held.values().filter(|held| held.0 == view.lot).count() as u32;
            assert_eq!((view.parked, view.reserved), (parked, reserved));
            assert_eq!((view.free, view.closed, view.going), (free, shut, lot.going));
            assert_eq!(view.capacity, lot.orbits.len() as u32);
            assert_eq!(view.draining, parked + reserved - inside);
            assert_eq!(
                view.capacity,
                view.parked + view.reserved - view.draining + view.free + view.closed
            );
            assert_eq!(self.park.lot_lamp(&view.lot), parked);
        }

        // No deadline is lost, and none is left over.
        let due = self.calls.values().filter_map(Call::due);
        let due = due.chain(self.held.values().map(|held| held.2)).min();
        let due = due.filter(|_| !self.stopping);
        assert_eq!(self.park.poll_timeout(), due.map(Millis));
        assert_eq!(self.parked, self.ended + self.calls.len() as u64, "one outcome a park");
    }

    /// Everybody hangs up: nothing may be left.
    fn clear(&mut self, shutdown: bool) {
        if shutdown {
            self.stopping = true;
            let effects = self.park.shutdown(self.at());
            self.absorb(&effects);
            self.held.clear();
            self.check();
        }
        for n in 0..UUIDS {
            self.gone(&uuid(n), End::HungUp);
            self.held.remove(&uuid(n));
            self.park.unreserve(&uuid(n));
            self.check();
        }
        assert_eq!((self.parked, self.park.poll_timeout()), (self.ended, None));
        for lot in ["a", "b", "a@x.com", "c@x.com"].map(|name| name.parse().unwrap()) {
            let _ = self.park.open(&lot, None);
        }
        for lot in self.park.lots() {
            assert_eq!((lot.free, lot.going), (lot.capacity, false));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: SEQUENCES,
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_the_lots_stay_in_order(ops in prop::collection::vec(op(), STEPS)) {
        run(&ops, false);
    }

    #[test]
    fn whatever_happens_a_shutdown_ends_it(ops in prop::collection::vec(op(), STEPS)) {
        run(&ops, true);
    }
}

fn run(ops: &[Op], shutdown: bool) {
    let mut world = World::new();
    for op in ops {
        world.step(op);
        world.check();
    }
    world.clear(shutdown);
}
