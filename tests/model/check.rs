//! Has the switch come to rest, with everything in agreement?

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kit::Event;
use serde_json::Value;

use crate::hands::{Expected, Hands, Hears};
use crate::office::Office;
use crate::people::LOTS;
use crate::world::{Leg, World};

/// What FreeSWITCH's own patience is, and some more.
const PATIENCE: Duration = Duration::from_secs(15);
/// After this it is not on its way any more.
const STRANDED: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(8);

/// A channel, as it is now.
struct Seen {
    state: String,
    answered: bool,
    application: String,
    bridged: String,
}

impl Seen {
    fn of(dump: &str) -> Seen {
        let dump = Event::parse(dump, false);
        let text = |name: &str| dump.text(name).to_owned();
        Seen {
            state: text("Channel-State"),
            answered: dump.is("Answer-State", "answered"),
            application: text("variable_current_application"),
            bridged: text("variable_bridge_to"),
        }
    }
}

/// Waits until everything agrees.
///
/// # Errors
/// What is wrong, or what does not come to agree.
pub fn settle(
    world: &mut World,
    office: &mut Office,
    hands: &mut dyn Hands,
) -> Result<Duration, String> {
    // What a channel is told it does after the media frame it waits for; until then it says that it does what it did.
    let steady = Duration::from_millis(if office.switch.is_real() { 40 } else { 0 });
    let mut since = None;
    let began = Instant::now();
    loop {
        let not_yet = look(world, office).and_then(|expected| hands.sense(world, &expected));
        if let Some(wrong) = world.wrong.first() {
            return Err(wrong.clone());
        }
        if not_yet.is_err() {
            since = None;
        }
        match not_yet {
            Ok(()) if since.get_or_insert_with(Instant::now).elapsed() >= steady => {
                world.rest();
                return Ok(began.elapsed());
            }
            Ok(()) => std::thread::sleep(LOOK_EVERY),
            Err(why) if began.elapsed() > PATIENCE => {
                return Err(format!("not within {PATIENCE:?}: {why}"));
            }
            Err(_) => std::thread::sleep(LOOK_EVERY),
        }
        if began.elapsed() > STRANDED {
            end_the_stranded(world, office);
        }
    }
}

/// A leg that `uuid_bridge` took out of what it did, and whose other leg went elsewhere, FreeSWITCH leaves in nothing. For
/// 20 s it waits for that other leg, wherever it is sent itself meanwhile, and then hangs up both.
fn end_the_stranded(world: &mut World, office: &mut Office) {
    for leg in world.live().filter(|leg| leg.commanded) {
        let state = Seen::of(&office.api(&format!("uuid_dump {}", leg.uuid))).state;
        let nothing =
            ["CS_RESET", "CS_HIBERNATE", "CS_SOFT_EXECUTE", "CS_CONSUME_MEDIA", "CS_ROUTING"];
        if nothing.contains(&state.as_str()) {
            office.api(&format!("uuid_kill {}", leg.uuid));
        }
    }
}

fn look(world: &mut World, office: &mut Office) -> Result<Expected, String> {
    for event in office.events.drain() {
        if event.name() == "BACKGROUND_JOB" {
            office.jobs.remove(event.text("Job-UUID"));
        }
        world.absorb(&event);
    }
    if !office.jobs.is_empty() {
        return Err(format!("{} commands still run", office.jobs.len()));
    }
    let table = table(office)?;
    if let Some(wrong) = the_sums(office) {
        world.wrong.push(wrong);
    }
    let mut seen = BTreeMap::new();
    for leg in &world.legs {
        if leg.gone {
            continue;
        }
        if leg.ends {
            return Err(format!("{} has not ended", world.described(&leg.uuid)));
        }
        if !leg.created {
            return Err(format!("{} has not begun", world.described(&leg.uuid)));
        }
        let dump = office.api(&format!("uuid_dump {}", leg.uuid));
        if dump.starts_with("-ERR") {
            return Err(format!("{} is on its way out", world.described(&leg.uuid)));
        }
        seen.insert(leg.uuid.clone(), Seen::of(&dump));
    }
    let by_events: BTreeMap<_, _> =
        world.legs.iter().filter_map(|leg| Some((leg.uuid.clone(), leg.orbit.clone()?))).collect();
    let by_table: BTreeMap<_, _> =
        table.iter().map(|(uuid, entry)| (uuid.clone(), entry.place.clone())).collect();
    if by_events != by_table {
        return Err(format!("the events say {by_events:?}, the table {by_table:?}"));
    }
    for (uuid, entry) in &table {
        if !seen.contains_key(uuid) {
            return Err(format!("the table has {uuid} at {:?}, which has gone", entry.place));
        }
        if entry.state == "connecting" {
            return Err(format!("{uuid} is still being connected"));
        }
        if let Some(partner) = partner(uuid, &seen) {
            return Err(format!("{uuid} is {} and talks to {partner}", entry.state));
        }
    }
    for leg in world.legs.iter().filter(|leg| !leg.gone) {
        at_rest(world, leg, &seen, table.contains_key(&leg.uuid))?;
    }
    let sounds = strangers(world, &seen, &table)?;
    let lit = lamps(world, &table)?;
    Ok(Expected { sounds, lit })
}

/// Whom a leg talks to. FreeSWITCH leaves the name of the other one on a leg whose bridge was called off.
fn partner<'a>(uuid: &str, seen: &'a BTreeMap<String, Seen>) -> Option<&'a str> {
    let partner = &seen.get(uuid)?.bridged;
    (seen.get(partner)?.bridged == uuid).then_some(partner.as_str())
}

struct Entry {
    place: (String, String),
    state: String,
}

fn json(office: &mut Office, command: &str) -> Result<Value, String> {
    let text = office.api(command);
    serde_json::from_str(&text).map_err(|error| format!("{command}: {error}: {text}"))
}

fn table(office: &mut Office) -> Result<BTreeMap<String, Entry>, String> {
    let list = json(office, "callpark list json")?;
    let calls = list["calls"].as_array().cloned().unwrap_or_default();
    let text = |call: &Value, name: &str| call[name].as_str().unwrap_or_default().to_owned();
    let entry = |call: &Value| Entry {
        place: (text(call, "lot"), text(call, "orbit")),
        state: text(call, "state"),
    };
    Ok(calls.iter().map(|call| (text(call, "uuid"), entry(call))).collect())
}

fn the_sums(office: &mut Office) -> Option<String> {
    let status = json(office, "callpark status json").ok()?;
    for lot in status["lots"].as_array()? {
        let number = |name: &str| lot[name].as_i64().unwrap_or(-1);
        let sum = number("parked") + number("reserved") - number("draining")
            + number("free")
            + number("closed");
        if number("capacity") != sum {
            return Some(format!("the sums are wrong: {lot}"));
        }
    }
    None
}

/// Whether a leg is where it can stay.
fn at_rest(
    world: &World,
    leg: &Leg,
    seen: &BTreeMap<String, Seen>,
    parked: bool,
) -> Result<(), String> {
    let Some(channel) = seen.get(&leg.uuid) else { return Ok(()) };
    let who = world.described(&leg.uuid);
    if ["CS_NEW", "CS_INIT", "CS_ROUTING"].contains(&channel.state.as_str()) {
        return Err(format!("{who} is in {}", channel.state));
    }
    if let Some(partner) = partner(&leg.uuid, seen) {
        if !leg.ever_met.contains(partner) {
            return Err(format!("{who} is in a bridge that no event told of"));
        }
        return Ok(());
    }
    if parked {
        return Ok(());
    }
    if leg.is_loopback() && world.twins(leg).is_empty() {
        return Err(format!("{who} has no other half yet"));
    }
    let rings = channel.state == "CS_CONSUME_MEDIA" && !channel.answered;
    let calls = || world.live().any(|other| !other.answered && other.uuid != leg.uuid);
    let rests = match (channel.state.as_str(), channel.application.as_str()) {
        ("CS_EXECUTE", "park" | "playback" | "eval") | ("CS_PARK", _) => true,
        ("CS_EXECUTE", "bridge") => calls(),
        ("CS_EXECUTE", _) if leg.nested && leg.ours == 0 => true,
        _ => rings,
    };
    if !rests {
        return Err(format!(
            "{who} is in {} {} with nobody, and not in the table",
            channel.state, channel.application
        ));
    }
    if leg.errand && !leg.answered && !rings_for_somebody(world, leg) {
        return Err(format!("{who} rings for a call that is not parked any more"));
    }
    Ok(())
}

fn rings_for_somebody(world: &World, leg: &Leg) -> bool {
    world
        .legs
        .iter()
        .any(|parked| parked.orbit.is_some() && world.may_meet(&leg.uuid, &parked.uuid))
}

fn live(world: &World, legs: Vec<String>) -> Vec<String> {
    legs.into_iter().filter(|uuid| world.leg(uuid).is_some_and(Leg::is_live)).collect()
}

/// Everybody who hears each other, directly or through loopbacks, asked for it.
fn strangers(
    world: &World,
    seen: &BTreeMap<String, Seen>,
    table: &BTreeMap<String, Entry>,
) -> Result<Vec<(String, Hears)>, String> {
    let mut sounds = Vec::new();
    for start in world.live().filter(|leg| !leg.is_loopback()) {
        let mut reached = BTreeSet::from([start.uuid.clone()]);
        let mut todo = vec![start.uuid.clone()];
        while let Some(uuid) = todo.pop() {
            let bridged = partner(&uuid, seen).map(str::to_owned);
            let twins =
                world.leg(&uuid).map(|leg| live(world, world.twins(leg))).unwrap_or_default();
            // Two loopbacks to one number cannot be told apart by their names: then it is not known who hears whom.
            let twins = if twins.len() == 1 { twins } else { Vec::new() };
            for next in bridged.into_iter().chain(twins) {
                if reached.insert(next.clone()) {
                    todo.push(next);
                }
            }
        }
        // A loopback between two acts for both of them.
        let between: Vec<&String> =
            reached.iter().filter(|uuid| world.leg(uuid).is_some_and(Leg::is_loopback)).collect();
        let asked = |one: &str, other: &str| {
            world.may_meet(one, other)
                || between.iter().any(|leg| world.may_meet(one, leg) || world.may_meet(leg, other))
                || between.iter().any(|a| between.iter().any(|b| world.may_meet(a, b)))
        };
        for other in reached.iter().filter_map(|uuid| world.leg(uuid)) {
            let same = other.uuid == start.uuid || other.is_loopback();
            if !same && !asked(&start.uuid, &other.uuid) {
                return Err(format!(
                    "{} and {} hear each other, and nobody asked for it",
                    world.described(&start.uuid),
                    world.described(&other.uuid)
                ));
            }
        }
        let mut others = reached.iter().filter_map(|uuid| world.leg(uuid));
        let other = others.find(|leg| leg.uuid != start.uuid && !leg.is_loopback());
        sounds.push((
            start.uuid.clone(),
            match other.and_then(|leg| leg.person) {
                Some(person) => Hears::Voice(person),
                None if table.contains_key(&start.uuid) => Hears::Music,
                None => Hears::Nobody,
            },
        ));
    }
    Ok(sounds)
}

fn lamps(world: &World, table: &BTreeMap<String, Entry>) -> Result<BTreeSet<String>, String> {
    let mut expected = BTreeSet::new();
    for lot in &LOTS {
        for entry in table.values().filter(|entry| entry.place.0 == lot.full()) {
            expected.insert(format!("{}@{}", entry.place.1, lot.lamps()));
            expected.insert(format!("{}@{}", lot.name, lot.lamps()));
        }
    }
    if world.lit == expected {
        Ok(expected)
    } else {
        Err(format!("lit are {:?}, parked is {expected:?}", world.lit))
    }
}

/// When everybody has hung up nothing is left.
///
/// # Errors
/// What is.
pub fn nothing_left(
    world: &mut World,
    office: &mut Office,
    hands: &mut dyn Hands,
) -> Result<(), String> {
    let began = Instant::now();
    loop {
        let left = look(world, office).and_then(|_| empty(world, office));
        match left {
            Ok(()) => {
                world.legs.clear();
                hands.forget();
                return Ok(());
            }
            Err(why) if began.elapsed() > PATIENCE => return Err(format!("left over: {why}")),
            Err(_) => std::thread::sleep(LOOK_EVERY),
        }
    }
}

fn empty(world: &World, office: &mut Office) -> Result<(), String> {
    if let Some(leg) = world.legs.iter().find(|leg| !leg.gone) {
        return Err(world.described(&leg.uuid));
    }
    let status = json(office, "callpark status json")?;
    for lot in status["lots"].as_array().into_iter().flatten() {
        if lot["free"] != lot["capacity"] {
            return Err(format!("not everything is free: {lot}"));
        }
    }
    let count = office.api("show channels count");
    if count.starts_with("0 ") { Ok(()) } else { Err(count) }
}
