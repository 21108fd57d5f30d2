//! A desk: its phone, its caller, and everything that can happen to a call that they park. Nothing is asserted here, as the
//! switch is shaken all the time; what must not happen is looked for afterwards.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use kit::phone::{Call, Exchange, Phase, Policy, ReferredBy};
use kit::{Phone, Switch};

use crate::Town;
use crate::ledger::Parked;

const SOON: Duration = Duration::from_secs(4);
/// The whole hand-over lies in it.
const HAND_OVER: Duration = Duration::from_millis(160);
/// A registration lasts an hour, and a soak may last longer.
const REGISTERS_EVERY: Duration = Duration::from_secs(20 * 60);

/// How the call of one turn ends.
const ENDINGS: [Ending; 14] = [
    Ending::Retrieve,
    Ending::Retrieve,
    Ending::RetrieverLeaves,
    Ending::RetrieverLeaves,
    Ending::RetrieverKilled,
    Ending::RetrieverVanishes,
    Ending::TwoRetrievers,
    Ending::CallerLeaves,
    Ending::CallerSilent,
    Ending::CallerVanishes,
    Ending::Return,
    Ending::Again,
    Ending::Next,
    Ending::Wait,
];

#[derive(Debug, Clone, Copy)]
enum Ending {
    Retrieve,
    /// The retriever hangs up at some moment of the hand-over.
    RetrieverLeaves,
    /// FreeSWITCH is told to hang the retriever's leg up then.
    RetrieverKilled,
    /// The retriever's phone forgets the call then.
    RetrieverVanishes,
    TwoRetrievers,
    /// The caller hangs up, perhaps while somebody retrieves the call.
    CallerLeaves,
    /// The caller's phone sends no more audio.
    CallerSilent,
    CallerVanishes,
    /// The desk does nothing, and is called.
    Return,
    /// Retrieved, and transferred into an orbit again.
    Again,
    /// Whatever call is next.
    Next,
    /// Left to the administrators.
    Wait,
}

pub struct Desk<'a> {
    town: &'a Town,
    phone: Phone,
    caller: Phone,
    other: Phone,
}

/// Turn after turn, until it is over; `working` says whether a turn goes on.
pub fn run(town: &Town, number: u32) {
    let desk = Desk::new(town, number);
    let mut registered = Instant::now();
    while !town.over.load(Ordering::Relaxed) {
        if town.paused.load(Ordering::SeqCst) {
            // Somebody may call its phone for a parked call yet.
            desk.clear();
            std::thread::sleep(Duration::from_millis(20));
            continue;
        }
        town.working.fetch_add(1, Ordering::SeqCst);
        // A wait in vain is a panic of the kit; here it is the end of a turn.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            if registered.elapsed() > REGISTERS_EVERY {
                desk.phone.register();
                registered = Instant::now();
            }
            desk.turn();
        }));
        desk.clear();
        town.working.fetch_sub(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(fastrand::u64(..400)));
    }
}

fn phone(switch: &Switch, exchange: &Exchange, user: &str) -> Phone {
    Phone::new(switch, user).policy(Policy::Answer).on(exchange)
}

impl<'a> Desk<'a> {
    fn new(town: &'a Town, number: u32) -> Desk<'a> {
        let own = phone(&town.switch, &town.exchange, &format!("10{number:02}"));
        own.register();
        let caller = phone(&town.switch, &town.exchange, &format!("020{number:02}"));
        let other = phone(&town.switch, &town.exchange, &format!("030{number:02}"));
        Desk { town, phone: own, caller, other }
    }

    fn turn(&self) {
        let shakes = self.town.shaken();
        let (call, parked) = match fastrand::u8(..4) {
            0 => match self.transfer(shakes) {
                Some(parked) => parked,
                None => return,
            },
            kind => {
                let lot = if kind == 1 { "quick" } else { "default" };
                let call = self.call(&self.caller, &format!("park_{lot}_{}", self.phone.user()));
                let Some(parked) = self.parked(&call, shakes) else { return };
                (call, parked)
            }
        };
        let ending = ENDINGS[fastrand::usize(..ENDINGS.len())];
        let mine = self.play(ending, &call, &parked);
        if !mine && call.phase() == Phase::Ended && self.town.is_calm_since(shakes) {
            let outcome = self.town.ledger.outcome(call.uuid(), SOON).unwrap_or_default();
            if outcome == "abandoned" {
                let end = call.ended();
                self.town.ledger.lost(format!("{} {ending:?}: {end:?}, {outcome}", call.uuid()));
            }
        }
    }

    /// The caller calls the desk, which transfers it.
    fn transfer(&self, shakes: u32) -> Option<(Call, Parked)> {
        let call = self.call(&self.caller, &self.phone.user());
        let desk = self.phone.incoming(SOON);
        self.town.ledger.line(&desk, &self.phone.user());
        self.town.ledger.connected(&call, &desk);
        call.wait_up(SOON);
        std::thread::sleep(Duration::from_millis(fastrand::u64(50..300)));
        let lot = if fastrand::bool() { "default" } else { "quick" };
        desk.refer(&format!("auto_{lot}"), ReferredBy::Yes);
        let parked = self.parked(&call, shakes)?;
        Some((call, parked))
    }

    /// Where the call, which was sent to be parked, is. Nobody closes so many orbits that it may be refused.
    fn parked(&self, call: &Call, shakes: u32) -> Option<Parked> {
        let (did, ledger) = (&self.town.did, &self.town.ledger);
        did.sent.fetch_add(1, Ordering::Relaxed);
        let parked = ledger.parked(call.uuid(), 1);
        if parked.is_some() {
            did.parked.fetch_add(1, Ordering::Relaxed);
        } else if call.phase() == Phase::Ended && self.town.is_calm_since(shakes) {
            ledger.lost(format!("{} was not parked: {:?}", call.uuid(), call.ended()));
        }
        parked
    }

    fn call(&self, phone: &Phone, to: &str) -> Call {
        let call = phone.call(to);
        self.town.ledger.line(&call, &phone.user());
        call
    }

    fn take(&self, phone: &Phone, parked: &Parked) -> Call {
        let verb = if fastrand::bool() { "take" } else { "key" };
        self.call(phone, &format!("{verb}_{}_{}", parked.lot, parked.orbit))
    }

    /// Whether the caller's end of it is this desk's doing.
    fn play(&self, ending: Ending, call: &Call, parked: &Parked) -> bool {
        let moment = || std::thread::sleep(HAND_OVER.mul_f64(fastrand::f64()));
        match ending {
            Ending::Retrieve => {
                let leg = self.take(&self.phone, parked);
                self.talk(&leg);
                if fastrand::bool() {
                    leg.hangup();
                    return self.remains(call);
                }
            }
            Ending::RetrieverLeaves => {
                let leg = self.take(&self.phone, parked);
                moment();
                leg.hangup();
                return self.remains(call);
            }
            Ending::RetrieverKilled => {
                let leg = self.take(&self.phone, parked);
                moment();
                let _ = self.town.switch.try_api(&format!("uuid_kill {}", leg.uuid()));
                return self.remains(call);
            }
            Ending::RetrieverVanishes => {
                let leg = self.take(&self.phone, parked);
                moment();
                self.town.ledger.over(&leg);
                self.phone.vanish(&leg);
                return self.remains(call);
            }
            Ending::TwoRetrievers => {
                let legs = [self.take(&self.phone, parked), self.take(&self.other, parked)];
                self.talk(&legs[fastrand::usize(..2)]);
                legs.iter().for_each(Call::hangup);
                return self.remains(call);
            }
            Ending::CallerLeaves => {
                if fastrand::bool() {
                    let _ = self.take(&self.phone, parked);
                    moment();
                }
            }
            Ending::CallerSilent => {
                call.fall_silent();
                let _ = call.wait_ended(Duration::from_secs(8));
            }
            Ending::CallerVanishes => {
                self.town.ledger.over(call);
                self.caller.vanish(call);
                // Until FreeSWITCH misses its audio.
                std::thread::sleep(Duration::from_secs(5));
            }
            Ending::Return => {
                let _ = self
                    .town
                    .switch
                    .try_api(&format!("callpark return {} {}", parked.lot, parked.orbit));
                if self.town.ledger.bridged(call.uuid(), SOON) {
                    std::thread::sleep(Duration::from_millis(300));
                }
            }
            Ending::Again => {
                let leg = self.take(&self.phone, parked);
                self.talk(&leg);
                leg.refer("auto_default", ReferredBy::Yes);
                let _ = self.town.ledger.parked(call.uuid(), 2);
            }
            Ending::Next => {
                let leg = self.call(&self.phone, &format!("next_{}", parked.lot));
                self.talk(&leg);
                leg.hangup();
                return self.remains(call);
            }
            Ending::Wait => std::thread::sleep(Duration::from_secs(3)),
        }
        if call.phase() == Phase::Ended {
            // Somebody else's doing, unless it is because of what the caller has not sent.
            return matches!(ending, Ending::CallerSilent | Ending::CallerVanishes);
        }
        call.hangup();
        true
    }

    /// Until the leg is in a bridge, and a little longer.
    fn talk(&self, leg: &Call) {
        if self.town.ledger.bridged(leg.uuid(), SOON) {
            std::thread::sleep(Duration::from_millis(fastrand::u64(150..500)));
        }
    }

    /// What the retriever's end left of the call: it is parked as before, or it was retrieved.
    fn remains(&self, call: &Call) -> bool {
        std::thread::sleep(Duration::from_millis(400));
        if call.phase() == Phase::Ended {
            return false;
        }
        call.hangup();
        true
    }

    /// Hangs everything up, and says what was heard.
    fn clear(&self) {
        let phones = [&self.phone, &self.caller, &self.other];
        let mut all = Vec::new();
        for phone in phones {
            for call in phone.calls() {
                // Not when it has ended, which may be in another minute: whoever hears it is asked in this one.
                self.town.ledger.line(&call, &phone.user());
                call.hangup();
                all.push(call);
            }
        }
        let end = Instant::now() + SOON;
        while all.iter().any(|call| call.phase() != Phase::Ended) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        for phone in phones {
            let ended = phone.ended_calls();
            for call in &ended {
                self.town.ledger.line(call, &phone.user());
                self.town.ledger.over(call);
            }
            phone.forget(&ended);
        }
    }
}
