//! Where a call goes: the XML dialplan, and `inline`.

use regex::Regex;

use crate::log;
use crate::session::{Profile, Session};
use crate::state::CF_DIALPLAN;
use crate::strings::separate;
use crate::switch::switch;
use crate::xml::Element;

type Actions = Vec<(String, String)>;

/// The actions for a call that is being routed; none: it goes nowhere.
pub fn route(session: &Session) -> Actions {
    sort_caller_id(session);
    // One look: a transfer that comes meanwhile changes nothing any more.
    let profile = session.profile.lock().clone();
    let field = |name: &str| profile.get(name).cloned().unwrap_or_default();
    let destination = field("destination_number");
    let (plan, context) = (field("dialplan"), field("context"));
    log::debug(Some(&session.uuid()), &format!("routing {destination} in {plan} {context}"));
    if plan.eq_ignore_ascii_case("inline") {
        return inline(&destination);
    }
    let root = switch().xml.read();
    let contexts = root.section("dialplan").into_iter().flat_map(|section| section.all("context"));
    let mut actions = Actions::new();
    for context in contexts.filter(|it| it.get("name") == Some(&context)) {
        for extension in context.all("extension") {
            if let Some(found) = matches(session, &profile, extension) {
                actions.extend(found);
                if extension.get("continue") != Some("true") {
                    return actions;
                }
            }
        }
    }
    actions
}

/// `switch_channel_sort_cid`: who was called is a caller as soon as it is in the dialplan.
fn sort_caller_id(session: &Session) {
    if !session.outbound || session.flag(CF_DIALPLAN) {
        return;
    }
    session.set_flag(CF_DIALPLAN, true);
    for (caller, callee) in
        [("caller_id_name", "callee_id_name"), ("caller_id_number", "callee_id_number")]
    {
        let mut profile = session.profile.lock();
        let was = profile.get(caller).cloned().unwrap_or_default();
        if let Some(callee) = profile.insert(callee.to_owned(), was.clone()) {
            profile.insert(caller.to_owned(), callee);
        }
        drop(profile);
        session.set(&format!("pre_transfer_{caller}"), Some(&was));
    }
}

/// `app:data,app:data`, or with another separator `m:<separator>:app:data<separator>…`.
fn inline(destination: &str) -> Actions {
    let (separator, list) =
        match destination.strip_prefix("m:").map(|rest| (rest.chars().next(), rest)) {
            Some((Some(separator), rest)) if rest[separator.len_utf8()..].starts_with(':') => {
                (separator, &rest[separator.len_utf8() + 1..])
            }
            _ => (',', destination),
        };
    let action = |text: String| match text.split_once(':') {
        Some((application, data)) => (application.to_owned(), data.to_owned()),
        None => (text, String::new()),
    };
    separate(list, separator, 128).into_iter().map(action).collect()
}

/// The actions of an extension whose conditions are met.
fn matches(session: &Session, profile: &Profile, extension: &Element) -> Option<Actions> {
    let mut actions = Actions::new();
    let mut met = false;
    for condition in extension.all("condition") {
        let captures = captures(session, profile, condition);
        met = captures.is_some();
        let side = if met { "action" } else { "anti-action" };
        for action in condition.all(side) {
            let data = action.get("data").unwrap_or_default();
            let data = captures.as_ref().map_or(data.to_owned(), |captures| filled(data, captures));
            actions.push((action.get("application").unwrap_or_default().to_owned(), data));
        }
        match (condition.get("break").unwrap_or("on-false"), met) {
            ("never", _) => {}
            ("always", _) | ("on-true", true) | ("on-false", false) => break,
            _ => {}
        }
    }
    (met || !actions.is_empty()).then_some(actions)
}

fn captures(session: &Session, profile: &Profile, condition: &Element) -> Option<Vec<String>> {
    let Some(field) = condition.get("field") else { return Some(Vec::new()) };
    let value = if field.contains("${") {
        session.expand(field)
    } else {
        profile.get(field).cloned().unwrap_or_default()
    };
    let regex = match Regex::new(condition.get("expression").unwrap_or_default()) {
        Ok(regex) => regex,
        Err(error) => {
            log::write(3, "standin", 0, None, &format!("dialplan: {error}"));
            return None;
        }
    };
    let captures = regex.captures(&value)?;
    Some(captures.iter().map(|group| group.map_or("", |group| group.as_str()).to_owned()).collect())
}

/// `$1` is the first group.
fn filled(data: &str, captures: &[String]) -> String {
    let mut out = String::new();
    let mut chars = data.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek().and_then(|next| next.to_digit(10)).filter(|_| c == '$') {
            Some(number) => {
                chars.next();
                out.push_str(captures.get(number as usize).map_or("", String::as_str));
            }
            None => out.push(c),
        }
    }
    out
}
