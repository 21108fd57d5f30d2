//! The names that phones show across a hand-over, and how names are written for them.

use crate::park::{CallView, DisplayName, LONGEST_SHOWN, Number, Untrusted};
use crate::switch::channel::Flag;
use crate::switch::{Channel, SentField, Session};

/// The name of a caller who asked for privacy.
const ANONYMOUS: (&str, &str) = ("Anonymous", "anonymous");
/// What mod_sofia puts into its answer to a call, read as that is sent.
const ANSWERED_AS: [&str; 2] = ["initial_callee_id_name", "initial_callee_id_number"];

/// Answers `leg`. If its phone learns the other party's name with the answer, it gets the name of `call`. Afterwards the leg
/// has its own names again, whether the claim succeeds or not. Returns false if it cannot be answered, because it is hanging
/// up.
#[must_use]
pub(crate) fn answer_as(leg: Channel<'_>, call: Option<&CallView>) -> bool {
    let Some(call) = call.filter(|_| is_sip(leg) && !leg.test(Flag::Answered)) else {
        return leg.answer();
    };
    let before = ANSWERED_AS.map(|name| leg.variable(name));
    let (name, number) = (for_sip(&shown_name(call)), shown_number(call));
    for (variable, value) in ANSWERED_AS.iter().zip([name, number]) {
        leg.set_variable(variable, Some(&value));
    }
    let answered = leg.answer();
    for (variable, value) in ANSWERED_AS.iter().zip(before) {
        leg.set_variable(variable, value.as_deref());
    }
    answered
}

/// The caller's name as others may see it.
#[must_use]
pub(crate) fn shown_name(call: &CallView) -> String {
    let name = if call.info.caller.private { ANONYMOUS.0 } else { &call.info.caller.name };
    name.chars().take(LONGEST_SHOWN).collect()
}

/// The caller's number as others may see it, and as it can stand in a SIP address.
#[must_use]
pub(crate) fn shown_number(call: &CallView) -> String {
    let number = if call.info.caller.private { ANONYMOUS.1 } else { &call.info.caller.number };
    let legal = |c: &char| c.is_ascii_alphanumeric() || "+*#._-%".contains(*c);
    let number: String = number.chars().filter(legal).collect();
    // Without a number FreeSWITCH would show the number that was dialled, which is the orbit.
    if number.is_empty() { "unknown".to_owned() } else { number }
}

/// Some fields of a channel's caller profile, as they were.
pub(crate) struct Names {
    fields: Vec<(SentField, Untrusted)>,
}

impl Names {
    /// Shows each party the other. The leg that takes the call gets the caller's name and number, and the caller gets those
    /// of the leg. When the parked call drives a bridge, FreeSWITCH sends the other leg that leg's *caller* id, and the parked
    /// call that leg's *callee* id, which it copies into the parked call's profile as well (`send_display`,
    /// `check_bridge_export`).
    #[must_use]
    pub(crate) fn exchange(leg: Session<'_>, call: &CallView) -> Self {
        let channel = leg.channel();
        let was = Self::of(
            channel,
            &[
                SentField::CALLER_ID_NAME,
                SentField::CALLER_ID_NUMBER,
                SentField::CALLEE_ID_NAME,
                SentField::CALLEE_ID_NUMBER,
            ],
        );
        let (own, theirs) = if is_sip(channel) {
            (for_sip(&of_caller(channel)), for_sip(&shown_name(call)))
        } else {
            (of_caller(channel).to_string(), shown_name(call))
        };
        channel.step_caller_profile();
        channel.set_profile("callee_id_name", &own);
        channel.set_profile("callee_id_number", &number_of_caller(channel));
        channel.set_profile("caller_id_name", &theirs);
        channel.set_profile("caller_id_number", &shown_number(call));
        was
    }

    /// What a bridge changes in the parked call's profile, even if it comes to nothing.
    #[must_use]
    pub(crate) fn of_parked(parked: Channel<'_>) -> Self {
        Self::of(parked, &[SentField::CALLEE_ID_NAME, SentField::CALLEE_ID_NUMBER])
    }

    /// Restores the fields.
    pub(crate) fn restore(&self, channel: Channel<'_>) {
        for (field, value) in &self.fields {
            channel.put_back(*field, value);
        }
    }

    fn of(channel: Channel<'_>, fields: &[SentField]) -> Self {
        let value = |field: SentField| channel.sent(field).unwrap_or_default();
        Self { fields: fields.iter().map(|field| (*field, value(*field))).collect() }
    }
}

/// The caller's name as its phone meant it. What mod_sofia has from a phone is still escaped as in a SIP header.
#[must_use]
pub(crate) fn of_caller(channel: Channel<'_>) -> DisplayName {
    let name = channel.sent(SentField::CALLER_ID_NAME).unwrap_or_default();
    if is_sip(channel) { DisplayName::unescaped(&name) } else { DisplayName::of(&name) }
}

/// The caller's number.
#[must_use]
pub(crate) fn number_of_caller(channel: Channel<'_>) -> Number {
    Number::of(&channel.sent(SentField::CALLER_ID_NUMBER).unwrap_or_default())
}

/// A name as mod_sofia must get it to send it as it is. It takes the name of a call it makes for a number, and keeps only
/// what lies between the last `/` or `:` and the first `@` (`switch_sanitize_number`); then it decodes `%41`, cuts off
/// what is before the first and behind the last quote (`check_decode`), and puts what is left between quotes.
#[must_use]
pub(crate) fn for_sip(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut rest = name.chars().filter(|c| !c.is_control());
    while let Some(c) = rest.next() {
        match c {
            ':' => text.push_str("%3A"),
            '/' => text.push_str("%2F"),
            '@' => text.push_str("%40"),
            '"' | '\\' => text.extend(['\\', c]),
            c => text.push(c),
        }
        let mut next = rest.clone();
        let hex = |c: Option<char>| c.is_some_and(|c| c.is_ascii_hexdigit());
        if c == '%' && hex(next.next()) && hex(next.next()) {
            text.push_str("25");
        }
    }
    if text.contains('"') { format!("\"{text}\"") } else { text }
}

fn is_sip(channel: Channel<'_>) -> bool {
    channel.name().starts_with("sofia/")
}

#[cfg(test)]
mod tests {
    use super::for_sip;

    #[test]
    fn a_name_gets_what_mod_sofia_takes_away() {
        for (name, sent) in [
            ("Alice", "Alice"),
            ("王小明", "王小明"),
            ("50% off", "50% off"),
            ("100%25", "100%2525"),
            (r#"Bob <&"'> %s"#, r#""Bob <&\"'> %s""#),
            (r"a\b", r"a\\b"),
            ("Park 701: a/b@c", "Park 701%3A a%2Fb%40c"),
            ("a\r\nb", "ab"),
            ("", ""),
        ] {
            assert_eq!(for_sip(name), sent);
        }
    }
}
