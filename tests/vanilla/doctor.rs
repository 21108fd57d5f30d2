//! What `callpark doctor` says of the vanilla configuration, where the steps of the README have been followed: what is to be
//! found there, and nothing else.

use serde_json::Value;

use kit::Scene;

use super::install::desk;

#[test]
fn the_vanilla_configuration_gives_no_false_alarm() {
    if let Some(desk) = desk() {
        no_false_alarm(&desk);
    }
}

/// That it tracks no calls is to be found, and nothing else.
pub fn no_false_alarm(desk: &Scene) {
    let text = desk.switch.api("callpark doctor json");
    let all: Value = serde_json::from_str(&text).expect(&text);
    let found = all["findings"].as_array().expect("findings");
    let text = |finding: &Value, key: &str| finding[key].as_str().expect(key).to_owned();
    let in_memory = |finding: &Value| {
        desk.switch.folder().starts_with("/dev/shm")
            && text(finding, "text").contains("is in memory: ")
    };
    let left: Vec<String> = found
        .iter()
        // FreeSWITCH's sounds are packages of their own.
        .filter(|finding| !in_memory(finding) && text(finding, "about") != "sounds")
        .map(|finding| text(finding, "change"))
        .collect();
    // It tracks no calls, and has these profiles, with or without IPv6.
    let track = "<param name=\"track-calls\" value=\"true\"/>";
    for profile in ["internal", "external"] {
        let change = format!(
            "sip_profiles/{profile}.xml, in <settings>: {track}, and run `sofia profile {profile} rescan`"
        );
        assert!(left.contains(&change), "{change} in {left:#?}");
    }
    let ports = "<param name=\"rtp-port-usage-robustness\" value=\"true\"/>";
    assert!(left.last().is_some_and(|change| change.contains(ports)), "{left:#?}");
    let others = |change: &&String| !change.contains(track) && !change.contains(ports);
    assert_eq!(left.iter().find(others), None, "{left:#?}");
}
