//! Which texts name a user.

use crate::park::{User, domain_name};

#[test]
fn a_user_is_known_by_one_spelling_of_the_domain() {
    for (text, expected) in [
        ("1000@example.com", "1000@example.com"),
        ("Bob@EXAMPLE.com", "Bob@example.com"),
        ("bob@example.com.", "bob@example.com"),
        ("+49-30.1@a.b", "+49-30.1@a.b"),
        ("*70#@192.0.2.1", "*70#@192.0.2.1"),
        ("müller@a.b", "müller@a.b"),
        ("1@::1", "1@::1"),
    ] {
        let user: User = text.parse().expect(text);
        assert_eq!(user.as_str(), expected);
        assert_eq!(format!("{}@{}", user.user(), user.domain()), expected);
    }
}

#[test]
fn nothing_that_means_something_elsewhere_is_a_user() {
    let long = format!("{}@x", "7".repeat(65));
    let endless = format!("{}@x", "7".repeat(10_000));
    let domain = format!("1@{}", "x".repeat(254));
    for text in [
        "",
        "1000",
        "@",
        "1@",
        "@x",
        "1@.",
        "1,loopback/9@x",
        "1|2@x",
        "{a=b}1@x",
        "[a=b]1@x",
        "<a>1@x",
        "1&2@x",
        "1=2@x",
        "1;2@x",
        "1'2@x",
        "1\"2@x",
        "1\\2@x",
        "$1@x",
        "${a}@x",
        "*/1~2@x",
        "1%2Cloopback%2F9@x",
        "%31@x",
        "1@x%2C",
        "1@x/y",
        "1@x,y",
        "1@x~y",
        "a b@x",
        "1\n@x",
        "1@x\r\ny",
        "1\0@x",
        "1@x@y",
        &long,
        &endless,
        &domain,
    ] {
        assert!(text.parse::<User>().is_err(), "{text}");
    }
}

#[test]
fn a_domain_has_one_spelling() {
    for (text, domain) in
        [("B.Local.", "b.local"), ("STRAẞE.example", "straße.example"), ("::1", "::1")]
    {
        assert_eq!(domain_name(text).as_deref(), Some(domain));
        assert_eq!(domain_name(domain).as_deref(), Some(domain));
    }
    for text in ["", ".", "..", "a..", "a.b...", "İstanbul.example", "a b", "a@b", "a/b", "a%20"] {
        assert_eq!(domain_name(text), None, "{text}");
    }
}
