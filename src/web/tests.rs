//! Who sees and may do what: tokens of each scope, of one tenant and of none, and users.

use std::sync::Arc;

use office::web::{Scope, Who};

use super::viewer::Viewer;
use crate::park::{
    Actor, CallInfo, Caller, LotConfig, LotKey, OrbitRange, Person, Privacy, Right, Rule, Shown,
    User,
};

fn who(user: Option<&str>, domain: Option<&str>, scope: Scope, lots: &[&str]) -> Who {
    Who {
        name: "somebody".into(),
        user: user.map(str::to_owned),
        domain: domain.map(str::to_owned),
        scope,
        lots: lots.iter().map(|&lot| lot.to_owned()).collect(),
    }
}

fn viewer(who: Who) -> Viewer {
    let user: Option<User> = who.user.as_deref().map(|user| user.parse().unwrap());
    let actor = match (user, &who.domain) {
        (Some(user), _) => Actor::from(Person::of(user)),
        (None, Some(domain)) => {
            Actor::from(Person { domain: Some(domain.as_str().into()), ..Person::default() })
        }
        (None, None) => Actor::Administrator,
    };
    Viewer::known(who, actor)
}

fn lot(name: &str, rules: &[(bool, &str, &str, &str)]) -> LotConfig {
    let ranges = OrbitRange::parse_list("701-705").unwrap();
    let mut lot = LotConfig::new(name.parse().unwrap(), ranges);
    for (allow, action, attribute, value) in rules {
        let mut rule = Rule::new(*allow, 1);
        rule.set("action", action).unwrap();
        rule.set(attribute, value).unwrap();
        lot.access.push(rule).unwrap();
    }
    lot
}

fn rights(viewer: &Viewer, lot: &LotConfig) -> String {
    let may = |right: &Right| viewer.may(*right, &lot.key, Some(lot));
    let rights: Vec<&str> = Right::ALL.into_iter().filter(may).map(Right::as_str).collect();
    rights.join(" ")
}

#[test]
fn a_scope_limits_and_a_tenant_sees_its_own_lots_and_shared_ones() {
    let (shared, a, b) =
        (lot("default", &[]), lot("sales@a.local", &[]), lot("sales@b.local", &[]));
    const EVERYTHING: &str = "park retrieve list see admin";
    for (scope, expected) in
        [(Scope::Read, "list see"), (Scope::Act, EVERYTHING), (Scope::Admin, EVERYTHING)]
    {
        for (domain, lots) in [(None, [&shared, &a, &b]), (Some("a.local"), [&shared, &a, &a])] {
            let viewer = viewer(who(None, domain, scope, &[]));
            for lot in lots {
                assert_eq!(rights(&viewer, lot), expected, "{domain:?} {scope} {}", lot.key);
            }
        }
        assert_eq!(rights(&viewer(who(None, Some("a.local"), scope, &[])), &b), "");
        let some = viewer(who(None, None, scope, &["sales@b.local"]));
        assert_eq!((rights(&some, &b).as_str(), rights(&some, &a).as_str()), (expected, ""));
        let bare = viewer(who(None, Some("a.local"), scope, &["sales"]));
        assert_eq!((rights(&bare, &a).as_str(), rights(&bare, &shared).as_str()), (expected, ""));
    }
}

#[test]
fn the_rules_of_a_lot_count_for_users_and_for_tokens_of_a_tenant() {
    let lot = lot(
        "default",
        &[(false, "retrieve", "user", "1003"), (true, "admin", "user", "1000@a.local")],
    );
    let user = |name: &str| viewer(who(Some(name), Some("a.local"), Scope::Admin, &[]));
    assert_eq!(rights(&user("1000@a.local"), &lot), "park retrieve list see admin");
    assert_eq!(rights(&user("1001@a.local"), &lot), "park retrieve list see");
    assert_eq!(rights(&user("1003@a.local"), &lot), "park list see");
    let token = viewer(who(None, Some("a.local"), Scope::Admin, &[]));
    assert_eq!(rights(&token, &lot), "park retrieve list see");
}

#[test]
fn a_caller_is_shown_as_privacy_and_the_rules_say() {
    let call = |parker: &str| crate::park::CallView {
        info: CallInfo {
            parker: parker.parse().ok(),
            ..CallInfo::new("u".into(), Caller::new("Ada", "+49301234567"))
        },
        lot: "default".parse::<LotKey>().unwrap(),
        orbit: "701".parse().unwrap(),
        waiting_ms: 0,
        timeout_ms_left: None,
        state: crate::park::CallState::Waiting,
        retriever: None,
        step: None,
    };
    let see = |value| [(true, "see", "user", value)];
    let user = |name: &str| viewer(who(Some(name), Some("a.local"), Scope::Admin, &[]));
    let all = viewer(who(None, None, Scope::Read, &[]));
    let token = viewer(who(None, Some("a.local"), Scope::Admin, &[]));
    for (privacy, rules, viewer, parker, expected) in [
        (Privacy::Off, vec![], &token, "", Shown::All),
        (Privacy::On, vec![], &token, "", Shown::Masked),
        (Privacy::On, vec![], &all, "", Shown::All),
        (Privacy::Strict, vec![], &all, "", Shown::Masked),
        (Privacy::On, vec![], &user("1000@a.local"), "1000@a.local", Shown::All),
        (Privacy::On, vec![], &user("1000@a.local"), "1001@a.local", Shown::Masked),
        (Privacy::On, see("1000").to_vec(), &user("1000@a.local"), "1001@a.local", Shown::All),
        (Privacy::Off, see("1000").to_vec(), &user("1001@a.local"), "1002@a.local", Shown::Masked),
        (Privacy::Off, see("1000").to_vec(), &user("1001@a.local"), "1001@a.local", Shown::All),
    ] {
        let mut lot = lot("default", &rules);
        lot.privacy = privacy;
        let lot = Arc::new(lot);
        let shown = viewer.shown(Some(&lot), &call(parker));
        assert_eq!(shown, expected, "{privacy:?} {rules:?} {:?} {parker}", viewer.who);
    }
}
