//! Plays a sequence on a switch of its own; and plays parts of one that failed, to find the shortest.

use std::time::{Duration, Instant};

use crate::act::Stage;
use crate::check;
use crate::hands::{Hands, NullLegs};
use crate::office::Office;
use crate::op::{Kind, Op};
use crate::phones::Phones;
use crate::world::World;

/// A switch, and what is to be done to it.
pub struct Lane {
    seed: u64,
    ops: Vec<Step>,
}

/// A step, and its number in the whole sequence.
type Step = (usize, Op);

/// A sequence that failed.
pub struct Failure {
    seed: u64,
    ops: Vec<Step>,
    why: String,
    trail: Vec<String>,
    log: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {}, step {}: {}\n  {}", self.seed, self.at(), self.why, self.last(TRAIL))
    }
}

impl Failure {
    pub fn seed(&self) -> u64 {
        self.seed
    }

    fn at(&self) -> usize {
        self.ops.last().map_or(0, |(n, _)| *n)
    }

    fn last(&self, steps: usize) -> String {
        self.trail[self.trail.len().saturating_sub(steps)..].join("\n  ")
    }
}

/// So many of the last steps are printed.
const TRAIL: usize = 25;

impl Lane {
    pub fn new(seed: u64, steps: usize) -> Lane {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut ops: Vec<Step> = (0..steps).map(|n| (n, Op::random(&mut rng))).collect();
        if let Ok(only) = std::env::var("MODEL_ONLY") {
            let only: Vec<usize> = only.split(',').filter_map(|n| n.trim().parse().ok()).collect();
            ops.retain(|(n, _)| only.contains(n));
        }
        if let Ok(skip) = std::env::var("MODEL_SKIP") {
            let skip: Vec<&str> = skip.split(',').collect();
            ops.retain(|(_, op)| {
                !op.kinds().iter().any(|kind| skip.contains(&format!("{kind:?}").as_str()))
            });
        }
        Lane { seed, ops }
    }

    /// Plays it.
    ///
    /// # Errors
    /// The step that failed, and all before it.
    pub fn run(self) -> Result<(), Failure> {
        let played = play(self.seed, &self.ops);
        let summary = played.inspect_err(|failure| {
            eprintln!(
                "seed {}, step {}: {}\n  {}",
                self.seed,
                failure.at(),
                failure.why,
                failure.last(8)
            );
        })?;
        println!("seed {}: {summary}", self.seed);
        Ok(())
    }
}

/// Every second switch stands in for mod_valet_parking, unless `MODEL_VALET` says which do.
fn stands_in(seed: u64) -> bool {
    std::env::var("MODEL_VALET").map_or(seed.is_multiple_of(2), |valet| valet == "1")
}

fn play(seed: u64, ops: &[Step]) -> Result<String, Failure> {
    let phones = kit::host() != kit::Host::StandIn && std::env::var_os("MODEL_NULL").is_none();
    let mut office = Office::open(phones, stands_in(seed));
    let mut hands: Box<dyn Hands> =
        if phones { Box::new(Phones::new(&office)) } else { Box::new(NullLegs) };
    let mut world = World::default();
    let mut trail = Vec::new();
    let mut slow = Vec::new();
    let trace = std::env::var_os("MODEL_TRACE").is_some();
    let (mut done, mut parks) = (0, 0);
    for (place, (n, op)) in ops.iter().enumerate() {
        world.step = *n;
        let mut stage = Stage { world: &mut world, office: &mut office, hands: hands.as_mut() };
        let Some(said) = stage.step(op) else { continue };
        done += 1;
        if trace {
            println!("{n}: {said}");
        }
        let clears = matches!(op, Op::One(one) if one.kind == Kind::Clear);
        let hands = hands.as_mut();
        let settled = check::settle(&mut world, &mut office, hands).and_then(|took| {
            slow.push((took, said.clone()));
            if clears { check::nothing_left(&mut world, &mut office, hands) } else { Ok(()) }
        });
        trail.push(format!("{n}: {said}"));
        if let Err(why) = settled {
            return Err(Failure {
                seed,
                ops: ops[..=place].to_vec(),
                why,
                trail,
                log: office.switch.log_tail(120),
            });
        }
        parks = world.parks;
    }
    slow.sort();
    let slowest = slow.iter().rev().take(3).map(|(took, said)| format!("\n  {took:.1?}: {said}"));
    Ok(format!(
        "{done} steps, {parks} calls parked, ended {:?}, slowest{}",
        world.outcomes,
        slowest.collect::<String>()
    ))
}

/// The failure as it is to be printed, with the shortest sequence that was found to fail too.
pub fn reduced(failure: Failure) -> String {
    let limit = crate::number("MODEL_REDUCE").unwrap_or(60);
    let until = Instant::now() + Duration::from_secs(limit);
    let mut shortest = failure;
    let whole = format!(
        "MODEL_SEED={} failed at step {}: {}\nlast steps:\n  {}\nend of the log:\n{}",
        shortest.seed,
        shortest.at(),
        shortest.why,
        shortest.last(TRAIL),
        shortest.log,
    );
    let mut tried = 0;
    for length in [4, 8, 16, 32, 64] {
        let from = shortest.ops.len().saturating_sub(length);
        if let Some(shorter) = fails(shortest.seed, &shortest.ops[from..], until, &mut tried) {
            shortest = shorter;
            break;
        }
    }
    let mut n = 0;
    while n < shortest.ops.len() && shortest.ops.len() <= 64 {
        let mut ops = shortest.ops.clone();
        ops.remove(n);
        match fails(shortest.seed, &ops, until, &mut tried) {
            Some(shorter) => shortest = shorter,
            None => n += 1,
        }
    }
    format!(
        "{whole}\nthe shortest of {tried} tried that failed: {}\nMODEL_SEED={} MODEL_ONLY={}\n  {}",
        shortest.why,
        shortest.seed,
        shortest.ops.iter().map(|(n, _)| n.to_string()).collect::<Vec<_>>().join(","),
        shortest.trail.join("\n  ")
    )
}

/// Plays it, twice if need be: much depends on the moment.
fn fails(seed: u64, ops: &[Step], until: Instant, tried: &mut usize) -> Option<Failure> {
    for _ in 0..2 {
        if Instant::now() >= until {
            return None;
        }
        *tried += 1;
        let failure = play(seed, ops).err();
        if failure.is_some() {
            return failure;
        }
    }
    None
}
