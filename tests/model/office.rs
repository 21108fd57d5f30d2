//! The switch of a sequence: lots, dialplan, people.

use std::collections::BTreeSet;

use kit::phone::Sound;
use kit::{Esl, Events, Setup, Switch};

use crate::people::{Person, lots};

/// What parked callers hear.
pub const MUSIC: Sound = Sound::Tone(400);

/// Everything a step needs of the switch.
pub struct Office {
    pub switch: Switch,
    pub esl: Esl,
    pub events: Events,
    /// What comes next comes in the middle of what is begun now: so nobody waits.
    pub racing: bool,
    /// Commands that have begun and not ended.
    pub jobs: BTreeSet<String>,
    /// The module stands in for mod_valet_parking.
    pub valet: bool,
}

/// The lots; `variant` changes what a reload may change.
fn configured(variant: usize) -> String {
    let mut xml = String::new();
    for lot in lots(false) {
        let domain = lot.domain.map(|domain| format!(" domain=\"{domain}\"")).unwrap_or_default();
        let mut orbits = lot.orbits.to_vec();
        if variant == 1 && lot.name == "default" {
            // An orbit goes, whoever is in it stays until the end of that call.
            orbits.pop();
        }
        xml.push_str(&format!(
            "<lot name=\"{}\"{domain} orbits=\"{}\">\n",
            lot.name,
            orbits.join(",")
        ));
        xml.push_str("<param name=\"announce\" value=\"false\"/>\n");
        // Its people dial whatever orbit there is.
        xml.push_str("<param name=\"probe-limit\" value=\"0\"/>\n");
        match lot.name {
            "quick" => xml.push_str(&quick(lot.domain.unwrap_or_default(), variant)),
            "common" => xml.push_str(
                "<param name=\"timeout\" value=\"0\"/><param name=\"exit-key\" value=\"#\"/>\
                 <param name=\"exit-to\" value=\"7777 XML default\"/>\n",
            ),
            _ => xml.push_str("<param name=\"timeout\" value=\"0\"/>\n"),
        }
        xml.push_str("</lot>\n");
    }
    xml
}

/// Comes back soon: to nobody, to the parker, to another, and in the end to the dialplan.
fn quick(domain: &str, variant: usize) -> String {
    let last = if variant == 2 { "hangup:NO_ANSWER" } else { "transfer:7777 XML default" };
    format!(
        "<param name=\"timeout\" value=\"1\"/><param name=\"when-full\" value=\"lot:common\"/>\n\
         <return><step to=\"user/1010@{domain}\" ring=\"1\"/><step to=\"parker\" ring=\"1\"/>\
         <step to=\"user/1011@{domain}\" ring=\"1\"/><step to=\"{last}\"/></return>\n"
    )
}

/// A whole callpark.conf. Variant 3 is broken.
pub fn conf(variant: usize, valet: bool) -> String {
    let broken = if variant == 3 { "<lot name=\"broken\" orbits=\"7-1\"/>" } else { "" };
    format!(
        "<configuration name=\"callpark.conf\">\n<settings><param name=\"valet\" value=\"{valet}\"/></settings>\n\
         <lots>\n{}{broken}</lots>\n</configuration>\n",
        configured(variant)
    )
}

fn setup(phones: bool, valet: bool) -> Setup {
    let mut setup = Setup::new()
        .no_sample_dialplan()
        .domain("a.local")
        .domain("b.local")
        .callpark_conf(&conf(0, valet))
        .user_at(1010, "error/USER_BUSY")
        .user_at(1011, "{null_enable_auto_answer=false}null/1011");
    if phones {
        setup = setup.sip(true).dialplan(TENANTS);
    } else {
        for person in Person::all() {
            let user = person.user().parse().expect("a number");
            setup = setup.user_at(user, &format!("null/{}", person.user()));
        }
    }
    let then = |application: &str, data: &str| {
        [
            (application.to_owned(), data.to_owned()),
            ("set".to_owned(), "went_on=${callpark_status}".to_owned()),
            ("answer".to_owned(), String::new()),
            ("playback".to_owned(), "tone_stream://%(500,0,500);loops=-1".to_owned()),
        ]
    };
    for (number, application, data) in [
        ("park_(\\w+)_(\\w+)", "callpark", "$1 $2"),
        ("take_(\\w+)_(\\w+)", "callpark_retrieve", "$1 $2"),
        ("(70\\d)", "callpark_key", "default $1"),
        ("(71\\d)", "callpark_key", "quick $1"),
        ("(80\\d)", "callpark_key", "common $1"),
        ("valet_(\\w+)_x_(\\d+)", "valet_park", "$1 $2"),
        ("valet_(\\w+)_x_(in|out)", "valet_park", "$1 auto $2 700 999"),
        ("valet_(\\w+)_([ab])_(\\d+)", "valet_park", "$1@$2.local $3"),
        // Lots of one domain with a call each in slots of one name would share a lamp.
        ("valet_made_([ab])_(in|out)", "valet_park", "made@$1.local auto $2 901 902"),
        ("valet_(\\w+)_([ab])_(in|out)", "valet_park", "$1@$2.local auto $3 700 799"),
    ] {
        let actions = then(application, data);
        let actions: Vec<_> = actions.iter().map(|(a, d)| (a.as_str(), d.as_str())).collect();
        setup = setup.extension(number, &actions);
    }
    // A feature code: *1 parks the other party.
    let code = if phones { "bind_meta_app" } else { "set" };
    let what = if phones { "1 ab s callpark::common auto" } else { "no_feature_code=true" };
    for (letter, domain) in [("a", "a.local"), ("b", "b.local"), ("x", kit::DOMAIN)] {
        let called = format!("user/$1@{domain}");
        setup = setup.extension(
            &format!("to_(10\\d\\d)_{letter}"),
            &[
                EAT_KEYS,
                A_FRAME,
                ("set", "hangup_after_bridge=true"),
                (code, what),
                ("bridge", &called),
            ],
        );
    }
    setup
        .extension("loop_(.+)", &[EAT_KEYS, A_FRAME, ("bridge", "loopback/$1/default")])
        .extension("hop_(.+)", &[("answer", ""), ("transfer", "$1 XML default")])
        .extension("7777", &[("answer", ""), ("park", "")])
}

/// A leg that leaves a bridge and is in the next one within a media frame is still taken for being in the first:
/// FreeSWITCH expects nobody to answer as fast as these phones do.
const A_FRAME: (&str, &str) = ("sleep", "100");

/// A key that is still queued would end the sleep at once.
const EAT_KEYS: (&str, &str) = ("set", "sleep_eat_digits=true");

/// A phone's calls are its tenant's; those of others are nobody's.
const TENANTS: &str = r#"<extension name="tenant" continue="true">
  <condition field="${sip_from_host}" expression="^([ab]\.local)$">
    <action application="set" data="domain_name=$1" inline="true"/></condition></extension>"#;

impl Office {
    pub fn open(phones: bool, valet: bool) -> Office {
        let switch = Switch::start(setup(phones, valet));
        if switch.is_real() {
            switch.eventually(kit::SOON, "the core is ready", || {
                switch.api("status").contains("is ready").then_some(())
            });
        }
        let esl = switch.esl();
        let events = switch.events(&[
            "CHANNEL_CREATE",
            "CHANNEL_ANSWER",
            "CHANNEL_EXECUTE",
            "CHANNEL_EXECUTE_COMPLETE",
            "CHANNEL_BRIDGE",
            "CHANNEL_UNBRIDGE",
            "CHANNEL_HANGUP",
            "CHANNEL_DESTROY",
            "PRESENCE_IN",
            "BACKGROUND_JOB",
            "CUSTOM callpark::info",
        ]);
        Office { switch, esl, events, racing: false, jobs: BTreeSet::new(), valet }
    }

    /// Runs a command.
    pub fn api(&mut self, command: &str) -> String {
        match self.esl.api(command) {
            Ok(answer) => answer.trim().to_owned(),
            Err(error) => panic!("{command}: {error}\n{}", self.switch.log_tail(80)),
        }
    }

    /// Runs a command; in a race only begins it.
    pub fn send(&mut self, command: &str) {
        if self.racing { self.begin(command) } else { drop(self.api(command)) }
    }

    /// Begins a command and does not wait.
    pub fn begin(&mut self, command: &str) {
        match self.esl.bgapi(command) {
            Ok(job) => drop(self.jobs.insert(job)),
            Err(error) => panic!("{command}: {error}\n{}", self.switch.log_tail(80)),
        }
    }
}
