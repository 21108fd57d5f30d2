//! Which orbits no number leads to.

use std::sync::Arc;

use quick_xml::escape::escape;

use crate::args;
use crate::config::dialplan::{Dialplan, Step};
use crate::config::node::Node;
use crate::config::numbers;
use crate::module::health::Finding;
use crate::park::{LotConfig, LotKey, OrbitName, OrbitRange, Park};

/// How many orbits of a lot are tried.
const MOST_TRIED: usize = 100;

/// Whether a module other than FreeSWITCH's XML says where calls go, by the configuration of one that can.
pub(super) fn is_elsewhere(configuration: &str) -> bool {
    let Some(root) = Node::read(configuration) else { return false };
    root.walk().any(|node| {
        let bindings = match node.get("name") {
            Some("xml-handler-bindings") => node.get("value"),
            // Without a list, it is asked for everything.
            Some("gateway-url") => Some(node.get("bindings").unwrap_or("dialplan")),
            _ => None,
        };
        bindings.is_some_and(|bindings| bindings.contains("dialplan"))
    })
}

/// The findings about the orbits of these lots. `leads` tells whether a step leads to an orbit: see [`leads`].
pub(super) fn of(
    dialplan: &Dialplan,
    lots: &[Arc<LotConfig>],
    leads: impl Fn(&LotKey, &OrbitName, &Step<'_>) -> bool,
) -> Vec<Finding> {
    if dialplan.contexts.is_empty() {
        return Vec::new();
    }
    lots.iter().filter_map(|lot| unreached(dialplan, lot, &leads)).collect()
}

fn unreached(
    dialplan: &Dialplan,
    lot: &LotConfig,
    leads: &impl Fn(&LotKey, &OrbitName, &Step<'_>) -> bool,
) -> Option<Finding> {
    let orbits = some_orbits(lot);
    let mut missed = Vec::new();
    // The context, the extension that ends a call there, and the one behind it that would lead to the orbit.
    let mut hidden = None;
    for orbit in &orbits {
        let mut reached = false;
        for context in &dialplan.contexts {
            let route = dialplan.route(context, orbit.as_str());
            let to = |step: &&Step<'_>| leads(&lot.key, orbit, step);
            reached = route.leaves || route.steps.iter().any(|step| to(&step));
            if reached {
                break;
            }
            if let (None, Some(by), Some(step)) =
                (&hidden, route.ended_by, route.behind.iter().find(to))
            {
                let names = (&context.name, &by.name, &step.extension.name);
                hidden = Some((names.0.clone(), names.1.clone(), names.2.clone()));
            }
        }
        if !reached {
            missed.push(orbit.as_str());
        }
    }
    if missed.is_empty() {
        return None;
    }
    let all = || lot.ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let were_all_tried =
        lot.ranges.iter().map(OrbitRange::count).sum::<u64>() == orbits.len() as u64;
    let missed_all = missed.len() == orbits.len();
    if !were_all_tried {
        missed.truncate(1);
    }
    let orbits = match missed.first() {
        _ if missed_all => all(),
        Some(first) if !were_all_tried => format!("some of {}, such as {first},", all()),
        _ => numbers::ranges(missed.iter().copied()),
    };
    let name = &lot.key;
    let (text, change) = match hidden {
        Some((context, by, extension)) => (
            format!(
                "in the context {context}, the extension {by} takes calls to {orbits} of the lot {name}"
            ),
            format!(
                "dialplan, in <context name=\"{}\">: move <extension name=\"{}\"> before <extension name=\"{}\">, and run \
                 `reloadxml`",
                escape(&context),
                escape(&extension),
                escape(&by)
            ),
        ),
        None => {
            let expression = match missed_all {
                true => of_all(lot),
                false => numbers::expression(missed.iter().copied()),
            };
            (
                format!("no context of the dialplan leads to {orbits} of the lot {name}"),
                format!(
                    "dialplan, first in the context of the phones: <extension name=\"callpark_key\"><condition \
                     field=\"destination_number\" expression=\"^({})$\"><action application=\"callpark_key\" data=\"{} \
                     $1\"/></condition></extension>, and run `reloadxml`",
                    escape(&expression),
                    escape(name.to_string())
                ),
            )
        }
    };
    Some(Finding { about: "dialplan", text, change })
}

/// A pattern for all of its orbits.
fn of_all(lot: &LotConfig) -> String {
    let parts = lot.ranges.iter().filter_map(|range| {
        let ends: Vec<OrbitName> = range.some(u64::MAX).collect();
        Some(numbers::expression_from(ends.first()?.as_str(), ends.last()?.as_str()))
    });
    parts.collect::<Vec<_>>().join("|")
}

/// All of its orbits, or some from the first to the last.
fn some_orbits(lot: &LotConfig) -> Vec<OrbitName> {
    let each = lot.ranges.iter().map(|range| usize::try_from(range.count()).unwrap_or(usize::MAX));
    let step = each.fold(0_usize, usize::saturating_add).div_ceil(MOST_TRIED).max(1);
    let mut orbits = Vec::new();
    for range in &lot.ranges {
        orbits.extend(range.some(step as u64));
    }
    orbits.dedup();
    orbits
}

/// Whether an action of the dialplan parks in that orbit, or retrieves from it.
pub(super) fn leads(park: &Park, lot: &LotKey, orbit: &OrbitName, step: &Step<'_>) -> bool {
    let Step { application, data, .. } = step;
    if !["callpark", "callpark_key", "callpark_retrieve", "valet_park"].contains(application) {
        return false;
    }
    // By what is known only during the call.
    if data.contains("${") {
        return true;
    }
    let word = if *application == "valet_park" {
        let mut words = data.split_whitespace();
        let (name, word) = (words.next(), words.next());
        if name.and_then(|name| name.parse().ok()).as_ref() != Some(lot) {
            return false;
        }
        word.map(str::to_owned)
    } else {
        match args::place(park, data, lot.domain.as_deref()) {
            Ok(place) if place.lot == *lot => place.word,
            _ => return false,
        }
    };
    match (*application, word.as_deref()) {
        ("callpark_retrieve", None | Some("next" | "ask")) | ("valet_park", Some("ask")) => true,
        (_, None | Some("auto")) => false,
        ("callpark" | "valet_park", Some(word)) => word == orbit.as_str(),
        (_, Some(word)) => args::key(park, lot, word).is_ok_and(|key| key == *orbit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(lots: &[(&str, &str)], dialplan: &str) -> Vec<(String, String)> {
        let lots: Vec<LotConfig> = lots
            .iter()
            .map(|(name, orbits)| {
                let ranges = OrbitRange::parse_list(orbits).expect(orbits);
                LotConfig::new(name.parse().expect(name), ranges)
            })
            .collect();
        let mut park = Park::new(1);
        park.configure(crate::switch::clock::now(), lots.clone());
        let dialplan = Dialplan::read(&format!("<section>{dialplan}</section>"));
        let leads =
            |lot: &LotKey, orbit: &OrbitName, step: &Step<'_>| leads(&park, lot, orbit, step);
        let lots: Vec<Arc<LotConfig>> = lots.into_iter().map(Arc::new).collect();
        let findings = of(&dialplan, &lots, leads).into_iter();
        findings.map(|finding| (finding.text, finding.change)).collect()
    }

    fn extension(name: &str, expression: &str, application: &str, data: &str) -> String {
        format!(
            "<extension name=\"{name}\"><condition field=\"destination_number\" expression=\"{expression}\"><action \
             application=\"{application}\" data=\"{data}\"/></condition></extension>"
        )
    }

    #[test]
    fn nothing_is_said_of_orbits_that_a_number_leads_to_or_may() {
        let lots = [("default", "701-720"), ("sales@a.com", "80000-89999")];
        for dialplan in [
            format!(
                "{}{}",
                extension("a", "^(7\\d\\d)$", "callpark_key", "$1"),
                extension("b", "^8\\d+$", "callpark_retrieve", "sales@a.com next")
            ),
            extension("a", "^(?:7|8)", "lua", "park.lua"),
            extension("a", "(.*)", "callpark_key", "${lot} $1"),
        ] {
            let found = findings(&lots, &format!("<context name=\"c\">{dialplan}</context>"));
            assert_eq!(found, [], "{dialplan}");
        }
        assert_eq!(findings(&lots, ""), []);
    }

    #[test]
    fn an_orbit_without_a_number_is_named_with_the_lines_that_lead_there() {
        let key = extension("k", "^(70\\d)$", "callpark_key", "default $1");
        let found =
            findings(&[("default", "701-712")], &format!("<context name=\"c\">{key}</context>"));
        let [(text, change)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(text, "no context of the dialplan leads to 710-712 of the lot default");
        assert!(
            change.contains("expression=\"^(71[0-2])$\"") && change.contains("data=\"default $1\"")
        );
        let some = findings(
            &[("default", "70000-79999")],
            &format!(
                "<context name=\"c\">{}</context>",
                extension("k", "^(70\\d+)$", "callpark_key", "default $1")
            ),
        );
        assert!(
            some[0].0.ends_with("some of 70000-79999, such as 71000, of the lot default"),
            "{some:?}"
        );
        // What it says helps.
        let (_, line) = change.split_once("phones: ").expect("a line");
        let (line, _) = line.rsplit_once(", and run").expect("a line");
        let both = format!("<context name=\"c\">{line}{key}</context>");
        assert_eq!(findings(&[("default", "701-712")], &both), []);
    }

    #[test]
    fn an_extension_before_ours_is_named_and_its_name_escaped() {
        let first = extension("a&lt;b&gt;", "^7", "bridge", "user/7");
        let key = extension("key", "^(7\\d\\d)$", "callpark_key", "default $1");
        let found = findings(
            &[("default", "701-702")],
            &format!("<context name=\"c\">{first}{key}</context>"),
        );
        let [(text, change)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            text,
            "in the context c, the extension a<b> takes calls to 701-702 of the lot default"
        );
        assert!(
            change.contains("move <extension name=\"key\"> before <extension name=\"a&lt;b&gt;\">"),
            "{change}"
        );
    }

    #[test]
    fn dialplans_from_elsewhere_are_known_by_what_asks_for_them() {
        let curl = |attributes: &str| {
            format!(
                "<configuration><bindings><binding><param name=\"gateway-url\" value=\"x\" {attributes}/></binding></bindings></configuration>"
            )
        };
        assert!(is_elsewhere(&curl("bindings=\"dialplan|directory\"")));
        assert!(is_elsewhere(&curl("")));
        assert!(!is_elsewhere(&curl("bindings=\"directory\"")));
        assert!(is_elsewhere(
            "<c><settings><param name=\"xml-handler-bindings\" value=\"dialplan\"/></settings></c>"
        ));
        assert!(!is_elsewhere(
            "<c><settings><param name=\"x\" value=\"dialplan\"/></settings></c>"
        ));
    }
}
