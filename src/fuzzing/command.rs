//! The command, as the console and the event socket get it.

use super::{lots, texts};
use crate::api;
use crate::config::Config;
use crate::module::Module;
use crate::park::{CallInfo, Caller, ParkRequest, Want, is_invisible};
use crate::service::effects;
use crate::switch::clock;

/// The longest answer, in bytes: three lots and a few calls take less, however long a line is.
const LONGEST: usize = 64 * 1024;

/// `<a line> 0xff <another>` to a switch in which nothing but this is parked.
pub fn command(data: &[u8]) {
    let [first, second] = texts(data);
    let (worker, _messages) = crossbeam_channel::unbounded();
    let module =
        Module::new(Config { lots: lots(), ..Config::default() }, 1, worker, effects::carry_out);
    for (uuid, lot) in [("u-1", "default"), ("u-2", "default"), ("u-3", "default@a.b")] {
        module.act(None, |park, now| {
            let info = CallInfo {
                parker: "1000@a.b".parse().ok(),
                note: (*second).into(),
                ..CallInfo::new(uuid.into(), Caller::new(&*second, &*first))
            };
            let lot = lot.parse().expect("a lot");
            let request = ParkRequest::by_administrator(info, lot, Want::Auto);
            drop(park.park(now, request));
        });
    }
    for line in [&*first, &*second] {
        let answer = api::answer(&module, line);
        assert!(answer.len() <= LONGEST, "{} bytes to {line:?}", answer.len());
        if answer.starts_with("-ERR ") || answer.starts_with("+OK ") {
            let one_line = answer.strip_suffix('\n').expect("an end of the line");
            assert!(!one_line.contains(char::is_control), "{answer:?} to {line:?}");
        } else if answer.starts_with('{') {
            serde_json::from_str::<serde_json::Value>(&answer).expect("JSON");
        } else if !answer.starts_with(['<']) && !line.contains("csv") {
            assert!(answer.lines().all(|line| !line.contains(is_invisible)), "{answer:?}");
        }
        module.look(|park| {
            for lot in park.lots() {
                let calls = park.calls(clock::now(), Some(&lot.lot)).len();
                assert_eq!(calls, lot.parked as usize, "{line:?}");
                assert!(lot.removed || lot.parked <= lot.capacity, "{line:?}");
            }
        });
    }
}
