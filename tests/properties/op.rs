//! Everything that can be done.

use proptest::prelude::*;

/// How many channels there are; few, so that they come back.
pub const UUIDS: u8 = 14;

#[derive(Clone, Debug)]
pub enum Op {
    Park {
        uuid: u8,
        lot: u8,
        orbit: Option<u8>,
        timeout: u8,
        steps: u8,
        priority: u8,
        parker: bool,
    },
    Reserve {
        uuid: u8,
        lot: u8,
        orbit: Option<u8>,
        ttl: u8,
    },
    Unreserve {
        uuid: u8,
    },
    Take {
        uuid: u8,
    },
    TakeOrbit {
        lot: u8,
        orbit: u8,
    },
    TakeNext {
        lot: u8,
    },
    Answer {
        uuid: u8,
        stale: bool,
    },
    Exit {
        uuid: u8,
    },
    Callback {
        uuid: u8,
    },
    Tried {
        attempt: u8,
        how: u8,
    },
    Unclaim {
        uuid: u8,
        stale: bool,
    },
    Complete {
        uuid: u8,
        stale: bool,
    },
    Replace {
        uuid: u8,
        by: u8,
        awaited: bool,
    },
    Gone {
        uuid: u8,
        end: u8,
    },
    StepFailed {
        uuid: u8,
        stale: bool,
    },
    Wait {
        ms: u16,
    },
    Due,
    Move {
        uuid: u8,
        lot: u8,
        orbit: Option<u8>,
    },
    Set {
        uuid: u8,
        what: u8,
        value: u8,
    },
    ReturnNow {
        uuid: u8,
    },
    Drop {
        uuid: u8,
    },
    Close {
        lot: u8,
        orbit: Option<u8>,
    },
    Open {
        lot: u8,
        orbit: Option<u8>,
    },
    Reload {
        config: u8,
    },
}

/// Any of it, the usual more often.
pub fn op() -> impl Strategy<Value = Op> {
    let uuid = || 0..UUIDS;
    let lot = || 0u8..6;
    let orbit = || prop::option::of(0u8..8);
    prop_oneof![
        8 => (uuid(), lot(), orbit(), 0u8..4, 0u8..7, 0u8..10, any::<bool>()).prop_map(
            |(uuid, lot, orbit, timeout, steps, priority, parker)| Op::Park {
                uuid, lot, orbit, timeout, steps, priority, parker
            }
        ),
        2 => (uuid(), lot(), orbit(), 0u8..3)
            .prop_map(|(uuid, lot, orbit, ttl)| Op::Reserve { uuid, lot, orbit, ttl }),
        1 => uuid().prop_map(|uuid| Op::Unreserve { uuid }),
        2 => uuid().prop_map(|uuid| Op::Take { uuid }),
        1 => (lot(), 0u8..8).prop_map(|(lot, orbit)| Op::TakeOrbit { lot, orbit }),
        2 => lot().prop_map(|lot| Op::TakeNext { lot }),
        3 => (uuid(), any::<bool>()).prop_map(|(uuid, stale)| Op::Answer { uuid, stale }),
        1 => uuid().prop_map(|uuid| Op::Exit { uuid }),
        1 => uuid().prop_map(|uuid| Op::Callback { uuid }),
        1 => (any::<u8>(), 0u8..3).prop_map(|(attempt, how)| Op::Tried { attempt, how }),
        3 => (uuid(), any::<bool>()).prop_map(|(uuid, stale)| Op::Unclaim { uuid, stale }),
        3 => (uuid(), any::<bool>()).prop_map(|(uuid, stale)| Op::Complete { uuid, stale }),
        3 => (uuid(), uuid(), any::<bool>())
            .prop_map(|(uuid, by, awaited)| Op::Replace { uuid, by, awaited }),
        2 => (uuid(), 0u8..2).prop_map(|(uuid, end)| Op::Gone { uuid, end }),
        3 => (uuid(), any::<bool>()).prop_map(|(uuid, stale)| Op::StepFailed { uuid, stale }),
        2 => (0u16..9_000).prop_map(|ms| Op::Wait { ms }),
        4 => Just(Op::Due),
        2 => (uuid(), lot(), orbit()).prop_map(|(uuid, lot, orbit)| Op::Move { uuid, lot, orbit }),
        2 => (uuid(), 0u8..4, 0u8..12).prop_map(|(uuid, what, value)| Op::Set { uuid, what, value }),
        1 => uuid().prop_map(|uuid| Op::ReturnNow { uuid }),
        1 => uuid().prop_map(|uuid| Op::Drop { uuid }),
        1 => (lot(), orbit()).prop_map(|(lot, orbit)| Op::Close { lot, orbit }),
        2 => (lot(), orbit()).prop_map(|(lot, orbit)| Op::Open { lot, orbit }),
        1 => (0u8..7).prop_map(|config| Op::Reload { config }),
    ]
}
