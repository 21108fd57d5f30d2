//! Whose name and number the phones show, and that they survive what happens to a call.

use std::time::Duration;

use kit::phone::{Call, Identity, Policy, ReferredBy};
use kit::{DOMAIN, Ends, Phone, SOON, Scene, hang_up, two_way};

use super::desk::{LOT, open, refer, setup};
use super::lamp::{wait_state, watch};

/// A phone to which FreeSWITCH sends display updates, with a name.
fn named(desk: &Scene, user: &str, name: &str) -> Phone {
    let phone = Phone::new(&desk.switch, user).display(name).user_agent("Yealink SIP-T46S");
    let phone = phone.policy(Policy::Answer);
    phone.register();
    phone
}

/// Waits until the display shows what fits.
#[track_caller]
fn wait_display(desk: &Scene, call: &Call, what: &str, fits: impl Fn(&Identity) -> bool) {
    desk.switch.eventually(SOON, &format!("{what}; it shows {:?}", call.identities()), || {
        call.identity().filter(&fits).map(drop)
    });
}

#[track_caller]
fn shows(desk: &Scene, call: &Call, name: &str, number: &str) {
    let what = format!("the display shows {name:?} {number}");
    wait_display(desk, call, &what, |shown| shown.name == name && shown.number == number);
}

#[test]
fn the_retriever_sees_the_caller_and_the_caller_the_retriever() {
    let Some(desk) = open() else { return };
    let bob = named(&desk, "1001", "Bob");
    let names = [
        ("Alice", "Carol"),
        ("王小明", "王大明"),
        (r#"Bob <&"'> %s"#, r#"50% "<off>\"#),
        ("Smith/Jones @ home: 100%", "%s"),
    ];
    for (name, by) in names {
        let alice = named(&desk, "1000", name);
        let carol = named(&desk, "1002", by);
        let (caller, theirs) = desk.talk(&alice, &bob);
        refer(&theirs, "700", ReferredBy::Yes);
        desk.wait_parked(&caller, "default", "701", "1001");
        let call = carol.call_up("701");
        two_way(&call, alice.voice(), &caller, carol.voice());
        shows(&desk, &call, name, "1000");
        shows(&desk, &caller, by, "1002");
        hang_up(&call, &caller, Ends::Other);
    }
}

/// A dialplan can name a caller as it likes: FreeSWITCH puts quotes around it, whatever is inside.
#[test]
fn a_name_that_a_dialplan_gave_is_shown_as_it_is() {
    let name = r#"Bob <&"'> %s"#;
    let quoted = format!("caller_id_name={name}");
    let parker = "callpark_parker=1001@test.local";
    let actions =
        [("set_profile_var", quoted.as_str()), ("set", parker), ("callpark", "default auto")];
    let Some(desk) = Scene::start_real(setup(LOT).extension("quoted", &actions)) else { return };
    let alice = named(&desk, "1000", "Alice");
    let bob = named(&desk, "1001", "Bob");
    let carol = named(&desk, "1002", "Carol");
    let caller = alice.call_up("quoted");
    desk.wait_parked(&caller, "default", "701", "1001");
    let call = carol.call_up("701");
    two_way(&call, alice.voice(), &caller, carol.voice());
    shows(&desk, &call, name, "1000");
    hang_up(&call, &caller, Ends::Other);

    let caller = alice.call_up("quoted");
    desk.wait_parked(&caller, "default", "701", "1001");
    desk.api("return default 701");
    let ringing = bob.incoming(SOON);
    wait_display(&desk, &ringing, "the parker sees who rings", |shown| {
        shown.number == "1000" && shown.name.contains(name)
    });
    two_way(&ringing, alice.voice(), &caller, bob.voice());
    shows(&desk, &ringing, name, "1000");
    hang_up(&ringing, &caller, Ends::Other);
}

/// Bob was called; who called him parks him. It is Bob who waits, and not the one who parked him.
#[test]
fn who_was_called_and_then_parked_waits_under_its_own_number() {
    let Some(desk) = open() else { return };
    let alice = named(&desk, "1000", "Alice");
    let bob = named(&desk, "1001", "Bob");
    let carol = named(&desk, "1002", "Carol");
    let lamp = watch(&carol, "701");
    let (parker, called) = desk.talk(&alice, &bob);
    refer(&parker, "700", ReferredBy::Yes);
    desk.wait_parked(&called, "default", "701", "1000");
    assert_eq!(wait_state(&lamp, "confirmed").number, "1001");
    assert_eq!(desk.calls()[0]["caller_id_number"], "1001");
    assert_ne!(desk.calls()[0]["caller_id_name"], "Alice");
    let call = carol.call_up("701");
    two_way(&call, bob.voice(), &called, carol.voice());
    wait_display(&desk, &call, "the retriever sees Bob", |shown| shown.number == "1001");
    shows(&desk, &called, "Carol", "1002");
}

/// Carol takes Alice's call, and Alice parks Carol: it is Carol who waits, under her own name.
#[test]
fn a_retriever_keeps_its_own_name() {
    let Some(desk) = open() else { return };
    let alice = named(&desk, "1000", "Alice");
    let carol = named(&desk, "1002", "Carol");
    let bob = named(&desk, "1001", "Bob");
    let caller = alice.call_up("park_default_705");
    desk.wait_parked(&caller, "default", "705", "");
    let call = carol.call_up("705");
    two_way(&call, alice.voice(), &caller, carol.voice());
    desk.outcome(&caller, "retrieved");
    refer(&caller, "706", ReferredBy::Yes);
    desk.wait_parked(&call, "default", "706", "1000");
    let parked = &desk.calls()[0];
    assert_eq!(
        (&parked["caller_id_name"], &parked["caller_id_number"]),
        (&"Carol".into(), &"1002".into())
    );
    let third = bob.call_up("706");
    two_way(&third, carol.voice(), &call, bob.voice());
    shows(&desk, &third, "Carol", "1002");
    shows(&desk, &call, "Bob", "1001");
}

#[test]
fn the_parker_s_phone_shows_who_rings() {
    let Some(desk) = open() else { return };
    let bob = named(&desk, "1001", "Bob");
    for name in ["Alice", "王小明", r#"Bob <&"'> %s"#, "Dr: a/b@c"] {
        let alice = named(&desk, "1000", name);
        bob.set_policy(Policy::Answer);
        let (caller, theirs) = desk.talk(&alice, &bob);
        refer(&theirs, "700", ReferredBy::No);
        desk.wait_parked(&caller, "default", "701", "1001");
        bob.set_policy(Policy::Ring);
        desk.api("return default 701");
        let ringing = bob.incoming(SOON);
        let shown = ringing.identity().expect("a caller id");
        assert_eq!((shown.number.as_str(), shown.name), ("1000", format!("Park 701: {name}")));
        caller.hangup();
        ringing.wait_ended(SOON);
        desk.wait_empty();
    }
}

#[test]
fn the_parker_sees_where_it_parked() {
    let setup = setup(LOT).extension(
        "55(10[01]\\d)",
        &[("bind_meta_app", "1 ab s callpark::default auto"), ("bridge", "user/$1@$${domain}")],
    );
    let Some(desk) = Scene::start_real(setup) else { return };
    let alice = named(&desk, "1000", "Alice");
    let bob = named(&desk, "1001", "Bob");
    let consultation = bob.call_up("700");
    wait_display(&desk, &consultation, "the consultation leg", |s| s.name == "Parked at 701");
    consultation.hangup();
    desk.wait_empty();

    let caller = alice.call_up("551001");
    let theirs = bob.incoming(SOON);
    two_way(&caller, bob.voice(), &theirs, alice.voice());
    theirs.dtmf("*1");
    wait_display(&desk, &theirs, "who pressed the keys", |s| s.name == "Parked at 701");
    caller.hangup();
    desk.wait_empty();
}

/// Retrievers who hang up at once, one after another: the caller is who it was, for the next one and in the list.
#[test]
fn after_hand_overs_that_failed_everybody_is_who_they_were() {
    let Some(desk) = open() else { return };
    let alice = named(&desk, "1000", "Alice");
    let bob = named(&desk, "1001", "Bob");
    let carol = named(&desk, "1002", "Carol");
    let (caller, theirs) = desk.talk(&alice, &bob);
    refer(&theirs, "700", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "701", "1001");
    for wait_ms in (0..45).step_by(5) {
        let hasty = bob.call("701");
        std::thread::sleep(Duration::from_millis(wait_ms));
        hasty.hangup();
        desk.switch.wait_gone(hasty.uuid());
        if caller.ended().is_some() {
            // They were really connected, for a moment; there is nobody left to look at.
            desk.outcome(&caller, "retrieved");
            return;
        }
        // The claim of the hasty one has been given back.
        desk.switch.eventually(SOON, "it waits on", || {
            (desk.calls()[0]["state"] == "waiting").then_some(())
        });
        let call = &desk.calls()[0];
        assert_eq!(
            (call["caller_id_name"].as_str(), call["orbit"].as_str()),
            (Some("Alice"), Some("701"))
        );
    }
    let call = carol.call_up("701");
    two_way(&call, alice.voice(), &caller, carol.voice());
    shows(&desk, &call, "Alice", "1000");
    shows(&desk, &caller, "Carol", "1002");
    hang_up(&call, &caller, Ends::Caller);
}

/// The parker gets the call back, parks it again, and somebody else takes it: it is Alice's call all the time.
#[test]
fn after_a_return_everybody_is_who_they_were() {
    let Some(desk) = open() else { return };
    let alice = named(&desk, "1000", "Alice");
    let bob = named(&desk, "1001", "Bob");
    let carol = named(&desk, "1002", "Carol");
    let (caller, theirs) = desk.talk(&alice, &bob);
    refer(&theirs, "700", ReferredBy::Yes);
    desk.wait_parked(&caller, "default", "701", "1001");
    desk.api("return default 701");
    let again = bob.incoming(SOON);
    two_way(&again, alice.voice(), &caller, bob.voice());
    desk.outcome(&caller, "returned");
    wait_display(&desk, &again, "the parker sees the caller", |shown| {
        shown.number == "1000" && shown.name.contains("Alice")
    });
    // The switch dialled Bob, who never told it his name.
    wait_display(&desk, &caller, "the caller sees the parker's number", |shown| {
        shown.number == "1001" && !shown.name.contains("Alice")
    });
    refer(&again, "702", ReferredBy::No);
    desk.wait_parked(&caller, "default", "702", "1001");
    let call = &desk.calls()[0];
    assert_eq!(call["caller_id_name"], "Alice");
    assert_eq!(call["caller_id_number"], "1000");
    let call = carol.call_up("702");
    two_way(&call, alice.voice(), &caller, carol.voice());
    shows(&desk, &call, "Alice", "1000");
    shows(&desk, &caller, "Carol", "1002");
}

#[test]
fn the_record_of_the_call_says_what_became_of_it() {
    let Some(desk) = open() else { return };
    let ends = desk.switch.events(&["CHANNEL_HANGUP_COMPLETE"]);
    let (alice, bob) = (named(&desk, "1000", "Alice"), named(&desk, "1001", "Bob"));
    let carol = named(&desk, "1002", "Carol");
    for taken in [true, false] {
        let (caller, theirs) = desk.talk(&alice, &bob);
        refer(&theirs, "700", ReferredBy::Yes);
        desk.wait_parked(&caller, "default", "701", "1001");
        if taken {
            desk.take(&carol, "701", &caller, alice.voice(), Ends::Other);
        } else {
            caller.hangup();
        }
        let record = ends.wait(SOON, |event| event.uuid() == caller.uuid());
        let get = |name: &str| record.text(&format!("variable_callpark_{name}")).to_owned();
        assert_eq!((get("lot"), get("orbit")), ("default".into(), "701".into()));
        assert_eq!(get("parker"), format!("1001@{DOMAIN}"));
        assert_eq!(get("outcome"), if taken { "retrieved" } else { "abandoned" });
        let retriever = if taken { format!("1002@{DOMAIN}") } else { String::new() };
        assert_eq!(get("retriever"), retriever);
        assert!(get("parked_at").parse::<u64>().is_ok_and(|at| at > 1_600_000_000_000));
        assert!(get("wait_ms").parse::<u64>().is_ok_and(|ms| ms < 60_000), "{}", get("wait_ms"));
    }
}
