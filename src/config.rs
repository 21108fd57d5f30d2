//! The configuration file, `autoload_configs/callpark.conf.xml`, as text.
//!
//! Whatever is not understood is an error that says where: a lot that is not as its administrator meant it is worse than
//! a reload that is refused.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) mod dialplan;
mod hooks;
pub(crate) mod host;
mod lot_params;
pub(crate) mod node;
pub(crate) mod numbers;
mod params;
mod tree;
mod web;

#[cfg(test)]
mod tests;

use office::database::Address;
use office::hooks::Settings as HookSettings;
use office::journal::Callers;

use crate::park::{
    Access, Asks, LotConfig, LotKey, LotName, MOST_ASKED, MOST_COPIED, MOST_ORBITS_COPIED,
    MOST_STEPS, OrbitRange, Rule, Step, StepTo, TimeoutRule, WhenFull, candidates, overlap,
    shortened,
};
pub(crate) use hooks::read_templates;
pub(crate) use lot_params::LOT_PARAMS;
#[cfg(test)]
pub(crate) use params::Param;
pub(crate) use params::SETTINGS;
use tree::Element;
pub(crate) use web::WebSettings;

/// The names of all params.
pub(crate) fn params() -> impl Iterator<Item = &'static str> {
    LOT_PARAMS.iter().map(|param| param.name).chain(SETTINGS.iter().map(|param| param.name))
}

/// The default of a param, and what it does.
pub(crate) fn explain(name: &str) -> Option<(&'static str, &'static str)> {
    let lot = LOT_PARAMS.iter().map(|param| (param.name, param.default, param.meaning));
    let mut all =
        lot.chain(SETTINGS.iter().map(|param| (param.name, param.default, param.meaning)));
    let (_, default, meaning) = all.find(|(param, ..)| *param == name)?;
    Some((if default.is_empty() { "empty" } else { default }, meaning))
}

/// Everything that is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// What concerns the whole module.
    pub settings: Settings,
    /// The lots. No two have one key, and no two of one domain have one orbit.
    pub lots: Vec<LotConfig>,
}

/// What concerns the whole module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// What a lamp's name starts with: `park` in `park+701@example.com`.
    pub presence_proto: String,
    /// How many phones are called at one time.
    pub max_ringing: u32,
    /// Whether the module answers to what is written against mod_valet_parking. Only `load` looks at it.
    pub valet: bool,
    /// The journal.
    pub journal: JournalSettings,
    /// What becomes of parked calls after a crash.
    pub recovery: RecoverySettings,
    /// The web server.
    pub web: WebSettings,
    /// Webhooks, and questions about parked calls.
    pub hooks: HookSettings,
}

/// What becomes of parked calls after a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecoverySettings {
    /// Whether they are brought back.
    pub on: bool,
    /// For how long their orbits are held, in ms.
    pub within_ms: u64,
    /// Whether the caller of one that does not come back is called back.
    pub call_back: bool,
}

impl Default for RecoverySettings {
    fn default() -> Self {
        RecoverySettings { on: true, within_ms: 20_000, call_back: true }
    }
}

/// How the journal is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JournalSettings {
    /// Whether there is one.
    pub on: bool,
    /// Its file. `None`: `callpark.sqlite` among FreeSWITCH's databases. A path that does not begin with `/` is below that
    /// folder.
    pub path: Option<String>,
    /// After how many days an ended call is deleted. 0: never.
    pub days: u32,
    /// How much of a caller is written down.
    pub callers: Callers,
    /// Whether it is written down who did what.
    pub audit: bool,
    /// After how many days that is deleted. 0: never.
    pub audit_days: u32,
    /// A file that gets it as lines of JSON.
    pub audit_file: Option<PathBuf>,
    /// The name of this node. `None`: the name of the switch.
    pub node: Option<String>,
    /// The database that has the same tables.
    pub database: Option<Address>,
}

impl Default for JournalSettings {
    fn default() -> Self {
        JournalSettings {
            on: true,
            path: None,
            days: 400,
            callers: Callers::Full,
            audit: true,
            audit_days: 400,
            audit_file: None,
            node: None,
            database: None,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            presence_proto: "park".to_owned(),
            max_ringing: 1_024,
            valet: false,
            journal: JournalSettings::default(),
            recovery: RecoverySettings::default(),
            web: WebSettings::default(),
            hooks: HookSettings::default(),
        }
    }
}

impl Default for Config {
    /// What counts without the file: one lot `default`, 701-720, and every param at its default.
    fn default() -> Self {
        Config { settings: Settings::default(), lots: built_in().into_iter().collect() }
    }
}

fn built_in() -> Option<LotConfig> {
    let key = "default".parse().ok()?;
    Some(LotConfig::new(key, OrbitRange::parse_list("701-720").ok()?))
}

/// What is wrong with a configuration, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub(crate) struct ConfigError {
    /// The line of the text, 1 for the first.
    pub line: Option<usize>,
    /// The lot, `name` or `name@domain`.
    pub lot: Option<String>,
    /// The param or attribute.
    pub param: Option<String>,
    /// Its value.
    pub value: Option<String>,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!("line {line}"));
        let lot = self.lot.as_ref().map(|lot| format!("lot {lot:?}"));
        let param = self.param.as_ref().map(|param| match &self.value {
            Some(value) => format!("{param}={value:?}"),
            None => param.clone(),
        });
        let place: Vec<String> = [line, lot, param].into_iter().flatten().collect();
        if !place.is_empty() {
            write!(f, "{}: ", place.join(", "))?;
        }
        f.write_str(&self.problem)
    }
}

/// The longest that an error repeats of what it complains of, in characters.
const LONGEST_QUOTED: usize = 128;

impl ConfigError {
    fn new(line: usize, problem: impl fmt::Display) -> Self {
        let problem = problem.to_string();
        // What it quotes stands before what is wrong with that.
        let tail = problem.char_indices().rev().nth(LONGEST_QUOTED).map_or(0, |(at, _)| at);
        let (head, tail) = problem.split_at(tail);
        let problem = format!("{}{tail}", shortened(head, LONGEST_QUOTED));
        ConfigError { line: Some(line), problem, ..ConfigError::default() }
    }

    fn at(element: &Element, problem: impl fmt::Display) -> Self {
        ConfigError::new(element.line, problem)
    }

    fn param(mut self, param: &str, value: &str) -> Self {
        // An address may have a password, under whatever name somebody has written it.
        let secret = param == "database" || (value.contains("://") && value.contains('@'));
        let value = if secret { "***" } else { value };
        self.param = Some(shortened(param, LONGEST_QUOTED).into_owned());
        self.value = Some(shortened(value, LONGEST_QUOTED).into_owned());
        self
    }

    fn lot(mut self, lot: impl fmt::Display) -> Self {
        self.lot = Some(shortened(&lot.to_string(), LONGEST_QUOTED).into_owned());
        self
    }
}

impl Config {
    /// Reads the text of a `<configuration name="callpark.conf">` element. Without a lot in it the built-in one counts.
    ///
    /// # Errors
    /// The first thing that is wrong, or not understood.
    pub(crate) fn parse(text: &str) -> Result<Config, ConfigError> {
        if text.len() > LONGEST {
            let line = text.bytes().take(LONGEST).filter(|byte| *byte == b'\n').count() + 1;
            return Err(ConfigError::new(
                line,
                format_args!("the configuration is longer than {LONGEST} bytes"),
            ));
        }
        let root = tree::read(text)?;
        if root.name != "configuration" {
            return Err(ConfigError::at(
                &root,
                format_args!("<{}> is not <configuration>", root.name),
            ));
        }
        root.allow(&["name", "description"])?;
        if let Some(name) = root.get("name").filter(|name| *name != "callpark.conf") {
            return Err(ConfigError::at(&root, "must be callpark.conf").param("name", name));
        }
        let mut settings = Settings::default();
        let mut lots: Vec<(LotConfig, usize)> = Vec::new();
        for part in &root.children {
            part.allow(&[])?;
            match part.name.as_str() {
                "settings" => {
                    let tokens = |element: &&Element| element.name == "token";
                    let hooks = |element: &&Element| {
                        matches!(element.name.as_str(), "webhook" | "question")
                    };
                    let (tokens, others): (Vec<_>, Vec<_>) = part.children.iter().partition(tokens);
                    let (hooks, params): (Vec<_>, Vec<_>) = others.into_iter().partition(hooks);
                    params::apply(&SETTINGS, &mut settings, params.into_iter())?;
                    settings.web.add_tokens(&tokens)?;
                    hooks::add(&mut settings.hooks, &hooks)?;
                }
                "lots" => {
                    for element in &part.children {
                        lots.push((lot(element)?, element.line));
                    }
                }
                _ => return Err(part.unknown()),
            }
        }
        check_together(&lots)?;
        if lots.is_empty() {
            return Ok(Config { settings, ..Config::default() });
        }
        Ok(Config { settings, lots: lots.into_iter().map(|(lot, _)| lot).collect() })
    }
}

/// One `<lot>`.
fn lot(element: &Element) -> Result<LotConfig, ConfigError> {
    if element.name != "lot" {
        return Err(element.unknown());
    }
    let name = element.need("name")?;
    let in_lot = |error: ConfigError| error.lot(name);
    let wrong = |attribute: &str, value: &str, problem: &dyn fmt::Display| {
        in_lot(ConfigError::at(element, problem).param(attribute, value))
    };
    element.allow(&["name", "orbits", "domain", "per-domain"]).map_err(in_lot)?;
    let lot_name: LotName = name.parse().map_err(|error| wrong("name", name, &error))?;
    let domain = element.get("domain");
    let key = LotKey::new(lot_name, domain)
        .map_err(|error| wrong("domain", domain.unwrap_or_default(), &error))?;
    let orbits = element.need("orbits").map_err(in_lot)?;
    let ranges = OrbitRange::parse_list(orbits).map_err(|error| wrong("orbits", orbits, &error))?;
    let mut config = LotConfig::new(key, ranges);
    if let Some(value) = element.get("per-domain") {
        config.per_domain =
            params::truth(value).map_err(|error| wrong("per-domain", value, &error))?;
    }
    let mut returns: Option<Arc<[Step]>> = None;
    let (params, others): (Vec<&Element>, Vec<&Element>) =
        element.children.iter().partition(|child| child.name == "param");
    params::apply(&LOT_PARAMS, &mut config, params.into_iter()).map_err(in_lot)?;
    for child in others {
        match child.name.as_str() {
            "allow" | "deny" => {
                rule(child, &mut config.access).map_err(in_lot)?;
                continue;
            }
            "return" => {}
            _ => return Err(in_lot(child.unknown())),
        }
        if returns.is_some() {
            return Err(in_lot(ConfigError::at(child, "there is a second <return>")));
        }
        child.allow(&[]).map_err(in_lot)?;
        if let Some(step) = child.children.get(MOST_STEPS) {
            let problem = format!("there are more than {MOST_STEPS} return steps");
            return Err(in_lot(ConfigError::at(step, problem)));
        }
        returns = Some(child.children.iter().map(step).collect::<Result<_, _>>().map_err(in_lot)?);
    }
    if let Some(returns) = returns {
        config.returns = returns;
    }
    check_lot(element, &config).map_err(in_lot)?;
    Ok(config)
}

/// One `<allow>` or `<deny>`.
fn rule(element: &Element, access: &mut Access) -> Result<(), ConfigError> {
    element.childless()?;
    let mut rule = Rule::new(element.name == "allow", element.line);
    for (name, value) in element.attributes() {
        let bad = |error| ConfigError::at(element, error).param(name, value);
        rule.set(name, value).map_err(|error| bad(error.to_string()))?;
    }
    access.push(rule).map_err(|error| ConfigError::at(element, error))
}

/// One `<step>` of a `<return>`.
fn step(element: &Element) -> Result<Step, ConfigError> {
    if element.name != "step" {
        return Err(element.unknown());
    }
    element.childless()?;
    let to = element.need("to")?;
    let bad = |name: &str, value: &str, problem: &dyn fmt::Display| {
        ConfigError::at(element, problem).param(name, value)
    };
    let parsed: StepTo = to.parse().map_err(|error| bad("to", to, &error))?;
    let mut step = Step::new(parsed);
    for (name, value) in element.attributes().filter(|(name, _)| *name != "to") {
        step.set(name, value).map_err(|error| bad(name, value, &error))?;
    }
    step.check().map_err(|error| bad("to", to, &error))
}

/// What can only be seen when the whole lot is known.
fn check_lot(element: &Element, lot: &LotConfig) -> Result<(), ConfigError> {
    let wrong = |param: &str, problem: &str| {
        let mut error = ConfigError::at(element, problem);
        error.param = Some(param.to_owned());
        Err(error)
    };
    if lot.per_domain && lot.key.domain.is_some() {
        return wrong("per-domain", "is for a lot without a domain");
    }
    let orbits: u64 = lot.ranges.iter().map(OrbitRange::count).sum();
    if lot.per_domain && orbits > MOST_ORBITS_COPIED {
        let problem = format!("a lot with per-domain has at most {MOST_ORBITS_COPIED} orbits");
        return wrong("per-domain", &problem);
    }
    if lot.exit_key.is_some() && lot.exit_to.is_none() {
        return wrong("exit-key", "needs an exit-to as the destination of the caller");
    }
    if lot.exit_key.is_some() && lot.exit_key == lot.callback.key {
        return wrong("callback-key", "is already the exit-key");
    }
    if lot.timeout.base == TimeoutRule::Adaptive && lot.timeout.min_ms > lot.timeout.max_ms {
        return wrong("timeout-min", "is longer than timeout-max");
    }
    Ok(())
}

/// The most lots.
const MOST_LOTS: usize = 20_000;
/// The most orbits of all lots together.
const MOST_ORBITS_IN_ALL: u64 = 20_000_000;
/// The longest configuration, in bytes.
const LONGEST: usize = 32 * 1024 * 1024;

/// What all lots together may hold, so that memory is not what refuses them.
fn check_size(lots: &[(LotConfig, usize)]) -> Result<(), ConfigError> {
    let mut orbits = 0u64;
    for (at, (lot, line)) in lots.iter().enumerate() {
        let too_many = |problem: String| ConfigError::new(*line, problem).lot(&lot.key);
        if at >= MOST_LOTS {
            return Err(too_many(format!("there are more than {MOST_LOTS} lots")));
        }
        orbits = lot.ranges.iter().fold(orbits, |sum, range| sum.saturating_add(range.count()));
        if orbits > MOST_ORBITS_IN_ALL {
            let problem =
                format!("the lots up to this one have more than {MOST_ORBITS_IN_ALL} orbits");
            return Err(too_many(problem));
        }
    }
    Ok(())
}

/// What can only be seen when all lots are known.
fn check_together(lots: &[(LotConfig, usize)]) -> Result<(), ConfigError> {
    check_size(lots)?;
    let wrong = |line, lot: &LotConfig, param: &str, value: &str, problem: String| {
        ConfigError::new(line, problem).lot(&lot.key).param(param, value)
    };
    let mut keys = std::collections::BTreeMap::new();
    for (lot, line) in lots {
        if let Some(first) = keys.insert(&lot.key, *line) {
            let problem = format!("this lot is already defined in line {first}");
            return Err(wrong(*line, lot, "name", lot.key.name.as_str(), problem));
        }
    }
    for (lot, line) in lots {
        if let WhenFull::Lot(name) = &lot.when_full {
            let all = candidates(name, lot.key.domain.as_deref());
            let problem = match all.iter().find(|key| keys.contains_key(key)) {
                None => "there is no such lot",
                Some(key) if *key == lot.key => "a lot cannot overflow into itself",
                Some(_) => continue,
            };
            let value = lot.when_full.to_string();
            return Err(wrong(*line, lot, "when-full", &value, problem.to_owned()));
        }
    }
    let mut asked = Asks::default();
    for (lot, line) in lots {
        asked.merge(lot.access.asks());
        if asked.variables.len() > MOST_ASKED {
            let problem = format!("the rules up to this lot name more than {MOST_ASKED} variables");
            return Err(ConfigError::new(*line, problem).lot(&lot.key));
        }
    }
    let mut domains: std::collections::BTreeMap<_, Vec<usize>> = std::collections::BTreeMap::new();
    for (at, (lot, _)) in lots.iter().enumerate() {
        domains.entry(&lot.key.domain).or_default().push(at);
    }
    let copied: Vec<usize> =
        lots.iter().enumerate().filter_map(|(at, (lot, _))| lot.per_domain.then_some(at)).collect();
    if let Some((lot, line)) = copied.get(MOST_COPIED).and_then(|at| lots.get(*at)) {
        let problem = format!("there are more than {MOST_COPIED} lots with per-domain");
        return Err(ConfigError::new(*line, problem).lot(&lot.key));
    }
    for (domain, mut members) in domains {
        if domain.is_some() {
            // Each domain has a copy, unless it has a lot of that name.
            let named = |at: &usize| lots.get(*at).map(|(lot, _)| &lot.key.name);
            let own: Vec<_> = members.iter().filter_map(named).collect();
            let copies: Vec<usize> = copied
                .iter()
                .copied()
                .filter(|at| named(at).is_some_and(|name| !own.contains(&name)))
                .collect();
            members.extend(copies);
        }
        let ranges = members.into_iter().filter_map(|at| Some((at, lots.get(at)?)));
        let ranges = ranges.flat_map(|(at, (lot, _))| lot.ranges.iter().map(move |r| (r, at)));
        let Some((range, at, other, with)) = overlap(ranges) else { continue };
        // Blame the later one, in whichever order the numbers came.
        let (range, at, other, with) =
            if at > with { (range, at, other, with) } else { (other, with, range, at) };
        if let (Some((lot, line)), Some((first, _))) = (lots.get(at), lots.get(with)) {
            let problem = format!("lot {:?} already has {other}", first.key.to_string());
            return Err(wrong(*line, lot, "orbits", &range.to_string(), problem));
        }
    }
    Ok(())
}
