//! What is left when nothing goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use kit::Phone;
use kit::phone::Subscription;
use serde_json::Value;

use crate::Town;
use crate::ledger::Tally;
use crate::place::{self, Kind, LAMPS};

/// So long may it take until the last trace of the traffic is gone; FreeSWITCH's BYE to a phone that is gone takes 32 s.
const PATIENCE: Duration = Duration::from_secs(60);
/// So long may a profile that is restarted be away: mod_sofia waits up to two minutes for a dialog that does not end.
const PROFILE_RESTARTS: Duration = Duration::from_secs(150);
/// So long until FreeSWITCH has ended what it kept for the next call, but for so much.
const SETTLES: Duration = Duration::from_secs(20);
const THREADS: u64 = 12;
const DESCRIPTORS: usize = 24;

/// mod_sofia tells phones one after the other: so long may it need, and so long is worth a line.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);
const LATE: Duration = Duration::from_secs(5);
/// A subscription lasts an hour.
const SUBSCRIBED: Duration = Duration::from_secs(40 * 60);

/// What must not happen, in the order of the columns.
pub const COLUMNS: [&str; 12] = [
    "orbits", "channels", "sessions", "lamps", "threads", "files", "none", "twice", "merged",
    "lost", "panics", "health",
];

/// One look: what must not happen, how many times it did, and what there was.
pub struct Row {
    pub wrong: [usize; COLUMNS.len()],
    pub told: Vec<String>,
    pub tally: Tally,
    pub rss_kib: u64,
    pub drained: Duration,
}

/// What is carried from look to look.
pub struct Watch<'a> {
    phone: &'a Phone,
    /// Lamps that the phone watches all the time, whatever is taken away meanwhile, and since when.
    lamps: Vec<Lamp>,
    since: Instant,
    /// Threads and files at the first look.
    least: Option<(u64, usize)>,
}

type Lamp = (&'static str, Subscription);

impl<'a> Watch<'a> {
    pub fn new(phone: &'a Phone) -> Self {
        Self { phone, lamps: subscribe(phone), since: Instant::now(), least: None }
    }
}

fn subscribe(phone: &Phone) -> Vec<Lamp> {
    LAMPS.map(|name| (name, phone.subscribe(&format!("park+{name}"), "dialog"))).into()
}

/// Waits until the traffic has ended, and looks.
pub fn look(town: &Town, watch: &mut Watch) -> Row {
    let begun = Instant::now();
    let mut told = Vec::new();
    let drained = || town.working.load(Ordering::SeqCst) == 0;
    while !drained() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
    }
    // The last one read may have been the wrong one.
    town.switch.write_callpark_conf(Some(&place::configuration(Kind::First)));
    let _ = town.switch.try_api("callpark reload");
    let mut left = leftovers(town);
    while left != [0, 0, 0] && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(250));
        left = leftovers(town);
    }
    let drained = begun.elapsed();
    let [orbits, channels, sessions] = left;
    if left != [0, 0, 0] {
        told.push(town.switch.try_api("callpark list").unwrap_or_default());
        told.push(town.switch.try_api("show channels").unwrap_or_default());
    }
    // FreeSWITCH ends threads that have had nothing to do for some seconds.
    let used = || (town.switch.threads(), town.switch.descriptors());
    let (fewest, least) = *watch.least.get_or_insert_with(|| {
        std::thread::sleep(SETTLES);
        used()
    });
    let (mut threads, mut files) = used();
    let settle = Instant::now() + SETTLES;
    while (threads > fewest + THREADS || files > least + DESCRIPTORS) && Instant::now() < settle {
        std::thread::sleep(Duration::from_millis(500));
        (threads, files) = used();
    }
    kit::eventually(PROFILE_RESTARTS, "the SIP profile runs", || {
        town.switch.takes_calls().then_some(())
    });
    let lit = lamps(town, watch, &mut told);
    let health = town.switch.try_api("callpark health json").unwrap_or_default();
    let unwell = usize::from(!health.starts_with(r#"{"ok":true"#));
    if unwell > 0 {
        told.push(health);
    }
    let panics = panics(town, &mut told);
    let tally = town.ledger.settle();
    for (what, all) in [
        ("no outcome", &tally.without),
        ("outcomes", &tally.twice),
        ("merged", &tally.merged),
        ("lost", &tally.lost),
    ] {
        told.extend(all.iter().map(|one| format!("{what}: {one}")));
    }
    let wrong = [
        orbits,
        channels,
        sessions,
        lit,
        threads.saturating_sub(fewest + THREADS) as usize,
        files.saturating_sub(least + DESCRIPTORS),
        tally.without.len(),
        tally.twice.len(),
        tally.merged.len(),
        tally.lost.len(),
        panics,
        unwell,
    ];
    Row { wrong, told, tally, rss_kib: town.switch.rss_kib(), drained }
}

/// Orbits that are not free, channels that are listed, and sessions that exist: one that somebody still holds a lock of has
/// lost its channel's last event, but not itself.
fn leftovers(town: &Town) -> [usize; 3] {
    let api = |command: &str| town.switch.try_api(command).unwrap_or_default();
    let status: Value = serde_json::from_str(&api("callpark status json")).unwrap_or_default();
    let number = |lot: &Value, of: &str| lot[of].as_u64().unwrap_or(0) as usize;
    let orbits = status["lots"].as_array().map_or(1, |lots| {
        lots.iter().map(|lot| number(lot, "parked") + number(lot, "reserved")).sum()
    });
    let first = |text: &str| text.split_whitespace().next().and_then(|word| word.parse().ok());
    let status = api("status");
    let sessions = status.lines().find(|line| line.contains("session(s) - peak")).and_then(first);
    [orbits, first(&api("show channels count")).unwrap_or(1), sessions.unwrap_or(1)]
}

/// How many lamps are lit, for a phone that has watched them all the time and as it sees them that begins to look now.
fn lamps(town: &Town, watch: &mut Watch, told: &mut Vec<String>) -> usize {
    // Orbits that an administrator closed may shine.
    let _ = town.switch.try_api("callpark open default");
    let _ = town.switch.try_api("callpark open quick");
    std::thread::sleep(Duration::from_secs(1));
    let mut lit = watch.lamps.iter().filter(|lamp| is_lit(lamp, "watched", told)).count();
    let new = subscribe(watch.phone);
    lit += new.iter().filter(|lamp| is_lit(lamp, "new", told)).count();
    let over = if watch.since.elapsed() < SUBSCRIBED {
        new
    } else {
        watch.since = Instant::now();
        std::mem::replace(&mut watch.lamps, new)
    };
    for (_, lamp) in over {
        // A profile that was restarted knows nothing of the dialog.
        let _ = catch_unwind(AssertUnwindSafe(|| lamp.end()));
    }
    lit
}

fn is_lit((name, lamp): &Lamp, which: &str, told: &mut Vec<String>) -> bool {
    let begun = Instant::now();
    let dark = || lamp.last().is_some_and(|notify| notify.body.contains("terminated"));
    while !dark() && begun.elapsed() < SHOWN_WITHIN {
        std::thread::sleep(Duration::from_millis(50));
    }
    let (lit, took) = (!dark(), begun.elapsed());
    if lit || took > LATE {
        told.push(format!("{which} lamp {name}, after {took:.1?}: {:?}", lamp.last()));
    }
    lit
}

fn panics(town: &Town, told: &mut Vec<String>) -> usize {
    let log = town.switch.log();
    // mod_sofia says CRIT while it waits for the calls of a profile that is restarted.
    let ours = |line: &&str| {
        line.contains("panick") || (line.contains("[CRIT]") && !line.contains("] sofia.c:"))
    };
    let all: Vec<&str> = log.lines().filter(ours).collect();
    let before = town.panics.swap(all.len(), Ordering::Relaxed);
    let new = all.get(before..).unwrap_or_default();
    told.extend(new.iter().take(5).map(|line| (*line).to_owned()));
    new.len()
}
