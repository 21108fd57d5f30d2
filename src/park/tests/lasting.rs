//! What outlasts a restart.

use super::returns::due;
use super::*;

fn close_again(park: &mut Park, closed: Vec<ClosedLot>) -> Taken {
    let (parts, ignored) = ClosedPart::of(closed);
    let taken: Taken = parts.iter().map(|part| park.close_again(part)).sum();
    Taken { ignored: taken.ignored + ignored, ..taken }
}

/// What another park with these lots closes again.
fn closed_again(lots: Vec<LotConfig>, closed: Vec<ClosedLot>) -> (Park, Taken) {
    let mut park = park_with(lots);
    let taken = close_again(&mut park, closed);
    let effects = park.take_effects();
    assert!(effects.iter().all(|effect| matches!(effect, Effect::InService(_))), "{effects:?}");
    (park, taken)
}

fn closed(lot: &str, all: bool, orbits: &[&str]) -> ClosedLot {
    ClosedLot { lot: lot.into(), all, orbits: orbits.iter().map(|&text| text.into()).collect() }
}

fn count(taken: usize, ignored: usize) -> Taken {
    Taken { taken, ignored }
}

#[test]
fn what_is_closed_by_hand_is_closed_again() {
    let lots =
        || vec![lot("default", "701-705"), lot("sales@example.com", "1-9999999"), lot("x", "9")];
    let mut park = park_with(lots());
    assert_eq!(park.closed().lots(), []);
    park.close(&key("default"), Some(&orbit("702"))).unwrap();
    park.close(&key("default"), Some(&orbit("704"))).unwrap();
    park.close(&key("sales@example.com"), None).unwrap();
    park.open(&key("sales@example.com"), Some(&orbit("77"))).unwrap();
    let written = park.closed().lots();
    let expected =
        [closed("default", false, &["702", "704"]), closed("sales@example.com", true, &["77"])];
    assert_eq!(written, expected);

    let (mut again, taken) = closed_again(lots(), written.clone());
    assert_eq!(taken, count(3, 0));
    assert_eq!(again.closed().lots(), written);
    assert_eq!(counts(&again, "default"), [5, 0, 3, 2, 0, 0]);
    assert_eq!(counts(&again, "sales@example.com"), [9_999_999, 0, 1, 9_999_998, 0, 0]);
    assert_eq!(parked(&mut again, request("a", "sales@example.com")), "sales@example.com 77");
    assert_eq!(refused(&mut again, request("b", "sales@example.com")).0, Refusal::Full);
    assert_eq!(refused(&mut again, wanting("c", "default", "702")).0, Refusal::Closed);
    again.open(&key("default"), None).unwrap();
    again.open(&key("sales@example.com"), None).unwrap();
    assert_eq!(again.closed().lots(), []);
}

#[test]
fn what_is_not_configured_or_means_nothing_is_counted_and_left_out() {
    let long = "7".repeat(100_000);
    let written = vec![
        closed("default", false, &["702", "709", "", "7;02", "*", "702", &long]),
        closed("gone", true, &[]),
        closed("gone", false, &["702"]),
        closed("", true, &["702"]),
        closed("a b", true, &["702", "703"]),
        closed("default@example.com", true, &[]),
        closed(&long, true, &[]),
        closed("x", true, &["9", "8", "\u{0}"]),
        closed("default", false, &[]),
    ];
    let lots = vec![lot("default", "701-705"), lot("x", "9-10")];
    let (park, taken) = closed_again(lots, written);
    assert_eq!(taken, count(3, 5 + 6 + 2));
    let expected = [closed("default", false, &["702"]), closed("x", true, &["9"])];
    assert_eq!(park.closed().lots(), expected);
    assert_eq!(park.lots().len(), 2, "none was made");
}

#[test]
fn a_lot_that_was_made_and_closed_is_made_again() {
    let valet = || {
        let mut park = park_with(Vec::new());
        park.make_lots();
        park
    };
    let mut park = valet();
    parked(&mut park, request("a", "desk"));
    park.close(&key("desk"), None).unwrap();
    let written = park.closed().lots();
    let mut again = valet();
    assert_eq!(close_again(&mut again, written.clone()), count(1, 0));
    assert_eq!(again.closed().lots(), written);
    assert_eq!(refused(&mut again, request("b", "desk")).0, Refusal::Closed);
    let nothing = vec![closed("other", false, &["x.y"]), closed("empty", false, &[])];
    assert_eq!(close_again(&mut again, nothing), count(0, 1));
    assert_eq!(again.lots().len(), 1, "one in which nothing is closed does not stay");
}

#[test]
fn whoever_writes_it_down_hears_of_each_change() {
    let mut park = park_of_five();
    park.take_changed();
    let before = park.changes();
    park.close(&key("default"), None).unwrap();
    assert!(park.close(&key("gone"), None).is_err());
    assert_eq!(park.changes(), before + 1);
    let changed = Changed { closed: true, ..Changed::default() };
    assert_eq!((park.take_changed(), park.take_changed()), (changed, Changed::default()));
    park.open(&key("default"), None).unwrap();
    assert_eq!(park.take_changed(), changed);
    // What is closed may have vanished with a reload.
    park.configure(T0, vec![lot("default", "701")]);
    assert_eq!(park.take_changed(), changed);
}

fn adaptive(name: &str, orbits: &str) -> LotConfig {
    let timeout = Timeout {
        base: TimeoutRule::Adaptive,
        min_ms: 20_000,
        max_ms: 200_000,
        ..Timeout::default()
    };
    LotConfig { timeout, ..lot(name, orbits) }
}

fn timeout(park: &mut Park, lot: &str) -> Option<u64> {
    parked(park, request("t", lot));
    let timeout = park.find(T0, &"t".into()).unwrap().timeout_ms_left;
    park.gone(T0, &"t".into(), End::HungUp);
    timeout
}

#[test]
fn an_adaptive_timeout_goes_on_where_it_was() {
    let lots = || vec![adaptive("a", "1-9"), lot("b", "11-19"), adaptive("c", "21-29")];
    let mut park = park_with(lots());
    for ms in 1..=WINDOW as u64 + 3 {
        for (uuid, lot) in [("a", "a"), ("b", "b")] {
            park.take_changed();
            parked(&mut park, request(uuid, lot));
            let claim = claim_call(&mut park, at(ms * 1_000), uuid, retriever("r"));
            park.complete(at(ms * 1_000), &uuid.into(), claim.ticket);
            assert_eq!(park.take_changed().waits, lot == "a");
        }
    }
    let (written, more) = park.some_waits(None, 10);
    assert_eq!(
        (written.len(), more),
        (1, None),
        "neither a fixed timeout, nor a lot without waits"
    );
    assert_eq!((written[0].waits_ms.len(), written[0].waits_ms[0]), (WINDOW, 4_000));
    // In parts it is the same.
    let (first, more) = park.some_waits(None, 2);
    assert_eq!((&first, &more), (&written, &Some(key("b"))));
    assert_eq!(park.some_waits(more.as_ref(), 2), (vec![], None));

    let mut again = park_with(lots());
    assert_eq!(again.remember_waits(written), count(1, 0));
    assert_eq!(timeout(&mut park, "a"), Some(48_000));
    assert_eq!(timeout(&mut again, "a"), Some(48_000));
    assert_eq!(timeout(&mut again, "c"), Some(NEW_MS));
}

#[test]
fn waits_that_nobody_waited_stay_within_the_limits() {
    let mut park = park_with(vec![adaptive("a", "1-9"), lot("b", "11-19")]);
    let waits = |lot: &str, waits_ms: Vec<u64>| LotWaits { lot: lot.into(), waits_ms };
    let taken = park.remember_waits(vec![
        waits("a", vec![u64::MAX; 100_000]),
        waits("b", vec![1; 9]),
        waits("gone", vec![1]),
        waits("\u{0}@", vec![]),
    ]);
    assert_eq!(taken, count(1, 3));
    assert_eq!(timeout(&mut park, "a"), Some(200_000));
    assert_eq!(park.some_waits(None, 9).0[0].waits_ms.len(), WINDOW);
    assert_eq!(park.remember_waits(vec![waits("a", vec![0; 7])]), count(1, 0));
    assert_eq!(timeout(&mut park, "a"), Some(20_000));
    park.remember_waits(vec![waits("a", vec![])]);
    assert_eq!(timeout(&mut park, "a"), Some(NEW_MS));
}

const EPOCH_MS: u64 = 1_800_000_000_000;

fn calling_back() -> LotConfig {
    let mut config = lot("default", "701-705");
    config.callback = CallbackConfig {
        key: Some('5'),
        attempts: 3,
        expires_ms: 300_000,
        to: "9${number} XML out".parse().unwrap(),
        ..CallbackConfig::default()
    };
    config
}

/// A caller has hung up to be called back, at 2 s.
fn owing() -> Park {
    let mut park = park_with(vec![calling_back()]);
    parked(&mut park, request("a", "default"));
    let claim = claim_call(&mut park, at(1_000), "a", Claimant::Leave(Exit::Callback));
    park.take_changed();
    park.complete(at(2_000), &"a".into(), claim.ticket);
    assert!(park.take_changed().callbacks);
    park
}

fn written(park: &Park, now: Moment, epoch_ms: u64) -> Vec<OwedCallback> {
    let owed = park.lasting_callbacks(now);
    owed.iter().map(|owed| OwedCallback::of(owed, epoch_ms)).collect()
}

fn attempt(effects: &[Effect]) -> Option<&CallbackAttempt> {
    effects.iter().find_map(|effect| match effect {
        Effect::TryCallback(attempt) => Some(&**attempt),
        _ => None,
    })
}

#[test]
fn a_call_back_is_tried_again_and_its_time_runs_on() {
    let mut park = owing();
    let first = attempt(&due(&mut park)).unwrap().clone();
    let (id, run) = (first.callback.id, first.run);
    park.take_changed();
    park.callback_tried(at(5_000), id, run, Attempt::NotFree("in a call"));
    assert!(!park.take_changed().callbacks, "that is not written down");
    let second = attempt(&due(&mut park)).unwrap().clone();
    park.callback_tried(at(10_000), id, second.run, Attempt::Failed("NO_ANSWER"));
    assert!(park.take_changed().callbacks);
    let owed = written(&park, at(102_000), EPOCH_MS);
    assert_eq!(owed[0].expires_at_ms, EPOCH_MS + 200_000);

    // A minute later, and on another clock.
    let mut again = park_with(vec![calling_back()]);
    assert_eq!(again.owe_again(at(7), EPOCH_MS + 60_000, owed.clone()), count(1, 0));
    assert_eq!(again.take_effects(), []);
    let view = again.callbacks(at(7)).remove(0);
    assert_eq!((view.attempts_left, view.expires_in_ms), (2, 140_000));
    assert_eq!((&*view.caller.name, &*view.caller.number), ("Alice", "100"));
    assert_eq!((view.orbit.as_str(), view.uuid.as_str(), view.note), ("701", "a", None));
    assert_eq!(written(&again, at(7), EPOCH_MS + 60_000), owed);
    assert_eq!(again.poll_timeout(), Some(at(5_007)), "phones have to register first");
    let tried = attempt(&due(&mut again)).unwrap().clone();
    assert_eq!(
        (&*tried.callback.by, tried.to.to_string()),
        ("1000@example.com", "9100 XML out".into())
    );
    again.callback_tried(at(9_000), tried.callback.id, tried.run, Attempt::Connected);
    assert_eq!(written(&again, at(9_000), EPOCH_MS), []);
    assert!(again.take_changed().callbacks);
}

#[test]
fn a_shutdown_leaves_what_is_owed() {
    let mut park = owing();
    due(&mut park);
    park.shutdown(at(9_000));
    assert_eq!(park.callbacks(at(9_000)), []);
    assert!(park.take_changed().callbacks);
    assert_eq!(written(&park, at(9_000), EPOCH_MS).len(), 1);
    assert_eq!(park.owe_again(at(9_000), 0, written(&park, at(9_000), EPOCH_MS)), count(0, 1));
}

#[test]
fn who_is_promised_one_while_the_module_stops_is_called_back_after_the_start() {
    let mut park = park_with(vec![calling_back()]);
    parked(&mut park, request("a", "default"));
    let claim = claim_call(&mut park, at(1_000), "a", Claimant::Leave(Exit::Callback));
    park.shutdown(at(2_000));
    park.take_changed();
    assert!(park.complete(at(3_000), &"a".into(), claim.ticket));
    assert!(park.take_changed().callbacks);
    let owed = written(&park, at(3_000), EPOCH_MS);
    let mut again = park_with(vec![calling_back()]);
    assert_eq!(again.owe_again(at(1), EPOCH_MS, owed), count(1, 0));
}

#[test]
fn who_was_cut_off_stays_so_and_is_owed_one_call_back() {
    let mut park = park_with(vec![calling_back()]);
    let info = request("a", "default").info;
    let place = orbit_key("default", "701");
    let absent = Absent { info, place, waited_ms: 0, timeout_ms_left: None, call_back: true };
    park.await_return(T0, absent.clone(), 1_000);
    assert!(park.lost(at(1), &"a".into(), "gone"));
    let owed = written(&park, at(1), EPOCH_MS);
    let mut again = park_with(vec![calling_back()]);
    assert_eq!(again.owe_again(at(1), EPOCH_MS, owed), count(1, 0));
    assert_eq!(again.callbacks(at(1))[0].note, Some("cut off by a restart"));
    // The same crash was seen twice.
    again.await_return(at(1), absent, 1_000);
    assert!(again.lost(at(2), &"a".into(), "gone"));
    assert_eq!(again.callbacks(at(2)).len(), 1);
}

#[test]
fn one_whose_time_is_over_expires_and_says_so() {
    let mut owed = written(&owing(), at(2_000), EPOCH_MS);
    let mut again = park_with(vec![calling_back()]);
    assert_eq!(again.owe_again(T0, EPOCH_MS + 300_000, owed.clone()), count(1, 0));
    let effects = effects!(again.handle_timeout(T0));
    let ends = effects.iter().map(|effect| match effect {
        Effect::Callback(news) => news.end,
        _ => None,
    });
    assert_eq!(ends.collect::<Vec<_>>(), [Some(CallbackEnd::Expired)]);
    // A calendar that went back, or a number out of nowhere, does not make it last for longer than the lot says.
    owed[0].expires_at_ms = u64::MAX;
    again.owe_again(T0, 0, owed);
    assert_eq!(again.callbacks(T0)[0].expires_in_ms, 300_000);
}

#[test]
fn nobody_is_called_because_of_a_damaged_value() {
    let good = written(&owing(), at(2_000), EPOCH_MS).remove(0);
    let long = "x".repeat(100_000);
    let changes: Vec<fn(&mut OwedCallback, &str)> = vec![
        |owed, _| owed.lot = "gone".into(),
        |owed, long| owed.lot = long.into(),
        |owed, _| owed.lot.clear(),
        |owed, _| owed.orbit = "7 01".into(),
        |owed, long| owed.orbit = long.into(),
        |owed, _| owed.number.clear(),
        |owed, _| owed.number = "1 XML out;x".into(),
        |owed, _| owed.number = "*97".into(),
        |owed, _| owed.number = "1".repeat(64),
        |owed, _| owed.by = "nobody".into(),
        |owed, _| owed.by = "{a=b}1000@example.com".into(),
        |owed, long| owed.by = format!("{long}@{long}"),
        |owed, _| owed.attempts_left = 0,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut owed = good.clone();
        change(&mut owed, &long);
        let mut park = park_with(vec![calling_back()]);
        assert_eq!(park.owe_again(T0, EPOCH_MS, vec![owed]), count(0, 1), "change {index}");
        assert_eq!(park.poll_timeout(), None);
    }
    let mut park = park_with(vec![calling_back()]);
    let odd = OwedCallback {
        name: format!("\u{0}<&\"'>{long}"),
        uuid: long,
        attempts_left: u32::MAX,
        ..good.clone()
    };
    assert_eq!(park.owe_again(T0, EPOCH_MS, vec![odd, good.clone()]), count(1, 1), "once");
    let view = park.callbacks(T0).remove(0);
    assert_eq!(view.attempts_left, 3);
    assert!(view.caller.name.chars().count() <= LONGEST_NAME && view.uuid.as_str().len() < 600);

    let many = (0..2_000).map(|n| OwedCallback { number: format!("1{n}"), ..good.clone() });
    let mut park = park_with(vec![calling_back()]);
    assert_eq!(park.owe_again(T0, EPOCH_MS, many.collect()), count(1_000, 1_000));
    assert_eq!(park.callbacks(T0).len(), 1_000);
}
