//! What a recording of a parked call contains: `recording`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kit::phone::{Call, ReferredBy};
use kit::{Ends, SOON, Scene, Setup, two_way};

use super::desk::{refer, setup};

/// How long each piece of a recording lasts at least.
const PIECE: Duration = Duration::from_millis(2500);
/// What the lengths of a recording may be wrong by: whoever acts here is late.
const SLACK: f64 = 1.0;
/// An amplitude below this is silence.
const QUIET: i32 = 50;

fn recorded(mode: &str, more: &str) -> Setup {
    let lot = format!(
        r#"<lot name="default" orbits="701-720"><param name="timeout" value="0"/>
           <param name="recording" value="{mode}"/>{more}</lot>"#
    );
    setup(&lot).module("mod_sndfile").extension(
        "recorded",
        &[
            ("answer", ""),
            ("record_session", "$${log_dir}/call.wav"),
            ("sleep", "1500"),
            ("callpark", "default 701"),
        ],
    )
}

/// The samples of a recording, mono at 8 kHz.
struct Wav(Vec<i16>);

impl Wav {
    fn read(path: &Path) -> Wav {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert_eq!(&bytes[..4], b"RIFF");
        let samples = bytes[44..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
        Wav(samples.collect())
    }

    fn seconds(&self) -> f64 {
        self.0.len() as f64 / 8000.0
    }

    /// For how many seconds there is nothing in it, in pieces of 20 ms.
    fn silent(&self) -> f64 {
        let silent = |piece: &&[i16]| piece.iter().all(|sample| i32::from(*sample).abs() < QUIET);
        self.0.chunks(160).filter(silent).count() as f64 / 50.0
    }

    #[track_caller]
    fn is(&self, seconds: f64, silent: f64) {
        assert!(
            (self.seconds() - seconds).abs() < SLACK && (self.silent() - silent).abs() < SLACK,
            "{:.2} s, of which {:.2} s are silent; expected {seconds:.2} s and {silent:.2} s",
            self.seconds(),
            self.silent()
        );
    }
}

fn file(desk: &Scene) -> PathBuf {
    desk.switch.folder().join("log").join("call.wav")
}

/// What the file contains when the call is over.
fn ended(desk: &Scene, call: &Call, caller: &Call) -> Wav {
    kit::hang_up(call, caller, Ends::Other);
    desk.wait_empty();
    desk.switch.wait_channels(0);
    Wav::read(&file(desk))
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}

/// Length and content of one file over park and retrieve. The caller talks all the time.
#[test]
fn a_recording_keeps_leaves_out_or_masks_the_wait() {
    for mode in ["keep", "pause", "mask"] {
        let Some(desk) = Scene::start_real(recorded(mode, "")) else { return };
        let (alice, carol) = (desk.phone("1000"), desk.phone("1002"));
        let began = Instant::now();
        let caller = alice.call_up("recorded");
        desk.action(&caller, "park");
        let (before, parked) = (seconds(began), Instant::now());
        std::thread::sleep(2 * PIECE);
        let call = carol.call_up("701");
        let (wait, talk) = (seconds(parked), Instant::now());
        two_way(&call, alice.voice(), &caller, carol.voice());
        desk.outcome(&caller, "retrieved");
        std::thread::sleep(PIECE);
        let after = seconds(talk);
        let wav = ended(&desk, &call, &caller);
        match mode {
            "keep" => wav.is(before + wait + after, 0.0),
            "pause" => wav.is(before + after, 0.0),
            _ => wav.is(before + wait + after, wait),
        }
    }
}

/// A retriever who hangs up at once leaves the caller in the orbit, and the recording quiet. The return step ends that.
#[test]
fn a_call_that_returns_is_recorded_again() {
    let returns = r#"<param name="max-wait" value="0"/><return><step to="user/1003@$${domain}" ring="20"/></return>"#;
    let Some(desk) = Scene::start_real(recorded("mask", returns)) else { return };
    let (alice, dave) = (desk.phone("1000"), desk.phone("1003"));
    let began = Instant::now();
    let caller = alice.call_up("recorded");
    desk.action(&caller, "park");
    let (before, parked) = (seconds(began), Instant::now());
    std::thread::sleep(PIECE);
    assert!(desk.api("return default 701").starts_with("+OK"));
    let call = dave.incoming(SOON);
    let (wait, talk) = (seconds(parked), Instant::now());
    two_way(&call, alice.voice(), &caller, dave.voice());
    desk.outcome(&caller, "returned");
    std::thread::sleep(PIECE);
    let after = seconds(talk);
    ended(&desk, &call, &caller).is(before + wait + after, wait);
}

/// What was masked before the call was parked is still masked afterwards; a command that takes the call out ends the wait.
#[test]
fn only_what_the_wait_has_changed_is_undone() {
    let Some(desk) = Scene::start_real(recorded("pause", "")) else { return };
    let alice = desk.phone("1000");
    let path = file(&desk);
    for masked in [true, false] {
        let began = Instant::now();
        let caller = alice.call("recorded");
        caller.wait_up(SOON);
        if masked {
            // By the name with which it was begun.
            let folder = desk.switch.api("global_getvar log_dir");
            let name = format!("{}/call.wav", folder.trim());
            let mask = format!("uuid_record {} mask {name}", caller.uuid());
            // The phone is up a moment before the recording begins.
            desk.switch.eventually(SOON, "a mask", || {
                desk.switch.api(&mask).starts_with("+OK").then_some(())
            });
        }
        desk.action(&caller, "park");
        let before = seconds(began);
        let parked = Instant::now();
        std::thread::sleep(PIECE);
        desk.switch.api(&format!("uuid_transfer {} 7777", caller.uuid()));
        desk.outcome(&caller, "transferred");
        let (wait, after) = (seconds(parked), Instant::now());
        std::thread::sleep(PIECE);
        let after = seconds(after);
        caller.hangup();
        desk.wait_empty();
        desk.switch.wait_channels(0);
        let wav = Wav::read(&path);
        match masked {
            // Nothing but a mask is in the way of a pause, and so it records on, silently.
            true => wav.is(before + wait + after, before + wait + after),
            false => wav.is(before + after, 0.0),
        }
    }
}

/// A recording that comes with the call (a transfer by the phone, a command) or begins while it waits is quiet as well.
#[test]
fn a_recording_that_comes_later_is_quiet_too() {
    let talk = [
        ("set", "recording_follow_transfer=true"),
        ("record_session", "$${log_dir}/call.wav"),
        ("bridge", "user/$1@$${domain}"),
    ];
    let setup = recorded("mask", "").extension("66(10[01]\\d)", &talk);
    let Some(desk) = Scene::start_real(setup) else { return };
    let (alice, bob, carol) = (desk.phone("1000"), desk.phone("1001"), desk.phone("1002"));
    for how in ["refer", "command", "later"] {
        let calling = alice.call_up("661001");
        let called = bob.incoming(SOON);
        two_way(&calling, bob.voice(), &called, alice.voice());
        let began = Instant::now();
        match how {
            "refer" => refer(&calling, "701", ReferredBy::Yes),
            _ => {
                assert!(desk.api(&format!("park {} default 701", called.uuid())).starts_with("+OK"))
            }
        }
        desk.action(&called, "park");
        let (before, parked) = (seconds(began), Instant::now());
        if how == "later" {
            let path = desk.switch.folder().join("log").join("later.wav");
            let command = format!("uuid_record {} start {}", called.uuid(), path.display());
            desk.switch.api(&command);
        }
        std::thread::sleep(PIECE);
        let call = carol.call_up("701");
        let (wait, talk) = (seconds(parked), Instant::now());
        two_way(&call, bob.voice(), &called, carol.voice());
        desk.outcome(&called, "retrieved");
        std::thread::sleep(PIECE);
        let after = seconds(talk);
        let wav = ended(&desk, &call, &called);
        calling.hangup();
        desk.switch.wait_channels(0);
        if how == "later" {
            Wav::read(&desk.switch.folder().join("log").join("later.wav")).is(wait + after, wait);
        }
        let silent = wav.silent();
        assert!((silent - wait).abs() < SLACK, "{how}: {silent} of {wait}, {before} before");
    }
}
