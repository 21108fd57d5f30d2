use super::*;

/// Parks `a` in 701 with these steps and a timeout of a minute.
pub(super) fn returning(steps: &str) -> Park {
    let mut park = park_of_five();
    let returns = Some(Step::parse_list(steps).unwrap());
    parked(&mut park, ParkRequest { returns, ..request("a", "default") });
    park
}

pub(super) fn due(park: &mut Park) -> Vec<Effect> {
    let now = park.poll_timeout().expect("nothing is due");
    effects!(park.handle_timeout(now))
}

/// Since when a first return step should have started.
fn up(effects: &[Effect]) -> Vec<Moment> {
    let up = |effect: &Effect| match effect {
        Effect::TimeIsUp(at) => Some(*at),
        _ => None,
    };
    effects.iter().filter_map(up).collect()
}

#[test]
fn it_is_known_how_late_the_first_step_starts_and_only_the_first() {
    let mut park = returning("parker ring=15|parker ring=15");
    let late = effects!(park.handle_timeout(at(60_300)));
    assert_eq!(up(&late), [at(60_000)]);
    assert_eq!(up(&due(&mut park)), [], "the second step");
    // While somebody claims the call, nothing is late.
    let mut park = returning("parker ring=15");
    let claim = claim_call(&mut park, at(59_000), "a", retriever("r"));
    park.unclaim(at(61_000), &"a".into(), claim.ticket);
    assert_eq!(up(&effects!(park.handle_timeout(at(61_005)))), [at(61_000)]);
}

#[test]
fn when_the_time_is_up_the_parker_rings() {
    let mut park = returning("parker ring=15");
    assert_eq!(effects!(park.handle_timeout(at(59_999))), []);
    let effects = effects!(park.handle_timeout(at(60_000)));
    assert_eq!(told(&effects), ["return 1 parker"]);
    let rings = rings(&effects);
    assert_eq!(rings.len(), 1);
    assert_eq!(rings[0].to, RingTo::Parker(user("1000@example.com")));
    assert_eq!(rings[0].step.ring_s, 15);
    assert_eq!(rings[0].call.state, CallState::Returning);
    assert_eq!(park.verdict(&"a".into()), Verdict::Hold);
    assert_eq!(park.poll_timeout(), Some(at(60_000 + 15_000)));
}

#[test]
fn who_answers_takes_the_call() {
    let mut park = returning("parker|user/2");
    let run = rings(&due(&mut park))[0].run;
    let claim = claim_call(&mut park, at(61_000), "a", step_leg("s", run));
    assert_eq!(park.take_effects(), [Effect::Wake("a".into())]);
    assert_eq!(
        park.verdict(&"a".into()),
        Verdict::Bridge { ticket: claim.ticket, leg: "s".into() }
    );
    let second = park.claim(at(61_000), None, Target::Call(&"a".into()), step_leg("t", run));
    assert_eq!(second.unwrap_err(), Refusal::Gone);
    let effects = effects!(park.complete(at(62_000), &"a".into(), claim.ticket));
    assert_eq!(told(&effects), ["return 1 parker =returned"]);
    assert_eq!(events(&effects)[0].retriever_uuid, Some("s".into()));
    assert_eq!(stops(&effects), []);
}

#[test]
fn a_failed_step_is_followed_by_the_next() {
    let mut park = returning("parker|user/2|transfer:4000 XML default");
    let run = rings(&due(&mut park))[0].run;
    let effects = effects!(park.step_failed(at(70_000), &"a".into(), run, "no answer"));
    assert_eq!(told(&effects), ["return 1 parker (no answer)", "return 2 user/2"]);
    let second = rings(&effects)[0].clone();
    assert_eq!(second.to, RingTo::Dial("user/2".into()));
    assert_eq!(effects!(park.step_failed(at(71_000), &"a".into(), run, "no answer")), []);
    let effects = effects!(park.step_failed(at(80_000), &"a".into(), second.run, "busy"));
    assert_eq!(told(&effects)[1], "return 3 transfer:4000 XML default");
    assert!(effects.contains(&Effect::Wake("a".into())));
    let Verdict::Transfer { ticket, to } = park.verdict(&"a".into()) else { panic!("no transfer") };
    assert_eq!(to.to_string(), "4000 XML default");
    let lot = key("default");
    let late = park.claim(at(80_000), Some(&lot), Target::Next, retriever("r"));
    assert_eq!(late.unwrap_err(), Refusal::Empty);
    assert_eq!(
        told(&effects!(park.complete(at(80_001), &"a".into(), ticket))),
        ["return 3 transfer:4000 XML default =returned"]
    );
}

#[test]
fn after_the_last_step_the_call_waits_for_another_timeout() {
    let mut park = returning("user/2");
    let run = rings(&due(&mut park))[0].run;
    let effects = effects!(park.step_failed(at(80_000), &"a".into(), run, "no answer"));
    assert_eq!(
        told(&effects),
        ["return 1 user/2 (no answer)", "remind (no return step took the call)"]
    );
    assert_eq!(park.poll_timeout(), Some(at(140_000)));
    assert_eq!(rings(&due(&mut park)).len(), 1);
}

#[test]
fn a_failed_transfer_is_a_failed_step() {
    let mut park = returning("transfer:4000|user/2");
    due(&mut park);
    let Verdict::Transfer { ticket, .. } = park.verdict(&"a".into()) else { panic!("no transfer") };
    let effects = effects!(park.unclaim(at(60_001), &"a".into(), ticket));
    assert_eq!(told(&effects), ["return 1 transfer:4000 (the transfer failed)", "return 2 user/2"]);
}

#[test]
fn without_a_parker_that_step_is_skipped() {
    let mut park = park_of_five();
    let steps = Some(Step::parse_list("parker|user/2").unwrap());
    parked(
        &mut park,
        known(ParkRequest { returns: steps, ..request("a", "default") }, |info| info.parker = None),
    );
    let effects = due(&mut park);
    assert_eq!(told(&effects), ["return 1 parker (the parker is not known)", "return 2 user/2"]);
    assert_eq!(rings(&effects).len(), 1);
}

#[test]
fn without_steps_the_call_waits_on() {
    let mut park = returning("none");
    assert_eq!(told(&due(&mut park)), ["remind (there are no return steps)"]);
    assert_eq!(park.poll_timeout(), Some(at(120_000)));
}

#[test]
fn a_timeout_of_zero_is_never() {
    let mut park = park_of_five();
    parked(&mut park, ParkRequest { timeout_ms: Some(0), ..request("a", "default") });
    assert_eq!(park.poll_timeout(), None);
    parked(&mut park, ParkRequest { timeout_ms: Some(5), ..request("b", "default") });
    assert_eq!(park.poll_timeout(), Some(at(5)));
}

#[test]
fn a_retriever_may_come_while_a_step_rings() {
    let mut park = returning("user/1|user/2");
    let first = rings(&due(&mut park))[0].run;
    let second =
        rings(&effects!(park.step_failed(at(80_000), &"a".into(), first, "no answer")))[0].run;
    let claim = claim_call(&mut park, at(81_000), "a", retriever("r"));
    assert_eq!(stops(&park.take_effects()), [second]);
    let late = park.claim(at(81_000), None, Target::Call(&"a".into()), step_leg("s", second));
    assert_eq!(late.unwrap_err(), Refusal::Gone);
    assert_eq!(effects!(park.step_failed(at(81_000), &"a".into(), second, "stopped")), []);
    // Given back: the step that was interrupted rings again, at once.
    park.unclaim(at(82_000), &"a".into(), claim.ticket);
    assert_eq!(told(&effects!(park.handle_timeout(at(82_000)))), ["return 2 user/2"]);
}

#[test]
fn the_next_round_begins_with_the_first_step() {
    let mut park = returning("user/1|user/2");
    let first = rings(&due(&mut park))[0].run;
    park.step_failed(at(80_000), &"a".into(), first, "no answer");
    let claim = claim_call(&mut park, at(81_000), "a", retriever("r"));
    park.unclaim(at(82_000), &"a".into(), claim.ticket);
    let second = rings(&effects!(park.handle_timeout(at(82_000))))[0].run;
    park.step_failed(at(83_000), &"a".into(), second, "no answer");
    assert_eq!(told(&due(&mut park)), ["return 1 user/1"]);
}

#[test]
fn an_answered_leg_that_goes_away_is_a_failed_step() {
    for by_failure in [false, true] {
        let mut park = returning("user/1|user/2");
        let run = rings(&due(&mut park))[0].run;
        let claim = claim_call(&mut park, at(61_000), "a", step_leg("s", run));
        let effects = match by_failure {
            false => effects!(park.unclaim(at(62_000), &"a".into(), claim.ticket)),
            true => effects!(park.step_failed(at(62_000), &"a".into(), run, "gone")),
        };
        assert_eq!(
            told(&effects),
            ["return 1 user/1 (the phone that answered has left)", "return 2 user/2"]
        );
    }
}

#[test]
fn a_step_rings_for_its_time_and_not_longer() {
    let mut park = returning("user/1 ring=20|user/2");
    let run = rings(&due(&mut park))[0].run;
    assert_eq!(effects!(park.handle_timeout(at(79_999))), []);
    let effects = effects!(park.handle_timeout(at(80_000)));
    assert_eq!(effects[0], Effect::StopRing(run, StopReason::Unanswered));
    assert_eq!(told(&effects), ["return 1 user/1 (NO_ANSWER)", "return 2 user/2"]);
}

#[test]
fn who_has_answered_may_listen_first_but_not_for_ever() {
    let mut park = returning("user/1 ring=20|user/2");
    let run = rings(&due(&mut park))[0].run;
    park.step_answered(at(79_000), &"a".into(), run);
    assert_eq!(effects!(park.handle_timeout(at(138_999))), []);
    assert_eq!(told(&effects!(park.handle_timeout(at(139_000))))[1], "return 2 user/2");
    // Of a run that is over it changes nothing.
    park.step_answered(at(139_001), &"a".into(), run);
    assert_eq!(park.poll_timeout(), Some(at(159_000)));
}

#[test]
fn a_call_that_hangs_up_stops_what_rings() {
    let mut park = returning("user/1");
    let run = rings(&due(&mut park))[0].run;
    assert_eq!(stops(&effects!(park.gone(at(61_000), &"a".into(), End::HungUp))), [run]);
    assert_eq!(park.poll_timeout(), None);

    let mut park = returning("user/1");
    let run = rings(&due(&mut park))[0].run;
    let ticket = claim_call(&mut park, at(61_000), "a", step_leg("s", run)).ticket;
    let effects = effects!(park.gone(at(61_000), &"a".into(), End::HungUp));
    assert_eq!(stops(&effects), [run]);
    assert!(effects.contains(&Effect::ClaimLost { leg: "s".into(), ticket }));
}

#[test]
fn the_lock_is_short_however_much_is_due() {
    let mut park = park_with(vec![lot("default", "1-1000")]);
    for n in 0..600 {
        parked(&mut park, request(&n.to_string(), "default"));
    }
    let mut rung = 0;
    let mut rounds = 0;
    while park.poll_timeout().is_some_and(|due| due <= at(60_000)) {
        rung += rings(&effects!(park.handle_timeout(at(60_000)))).len();
        rounds += 1;
    }
    assert_eq!((rung, rounds), (600, 75));
}
