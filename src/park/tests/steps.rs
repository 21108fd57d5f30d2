//! Return steps of every kind, one after the other.

use super::returns::{due, returning};
use super::views::foretold;
use super::*;

fn fail(park: &mut Park, ms: u64, effects: &[Effect]) -> Vec<Effect> {
    effects!(park.step_failed(at(ms), &"a".into(), rings(effects)[0].run, "no answer"))
}

#[test]
fn steps_are_read_from_a_variable() {
    let list = |text| Step::parse_list(text).unwrap();
    assert_eq!(list("parker ring=30 | user/1,user/2|transfer:4000 XML default").len(), 3);
    assert_eq!(list("parker ring=30")[0], Step { ring_s: 30, ..Step::parker() });
    assert_eq!(list("[a=1|2]user/1")[0].to, StepTo::Dial("[a=1|2]user/1".into()));
    assert_eq!(list("{a=b c=d}user/1")[0].to, StepTo::Dial("{a=b c=d}user/1".into()));
    let step = &list("user/1@a.b repeat=2 when=idle ring=5")[0];
    assert_eq!((step.repeat, step.when, step.ring_s), (2, When::Idle, 5));
    assert_eq!(list("remind")[0].ring_s, REMIND_RING_S);
    let step = &list("parker confirm=# redirect=false")[0];
    assert_eq!((step.confirm, step.redirect), (Some('#'), false));
    let step = &list("user/1")[0];
    assert_eq!((step.confirm, step.redirect), (None, true));
    assert!(!list("remind redirect=no")[0].redirect);
    for text in ["hangup:USER_BUSY", "voicemail:1@a.b", "remind:message", "callback"] {
        assert_eq!(list(text)[0].to.to_string(), text);
    }
    assert!(list("").is_empty() && list(" none ").is_empty());
    for bad in [
        "|",
        "parker ring=0",
        "parker ring=x",
        "transfer:",
        "transfer:1 2 3 4",
        "a||b",
        "voicemail:1",
        "hangup:busy",
        "voicemail",
        "transfer",
        "parker when=never",
        "parker confirm=x",
        "parker confirm=12",
        "remind confirm=1",
        "transfer:1 confirm=1",
        "callback confirm=1",
        "parker redirect=maybe",
        "hangup redirect=false",
        "parker repeat=21",
        "group/all when=idle",
        "user/1 when=idle",
    ] {
        assert!(Step::parse_list(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_step_is_repeated_and_pauses_before_each_try() {
    let mut park = returning("user/1 repeat=2 pause=30|user/2");
    assert_eq!(due(&mut park), [Effect::TimeIsUp(at(60_000))]);
    assert_eq!(park.poll_timeout(), Some(at(90_000)));
    let first = due(&mut park);
    assert_eq!(told(&first), ["return 1 user/1"]);
    assert_eq!(told(&fail(&mut park, 110_000, &first)), ["return 1 user/1 (no answer)"]);
    assert_eq!(park.poll_timeout(), Some(at(140_000)));
    let second = due(&mut park);
    assert_eq!(told(&second), ["return 1 user/1"]);
    assert_eq!(told(&fail(&mut park, 150_000, &second))[1], "return 2 user/2");
}

#[test]
fn a_retriever_in_a_pause_leaves_it_as_it_was() {
    let mut park = returning("user/1 pause=30");
    due(&mut park);
    let claim = claim_call(&mut park, at(70_000), "a", retriever("r"));
    assert_eq!(park.poll_timeout(), None);
    park.unclaim(at(71_000), &"a".into(), claim.ticket);
    assert_eq!(park.poll_timeout(), Some(at(90_000)));
    assert_eq!(told(&due(&mut park)), ["return 1 user/1"]);
}

#[test]
fn a_reminder_rings_and_the_call_stays() {
    let mut park = returning("remind ring=3|remind:message|user/2");
    let first = due(&mut park);
    assert_eq!(told(&first), ["remind 1 remind"]);
    let ring = rings(&first)[0].clone();
    assert_eq!(ring.to, RingTo::Remind(user("1000@example.com")));
    let second = effects!(park.step_done(at(63_000), &"a".into(), ring.run));
    assert_eq!(told(&second), ["remind 2 remind:message"]);
    let ring = rings(&second)[0].clone();
    assert_eq!(ring.to, RingTo::Message(user("1000@example.com")));
    assert_eq!(
        told(&effects!(park.step_done(at(63_000), &"a".into(), ring.run))),
        ["return 3 user/2"]
    );
}

#[test]
fn a_reminder_that_fails_says_so() {
    let mut park = returning("remind|user/2");
    let first = due(&mut park);
    let effects = fail(&mut park, 65_000, &first);
    assert_eq!(told(&effects), ["remind 1 remind (no answer)", "return 2 user/2"]);
}

#[test]
fn a_mailbox_that_is_not_there_is_a_failed_step() {
    let mut park = returning("voicemail:parker|user/2");
    assert_eq!(told(&due(&mut park)), ["return 1 voicemail:parker"]);
    let Verdict::Voicemail { ticket, user: whose } = park.verdict(&"a".into()) else {
        panic!("no mailbox")
    };
    assert_eq!(whose, user("1000@example.com"));
    let effects =
        effects!(park.give_back(at(60_000), &"a".into(), ticket, Some("there is no such user")));
    let [failed, next] = &told(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(failed, "return 1 voicemail:parker (there is no such user)");
    assert_eq!(next, "return 2 user/2");
}

#[test]
fn a_step_may_hang_up() {
    let mut park = returning("hangup:USER_BUSY");
    assert_eq!(told(&due(&mut park)), ["return 1 hangup:USER_BUSY"]);
    let Verdict::HangUp { ticket, cause } = park.verdict(&"a".into()) else { panic!("no end") };
    assert_eq!(cause.as_str(), "USER_BUSY");
    let effects = effects!(park.complete(at(60_000), &"a".into(), ticket));
    assert_eq!(told(&effects), ["drop 1 hangup:USER_BUSY =dropped"]);
}

#[test]
fn what_needs_a_parker_is_skipped_without_one() {
    let mut park = park_of_five();
    let steps = "remind|remind:message|voicemail:parker|parker repeat=3|user/2";
    let returns = Some(Step::parse_list(steps).unwrap());
    parked(
        &mut park,
        known(ParkRequest { returns, ..request("a", "default") }, |info| info.parker = None),
    );
    let told = told(&due(&mut park));
    assert_eq!(told.len(), 5);
    assert!(told[..4].iter().all(|it| it.ends_with("(the parker is not known)")), "{told:?}");
    assert_eq!(told[4], "return 5 user/2");
}

fn after(after_return: &str, max_returns: Option<u32>) -> Park {
    let mut park = park_with(vec![LotConfig {
        after_return: after_return.parse().unwrap(),
        max_returns,
        returns: Step::parse_list("user/2").unwrap(),
        ..lot("default", "701")
    }]);
    parked(&mut park, request("a", "default"));
    park
}

#[test]
fn three_returns_then_after_return() {
    let mut park = after("transfer:4000", Some(3));
    for round in 1..=3 {
        let rung = due(&mut park);
        let effects = fail(&mut park, round * 80_000, &rung);
        assert_eq!(told(&effects)[1], "remind (no return step took the call)");
    }
    let Verdict::Transfer { ticket, to } = park.verdict(&"a".into()) else { panic!("no transfer") };
    assert_eq!(to.to_string(), "4000");
    assert_eq!(park.poll_timeout(), None);
    // It cannot be transferred: it waits on, with a deadline.
    let effects = effects!(park.unclaim(at(250_000), &"a".into(), ticket));
    assert_eq!(told(&effects), ["resume (the transfer failed)"]);
    assert_eq!(park.poll_timeout(), Some(at(300_000)));
    let rung = due(&mut park);
    fail(&mut park, 320_000, &rung);
    let Verdict::Transfer { ticket, .. } = park.verdict(&"a".into()) else { panic!("no transfer") };
    let effects = effects!(park.complete(at(320_000), &"a".into(), ticket));
    assert_eq!(told(&effects), ["return =returned"]);
}

#[test]
fn after_return_hangs_up_or_parks_again() {
    for (after_return, rounds, cause) in [
        ("hangup", None, Some("NO_ANSWER")),
        ("hangup:USER_BUSY", Some(1), Some("USER_BUSY")),
        ("park", Some(1), Some("NO_ANSWER")),
        ("park", None, None),
    ] {
        let mut park = after(after_return, rounds);
        let rung = due(&mut park);
        fail(&mut park, 80_000, &rung);
        match (park.verdict(&"a".into()), cause) {
            (Verdict::HangUp { cause, .. }, Some(expected)) => assert_eq!(cause.as_str(), expected),
            (Verdict::Hold, None) => assert_eq!(park.poll_timeout(), Some(at(140_000))),
            (verdict, _) => panic!("{after_return}: {verdict:?}"),
        }
    }
}

#[test]
fn show_says_which_step_will_be_skipped_and_why() {
    let mut park =
        returning("parker when=idle|user/2@x.y when=registered repeat=2 pause=5|callback");
    let (idle, registered) =
        (Precondition::Idle(user("1000@example.com")), Precondition::Registered(user("2@x.y")));
    let asks = park.show_asks(&orbit_key("default", "701"));
    assert_eq!(asks, [idle.clone(), registered]);
    let known = |asks: &Precondition| {
        Some(if *asks == idle {
            "the user is in a call"
        } else {
            "no phone of the user is registered"
        })
    };
    assert_eq!(
        foretold(&park, 0, "701", &known),
        [
            "60000 rings the parker 1000@example.com for 20 s, but no: the user is in a call",
            "65000 rings user/2@x.y for 20 s, but no: no phone of the user is registered",
            "65000 is offered a call-back for 20 s",
            "85000 remains parked for another 60 s",
        ]
    );
    assert_eq!(foretold(&park, 0, "701", &nobody).len(), 5);
    let rung = due(&mut park);
    assert_eq!(rings(&rung)[0].step.when, When::Idle);
}
