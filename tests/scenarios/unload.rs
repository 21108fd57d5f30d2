//! Unloading: what of the module is still in the switch's threads must not bring the switch down.

use std::time::Duration;

use kit::{SOON, Switch, new_uuid};

use super::lot::{LOTS, setup};

/// A switch keeps an idle thread for 5 s before it ends it.
const EVERY_THREAD_HAS_ENDED: Duration = Duration::from_secs(7);

/// Each command on a connection of its own, as fs_cli does it: its thread in the switch ends with it.
fn command(switch: &Switch, command: &str) -> String {
    switch.esl().api(command).expect("an answer")
}

#[test]
fn threads_that_ran_the_module_end_well_after_it_was_unloaded() {
    let switch = Switch::start(setup(LOTS).load_module(false));
    assert!(command(&switch, "load mod_callpark").contains("+OK"));
    let events = switch.events(&["CUSTOM callpark::info"]);
    for _ in 0..5 {
        let uuid = new_uuid();
        switch.originate(&uuid, "park", &[]);
        events.wait(SOON, |e| e.is("Callpark-UUID", &uuid));
        assert!(command(&switch, "callpark drop default 701").starts_with("+OK"));
        switch.wait_gone(&uuid);
    }
    // A call's thread is out of the application a moment after the call is gone.
    switch.eventually(SOON, "an unload", || {
        command(&switch, "unload mod_callpark").starts_with("+OK").then_some(())
    });
    std::thread::sleep(EVERY_THREAD_HAS_ENDED);
    assert!(switch.running(), "{}", switch.log_tail(20));
    assert!(command(&switch, "load mod_callpark").contains("+OK"));
    assert!(command(&switch, "callpark status").contains("default"));
}
