//! Nobody answers: the caller's message is in the voicemail box.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kit::phone::{Policy, Sound};
use kit::{Ends, SOON, Scene, Setup, hang_up, two_way};

use super::desk::MOMENT;
use super::steps::{returned, returning, step};

/// Of its prompts only what it does not do without, and that is silence.
const PROMPTS: [&str; 4] = [
    "voicemail_play_greeting",
    "voicemail_record_message",
    "voicemail_record_urgent_check",
    "voicemail_ack",
];

/// mod_voicemail with one profile, whose messages are short and lie in the switch's folder: callers hear the tone and
/// speak.
fn with_voicemail(setup: Setup) -> Setup {
    let silent = |name: &&str| {
        format!(
            r#"<macro name="{name}"><input pattern="(.*)"><match>
            <action function="play-file" data="silence_stream://20"/></match></input></macro>"#
        )
    };
    let macros: String = PROMPTS.iter().map(silent).collect();
    let languages = format!(
        r#"<section name="languages"><language name="en" say-module="en" sound-prefix="/nowhere"><phrases><macros>
        {macros}</macros></phrases></language></section>"#
    );
    setup
        .sections(&languages)
        .module("mod_sndfile")
        .module("mod_say_en")
        .module("mod_voicemail")
        .configurations(
            r#"<configuration name="voicemail.conf"><settings/><profiles><profile name="default">
        <param name="file-extension" value="wav"/>
        <param name="min-record-len" value="1"/>
        <param name="max-record-len" value="30"/>
        <param name="record-silence-threshold" value="200"/>
        <param name="record-silence-hits" value="100"/>
        <param name="tone-spec" value="%(300,0,650)"/>
        </profile></profiles></configuration>"#,
        )
}

fn messages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(messages(&path));
        } else if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("msg_")) {
            found.push(path);
        }
    }
    found
}

#[test]
fn when_nobody_answers_voicemail_has_the_message() {
    let ways = [("voicemail:parker", "1001"), ("voicemail:1003@$${domain}", "1003")];
    for (to, user) in ways {
        let steps = format!(r#"<step to="parker" ring="1"/><step to="{to}"/>"#);
        let Some(desk) = Scene::start_real(with_voicemail(returning("", &steps))) else { return };
        let (alice, bob) = (desk.phone("1000"), desk.phone("1001"));
        bob.set_policy(Policy::Ring);
        let caller = returned(&desk, &alice);
        bob.incoming(SOON).wait_ended(SOON);
        let end = desk.outcome(&caller, "returned");
        assert!(end.text("Callpark-Step").starts_with("2 voicemail:"), "{}", end.summary());
        caller.wait_hears(Sound::Tone(650), SOON);
        std::thread::sleep(Duration::from_secs(3));
        caller.hangup();
        desk.wait_empty();
        desk.switch.wait_channels(0);
        let count = desk.switch.eventually(SOON, "a message", || {
            let count = desk.switch.api(&format!("vm_boxcount {user}@test.local"));
            (count.trim().starts_with('1')).then_some(count)
        });
        let list = desk.switch.api(&format!("vm_list {user}@test.local"));
        println!("vm_boxcount: {}; vm_list: {}", count.trim(), list.trim());
        assert!(list.contains("1000"), "{list}");
        let files = messages(&desk.switch.folder().join("tmp/voicemail"));
        assert_eq!(files.len(), 1, "{files:?}");

        // What is in it is what the caller has said.
        let play = format!("originate user/1001@test.local &playback({})", files[0].display());
        bob.set_policy(Policy::Answer);
        desk.switch.api(&format!("bgapi {play}"));
        let listening = bob.incoming(SOON);
        listening.wait_hears(alice.voice(), SOON);
    }
}

/// A box that does not exist, or nothing to keep messages in: the next step runs, and the event says why.
#[test]
fn without_a_box_the_next_step_runs() {
    for (with, to, reason) in [
        (true, "voicemail:nobody@$${domain}", "there is no such user"),
        (false, "voicemail:parker", "mod_voicemail is not loaded"),
        (true, "voicemail:1001@nowhere.example", "there is no such user"),
    ] {
        let steps = format!(r#"<step to="{to}"/><step to="user/1002@$${{domain}}"/>"#);
        let setup = returning("", &steps);
        let Some(desk) = Scene::start_real(if with { with_voicemail(setup) } else { setup }) else {
            return;
        };
        let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
        carol.set_policy(Policy::Ring);
        let caller = returned(&desk, &alice);
        let failed = desk.events.wait(SOON, |e| !e.text("Callpark-Reason").is_empty());
        assert_eq!(failed.text("Callpark-Reason"), reason, "{}", failed.summary());
        assert!(failed.text("Callpark-Step").starts_with("1 voicemail:"), "{}", failed.summary());
        step(&desk, &caller, "2 user/1002@test.local", "");
        let ringing = carol.incoming(SOON);
        std::thread::sleep(MOMENT);
        caller.wait_hears(kit::MUSIC, SOON);
        ringing.answer();
        two_way(&ringing, alice.voice(), &caller, carol.voice());
        hang_up(&ringing, &caller, Ends::Other);
        desk.wait_empty();
    }
}
