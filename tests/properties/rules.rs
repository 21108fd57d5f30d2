//! Random rule sets against a reference that evaluates them as plainly as it can.

use mod_callpark::park::*;
use proptest::prelude::*;

/// One rule, as it is written.
#[derive(Clone, Debug)]
struct Written {
    allow: bool,
    action: Option<Vec<usize>>,
    attributes: Vec<(&'static str, String)>,
}

const WORDS: [&str; 5] = ["park", "retrieve", "list", "see", "admin"];
const USERS: [&str; 5] = ["1", "10", "11", "201", "2"];
const DOMAINS: [&str; 3] = ["a.com", "b.com", "sub.a.com"];
const PATTERNS: [&str; 9] = ["*", "1*", "?", "1?", "*1", "*0*", "2", "2??", "1,2*"];
const DOMAIN_PATTERNS: [&str; 6] = ["*", "a.com", "*.a.com", "?.com", "A.COM", "b.com|a.com"];
const GROUPS: [&str; 3] = ["sales", "service", "night"];
const VALUES: [&str; 3] = ["1", "2", "20"];

fn attribute() -> impl Strategy<Value = (&'static str, String)> {
    let of = |name: &'static str, values: &'static [&'static str]| {
        prop::sample::select(values).prop_map(move |value| (name, value.to_owned()))
    };
    prop_oneof![
        of("user", &PATTERNS),
        (prop::sample::select(&PATTERNS[..8]), prop::sample::select(&DOMAIN_PATTERNS[..5]))
            .prop_map(|(user, domain)| ("user", format!("{user}@{domain}"))),
        of("domain", &DOMAIN_PATTERNS),
        of("context", &PATTERNS),
        of("caller-id", &PATTERNS),
        of("group", &["sales", "service", "sales,night"]),
        prop::sample::select(&PATTERNS[..]).prop_map(|value| ("variable", format!("v={value}"))),
    ]
}

fn rule() -> impl Strategy<Value = Written> {
    let action = prop::option::of(prop::collection::vec(0..WORDS.len(), 1..3));
    (any::<bool>(), action, prop::collection::vec(attribute(), 0..3))
        .prop_map(|(allow, action, attributes)| Written { allow, action, attributes })
}

fn person() -> impl Strategy<Value = Person> {
    let word = || prop::sample::select(&USERS[..]);
    (
        prop::option::of((word(), prop::sample::select(&DOMAINS[..]))),
        word(),
        word(),
        prop::collection::vec(any::<bool>(), GROUPS.len()),
        prop::option::of(prop::sample::select(&VALUES[..])),
    )
        .prop_map(|(user, context, number, groups, value)| {
            let user = user.map(|(user, domain)| User::new(user, domain).unwrap());
            let mut person = user.map_or_else(Person::default, Person::of);
            (person.context, person.number) = (context.into(), number.into());
            person.groups = GROUPS.iter().map(|group| (*group).into()).zip(groups).collect();
            person.variables = [("v".into(), value.map(str::to_owned))].into();
            person
        })
}

/// The pattern as a recursive definition.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => {
            fits(rest, text) || (!text.is_empty() && fits(pattern, &text[1..]))
        }
        ([b'?', rest @ ..], [_, text @ ..]) => fits(rest, text),
        ([c, rest @ ..], [d, text @ ..]) => c == d && fits(rest, text),
        _ => false,
    }
}

fn one_fits(patterns: &str, text: &str) -> bool {
    let mut all = patterns.split([',', '|']);
    all.any(|pattern| fits(pattern.as_bytes(), text.as_bytes()))
}

fn condition(person: &Person, name: &str, value: &str) -> bool {
    let user = person.user.as_ref();
    match name {
        "user" if value.contains('@') => user.is_some_and(|user| {
            let (name, domain) = value.split_once('@').unwrap();
            one_fits(name, user.user()) && one_fits(&domain.to_lowercase(), user.domain())
        }),
        "user" => user.is_some_and(|user| one_fits(value, user.user())),
        "domain" => {
            person.domain.as_ref().is_some_and(|domain| one_fits(&value.to_lowercase(), domain))
        }
        "context" => one_fits(value, &person.context),
        "caller-id" => one_fits(value, &person.number),
        "group" => value.split(',').any(|group| person.groups[group]),
        _ => {
            let value = value.strip_prefix("v=").unwrap();
            person.variables["v"].as_ref().is_some_and(|is| one_fits(value, is))
        }
    }
}

/// Whether the rules allow it, by the words of the reference.
fn reference(rules: &[Written], right: usize, person: &Person) -> bool {
    let about = |rule: &Written| rule.action.as_ref().is_none_or(|words| words.contains(&right));
    for rule in rules {
        if about(rule) && rule.attributes.iter().all(|(name, value)| condition(person, name, value))
        {
            return rule.allow;
        }
    }
    !rules.iter().any(|rule| rule.allow && about(rule))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 10_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn rules_decide_as_the_reference_says(
        rules in prop::collection::vec(rule(), 0..12),
        people in prop::collection::vec(person(), 4),
    ) {
        let mut access = Access::default();
        for (line, written) in rules.iter().enumerate() {
            let mut rule = Rule::new(written.allow, line);
            if let Some(action) = &written.action {
                let words: Vec<&str> = action.iter().map(|at| WORDS[*at]).collect();
                rule.set("action", &words.join("|")).unwrap();
            }
            for (name, value) in &written.attributes {
                rule.set(name, value).unwrap();
            }
            access.push(rule).unwrap();
        }
        let lot: LotKey = "lot".parse().unwrap();
        for person in people {
            let actor = Actor::from(person.clone());
            for (at, word) in WORDS.iter().enumerate() {
                let decision = access.decide(word.parse().unwrap(), &lot, &actor);
                let expected = reference(&rules, at, &person);
                prop_assert_eq!(decision.allowed, expected, "{} {:?}: {}", word, person, decision);
            }
        }
    }
}
