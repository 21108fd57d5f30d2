//! What the file can say, and what it says when it is wrong.

use super::*;
use crate::park::{AfterReturn, Assign, CauseName, Reminder, StepTo, When, WhenOccupied};

const SAMPLE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/conf/autoload_configs/callpark.conf.xml"));

fn lots(lots: &str) -> String {
    format!("<configuration name=\"callpark.conf\">\n<lots>\n{lots}\n</lots>\n</configuration>")
}

fn parse(text: &str) -> Vec<LotConfig> {
    Config::parse(&lots(text)).unwrap().lots
}

fn error(text: &str) -> String {
    Config::parse(&lots(text)).unwrap_err().to_string()
}

/// A lot with that in it.
fn in_lot(content: &str) -> String {
    format!("<lot name=\"default\" orbits=\"701\">\n{content}\n</lot>")
}

#[test]
fn the_sample_says_what_it_explains() {
    let text = SAMPLE.replace("$${hold_music}", "local_stream://moh");
    let config = Config::parse(&text.replace("$${domain}", "example.com")).unwrap();
    assert_eq!(config.settings, Settings::default());
    let [lot] = config.lots.as_slice() else { panic!("not one lot") };
    assert_eq!(lot.key.to_string(), "default");
    assert_eq!(lot.ranges, OrbitRange::parse_list("701-720,*5901-*5999").unwrap());
    assert_eq!(lot.hold_music.as_deref(), Some("local_stream://moh"));
    let to: Vec<String> = lot.returns.iter().map(|step| step.to.to_string()).collect();
    assert_eq!(to, ["parker", "user/1000@example.com", "transfer:4000 XML default"]);
    // Apart from these every value in the sample is the default it claims to be.
    let plain = LotConfig::new(lot.key.clone(), lot.ranges.clone());
    let rest = LotConfig { hold_music: None, returns: plain.returns.clone(), ..lot.clone() };
    assert_eq!(rest, plain);
    for name in LOT_PARAMS.iter().map(|p| p.name).chain(SETTINGS.iter().map(|p| p.name)) {
        assert!(SAMPLE.contains(&format!("<param name=\"{name}\"")), "{name} is not explained");
    }
}

/// A line of the reference's tables for each, with its default.
#[test]
fn the_reference_explains_every_param() {
    let reference = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference.md"));
    let lot = LOT_PARAMS.iter().map(|param| (param.name, param.default));
    let settings = SETTINGS.iter().map(|param| (param.name, param.default));
    for (name, default) in lot.chain(settings) {
        let default = if default.is_empty() { "empty".to_owned() } else { format!("`{default}`") };
        let row = format!("| `{name}` | {default} | ");
        assert!(reference.contains(&row), "the reference has no line {row}");
    }
}

#[test]
fn the_examples_are_read() {
    for (text, names) in [
        (
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/conf/examples/reception.conf.xml")),
            "reception",
        ),
        (
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/conf/examples/medical-practice.conf.xml"
            )),
            "patients",
        ),
        (
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/conf/examples/call-centre.conf.xml"
            )),
            "floor overflow",
        ),
        (
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/conf/examples/door-phone.conf.xml")),
            "door",
        ),
        (
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/conf/examples/several-tenants.conf.xml"
            )),
            "default default sales",
        ),
        (
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/conf/examples/clinic.conf.xml")),
            "patients",
        ),
        (
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/conf/examples/law-office.conf.xml")),
            "clients office",
        ),
    ] {
        let lots = Config::parse(&text.replace("$${domain}", "example.com")).unwrap().lots;
        let found: Vec<&str> = lots.iter().map(|lot| lot.key.name.as_str()).collect();
        assert_eq!(found.join(" "), names);
    }
}

#[test]
fn the_sample_survives_unexpanded_variables() {
    assert!(Config::parse(SAMPLE).is_ok());
}

#[test]
fn the_defaults_in_the_table_are_the_defaults() {
    let Config { settings, lots } = Config::default();
    for param in &LOT_PARAMS {
        let text = in_lot(&format!("<param name=\"{}\" value=\"{}\"/>", param.name, param.default));
        let lot = parse(&text).remove(0);
        let ranges = lots[0].ranges.clone();
        assert_eq!(LotConfig { ranges, ..lot }, lots[0], "{}", param.name);
        assert!(!param.meaning.is_empty());
    }
    let param = &SETTINGS[0];
    let text = format!(
        "<configuration><settings><param name=\"{}\" value=\"{}\"/></settings></configuration>",
        param.name, param.default
    );
    assert_eq!(Config::parse(&text).unwrap().settings, settings);
}

#[test]
fn without_lots_there_is_the_built_in_one() {
    for text in ["<configuration name=\"callpark.conf\"/>", &lots(""), &lots("<!-- none -->")] {
        assert_eq!(Config::parse(text), Ok(Config::default()));
    }
    let Config { lots, .. } = Config::default();
    assert_eq!(
        (lots[0].key.to_string(), lots[0].timeout.base),
        ("default".to_owned(), TimeoutRule::Fixed(90_000))
    );
    assert_eq!(lots[0].ranges[0].to_string(), "701-720");
    assert_eq!(*lots[0].returns, [Step::parker()]);
}

#[test]
fn every_param_is_read() {
    let lot = parse(&in_lot(
        "<param name='timeout' value=' 0 '/>
         <param name='hold-music' value='/tmp/a &amp; b.wav'/>
         <param name='assign' value='longest-free'/>
         <param name='when-full' value='transfer:4000 XML default'/>
         <param name='when-occupied' value='parker'/>
         <param name='announce' value='false'/>
         <param name='blf' value='no'/>
         <return/>",
    ))
    .remove(0);
    assert_eq!(lot.timeout.base, TimeoutRule::Fixed(0));
    assert_eq!(lot.hold_music.as_deref(), Some("/tmp/a & b.wav"));
    assert_eq!(lot.assign, Assign::LongestFree);
    assert_eq!(lot.when_full.to_string(), "transfer:4000 XML default");
    assert_eq!(lot.when_occupied, WhenOccupied::Parker);
    assert!(!lot.announce && !lot.blf && lot.returns.is_empty());
}

#[test]
fn what_happens_when_the_time_is_up_is_read() {
    let lot = parse(&in_lot(
        "<param name='timeout' value='adaptive'/>
         <param name='timeout-min' value='20'/>
         <param name='timeout-max' value='60'/>
         <param name='timeout-by-priority' value='0:90, 5:45,9:20'/>
         <param name='after-return' value='transfer:4000 XML default'/>
         <param name='max-returns' value='3'/>
         <param name='exit-key' value='0'/>
         <param name='exit-to' value='4001 XML default'/>
         <param name='max-wait' value='600'/>
         <param name='comfort' value='phrase:callpark_comfort'/>
         <param name='comfort-every' value='45'/>
         <param name='callback-key' value='5'/>
         <param name='callback-by' value='1000@a.com'/>
         <param name='callback-to' value='9${number} XML out'/>
         <param name='callback-attempts' value='2'/>
         <param name='callback-expires' value='120'/>
         <return>
           <step to='remind:message'/>
           <step to='parker' ring='15' repeat='2' pause='30' when='idle' alert-info='ring-2'
                 caller-id-name='Back ${callpark_orbit}' announce='/a.wav'/>
           <step to='voicemail:parker'/>
         </return>",
    ))
    .remove(0);
    assert_eq!(lot.timeout.base, TimeoutRule::Adaptive);
    assert_eq!((lot.timeout.min_ms, lot.timeout.max_ms), (20_000, 60_000));
    assert_eq!(lot.timeout.by_priority, [(0, 90_000), (5, 45_000), (9, 20_000)]);
    assert_eq!(lot.after_return.to_string(), "transfer:4000 XML default");
    assert_eq!((lot.max_returns, lot.exit_key), (Some(3), Some('0')));
    assert_eq!(lot.exit_to.map(|to| to.to_string()).as_deref(), Some("4001 XML default"));
    assert_eq!((lot.max_wait_ms, lot.comfort_every_ms), (600_000, 45_000));
    assert_eq!(lot.comfort.as_deref(), Some("phrase:callpark_comfort"));
    let callback = lot.callback;
    assert_eq!((callback.key, callback.attempts, callback.expires_ms), (Some('5'), 2, 120_000));
    assert_eq!(callback.to.to_string(), "9${number} XML out");
    let [remind, parker, mailbox] = &*lot.returns else { panic!("{:?}", lot.returns) };
    assert_eq!(remind.to, StepTo::Remind(Reminder::Message));
    assert_eq!((parker.ring_s, parker.repeat, parker.pause_s), (15, 2, 30));
    assert_eq!((parker.when, parker.alert_info.as_deref()), (When::Idle, Some("ring-2")));
    assert_eq!(parker.caller_id_name.as_deref(), Some("Back ${callpark_orbit}"));
    assert_eq!(parker.announce.as_deref(), Some("/a.wav"));
    assert_eq!(mailbox.to.to_string(), "voicemail:parker");
}

#[test]
fn what_makes_no_sense_together_is_an_error() {
    for (inside, says) in [
        ("<param name='exit-key' value='0'/>", "exit-key: needs an exit-to"),
        (
            "<param name='exit-key' value='0'/><param name='exit-to' value='1'/>
             <param name='callback-key' value='0'/>",
            "callback-key: is already the exit-key",
        ),
        (
            "<param name='timeout' value='adaptive'/><param name='timeout-min' value='400'/>",
            "timeout-min: is longer than timeout-max",
        ),
        ("<param name='exit-key' value='12'/>", "not one of 0-9"),
        ("<param name='exit-key' value='A'/>", "not one of 0-9"),
        ("<param name='after-return' value='hangup:no'/>", "not a hang-up cause"),
        ("<param name='after-return' value='wait'/>", "not one of park"),
        ("<param name='max-returns' value='0'/>", "not a number of returns from 1 to 1000"),
        ("<param name='timeout-by-priority' value='5:1,0:2'/>", "priority 0 is not higher than"),
        ("<param name='timeout-by-priority' value='12:1'/>", "is not <priority 0-9>:<seconds>"),
        ("<return><step to='group/a' when='idle'/></return>", "needs a step to parker"),
        ("<return><step to='parker' repeat='0'/></return>", "not a number of tries from 1 to 20"),
        ("<return><step to='voicemail:1000'/></return>", "neither parker nor"),
        ("<return><step to='remind:loudly'/></return>", "not one of call, message"),
        ("<return><step to='parker' rings='5'/></return>", "not one of ring, repeat"),
    ] {
        let problem = error(&in_lot(inside));
        assert!(problem.contains(says), "{inside}: {problem}");
        assert!(problem.contains("lot \"default\""), "{inside}: {problem}");
    }
    let lot = parse(&in_lot("<param name='after-return' value='hangup'/>")).remove(0);
    assert_eq!(lot.after_return, AfterReturn::Hangup(CauseName::NO_ANSWER));
}

#[test]
fn a_rule_that_cannot_be_meant_is_named_with_lot_and_line() {
    for (rule, says) in [
        ("<allow action='fly'/>", "action=\"fly\": is not one of park, retrieve"),
        ("<deny user='1000,,1001'/>", "user=\"1000,,1001\": has an empty pattern"),
        ("<deny group='sales*'/>", "group=\"sales*\": must be names"),
        ("<allow domain='a b'/>", "domain=\"a b\": is not the name of a domain"),
        ("<allow variable='floor'/>", "variable=\"floor\": must be <name>=<value>"),
        ("<allow users='1000'/>", "users=\"1000\": a rule has no such attribute"),
        ("<allow><deny/></allow>", "unknown element <deny>"),
    ] {
        let problem = error(&in_lot(rule));
        assert!(problem.contains("line 4, lot \"default\""), "{rule}: {problem}");
        assert!(problem.contains(says), "{rule}: {problem}");
    }
    let rules = "<allow action='park|list'/><param name='timeout' value='9'/><deny user='1*'/>";
    let lot = parse(&in_lot(rules)).remove(0);
    assert!(!lot.access.is_empty());
}

#[test]
fn tenants_may_have_the_same_lots_and_orbits() {
    let lots = parse(
        "<lot name='default' orbits='701-720'><param name='when-full' value='lot:spill'/></lot>
         <lot name='spill' orbits='721'/>
         <lot name='default' orbits='701-720' domain='A.com'>
           <param name='when-full' value='lot:spill'/></lot>
         <lot name='default' orbits='701-720' domain='b.com'/>",
    );
    let keys: Vec<String> = lots.iter().map(|lot| lot.key.to_string()).collect();
    assert_eq!(keys, ["default", "spill", "default@a.com", "default@b.com"]);
}

#[test]
fn a_wrong_param_is_named_with_lot_value_and_line() {
    let wrong = |param: &str, value: &str| {
        error(&in_lot(&format!("<param name=\"{param}\" value=\"{value}\"/>")))
    };
    assert_eq!(
        wrong("timeout", "9s"),
        r#"line 4, lot "default", timeout="9s": is not a number of seconds"#
    );
    assert_eq!(wrong("tiemout", "9"), r#"line 4, lot "default", tiemout="9": unknown param"#);
    for (param, value) in [
        ("timeout", ""),
        ("timeout", "-1"),
        ("timeout", "99999999999999999999"),
        ("timeout", "18446744073709551"),
        ("assign", "best"),
        ("when-full", "lot:"),
        ("when-full", "lot:a b"),
        ("when-full", "lot:nowhere"),
        ("when-full", "lot:default"),
        ("when-full", "transfer:"),
        ("when-full", "transfer:1 2 3 4"),
        ("when-full", "explode"),
        ("when-occupied", "hangup"),
        ("announce", "maybe"),
        ("blf", ""),
    ] {
        let text = wrong(param, value);
        assert!(text.contains("lot \"default\"") && text.contains("line "), "{text}");
        assert!(text.contains(param), "{text}");
    }
    let twice = "<param name='blf' value='true'/>\n<param name='blf' value='true'/>";
    assert_eq!(error(&in_lot(twice)), r#"line 5, lot "default", blf="true": is given twice"#);
}

#[test]
fn bad_orbits_name_the_lot() {
    let text = error("<lot name='a' orbits='720-701'/>");
    assert_eq!(text, r#"line 3, lot "a", orbits="720-701": orbit range "720-701" is reversed"#);
    let text = error("<lot name='a' orbits='701-720'/>\n<lot name='b' orbits='1-9,715-800'/>");
    assert_eq!(text, r#"line 4, lot "b", orbits="715-800": lot "a" already has 701-720"#);
    let text = error("<lot name='a' orbits='715-800'/>\n<lot name='b' orbits='701-720'/>");
    assert_eq!(text, r#"line 4, lot "b", orbits="701-720": lot "a" already has 715-800"#);
    let text =
        error("<lot name='a' domain='x.com' orbits='7'/><lot name='a' domain='X.COM' orbits='8'/>");
    assert_eq!(text, r#"line 3, lot "a@x.com", name="a": this lot is already defined in line 3"#);
    for lot in [
        "<lot name='a'/>",
        "<lot orbits='7'/>",
        "<lot name='a b' orbits='7'/>",
        "<lot name='a' orbits=''/>",
        "<lot name='a' orbits='7' domain=''/>",
        "<lot name='a' orbits='7' color='red'/>",
        "<lot name='a' orbits='1-20000000'/>",
    ] {
        assert!(error(lot).starts_with("line 3"), "{}", error(lot));
    }
}

#[test]
fn return_steps_are_checked() {
    for (step, says) in [
        ("<step/>", "no to="),
        ("<step to=''/>", "does not say what to ring"),
        ("<step to='transfer:'/>", "does not name an extension"),
        ("<step to='parker' ring='0'/>", "ring=\"0\""),
        ("<step to='parker' ring='3601'/>", "1 to 3600"),
        ("<step to='parker' rings='3'/>", "not one of ring"),
        ("<step to='parker' confirm='ok'/>", "not one of 0-9"),
        ("<step to='voicemail:parker' confirm='1'/>", "confirm needs a step that rings"),
        ("<step to='parker' redirect='perhaps'/>", "neither true nor false"),
        ("<step to='hangup' redirect='false'/>", "redirect needs a step that rings"),
        ("<stop to='parker'/>", "unknown element <stop>"),
        ("<step to='parker'><x/></step>", "unknown element <x>"),
    ] {
        let text = error(&in_lot(&format!("<return>\n{step}\n</return>")));
        assert!(text.contains(says) && text.starts_with("line 5, lot \"default\""), "{text}");
    }
    assert!(error(&in_lot("<return/><return/>")).contains("a second <return>"));
}

#[test]
fn what_is_not_understood_is_an_error() {
    for text in [
        "",
        "<configuration",
        "<configuration>",
        "<configuration></lots></configuration>",
        "<configuration/><configuration/>",
        "<configuration>words</configuration>",
        "<configuration>&amp;</configuration>",
        "<configuration name='ivr.conf'/>",
        "<configuration colour='red'/>",
        "<configuration><menus/></configuration>",
        "<configuration><settings><param name='debug' value='1'/></settings></configuration>",
        "<configuration><settings><param name='presence-proto' value='a b'/></settings></configuration>",
        "<configuration><settings><lot/></settings></configuration>",
        "<configuration><lots><param/></lots></configuration>",
        "<configuration name='a' name='b'/>",
        "<document/>",
    ] {
        assert!(Config::parse(text).is_err(), "{text}");
    }
    let deep = "<a>".repeat(100_000);
    assert!(Config::parse(&deep).unwrap_err().problem.contains("too deep"));
    let broken = "<configuration>\n<lots>\n</lot>\n</configuration>";
    assert_eq!(Config::parse(broken).unwrap_err().line, Some(3));
}

#[test]
fn a_million_orbits_are_checked_at_once() {
    let a = "<lot name='a' orbits='1000000-9999999'/><lot name='b' orbits='0-999999,10000000-10999999'/>";
    assert_eq!(parse(a).len(), 2);
}

#[test]
fn a_configuration_that_asks_for_too_much_is_refused_with_its_line() {
    let lot = |at: usize| {
        let tail = "9".repeat(6);
        format!("<lot name='l{at}' orbits='{at}000000-{at}{tail},{at}00000000-{at}08{tail}'/>\n")
    };
    let many: String = (1..=9).map(lot).collect();
    let refused = Config::parse(&lots(&many)).unwrap_err();
    assert_eq!((refused.line, refused.lot.as_deref()), (Some(5), Some("l3")), "{refused}");
    assert!(refused.problem.contains("20000000 orbits"), "{refused}");

    let steps = format!("<return>\n{}</return>", "<step to='parker'/>\n".repeat(101));
    let text = error(&in_lot(&steps));
    assert!(text.starts_with("line 105, lot \"default\": there are more than 100"), "{text}");
    assert!(Step::parse_list(&["parker"; 101].join("|")).is_err());
    assert!(Step::parse_list(&["parker"; 100].join("|")).is_ok());
    assert!(Step::parse_list(&format!("user/{}", "1".repeat(100_000))).is_err());

    let lots_only: String =
        (0..=20_000).map(|at| format!("<lot name='l{at}' orbits='{at}'/>\n")).collect();
    let refused = Config::parse(&lots(&lots_only)).unwrap_err();
    assert_eq!((refused.line, refused.lot.as_deref()), (Some(20_003), Some("l20000")));
}

#[test]
fn a_configuration_that_is_too_big_to_read_is_refused_with_its_line_and_in_few_words() {
    let many =
        |count: usize, what: &dyn Fn(usize) -> String| (0..count).map(what).collect::<String>();
    let huge = "x".repeat(100_000);
    let attributes = many(200_000, &|at| format!(" a{at}=''"));
    let began = std::time::Instant::now();
    for (text, line, says) in [
        (lots(&many(3_400_000, &|_| "<lot />\n".to_owned())), 500_001, "more than 500000 elements"),
        (lots(&many(9_000_000, &|_| "<a/>\n".to_owned())), 6_710_880, "longer than 33554432 bytes"),
        (format!("<configuration>\n<lots {attributes}/></configuration>"), 2, "32 attributes"),
        (in_lot(&format!("<param name='page' value='{huge}'/>")), 2, "value is longer than 65536"),
        (in_lot(&format!("<return>\n<step to='{huge}'/></return>")), 3, "to is longer than 65536"),
        (format!("<lot name='{}' orbits='701'/>", "n".repeat(60_000)), 1, "valid lot name"),
        (format!("<lot name='a' orbits='{}'/>", "9".repeat(60_000)), 1, "bad orbit range"),
    ] {
        let wrapped = text.starts_with("<configuration").then(|| text.clone());
        let wraps = if wrapped.is_some() { 0 } else { 2 };
        let error = Config::parse(&wrapped.unwrap_or_else(|| lots(&text))).unwrap_err();
        assert_eq!(error.line, Some(line + wraps), "{error}");
        assert!(error.to_string().contains(says) && error.to_string().len() < 2_000, "{error}");
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_password_is_in_no_error() {
    for setting in [
        "<param name='database' value='postgresql://u:hidden@h:port/d'/>",
        "<param name='database' value='u:hidden@h'/>",
        "<param name='databse' value='postgresql://u:hidden@h/d'/>",
        "<param name='database' valeu='postgresql://u:hidden@h/d'/>",
    ] {
        let text = format!("<configuration><settings>{setting}</settings></configuration>");
        let error = Config::parse(&text).unwrap_err().to_string();
        assert!(error.contains("***"), "{error}");
        assert!(!error.contains("hidden"), "{error}");
    }
    let good = "<configuration><settings><param name='database' value='postgresql://u:hidden@h/d'/>\
                </settings></configuration>";
    let settings = Config::parse(good).unwrap().settings;
    assert!(settings.journal.database.is_some());
    assert!(!format!("{settings:?}").contains("hidden"));
}
