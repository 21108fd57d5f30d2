//! Dial strings, which say what FreeSWITCH shall call.
//!
//! They are made here and nowhere else, which `make check` sees to: of a user, or of a text of the configuration or of a
//! command in which `expand` has filled in what may go in there.

use crate::park::User;

/// The most phones that are called for one thing.
pub(crate) const MOST: usize = 64;

/// A dial string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DialString(String);

impl DialString {
    /// Reaches the phones of this user.
    #[must_use]
    pub(crate) fn user(user: &User) -> Self {
        DialString(format!("user/{user}"))
    }

    /// An administrator's text in which every `${…}` has been replaced.
    #[must_use]
    pub(crate) fn filled(text: String) -> Self {
        DialString(text)
    }

    /// The text.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The group for whose members it stands, if any.
    #[must_use]
    pub(crate) fn group(&self) -> Option<&str> {
        self.0.strip_prefix("group/")
    }

    /// Each phone separately. This splits at the commas outside brackets, into [`MOST`] parts at most. Variables in front of
    /// the whole go in front of each part.
    #[must_use]
    pub(crate) fn each(&self) -> Vec<DialString> {
        let parts: Vec<&str> = split(&self.0, &[',']).take(MOST).collect();
        let all = match parts.first() {
            Some(first) if first.starts_with('{') => {
                first.find('}').map_or("", |end| &first[..=end])
            }
            _ => "",
        };
        let first = parts.first().map(|first| (*first).to_owned());
        let others = parts.iter().skip(1).map(|part| format!("{all}{part}"));
        first.into_iter().chain(others).map(DialString).collect()
    }
}

/// The parts between those separators, as far as they are in no brackets, without blanks around them.
fn split<'a>(text: &'a str, separators: &'static [char]) -> impl Iterator<Item = &'a str> {
    let mut depth = 0_usize;
    let parts = text.split(move |c| {
        depth = depth_behind(depth, c);
        depth == 0 && separators.contains(&c)
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

/// What a dial string calls, at once or one after the other, without the variables in front of each.
pub(crate) fn endpoints(dial_string: &str) -> impl Iterator<Item = &str> {
    split(dial_string, &[',', '|']).map(|mut part| {
        while part.starts_with(['{', '[', '<']) {
            part = behind_brackets(part).trim_start();
        }
        part
    })
}

/// What follows the brackets that the text begins with; nothing if they are not closed.
fn behind_brackets(text: &str) -> &str {
    let mut depth = 0_usize;
    let end = text.char_indices().find_map(|(at, c)| {
        depth = depth_behind(depth, c);
        (depth == 0).then_some(at + 1)
    });
    end.and_then(|end| text.get(end..)).unwrap_or_default()
}

/// In how many brackets the text behind that character is.
fn depth_behind(depth: usize, c: char) -> usize {
    match c {
        '{' | '[' | '<' => depth + 1,
        '}' | ']' | '>' => depth.saturating_sub(1),
        _ => depth,
    }
}

#[cfg(test)]
mod tests {
    use super::{DialString, MOST, endpoints};

    #[test]
    fn endpoints_are_without_their_variables() {
        for (dial_string, expected) in [
            (
                "{a=b,c=d}<x=y>[e=f]user/1|error/x, sofia/a/sip:1@[2001:db8::1]",
                &["user/1", "error/x", "sofia/a/sip:1@[2001:db8::1]"][..],
            ),
            ("{a=1@[2001:db8::1]}error/x", &["error/x"]),
            ("{a=b", &[""]),
            ("", &[]),
        ] {
            assert_eq!(endpoints(dial_string).collect::<Vec<_>>(), expected, "{dial_string}");
        }
    }

    fn each(text: &str) -> Vec<String> {
        let each = DialString(text.to_owned()).each();
        each.into_iter().map(|phone| phone.0).collect()
    }

    #[test]
    fn each_phone_stands_for_itself() {
        for (dial_string, expected) in [
            ("user/1", &["user/1"][..]),
            ("user/1, user/2", &["user/1", "user/2"]),
            ("[a=1,b=2]user/1,[c=3]user/2", &["[a=1,b=2]user/1", "[c=3]user/2"]),
            ("{a=1,b=2}user/1,user/2", &["{a=1,b=2}user/1", "{a=1,b=2}user/2"]),
            ("", &[]),
            (",,", &[]),
            ("{a=1", &["{a=1"]),
        ] {
            assert_eq!(each(dial_string), expected, "{dial_string}");
        }
    }

    #[test]
    fn many_phones_behind_many_variables_take_little_memory() {
        let variables = format!("{{a={}}}", "x".repeat(60_000));
        let many = each(&format!("{variables}{}", "user/1,".repeat(2_000)));
        assert_eq!((many.len(), many.concat().len()), (MOST, MOST * (variables.len() + 6)));
    }
}
