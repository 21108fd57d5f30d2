//! The hostile callers: 20 messages a second of every kind, a caller who leaves and enters a menu, and one whose feature
//! code parks under a name that is a dial string.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kit::hostile::{Attacker, Draft, kinds};
use kit::phone::Phase;
use kit::{Phone, Switch};

use crate::place::Traps;

const EVERY: Duration = Duration::from_millis(50);
/// Lamps of domains that are made up, among each round of the other kinds.
const PROBES: usize = 60;
/// What a feature code is to dial, if its user is taken as it comes.
const LEGS: [&str; 3] =
    ["x,loopback/9999/default/XML,x", "x,user/1015,x", "1%5D,loopback%2F9999%2Fdefault%2FXML"];

pub struct Mix {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    attacker: Arc<Attacker>,
    threads: Vec<JoinHandle<()>>,
}

impl Mix {
    pub fn start(switch: &Switch, traps: &Traps) -> Mix {
        let stop = Arc::new(AtomicBool::new(false));
        let sent = Arc::new(AtomicU64::new(0));
        let attacker = Arc::new(Attacker::new(switch));
        let mut threads = Vec::new();
        let file = traps.file.display().to_string();
        let (off, count, eve) = (Arc::clone(&stop), Arc::clone(&sent), Arc::clone(&attacker));
        threads.push(std::thread::spawn(move || flood(&eve, &file, &count, &off)));
        let mut phones: Vec<(Phone, &str, &str)> = LEGS
            .iter()
            .map(|user| (Phone::new(switch, user).contact_user("eve"), "feature", "*1"))
            .collect();
        phones.push((Phone::new(switch, "eve"), "ivr", "000000"));
        for (phone, number, keys) in phones {
            let phone = phone.domain("evil.example");
            let off = Arc::clone(&stop);
            threads.push(std::thread::spawn(move || press(&phone, number, keys, &off)));
        }
        Mix { stop, sent, attacker, threads }
    }

    /// How many messages were sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How many calls the hostile caller got.
    pub fn rung(&self) -> u64 {
        self.attacker.rung()
    }
}

impl Drop for Mix {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// One of each kind, in another order every time.
fn round(file: &str) -> Vec<Draft> {
    let mut all = kinds::calls("visit", file);
    all.extend(kinds::requests());
    all.extend(kinds::noise());
    for _ in 0..PROBES {
        let domain = format!("x{:x}.example", fastrand::u64(..));
        let probe = Draft::new("a made-up domain", "SUBSCRIBE", "park+701");
        let probe = probe.to(format!("sip:park+5001@{domain}"));
        all.push(probe.header("Event", "dialog").header("Expires", "20"));
    }
    fastrand::shuffle(&mut all);
    all
}

fn flood(attacker: &Attacker, file: &str, sent: &AtomicU64, stop: &AtomicBool) {
    let mut next = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        for draft in round(file) {
            attacker.send(&draft);
            sent.fetch_add(1, Ordering::Relaxed);
            next += EVERY;
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            if stop.load(Ordering::Relaxed) {
                return;
            }
        }
        attacker.forget();
    }
}

/// Calls that number, presses these keys one after another, and begins again.
fn press(phone: &Phone, number: &str, keys: &str, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let call = phone.call(&format!("sip:{number}@{}", kit::DOMAIN));
        let end = Instant::now() + Duration::from_secs(5);
        while call.phase() < Phase::Up && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        for key in keys.chars() {
            if call.phase() == Phase::Up {
                call.dtmf(&key.to_string());
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        call.hangup();
        std::thread::sleep(Duration::from_millis(500));
        phone.forget_ended();
    }
}
