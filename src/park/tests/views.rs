use super::*;

#[test]
fn calls_are_listed_by_lot_and_orbit() {
    let mut park = park_with(vec![lot("b", "98-102"), lot("a", "*1-*2,1")]);
    for (uuid, lot, orbit) in
        [("1", "b", "100"), ("2", "b", "99"), ("3", "a", "*1"), ("4", "a", "1")]
    {
        parked(&mut park, wanting(uuid, lot, orbit));
    }
    let list = |lot: Option<&LotKey>| -> Vec<String> {
        let calls = park.calls(at(5), lot);
        assert!(calls.iter().all(|call| call.waiting_ms == 5));
        calls.iter().map(|call| format!("{} {}", call.lot, call.orbit)).collect()
    };
    assert_eq!(list(None), ["a 1", "a *1", "b 99", "b 100"]);
    assert_eq!(list(Some(&key("b"))), ["b 99", "b 100"]);
    assert_eq!(list(Some(&key("c"))), Vec::<String>::new());
}

#[test]
fn a_call_shows_what_it_is_doing() {
    let mut park = park_of_five();
    parked(&mut park, request("a", "default"));
    let view = |park: &Park, ms| park.find(at(ms), &"a".into()).unwrap();
    let waiting = view(&park, 1_000);
    assert_eq!((waiting.state, waiting.timeout_ms_left), (CallState::Waiting, Some(59_000)));
    let run = rings(&effects!(park.handle_timeout(at(60_000))))[0].run;
    let ringing = view(&park, 61_000);
    assert_eq!((ringing.state, ringing.timeout_ms_left), (CallState::Returning, Some(0)));
    assert_eq!(ringing.step.unwrap().to_string(), "1 parker");
    claim_call(&mut park, at(61_000), "a", step_leg("s", run));
    let taken = view(&park, 62_000);
    assert_eq!(taken.state, CallState::Connecting);
    assert_eq!(taken.retriever.as_deref(), Some("1002@example.com"));
}

#[test]
fn a_lamp_shows_who_waits_unless_privacy_is_asked_for() {
    let mut park = park_of_five();
    assert_eq!(park.lamp(Moment(0), &orbit_key("default", "701")), Lamp::Idle);
    parked(&mut park, request("a", "default"));
    let shown = |park: &Park, name: &str| match park.lamp(Moment(0), &orbit_key("default", name)) {
        Lamp::Parked { uuid, name, number, blinks_in_ms: None, .. } => {
            (uuid.to_string(), name.to_string(), number.to_string())
        }
        lamp => panic!("{lamp:?}"),
    };
    let expected = |uuid: &str, name: &str, number: &str| (uuid.into(), name.into(), number.into());
    assert_eq!(shown(&park, "701"), expected("a", "Alice", "100"));
    assert_eq!(park.lot_lamp(&key("default")), 1);
    let caller = Caller { private: true, ..Caller::new("Bob", "200") };
    parked(&mut park, known(request("b", "default"), |info| info.caller = caller));
    assert_eq!(shown(&park, "702"), expected("b", "", ""));
    assert_eq!(&*park.find(T0, &"b".into()).unwrap().info.caller.name, "Bob");
}

fn forecast(park: &Park, ms: u64, name: &str) -> Vec<String> {
    foretold(park, ms, name, &nobody)
}

pub(super) fn foretold(
    park: &Park,
    ms: u64,
    name: &str,
    known: &dyn Fn(&Precondition) -> Option<&'static str>,
) -> Vec<String> {
    let view = park.show(at(ms), &orbit_key("default", name), known).unwrap();
    let short = |next: &Forecast| {
        let but = next.skipped.map(|why| format!(", but no: {why}")).unwrap_or_default();
        format!("{} {}{but}", next.in_ms, next.what)
    };
    view.next.iter().map(short).collect()
}

#[test]
fn show_says_what_happens_next_and_when() {
    let mut park = park_of_five();
    let steps = "parker|user/1 ring=5|transfer:4000 XML default|user/never";
    let returns = Some(Step::parse_list(steps).unwrap());
    parked(&mut park, ParkRequest { returns, ..request("a", "default") });
    assert_eq!(
        forecast(&park, 10_000, "701"),
        [
            "50000 rings the parker 1000@example.com for 20 s",
            "70000 rings user/1 for 5 s",
            "75000 is transferred to 4000 XML default",
        ]
    );
    park.handle_timeout(at(60_000));
    assert_eq!(
        forecast(&park, 61_000, "701"),
        [
            "0 rings the parker 1000@example.com for 20 s (now)",
            "19000 rings user/1 for 5 s",
            "24000 is transferred to 4000 XML default",
        ]
    );
    claim_call(&mut park, at(61_000), "a", retriever("r"));
    assert_eq!(forecast(&park, 61_000, "701"), ["0 is being connected to 1001@example.com"]);
}

#[test]
fn show_says_what_is_skipped_and_how_it_ends() {
    let mut park = park_of_five();
    let returns = Some(Step::parse_list("parker|user/1").unwrap());
    parked(
        &mut park,
        known(ParkRequest { returns, ..request("a", "default") }, |info| info.parker = None),
    );
    assert_eq!(
        forecast(&park, 0, "701"),
        [
            "60000 rings the parker for 20 s, but no: the parker is not known",
            "60000 rings user/1 for 20 s",
            "80000 remains parked for another 60 s",
        ]
    );
    parked(&mut park, ParkRequest { timeout_ms: Some(0), ..request("b", "default") });
    assert_eq!(forecast(&park, 0, "702"), Vec::<String>::new());
    park.return_now(T0, &orbit_key("default", "702")).unwrap();
    assert_eq!(
        forecast(&park, 0, "702"),
        [
            "0 rings the parker 1000@example.com for 20 s (now)",
            "20000 remains parked without a timeout"
        ]
    );
}

#[test]
fn show_says_what_an_orbit_is() {
    let mut park = park_of_five();
    let lot = key("default");
    parked(&mut park, request("a", "default"));
    park.reserve(T0, &"b".into(), &lot, Want::Auto, 5_000).unwrap();
    park.close(&lot, Some(&orbit("703"))).unwrap();
    let show = |name: &str| park.show(at(1), &orbit_key("default", name), &nobody);
    let state = |name: &str| show(name).map(|view| view.state);
    assert_eq!(state("701"), Ok(OrbitState::Parked));
    assert_eq!(state("702"), Ok(OrbitState::Reserved));
    assert_eq!(state("703"), Ok(OrbitState::Closed));
    assert_eq!(state("704"), Ok(OrbitState::Free));
    assert_eq!(state("706"), Err(Refusal::UnknownOrbit));
    assert_eq!(forecast(&park, 1, "702"), ["4999 becomes free again unless b arrives"]);
    assert_eq!(park.show(T0, &orbit_key("x", "701"), &nobody), Err(Refusal::UnknownLot));
}
