//! What a reload or a move in the middle of something changes about it.

use super::returns::due;
use super::*;

fn wakes(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Wake(_))).count()
}

fn waits(name: &str, orbits: &str, max_wait_ms: u64) -> LotConfig {
    LotConfig { max_wait_ms, timeout: Timeout::fixed(0), ..lot(name, orbits) }
}

fn leaves(park: &mut Park, ms: u64) -> bool {
    park.handle_timeout(at(ms));
    !matches!(park.verdict(&"a".into()), Verdict::Hold)
}

#[test]
fn a_call_waits_as_long_as_the_lot_allows_that_it_is_moved_to() {
    let lots = || vec![waits("short", "701", 60_000), waits("never", "801", 0)];
    let mut park = park_with(lots());
    parked(&mut park, request("a", "short"));
    let effects =
        effects!(park.move_call(at(50_000), &orbit_key("short", "701"), &key("never"), Want::Auto));
    assert_eq!(wakes(&effects), 1, "it has other keys");
    assert_eq!(park.poll_timeout(), None);
    assert!(!leaves(&mut park, 1_000_000));
    // It has waited too long already, but not there.
    let from = orbit_key("never", "801");
    park.move_call(at(1_000_000), &from, &key("short"), Want::Auto).unwrap();
    assert!(!leaves(&mut park, 1_009_999) && leaves(&mut park, 1_010_000));

    let mut park = park_with(lots());
    parked(&mut park, request("a", "never"));
    park.move_call(at(20_000), &from, &key("short"), Want::Auto).unwrap();
    assert!(!leaves(&mut park, 59_999) && leaves(&mut park, 60_000));
}

#[test]
fn a_reload_changes_how_long_a_call_waits() {
    for (max_wait_ms, at_ms) in [(0, None), (90_000, Some(90_000)), (30_000, Some(60_000))] {
        let mut park = park_with(vec![waits("default", "701", 70_000)]);
        parked(&mut park, request("a", "default"));
        park.configure(at(50_000), vec![waits("default", "701", max_wait_ms)]);
        assert_eq!(park.poll_timeout(), at_ms.map(at), "{max_wait_ms}");
    }
    // Its time is up between the reload and the turn that sees to it.
    let mut park = park_with(vec![waits("default", "701", 70_000)]);
    parked(&mut park, request("a", "default"));
    drop(park.lay_out(at(69_999), Layout::of(vec![waits("default", "701", 0)])));
    assert!(!leaves(&mut park, 70_000));
}

#[test]
fn a_reload_wakes_the_calls_that_wait_otherwise() {
    let changes: [fn(&mut LotConfig); 4] = [
        |lot| lot.exit_key = Some('9'),
        |lot| lot.callback.key = Some('9'),
        |lot| lot.comfort = Some("phrase:x".into()),
        |lot| lot.recording = Recording::Pause,
    ];
    for change in changes {
        let mut park = park_of_five();
        parked(&mut park, request("a", "default"));
        let mut config = lot("default", "701-705");
        assert_eq!(effects!(park.configure(T0, vec![config.clone()])), []);
        change(&mut config);
        let effects = effects!(park.configure(T0, vec![config]));
        assert_eq!(effects, [Effect::Wake("a".into())]);
    }
}

#[test]
fn a_reload_disturbs_neither_an_offer_nor_a_hand_over() {
    let with_key = |exit_key| LotConfig {
        returns: Step::parse_list("callback").unwrap(),
        exit_key,
        ..lot("default", "701-705")
    };
    let mut park = park_with(vec![with_key(None)]);
    parked(&mut park, request("a", "default"));
    parked(&mut park, request("b", "default"));
    claim_call(&mut park, at(59_000), "b", retriever("r"));
    assert!(due(&mut park).contains(&Effect::Offer("a".into())));
    let effects = effects!(park.configure(at(60_000), vec![with_key(Some('1'))]));
    assert_eq!(effects, [Effect::Offer("a".into())], "it is made with another key");
}

#[test]
fn comfort_is_not_late_by_what_was_configured_before() {
    let every = |comfort_every_ms| LotConfig {
        comfort: Some("phrase:x".into()),
        comfort_every_ms,
        timeout: Timeout::fixed(0),
        ..lot("default", "701-705")
    };
    let mut park = park_with(vec![every(3_600_000)]);
    parked(&mut park, request("a", "default"));
    park.configure(at(1_000), vec![every(30_000)]);
    assert_eq!(park.poll_timeout(), Some(at(31_000)));
    park.configure(at(2_000), vec![every(0)]);
    assert_eq!(park.poll_timeout(), None);
}

#[test]
fn a_call_that_is_moved_while_the_lot_is_seen_to_is_not_left_out() {
    let limited = |max_wait_ms| waits("default", "701-900", max_wait_ms);
    let mut park = park_with(vec![limited(0)]);
    for n in 701..=890 {
        parked(&mut park, wanting(&n.to_string(), "default", &n.to_string()));
    }
    park.gone(T0, &"701".into(), End::HungUp);
    drop(park.lay_out(T0, Layout::of(vec![limited(60_000)])));
    assert!(park.refresh(T0));
    park.move_call(T0, &orbit_key("default", "890"), &key("default"), Want::Orbit(orbit("701")))
        .unwrap();
    while park.refresh(T0) {}
    park.handle_timeout(at(60_000));
    let mut leave = 0;
    while park.poll_timeout().is_some_and(|due| due <= at(60_000)) {
        park.handle_timeout(at(60_000));
        leave += 1;
    }
    assert!(leave > 0 && !matches!(park.verdict(&"890".into()), Verdict::Hold));
}

#[test]
fn other_return_steps_begin_with_the_first_of_them() {
    let steps =
        |text| LotConfig { returns: Step::parse_list(text).unwrap(), ..lot("default", "701-705") };
    let (old, new) = ("user/1|user/2", "user/8|hangup:NORMAL_CLEARING");
    // The reload comes while the first one rings.
    let mut park = park_with(vec![steps(old)]);
    parked(&mut park, request("a", "default"));
    let run = rings(&due(&mut park))[0].run;
    park.configure(at(60_000), vec![steps(new)]);
    let show = park.show(at(60_000), &orbit_key("default", "701"), &nobody).unwrap();
    let next: Vec<String> = show.next.iter().map(|next| next.what.clone()).collect();
    assert!(next[0].contains("user/1") && next[1].contains("user/8"), "{next:?}");
    let effects = effects!(park.step_failed(at(61_000), &"a".into(), run, "no answer"));
    assert_eq!(told(&effects), ["return 1 user/1 (no answer)", "return 1 user/8"]);
    // Or while the phone that has answered is being connected.
    let mut park = park_with(vec![steps(old)]);
    parked(&mut park, request("a", "default"));
    let run = rings(&due(&mut park))[0].run;
    let claim = claim_call(&mut park, at(61_000), "a", step_leg("s", run));
    park.configure(at(61_000), vec![steps(new)]);
    let effects = effects!(park.unclaim(at(62_000), &"a".into(), claim.ticket));
    assert_eq!(told(&effects)[1..], ["return 1 user/8"]);
    assert!(told(&effects)[0].starts_with("return 1 user/1"), "{effects:?}");
    // The same steps go on.
    let mut park = park_with(vec![steps(old)]);
    parked(&mut park, request("a", "default"));
    let run = rings(&due(&mut park))[0].run;
    park.configure(at(60_000), vec![steps(old)]);
    let effects = effects!(park.step_failed(at(61_000), &"a".into(), run, "no answer"));
    assert_eq!(told(&effects)[1..], ["return 2 user/2"]);
}

#[test]
fn a_copy_takes_along_what_another_copy_had() {
    let shared = |name, orbits| LotConfig { per_domain: true, ..lot(name, orbits) };
    let mut park = park_with(vec![shared("default", "701-720")]);
    for (uuid, lot) in [("a", "default@a.com"), ("b", "default@b.com")] {
        parked(&mut park, wanting(uuid, lot, "715"));
    }
    park.configure(T0, vec![shared("default", "701-710"), shared("sales", "711-720")]);
    assert_eq!(park.orbit_at("715", Some("a.com")), Some(orbit_key("sales@a.com", "715")));
    assert_eq!(park.find(T0, &"a".into()).unwrap().place(), orbit_key("sales@a.com", "715"));
    assert_eq!(park.find(T0, &"b".into()).unwrap().place(), orbit_key("sales@b.com", "715"));
    assert_eq!(park.lots().len(), 4);
    // A domain that has a lot of that name of its own keeps the call where it is.
    let own = lot("default@a.com", "801");
    park.configure(T0, vec![shared("default", "701-720"), own]);
    assert_eq!(park.find(T0, &"a".into()).unwrap().place(), orbit_key("sales@a.com", "715"));
    assert_eq!(park.find(T0, &"b".into()).unwrap().place(), orbit_key("default@b.com", "715"));
}

#[test]
fn an_orbit_that_a_call_was_moved_out_of_has_just_been_emptied() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let from = orbit_key("default", "701");
    park.move_call(T0, &from, &key("default"), Want::Auto).unwrap();
    assert_eq!(park.slot_state(T0, &from), SlotState::JustEmptied);
}

#[test]
fn a_call_back_that_outlives_its_lot_stays_private() {
    let mut config = lot("default", "701-705");
    config.privacy = Privacy::Strict;
    config.callback.to = "9${number} XML out".parse().unwrap();
    let mut park = park_with(vec![config]);
    parked(&mut park, request("a", "default"));
    let claim = claim_call(&mut park, T0, "a", Claimant::Leave(Exit::Callback));
    park.complete(T0, &"a".into(), claim.ticket);
    park.configure(T0, Vec::new());
    let owed = park.callbacks(T0).remove(0);
    assert_eq!(owed.privacy, Privacy::Strict);
    let id = owed.id;
    let effects = effects!(park.cancel_callback(T0, id));
    let privacy = effects.iter().find_map(|effect| match effect {
        Effect::Callback(news) => Some(news.callback.privacy),
        _ => None,
    });
    assert_eq!(privacy, Some(Privacy::Strict));
}
