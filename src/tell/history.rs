//! `callpark_history`: every park of a call and how it ended, for the CDRs of both sides. It is a list like FreeSWITCH's
//! own `transfer_history`.

use crate::module::variables;
use crate::park::{CallUuid, ParkEvent};
use crate::switch::{Channel, Located, Session};

const LIST: &str = "ARRAY::";
const BETWEEN: &str = "|:";
/// How many entries a call keeps. The oldest ones are removed.
const MOST: usize = 32;

/// Notes a park, or how one ended: on the parked channel, and on the one that took it. `parked` is the parked channel's
/// session, if there is one. The leg whose place another has taken is the other leg of that one.
pub(crate) fn note(event: &ParkEvent, now_ms: u64, parked: Option<Session<'_>>) {
    let what = event.outcome.map_or("parked", |outcome| outcome.as_str());
    let other = event.retriever_uuid.as_ref().or(event.from_uuid.as_ref());
    if let Some(parked) = parked {
        add(parked.channel(), &entry(event, now_ms, what, other));
    }
    if let Some(retriever) = other.and_then(|uuid| Located::find(uuid.as_str())) {
        add(retriever.session().channel(), &entry(event, now_ms, what, Some(&event.info.uuid)));
    }
}

/// `<ms since 1970>:<the other leg>:<parked or the outcome>:<lot>/<orbit>:<parker>:<waited, ms>`
pub(crate) fn entry(
    event: &ParkEvent,
    now_ms: u64,
    what: &str,
    other: Option<&CallUuid>,
) -> String {
    let orbit = event.orbit.as_ref().map_or("", |orbit| orbit.as_str());
    let place = format!("{}/{orbit}", event.lot);
    let (now, waited) = (now_ms.to_string(), event.wait_ms.to_string());
    let fields = [
        now.as_str(),
        other.map_or("", |uuid| uuid.as_str()),
        what,
        &place,
        event.info.parker.as_deref().unwrap_or_default(),
        &waited,
    ];
    fields.map(plain).join(":")
}

fn add(channel: Channel<'_>, entry: &str) {
    let list = appended(channel.variable(variables::HISTORY).as_deref(), entry);
    channel.set_variable(variables::HISTORY, Some(&list));
}

fn appended(list: Option<&str>, entry: &str) -> String {
    let Some(list) = list else { return entry.to_owned() };
    let mut entries: Vec<&str> = list.strip_prefix(LIST).unwrap_or(list).split(BETWEEN).collect();
    entries.push(entry);
    let from = entries.len().saturating_sub(MOST);
    let entries: Vec<&str> = entries.into_iter().skip(from).collect();
    format!("{LIST}{}", entries.join(BETWEEN))
}

/// A field that can stand between colons, because a phone may choose the uuid of its channel (its Call-ID).
fn plain(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    for c in field.chars().take(256) {
        match c {
            '%' | ':' | '|' => text.push_str(&format!("%{:02X}", u32::from(c))),
            c if c.is_control() => text.push_str(&format!("%{:02X}", u32::from(c))),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{MOST, appended, plain};

    #[test]
    fn entries_are_appended_and_the_latest_stay() {
        assert_eq!(appended(None, "1:a"), "1:a");
        assert_eq!(appended(Some("1:a"), "2:b"), "ARRAY::1:a|:2:b");
        assert_eq!(appended(Some("ARRAY::1:a|:2:b"), "3:c"), "ARRAY::1:a|:2:b|:3:c");
        let long = (0..100)
            .fold(None, |list: Option<String>, n| Some(appended(list.as_deref(), &n.to_string())));
        let long = long.unwrap_or_default();
        assert_eq!(long.split("|:").count(), MOST);
        assert!(long.ends_with("|:99") && long.starts_with("ARRAY::68|:"), "{long}");
    }

    #[test]
    fn a_field_cannot_pass_for_two() {
        assert_eq!(plain("a|:b%3A\r\n"), "a%7C%3Ab%253A%0D%0A");
        assert_eq!(plain("1001@test.local"), "1001@test.local");
    }
}
