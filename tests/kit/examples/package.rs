//! What `make test-package` does with phones: parks and retrieves with the module of a package, and upgrades the package while
//! calls are parked, as the manual says. `CALLPARK_UPGRADE` is the command that installs the next version.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what is wrong by a panic"
)]

use std::env;
use std::process::Command;
use std::time::Duration;

use kit::phone::ReferredBy;
use kit::{Ends, SOON, Scene, Setup};

fn variable(name: &str) -> String {
    env::var(name).expect(name)
}

fn main() {
    let conf = format!(
        "<configuration name=\"callpark.conf\"><settings><param name=\"journal-path\" value=\"{}\"/></settings>\
         <lots><lot name=\"default\" orbits=\"701-720\"><param name=\"timeout\" value=\"0\"/></lot></lots></configuration>",
        variable("CALLPARK_JOURNAL")
    );
    let setup = Setup::new()
        .sip(true)
        .callpark_conf(&conf)
        .track_calls()
        .extension("(10[01]\\d)", &[("bridge", "user/$1@$${domain}")]);
    let mut desk = Scene::start_real(setup).expect("FREESWITCH=<prefix>");
    println!("loaded: {}", desk.api("version").trim());
    let [alice, bob, carol] = ["1000", "1001", "1002"].map(|user| desk.phone(user));
    let park = |desk: &Scene, orbit: &str| {
        let (caller, theirs) = desk.talk(&alice, &bob);
        std::thread::sleep(Duration::from_millis(400));
        theirs.refer(orbit, ReferredBy::Yes);
        desk.wait_parked(&caller, "default", orbit, "1001");
        caller
    };
    let caller = park(&desk, "701");
    desk.take(&carol, "701", &caller, alice.voice(), Ends::Caller);
    println!("parked and retrieved");

    let callers = ["702", "703"].map(|orbit| (orbit, park(&desk, orbit)));
    let answer = desk.api("checkpoint");
    assert_eq!(answer.trim(), "+OK 2 of 2 parked calls would come back");
    let upgrade = variable("CALLPARK_UPGRADE");
    let done = Command::new("sh").args(["-c", &upgrade]).output().expect("a shell");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::thread::sleep(Duration::from_millis(1200));
    desk.switch.crash_and_restart();
    desk.events = desk.switch.events(&["CUSTOM callpark::info", "CHANNEL_BRIDGE"]);
    let says = "recovered 2, called back 0, lost 0";
    desk.switch.eventually(SOON * 3, says, || desk.switch.log_contains(says).then_some(()));
    for (orbit, caller) in &callers {
        desk.take(&carol, orbit, caller, alice.voice(), Ends::Caller);
    }
    println!("upgraded with two calls parked, and retrieved both");
}
