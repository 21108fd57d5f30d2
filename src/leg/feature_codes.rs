//! Feature codes go with the call. FreeSWITCH keeps what `bind_meta_app` and `bind_digit_action` have bound on the leg that
//! dialled. If that is the parker's leg, it no longer exists once the call is parked. Therefore the parked leg gets what the
//! parker's leg had, mirrored, and the next party that is connected to it can dial the same codes.

use crate::switch::{Session, application, log};

const META: &str = "bind_meta_app";
const UNBIND_META: &str = "unbind_meta_app";
const DIGITS: &str = "bind_digit_action";
const CLEAR_DIGITS: &str = "clear_digit_action";
const REALM: &str = "digit_action_set_realm";
/// The most codes that are taken over.
const MOST: usize = 64;

/// An application and its data.
type Run = (String, String);

/// What is bound on a leg, as it must be bound on the leg that talks to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Codes(Vec<Run>);

impl Codes {
    /// Reads them off the leg.
    #[must_use]
    pub(crate) fn of(leg: Session<'_>) -> Self {
        let mut codes = mirrored(&application::log(leg));
        codes.truncate(MOST);
        Self(codes)
    }
}

/// Binds on a leg that has just been parked, on its own thread, what the leg has, or had, that it talked to last.
pub(crate) fn take_over(codes: Option<Codes>, parked: Session<'_>) {
    let Some(Codes(codes)) = codes.filter(|codes| !codes.0.is_empty()) else { return };
    let own = application::log(parked);
    for (name, data) in codes.iter().filter(|code| !is_bound(&own, code)) {
        if !application::run(parked, name, data) {
            log::warning(
                Some(&parked.uuid()),
                format_args!("the feature code {name}({data}) cannot be bound on the parked leg"),
            );
        }
    }
}

/// Whether the leg has that binding itself, which then takes precedence.
fn is_bound(own: &[Run], (name, data): &Run) -> bool {
    own.iter().filter(|(known, _)| known == name).any(|(_, known)| match name.as_str() {
        META => {
            let (ours, theirs) = (meta(known), meta(data));
            ours.zip(theirs).is_some_and(|([key, dials, ..], [other, by, ..])| {
                key == other && dials.chars().any(|side| by.contains(side))
            })
        }
        _ => known == data,
    })
}

/// What is bound after these applications have run, as it must be bound on the leg on the other side.
fn mirrored(log: &[Run]) -> Vec<Run> {
    let mut bound: Vec<Run> = Vec::new();
    for (name, data) in log {
        match name.as_str() {
            META => {
                let Some([key, dials, runs, app]) = meta(data) else { continue };
                let data = format!("{key} {} {} {app}", sides(dials), sides(runs));
                bound.push((name.clone(), data));
            }
            UNBIND_META => {
                let key = data.trim();
                let goes =
                    |of: &str| key.is_empty() || meta(of).is_some_and(|[bound, ..]| bound == key);
                bound.retain(|(kept, of)| kept != META || !goes(of));
            }
            DIGITS => {
                let mut fields = fields(data);
                fields.resize(4.max(fields.len()), String::new());
                fields.resize(6, "self".to_owned());
                for target in fields.iter_mut().skip(4) {
                    *target = other_target(target).to_owned();
                }
                bound.push((name.clone(), fields.join(",")));
            }
            REALM => {
                let (realm, target) = data.split_once(',').unwrap_or((data, "self"));
                bound.push((name.clone(), format!("{realm},{}", other_target(target))));
            }
            CLEAR_DIGITS => {
                let realm = data.split(',').next().unwrap_or_default();
                bound.retain(|(kept, of)| {
                    let same = realm == "all" || of.split(',').next() == Some(realm);
                    kept == META || !same
                });
            }
            _ => {}
        }
    }
    bound
}

/// The key, the sides that may dial it, how it runs, and what runs: `1 ab s callpark::default auto`.
fn meta(data: &str) -> Option<[&str; 4]> {
    let mut words = data.trim().splitn(4, ' ');
    Some([words.next()?, words.next()?, words.next()?, words.next()?])
}

/// `a` is this leg, and `b` is the other one.
fn sides(words: &str) -> String {
    let other = |side| match side {
        'a' => 'b',
        'b' => 'a',
        side => side,
    };
    words.chars().map(other).collect()
}

fn other_target(target: &str) -> &str {
    match target {
        "self" => "peer",
        "peer" => "self",
        both => both,
    }
}

/// Fields between commas, of which there can be some between quotes or behind a backslash.
fn fields(data: &str) -> Vec<String> {
    let (mut quoted, mut escaped) = (false, false);
    data.split(|c| {
        let plain = !quoted && !escaped;
        quoted ^= c == '\'' && !escaped;
        escaped = c == '\\' && !escaped;
        plain && c == ','
    })
    .map(str::to_owned)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{is_bound, mirrored};

    fn log(runs: &[(&str, &str)]) -> Vec<(String, String)> {
        runs.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect()
    }

    #[test]
    fn what_is_bound_is_mirrored() {
        for (run, bound) in [
            (
                &[("bind_meta_app", "1 a s callpark::default auto")][..],
                &["1 b s callpark::default auto"][..],
            ),
            (&[("bind_meta_app", "2 ab b hangup::A b")], &["2 ba a hangup::A b"]),
            (
                &[
                    ("bind_meta_app", "1 a s x"),
                    ("bind_meta_app", "2 b o1 y"),
                    ("unbind_meta_app", "1"),
                ],
                &["2 a o1 y"],
            ),
            (&[("bind_meta_app", "1 a s x"), ("unbind_meta_app", ""), ("answer", "")], &[]),
            (&[("bind_meta_app", "1 a")], &[]),
            (
                &[("bind_digit_action", "r,~5.,exec:callpark,default auto")],
                &["r,~5.,exec:callpark,default auto,peer,peer"],
            ),
            (&[("bind_digit_action", "r,5,api:x")], &["r,5,api:x,,peer,peer"]),
            (
                &[("bind_digit_action", "r,5,exec:x,'a,b',both,peer")],
                &["r,5,exec:x,'a,b',both,self"],
            ),
            (
                &[
                    ("bind_digit_action", "r,5,exec:x"),
                    ("digit_action_set_realm", "r"),
                    ("clear_digit_action", "all"),
                ],
                &[],
            ),
            (&[("digit_action_set_realm", "r")], &["r,peer"]),
        ] {
            let all: Vec<String> = mirrored(&log(run)).into_iter().map(|(_, data)| data).collect();
            assert_eq!(all, bound, "{run:?}");
        }
    }

    #[test]
    fn what_a_leg_has_bound_itself_stays() {
        let own = log(&[("bind_meta_app", "1 a s x"), ("bind_digit_action", "r,5,x,,peer,peer")]);
        for (name, data, expected) in [
            ("bind_meta_app", "1 ab s y", true),
            ("bind_meta_app", "1 b s y", false),
            ("bind_meta_app", "2 a s y", false),
            ("bind_digit_action", "r,5,x,,peer,peer", true),
            ("bind_digit_action", "r,5,x,,self,self", false),
        ] {
            assert_eq!(is_bound(&own, &log(&[(name, data)])[0]), expected, "{data}");
        }
    }
}
