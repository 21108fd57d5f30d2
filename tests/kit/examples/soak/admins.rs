//! Administrators: every verb, on whatever there is; reloads good and bad; and from time to time the module is unloaded or the
//! SIP profile restarted.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Town;
use crate::place::{self, DESKS, Kind};

/// How often the module or the profile is taken away.
const SHAKEN_EVERY: Duration = Duration::from_secs(15);

/// Verb after verb, until it is over.
pub fn ask(town: &Town) {
    let mut esl = town.switch.esl_patient();
    while !town.over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(fastrand::u64(20..250)));
        if town.paused.load(Ordering::SeqCst) {
            continue;
        }
        town.working.fetch_add(1, Ordering::SeqCst);
        let list = esl.api("callpark list json").unwrap_or_default();
        let list: Value = serde_json::from_str(&list).unwrap_or_default();
        let calls = list["calls"].as_array().cloned().unwrap_or_default();
        let call = calls.get(fastrand::usize(..calls.len().max(1))).cloned().unwrap_or_default();
        match esl.api(&verb(&call)) {
            Ok(_) => drop(town.did.verbs.fetch_add(1, Ordering::Relaxed)),
            // Whatever answer comes late is not taken for the next one.
            Err(_) => esl = town.switch.esl_patient(),
        }
        town.working.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One of all verbs, about that call where it is about one.
fn verb(call: &Value) -> String {
    let lot = call["lot"].as_str().unwrap_or("default");
    let orbit = call["orbit"].as_str().unwrap_or("7001");
    let uuid = call["uuid"].as_str().unwrap_or("none");
    let desk = format!("10{:02}", fastrand::u32(..DESKS));
    let seconds = fastrand::u32(1..4);
    let verbs = [
        "callpark status json".into(),
        "callpark list csv".into(),
        format!("callpark show {lot} {orbit} json"),
        "callpark health json".into(),
        "callpark callbacks json".into(),
        "callpark version".into(),
        "callpark help".into(),
        format!("callpark move {lot} {orbit} quick auto"),
        format!("callpark move {lot} {orbit} default auto"),
        format!("callpark set {lot} {orbit} timeout {seconds}"),
        format!("callpark set {lot} {orbit} priority {seconds}"),
        format!("callpark set {lot} {orbit} note a note, with \"quotes\""),
        format!("callpark set {lot} {orbit} for {desk}@test.local"),
        format!("callpark return {lot} {orbit}"),
        format!("callpark drop {lot} {orbit} CALL_REJECTED"),
        format!("callpark close {lot} {orbit}"),
        format!("callpark open {lot}"),
        format!("callpark retrieve {lot} {orbit} user/{desk}@test.local"),
        format!("callpark park {uuid} default auto"),
        format!("callpark nonsense {lot}"),
        format!("callpark may {desk}@test.local retrieve {lot} {orbit}"),
        format!("callpark link {lot} {orbit} {desk}@test.local {seconds}"),
        format!("callpark callback cancel {seconds}"),
        "callpark streams json".into(),
        "callpark doctor json".into(),
        "callpark import valet".into(),
        "callpark webhooks list".into(),
        "callpark history json".into(),
        "callpark at 2026-01-01T00:00:00Z json".into(),
        "callpark report waits json".into(),
        "callpark audit json".into(),
        "callpark export 0100".into(),
        "callpark journal verify".into(),
        "callpark journal rebuild".into(),
        "callpark checkpoint".into(),
    ];
    verbs[fastrand::usize(..verbs.len())].clone()
}

/// Reloads, and shakes the switch.
pub fn shake(town: &Town) {
    let mut esl = town.switch.esl_patient();
    let mut next = Instant::now() + SHAKEN_EVERY;
    while !town.over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(700));
        if town.paused.load(Ordering::SeqCst) {
            continue;
        }
        town.working.fetch_add(1, Ordering::SeqCst);
        let kind = [Kind::First, Kind::Other, Kind::Wrong][fastrand::usize(..3)];
        town.switch.write_callpark_conf(Some(&place::configuration(kind)));
        let _ = esl.api(if fastrand::bool() { "reloadxml" } else { "callpark reload" });
        if Instant::now() > next {
            // What is read when the module is loaded again must be right.
            town.switch.write_callpark_conf(Some(&place::configuration(Kind::First)));
            let _ = esl.api("reloadxml");
            next = Instant::now() + SHAKEN_EVERY;
            town.shakes.fetch_add(1, Ordering::SeqCst);
            let did = &town.did;
            let mut does = |command: &str, count: &AtomicU32| match esl.api(command) {
                Ok(answer) => {
                    count.fetch_add(u32::from(!answer.starts_with("-ERR")), Ordering::Relaxed);
                }
                Err(_) => esl = town.switch.esl_patient(),
            };
            match fastrand::u8(..3) {
                kind @ 0..2 => {
                    let unload = ["unload -f mod_callpark", "unload mod_callpark"];
                    does(unload[usize::from(kind)], &did.unloads);
                    does("load mod_callpark", &did.loads);
                }
                _ => does("sofia profile internal restart", &did.restarts),
            }
            std::thread::sleep(Duration::from_secs(1));
            town.shakes.fetch_add(1, Ordering::SeqCst);
        }
        town.working.fetch_sub(1, Ordering::SeqCst);
    }
}
