//! Dial strings, and what is filled into them.

use super::texts;
use crate::dial::each;
use crate::expand::fill;
use crate::message::profiles_of;
use crate::park::{MOST_STEPS, Step, User};
use crate::parker::address;
use crate::phones::leads_somewhere;

/// What means something in a dial string, in a path, or to FreeSWITCH's own expansion.
const MEANS: [char; 19] = [
    ',', '|', '[', ']', '{', '}', '<', '>', '(', ')', '^', '%', ';', '$', '/', '\\', '\'', '"',
    '\n',
];

/// `<a text of the configuration> 0xff <the value of ${a}> 0xff <that of ${b}> 0xff <that of ${callpark_parker}>`.
pub fn dial_strings(data: &[u8]) {
    let [pattern, a, b, parker] = texts(data);
    let filled = |values: [&str; 3]| {
        let variable = |name: &str| {
            let value = match name {
                "a" => values[0],
                "b" => values[1],
                "callpark_parker" => values[2],
                _ => return None,
            };
            Some(value.to_owned())
        };
        fill(&pattern, &variable, &|_| "answer".to_owned())
    };
    if let Ok(text) = filled([&a, &b, &parker]) {
        let harmless = filled(["1", "1", "1"]).expect("what takes these takes a digit");
        for c in MEANS {
            assert_eq!(text.matches(c).count(), harmless.matches(c).count(), "{text:?}");
        }
        // An empty value can leave a phone out, and none can add one.
        assert!(each(&text).len() <= each(&harmless).len(), "{text:?}, {harmless:?}");
    }
    for text in [&pattern, &a, &parker] {
        text_of_a_user(text);
        drop(profiles_of(text));
        leads_somewhere(text);
        address(text);
        if let Ok(steps) = Step::parse_list(text) {
            assert!(steps.len() <= MOST_STEPS);
            for step in steps.iter() {
                assert_eq!(step.to.to_string().parse().as_ref(), Ok(&step.to));
            }
        }
    }
}

fn text_of_a_user(text: &str) {
    let Ok(user) = text.parse::<User>() else { return };
    assert_eq!(user.as_str().parse().as_ref(), Ok(&user));
    let dial_string = user.dial_string();
    assert_eq!(each(&dial_string), [format!("user/{}@{}", user.user(), user.domain())]);
    assert_eq!(dial_string.matches(MEANS).count(), 1, "{dial_string:?}");
    assert_eq!(dial_string.matches('@').count(), 1, "{dial_string:?}");
}
