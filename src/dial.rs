//! Dial strings: whom they name.

use crate::expand::expand;
use crate::switch::{Located, Session};

/// The most phones that are called for one thing.
const MOST: usize = 64;
/// What FreeSWITCH writes into a channel for which it looks up a group.
const WRITTEN: [&str; 3] = ["dialed_user", "dialed_domain", "dialed_group"];

/// Every phone of a dial string by itself, so that each of them can be called and not only the fastest: the members of
/// `group/sales@example.com`, or what commas separate. `uuid`: the channel whose variables the string may use.
///
/// # Errors
/// The channel has gone, or holds what must not go into a dial string.
pub fn phones(uuid: &str, dial_string: &str) -> Result<Vec<String>, String> {
    let located = Located::find(uuid).ok_or("the caller has gone")?;
    let expanded =
        expand(located.session().channel(), dial_string).map_err(|unfit| unfit.to_string())?;
    let mut phones = Vec::new();
    for phone in each(&expanded) {
        match phone.strip_prefix("group/") {
            Some(group) => phones.extend(each(&members(located.session(), group))),
            None => phones.push(phone),
        }
    }
    phones.truncate(MOST);
    Ok(phones)
}

/// The dial string of a group: FreeSWITCH's directory knows it.
fn members(session: Session<'_>, group: &str) -> String {
    let channel = session.channel();
    let before = WRITTEN.map(|name| (name, channel.variable(name)));
    let members = channel.expand(&format!("${{group_call({group})}}"));
    for (name, value) in before {
        channel.set_variable(name, value.as_deref());
    }
    members
}

/// Splits at the commas that are in no brackets, into 64 at the most. Variables in front of all of them go in front of
/// each.
pub(crate) fn each(dial_string: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let parts = dial_string.split(|c| {
        match c {
            '{' | '[' | '<' => depth += 1,
            '}' | ']' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && c == ','
    });
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    let all = match parts.first() {
        Some(first) if first.starts_with('{') => first.find('}').map_or("", |end| &first[..=end]),
        _ => "",
    };
    let first = parts.first().map(|first| (*first).to_owned());
    let others = parts.iter().skip(1).map(|part| format!("{all}{part}"));
    first.into_iter().chain(others).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::{MOST, each};

    #[test]
    fn each_phone_stands_for_itself() {
        let variables = format!("{{a={}}}", "x".repeat(60_000));
        let many = each(&format!("{variables}{}", "user/1,".repeat(2_000)));
        assert_eq!((many.len(), many.concat().len()), (MOST, MOST * (variables.len() + 6)));
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
}
