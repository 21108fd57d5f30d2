//! Dial strings, and what is filled into them.

use super::texts;
use crate::dial::message::profiles_of;
use crate::dial::reachable::leads_somewhere;
use crate::leg::expand::fill;
use crate::park::{MOST_STEPS, Step, Untrusted, User};
use crate::switch::dial_string::DialString;

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
            Some(Untrusted::from(value))
        };
        fill(&pattern, &variable, &|_| "answer".to_owned())
    };
    if let Ok(text) = filled([&a, &b, &parker]) {
        let ones = [&a, &b, &parker].map(|value| "1".repeat(value.chars().count()));
        let harmless = filled([&ones[0], &ones[1], &ones[2]]).expect("digits go in anywhere");
        for c in MEANS {
            assert_eq!(text.matches(c).count(), harmless.matches(c).count(), "{text:?}");
        }
        let legs = |text: &str| DialString::filled(text.to_owned()).each().len();
        assert_eq!(legs(&text), legs(&harmless), "{text:?}, {harmless:?}");
    }
    for text in [&pattern, &a, &parker] {
        text_of_a_user(text);
        drop(profiles_of(text));
        leads_somewhere(text);
        let text_sent = Untrusted::from(&**text);
        drop((text_sent.sip_address(), text_sent.address(), text_sent.user_of_channel_name()));
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
    let dial_string = DialString::user(&user);
    assert_eq!(dial_string.each().as_slice(), std::slice::from_ref(&dial_string));
    let dial_string = dial_string.as_str();
    assert_eq!(dial_string.matches(MEANS).count(), 1, "{dial_string:?}");
    assert_eq!(dial_string.matches('@').count(), 1, "{dial_string:?}");
}
