//! Honest people: each lane is a desk whose phone is registered, and a caller with five calls parked there.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use kit::phone::{Call, Phase, Policy, Transport};
use kit::{Phone, Switch};

use crate::board::Board;
use crate::figures::{Figures, Kind};

/// Desks.
pub const LANES: u32 = 10;
/// Calls that are parked at each.
const CALLS: usize = 5;
/// After how long a call that is to come back does.
const TIMEOUT: Duration = Duration::from_secs(4);
/// How often a desk's phone registers again; what it has registered ends after an hour.
const REGISTERS_EVERY: Duration = Duration::from_secs(900);
/// One thing a desk does begins so long after the one before.
const PACE: Duration = Duration::from_millis(700);

struct Waiting {
    call: Call,
    orbit: String,
    since: Instant,
    /// It is to come back by itself.
    returns: bool,
}

struct Lane<'a> {
    board: &'a Board,
    figures: &'a Figures,
    desk: Phone,
    caller: Phone,
    waiting: VecDeque<Waiting>,
    count: usize,
}

/// Parks, retrieves and takes back until it is over.
pub fn run(switch: &Switch, board: &Board, figures: &Figures, number: u32) {
    std::thread::sleep(PACE * number / LANES);
    while !figures.stop.load(Ordering::Relaxed) {
        // Whatever is left of one in which something failed does not count.
        let done =
            catch_unwind(AssertUnwindSafe(|| Lane::open(switch, board, figures, number).run()));
        let failed = done.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            Err(text.lines().take(2).collect::<Vec<_>>().join(" "))
        });
        if let Err(text) = failed {
            figures.failed(format!("desk 10{number:02}: {text}"));
        }
    }
}

impl<'a> Lane<'a> {
    fn open(switch: &Switch, board: &'a Board, figures: &'a Figures, number: u32) -> Self {
        // Over connections: hostile datagrams can fill the switch's socket, and these phones send each message once.
        let desk = Phone::over(switch, Transport::Tcp, &format!("10{number:02}"));
        let desk = desk.policy(Policy::Ring);
        desk.register();
        let caller = Phone::over(switch, Transport::Tcp, &format!("030{number:02}"));
        let caller = caller.display("Honest");
        Lane { board, figures, desk, caller, waiting: VecDeque::new(), count: 0 }
    }

    fn run(mut self) -> Result<(), String> {
        let mut registered = Instant::now();
        while !self.figures.stop.load(Ordering::Relaxed) {
            let end = Instant::now() + PACE + Duration::from_millis(fastrand::u64(..300));
            self.turn()?;
            if registered.elapsed() >= REGISTERS_EVERY {
                self.desk.register();
                registered = Instant::now();
            }
            self.desk.forget_ended();
            self.caller.forget_ended();
            std::thread::sleep(end.saturating_duration_since(Instant::now()));
        }
        Ok(())
    }
}

impl Lane<'_> {
    fn turn(&mut self) -> Result<(), String> {
        if let Some(gone) = self.waiting.iter().find(|w| w.call.phase() == Phase::Ended) {
            return Err(format!("the caller in {} is gone: {:?}", gone.orbit, gone.call.ended()));
        }
        if self.waiting.len() < CALLS {
            return self.park();
        }
        let due = |w: &Waiting| w.returns && w.since.elapsed() + PACE * 2 > TIMEOUT;
        let next = self.waiting.iter().position(due);
        let Some(at) = next.or_else(|| self.waiting.iter().position(|w| !w.returns)) else {
            return Ok(());
        };
        let Some(waiting) = self.waiting.remove(at) else { return Ok(()) };
        if waiting.returns { self.take_back(&waiting) } else { self.retrieve(&waiting) }?;
        self.park()
    }

    fn park(&mut self) -> Result<(), String> {
        self.count += 1;
        let returns = self.count.is_multiple_of(3);
        let name = if returns { "return" } else { "stay" };
        let begun = Instant::now();
        let call = self.caller.call(&format!("{name}_{}", self.desk.user()));
        let parked = self.board.wait(call.uuid(), "park")?;
        self.figures.note(Kind::Park, parked.at - begun);
        call.wait_up(Duration::from_secs(10));
        // Fifty voices would only keep this machine busy.
        call.fall_silent();
        self.waiting.push_back(Waiting { call, orbit: parked.orbit, since: parked.since, returns });
        Ok(())
    }

    fn retrieve(&self, waiting: &Waiting) -> Result<(), String> {
        let begun = Instant::now();
        let leg = self.desk.call(&waiting.orbit);
        let bridge = self.board.wait(waiting.call.uuid(), "bridge")?;
        self.figures.note(Kind::Retrieve, bridge.at - begun);
        self.board.wait(waiting.call.uuid(), "retrieved")?;
        leg.hangup();
        waiting.call.wait_ended(Duration::from_secs(10));
        Ok(())
    }

    fn take_back(&self, waiting: &Waiting) -> Result<(), String> {
        let ringing = self.desk.incoming(TIMEOUT + Duration::from_secs(10));
        let identities = ringing.identities();
        let (at, identity) = identities.first().ok_or("a call without a caller")?;
        if identity.number != self.caller.user() {
            return Err(format!("{} rings, a stranger", identity.number));
        }
        self.figures.note(Kind::Return, at.saturating_duration_since(waiting.since + TIMEOUT));
        ringing.answer();
        self.board.wait(waiting.call.uuid(), "returned")?;
        ringing.hangup();
        waiting.call.wait_ended(Duration::from_secs(10));
        Ok(())
    }
}
