//! A thousand hand-overs in which, at any moment of the first 60 ms, either side hangs up, is sent elsewhere, is held, or
//! is retrieved once more. What the table says of each is compared with who heard whom.

use std::time::{Duration, Instant};

use kit::phone::{Call, Phase, ReferredBy, Sound};
use kit::{Event, Events, MUSIC, Phone, SOON, Scene};

use super::desk::{WENT_ON, setup};

/// `ROUNDS` lowers it.
const ROUNDS: usize = 1_000;
/// So many desks have a call in hand at the same time, each with an orbit of its own.
const DESKS: usize = 4;

fn rounds() -> usize {
    std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    RetrieverHangsUp,
    CallerHangsUp,
    RetrieverIsSentAway,
    CallerIsSentAway,
    RetrieverRefers,
    CallerRefers,
    RetrieverHolds,
    CallerHolds,
    CommandRetrievesAgain,
    BroadcastRetrievesAgain,
    RetrieverCompletesATransfer,
}

use Then::*;

const ALL: [Then; 11] = [
    RetrieverHangsUp,
    CallerHangsUp,
    RetrieverIsSentAway,
    CallerIsSentAway,
    RetrieverRefers,
    CallerRefers,
    RetrieverHolds,
    CallerHolds,
    CommandRetrievesAgain,
    BroadcastRetrievesAgain,
    RetrieverCompletesATransfer,
];

/// One hand-over: the parked caller, whoever dials its orbit, and for a transfer a customer who talks to the latter.
struct Round<'a> {
    desk: &'a Scene,
    events: &'a Events,
    then: Then,
    orbit: String,
    caller: Call,
    retriever: Call,
    voice: Sound,
    callers: Sound,
    customer: Option<(Call, Call, Sound)>,
}

impl Round<'_> {
    /// Something happens.
    fn happen(&self) {
        let (caller, retriever) = (&self.caller, &self.retriever);
        let api = |command: &str| drop(self.desk.switch.api(command));
        match self.then {
            RetrieverHangsUp => retriever.hangup(),
            CallerHangsUp => caller.hangup(),
            RetrieverIsSentAway => {
                api(&format!("uuid_transfer {} 7777 XML default", retriever.uuid()));
            }
            CallerIsSentAway => api(&format!("uuid_transfer {} 7777 XML default", caller.uuid())),
            RetrieverRefers => drop(retriever.refer("7777", ReferredBy::Yes)),
            CallerRefers => drop(caller.refer("7777", ReferredBy::Yes)),
            RetrieverHolds | CallerHolds => {
                let call = if self.then == CallerHolds { caller } else { retriever };
                call.reinvite(kit::phone::Direction::SendOnly);
                // FreeSWITCH forgets to end the music of a hold that ends before it begins to play.
                let other = if self.then == CallerHolds { retriever } else { caller };
                let began = Instant::now();
                while other.heard() != MUSIC && began.elapsed() < Duration::from_secs(1) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                call.reinvite(kit::phone::Direction::SendRecv);
            }
            CommandRetrievesAgain => {
                api(&format!("callpark retrieve default {} {}", self.orbit, retriever.uuid()));
            }
            BroadcastRetrievesAgain => api(&format!(
                "uuid_broadcast {} 'callpark_retrieve::default {}' aleg",
                retriever.uuid(),
                self.orbit
            )),
            RetrieverCompletesATransfer => {
                let (_, talks, _) = self.customer.as_ref().expect("a customer");
                talks.refer_replaces(retriever, ReferredBy::Yes);
            }
        }
    }

    /// The caller is in the list, in that state.
    fn state(&self) -> Option<String> {
        let calls = self.desk.calls();
        let call = calls.iter().find(|call| call["uuid"] == self.caller.uuid())?;
        call["state"].as_str().map(str::to_owned)
    }

    /// The retriever has nothing more to do with the call: gone, at its new place, or in its dialplan again.
    fn retriever_is_done(&self) -> bool {
        let application = || self.desk.switch.getvar(self.retriever.uuid(), "current_application");
        self.retriever.phase() == Phase::Ended
            || self.retriever.heard() == WENT_ON
            || application().as_deref() == Some("park")
    }

    /// Whether the table tells the truth now. What it says may be a moment ahead of what is heard.
    fn is_true(&self, outcome: Option<&str>) -> Option<()> {
        let heard = |sound: Sound| self.caller.first_heard(sound).is_some();
        let up = self.caller.phase() == Phase::Up;
        // On a busy machine the first packets of one side come late.
        let met = heard(self.voice)
            || self.retriever.first_heard(self.callers).is_some()
            || self.customer.as_ref().is_some_and(|(_, _, v)| heard(*v));
        let truth = match outcome {
            None => {
                let waits = self.state().as_deref() == Some("waiting");
                up && waits && self.retriever_is_done() && self.caller.heard() == MUSIC
            }
            // Whoever has been connected may hang up.
            Some("retrieved") => met && (up || self.retriever_is_done() || self.gone()),
            Some("transferred") => up && self.caller.heard() != MUSIC,
            Some("abandoned") => self.then == CallerHangsUp,
            Some(_) => false,
        };
        truth.then_some(())
    }

    /// The retriever's leg has left the switch.
    fn gone(&self) -> bool {
        !self.desk.switch.alive(self.retriever.uuid())
    }

    /// What the table says in the end, and that it is true.
    fn settle(&self, number: usize) -> String {
        let mut outcome: Option<String> = None;
        let began = Instant::now();
        let ended = |e: &Event| {
            e.is("Callpark-UUID", self.caller.uuid()) && !e.text("Callpark-Outcome").is_empty()
        };
        loop {
            if let Some(event) = self.events.try_wait(Duration::from_millis(20), ended) {
                assert_eq!(outcome, None, "round {number}: two outcomes");
                outcome = Some(event.text("Callpark-Outcome").to_owned());
            }
            if self.is_true(outcome.as_deref()).is_some() {
                return outcome.unwrap_or_else(|| "waiting".to_owned());
            }
            assert!(
                began.elapsed() < SOON,
                "round {number}, {:?}: the table says {outcome:?} {:?}, the caller {} is {:?} and hears {:?}, \
                 the retriever {} is {:?} and hears {:?}\n{}",
                self.then,
                self.state(),
                self.caller.uuid(),
                self.caller.phase(),
                self.caller.heard(),
                self.retriever.uuid(),
                self.retriever.phase(),
                self.retriever.heard(),
                self.log(),
            );
        }
    }

    /// What the switch says of the two.
    fn log(&self) -> String {
        let log = self.desk.switch.log();
        let about =
            |line: &&str| line.contains(self.caller.uuid()) || line.contains(self.retriever.uuid());
        log.lines().filter(about).flat_map(|line| [line, "\n"]).collect()
    }

    /// Everybody hangs up; every park has had its one outcome.
    fn end(self, number: usize, outcome: &str) {
        let customer = self.customer.iter().flat_map(|(call, theirs, _)| [call, theirs]);
        for call in [&self.retriever, &self.caller].into_iter().chain(customer) {
            call.hangup();
        }
        for call in [&self.retriever, &self.caller] {
            self.desk.switch.wait_gone(call.uuid());
        }
        if outcome == "waiting" {
            let end = self.events.wait(SOON, |e| {
                e.is("Callpark-UUID", self.caller.uuid()) && !e.text("Callpark-Outcome").is_empty()
            });
            assert_eq!(end.text("Callpark-Outcome"), "abandoned", "round {number}");
        }
        let more = self.events.drain().into_iter().find(|e| {
            e.is("Callpark-UUID", self.caller.uuid())
                && (e.is("Callpark-Action", "park") || !e.text("Callpark-Outcome").is_empty())
        });
        assert!(more.is_none(), "round {number}: {}", more.expect("an event").summary());
    }
}

/// A call of two phones, and both their ends.
fn pair(desk: &Scene, number: usize) -> (Phone, Phone, Call, Call) {
    let phones = [1004 + 2 * number, 1005 + 2 * number].map(|user| desk.phone(&user.to_string()));
    let [customer, by] = phones;
    let call = customer.call_up(&by.user());
    let theirs = by.incoming(SOON);
    desk.switch.wait_bridged(call.uuid(), theirs.uuid());
    (customer, by, call, theirs)
}

/// The rounds of one desk; how often each outcome came.
fn run(desk: &Scene, number: usize, rounds: usize) -> Vec<(Then, String)> {
    let events = desk.switch.events(&["CUSTOM callpark::info"]);
    let orbit = (701 + 10 * number).to_string();
    let mut outcomes = Vec::new();
    for round in 0..rounds {
        let then = ALL[round % ALL.len()];
        // New phones: an old one's calls keep their sockets.
        let caller_phone = Phone::new(&desk.switch, "1000");
        let caller = caller_phone.call_up(&format!("park_default_{orbit}"));
        events.wait(SOON, |e| {
            e.is("Callpark-UUID", caller.uuid()) && e.is("Callpark-Action", "park")
        });
        let mut customer = None;
        let mut phones = Vec::new();
        let by = if then == RetrieverCompletesATransfer {
            let (customer_phone, by, call, theirs) = pair(desk, number);
            customer = Some((call, theirs, customer_phone.voice()));
            phones.push(customer_phone);
            by
        } else {
            Phone::new(&desk.switch, "1001")
        };
        let retriever = by.call(&format!("take_default_{orbit}"));
        let needs_an_answer = matches!(
            then,
            RetrieverRefers | RetrieverHolds | RetrieverCompletesATransfer | CallerRefers
        );
        if needs_an_answer || fastrand::bool() {
            kit::eventually(SOON, "the retriever is answered", || {
                (retriever.phase() >= Phase::Up).then_some(())
            });
        }
        std::thread::sleep(Duration::from_micros(fastrand::u64(..60_000)));
        let voice = by.voice();
        let round_ = Round {
            desk,
            events: &events,
            then,
            orbit: orbit.clone(),
            caller,
            retriever,
            voice,
            callers: caller_phone.voice(),
            customer,
        };
        round_.happen();
        let outcome = round_.settle(round);
        round_.end(round, &outcome);
        outcomes.push((then, outcome));
    }
    outcomes
}

#[test]
fn a_thousand_hand_overs_disturbed_at_every_moment() {
    let lots = r#"<lot name="default" orbits="701-740"><param name="timeout" value="0"/>
        <param name="announce" value="false"/></lot>"#;
    let Some(desk) = Scene::start_real(setup(lots)) else { return };
    let each = rounds().div_ceil(DESKS);
    let mut outcomes: Vec<(Then, String)> = std::thread::scope(|scope| {
        let desk = &desk;
        let desks: Vec<_> =
            (0..DESKS).map(|number| scope.spawn(move || run(desk, number, each))).collect();
        desks.into_iter().flat_map(|desk| desk.join().expect("a desk")).collect()
    });
    desk.wait_empty();
    desk.switch.wait_channels(0);
    outcomes.sort_by_key(|(then, outcome)| (*then as usize, outcome.clone()));
    for group in outcomes.chunk_by(|one, other| one == other) {
        println!("{:?}: {} {}", group[0].0, group.len(), group[0].1);
    }
}
