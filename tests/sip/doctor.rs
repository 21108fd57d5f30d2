//! What `callpark doctor` finds in the settings of FreeSWITCH and of its SIP profiles.

use kit::Scene;
use serde_json::Value;

use super::desk::{LOT, setup};

/// What to change, but for what comes of a kit that has its folders in memory.
fn changes(desk: &Scene) -> Vec<String> {
    let text = desk.api("doctor json");
    let all: Value = serde_json::from_str(&text).expect(&text);
    let found = all["findings"].as_array().expect("findings").clone();
    let in_memory = |finding: &&Value| {
        let text = finding["text"].as_str().expect("a text");
        desk.switch.folder().starts_with("/dev/shm") && text.contains(" is in memory: ")
    };
    let left = found.iter().filter(|finding| !in_memory(finding));
    left.map(|finding| finding["change"].as_str().expect("a change").to_owned()).collect()
}

const TRACK: &str = "the SIP profile internal, in <settings>: <param name=\"track-calls\" value=\"true\"/>, and run \
                     `sofia profile internal rescan`";
const PORTS: &str = "autoload_configs/switch.conf.xml, in <settings>: <param name=\"rtp-port-usage-robustness\" \
                     value=\"true\"/>, and restart FreeSWITCH";

#[test]
fn what_a_crash_would_take_is_found() {
    let Some(desk) = Scene::start_real(setup(LOT)) else { return };
    assert_eq!(changes(&desk), [TRACK, PORTS]);
    let Some(tracked) = Scene::start_real(setup(LOT).track_calls()) else { return };
    assert_eq!(changes(&tracked), [""; 0]);
    let conf = format!(
        "<configuration name=\"callpark.conf\"><settings><param name=\"recover\" value=\"false\"/></settings>\
         <lots>{LOT}</lots></configuration>"
    );
    let Some(unwanted) = Scene::start_real(setup(LOT).callpark_conf(&conf)) else { return };
    assert_eq!(changes(&unwanted), [""; 0]);
}

#[test]
fn a_profile_without_presence_is_found_if_a_lot_has_lamps() {
    let dark = |lot: &str| setup(lot).track_calls().without_sip_param("manage-presence");
    let Some(desk) = Scene::start_real(dark(LOT)) else { return };
    assert_eq!(
        changes(&desk),
        [
            "the SIP profile internal, in <settings>: <param name=\"manage-presence\" value=\"true\"/>, and run \
             `sofia profile internal restart`"
        ]
    );
    let lot = r#"<lot name="default" orbits="701-705"><param name="blf" value="false"/></lot>"#;
    let Some(desk) = Scene::start_real(dark(lot)) else { return };
    assert_eq!(changes(&desk), [""; 0]);
}
