//! One step: done to the domain, expected of it, and done to the model.

use std::collections::BTreeSet;

use mod_callpark::park::*;

use crate::op::Op;
use crate::setup::*;
use crate::world::{By, COMFORT_EVERY, Call, Lot, MAX_WAIT, World};

impl World {
    pub fn step(&mut self, op: &Op) {
        let now = self.at();
        match op.clone() {
            Op::Park { uuid: n, lot, orbit, timeout, steps: returns, priority, parker } => {
                self.park(n, lot, orbit, timeout, returns, priority, parker);
            }
            Op::Reserve { uuid: n, lot, orbit, ttl } => {
                let ttl = [1, 2_000, 30_000][usize::from(ttl)];
                let (uuid, lot, want) = (uuid(n), self.key(lot), orbit);
                let want = want_in(&lot, want);
                match self.park.reserve(now, &uuid, &lot, want.clone(), ttl) {
                    Ok(place) => {
                        self.held.remove(&uuid);
                        assert!(!self.is_taken(&place), "holds what is taken");
                        self.note_made(&place.lot);
                        self.held.insert(uuid, (place, self.now + ttl));
                    }
                    Err(Refusal::AlreadyParked) => assert!(self.calls.contains_key(&uuid)),
                    Err(refusal) => self.check_refusal(&lot, &want, refusal),
                }
            }
            Op::Unreserve { uuid: n } => {
                let held = self.held.remove(&uuid(n)).map(|(place, _)| place);
                assert_eq!(self.park.unreserve(&uuid(n)), held);
            }
            Op::Take { uuid: n } => {
                let (asked, uuid) = (uuid(n), self.current(uuid(n)));
                let claimable = self.calls.get(&uuid).is_some_and(|call| call.claim.is_none());
                self.claim(Target::Call(&asked), None, By::Retriever, claimable.then_some(&uuid));
            }
            Op::TakeOrbit { lot, orbit: at } => {
                let at = OrbitKey { lot: self.key(lot), orbit: orbit(at) };
                let here = |call: &&Call| call.place == at;
                let expected = self.calls.iter().find(|(_, call)| here(call));
                let expected = expected.filter(|(_, call)| call.claim.is_none());
                let expected = expected.map(|(uuid, _)| uuid.clone());
                self.claim(
                    Target::Orbit(&at.orbit),
                    Some(&at.lot),
                    By::Retriever,
                    expected.as_ref(),
                );
            }
            Op::TakeNext { lot } => {
                let lot = self.key(lot);
                let waiting = self.calls.iter().filter(|(_, call)| call.place.lot == lot);
                let waiting = waiting.filter(|(_, call)| call.claim.is_none());
                let next = waiting.min_by_key(|(_, call)| (9 - call.priority, call.order));
                let next = next.map(|(uuid, _)| uuid.clone());
                self.claim(Target::Next, Some(&lot), By::Retriever, next.as_ref());
            }
            Op::Answer { uuid: n, stale } => {
                let (asked, uuid) = (uuid(n), self.current(uuid(n)));
                let Some(run) = self.run(&uuid, stale) else { return };
                let current = self.calls.get(&uuid).and_then(|call| call.ringing);
                let current = current.is_some_and(|(ringing, _)| ringing == run);
                self.claim(Target::Call(&asked), None, By::Leg(run), current.then_some(&uuid));
            }
            Op::Exit { uuid: n } => {
                let uuid = self.current(uuid(n));
                let claimable = self.calls.get(&uuid).is_some_and(|call| call.claim.is_none());
                self.claim(Target::Call(&uuid), None, By::Exit, claimable.then_some(&uuid));
            }
            Op::Callback { uuid: n } => {
                let uuid = uuid(n);
                let Some(call) = self.calls.get(&uuid).cloned() else { return };
                let by = Claimant::Leave(Exit::Callback);
                let Ok(claim) = self.park.claim(now, None, Target::Call(&uuid), by) else {
                    return;
                };
                assert!(call.claim.is_none());
                self.absorb_all();
                self.calls.get_mut(&uuid).unwrap().offer = None;
                let owed = self.owed;
                self.park.complete(now, &uuid, claim.ticket);
                self.absorb_all();
                // Who has asked before is called back once.
                assert!([owed, owed + 1].contains(&self.owed));
            }
            Op::Tried { attempt, how } => {
                let Some((id, run)) = self.trying.get(usize::from(attempt)).copied() else {
                    return;
                };
                let attempt = match how {
                    0 => Attempt::Connected,
                    1 => Attempt::NotFree("in a call"),
                    _ => Attempt::Failed("no answer"),
                };
                self.park.callback_tried(now, id, run, attempt);
                self.absorb_all();
            }
            Op::Unclaim { uuid: n, stale } => {
                let uuid = uuid(n);
                let Some((ticket, held)) = self.ticket(&uuid, stale) else { return };
                self.park.unclaim(now, &uuid, ticket);
                if held {
                    self.calls.get_mut(&uuid).unwrap().claim = None;
                }
                assert_eq!(self.absorb_all(), held);
            }
            Op::Complete { uuid: n, stale } => {
                let uuid = uuid(n);
                let Some((ticket, held)) = self.ticket(&uuid, stale) else { return };
                assert_eq!(self.park.complete(now, &uuid, ticket), held);
                assert_eq!(self.absorb_all(), held);
                assert!(!held || !self.calls.contains_key(&uuid));
            }
            Op::Replace { uuid: n, by, awaited } => self.replace(&uuid(n), uuid(by), awaited),
            Op::Gone { uuid: n, end } => {
                let end = [End::HungUp, End::TakenAway][usize::from(end)];
                self.gone(&uuid(n), end);
            }
            Op::StepFailed { uuid: n, stale } => {
                let (asked, uuid) = (uuid(n), self.current(uuid(n)));
                let Some(run) = self.run(&uuid, stale) else { return };
                if let Some(call) = self.calls.get_mut(&uuid) {
                    call.ringing.take_if(|(ringing, _)| *ringing == run);
                    call.claim.take_if(|(_, by)| *by == By::Leg(run));
                }
                self.park.step_failed(now, &asked, run, "no answer");
                self.absorb_all();
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
                let to = self.key(lot);
                let want = want_in(&to, orbit);
                if is_made(&to) != is_made(&call.place.lot) {
                    // What one of them does to its calls at times, the other does not.
                    return;
                }
                let free = match &want {
                    Want::Auto | Want::Between(..) | Want::At(_) => self.has_free(&to),
                    Want::Orbit(orbit) => self.is_free(&place(&to, orbit)),
                };
                match self.park.move_call(now, &call.place, &to, want.clone()) {
                    Ok(place) => {
                        assert!(call.claim.is_none() && free);
                        self.note_made(&place.lot);
                        self.absorb_all();
                        assert_eq!(self.calls[&uuid(n)].place, place);
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
                let place = call.place.clone();
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
                        call.offer = None;
                        call.deadline = (ms > 0).then(|| self.now + ms);
                    }
                    Setting::Priority(value) if value <= 9 => call.priority = value,
                    _ => {}
                }
                match self.park.set(now, &place, setting) {
                    Ok(()) => {
                        self.absorb_all();
                    }
                    Err(refusal) => assert!(refusal == Refusal::BadArguments && value > 9),
                }
            }
            Op::ReturnNow { uuid: n } => {
                let Some(call) = self.calls.get(&uuid(n)).cloned() else { return };
                match self.park.return_now(now, &call.place) {
                    Ok(()) => {
                        if call.ringing.is_none() && call.offer.is_none() {
                            self.calls.get_mut(&uuid(n)).unwrap().deadline = Some(self.now);
                        }
                        self.absorb_all();
                    }
                    Err(Refusal::Gone) => assert!(call.claim.is_some()),
                    Err(refusal) => assert_eq!(refusal, Refusal::Failed),
                }
            }
            Op::Drop { uuid: n } => {
                let uuid = uuid(n);
                let Some(call) = self.calls.get(&uuid).cloned() else { return };
                match self.park.drop_call(now, &call.place, CauseName::NORMAL_CLEARING) {
                    Ok(()) => {
                        self.absorb_all();
                        let Verdict::HangUp { ticket, .. } = self.park.verdict(&uuid) else {
                            panic!("dropped, but it may stay")
                        };
                        self.claimed(&uuid, ticket, By::Drop);
                    }
                    Err(refusal) => assert!(refusal == Refusal::Gone && call.claim.is_some()),
                }
            }
            Op::Close { lot, orbit: at } => {
                let (lot, at) = (self.key(lot), at.map(orbit));
                if self.is_shut(&lot) && at.is_some() {
                    return;
                }
                if self.park.close(&lot, at.as_ref()).is_ok() {
                    let lot = self.lots.get_mut(&lot).unwrap();
                    let at_once = at.is_none();
                    let closed = at.map_or_else(|| lot.orbits.clone(), |at| [at].into());
                    lot.shut = lot.made && closed.is_empty();
                    lot.whole |= at_once;
                    lot.closed.extend(closed);
                    assert!(self.absorb_all(), "it is not shown");
                }
            }
            Op::Open { lot, orbit: at } => {
                let (lot, at) = (self.key(lot), at.map(orbit));
                if self.is_shut(&lot) && at.is_some() {
                    return;
                }
                if self.park.open(&lot, at.as_ref()).is_ok() {
                    let lot = self.lots.get_mut(&lot).unwrap();
                    lot.shut = false;
                    lot.whole &= at.is_some();
                    lot.closed.retain(|closed| at.as_ref().is_some_and(|at| at != closed));
                    assert!(self.absorb_all(), "it is not shown");
                }
            }
            // Elsewhere a lot that is no longer configured would be one that is made.
            Op::Reload { config } => self.reload(if self.makes { config % 2 } else { config }),
        }
        self.see_verdicts();
    }

    /// What a call does by itself shows in the verdict only.
    fn see_verdicts(&mut self) {
        let now = self.at();
        for (uuid, call) in self.calls.iter_mut().filter(|(_, call)| call.claim.is_none()) {
            let returning =
                self.park.find(now, uuid).is_some_and(|view| view.state == CallState::Returning);
            let (ticket, by) = match self.park.verdict(uuid) {
                Verdict::Transfer { ticket, .. } => (ticket, By::Step),
                Verdict::HangUp { ticket, .. } if returning => (ticket, By::StepEnd),
                Verdict::HangUp { ticket, .. } => {
                    assert!(call.leaves_at <= self.now, "leaves too early");
                    call.leaves_at = self.now + MAX_WAIT;
                    (ticket, By::Waited)
                }
                _ => continue,
            };
            call.offer = None;
            call.claim = Some((ticket, by));
            self.old_tickets.entry(uuid.clone()).or_insert(ticket);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of Op::Park")]
    pub fn park(
        &mut self,
        n: u8,
        lot: u8,
        orbit: Option<u8>,
        timeout: u8,
        returns: u8,
        priority: u8,
        parker: bool,
    ) {
        let key = self.key(lot);
        let timeout = [None, Some(0), Some(1), Some(7_000)][usize::from(timeout)];
        let info = CallInfo {
            parker: parker.then(|| "1000@x.com".parse().expect("a user")),
            priority,
            parked_at_epoch_ms: self.now,
            ..CallInfo::new(uuid(n), Caller::new("name", "100"))
        };
        let request = ParkRequest {
            timeout_ms: timeout,
            returns: steps(returns),
            ..ParkRequest::by_administrator(info, key.clone(), want_in(&key, orbit))
        };
        match self.park.park(self.at(), request.clone()) {
            Ok(parked) => {
                match self.held.remove(&uuid(n)) {
                    Some((held, _)) => assert_eq!(held, parked),
                    None if matches!(request.orbit, Want::Between(..)) => {
                        assert!(BETWEEN.contains(&parked.orbit.as_str()), "{parked:?}");
                        assert!(self.is_free(&parked), "was not free");
                    }
                    None => assert!(self.is_free(&parked), "was not free"),
                }
                self.note_made(&parked.lot);
                let never = is_made(&parked.lot).then_some(u64::MAX);
                self.parked += 1;
                let timeout_ms = timeout.unwrap_or_else(|| self.lots[&parked.lot].timeout_ms);
                let call = Call {
                    place: parked,
                    timeout,
                    priority,
                    order: (self.now, self.parked),
                    deadline: (timeout_ms > 0).then(|| self.now + timeout_ms),
                    ringing: None,
                    offer: None,
                    comfort_at: never.unwrap_or(self.now + COMFORT_EVERY),
                    leaves_at: never.unwrap_or(self.now + MAX_WAIT),
                    claim: None,
                };
                assert!(self.calls.insert(uuid(n), call).is_none(), "parked twice");
                self.absorb_all();
            }
            Err(refused) => {
                self.absorb_all();
                match refused.refusal {
                    Refusal::AlreadyParked => assert!(self.calls.contains_key(&uuid(n))),
                    refusal => self.check_refusal(&request.lot, &request.orbit, refusal),
                }
            }
        }
    }

    /// Claims, and expects the call `expected`, or a refusal.
    pub fn claim(
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
            _ => Claimant::Retriever { uuid: leg, user: None, by: Actor::Administrator },
        };
        match self.park.claim(self.at(), lot, target, claimant) {
            Ok(claim) => {
                assert_eq!(Some(&claim.call.info.uuid), expected);
                self.absorb_all();
                self.claimed(&claim.call.info.uuid, claim.ticket, by);
            }
            Err(refusal) => assert_eq!(expected, None, "{refusal:?}"),
        }
    }

    pub fn claimed(&mut self, uuid: &CallUuid, ticket: Ticket, by: By) {
        let call = self.calls.get_mut(uuid).expect("claims no call");
        assert!(call.claim.is_none(), "claimed twice");
        if let By::Leg(_) = by {
            call.ringing = None;
        }
        assert!(call.ringing.is_none(), "claimed while it rings");
        call.offer = None;
        call.claim = Some((ticket, by));
        self.old_tickets.entry(uuid.clone()).or_insert(ticket);
    }

    pub fn replace(&mut self, old: &CallUuid, new: CallUuid, awaited: bool) {
        let hung_up = |call: &Call| {
            call.claim.is_some_and(|(_, by)| matches!(by, By::Drop | By::StepEnd | By::Waited))
        };
        let there = self.calls.get(old).is_some_and(|call| !hung_up(call));
        if self.calls.contains_key(&new) || self.held.contains_key(&new) {
            let leg = NewLeg { uuid: new, caller: Caller::default(), parker: None };
            let refused = self.park.replace(self.at(), old, leg);
            return assert_eq!(refused, Err(Refusal::AlreadyParked));
        }
        if awaited {
            let awaits = self.park.await_heir(self.at(), old, 5_000);
            assert_eq!(awaits, there);
            if awaits {
                let by = Claimant::Leave(Exit::Callback);
                let refused = self.park.claim(self.at(), None, Target::Call(old), by);
                assert!(refused.is_err(), "claimed between two legs");
            }
        }
        let leg = NewLeg { uuid: new.clone(), caller: Caller::new("new", "200"), parker: None };
        match self.park.replace(self.at(), old, leg) {
            Ok(place) => {
                assert!(there);
                let effects = self.park.take_effects();
                self.absorb_replacement(old, &effects);
                assert_eq!(self.calls[&new].place, place);
            }
            Err(refusal) => assert!(refusal == Refusal::Gone && !there),
        }
    }

    /// Whoever was about to be connected to the old leg is not; a return step that was goes on with the next.
    fn absorb_replacement(&mut self, old: &CallUuid, effects: &[Effect]) {
        let now = self.now;
        let call = self.calls.get_mut(old).expect("replaces no call");
        let lost = call.claim.take_if(|(_, by)| matches!(by, By::Retriever | By::Leg(_)));
        let resumes = |effect: &Effect| matches!(effect, Effect::Event(event) if event.action == Action::Resume);
        // A step whose time was set anew while somebody had the call is not over: the call waits on.
        if let Some((_, By::Leg(_))) = lost
            && !effects.iter().any(resumes)
        {
            call.deadline = Some(now);
        }
        let rest: Vec<Effect> = effects
            .iter()
            .filter(|effect| !matches!(effect, Effect::ClaimLost { .. }))
            .cloned()
            .collect();
        assert_eq!(rest.len() < effects.len(), lost.is_some());
        self.absorb(&rest);
    }

    /// A ticket for that call, and whether it is the one that counts.
    pub fn ticket(&self, uuid: &CallUuid, stale: bool) -> Option<(Ticket, bool)> {
        let held = self.calls.get(uuid).and_then(|call| call.claim).map(|(ticket, _)| ticket);
        let ticket = if stale { self.old_tickets.get(uuid).copied() } else { held }?;
        Some((ticket, held == Some(ticket)))
    }

    pub fn run(&self, uuid: &CallUuid, stale: bool) -> Option<RunId> {
        let call = self.calls.get(uuid);
        let claimed = match call.and_then(|call| call.claim) {
            Some((_, By::Leg(run))) => Some(run),
            _ => None,
        };
        let current = call.and_then(|call| call.ringing).map(|(run, _)| run).or(claimed);
        if stale { self.old_runs.get(uuid).copied() } else { current }
    }

    pub fn gone(&mut self, uuid: &CallUuid, end: End) {
        let known = self.calls.contains_key(uuid);
        self.park.gone(self.at(), uuid, end);
        assert_eq!(self.absorb_all(), known);
        assert!(!self.calls.contains_key(uuid), "gone, but still there");
    }

    pub fn run_timeouts(&mut self) {
        for _ in 0..100 {
            if self.park.poll_timeout().is_none_or(|due| due > self.at()) {
                return;
            }
            // Nobody talks into an offer: the comfort comes when it is over, unless the call leaves now.
            let now = self.now;
            let stays = |call: &&mut Call| call.claim.is_none() && call.leaves_at > now;
            for call in self.calls.values_mut().filter(stays) {
                if let Some(until) = call.offer.filter(|_| call.comfort_at <= self.now) {
                    call.comfort_at = until + 1;
                }
            }
            self.park.handle_timeout(self.at());
            self.absorb_all();
            self.see_verdicts();
        }
        panic!("what is due never ends");
    }

    pub fn reload(&mut self, n: u8) {
        let lots = configuration(n);
        for (key, lot) in self.lots.iter_mut().filter(|(_, lot)| !lot.made) {
            if !lots.iter().any(|(config, _)| config.key == *key) {
                *lot = Lot { going: true, timeout_ms: lot.timeout_ms, ..Lot::default() };
            }
        }
        for (config, orbits) in &lots {
            let lot = self.lots.entry(config.key.clone()).or_default();
            let orbits: BTreeSet<OrbitName> =
                orbits.iter().map(|name| name.parse().unwrap()).collect();
            if orbits != lot.orbits {
                let opened: BTreeSet<_> = lot.orbits.difference(&lot.closed).cloned().collect();
                lot.whole = !lot.closed.is_empty() && (lot.whole || opened.is_empty());
                lot.closed = match lot.whole {
                    true => orbits.difference(&opened).cloned().collect(),
                    false => lot.closed.intersection(&orbits).cloned().collect(),
                };
                lot.orbits = orbits;
            }
            lot.timeout_ms = match config.timeout.base {
                TimeoutRule::Fixed(ms) => ms,
                TimeoutRule::Adaptive => unreachable!("not in these configurations"),
            };
            lot.going = false;
        }
        for (OrbitKey { lot: key, orbit }, _) in self.held.values_mut() {
            let owner = |(other, lot): &(&LotKey, &Lot)| {
                other.domain == key.domain && lot.orbits.contains(orbit)
            };
            if let Some((owner, _)) = self.lots.iter().find(owner) {
                *key = owner.clone();
            }
        }
        let configs = lots.into_iter().map(|(config, _)| config).collect();
        self.park.configure(self.at(), configs);
        self.absorb_all();
    }
}
