//! Callers who hang up to be called back.

use super::returns::due;
use super::*;

fn waiting(change: impl FnOnce(&mut ParkRequest)) -> Park {
    let mut config = lot("default", "701-705");
    config.callback = CallbackConfig {
        key: Some('5'),
        attempts: 2,
        expires_ms: 300_000,
        to: "9${number} XML out".parse().unwrap(),
        ..CallbackConfig::default()
    };
    let mut park = park_with(vec![config]);
    let mut request = request("a", "default");
    change(&mut request);
    parked(&mut park, request);
    park
}

/// Presses the key, hears that somebody will call, and is hung up.
fn hangs_up(park: &mut Park) -> Vec<Effect> {
    let claim = claim_call(park, at(1_000), "a", Claimant::Leave(Exit::Callback));
    assert_eq!(park.verdict(&"a".into()), Verdict::Callback { ticket: claim.ticket });
    effects!(park.complete(at(2_000), &"a".into(), claim.ticket))
}

fn attempts(effects: &[Effect]) -> Vec<&CallbackAttempt> {
    fn attempt(effect: &Effect) -> Option<&CallbackAttempt> {
        match effect {
            Effect::TryCallback(attempt) => Some(&**attempt),
            _ => None,
        }
    }
    effects.iter().filter_map(attempt).collect()
}

fn news(effects: &[Effect]) -> Vec<(Option<CallbackEnd>, Option<&str>)> {
    fn news(effect: &Effect) -> Option<(Option<CallbackEnd>, Option<&str>)> {
        match effect {
            Effect::Callback(news) => Some((news.end, news.callback.reason.as_deref())),
            _ => None,
        }
    }
    effects.iter().filter_map(news).collect()
}

#[test]
fn the_parker_calls_back_when_free_and_once() {
    let mut park = waiting(|_| {});
    let effects = hangs_up(&mut park);
    assert_eq!(told(&effects), ["leave =callback"]);
    assert_eq!(news(&effects), [(None, None)]);
    assert_eq!(counts(&park, "default"), [5, 0, 5, 0, 0, 0]);

    let effects = due(&mut park);
    let first = attempts(&effects)[0].clone();
    assert_eq!(first.to.to_string(), "9100 XML out");
    assert_eq!(&*first.callback.by, "1000@example.com");
    assert!(park.callbacks(at(2_000))[0].trying);
    let id = first.callback.id;
    let none =
        effects!(park.callback_tried(at(2_100), id, first.run, Attempt::NotFree("in a call")));
    assert_eq!(none, []);
    assert_eq!(park.callbacks(at(2_100))[0].attempts_left, 2, "that was no attempt");
    assert_eq!(park.poll_timeout(), Some(at(7_100)));

    let second = attempts(&due(&mut park))[0].clone();
    assert_eq!(
        effects!(park.callback_tried(at(8_000), id, first.run, Attempt::Connected)),
        [],
        "too late"
    );
    let effects = effects!(park.callback_tried(at(8_000), id, second.run, Attempt::Connected));
    assert_eq!(news(&effects), [(Some(CallbackEnd::Connected), Some("in a call"))]);
    assert_eq!((park.callbacks(at(8_000)), park.poll_timeout()), (vec![], None));
}

#[test]
fn it_is_given_up_after_so_many_attempts() {
    let mut park = waiting(|_| {});
    hangs_up(&mut park);
    let first = attempts(&due(&mut park))[0].clone();
    let id = first.callback.id;
    let effects =
        effects!(park.callback_tried(at(5_000), id, first.run, Attempt::Failed("NO_ANSWER")));
    assert_eq!(news(&effects), [(None, Some("NO_ANSWER"))]);
    assert_eq!(park.poll_timeout(), Some(at(65_000)));
    let second = attempts(&due(&mut park))[0].clone();
    let effects =
        effects!(park.callback_tried(at(70_000), id, second.run, Attempt::Failed("USER_BUSY")));
    assert_eq!(news(&effects), [(Some(CallbackEnd::Failed), Some("USER_BUSY"))]);
    assert_eq!(park.poll_timeout(), None);
}

#[test]
fn it_expires_and_can_be_cancelled() {
    let mut park = waiting(|_| {});
    hangs_up(&mut park);
    let mut ms = 2_000;
    loop {
        let effects = effects!(park.handle_timeout(at(ms)));
        if let [attempt] = attempts(&effects)[..] {
            let (id, run) = (attempt.callback.id, attempt.run);
            park.callback_tried(at(ms), id, run, Attempt::NotFree("not registered"));
        } else if !effects.is_empty() {
            assert_eq!(news(&effects), [(Some(CallbackEnd::Expired), Some("not registered"))]);
            break;
        }
        ms += 1_000;
        assert!(ms < 400_000, "it never expires");
    }
    assert_eq!(ms, 302_000);

    let mut park = waiting(|_| {});
    hangs_up(&mut park);
    let attempt = attempts(&due(&mut park))[0].clone();
    let effects = effects!(park.cancel_callback(at(3_000), attempt.callback.id));
    assert_eq!(stops(&effects), [attempt.run]);
    assert_eq!(news(&effects), [(Some(CallbackEnd::Cancelled), None)]);
    assert_eq!(effects!(park.cancel_callback(at(3_000), attempt.callback.id)), []);
}

#[test]
fn who_hangs_up_while_hearing_it_is_called_back_too() {
    let mut park = waiting(|_| {});
    claim_call(&mut park, at(1_000), "a", Claimant::Leave(Exit::Callback));
    let effects = effects!(park.gone(at(1_500), &"a".into(), End::HungUp));
    assert_eq!(told(&effects), ["leave =callback"]);
    assert_eq!(park.callbacks(at(1_500)).len(), 1);
}

#[test]
fn a_call_for_somebody_is_called_back_by_that_one() {
    let mut park = waiting(|request| request.info.addressed_to = "1007@example.com".into());
    hangs_up(&mut park);
    assert_eq!(&*park.callbacks(T0)[0].by, "1007@example.com");
}

#[test]
fn nobody_is_promised_what_cannot_be() {
    for change in [
        (|request| request.info.parker = None) as fn(&mut ParkRequest),
        |request| request.info.caller.number = Number::of(&"anonymous".into()),
        |request| request.info.caller.number = Number::of(&"1 XML out;x".into()),
        |request| request.info.caller.number = Number::of(&"".into()),
    ] {
        let mut park = waiting(change);
        let by = Claimant::Leave(Exit::Callback);
        let refused = park.claim(T0, None, Target::Call(&"a".into()), by);
        assert_eq!(refused.unwrap_err(), Refusal::Failed);
        assert_eq!(park.verdict(&"a".into()), Verdict::Hold);
    }
}

#[test]
fn a_return_step_offers_it() {
    let steps = Step::parse_list("callback ring=10|user/2").unwrap();
    let mut park = waiting(|request| request.returns = Some(steps.clone()));
    assert!(!park.is_offered(&"a".into()));
    let effects = due(&mut park);
    assert_eq!(told(&effects), ["return 1 callback"]);
    assert!(effects.contains(&Effect::Offer("a".into())) && park.is_offered(&"a".into()));
    assert_eq!(park.poll_timeout(), Some(at(70_000)), "no longer than it was offered");
    let effects = due(&mut park);
    assert_eq!(
        told(&effects),
        ["return 1 callback (the caller did not ask to be called back)", "return 2 user/2"]
    );
    assert!(!park.is_offered(&"a".into()));

    let mut park = waiting(|request| request.returns = Some(steps));
    due(&mut park);
    assert_eq!(told(&hangs_up(&mut park)), ["leave =callback"]);
}

#[test]
fn a_shutdown_says_who_will_not_be_called() {
    let mut park = waiting(|_| {});
    hangs_up(&mut park);
    let effects = effects!(park.shutdown(at(9_000)));
    assert_eq!(news(&effects), [(Some(CallbackEnd::Shutdown), None)]);
    assert_eq!(park.poll_timeout(), None);
}

/// The caller has been told that somebody will call, and the switch stops during that sentence.
#[test]
fn what_a_caller_has_been_promised_outlives_the_call_and_the_module() {
    for stops in [false, true] {
        let mut park = waiting(|_| {});
        claim_call(&mut park, at(1_000), "a", Claimant::Leave(Exit::Callback));
        if stops {
            park.stop();
        }
        let effects = effects!(park.gone(at(2_000), &"a".into(), End::Shutdown));
        assert_eq!(told(&effects), ["leave =callback"], "{stops}");
        park.shutdown(at(9_000));
        assert_eq!(park.lasting_callbacks(at(9_000)).len(), 1, "{stops}");
    }
}

#[test]
fn an_attempt_of_which_nobody_speaks_has_failed() {
    let mut park = waiting(|_| {});
    hangs_up(&mut park);
    let attempt = attempts(&due(&mut park))[0].clone();
    let effects = due(&mut park);
    assert_eq!(stops(&effects), [attempt.run]);
    assert_eq!(news(&effects)[0].0, None);
    assert_eq!(park.callbacks(T0)[0].attempts_left, 1);
}

#[test]
fn a_user_calls_back_one_caller_after_the_other() {
    let mut park = waiting(|_| {});
    let other = known(request("b", "default"), |info| info.caller = Caller::new("Bob", "200"));
    parked(&mut park, other);
    hangs_up(&mut park);
    let claim = claim_call(&mut park, at(1_000), "b", Claimant::Leave(Exit::Callback));
    park.complete(at(2_000), &"b".into(), claim.ticket);
    let try_now = |park: &mut Park, ms| -> Vec<(CallbackId, RunId)> {
        let effects = effects!(park.handle_timeout(at(ms)));
        attempts(&effects).iter().map(|it| (it.callback.id, it.run)).collect()
    };
    let first = try_now(&mut park, 2_000);
    assert_eq!(first.len(), 1);
    // While the user is not free, it is looked for one of them alone.
    let (a, run) = first[0];
    park.callback_tried(at(2_000), a, run, Attempt::NotFree("busy"));
    assert_eq!(try_now(&mut park, 6_999), []);
    let again = try_now(&mut park, 7_000);
    assert_eq!(again.iter().map(|it| it.0).collect::<Vec<_>>(), [a]);
    // What fails lets the next one have its turn, and comes after it.
    park.callback_tried(at(8_000), a, again[0].1, Attempt::Failed("NO_ANSWER"));
    let next = try_now(&mut park, 13_000);
    let (b, run) = next[0];
    assert!(next.len() == 1 && a != b);
    assert_eq!(try_now(&mut park, 68_000), []);
    park.callback_tried(at(69_000), b, run, Attempt::Connected);
    assert_eq!(try_now(&mut park, 74_000).iter().map(|it| it.0).collect::<Vec<_>>(), [a]);
    assert_eq!(park.callbacks(at(74_000)).len(), 1);
    assert!(park.cancel_callback(at(74_000), a));
    assert!(park.turns.is_empty());
}
