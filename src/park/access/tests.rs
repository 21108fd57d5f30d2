use super::*;
use crate::park::user::User;

fn rules(rules: &[(&str, &[(&str, &str)])]) -> Access {
    let mut access = Access::default();
    for (line, (kind, attributes)) in rules.iter().enumerate() {
        let mut rule = Rule::new(*kind == "allow", line + 1);
        for (name, value) in *attributes {
            rule.set(name, value).unwrap();
        }
        access.push(rule).unwrap();
    }
    access
}

fn user(text: &str) -> Person {
    Person::of(text.parse::<User>().unwrap())
}

fn lot(text: &str) -> LotKey {
    text.parse().unwrap()
}

/// `yes` or `no`, and what has decided.
fn decided(access: &Access, right: Right, lot: &str, person: Person) -> String {
    let actor = Actor::from(person);
    let lot = self::lot(lot);
    let decision = access.decide(right, &lot, &actor);
    format!("{}: {decision}", if decision.allowed { "yes" } else { "no" })
}

#[test]
fn without_rules_everybody_of_the_domain_may() {
    let access = Access::default();
    for right in Right::ALL {
        assert_eq!(decided(&access, right, "a", user("1@x.com")), "yes: no rule");
        assert_eq!(decided(&access, right, "a", Person::default()), "yes: no rule");
        assert_eq!(decided(&access, right, "a@x.com", user("1@x.com")), "yes: no rule");
        assert_eq!(
            decided(&access, right, "a@x.com", user("1@y.com")),
            "no: the lot belongs to another domain"
        );
        assert!(access.decide(right, &lot("a@x.com"), &Actor::Administrator).allowed);
    }
}

#[test]
fn the_first_rule_that_fits_decides() {
    let access = rules(&[
        ("deny", &[("action", "retrieve"), ("user", "1003")]),
        ("allow", &[("action", "retrieve|list"), ("user", "10??")]),
        ("deny", &[("action", "retrieve"), ("domain", "*")]),
    ]);
    let retrieve = |who: &str| decided(&access, Right::Retrieve, "a", user(who));
    assert_eq!(retrieve("1003@x.com"), "no: deny action=\"retrieve\" user=\"1003\" (line 1)");
    assert_eq!(
        retrieve("1004@x.com"),
        "yes: allow action=\"retrieve|list\" user=\"10??\" (line 2)"
    );
    assert_eq!(retrieve("2000@x.com"), "no: deny action=\"retrieve\" domain=\"*\" (line 3)");
    // Where there is an <allow>, whoever no rule fits may not.
    let nobody = decided(&access, Right::Retrieve, "a", Person::default());
    assert_eq!(nobody, "no: no <allow> for retrieve fits");
    assert_eq!(decided(&access, Right::Park, "a", Person::default()), "yes: no rule");
}

#[test]
fn a_rule_without_conditions_is_about_everybody() {
    let access = rules(&[("allow", &[("user", "1000")]), ("deny", &[])]);
    for right in Right::ALL {
        assert!(decided(&access, right, "a", user("1000@x.com")).starts_with("yes"));
        assert_eq!(decided(&access, right, "a", user("1@x.com")), "no: deny action=\"*\" (line 2)");
        assert!(access.decide(right, &lot("a"), &Actor::Administrator).allowed);
    }
}

#[test]
fn every_condition_of_a_rule_must_fit() {
    let attributes: [(&str, &str); 6] = [
        ("domain", "X.com."),
        ("context", "office*"),
        ("user", "*@x.com"),
        ("caller-id", "+49*,1???"),
        ("group", "sales,service"),
        ("variable", "floor=2|3"),
    ];
    let access = rules(&[("allow", &attributes)]);
    let fits = |change: fn(&mut Person)| {
        let mut person = user("1000@x.com");
        person.context = "office-1".into();
        person.number = "1000".into();
        person.groups = [("sales".into(), false), ("service".into(), true)].into();
        person.variables = [("floor".into(), Some("3".into()))].into();
        assert!(person.knows(access.asks()));
        change(&mut person);
        access.decide(Right::Park, &lot("a"), &person.into()).allowed
    };
    assert!(fits(|_| ()));
    assert!(fits(|person| person.number = "+4930".into()));
    assert!(!fits(|person| person.domain = None));
    assert!(!fits(|person| person.context = "public".into()));
    assert!(!fits(|person| person.user = None));
    assert!(!fits(|person| person.number = "12345".into()));
    assert!(!fits(
        |person| person.groups = [("sales".into(), false), ("service".into(), false)].into()
    ));
    assert!(!fits(|person| person.variables = [("floor".into(), Some("33".into()))].into()));
    assert!(!fits(|person| person.variables = [("floor".into(), None)].into()));
}

#[test]
fn what_was_not_looked_up_denies() {
    for (kind, allowed) in [("allow", false), ("deny", false)] {
        for attribute in [("group", "sales"), ("variable", "floor=*")] {
            let access = rules(&[(kind, &[attribute])]);
            let decision = access.decide(Right::Park, &lot("a"), &user("1@x.com").into()).allowed;
            assert_eq!(decision, allowed, "{kind} {attribute:?}");
        }
    }
}

#[test]
fn a_user_s_own_list_is_the_whole_list() {
    let access = rules(&[("allow", &[("action", "park"), ("user", "1000")]), ("deny", &[])]);
    let with = |own: &str, right, lot: &str| {
        let mut person = user("1000@x.com");
        person.own = Some(Arc::new(own.parse().unwrap()));
        decided(&access, right, lot, person)
    };
    let own = "retrieve:sales, list|see:s*,admin:desk@x.com";
    for (right, lot, may) in [
        (Right::Retrieve, "sales", true),
        (Right::Retrieve, "sales@x.com", true),
        (Right::Retrieve, "other", false),
        (Right::See, "service", true),
        (Right::Park, "sales", false),
        (Right::Admin, "desk@x.com", true),
        (Right::Admin, "desk", false),
        (Right::Retrieve, "sales@y.com", false),
    ] {
        let decided = with(own, right, lot);
        assert_eq!(decided.starts_with("yes"), may, "{right} {lot}: {decided}");
    }
    assert_eq!(with("none", Right::Park, "sales"), "no: callpark_allow=none");
    assert_eq!(with("park:*", Right::Park, "sales"), "yes: callpark_allow=park:*");
    for bad in ["", "sales", "fly:sales", "park:", "park:*,", ":sales"] {
        assert!(bad.parse::<OwnList>().is_err(), "{bad:?}");
    }
}

#[test]
fn patterns_are_compared_as_a_whole() {
    for (patterns, text, fits) in [
        ("*", "", true),
        ("a*", "abc", true),
        ("a*", "ba", false),
        ("*c", "abc", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-c-b", false),
        ("*a*a*a*", "aa", false),
        ("x,y", "y", true),
        ("x | y", "y", true),
        ("x,y", "x,y", false),
        ("?", "ü", true),
        ("[ab]", "a", false),
    ] {
        let patterns: Patterns = patterns.parse().unwrap();
        assert_eq!(patterns.fit(text), fits, "{patterns} {text}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let set = |name: &str, value: &str| {
        let mut rule = Rule::new(true, 1);
        rule.set(name, value).map_err(|error| error.to_string())
    };
    for (name, value) in [
        ("action", ""),
        ("action", "park|fly"),
        ("user", ""),
        ("user", "1000,,1001"),
        ("user", "1000,1001@x.com"),
        ("user", "@x.com"),
        ("domain", "x y"),
        ("domain", "a,"),
        ("group", "sales*"),
        ("group", "a b"),
        ("variable", "floor"),
        ("variable", "=2"),
        ("variable", "fl oor=2"),
        ("context", "a\nb"),
        ("colour", "red"),
    ] {
        assert!(set(name, value).is_err(), "{name}={value:?}");
    }
    assert!(set("user", &"1".repeat(LONGEST_PATTERN + 1)).is_err());
    assert!(set("user", &vec!["1"; MOST_ALTERNATIVES + 1].join(",")).is_err());
    let mut access = Access::default();
    for _ in 0..MOST_RULES {
        access.push(Rule::new(true, 1)).unwrap();
    }
    assert_eq!(access.push(Rule::new(true, 1)), Err(TooMany::Rules));
    let mut access = Access::default();
    let with_group = |name: String| {
        let mut rule = Rule::new(true, 1);
        rule.set("group", &name).unwrap();
        rule
    };
    for n in 0..MOST_ASKED {
        access.push(with_group(format!("g{n}"))).unwrap();
    }
    assert_eq!(access.push(with_group("one-more".into())), Err(TooMany::Asked));
}
