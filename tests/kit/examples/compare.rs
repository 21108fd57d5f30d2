//! `make compare`: one list of situations, with the same dialplan and the same phones, with mod_valet_parking and with mod_callpark
//! in its place. Prints what became of each, and fails if mod_callpark is worse anywhere, or not better where it says so.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what is wrong by a panic"
)]

use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use kit::phone::{Call, Phone, Policy, ReferredBy, Sound};
use kit::{MUSIC, SOON, Setup, Switch, new_uuid};

const LOT: &str = "park@test.local";
/// A lot whose slots are announced for a long time.
const ANNOUNCED: &str = "announced@test.local";
const PHRASES: &str = r#"<section name="languages"><language name="en" say-module="en" sound-prefix="/nowhere"><phrases><macros>
<macro name="valet_announce_ext"><input pattern="^announced"><match>
<action function="play-file" data="tone_stream://%(10000,0,1350)"/></match></input></macro></macros></phrases></language></section>"#;
/// What the dialplan plays when `valet_park` has come back.
const WENT_ON: Sound = Sound::Tone(1250);
const MOMENT: Duration = Duration::from_millis(600);
/// A phone does not transfer what it has just answered.
const SETTLED: Duration = Duration::from_millis(400);

/// What mod_callpark promises.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Promise {
    /// It is as with mod_valet_parking.
    Same,
    /// It is this, which mod_valet_parking does not do, or not always.
    Better(&'static str),
}
use Promise::{Better, Same};

type Situation = (&'static str, Promise, fn(&Desk, &str) -> String);

const SITUATIONS: &[Situation] = &[
    ("a transfer to a free slot", Same, transfer),
    ("a phone dials the slot of a parked call", Same, retrieve),
    ("a phone dials a free slot", Same, dial_free),
    ("auto in", Same, auto_in),
    ("auto out", Same, auto_out),
    ("auto out of an empty range", Same, auto_out_empty),
    ("valet_info", Same, info),
    ("the events of a park and a retrieval", Same, events),
    ("the time is over", Same, timeout),
    ("a caller is transferred to a taken slot", Better("the parked call stays"), taken),
    ("two phones dial the slot at once", Better("the second is told"), two_at_once),
    ("a phone dials a moment after another", Better("it is told"), late),
    ("retrievers who hang up at once, of 20", Better("0 parked calls lost"), hasty),
    ("the parked caller presses #", Better("the call stays"), hash),
    ("the time is over, and the caller sends nothing", Same, silent),
    ("the time is over, and the caller has put the call on hold", Same, held),
    ("auto in in mid-call, announced for 10 s", Better("each call has a slot"), announced),
    ("valet_info after the last call", Better("no lot"), emptied),
    ("auto out without an end, and nothing is parked", Better("the dialplan goes on"), endless),
];

/// A switch and phones.
struct Desk {
    switch: Switch,
    alice: Phone,
    bob: Phone,
    carol: Phone,
    dave: Phone,
}

impl Desk {
    fn open(setup: Setup) -> Option<Desk> {
        let tone = ("playback", "tone_stream://%(500,0,1250);loops=-1");
        let [auto, out, endless] = ["auto in 5901 5999", "auto out 5901 5999", "auto out 7001 0"]
            .map(|way| format!("{LOT} {way}"));
        let slot = format!("{LOT} $1");
        let answer = ("answer", "");
        let code = format!("1 b s valet_park::{ANNOUNCED} auto in 5901 5999");
        let quiet = format!("{ANNOUNCED} auto in 5901 5999");
        let timeout =
            [("set", "valet_parking_timeout=1"), ("set", "valet_parking_orbit_exten=5898")];
        let setup = setup
            .sip(true)
            .extension("5900", &[answer, ("valet_park", &auto), tone])
            .extension("5899", &[answer, ("valet_park", &out), tone])
            .extension("5897", &[answer, ("valet_park", &endless), tone])
            .extension("5898", &[answer, tone])
            .extension(
                "5896",
                &[answer, ("set", "valet_announce_slot=false"), ("valet_park", &quiet), tone],
            )
            .extension(
                "55(10[01]\\d)",
                &[("bind_meta_app", &code), ("bridge", "user/$1@$${domain}")],
            )
            .sections(PHRASES)
            .extension("(580\\d)", &[answer, timeout[0], timeout[1], ("valet_park", &slot)])
            .extension("(\\*?59\\d[1-9])", &[answer, ("valet_park", &slot), tone])
            .extension("(10[01]\\d)", &[("bridge", "user/$1@$${domain}")]);
        let switch = Switch::start_real(setup)?;
        switch.eventually(SOON, "the core is ready", || {
            switch.api("status").contains("is ready").then_some(())
        });
        let phone = |user| {
            let phone = Phone::new(&switch, user).policy(Policy::Answer);
            phone.register();
            phone
        };
        let [alice, bob, carol, dave] = ["1000", "1001", "1002", "1003"].map(phone);
        Some(Desk { switch, alice, bob, carol, dave })
    }

    fn info(&self) -> String {
        self.switch.api("valet_info")
    }

    /// Bob's latest call. He may have been called before without having been asked for.
    fn bobs(&self) -> Call {
        self.switch.eventually(SOON, "bob is called", || self.bob.calls().pop())
    }

    /// Bob parks a call of that phone.
    fn park(&self, from: &Phone, slot: &str) -> Call {
        let caller = from.call_up("1001");
        let theirs = self.bobs();
        caller.wait_hears(self.bob.voice(), SOON);
        sleep(SETTLED);
        theirs.refer(slot, ReferredBy::Yes);
        self.switch.eventually(SOON, "the call is parked", || {
            self.info().contains(caller.uuid()).then_some(())
        });
        caller.wait_hears(MUSIC, SOON);
        caller
    }

    /// What that end hears once it hears something, in words.
    fn hears(&self, call: &Call) -> &'static str {
        let until = Instant::now() + SOON;
        loop {
            let voices = [&self.alice, &self.bob, &self.carol, &self.dave].map(Phone::voice);
            let heard = match call.heard() {
                MUSIC => Some("parked"),
                WENT_ON => Some("the dialplan goes on"),
                sound if voices.contains(&sound) => Some("connected"),
                _ if call.ended().is_some() => Some("ended"),
                _ => None,
            };
            if let Some(heard) = heard {
                sleep(MOMENT);
                return heard;
            }
            if Instant::now() > until {
                return "silence";
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// All calls end.
    fn clear(&self) {
        let _ = self.switch.try_api("hupall");
        for phone in [&self.alice, &self.bob, &self.carol, &self.dave] {
            while let Some(call) = phone.calls().first() {
                call.wait_ended(SOON);
            }
        }
        self.switch.wait_channels(0);
        // mod_valet_parking frees slots every five seconds, and no slot is used again before ours forgets that it was emptied.
        sleep(Duration::from_millis(6_000));
    }
}

fn transfer(desk: &Desk, slot: &str) -> String {
    desk.hears(&desk.park(&desk.alice, slot)).to_owned()
}

fn retrieve(desk: &Desk, slot: &str) -> String {
    let _caller = desk.park(&desk.alice, slot);
    desk.hears(&desk.carol.call_up(slot)).to_owned()
}

fn dial_free(desk: &Desk, slot: &str) -> String {
    desk.hears(&desk.carol.call_up(slot)).to_owned()
}

fn auto_in(desk: &Desk, _: &str) -> String {
    let caller = desk.park(&desk.alice, "5900");
    let slot = desk.switch.getvar(caller.uuid(), "valet_lot_extension");
    format!("in {}", slot.unwrap_or_default())
}

fn auto_out(desk: &Desk, _: &str) -> String {
    let first = desk.park(&desk.alice, "5903");
    sleep(Duration::from_millis(2500));
    let second = desk.park(&desk.dave, "5902");
    sleep(Duration::from_millis(1500));
    let _phone = desk.carol.call_up("5899");
    let (first, second) = (desk.hears(&first), desk.hears(&second));
    format!("the first is {first}, the second {second}")
}

fn auto_out_empty(desk: &Desk, _: &str) -> String {
    desk.hears(&desk.carol.call_up("5899")).to_owned()
}

fn info(desk: &Desk, slot: &str) -> String {
    let caller = desk.park(&desk.alice, slot);
    let text = desk.switch.api(&format!("valet_info {}", LOT.to_uppercase()));
    text.replace(caller.uuid(), "…").replace(slot, "SLOT").replace('\n', "")
}

fn events(desk: &Desk, slot: &str) -> String {
    let told = desk.switch.events(&["CUSTOM valet_parking::info"]);
    let _caller = desk.park(&desk.alice, slot);
    desk.hears(&desk.carol.call_up(slot));
    let events = told.drain().into_iter();
    events.map(|event| event.text("Action").to_owned()).collect::<Vec<_>>().join(", ")
}

fn timeout(desk: &Desk, _: &str) -> String {
    let caller = desk.carol.call_up("5800");
    caller.wait_hears(MUSIC, SOON);
    sleep(Duration::from_secs(2));
    desk.hears(&caller).to_owned()
}

fn taken(desk: &Desk, slot: &str) -> String {
    let caller = desk.park(&desk.alice, slot);
    let second = desk.dave.call_up("1001");
    let theirs = desk.bobs();
    second.wait_hears(desk.bob.voice(), SOON);
    sleep(SETTLED);
    theirs.refer(slot, ReferredBy::Yes);
    sleep(Duration::from_secs(2));
    match caller.heard() {
        MUSIC => "the parked call stays",
        sound if sound == desk.dave.voice() => "the two callers are connected",
        _ => "something else",
    }
    .to_owned()
}

fn two_at_once(desk: &Desk, slot: &str) -> String {
    let _caller = desk.park(&desk.alice, slot);
    let calls = [desk.carol.call(slot), desk.dave.call(slot)];
    let heard = calls.map(|call| {
        call.wait_up(SOON);
        desk.hears(&call)
    });
    match heard {
        ["connected", other] | [other, "connected"] => match other {
            "the dialplan goes on" => "the second is told".to_owned(),
            other => format!("the second is {other}"),
        },
        other => other.join(", "),
    }
}

fn late(desk: &Desk, slot: &str) -> String {
    let _caller = desk.park(&desk.alice, slot);
    let first = desk.carol.call_up(slot);
    desk.hears(&first);
    first.hangup();
    sleep(MOMENT);
    match desk.hears(&desk.dave.call_up(slot)) {
        "the dialplan goes on" => "it is told".to_owned(),
        other => format!("it is {other}"),
    }
}

/// A retriever without a phone hangs up while it is being connected. On a busy machine some come too late for that, and do not
/// count.
fn hasty(desk: &Desk, _: &str) -> String {
    /// mod_callpark takes a call for retrieved after 100 ms of connection.
    const IN_TIME: Duration = Duration::from_millis(90);
    let (mut lost, mut counted) = (0, 0);
    for attempt in 0..90_u64 {
        let n = attempt % 20;
        let (caller, retriever) = (new_uuid(), new_uuid());
        // Each another one, because one that has just emptied parks no caller who dials.
        let slot = format!("*59{}{}", attempt / 9, attempt % 9 + 1);
        desk.switch.originate(&caller, &slot, &[]);
        desk.switch.eventually(SOON, "parked", || desk.info().contains(&caller).then_some(()));
        let began = Instant::now();
        desk.switch.originate_bg(&retriever, &slot, &[]);
        // Long before anybody could have said a word.
        sleep(Duration::from_millis(n * 2));
        let _ = desk.switch.try_api(&format!("uuid_kill {retriever}"));
        let in_time = began.elapsed() < IN_TIME;
        sleep(Duration::from_millis(200));
        if in_time {
            counted += 1;
            lost += u32::from(!desk.switch.alive(&caller));
        }
        for leg in [&caller, &retriever] {
            let _ = desk.switch.try_api(&format!("uuid_kill {leg}"));
        }
        desk.switch.wait_gone(&caller);
        desk.switch.wait_gone(&retriever);
        if counted == 20 {
            break;
        }
    }
    format!("{lost} parked calls lost")
}

fn hash(desk: &Desk, slot: &str) -> String {
    let caller = desk.park(&desk.alice, slot);
    caller.dtmf("#");
    sleep(Duration::from_secs(1));
    match caller.heard() {
        MUSIC => "the call stays".to_owned(),
        _ => "the call leaves its slot".to_owned(),
    }
}

fn silent(desk: &Desk, _: &str) -> String {
    let caller = desk.carol.call_up("5801");
    caller.fall_silent();
    sleep(Duration::from_secs(3));
    desk.hears(&caller).to_owned()
}

/// Its phone hears nothing then, so the channel says where it is.
fn held(desk: &Desk, _: &str) -> String {
    let caller = desk.carol.call_up("5802");
    caller.hold();
    sleep(Duration::from_secs(4));
    let number = desk.switch.getvar(caller.uuid(), "destination_number");
    match number.as_deref() {
        Some("5898") => "the dialplan goes on",
        _ => "the call stays",
    }
    .to_owned()
}

/// Bob presses the key, and hears the slot of his caller. Meanwhile another call is parked.
fn announced(desk: &Desk, _: &str) -> String {
    let caller = desk.alice.call_up("551001");
    let theirs = desk.bobs();
    caller.wait_hears(desk.bob.voice(), SOON);
    sleep(SETTLED);
    theirs.dtmf("*1");
    // mod_valet_parking reserves the slot for 5 s.
    sleep(Duration::from_secs(8));
    let second = desk.carol.call_up("5896");
    sleep(Duration::from_secs(8));
    match (caller.heard(), second.heard()) {
        (MUSIC, MUSIC) => "each call has a slot",
        (one, other) if one == desk.carol.voice() || other == desk.alice.voice() => {
            "the two callers are connected"
        }
        _ => "something else",
    }
    .to_owned()
}

fn emptied(desk: &Desk, _: &str) -> String {
    match desk.info().contains("<lot ") {
        true => "the lot is listed".to_owned(),
        false => "no lot".to_owned(),
    }
}

/// The last one: nothing else can be done with a switch in which this goes wrong.
fn endless(desk: &Desk, _: &str) -> String {
    let phone = desk.carol.call("5897");
    let until = Instant::now() + Duration::from_secs(4);
    while Instant::now() < until {
        if phone.heard() == WENT_ON {
            return "the dialplan goes on".to_owned();
        }
        sleep(Duration::from_millis(50));
    }
    "it hangs, and blocks every lot".to_owned()
}

/// What became of each situation.
fn run(setup: Setup) -> Option<Vec<String>> {
    let desk = Desk::open(setup)?;
    let mut seen = Vec::new();
    for (n, (_, _, situation)) in SITUATIONS.iter().enumerate() {
        seen.push(situation(&desk, &format!("595{}", n % 9 + 1)));
        if n + 1 < SITUATIONS.len() {
            desk.clear();
        }
    }
    // It may not end by itself any more.
    desk.switch.crash();
    Some(seen)
}

fn main() -> ExitCode {
    let theirs = Setup::new().load_module(false).module("mod_valet_parking");
    let ours = Setup::new().callpark_conf(
        "<configuration name=\"callpark.conf\"><settings><param name=\"valet\" value=\"true\"/></settings></configuration>",
    );
    let (Some(theirs), Some(ours)) = (run(theirs), run(ours)) else {
        println!("it needs FREESWITCH=<prefix>");
        return ExitCode::FAILURE;
    };
    let mut kept = true;
    println!("| situation | mod_valet_parking | mod_callpark with valet | |\n|---|---|---|---|");
    for ((name, promise, _), (theirs, ours)) in SITUATIONS.iter().zip(theirs.iter().zip(&ours)) {
        let verdict = match promise {
            Same if theirs == ours => "same",
            Better(right) if ours == right && theirs == right => "same this time",
            Better(right) if ours == right => "better",
            _ => "WORSE",
        };
        kept &= verdict != "WORSE";
        println!("| {name} | {theirs} | {ours} | {verdict} |");
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
