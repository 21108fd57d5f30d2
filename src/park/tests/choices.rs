//! What a caller can choose, and what happens to one who only waits.

use super::returns::due;
use super::*;

fn park_where(change: impl FnOnce(&mut LotConfig)) -> Park {
    let mut config = lot("default", "701-705");
    change(&mut config);
    let mut park = park_with(vec![config]);
    parked(&mut park, request("a", "default"));
    park
}

#[test]
fn the_exit_key_takes_the_call_out() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let exit = Exit::Transfer("4000".parse().unwrap());
    let claim = claim_call(&mut park, at(10), "a", Claimant::Leave(exit));
    assert!(matches!(park.verdict(&"a".into()), Verdict::Transfer { .. }));
    let effects = effects!(park.complete(at(11), &"a".into(), claim.ticket));
    assert_eq!(told(&effects), ["leave =left"]);
}

#[test]
fn who_has_waited_long_enough_leaves() {
    let mut park = park_where(|lot| {
        lot.max_wait_ms = 70_000;
        lot.exit_to = Some("4000".parse().unwrap());
    });
    let run = rings(&due(&mut park))[0].run;
    assert_eq!(park.poll_timeout(), Some(at(70_000)));
    let effects = due(&mut park);
    assert_eq!(effects, [Effect::StopRing(run, StopReason::Gone), Effect::Wake("a".into())]);
    let Verdict::Transfer { ticket, .. } = park.verdict(&"a".into()) else { panic!("stays") };
    assert_eq!(told(&effects!(park.complete(at(70_001), &"a".into(), ticket))), ["leave =left"]);
}

#[test]
fn without_an_exit_it_is_hung_up_and_a_retriever_is_not_disturbed() {
    let mut park = park_where(|lot| {
        lot.max_wait_ms = 70_000;
        lot.timeout = Timeout::fixed(0);
    });
    let claim = claim_call(&mut park, at(69_999), "a", retriever("r"));
    assert_eq!(park.poll_timeout(), None);
    park.unclaim(at(70_500), &"a".into(), claim.ticket);
    park.handle_timeout(at(70_500));
    let Verdict::HangUp { ticket, cause } = park.verdict(&"a".into()) else { panic!("stays") };
    assert_eq!(cause, CauseName::NO_ANSWER);
    assert_eq!(told(&effects!(park.complete(at(70_501), &"a".into(), ticket))), ["drop =dropped"]);
}

#[test]
fn comfort_comes_again_and_again() {
    let mut park = park_where(|lot| {
        lot.comfort = Some("phrase:x".into());
        lot.comfort_every_ms = 25_000;
    });
    for ms in [25_000, 50_000] {
        assert_eq!(park.poll_timeout(), Some(at(ms)));
        assert_eq!(due(&mut park), [Effect::Comfort("a".into())]);
    }
    assert_eq!(rings(&due(&mut park)).len(), 1, "the return step is not late for it");
    assert_eq!(due(&mut park), [Effect::Comfort("a".into())]);
    // While somebody takes the call nobody talks into it; afterwards it is made up for, once.
    let claim = claim_call(&mut park, at(76_000), "a", retriever("r"));
    park.unclaim(at(200_000), &"a".into(), claim.ticket);
    let effects = effects!(park.handle_timeout(at(200_000)));
    let comforts = effects.iter().filter(|it| matches!(it, Effect::Comfort(_))).count();
    assert_eq!(comforts, 1);
    park.gone(at(201_000), &"a".into(), End::HungUp);
    assert_eq!(park.poll_timeout(), None);
}
