//! The lots, orbits and channels it is done to.

use mod_callpark::park::*;

use crate::world::{COMFORT_EVERY, MAX_WAIT};

/// Those of the configurations, and two that are made where lots are.
pub const LOTS: [&str; 6] = ["a", "b", "a@x.com", "c@x.com", "m@y.com", "n@z.com"];
/// How many of them are in the configurations.
pub const CONFIGURED: usize = 4;
/// What a call for a lot that is made wants which does not name an orbit.
pub const BETWEEN: [&str; 3] = ["7", "8", "9"];
pub const ORBITS: [&str; 8] = ["7", "8", "9", "10", "11", "12", "*1", "*2"];

/// Whether no configuration has that lot.
pub fn is_made(lot: &LotKey) -> bool {
    LOTS[CONFIGURED..].contains(&lot.to_string().as_str())
}

pub fn place(lot: &LotKey, orbit: &OrbitName) -> OrbitKey {
    OrbitKey { lot: lot.clone(), orbit: orbit.clone() }
}

pub fn orbit(orbit: u8) -> OrbitName {
    ORBITS[usize::from(orbit) % ORBITS.len()].parse().unwrap()
}

pub fn uuid(n: u8) -> CallUuid {
    CallUuid::new(format!("call-{n}"))
}

pub fn want_in(lot: &LotKey, wanted: Option<u8>) -> Want {
    let any = if is_made(lot) { Want::Between(7, 9) } else { Want::Auto };
    wanted.map_or(any, |n| Want::Orbit(orbit(n)))
}

pub fn steps(n: u8) -> Option<std::sync::Arc<[Step]>> {
    let text = [
        "",
        "parker ring=3",
        "user/1 ring=2|parker repeat=2|user/2",
        "parker|transfer:40",
        "none",
        "remind ring=1|callback ring=2|hangup:USER_BUSY",
        "callback ring=2|remind:message",
    ];
    let text = text[usize::from(n) % text.len()];
    (!text.is_empty()).then(|| Step::parse_list(text).unwrap())
}

/// The orbits of each lot, and the lot itself, in each of the configurations a reload may bring.
pub fn configuration(n: u8) -> Vec<(LotConfig, Vec<&'static str>)> {
    let lot = |name: &str, ranges: &str, orbits: &[&'static str]| {
        let ranges = OrbitRange::parse_list(ranges).unwrap();
        let mut config = LotConfig::new(name.parse().unwrap(), ranges);
        config.timeout = Timeout::fixed(5_000);
        config.comfort = Some("phrase:x".to_owned());
        config.comfort_every_ms = COMFORT_EVERY;
        config.max_wait_ms = MAX_WAIT;
        config.returns = steps(2).unwrap();
        (config, orbits.to_vec())
    };
    let mut lots = match n {
        0 | 1 => vec![
            lot("a", "7-9", &["7", "8", "9"]),
            lot("b", "10-12,*1", &["10", "11", "12", "*1"]),
            lot("a@x.com", "9-10", &["9", "10"]),
            lot("c@x.com", "11-12", &["11", "12"]),
        ],
        2 => vec![
            lot("a", "7-9,*1-*2", &["7", "8", "9", "*1", "*2"]),
            lot("b", "10-12", &["10", "11", "12"]),
            lot("c@x.com", "7-12", &["7", "8", "9", "10", "11", "12"]),
        ],
        3 => vec![
            lot("b", "7-11", &["7", "8", "9", "10", "11"]),
            lot("a@x.com", "9-10", &["9", "10"]),
        ],
        4 => vec![lot("a", "7", &["7"])],
        5 => vec![],
        _ => vec![
            lot("a", "8-10", &["8", "9", "10"]),
            lot("b", "7,11-12", &["7", "11", "12"]),
            lot("c@x.com", "9-12,*1", &["9", "10", "11", "12", "*1"]),
        ],
    };
    let assigns = [Assign::First, Assign::Next, Assign::LongestFree, Assign::Random];
    for (at, (config, _)) in lots.iter_mut().enumerate() {
        config.assign = assigns[(at + usize::from(n)) % 4];
        config.when_full = match (n, at) {
            (1, _) => WhenFull::Lot("b".into()),
            (2 | 6, 0) => WhenFull::Lot("b".into()),
            (_, 1) => WhenFull::Parker,
            _ => WhenFull::Continue,
        };
        if n == 2 {
            config.after_return = AfterReturn::Hangup(AfterReturn::CAUSE);
            config.max_returns = Some(2);
        }
        if n == 6 {
            config.when_occupied = [WhenOccupied::Continue, WhenOccupied::Parker][at % 2];
            config.timeout = Timeout::fixed(0);
            config.after_return = AfterReturn::Transfer("40".parse().unwrap());
        }
    }
    lots
}
