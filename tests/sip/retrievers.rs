//! Phones that may not retrieve, because they ring, talk, or send their media past the switch: the command and the feature
//! code are refused at once, with the reason, and every call goes on as before.

use kit::phone::{Call, Phase, Policy};
use kit::{Ends, MUSIC, Phone, SOON, Scene, Setup, hang_up, two_way};

use super::desk::{LOT, MOMENT, setup};

/// Calls over 55<user> have feature codes for both sides: `*2` retrieves, `*3` does so by way of an extension, `*1` parks.
/// Calls over 56<user> have `proxy_media`.
fn features() -> Setup {
    setup(LOT)
        .sip_param("inbound-late-negotiation", "true")
        .extension("only_take", &[("callpark_retrieve", "default 701")])
        .extension(
            "55(10[01]\\d)",
            &[
                ("answer", ""),
                ("bind_meta_app", "1 ab s callpark::default auto"),
                ("bind_meta_app", "2 ab s callpark_retrieve::default 701"),
                ("bind_meta_app", "3 ab s execute_extension::only_take XML default"),
                ("bridge", "user/$1@$${domain}"),
            ],
        )
        .extension("quiet_sleep", &[("sleep", "60000")])
        .extension("quiet_park", &[("park", "")])
        .extension("quiet_playback", &[("playback", "tone_stream://%(500,0,800);loops=-1")])
        .extension("quiet_early", &[("pre_answer", ""), ("sleep", "60000")])
        .extension(
            "56(10[01]\\d)",
            &[("set", "proxy_media=true"), ("bridge", "user/$1@$${domain}")],
        )
}

struct Waiting {
    desk: Scene,
    caller: Call,
    phone: Phone,
}

impl Waiting {
    fn new() -> Option<Self> {
        let desk = Scene::start_real(features())?;
        let phone = desk.phone("1005");
        let caller = phone.call_up("park_default_701");
        desk.wait_parked(&caller, "default", "701", "");
        Some(Self { desk, caller, phone })
    }

    /// The caller is where it was, with music, and has met nobody.
    fn still_waits(&self, strangers: &[&Phone]) {
        std::thread::sleep(MOMENT);
        let calls = self.desk.calls();
        assert_eq!((calls.len(), calls[0]["state"].as_str()), (1, Some("waiting")), "{calls:?}");
        self.caller.wait_hears(MUSIC, SOON);
        for stranger in strangers {
            assert_eq!(self.caller.first_heard(stranger.voice()), None, "the caller met somebody");
        }
    }

    fn refused(&self, leg: &Call, why: &str) {
        let answer = self.desk.api(&format!("retrieve default 701 {}", leg.uuid()));
        assert!(answer.starts_with("-ERR failed ") && answer.contains(why), "{answer}");
    }
}

#[test]
fn a_feature_code_that_retrieves_is_refused_and_both_go_on() {
    let Some(waiting) = Waiting::new() else { return };
    let (alice, bob) = (waiting.desk.phone("1000"), waiting.desk.phone("1001"));
    for digits in ["*2", "*3"] {
        let call = alice.call_up("551001");
        let theirs = bob.incoming(SOON);
        two_way(&call, bob.voice(), &theirs, alice.voice());
        for presser in [&call, &theirs] {
            presser.dtmf(digits);
            waiting.desk.switch.wait_var(presser.uuid(), "callpark_status", "failed");
            waiting.still_waits(&[&alice, &bob]);
            assert_eq!((call.phase(), theirs.phase()), (Phase::Up, Phase::Up), "{digits}");
            two_way(&call, bob.voice(), &theirs, alice.voice());
            waiting.refused(presser, "in a call");
        }
        hang_up(&call, &theirs, Ends::Other);
    }
}

/// Neither the phone that rings nor whoever calls it notices anything.
#[test]
fn the_command_refuses_a_phone_that_rings() {
    let Some(waiting) = Waiting::new() else { return };
    let (alice, bob) = (waiting.desk.phone("1000"), waiting.desk.phone("1001"));
    for early in [false, true] {
        bob.set_policy(Policy::Ring);
        let call = alice.call("551001");
        let rings = bob.incoming(SOON);
        call.wait_up(SOON);
        if early {
            rings.early_media();
            call.wait_hears(bob.voice(), SOON);
            // Its far end has not answered: it cannot be parked either.
            call.dtmf("*1");
            waiting.desk.switch.wait_var(call.uuid(), "callpark_status", "failed");
        }
        waiting.refused(&rings, "not been answered");
        waiting.still_waits(&[&alice, &bob]);
        rings.answer();
        // With early media they have heard each other before the switch knows.
        waiting.desk.switch.wait_var(rings.uuid(), "endpoint_disposition", "ANSWER");
        two_way(&call, bob.voice(), &rings, alice.voice());
        hang_up(&call, &rings, Ends::Other);
    }
}

/// A caller whom nobody has answered is with nobody, whatever it waits in: the command answers and connects it.
#[test]
fn the_command_answers_a_caller_whom_nobody_has_answered() {
    let Some(mut waiting) = Waiting::new() else { return };
    let alice = waiting.desk.phone("1000");
    for number in ["quiet_sleep", "quiet_park", "quiet_playback", "quiet_early"] {
        println!("{number}");
        let call = alice.call(number);
        std::thread::sleep(MOMENT);
        assert_ne!(call.phase(), Phase::Up, "{number}");
        let answer = waiting.desk.api(&format!("retrieve default 701 {}", call.uuid()));
        assert_eq!(answer, "+OK default 701\n", "{number}");
        two_way(&call, waiting.phone.voice(), &waiting.caller, alice.voice());
        waiting.desk.outcome(&waiting.caller, "retrieved");
        hang_up(&call, &waiting.caller, Ends::Other);
        waiting.desk.wait_empty();
        waiting.caller = waiting.phone.call_up("park_default_701");
        waiting.desk.wait_parked(&waiting.caller, "default", "701", "");
    }
}

#[test]
fn a_leg_whose_media_passes_through_is_neither_parked_nor_retrieves() {
    let Some(waiting) = Waiting::new() else { return };
    let (alice, bob) = (waiting.desk.phone("1000"), waiting.desk.phone("1001"));
    let call = alice.call_up("561001");
    let theirs = bob.incoming(SOON);
    waiting.desk.switch.wait_bridged(call.uuid(), theirs.uuid());
    for leg in [&call, &theirs] {
        let answer = waiting.desk.api(&format!("park {} default auto", leg.uuid()));
        assert!(answer.starts_with("-ERR failed ") && answer.contains("proxy_media"), "{answer}");
        waiting.refused(leg, "");
        waiting.still_waits(&[&alice, &bob]);
        assert_eq!((call.phase(), theirs.phase()), (Phase::Up, Phase::Up));
    }
}

/// What the event socket is for: a program takes a leg that it holds and connects it.
#[test]
fn the_event_socket_retrieves_for_a_leg_that_it_holds() {
    let Some(waiting) = Waiting::new() else { return };
    let alice = waiting.desk.phone("1000");
    let call = alice.call_up("7777");
    let order = format!(
        "sendmsg {}\ncall-command: execute\nexecute-app-name: callpark_retrieve\nexecute-app-arg: default 701",
        call.uuid()
    );
    waiting.desk.switch.esl().command(&order).expect("sendmsg");
    two_way(&call, waiting.phone.voice(), &waiting.caller, alice.voice());
    waiting.desk.outcome(&waiting.caller, "retrieved");
    hang_up(&call, &waiting.caller, Ends::Other);
}
