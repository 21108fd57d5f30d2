//! What only a real FreeSWITCH's console and module loader show.

use kit::{SOON, Setup, Switch, new_uuid};

use super::desk::{LOT, setup};

fn switch(setup: Setup) -> Option<Switch> {
    let switch = Switch::start_real(setup.sip(false))?;
    switch.eventually(SOON, "the core is ready", || {
        switch.api("status").contains("is ready").then_some(())
    });
    Some(switch)
}

/// What Tab shows behind a line.
fn complete(switch: &Switch, line: &str) -> String {
    switch.api(&format!("console_complete c={};{line}", line.len()))
}

#[test]
fn every_verb_and_what_it_takes_completes_with_tab() {
    let Some(switch) = switch(setup(LOT)) else { return };
    let caller = new_uuid();
    switch.originate(&caller, "park_default_705", &[]);
    switch.wait_var(&caller, "callpark_status", "parked");
    let verbs = complete(&switch, "callpark ");
    for verb in [
        "status", "list", "show", "park", "retrieve", "move", "set", "return", "drop", "close",
        "open", "reload", "health", "doctor", "version", "help",
    ] {
        assert!(verbs.contains(verb), "{verb} in {verbs}");
        let stem = &verb[..verb.len() - 1];
        assert!(complete(&switch, &format!("callpark {stem}")).contains(verb), "{stem}");
    }
    for (line, word) in [
        ("callpark list ", "json"),
        ("callpark list ", "default"),
        ("callpark show def", "default"),
        ("callpark show default ", "705"),
        ("callpark drop default 7", "705"),
        ("callpark move default 705 default ", "auto"),
        ("callpark set default 705 ", "priority"),
        ("callpark park ", caller.as_str()),
        ("callpark close ", "default"),
    ] {
        // FreeSWITCH writes its table of channels a moment later.
        switch.eventually(SOON, &format!("{word} behind {line:?}"), || {
            complete(&switch, line).contains(word).then_some(())
        });
    }
    // Nothing of it stays when the module goes.
    switch.kill(&caller);
    switch.wait_gone(&caller);
    switch.eventually(SOON, "an unload", || {
        switch.api("unload mod_callpark").starts_with("+OK").then_some(())
    });
    switch.eventually(SOON, "nothing to complete", || {
        (!complete(&switch, "callpark ").contains("retrieve")).then_some(())
    });
}

#[test]
fn mod_valet_parking_beside_us_is_warned_of() {
    let warning = "mod_valet_parking is loaded too";
    let beside = || setup(LOT).module("mod_valet_parking");
    if let Some(switch) = switch(beside()) {
        assert!(switch.log_contains(warning), "loaded before us");
    }
    let Some(other) = switch(setup(LOT)) else { return };
    assert!(!other.log_contains(warning));
    other.api("load mod_valet_parking");
    other.eventually(SOON, "a warning", || other.log_contains(warning).then_some(()));
    // Under another name the two do not get in each other's way.
    let conf = format!(
        "<configuration name=\"callpark.conf\"><settings><param name=\"presence-proto\" \
         value=\"orbit\"/></settings><lots>{LOT}</lots></configuration>"
    );
    if let Some(switch) = switch(beside().callpark_conf(&conf)) {
        assert!(!switch.log_contains(warning));
    }
}

/// Every call that is parked ends with an outcome, none is left and nothing crashes; then it parks again.
#[test]
fn an_unload_by_force_ends_all_parked_calls_in_order() {
    let lots = r#"<lot name="default" orbits="1001-1100"><param name="timeout" value="0"/></lot>"#;
    let Some(switch) = switch(setup(lots)) else { return };
    let events = switch.events(&["CUSTOM callpark::info"]);
    for _ in 0..3 {
        let uuids: Vec<String> = (0..50).map(|_| new_uuid()).collect();
        for uuid in &uuids {
            switch.originate(uuid, "park_default_auto", &[]);
        }
        for uuid in &uuids {
            switch.wait_var(uuid, "callpark_status", "parked");
        }
        assert!(switch.api("unload mod_callpark").starts_with("-ERR"), "it is in use");
        assert!(switch.api("unload -f mod_callpark").starts_with("+OK"));
        for uuid in &uuids {
            let last = events.wait(SOON, |e| {
                e.is("Callpark-UUID", uuid) && !e.text("Callpark-Outcome").is_empty()
            });
            assert_eq!(last.text("Callpark-Outcome"), "shutdown");
        }
        switch.wait_channels(0);
        assert!(switch.api("load mod_callpark").contains("+OK"));
    }
    assert!(switch.running());
}
