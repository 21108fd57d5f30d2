//! What a caller sends ends up in an administrator's dial strings, streams and steps, and must mean nothing there.

use std::path::PathBuf;

use kit::{SOON, Setup};

use super::lot::{MOMENT, Scene, setup};

/// Numbers that mean something in a dial string, as they are or once they are decoded.
const NUMBERS: [&str; 9] = [
    "1,loopback/9999/default",
    "1|loopback/9999/default",
    "1:_:loopback/9999/default",
    "1]loopback/9999/default",
    "1%5D,loopback%2F9999%2Fdefault",
    "1@x,null/evil",
    "1/../9999",
    "${originate(null/evil 9999)}",
    "1^2;x={y}",
];

/// One lot whose calls wait a second. 9999 and `crm_…` are numbers that no caller may reach. `as_<n>` parks a call as the
/// n-th of [`NUMBERS`]; `returns_<n>` with return steps in which the dialplan has written that number.
fn lot(inside: &str) -> Setup {
    let lots = format!(
        r#"<lot name="default" orbits="701-705"><param name="announce" value="false"/>{inside}</lot>"#
    );
    let setup = setup(&lots)
        .extension("9999", &[("answer", ""), ("park", "")])
        .extension("crm_.*", &[("answer", ""), ("park", "")]);
    let honest = ["+4930123"];
    NUMBERS.iter().chain(&honest).enumerate().fold(setup, |setup, (at, number)| {
        // As text: the dialplan, too, would look for variables in there.
        let number = format!("caller_id_number={}", number.replace('$', "\\$"));
        let steps = "callpark_return=loopback/crm_${caller_id_number}/default ring=5";
        let park = ("callpark", "default 701");
        setup.extension(&format!("as_{at}"), &[("set_profile_var", &number), park]).extension(
            &format!("returns_{at}"),
            &[("set_profile_var", &number), ("set", steps), ("set", "callpark_timeout=1"), park],
        )
    })
}

/// Nothing but the caller is there, and what `step` says it could not do names the variable.
#[track_caller]
fn nobody_was_reached(scene: &Scene, caller: &str, number: &str) {
    scene.events.none_for(MOMENT, |e| {
        e.is("Callpark-UUID", caller) && !e.text("Callpark-Outcome").is_empty()
    });
    assert_eq!(scene.switch.channels(), 1, "{number}");
    assert!(scene.switch.alive(caller), "{number}");
}

#[test]
fn a_number_adds_nobody_to_the_dial_string_of_a_step() {
    let scene = Scene::start(lot(r#"<param name="timeout" value="1"/><return>
        <step to="[origination_caller_id_number=${caller_id_number}]null/crm"/>
        <step to="loopback/crm_${caller_id_number}/default"/>
        </return>"#));
    for (at, number) in NUMBERS.iter().enumerate() {
        let (caller, _) = scene.park(&format!("as_{at}"));
        for step in ["1 ", "2 "] {
            let failed = scene.events.wait(SOON, |e| {
                e.is("Callpark-UUID", &caller)
                    && e.is("Callpark-Action", "return")
                    && e.text("Callpark-Step").starts_with(step)
                    && !e.text("Callpark-Reason").is_empty()
            });
            let reason = failed.text("Callpark-Reason");
            assert!(reason.contains("${caller_id_number}"), "{number}: {reason}");
        }
        nobody_was_reached(&scene, &caller, number);
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
    }
    // An honest one gets there.
    let (caller, _) = scene.park(&format!("as_{}", NUMBERS.len()));
    scene.outcome(&caller, "returned");
}

#[test]
fn what_a_caller_sends_makes_no_return_steps() {
    let scene = Scene::start(lot("<return/>"));
    // What holds a `$` FreeSWITCH itself has looked into by then, for `set` does that.
    let written = NUMBERS.iter().enumerate().filter(|(_, number)| !number.contains('$'));
    for (at, number) in written {
        let (caller, _) = scene.park(&format!("returns_{at}"));
        scene
            .events
            .wait(SOON, |e| e.is("Callpark-UUID", &caller) && e.is("Callpark-Action", "remind"));
        nobody_was_reached(&scene, &caller, number);
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
    }
    assert!(scene.switch.log_contains("callpark_return is ignored"));
}

#[test]
fn what_a_caller_sends_pages_nobody() {
    let scene = Scene::start(lot(r#"<param name="timeout" value="0"/>
        <param name="page" value="[a=${caller_id_number}]null/page,loopback/crm_${caller_id_number}/default"/>"#));
    for (at, number) in NUMBERS.iter().enumerate() {
        let (caller, _) = scene.park(&format!("as_{at}"));
        scene.switch.eventually(SOON, "a warning", || {
            scene.switch.log_contains("nobody is paged with").then_some(())
        });
        nobody_was_reached(&scene, &caller, number);
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
    }
}

/// The value of a variable is not looked at for variables: a name can be `${system(…)}`.
#[test]
fn a_name_runs_no_command_by_way_of_the_hold_music() {
    let file = PathBuf::from(format!("/tmp/callpark-{}-{}", std::process::id(), kit::new_uuid()));
    let scene = Scene::start(lot(
        r#"<param name="hold-music" value="tone_stream://%(500,0,400);loops=-1;${caller_id_name}"/>"#,
    ));
    let name = format!("${{system(touch {})}}", file.display());
    for more in [
        vec![("origination_callee_id_name", name.as_str())],
        vec![("origination_callee_id_name", name.as_str()), ("callpark_hold_music", name.as_str())],
    ] {
        let (caller, _) = scene.park_with("park_701", &more);
        scene.switch.eventually(SOON, "a warning", || {
            scene.switch.log_contains("is ignored").then_some(())
        });
        scene.events.none_for(MOMENT, |e| !e.text("Callpark-Outcome").is_empty());
        assert!(!file.exists(), "a caller's name ran a command");
        scene.switch.kill(&caller);
        scene.outcome(&caller, "abandoned");
    }
}

#[test]
fn a_configuration_that_asks_for_too_much_is_refused_with_its_line() {
    let scene = Scene::start(lot(""));
    let (caller, _) = scene.park("as_9");
    let lines =
        |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let orbits = lines(1_000, &|at| {
        format!("<lot name=\"l{at}\" orbits=\"{at:04}0000000-{at:04}9999999\"/>\n")
    });
    // FreeSWITCH's own reading takes more than half a minute for 100,000 elements in a row.
    let many = if scene.switch.is_real() { 10_000 } else { 100_000 };
    let steps = lines(many, &|_| "<step to=\"parker\"/>\n".to_owned());
    let steps =
        format!("<lot name=\"default\" orbits=\"701\">\n<return>\n{steps}</return>\n</lot>");
    let lots = lines(30_000, &|at| format!("<lot name=\"l{at}\" orbits=\"{at}\"/>\n"));
    for (lots, says) in [
        (orbits, "more than 20000000 orbits"),
        (steps, "more than 100 return steps"),
        (lots, "more than 20000 lots"),
        (format!("{}{}", "<lot>\n".repeat(20), "</lot>\n".repeat(20)), "nested too deeply"),
    ] {
        let xml = format!(
            "<configuration name=\"callpark.conf\">\n<lots>\n{lots}</lots>\n</configuration>"
        );
        scene.switch.write_callpark_conf(Some(&xml));
        let answer = scene.api("reload");
        assert!(answer.starts_with("-ERR failed ") && answer.contains(says), "{answer}");
        assert!(answer.contains("line ") && answer.len() < 1_000, "{answer}");
        assert!(scene.api("status").starts_with("default: capacity 5, parked 1"), "{says}");
    }
    assert!(scene.switch.alive(&caller));
}

/// Each level takes some of a stack of 240 KiB.
#[test]
fn commands_inside_commands_without_end_do_not_end_the_switch() {
    let nested = format!("{}x{}", "${a(".repeat(5_000), ")}".repeat(5_000));
    let scene = Scene::start(lot(&format!(
        r#"<param name="timeout" value="1"/><param name="page" value="null/{nested}"/>
        <param name="hold-music" value="{nested}"/><return><step to="null/{nested}"/></return>"#
    )));
    let (caller, _) = scene.park("as_9");
    for warning in ["nobody is paged with", "is ignored"] {
        scene.switch.eventually(SOON, warning, || scene.switch.log_contains(warning).then_some(()));
    }
    let failed = scene
        .events
        .wait(SOON, |e| e.is("Callpark-Action", "return") && !e.text("Callpark-Reason").is_empty());
    assert!(failed.text("Callpark-Reason").contains("is not a variable"));
    assert!(scene.switch.alive(&caller));
}
