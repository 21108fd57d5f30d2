//! The file of the journal is in trouble: it cannot be made or written, is full, locked or damaged. Parking goes on, one line of
//! the log says so, `callpark health` says since when, and nothing that ended is missing afterwards.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use kit::{SOON, skipped};
use rusqlite::Connection;

use super::journal::{Place, history, part, verified, with_settings, works};
use super::lot::Scene;

/// How many lines of the log say that.
fn lines(scene: &Scene, text: &str) -> usize {
    let log = scene.switch.log();
    log.lines().filter(|line| line.contains("[CRIT]") && line.contains(text)).count()
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("a time")
}

/// Parks and retrieves until `callpark health` says that something is wrong, and since when. The trouble was made at `begun`.
fn until_wrong(scene: &Scene, callers: &mut Vec<String>, begun: u64) {
    let end = Instant::now() + 2 * SOON;
    while part(scene)["ok"] == true && Instant::now() < end {
        callers.push(works(scene));
    }
    let part = part(scene);
    assert_eq!(part["ok"], false, "{part}");
    let since_ms = part["since_ms"].as_u64().expect("a time");
    assert!((begun..=now_ms()).contains(&since_ms), "{part}, begun {begun}");
}

fn until_right(scene: &Scene) {
    scene
        .switch
        .eventually(2 * SOON, "it is written again", || (part(scene)["ok"] == true).then_some(()));
}

/// Each of these calls is in the history with its end.
fn all_retrieved(scene: &Scene, callers: &[String]) {
    let calls = history(scene, "limit=1000");
    for caller in callers {
        let found: Vec<_> = calls.iter().filter(|call| call["uuid"] == **caller).collect();
        assert!(found.len() == 1 && found[0]["outcome"] == "retrieved", "{caller}: {found:?}");
    }
    assert_eq!(calls.len(), callers.len());
    verified(scene);
}

#[test]
fn a_locked_file_disturbs_nobody() {
    let place = Place::new();
    let path = place.0.join("journal.sqlite");
    let scene = Scene::start(with_settings(&[("journal-path", &path.display().to_string())]));
    let mut callers = vec![works(&scene)];
    verified(&scene);
    let other = Connection::open(&path).expect("the journal");
    other.busy_timeout(SOON).expect("patience");
    let begun = now_ms();
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    until_wrong(&scene, &mut callers, begun);
    callers.push(works(&scene));
    assert!(part(&scene)["text"].to_string().contains("locked"), "{}", part(&scene));
    other.execute_batch("COMMIT").expect("the end of the lock");
    until_right(&scene);
    all_retrieved(&scene, &callers);
    assert_eq!(lines(&scene, "the journal cannot be written"), 1);
}

/// A disk returns something else than what was written to it.
#[test]
fn a_file_that_is_damaged_is_put_aside() {
    let place = Place::new();
    let path = place.0.join("journal.sqlite");
    let scene = Scene::start(with_settings(&[("journal-path", &path.display().to_string())]));
    let mut callers: Vec<String> = (0..10).map(|_| works(&scene)).collect();
    verified(&scene);
    let other = Connection::open(&path).expect("the journal");
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("a checkpoint");
    drop(other);
    let length = usize::try_from(fs::metadata(&path).expect("a file").len()).expect("its length");
    let mut file = fs::OpenOptions::new().write(true).open(&path).expect("the file");
    file.seek(SeekFrom::Start(4096)).expect("its second page");
    file.write_all(&vec![0xa5; length - 4096]).expect("damage");
    drop(file);
    let (before, end) = (callers.len(), Instant::now() + 2 * SOON);
    while lines(&scene, "the journal was damaged") == 0 && Instant::now() < end {
        callers.push(works(&scene));
    }
    callers.push(works(&scene));
    until_right(&scene);
    // What was in the old file is there. What came after the damage is in the new one.
    let calls = history(&scene, "limit=1000");
    let kept = |caller: &String| {
        calls.iter().any(|call| call["uuid"] == **caller && call["outcome"] == "retrieved")
    };
    assert!(callers[before + 1..].iter().all(kept), "{calls:?}");
    let aside = fs::read_dir(&place.0)
        .expect("a folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    assert!(aside.into_iter().any(|name| name.starts_with("journal.sqlite.")), "the old file");
    assert_eq!(lines(&scene, "the journal was damaged"), 1);
    verified(&scene);
}

#[test]
fn a_folder_that_is_not_there_yet_disturbs_nobody() {
    let place = Place::new();
    let late = place.0.join("late");
    let path = late.join("journal.sqlite");
    let scene = Scene::start(with_settings(&[("journal-path", &path.display().to_string())]));
    let caller = works(&scene);
    scene
        .switch
        .eventually(SOON, "the journal is wrong", || (part(&scene)["ok"] == false).then_some(()));
    fs::create_dir(&late).expect("a folder");
    scene
        .switch
        .eventually(2 * SOON, "it is all right", || (part(&scene)["ok"] == true).then_some(()));
    assert_eq!(history(&scene, "").remove(0)["uuid"], caller);
    verified(&scene);
}

/// First it can only be read, and then it is full.
#[test]
fn a_disk_that_cannot_be_written_disturbs_nobody() {
    let place = Place::new();
    let mut begun = now_ms();
    let Some(_mounted) = Mounted::on(&place.0) else { return };
    let path = place.0.join("journal.sqlite");
    let scene = Scene::start(with_settings(&[("journal-path", &path.display().to_string())]));
    let mut callers = vec![works(&scene)];
    let filler = place.0.join("filler");
    for trouble in ["read-only", "full"] {
        if trouble == "full" {
            begun = now_ms();
            // It writes what fits, and fails.
            fs::write(&filler, vec![7; 4 << 20]).expect_err("no room");
        }
        // There may be room in pages that are allocated already.
        until_wrong(&scene, &mut callers, begun);
        callers.push(works(&scene));
        match trouble {
            "full" => fs::remove_file(&filler).expect("room"),
            _ => mount(&["-o", "remount,rw", &place.0.display().to_string()]),
        }
        until_right(&scene);
    }
    all_retrieved(&scene, &callers);
    assert!((1..=2).contains(&lines(&scene, "the journal cannot be written")), "one line each");
}

/// A small file system, which can only be read at first.
struct Mounted(PathBuf);

impl Mounted {
    fn on(path: &Path) -> Option<Self> {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=1m,ro", "tmpfs"]).arg(path);
        if !command.output().is_ok_and(|output| output.status.success()) {
            skipped("root, to mount a small file system");
            return None;
        }
        Some(Mounted(path.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str]) {
    let status = Command::new("mount").args(arguments).status().expect("mount");
    assert!(status.success(), "mount {arguments:?}");
}
