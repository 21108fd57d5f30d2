//! `callpark import valet`: a dialplan for mod_valet_parking in the words of this module.

use kit::{Scene, Setup};

/// 5900 parks, 5901-5920 are keys, as many dialplans have them.
const DIALPLAN: &str = r#"<extension name="auto"><condition field="destination_number" expression="^(?:park\+)?\*5900$">
<action application="answer" data=""/>
<action application="valet_park" data="valet auto in 5901 5920"/>
<action application="park" data=""/>
</condition></extension>
<extension name="slots"><condition field="destination_number" expression="^(59(?!00)(?:[01]\d|20))$">
<action application="set" data="valet_parking_timeout=1"/>
<action application="set" data="valet_parking_orbit_exten=7777"/>
<action application="answer" data=""/>
<action application="valet_park" data="valet $1"/>
<action application="park" data=""/>
</condition></extension>
<extension name="back"><condition field="destination_number" expression="^7777$">
<action application="answer" data=""/>
<action application="park" data=""/>
</condition></extension>"#;

/// The lines of the diff with that sign, without it.
fn lines<'a>(diff: &'a str, sign: &'a str) -> Vec<&'a str> {
    diff.lines().filter_map(|line| line.strip_prefix(sign)).collect()
}

#[test]
fn what_it_proposes_loads_and_does_what_was_done_before() {
    // The stand-in's regular expressions do not look ahead, and no call is made here.
    let scene = Scene::start(Setup::new().no_sample_dialplan().dialplan(DIALPLAN));
    let diff = scene.api("import valet");
    assert!(diff.ends_with("\n+OK lots: 1, lines of the dialplan: 4\n"), "{diff}");
    assert!(diff.contains("+ <lot name=\"valet\" orbits=\"5901-5920\">\n"), "{diff}");
    assert!(diff.contains("# not read: dialplans that mod_xml_curl"), "{diff}");
    let refused = scene.api("import");
    assert!(refused.starts_with("-ERR bad_arguments usage: callpark import valet"), "{refused}");

    // Carried out line by line.
    let (_, after) = diff.split_once("--- autoload_configs/callpark.conf.xml").expect("lots");
    let (lots, changes) = after.split_once("\n--- dialplan").expect("a dialplan");
    let lots = lines(lots, "+ ").join("\n");
    let mut dialplan = DIALPLAN.replace("(?!00)", "");
    let mut changes = changes.lines().peekable();
    while let Some(line) = changes.next() {
        let Some(old) = line.strip_prefix("- ") else { continue };
        let new = changes.peek().and_then(|line| line.strip_prefix("+ ")).unwrap_or_default();
        assert!(dialplan.contains(old), "{old}");
        dialplan = dialplan.replace(old, new);
    }
    assert!(!dialplan.contains("valet_p"), "{dialplan}");
    let scene = Scene::start(Setup::new().no_sample_dialplan().lots(&lots).dialplan(&dialplan));
    // A key parks a call that was sent to it.
    let caller = scene.dial("7777");
    scene.switch.wait_var(&caller, "current_application", "park");
    scene.switch.api(&format!("uuid_transfer {caller} 5905 XML default"));
    let parked = scene.action(&caller, "park");
    let place = (parked.text("Callpark-Lot").to_owned(), parked.text("Callpark-Orbit").to_owned());
    assert_eq!(place, ("valet".to_owned(), "5905".to_owned()));
    assert_eq!(scene.outcome(&caller, "returned").text("Callpark-Step"), "1 transfer:7777 XML");
    let (caller, parked) = scene.park("*5900");
    let orbit = parked.text("Callpark-Orbit").to_owned();
    assert_eq!(orbit, "5901");
    scene.dial(&orbit);
    scene.outcome(&caller, "retrieved");
}

#[test]
fn hostile_names_end_no_line_and_nothing_is_proposed_where_nothing_is_parked() {
    let scene = Scene::start(Setup::new());
    let diff = scene.api("import valet");
    assert!(diff.ends_with("\n+OK lots: 0, lines of the dialplan: 0\n"), "{diff}");
    let hostile = r#"<extension name="a&quot;/&gt;&#10;+OK lots: 9"><condition field="destination_number" expression="^1$">
        <action application="valet_park" data="p&lt;q 1"/></condition></extension>"#;
    let scene = Scene::start(Setup::new().dialplan(hostile));
    let diff = scene.api("import valet");
    assert_eq!(diff.lines().filter(|line| line.starts_with("+OK")).count(), 1, "{diff}");
    assert!(!diff.contains("data=\"p<q") && diff.contains("a&quot;/&gt;"), "{diff}");
}
