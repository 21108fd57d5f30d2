//! Who dials after all: a transferred caller in a menu; and who does not: one that is moved out of it.

use kit::phone::{Call, ReferredBy};
use kit::{Ends, Phone, SOON, Scene, Setup, two_way};

use super::desk::{LOT, refer, setup};
use super::transferred::{still_there, stranger};

/// In each of these a caller dials `701`, and keys do what the dialplan says: by another place in the dialplan, by the
/// same, or by an application of the menu.
const MENUS: [&str; 6] =
    ["ivr_transfer", "ivr_key", "digits_transfer", "digits_extension", "digits_loopback", "bound"];

const IVR: &str = r#"<configuration name="ivr.conf"><menus>
  <menu name="menu" greet-long="silence_stream://-1" timeout="15000" max-failures="1" digit-len="3">
    <entry action="menu-exec-app" digits="701" param="transfer 701 XML default"/>
    <entry action="menu-exec-app" digits="901" param="callpark_key default 701"/>
  </menu>
  <menu name="silent" greet-long="silence_stream://200" timeout="300" max-failures="1" digit-len="3">
    <entry action="menu-exec-app" digits="701" param="transfer 701 XML default"/>
  </menu></menus></configuration>"#;

fn menus() -> Setup {
    let ask = (
        "play_and_get_digits",
        r"3 3 1 15000 # silence_stream://-1 silence_stream://10 dialled \d+",
    );
    setup(LOT)
        .module("mod_fifo")
        .module("mod_conference")
        .configurations(IVR)
        .configurations(r#"<configuration name="fifo.conf"><settings/><fifos/></configuration>"#)
        .configurations(
            r#"<configuration name="conference.conf"><profiles><profile name="default">
            <param name="rate" value="8000"/><param name="interval" value="20"/>
            <param name="energy-level" value="0"/></profile></profiles></configuration>"#,
        )
        .extension("ivr_transfer", &[("answer", ""), ("ivr", "menu")])
        .extension("ivr_key", &[("answer", ""), ("ivr", "menu")])
        .extension(
            "digits_transfer",
            &[("answer", ""), ask, ("transfer", "${dialled} XML default")],
        )
        .extension(
            "digits_extension",
            &[("answer", ""), ask, ("execute_extension", "${dialled} XML default")],
        )
        .extension(
            "digits_loopback",
            &[("answer", ""), ask, ("bridge", "loopback/${dialled}/default")],
        )
        .extension(
            "bound",
            &[
                ("answer", ""),
                ("bind_digit_action", "menu,701,exec:transfer,701 XML default"),
                ("digit_action_set_realm", "menu"),
                ("playback", "silence_stream://-1"),
            ],
        )
        .extension("silent", &[("answer", ""), ("ivr", "silent"), ("transfer", "701 XML default")])
        .extension(
            "announced",
            &[("answer", ""), ("sleep", "1500"), ("transfer", "701 XML default")],
        )
        .extension("music", &[("answer", ""), ("playback", "silence_stream://-1")])
        .extension("room", &[("answer", ""), ("conference", "room@default")])
        .extension("queue", &[("answer", ""), ("fifo", "queue in")])
}

/// Bob transfers Alice to an extension.
fn transferred(desk: &Scene, alice: &Phone, bob: &Phone, to: &str) -> Call {
    let (caller, theirs) = desk.talk(alice, bob);
    refer(&theirs, to, ReferredBy::Yes);
    caller
}

/// Waits until the caller's channel runs that application.
fn wait_runs(desk: &Scene, caller: &Call, application: &str) {
    desk.switch.wait_var(caller.uuid(), "current_application", application);
}

fn application(menu: &str) -> &'static str {
    match menu {
        "bound" => "playback",
        menu if menu.starts_with("ivr") => "ivr",
        _ => "play_and_get_digits",
    }
}

#[test]
fn a_transferred_caller_who_dials_the_key_in_a_menu_retrieves() {
    let Some(desk) = Scene::start_real(menus()) else { return };
    let (alice, bob, dave) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1003"));
    for menu in MENUS {
        println!("{menu}");
        let other = stranger(&desk, &dave);
        let caller = transferred(&desk, &alice, &bob, menu);
        wait_runs(&desk, &caller, application(menu));
        caller.dtmf(if menu == "ivr_key" { "901" } else { "701" });
        two_way(&caller, dave.voice(), &other, alice.voice());
        desk.outcome(&other, "retrieved");
        caller.hangup();
        other.wait_ended(SOON);
        desk.wait_empty();
    }
}

/// A menu that runs out has dialled nothing, and neither has a key that no application asked for.
#[test]
fn a_transferred_caller_who_dials_nothing_is_parked() {
    let Some(desk) = Scene::start_real(menus()) else { return };
    let (alice, bob, carol, dave) =
        (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"), desk.phone("1003"));
    for (extension, application, keys) in [("silent", "ivr", ""), ("announced", "sleep", "701")] {
        println!("{extension}");
        let other = stranger(&desk, &dave);
        let caller = transferred(&desk, &alice, &bob, extension);
        wait_runs(&desk, &caller, application);
        caller.dtmf(keys);
        desk.wait_parked(&caller, "default", "702", "1001");
        desk.take(&carol, "702", &caller, alice.voice(), Ends::Other);
        still_there(&desk, &other, &dave, &carol);
    }
}

/// Somebody else's command moves a caller out of what it is in, onto the key.
#[test]
fn a_caller_who_is_moved_by_a_command_is_parked() {
    let Some(desk) = Scene::start_real(menus()) else { return };
    let (alice, carol, dave) = (desk.phone("1000"), desk.phone("1002"), desk.phone("1003"));
    for (extension, application) in [
        ("music", "playback"),
        ("room", "conference"),
        ("queue", "fifo"),
        ("ivr_transfer", "ivr"),
        ("7777", "park"),
    ] {
        for command in ["uuid_transfer {} 701 XML default", "uuid_broadcast {} transfer::701"] {
            println!("{extension}: {command}");
            let other = stranger(&desk, &dave);
            let caller = alice.call_up(extension);
            wait_runs(&desk, &caller, application);
            desk.switch.api(&command.replace("{}", caller.uuid()));
            desk.wait_parked(&caller, "default", "702", "");
            desk.take(&carol, "702", &caller, alice.voice(), Ends::Caller);
            still_there(&desk, &other, &dave, &carol);
        }
    }
}

/// A phone that was called for somebody, and has not been connected to them yet, is moved as well.
#[test]
fn a_phone_that_was_called_for_a_caller_and_is_moved_is_parked() {
    let asks = [
        ("set", "group_confirm_file=silence_stream://-1"),
        ("set", "group_confirm_key=1"),
        ("bridge", "user/1001@$${domain}"),
    ];
    let Some(desk) = Scene::start_real(menus().extension("asks_1001", &asks)) else { return };
    let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
    let (carol, dave) = (desk.phone("1002"), desk.phone("1003"));
    let other = stranger(&desk, &dave);
    let caller = alice.call("asks_1001");
    let called = bob.incoming(SOON);
    // The phone has answered a moment before the switch knows.
    desk.switch.wait_var(called.uuid(), "endpoint_disposition", "ANSWER");
    desk.switch.api(&format!("uuid_transfer {} 701 XML default", called.uuid()));
    let parked = desk.action(&called, "park");
    assert_eq!((parked.text("Callpark-Orbit"), parked.text("Callpark-Parker")), ("702", ""));
    // FreeSWITCH goes on asking the phone to confirm, until whoever it was called for gives up.
    caller.hangup();
    desk.take(&carol, "702", &called, bob.voice(), Ends::Caller);
    still_there(&desk, &other, &dave, &carol);
}

/// It dialled once; what counts is the last time somebody sent it.
#[test]
fn a_caller_who_has_dialled_and_is_then_moved_is_parked() {
    let Some(desk) = Scene::start_real(menus()) else { return };
    let (alice, carol, dave) = (desk.phone("1000"), desk.phone("1002"), desk.phone("1003"));
    let other = stranger(&desk, &dave);
    let caller = alice.call_up("digits_extension");
    wait_runs(&desk, &caller, "play_and_get_digits");
    caller.dtmf("703");
    desk.switch.eventually(SOON, "it went on", || {
        let status = desk.switch.getvar(caller.uuid(), "callpark_status");
        (status.as_deref() == Some("empty")).then_some(())
    });
    desk.switch.api(&format!("uuid_transfer {} 701 XML default", caller.uuid()));
    desk.wait_parked(&caller, "default", "702", "");
    desk.take(&carol, "702", &caller, alice.voice(), Ends::Caller);
    still_there(&desk, &other, &dave, &carol);
}
