//! What a dialplan for mod_valet_parking would be in the words of this module: a proposal to look at, as a diff.

use std::sync::Arc;

use quick_xml::escape::escape;

use crate::config::Config;
use crate::config::dialplan::Dialplan;
use crate::park::{LotConfig, LotKey, OrbitRange};
use crate::render::Diff;

mod actions;
mod lines;
mod lots;

use actions::Uses;
use lots::{Lot, Lots};

/// What is known of the machine.
pub(super) struct Facts<'a> {
    pub(super) dialplan: &'a Dialplan,
    /// The lots that are configured.
    pub(super) configured: &'a [Arc<LotConfig>],
    /// The text of modules.conf, if it is known.
    pub(super) modules: Option<&'a str>,
    /// The domain of a context that is not called like one.
    pub(super) domain: &'a str,
    /// A web server or script may deliver other dialplans.
    pub(super) others: bool,
}

/// The proposal.
pub(super) fn propose(facts: &Facts<'_>) -> Diff {
    let uses = Uses::of(facts.dialplan, facts.domain);
    let lots = Lots::of(&uses);
    let mut diff = Diff::default();
    read(facts, &mut diff);
    modules(facts, &uses, &mut diff);
    let (mut made, mut all) = (0, String::new());
    if !lots.0.is_empty() {
        diff.file("autoload_configs/callpark.conf.xml");
        diff.at("in <lots>");
    }
    for (name, lot) in &lots.0 {
        let xml = xml(name, lot, facts, &mut diff);
        made += usize::from(!xml.is_empty());
        all.extend(xml.iter().map(|line| format!("{line}\n")));
        xml.iter().for_each(|line| diff.add(line));
    }
    if let Err(error) =
        Config::parse(&format!("<configuration><lots>\n{all}</lots></configuration>"))
    {
        diff.note(&format!("these lots cannot be loaded as they are: {error}"));
    }
    let changed = lines::write(&uses, &lots, &mut diff);
    diff.end(&format!("+OK lots: {made}, lines of the dialplan: {changed}"));
    diff
}

/// Says what was read, and what was not.
fn read(facts: &Facts<'_>, diff: &mut Diff) {
    let names: Vec<&str> =
        facts.dialplan.contexts.iter().map(|context| context.name.as_str()).collect();
    diff.note(&match names.as_slice() {
        [] => "FreeSWITCH has no dialplan in its XML".to_owned(),
        names => format!(
            "read: the dialplan in FreeSWITCH's XML, with the contexts {}",
            names.join(", ")
        ),
    });
    diff.note(match facts.others {
        true => {
            "not read: a web server or script delivers dialplans here (mod_xml_curl, mod_lua). Change those by hand in the same way"
        }
        false => "not read: dialplans that mod_xml_curl or a script would deliver, and scripts",
    });
}

fn modules(facts: &Facts<'_>, uses: &Uses<'_>, diff: &mut Diff) {
    let loads = |module: &str| {
        let line = format!("<load module=\"{module}\"");
        facts.modules.is_some_and(|text| text.contains(&line))
    };
    let (theirs, ours) = (loads("mod_valet_parking"), loads("mod_callpark"));
    if uses.is_empty() || (ours && !theirs) {
        return;
    }
    diff.file("autoload_configs/modules.conf.xml");
    diff.at("in <modules>, and restart FreeSWITCH");
    if theirs {
        diff.remove("<load module=\"mod_valet_parking\"/>");
    }
    if !ours {
        diff.add("<load module=\"mod_callpark\"/>");
    }
}

/// The lines of a lot; none, if it is configured already, or cannot be.
fn xml(name: &str, lot: &Lot, facts: &Facts<'_>, diff: &mut Diff) -> Vec<String> {
    let Ok(key) = name.parse::<LotKey>() else {
        diff.note(&format!(
            "no lot can be called {name}: choose another name, here and in the dialplan"
        ));
        return Vec::new();
    };
    for note in &lot.notes {
        diff.note(&format!("lot {name}: {note}"));
    }
    let orbits = lot.orbits();
    if let Some(config) = facts.configured.iter().find(|config| config.key == key) {
        let ranges = config.ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        diff.note(&format!(
            "the lot {name} is configured already, with the orbits {ranges}; the dialplan uses {orbits}"
        ));
        return Vec::new();
    }
    if let Err(error) = OrbitRange::parse_list(&orbits) {
        diff.note(&format!("the lot {name} cannot have the orbits {orbits}: {error}"));
        return Vec::new();
    }
    let domain = key.domain.as_ref().map(|domain| format!(" domain=\"{}\"", escape(&**domain)));
    let (name, domain) = (escape(key.name.as_str()), domain.unwrap_or_default());
    let mut lines = vec![format!("<lot name=\"{name}\"{domain} orbits=\"{}\">", escape(&*orbits))];
    let params = lot.params();
    lines.extend(params.iter().map(|(name, value)| {
        format!("  <param name=\"{name}\" value=\"{}\"/>", escape(value.as_str()))
    }));
    if let Some(step) = lot.step() {
        lines.push("  <return>".to_owned());
        lines.push(format!("    <step to=\"{}\"/>", escape(step.as_str())));
        lines.push("  </return>".to_owned());
    }
    lines.push("</lot>".to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposed(contexts: &str, others: bool) -> String {
        let dialplan = Dialplan::read(&format!("<section>{contexts}</section>"));
        let facts = Facts {
            dialplan: &dialplan,
            configured: &[],
            modules: Some("<modules><load module=\"mod_valet_parking\"/></modules>"),
            domain: "switch.local",
            others,
        };
        propose(&facts).to_string()
    }

    #[test]
    fn the_samples_of_freeswitch_become_a_lot_with_the_same_numbers() {
        let text = proposed(
            r#"<context name="default"><extension name="ask"><condition field="destination_number" expression="^(6000)$">
               <action application="answer"/>
               <action application="valet_park" data="valet_parking_lot ask 1 11 10000 ivr/ivr-enter_ext_pound.wav"/></condition></extension>
               <extension name="slots"><condition field="destination_number" expression="^((?!6000)60\d{2})$"><action application="answer"/>
               <action application="valet_park" data="valet_parking_lot $1"/></condition></extension></context>"#,
            false,
        );
        for line in [
            "# read: the dialplan in FreeSWITCH's XML, with the contexts default",
            "- <load module=\"mod_valet_parking\"/>",
            "+ <load module=\"mod_callpark\"/>",
            "+ <lot name=\"valet_parking_lot\" orbits=\"6001-6099\">",
            "+   <param name=\"timeout\" value=\"0\"/>",
            "- <action application=\"valet_park\" data=\"valet_parking_lot $1\"/>",
            "+ <action application=\"callpark_key\" data=\"valet_parking_lot $1\"/>",
            "+ <action application=\"callpark_retrieve\" data=\"valet_parking_lot ask\"/>",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
        }
        assert!(text.ends_with("\n+OK lots: 1, lines of the dialplan: 2\n"), "{text}");
    }

    #[test]
    fn tenants_times_and_feature_codes_are_carried_over() {
        let text = proposed(
            r#"<context name="a.example.com"><extension name="park"><condition field="destination_number" expression="^(?:park\+)?(\*59(?!00)\d\d)$">
               <action application="set" data="valet_parking_timeout=180"/><action application="set" data="valet_hold_music=/x &amp; y.wav"/>
               <action application="set" data="valet_parking_orbit_exten=${referred_by_user}"/>
               <action application="set" data="valet_parking_orbit_context=${domain_name}"/>
               <action application="valet_park" data="park@${domain_name} $1"/></condition></extension>
               <extension name="code" continue="true"><condition><action application="bind_meta_app" data="3 a s valet_park::park@${domain_name} auto in 5901 5999"/>
               </condition></extension>
               <extension name="seen"><condition field="${valet_info(park@${domain_name})}" expression="x"><action application="log"/></condition></extension></context>"#,
            true,
        );
        for line in [
            "+ <lot name=\"park\" domain=\"a.example.com\" orbits=\"5901-5999,*5901-*5999\">",
            // Calls that the feature code parks have neither.
            "+ <action application=\"set\" data=\"callpark_timeout=180\"/>",
            "+ <action application=\"set\" data=\"callpark_hold_music=/x &amp; y.wav\"/>",
            "- <action application=\"set\" data=\"valet_parking_timeout=180\"/>",
            "+ <action application=\"set\" data=\"callpark_return=transfer:${referred_by_user} XML ${domain_name}\"/>",
            "+ <action application=\"callpark_key\" data=\"park@${domain_name} $1\"/>",
            "+ <action application=\"bind_meta_app\" data=\"3 a s callpark::park@${domain_name} auto\"/>",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
        }
        assert!(text.contains("# the extension seen reads valet_info"), "{text}");
        assert!(text.contains("a web server or script delivers dialplans here"), "{text}");
    }

    #[test]
    fn hostile_texts_end_no_line_and_no_attribute() {
        let text = proposed(
            r#"<context name="c&#10;+OK"><extension name="&quot;/&gt;&#27;[2J"><condition field="destination_number" expression="^1$">
               <action application="valet_park" data="park 1&quot;/&gt;"/><action application="valet_park" data="pa,rk 1"/>
               <action application="set" data="valet_hold_music=a&quot;/&gt;&lt;b"/></condition></extension></context>"#,
            false,
        );
        assert!(!text.contains('\u{1b}') && !text.contains("\"/><b"), "{text}");
        assert!(text.lines().all(|line| !line.is_empty()));
        assert_eq!(text.lines().filter(|line| line.starts_with("+OK")).count(), 1, "{text}");
        assert!(text.contains("no lot can be called pa,rk"), "{text}");
    }

    #[test]
    fn nothing_is_proposed_where_nothing_is_parked() {
        let text = proposed("<context name=\"c\"><extension name=\"x\"/></context>", false);
        assert!(text.ends_with("+OK lots: 0, lines of the dialplan: 0\n"), "{text}");
        assert!(!text.contains("\n+ ") && !text.contains("\n- "), "{text}");
    }
}
