//! A thousand parked calls with real RTP, while 20 calls a second are parked and 20 retrieved, calls come back by return
//! steps, and 200 lamps are watched: no call may be lost, and nobody may notice the crowd.
//!
//! The retriever's wait is measured by its phone: from the INVITE to the 200 OK and to the first packet of the caller. Events
//! (`parked`, `bridge`) come later than what they tell: the event socket sends them every 20 ms, and on a busy machine less
//! often. How late a return step is, is measured at the phone that it calls, from the moment at which the module says
//! that it has parked the call.
//!
//! The same with mod_valet_parking on the same FreeSWITCH, without return steps, which it does not have. Chance decides which
//! of the two is first.
//!
//! With `SOFIA_DB=postgres`, mod_sofia has its database in a PostgreSQL server instead of SQLite, where FreeSWITCH waits for
//! 100 ms at a time when two threads write.
//!
//! `FREESWITCH=<prefix> [CROWD=1000] [RATE=20] [SECONDS=60] [LAMPS=200] cargo run --release -p kit --example crowd`

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use kit::figures::{Series, beside, keep_plot, number};
use kit::phone::{Call, Exchange, Phase, Policy, Subscription, Transport};
use kit::rival::{self, CALLPARK, Rival, VALET};
use kit::{Phone, Postgres, Setup, Switch, plot};

/// What must be kept, ms: 99 of 100.
const RETRIEVAL_AT_MOST: f64 = 40.0;
const LATE_AT_MOST: f64 = 50.0;
/// Returns a second, and after how long.
const RETURNS: u32 = 4;
const TIMEOUT: Duration = Duration::from_secs(5);
/// Users whose calls come back, one call each at a time.
const RETURNING: u32 = 40;
/// Phones that retrieve. One that has another call still may be completing a transfer, and is given a quarter of a second for
/// that; so none has.
const DESKS: u32 = 80;
/// So many calls a second make up the crowd.
const PACE: u32 = 40;
/// Two who talk, do so for so long.
const TALK: Duration = Duration::from_millis(400);
/// What has not happened by then does not happen.
const GIVEN_UP: Duration = Duration::from_secs(15);
/// A crowd that hangs up at once is gone by then.
const EMPTY_WITHIN: Duration = Duration::from_secs(30);
/// More ports than the kit has for a switch, below those of all its switches.
const PORTS: (u16, u16) = (2000, 10_998);

#[derive(Default)]
struct Figures {
    /// Of one processor, in percent: while calls wait, and while others come and go.
    waiting: f64,
    moving: f64,
    parking: Series,
    ok: Series,
    bridge: Series,
    voice: Series,
    music: Series,
    late_decision: Series,
    late_ring: Series,
    gap: Series,
    lost: Vec<String>,
}

/// When a module and FreeSWITCH say that something has happened.
#[derive(Default)]
struct Board {
    parked: HashMap<String, (Instant, Duration)>,
    bridged: HashMap<String, Instant>,
    decided: HashMap<String, f64>,
}

struct Retrieval {
    begun: Instant,
    leg: Call,
    caller: Call,
    orbit: u32,
    heard: Option<Instant>,
}

struct Parking {
    begun: Instant,
    call: Call,
    orbit: u32,
}

fn main() -> ExitCode {
    let (crowd, rate): (u32, u32) = (number("CROWD", 1000), number("RATE", 20));
    let (seconds, lamps): (u64, u32) = (number("SECONDS", 60), number("LAMPS", 200));
    let postgres = std::env::var("SOFIA_DB").is_ok_and(|kind| kind == "postgres");
    let postgres = postgres.then(|| Postgres::start().expect("a PostgreSQL server"));
    let setup = match &postgres {
        Some(server) => setup(crowd).module("mod_pgsql").sip_param("odbc-dsn", &server.dsn()),
        None => setup(crowd),
    };
    let Some(switch) = Switch::start_real(setup) else { return ExitCode::SUCCESS };
    switch.ready_for_long("warning");
    let exchange = Exchange::open(switch.ip());
    let board = Mutex::new(Board::default());
    let over = AtomicBool::new(false);
    let figures = std::thread::scope(|scope| {
        scope.spawn(|| listen(&switch, &board, &over));
        let watched = watch(&switch, lamps);
        let begins_with_ours = fastrand::bool();
        let mut rivals = [CALLPARK, VALET];
        if !begins_with_ours {
            rivals.reverse();
        }
        let mut figures = rivals.map(|rival| {
            let duration = Duration::from_secs(seconds);
            run(&switch, &exchange, &board, &rival, crowd, rate, duration)
        });
        if !begins_with_ours {
            figures.reverse();
        }
        over.store(true, Ordering::Relaxed);
        let lit = watched.0.iter().filter(|lamp| lamp.last().is_some()).count();
        println!("{lit} of {lamps} lamps have been shown");
        if let Some(server) = &postgres {
            let subscriptions = server.sql("SELECT count(*) FROM sip_subscriptions");
            println!("mod_sofia has {subscriptions} subscriptions in PostgreSQL");
        }
        figures
    });
    report(crowd, rate, &figures)
}

fn setup(crowd: u32) -> Setup {
    let orbits = format!("100001-{}", 100_000 + crowd + 1000);
    let returns = format!(
        r#"<lot name="returns" orbits="200001-200999"><param name="timeout" value="{}"/><param name="announce" value="false"/>
        <return><step to="user/1000@$${{domain}}" ring="5"/><step to="hangup:NORMAL_CLEARING"/></return></lot>"#,
        TIMEOUT.as_secs()
    );
    let setup = Setup::new().sip(true).music().rtp_ports(PORTS.0, PORTS.1);
    rival::both_and(setup, &orbits, &returns).extension("return", &[("callpark", "returns auto")])
}

/// Notes what is told, until it is over.
fn listen(switch: &Switch, board: &Mutex<Board>, over: &AtomicBool) {
    let mut esl = switch.esl();
    let [ours, theirs] = rival::PARKED;
    esl.subscribe(&[ours, theirs, "CHANNEL_BRIDGE"]).expect("a subscription");
    while !over.load(Ordering::Relaxed) {
        let Ok(event) = esl.next_event() else { return };
        let now = Instant::now();
        let mut board = board.lock().unwrap_or_else(PoisonError::into_inner);
        if event.name() == "CHANNEL_BRIDGE" {
            for leg in ["Bridge-A-Unique-ID", "Bridge-B-Unique-ID"] {
                board.bridged.entry(event.text(leg).into()).or_insert(now);
            }
            continue;
        }
        if VALET.parked(&event, event.uuid()) {
            board.parked.insert(event.uuid().to_owned(), (now, Duration::ZERO));
        }
        let uuid = event.text("Callpark-UUID").to_owned();
        if event.is("Callpark-Action", "park") {
            let ms = event.text("variable_callpark_parked_at").parse().unwrap_or_default();
            board.parked.insert(uuid, (now, Duration::from_millis(ms)));
        } else if event.is("Callpark-Action", "return") {
            let waited: f64 = event.text("Callpark-Wait-Ms").parse().unwrap_or_default();
            board.decided.entry(uuid).or_insert(waited - TIMEOUT.as_secs_f64() * 1000.0);
        }
    }
}

/// Phones that watch the orbits that are used most; they live as long as their lamps are looked at.
fn watch(switch: &Switch, lamps: u32) -> (Vec<Subscription>, Phone) {
    let phone = Phone::over(switch, Transport::Tcp, "1001");
    let lamp = |n| phone.subscribe(&format!("park+{}", 100_001 + n), "dialog");
    ((0..lamps).map(lamp).collect(), phone)
}

struct Crowd<'a> {
    board: &'a Mutex<Board>,
    rival: &'a Rival,
    callers: Phone,
    desks: Vec<Phone>,
    /// How many calls they have taken.
    taken: usize,
    free: Vec<u32>,
    parking: Vec<Parking>,
    waiting: Vec<Parking>,
    retrieving: Vec<Retrieval>,
    figures: Figures,
    /// When it was last looked after those who wait.
    looked: Instant,
    /// What is measured counts.
    counting: bool,
}

fn run(
    switch: &Switch,
    exchange: &Exchange,
    board: &Mutex<Board>,
    rival: &Rival,
    crowd: u32,
    rate: u32,
    duration: Duration,
) -> Figures {
    let phone = |user: &str| Phone::new(switch, user).on(exchange);
    // The least number is used next, so that watched orbits are.
    let free = (100_001..=100_000 + crowd + 1000).rev().collect();
    let mut town = Crowd {
        board,
        rival,
        callers: phone("0100"),
        desks: (0..DESKS).map(|desk| phone(&format!("03{desk:02}"))).collect(),
        taken: 0,
        free,
        parking: Vec::new(),
        waiting: Vec::new(),
        retrieving: Vec::new(),
        figures: Figures::default(),
        looked: Instant::now(),
        counting: false,
    };
    let begun = Instant::now();
    for number in 0..crowd {
        town.until(begun + Duration::from_secs(1) * number / PACE);
        town.park();
    }
    town.until(Instant::now() + Duration::from_secs(5));
    let work = Work::begins(switch);
    town.until(Instant::now() + Duration::from_secs(5));
    town.figures.waiting = work.percent();
    println!("{}: {} calls are parked", rival.name, town.waiting.len());
    // mod_valet_parking has none.
    let returns = (rival.name == CALLPARK.name).then(|| Returns::new(switch, exchange));
    town.counting = true;
    let begun = Instant::now();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let returns = returns.as_ref();
        let thread = returns.map(|returns| scope.spawn(|| returns.run(board, &stop)));
        let work = Work::begins(switch);
        for number in 0..(duration.as_secs_f64() * f64::from(rate)) as u32 {
            town.until(begun + Duration::from_secs(1) * number / rate);
            town.park();
            town.retrieve();
        }
        town.figures.moving = work.percent();
        town.until(Instant::now() + GIVEN_UP);
        stop.store(true, Ordering::Relaxed);
        let Some(thread) = thread else { return };
        let (late_ring, late_decision, lost) = thread.join().unwrap_or_default();
        (town.figures.late_ring, town.figures.late_decision) = (late_ring, late_decision);
        town.figures.lost.extend(lost);
    });
    for parked in &town.waiting {
        for voice in parked.call.voices() {
            town.figures.gap.add_ms(voice.gap);
        }
        parked.call.hangup();
    }
    // As long as the phones are there, which say it again if nobody hears that they hang up.
    let end = Instant::now() + EMPTY_WITHIN;
    while switch.channels() > 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(100));
    }
    let left = switch.channels();
    if left > 0 {
        println!("{}: {left} channels are left, and are hung up", rival.name);
        let _ = switch.try_api("hupall");
    }
    town.figures
}

/// What FreeSWITCH does from a moment on.
struct Work<'a> {
    switch: &'a Switch,
    begun: Instant,
    before: f64,
}

impl<'a> Work<'a> {
    fn begins(switch: &'a Switch) -> Self {
        Self { switch, begun: Instant::now(), before: switch.processor_s() }
    }

    /// Of one processor.
    fn percent(&self) -> f64 {
        (self.switch.processor_s() - self.before) / self.begun.elapsed().as_secs_f64() * 100.0
    }
}

fn voice_of(call: &Call, mark: u32) -> Option<Instant> {
    call.voices().iter().find(|voice| voice.mark == Some(mark)).map(|voice| voice.first)
}

impl Crowd<'_> {
    /// Looks after all calls until then.
    fn until(&mut self, then: Instant) {
        loop {
            self.look();
            let left = then.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(Duration::from_millis(10)));
        }
    }

    fn park(&mut self) {
        let Some(orbit) = self.free.pop() else { return };
        let begun = Instant::now();
        let call = self.callers.call(&format!("{}{orbit}", self.rival.park));
        self.parking.push(Parking { begun, call, orbit });
    }

    fn retrieve(&mut self) {
        // One of all, so that orbits of every age are freed.
        if self.waiting.is_empty() {
            return;
        }
        let parked = self.waiting.swap_remove(fastrand::usize(..self.waiting.len()));
        let Parking { call: caller, orbit, .. } = parked;
        let begun = Instant::now();
        let desk = &self.desks[self.taken % self.desks.len()];
        desk.forget_ended();
        let leg = desk.call(&format!("{}{orbit}", self.rival.take));
        self.taken += 1;
        self.retrieving.push(Retrieval { begun, leg, caller, orbit, heard: None });
    }

    fn look(&mut self) {
        let mut board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        let (figures, counting) = (&mut self.figures, self.counting);
        for parking in std::mem::take(&mut self.parking) {
            match board.parked.remove(parking.call.uuid()) {
                Some((at, _)) => {
                    if counting {
                        figures.parking.add_ms(at.saturating_duration_since(parking.begun));
                    }
                    self.waiting.push(parking);
                }
                None if parking.begun.elapsed() > GIVEN_UP => {
                    figures.lost.push(format!("{} was not parked", parking.call.uuid()));
                    parking.call.hangup();
                }
                None => self.parking.push(parking),
            }
        }
        for mut retrieval in std::mem::take(&mut self.retrieving) {
            let since = |at: Instant| at.saturating_duration_since(retrieval.begun);
            let (leg, caller) = (&retrieval.leg, &retrieval.caller);
            if retrieval.heard.is_none()
                && let (Some(voice), Some(bridge), Some(up)) =
                    (voice_of(leg, caller.mark()), board.bridged.get(leg.uuid()), leg.up_at())
            {
                figures.voice.add_ms(since(voice));
                figures.bridge.add_ms(since(*bridge));
                if let Some(music) = caller.voices().iter().find(|voice| voice.mark.is_none()) {
                    figures.music.add_ms(since(music.last));
                }
                figures.ok.add_ms(since(up));
                retrieval.heard = Some(Instant::now());
            }
            let done = retrieval.heard.is_some_and(|at| at.elapsed() > TALK);
            let failed = retrieval.heard.is_none() && retrieval.begun.elapsed() > GIVEN_UP;
            if failed {
                let what = (retrieval.leg.ended(), retrieval.caller.ended());
                figures
                    .lost
                    .push(format!("{} was not retrieved: {what:?}", retrieval.caller.uuid()));
            }
            if done || failed {
                board.bridged.remove(retrieval.leg.uuid());
                board.bridged.remove(retrieval.caller.uuid());
                retrieval.leg.hangup();
                retrieval.caller.hangup();
                self.free.push(retrieval.orbit);
            } else {
                self.retrieving.push(retrieval);
            }
        }
        drop(board);
        if self.looked.elapsed() < Duration::from_millis(200) {
            return;
        }
        self.looked = Instant::now();
        let ended = |parked: &Parking| parked.call.phase() == Phase::Ended;
        for parked in self.waiting.extract_if(.., |parked| ended(parked)).collect::<Vec<_>>() {
            let end = parked.call.ended();
            self.figures.lost.push(format!("{} has ended: {end:?}", parked.call.uuid()));
        }
        self.callers.forget_ended();
    }
}

/// Calls that come back.
struct Returns {
    callers: Vec<Phone>,
    desk: Phone,
}

impl Returns {
    fn new(switch: &Switch, exchange: &Exchange) -> Returns {
        let phone = |user: u32| Phone::new(switch, &format!("05{user:02}")).on(exchange);
        let desk = Phone::new(switch, "1000").policy(Policy::Reject(486)).on(exchange);
        desk.register();
        Returns { callers: (0..RETURNING).map(phone).collect(), desk }
    }

    /// How late the phone rang, how late the module had decided, and whose call did not come back.
    fn run(&self, board: &Mutex<Board>, stop: &AtomicBool) -> (Series, Series, Vec<String>) {
        let (mut rings, mut decisions, mut lost) =
            (Series::default(), Series::default(), Vec::new());
        let mut going: HashMap<String, (Instant, Call)> = HashMap::new();
        let (begun, mut number) = (Instant::now(), 0);
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
            let due = begun + Duration::from_secs(1) * number / RETURNS;
            let phone = &self.callers[number as usize % self.callers.len()];
            if Instant::now() >= due {
                number += 1;
                going.entry(phone.user()).or_insert_with(|| {
                    phone.forget_ended();
                    (Instant::now(), phone.call("return"))
                });
            }
            let ended = self.desk.ended_calls();
            for ringing in &ended {
                let identities = ringing.identities();
                let Some((at, identity)) = identities.first() else { continue };
                let Some((_, call)) = going.remove(&identity.number) else { continue };
                let board = board.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((_, parked_at)) = board.parked.get(call.uuid()) {
                    rings.add(since_ms(*at, *parked_at + TIMEOUT));
                    // Unless its event is not there yet.
                    board.decided.get(call.uuid()).iter().for_each(|late| decisions.add(**late));
                }
                call.hangup();
            }
            // No other: one that ends in the meantime is to be seen.
            self.desk.forget(&ended);
            going.retain(|_, (at, call)| {
                let kept = at.elapsed() < TIMEOUT + GIVEN_UP;
                if !kept {
                    lost.push(format!("{} did not come back: {:?}", call.uuid(), call.ended()));
                }
                kept
            });
        }
        (rings, decisions, lost)
    }
}

/// How long after that moment of the wall clock something happened, ms.
fn since_ms(at: Instant, epoch: Duration) -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (now.as_secs_f64() - at.elapsed().as_secs_f64() - epoch.as_secs_f64()) * 1000.0
}

fn report(crowd: u32, rate: u32, [figures, theirs]: &[Figures; 2]) -> ExitCode {
    println!("\n{crowd} parked calls, {rate} parks and {rate} retrievals a second, ms");
    for (name, ours, theirs) in [
        ("INVITE to parked", &figures.parking, &theirs.parking),
        ("INVITE to 200 OK", &figures.ok, &theirs.ok),
        ("INVITE to the music's last packet", &figures.music, &theirs.music),
        ("INVITE to bridge", &figures.bridge, &theirs.bridge),
        ("INVITE to the caller's voice", &figures.voice, &theirs.voice),
        ("longest gap in a call's music", &figures.gap, &theirs.gap),
    ] {
        beside(name, ours, theirs);
    }
    for (what, ours, theirs) in [
        ("calls that wait", figures.waiting, theirs.waiting),
        ("calls that come and go as well", figures.moving, theirs.moving),
    ] {
        println!(
            "FreeSWITCH with {what}: {ours:.0} and {theirs:.0} % of a processor, ratio {:.2}",
            ours / theirs
        );
    }
    println!("\n{:<34} {}", "", Series::HEAD);
    for (name, series) in [
        ("first return step late: decided", &figures.late_decision),
        ("first return step late: phone", &figures.late_ring),
    ] {
        println!("{name:<34} {series}");
    }
    let all = [
        (CALLPARK.name, &figures.voice, 0),
        (VALET.name, &theirs.voice, 1),
        ("return step late", &figures.late_ring, 3),
    ];
    let title =
        format!("{crowd} parked calls: INVITE to the caller's voice, and how late a phone rings");
    keep_plot("crowd.svg", &plot::shares(&title, "ms", &all));
    let mut wrong: Vec<String> = figures.lost.clone();
    for (name, series, most) in [
        ("INVITE to the caller's voice", &figures.voice, RETRIEVAL_AT_MOST),
        ("first return step", &figures.late_ring, LATE_AT_MOST),
    ] {
        if series.is_empty() || series.at(0.99) > most {
            wrong.push(format!("{name}: p99 {:.1} ms, at most {most}", series.at(0.99)));
        }
    }
    println!("lost: {}; by mod_valet_parking: {}", figures.lost.len(), theirs.lost.len());
    for what in wrong.iter().take(20) {
        println!("NOT KEPT: {what}");
    }
    if wrong.is_empty() {
        println!("kept");
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}
