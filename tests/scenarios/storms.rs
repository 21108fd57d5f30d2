//! One caller who wants too much.

use kit::{SOON, new_uuid};

use super::lot::{Scene, setup};

const LOTS: &str = r#"
  <lot name="default" orbits="701-709">
    <param name="timeout" value="0"/><param name="announce" value="false"/>
    <param name="max-per-caller" value="2"/>
  </lot>
  <lot name="other" orbits="801-809">
    <param name="timeout" value="0"/><param name="announce" value="false"/>
    <param name="max-per-caller" value="0"/>
  </lot>"#;

#[test]
fn one_caller_does_not_fill_a_lot() {
    let from = |number: &str| format!("caller_id_number={number}");
    let mut setup = setup(LOTS);
    for number in ["5550001", "5550002", "anonymous"] {
        for (lot, data) in [("default", "default $1"), ("other", "other $1")] {
            let number = (number, from(number));
            let actions = [
                ("set_profile_var", &*number.1),
                ("callpark", data),
                ("set", "went_on=${callpark_status}"),
                ("park", ""),
            ];
            setup = setup.extension(&format!("{}_{lot}_([^_]+)", number.0), &actions);
        }
    }
    let lot = Scene::start(setup);
    let dials = |exten: &str, number: &str| {
        let uuid = new_uuid();
        lot.switch.originate(&uuid, &format!("{number}_{exten}"), &[]);
        let event = lot.events.wait(SOON, |e| {
            e.is("Callpark-UUID", &uuid) && ["park", "refuse"].contains(&e.text("Callpark-Action"))
        });
        (uuid, event)
    };
    let parks = |exten: &str, number: &str| {
        let (uuid, event) = dials(exten, number);
        assert!(event.is("Callpark-Action", "park"), "{}", event.summary());
        uuid
    };
    let first = parks("default_auto", "5550001");
    parks("default_auto", "5550001");
    let (refused, event) = dials("default_705", "5550001");
    assert!(event.is("Callpark-Action", "refuse"), "{}", event.summary());
    assert!(event.is("Callpark-Reason", "denied"), "{}", event.summary());
    assert!(event.is("Callpark-Rule", "max-per-caller"), "{}", event.summary());
    lot.switch.eventually(SOON, "the dialplan goes on", || {
        (lot.switch.getvar(&refused, "went_on").as_deref() == Some("denied")).then_some(())
    });
    // Others, other lots, and those who have no number.
    parks("default_705", "5550002");
    for _ in 0..3 {
        parks("other_auto", "5550001");
        parks("default_auto", "anonymous");
    }
    // Whoever leaves makes room.
    lot.switch.kill(&first);
    lot.events.wait(SOON, |e| e.is("Callpark-UUID", &first) && e.is("Callpark-Action", "abandon"));
    parks("default_auto", "5550001");
}
