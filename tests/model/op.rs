//! Steps as they are drawn: what kind, and numbers that pick whom it concerns among those that are there by then. So a part
//! of a sequence can be played by itself.

use fastrand::Rng;

/// A step.
#[derive(Clone, Debug)]
pub enum Op {
    /// One thing, and the switch comes to rest.
    One(Do),
    /// Two things: the second so many ms after the first has begun.
    Race(Do, u64, Do),
}

/// One thing to do.
#[derive(Clone, Debug)]
pub struct Do {
    pub kind: Kind,
    picks: [u32; 6],
}

/// What kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody dials.
    Dial,
    /// Somebody hangs up.
    HangUp,
    /// Two dial the same orbit at once.
    TwoRetrievers,
    /// Somebody presses keys.
    Keys,
    /// A blind transfer: by the phone where there are phones, else `uuid_transfer -bleg`.
    Blind,
    /// `uuid_transfer`.
    Transfer,
    /// `uuid_transfer -both`.
    TransferBoth,
    /// `uuid_bridge`.
    Bridge,
    /// `uuid_break`.
    Break,
    /// `callpark park`.
    Park,
    /// `callpark retrieve … <uuid>`.
    RetrieveLeg,
    /// `callpark retrieve … <dial string>`.
    RetrieveDial,
    /// `callpark move`.
    Move,
    /// `callpark set`.
    Set,
    /// `callpark return`.
    Return,
    /// `callpark drop`.
    Drop,
    /// `callpark close`.
    Close,
    /// `callpark open`.
    Open,
    /// `callpark reload` of another configuration.
    Reload,
    /// The command with arguments that make no sense.
    Nonsense,
    /// `unload` and `load`; by force, or not.
    Module,
    /// Time passes: deadlines come.
    Wait,
    /// Everybody hangs up: nothing may be left.
    Clear,
    /// Only phones: hold and resume.
    Hold,
    /// Only phones: attended transfer, complete in every state of the consultation call.
    Attended,
    /// Only phones: a consultation call to an orbit, completed at once.
    Rush,
    /// An application as a private event: `uuid_broadcast`.
    Broadcast,
    /// A feature code: the other party is parked.
    Feature,
}

/// How often each is drawn; and whether it can be half of a race.
const KINDS: [(Kind, u32, bool); 28] = [
    (Kind::Dial, 260, true),
    (Kind::HangUp, 110, true),
    (Kind::TwoRetrievers, 30, false),
    (Kind::Keys, 20, true),
    (Kind::Blind, 80, true),
    (Kind::Transfer, 50, true),
    (Kind::TransferBoth, 10, true),
    (Kind::Bridge, 20, true),
    (Kind::Break, 10, true),
    (Kind::Park, 50, true),
    (Kind::RetrieveLeg, 50, true),
    (Kind::RetrieveDial, 25, true),
    (Kind::Move, 25, true),
    (Kind::Set, 20, true),
    (Kind::Return, 35, true),
    (Kind::Drop, 15, true),
    (Kind::Close, 6, true),
    (Kind::Open, 14, true),
    (Kind::Reload, 8, true),
    (Kind::Nonsense, 15, false),
    (Kind::Module, 3, false),
    (Kind::Wait, 12, false),
    (Kind::Clear, 22, false),
    (Kind::Hold, 25, true),
    (Kind::Attended, 60, false),
    (Kind::Rush, 30, false),
    (Kind::Broadcast, 15, true),
    (Kind::Feature, 40, true),
];

impl Op {
    pub fn random(rng: &mut Rng) -> Op {
        if rng.u32(..5) > 0 {
            return Op::One(Do::random(rng, false));
        }
        let first = Do::random(rng, true);
        // Half of them at once.
        let after = if rng.bool() { rng.u64(..6) } else { rng.u64(..60) };
        Op::Race(first, after, Do::random(rng, true))
    }

    /// What kinds of things are in it.
    pub fn kinds(&self) -> Vec<Kind> {
        match self {
            Op::One(one) => vec![one.kind],
            Op::Race(first, _, then) => vec![first.kind, then.kind],
        }
    }
}

impl Do {
    fn random(rng: &mut Rng, race: bool) -> Do {
        let kinds = KINDS.iter().filter(|(.., races)| *races || !race);
        let all: u32 = kinds.clone().map(|(_, weight, _)| weight).sum();
        let mut at = rng.u32(..all);
        let mut kinds = kinds.skip_while(|(_, weight, _)| {
            let over = at >= *weight;
            at = at.saturating_sub(*weight);
            over
        });
        let kind = kinds.next().map_or(Kind::Clear, |(kind, ..)| *kind);
        Do { kind, picks: std::array::from_fn(|_| rng.u32(..)) }
    }

    /// One of so many, by the `n`th pick.
    pub fn index(&self, n: usize, of: usize) -> usize {
        self.picks[n] as usize % of.max(1)
    }

    /// One of these.
    pub fn pick<'a, T>(&self, n: usize, from: &'a [T]) -> Option<&'a T> {
        from.get(self.index(n, from.len()))
    }

    /// True in so many of a hundred.
    pub fn chance(&self, n: usize, percent: usize) -> bool {
        // Not the digits that picked something else.
        (self.picks[n] / 65_537) as usize % 100 < percent
    }
}
