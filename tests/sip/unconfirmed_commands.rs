//! A command, or another phone, takes the retriever's leg out of its bridge before the bridge counts: whom FreeSWITCH
//! believes that leg to be with is a parked caller still.

use std::time::Duration;

use kit::phone::{Call, Phase};
use kit::{MUSIC, SOON, Scene, two_way};

use super::desk::open;
use super::transferred::stranger;
use super::unconfirmed::{bridge_begins, outcome};

/// What is done to the retriever `R` of the parked caller `P`, by or for Carol, whose leg `C` is with nobody.
const COMMANDS: [&str; 8] = [
    "uuid_transfer C intercept:R inline",
    "uuid_transfer C intercept:'-bleg P' inline",
    "uuid_bridge C R",
    "uuid_transfer R -bleg 7777 XML default",
    "uuid_transfer R -both 7777 XML default",
    "uuid_dual_transfer R 7777/XML/default 7777/XML/default",
    "uuid_deflect R sip:7777@127.0.0.1",
    "uuid_broadcast R transfer::7777 both",
];

fn command(text: &str, carol: &Call, retriever: &Call, parked: &Call) -> String {
    let words = text.split_inclusive([' ', ':', '\'']).map(|word| {
        let name = word.trim_end_matches([' ', ':', '\'']);
        let uuid = match name {
            "C" => carol.uuid(),
            "R" => retriever.uuid(),
            "P" => parked.uuid(),
            _ => name,
        };
        format!("{uuid}{}", &word[name.len()..])
    });
    words.collect()
}

/// The caller remains parked, or goes where a command sends it, and is not hung up.
fn disturbed_by(desk: &Scene, text: &str, at: &[u64]) {
    let bridges = desk.switch.events(&["CHANNEL_BRIDGE"]);
    let (bob, carol, dave) = (desk.phone("1001"), desk.phone("1002"), desk.phone("1003"));
    for after in at.iter().copied() {
        let other = stranger(desk, &dave);
        let theirs = carol.call_up("7777");
        bridges.drain();
        let retriever = bob.call_up("take_default_701");
        bridge_begins(&bridges, &retriever);
        std::thread::sleep(Duration::from_millis(after));
        desk.switch.api(&command(text, &theirs, &retriever, &other));
        let outcome = outcome(desk, &other, Duration::from_millis(500));
        println!("{text}, after {after} ms: {outcome:?}");
        match outcome.as_deref() {
            // It counted already: the command took the two apart.
            Some("retrieved") => {}
            Some(outcome) => {
                assert_eq!(outcome, "transferred", "after {after} ms");
                assert_eq!(other.phase(), Phase::Up, "after {after} ms: the caller is lost");
            }
            None => {
                other.wait_hears(MUSIC, SOON);
                kit::eventually(SOON, "it is parked as before", || {
                    (desk.calls()[0]["state"] == "waiting").then_some(())
                });
                let again = desk.phone("1005");
                let call = again.call_up("take_default_701");
                two_way(&call, dave.voice(), &other, again.voice());
                desk.outcome(&other, "retrieved");
                call.hangup();
            }
        }
        for call in [&retriever, &other, &theirs] {
            call.hangup();
        }
        desk.wait_empty();
        desk.switch.wait_channels(0);
        desk.events.drain();
    }
}

#[test]
fn an_intercepted_retriever_does_not_lose_the_caller() {
    let Some(desk) = open() else { return };
    for text in &COMMANDS[..2] {
        disturbed_by(&desk, text, &[0, 5, 10, 20, 40, 60, 80]);
    }
}

#[test]
fn no_command_on_the_retriever_loses_the_caller() {
    let Some(desk) = open() else { return };
    for text in &COMMANDS[2..] {
        disturbed_by(&desk, text, &[0, 20, 60]);
    }
}
