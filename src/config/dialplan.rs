//! The XML dialplan of FreeSWITCH, as far as it can be told from its text where a number leads.

use fancy_regex::{Regex, RegexBuilder};

use super::node::Node;
use crate::switch::text::is_true;

mod route;

pub(crate) use route::Step;

/// How far a pattern may go back and try again, for one number.
const MOST_BACKTRACKS: usize = 20_000;

const VALET_INFO: &str = "${valet_info";

/// The contexts, in their order.
#[derive(Debug, Default)]
pub(crate) struct Dialplan {
    pub(crate) contexts: Vec<Context>,
}

/// A context.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) name: String,
    pub(crate) extensions: Vec<Extension>,
}

/// An extension.
#[derive(Debug)]
pub(crate) struct Extension {
    pub(crate) name: String,
    /// The extensions behind it are looked at even if it matches.
    continues: bool,
    pub(crate) conditions: Vec<Condition>,
}

/// A condition, with what is done if it is met, or not.
#[derive(Debug)]
pub(crate) struct Condition {
    tests: Vec<Test>,
    rule: Rule,
    stops: Stops,
    pub(crate) actions: Vec<Action>,
    pub(crate) anti_actions: Vec<Action>,
    pub(crate) nested: Vec<Condition>,
    /// It is met only if the conditions in it are.
    needs_nested: bool,
    /// It or one of its actions asks mod_valet_parking what is parked.
    reads_valet_info: bool,
}

/// How many of its tests a condition needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    All,
    Any,
    Unknown,
}

/// When the conditions behind one are not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stops {
    OnFalse,
    OnTrue,
    Always,
    Never,
}

/// One comparison.
#[derive(Debug)]
enum Test {
    /// Of the number that was dialled.
    Number(Box<Regex>),
    /// Of something that is known only during a call.
    Unknown,
}

/// An application and its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) application: String,
    pub(crate) data: String,
}

impl Dialplan {
    /// Reads the section `dialplan`.
    pub(crate) fn read(section: &str) -> Dialplan {
        let section = Node::read(section).unwrap_or_default();
        Dialplan { contexts: section.all("context").map(Context::of).collect() }
    }
}

impl Context {
    fn of(node: &Node) -> Context {
        let name = node.get("name").unwrap_or_default().to_owned();
        Context { name, extensions: node.all("extension").map(Extension::of).collect() }
    }
}

impl Extension {
    fn of(node: &Node) -> Extension {
        Extension {
            name: node.get("name").unwrap_or_default().to_owned(),
            continues: node.get("continue").is_some_and(is_true),
            conditions: node.all("condition").map(Condition::of).collect(),
        }
    }

    /// Whether it asks mod_valet_parking what is parked.
    pub(crate) fn reads_valet_info(&self) -> bool {
        self.conditions.iter().any(|condition| condition.reads_valet_info)
    }

    /// What it may do, whatever is dialled.
    pub(crate) fn actions(&self) -> impl Iterator<Item = &Action> {
        let mut left: Vec<&Condition> = self.conditions.iter().rev().collect();
        let conditions = std::iter::from_fn(move || {
            let next = left.pop()?;
            left.extend(next.nested.iter().rev());
            Some(next)
        });
        conditions.flat_map(|condition| condition.actions.iter().chain(&condition.anti_actions))
    }
}

impl Condition {
    fn of(node: &Node) -> Condition {
        let is = |name: &str, value: &str| {
            node.get(name).is_some_and(|text| text.eq_ignore_ascii_case(value))
        };
        let (tests, rule) = match node.get("regex") {
            None => (Test::of(node).into_iter().collect(), Rule::All),
            Some(_) => {
                let rule = match () {
                    () if is("regex", "xor") => Rule::Unknown,
                    () if is("regex", "all") => Rule::All,
                    () => Rule::Any,
                };
                (node.all("regex").filter_map(Test::of).collect(), rule)
            }
        };
        let actions = |name| node.all(name).map(Action::of).collect();
        Condition {
            tests,
            rule,
            stops: match () {
                () if is("break", "on-true") => Stops::OnTrue,
                () if is("break", "always") => Stops::Always,
                () if is("break", "never") => Stops::Never,
                () => Stops::OnFalse,
            },
            actions: actions("action"),
            anti_actions: actions("anti-action"),
            nested: node.all("condition").map(Condition::of).collect(),
            reads_valet_info: node.walk().any(|node| {
                node.text.contains(VALET_INFO)
                    || node.attributes.iter().any(|(_, value)| value.contains(VALET_INFO))
            }),
            needs_nested: node.get("require-nested").is_none_or(is_true),
        }
    }
}

impl Test {
    /// `None`: there is nothing to be met.
    fn of(node: &Node) -> Option<Test> {
        const KNOWN: [&str; 5] = ["field", "expression", "break", "regex", "require-nested"];
        // A time of day, for example.
        if node.attributes.iter().any(|(name, _)| !KNOWN.contains(&name.as_str())) {
            return Some(Test::Unknown);
        }
        let field = node.get("field")?;
        if !["destination_number", "${destination_number}"].contains(&field) {
            return Some(Test::Unknown);
        }
        let inside = node.all("expression").next().map(|expression| expression.text.as_str());
        let expression = inside.or_else(|| node.get("expression")).unwrap_or_default();
        Some(pattern(expression).map_or(Test::Unknown, |regex| Test::Number(Box::new(regex))))
    }
}

impl Action {
    fn of(node: &Node) -> Action {
        let application = node.get("application").unwrap_or_default().to_owned();
        let data = match node.text.as_str() {
            "" => node.get("data").unwrap_or_default(),
            text => text,
        };
        Action { application, data: data.to_owned() }
    }
}

/// `None`: it cannot be told what it matches.
fn pattern(expression: &str) -> Option<Regex> {
    if expression.contains("${") || expression.starts_with('_') {
        return None;
    }
    // `/…/i`
    let slashed = expression.strip_prefix('/').and_then(|text| text.rsplit_once('/'));
    let expression = match slashed {
        None => expression.to_owned(),
        Some((inside, "")) => inside.to_owned(),
        Some((inside, "i")) => format!("(?i){inside}"),
        Some(_) => return None,
    };
    RegexBuilder::new(&expression).backtrack_limit(MOST_BACKTRACKS).build().ok()
}
