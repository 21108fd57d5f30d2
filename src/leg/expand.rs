//! An administrator's text with `${…}` in it, filled in from a channel.
//!
//! FreeSWITCH's own expansion looks for `${…}` in the values as well, and puts them in as they are: a caller whose name is
//! `${system(…)}` would run a command, and one whose number holds a comma would add a phone to a dial string. Here a value
//! is expanded no further, and goes in only if it means nothing in any of the grammars: dial string, stream, path, API
//! argument.

use crate::module::variables;
use crate::park::{Untrusted, shortened};
use crate::switch::{Channel, SentField};

/// A text that was not filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    /// A value has characters that have a meaning where it would go.
    #[error("the value of ${{{0}}} has characters that are not allowed there")]
    Value(String),
    /// A `${…}` that is not a variable or an API call, or is not closed.
    #[error("{0:?} is not a variable")]
    Syntax(String),
    /// The text is longer than [`LONGEST`].
    #[error("the result is longer than {LONGEST} bytes")]
    TooLong,
}

/// The longest text, filled in, in bytes.
pub(crate) const LONGEST: usize = 64 * 1024;
/// The longest that an error repeats of it, in characters.
const LONGEST_QUOTED: usize = 128;
/// How deep API calls may stand in the arguments of others: each takes some of a stack of 240 KiB.
const DEEPEST: usize = 8;

/// Fills in `text` from `channel`. `${name}`, `${name:offset:length}` and `${api(arguments)}` are known; what an API call
/// answers goes in as it is, but its arguments are filled in by these rules.
///
/// # Errors
/// Which part cannot be filled in.
pub(crate) fn expand(channel: Channel<'_>, text: &str) -> Result<String, Unfit> {
    fill(text, &|name| channel.variable(name).map(Untrusted::from), &|call| channel.expand(call))
}

pub(crate) fn fill(
    text: &str,
    variable: &dyn Fn(&str) -> Option<Untrusted>,
    call: &dyn Fn(&str) -> String,
) -> Result<String, Unfit> {
    fill_to(DEEPEST, text, variable, call)
}

fn fill_to(
    deepest: usize,
    text: &str,
    variable: &dyn Fn(&str) -> Option<Untrusted>,
    call: &dyn Fn(&str) -> String,
) -> Result<String, Unfit> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let bad = || {
            let from = rest.get(before.len()..).unwrap_or_default();
            Unfit::Syntax(shortened(from, LONGEST_QUOTED).into_owned())
        };
        let end = closing(after).ok_or_else(bad)?;
        let (inside, tail) = after.split_at(end);
        rest = tail.get(1..).unwrap_or_default();
        match inside.split_once('(') {
            Some((name, arguments)) => {
                let arguments = arguments.trim_end().strip_suffix(')').ok_or_else(bad)?;
                if !is_name(name.trim()) {
                    return Err(bad());
                }
                let deepest = deepest.checked_sub(1).ok_or_else(bad)?;
                let arguments = fill_to(deepest, arguments, variable, call)?;
                if arguments.contains("${") {
                    return Err(bad());
                }
                out.push_str(&call(&format!("${{{}({arguments})}}", name.trim())));
            }
            None => out.push_str(&value(inside, variable).ok_or_else(bad)??),
        }
    }
    out.push_str(rest);
    if out.len() > LONGEST { Err(Unfit::TooLong) } else { Ok(out) }
}

/// Where the brace is that closes what begins before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
        None
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

/// The value of `name` or `name:offset:length`. `None` if the text does not have this form.
fn value(
    inside: &str,
    variable: &dyn Fn(&str) -> Option<Untrusted>,
) -> Option<Result<String, Unfit>> {
    let mut parts = inside.split(':');
    let name = parts.next().filter(|name| is_name(name))?;
    let mut number = || parts.next().map(str::parse::<isize>).transpose();
    let (offset, length) = (number().ok()?.unwrap_or(0), number().ok()?.unwrap_or(0));
    if parts.next().is_some() {
        return None;
    }
    let value = variable(name).unwrap_or_default();
    let parker = || value.user().filter(|_| is_ours(name)).map(|user| user.to_string());
    let Some(value) = value.plain().map(str::to_owned).or_else(parker) else {
        return Some(Err(Unfit::Value(name.to_owned())));
    };
    let count = value.chars().count();
    let skip = if offset < 0 {
        count.saturating_sub(offset.unsigned_abs())
    } else {
        offset.unsigned_abs()
    };
    let take = if length > 0 { length.unsigned_abs() } else { count };
    Some(Ok(value.chars().skip(skip).take(take).collect()))
}

/// Variables of ours that hold a `user@domain`.
fn is_ours(name: &str) -> bool {
    matches!(name, variables::PARKER | variables::RETRIEVER)
}

/// Whether a text that a dialplan has put together contains something that a caller has sent and that is not
/// [plain](Untrusted::plain), so that one can no longer tell where it begins and ends.
#[must_use]
pub(crate) fn holds_what_was_sent(channel: Channel<'_>, text: &str) -> Option<&'static str> {
    let taints = |what: &SentField| channel.sent(*what).is_some_and(|value| value.taints(text));
    SentField::ALL.iter().copied().find(taints).map(SentField::name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, Unfit> {
        let variable = |name: &str| {
            let value = match name {
                "n" => "+49-30.1*#_x",
                "evil" => "1,loopback/9",
                "code" => "${system(id)}",
                "dots" => "../../etc",
                "escaped" => "1%5D",
                "callpark_parker" => "1001@a.b",
                "presence_id" => "1001@a.b",
                _ => return None,
            };
            Some(Untrusted::from(value))
        };
        fill(text, &variable, &|call| format!("<{call}>"))
    }

    #[test]
    fn values_that_mean_nothing_go_in() {
        for (text, expected) in [
            ("user/1000@a.b", "user/1000@a.b"),
            ("sofia/gateway/x/${n}", "sofia/gateway/x/+49-30.1*#_x"),
            ("a${missing}b", "ab"),
            ("${n:1:2}|${n:-2}|${n:3}", "49|_x|-30.1*#_x"),
            ("user/${callpark_parker}", "user/1001@a.b"),
            ("${sofia_contact(*/${n}@a.b)}", "<${sofia_contact(*/+49-30.1*#_x@a.b)}>"),
            ("${a (b)}", "<${a(b)}>"),
            ("{x=y}user/1,[a=${n}]user/2", "{x=y}user/1,[a=+49-30.1*#_x]user/2"),
            ("$n $${n} $", "$n $+49-30.1*#_x $"),
        ] {
            assert_eq!(filled(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_nests_too_deep_or_gets_too_long_is_refused_on_a_stack_of_freeswitch_s() {
        let nested = |deep: usize| format!("{}x{}", "${a(".repeat(deep), ")}".repeat(deep));
        let filled = |text: &str| fill(text, &|_| Some("1234567".into()), &|_| "x".to_owned());
        let thread = std::thread::Builder::new().stack_size(240 * 1024).spawn(move || {
            assert!(filled(&nested(8)).is_ok());
            for deep in [10_000, 9] {
                let Err(Unfit::Syntax(said)) = filled(&nested(deep)) else { panic!("{deep}") };
                assert!(said.chars().count() <= 128, "{said}");
            }
            assert_eq!(filled(&"${n}".repeat(10_000)), Err(Unfit::TooLong));
        });
        thread.expect("a thread").join().expect("no overflow");
    }

    #[test]
    fn values_that_mean_something_do_not() {
        for name in ["evil", "code", "dots", "escaped", "presence_id"] {
            let unfit = Err(Unfit::Value(name.to_owned()));
            assert_eq!(filled(&format!("user/${{{name}}}@a.b")), unfit);
            assert_eq!(filled(&format!("${{api({{${{{name}}}}})}}")), unfit);
        }
        for text in ["${", "${n", "${}", "${${n}}", "${n[0]}", "${n:x}", "${a(b}", "${n:1:2:3}"] {
            assert!(matches!(filled(text), Err(Unfit::Syntax(_))), "{text}");
        }
    }
}
