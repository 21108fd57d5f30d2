//! Where a number leads. What depends on more than the number may happen, and may not.

use super::{Condition, Context, Dialplan, Extension, Rule, Stops, Test};

/// How many transfers are followed.
const MOST_TRANSFERS: usize = 8;

/// What may happen to a call.
#[derive(Debug, Default)]
pub(crate) struct Route<'a> {
    /// In this order, transfers followed.
    pub(crate) steps: Vec<Step<'a>>,
    /// The extension that certainly ends it in the context where it began.
    pub(crate) ended_by: Option<&'a Extension>,
    /// What would happen behind that.
    pub(crate) behind: Vec<Step<'a>>,
    /// It may go where the text of the dialplan does not say.
    pub(crate) leaves: bool,
}

/// An action that may be carried out, its data filled in as far as the number says.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) extension: &'a Extension,
    pub(crate) application: &'a str,
    pub(crate) data: String,
}

/// Whether a condition is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    No,
    Maybe,
    Yes,
}

impl Dialplan {
    /// Where `number` leads in that context.
    pub(crate) fn route<'a>(&'a self, context: &'a Context, number: &str) -> Route<'a> {
        let mut route = Route::default();
        self.follow(context, number, &mut route, 0);
        route
    }

    fn follow<'a>(
        &'a self,
        context: &'a Context,
        number: &str,
        route: &mut Route<'a>,
        transfers: usize,
    ) {
        let mut steps = Vec::new();
        let mut ended_by = None;
        for extension in &context.extensions {
            let mut theirs = Vec::new();
            let met = extension.run(number, &mut theirs);
            if ended_by.is_some() {
                if transfers == 0 {
                    route.behind.append(&mut theirs);
                }
                continue;
            }
            steps.append(&mut theirs);
            if met == Met::Yes && !extension.continues {
                ended_by = Some(extension);
            }
        }
        if transfers == 0 {
            route.ended_by = ended_by;
        }
        for step in steps {
            match step.leads_to() {
                Leads::Nowhere => {}
                Leads::Somewhere => route.leaves = true,
                Leads::To { exten, context: name } => {
                    let name = name.unwrap_or(&context.name);
                    let next = self.contexts.iter().find(|context| context.name == *name);
                    match next {
                        Some(next) if transfers < MOST_TRANSFERS => {
                            self.follow(next, exten, route, transfers + 1);
                        }
                        _ => route.leaves = true,
                    }
                }
            }
            route.steps.push(step);
        }
    }
}

impl Extension {
    /// What it does with that number.
    fn run<'a>(&'a self, number: &str, steps: &mut Vec<Step<'a>>) -> Met {
        let met = run(self, &self.conditions, number, steps);
        fill_in(steps);
        met
    }

    /// What it may do with that number, if it is met at all.
    pub(crate) fn steps(&self, number: &str) -> Vec<Step<'_>> {
        let mut steps = Vec::new();
        self.run(number, &mut steps);
        steps
    }
}

fn run<'a>(
    extension: &'a Extension,
    conditions: &'a [Condition],
    number: &str,
    steps: &mut Vec<Step<'a>>,
) -> Met {
    let (mut result, mut unsure) = (Met::No, false);
    // An earlier condition may have ended it.
    let mut may_have_ended = false;
    for condition in conditions {
        let (met, captures) = condition.meets(number);
        let mut add = |actions: &'a [super::Action], captures: &[Option<String>]| {
            steps.extend(actions.iter().map(|action| Step {
                extension,
                application: &action.application,
                data: filled(&action.data, captures),
            }));
        };
        if met != Met::Yes {
            add(&condition.anti_actions, &[]);
        }
        if met != Met::No {
            add(&condition.actions, &captures);
        }
        result = match met {
            Met::No if !condition.anti_actions.is_empty() => Met::Yes,
            Met::No => Met::No,
            _ => Met::Yes,
        };
        unsure |= met == Met::Maybe;
        match (condition.stops, met) {
            (Stops::Always, _) | (Stops::OnTrue, Met::Yes) | (Stops::OnFalse, Met::No) => break,
            (Stops::OnTrue, Met::Maybe) => may_have_ended = true,
            _ => {}
        }
        if result == Met::Yes && !condition.nested.is_empty() {
            let nested = run(extension, &condition.nested, number, steps);
            match nested {
                Met::No if !condition.needs_nested => {}
                Met::No if condition.stops == Stops::Never => result = Met::No,
                Met::No => {
                    result = Met::No;
                    break;
                }
                Met::Maybe => unsure = true,
                Met::Yes => {}
            }
        }
    }
    match result {
        Met::No if may_have_ended => Met::Maybe,
        Met::No => Met::No,
        _ if unsure => Met::Maybe,
        met => met,
    }
}

impl Condition {
    /// Whether it is met, and what its pattern has captured.
    fn meets(&self, number: &str) -> (Met, Vec<Option<String>>) {
        let mut captures = Vec::new();
        let mut results = Vec::new();
        for test in &self.tests {
            results.push(match test {
                Test::Unknown => Met::Maybe,
                Test::Number(regex) => match regex.captures(number) {
                    Err(_) => Met::Maybe,
                    Ok(None) => Met::No,
                    Ok(Some(found)) => {
                        let groups = found.iter();
                        captures =
                            groups.map(|group| group.map(|it| it.as_str().to_owned())).collect();
                        Met::Yes
                    }
                },
            });
        }
        let any = |met| results.contains(&met);
        let met = match self.rule {
            Rule::All if any(Met::No) => Met::No,
            Rule::All if any(Met::Maybe) => Met::Maybe,
            Rule::All => Met::Yes,
            Rule::Any if any(Met::Yes) => Met::Yes,
            Rule::Any if any(Met::Maybe) => Met::Maybe,
            Rule::Any => Met::No,
            Rule::Unknown => Met::Maybe,
        };
        // Without a group, FreeSWITCH leaves the data as it is.
        if captures.len() < 2 {
            captures.clear();
        }
        (met, captures)
    }
}

/// `$1` is the first group.
fn filled(data: &str, captures: &[Option<String>]) -> String {
    if captures.is_empty() {
        return data.to_owned();
    }
    let mut text = String::new();
    let mut rest = data;
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, behind) = after.split_at(digits);
        match number.parse::<usize>() {
            Ok(number) => {
                let group = captures.get(number).and_then(Option::as_deref);
                text.push_str(group.unwrap_or_default());
            }
            Err(_) => text.push('$'),
        }
        rest = behind;
    }
    text + rest
}

/// Fills in the variables that the steps set before, as far as the number says what to.
fn fill_in(steps: &mut [Step<'_>]) {
    let mut known: Vec<(String, String)> = Vec::new();
    for step in steps {
        for (name, value) in &known {
            step.data = step.data.replace(name, value);
        }
        if step.application == "set"
            && let Some((name, value)) = step.data.split_once('=')
        {
            let name = format!("${{{}}}", name.trim());
            known.retain(|(known, _)| *known != name);
            if !value.contains('$') {
                known.push((name, value.to_owned()));
            }
        }
    }
}

/// Where a step sends the call.
enum Leads<'a> {
    /// It stays.
    Nowhere,
    /// To that number.
    To { exten: &'a str, context: Option<&'a str> },
    /// Somewhere that the dialplan does not say.
    Somewhere,
}

impl Step<'_> {
    fn leads_to(&self) -> Leads<'_> {
        const SCRIPTS: [&str; 8] =
            ["lua", "python", "python3", "javascript", "perl", "java", "socket", "httapi"];
        if SCRIPTS.contains(&self.application) || self.data.contains("${callpark") {
            return Leads::Somewhere;
        }
        match self.application {
            "bridge" if self.data.contains("loopback/") => Leads::Somewhere,
            "transfer" | "execute_extension" => {
                let mut words = self.data.split_whitespace();
                let Some(exten) = words.next() else { return Leads::Nowhere };
                let (dialplan, context) = (words.next(), words.next());
                match dialplan {
                    // The other leg.
                    _ if exten.starts_with('-') => Leads::Nowhere,
                    _ if self.data.contains("${") => Leads::Somewhere,
                    None => Leads::To { exten, context },
                    Some(xml) if xml.eq_ignore_ascii_case("xml") => Leads::To { exten, context },
                    Some(inline) if inline.eq_ignore_ascii_case("inline") => Leads::Somewhere,
                    Some(_) => Leads::Nowhere,
                }
            }
            _ => Leads::Nowhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Dialplan;

    fn steps(xml: &str, number: &str) -> (Vec<String>, Option<String>, bool) {
        let dialplan = Dialplan::read(&format!("<section name=\"dialplan\">{xml}</section>"));
        let route = dialplan.route(&dialplan.contexts[0], number);
        let steps = route.steps.iter().map(|step| format!("{} {}", step.application, step.data));
        (steps.collect(), route.ended_by.map(|it| it.name.clone()), route.leaves)
    }

    #[test]
    fn the_first_extension_that_matches_ends_it_unless_it_goes_on_or_may_not_match() {
        let xml = r#"<context name="default">
            <extension name="all" continue="true"><condition><action application="set" data="a=$1"/></condition></extension>
            <extension name="night"><condition wday="7"/><condition field="destination_number" expression="^(7\d+)$">
              <action application="playback" data="$1"/></condition></extension>
            <extension name="key"><condition field="destination_number" expression="^(?:\*\*)?((?!700)7\d\d)$">
              <action application="callpark_key">default $1</action><anti-action application="log"/></condition></extension>
            <extension name="late"><condition field="destination_number" expression="."><action application="hangup"/></condition></extension>
            </context>"#;
        let (at_701, ended_by, leaves) = steps(xml, "**701");
        assert_eq!(at_701, ["set a=$1", "callpark_key default 701"]);
        assert_eq!((ended_by.as_deref(), leaves), (Some("key"), false));
        assert_eq!(steps(xml, "701").0, ["set a=$1", "playback 701", "callpark_key default 701"]);
        assert_eq!(steps(xml, "800").0, ["set a=$1", "log "]);
    }

    #[test]
    fn transfers_are_followed_as_far_as_the_text_says() {
        let xml = r#"<context name="a">
            <extension name="x"><condition field="destination_number" expression="^1(\d)$"><action application="transfer" data="2$1 XML b"/></condition></extension>
            <extension name="y"><condition field="destination_number" expression="^3"><action application="transfer" data="${there} XML b"/></condition></extension>
            <extension name="z"><condition field="destination_number" expression="^4"><action application="transfer" data="4"/></condition></extension>
            </context><context name="b">
            <extension name="z"><condition regex="any"><regex field="caller_id_number" expression="5"/>
              <regex field="destination_number" expression="/^(2.)$/i"/><action application="callpark_key" data="$1"/></condition></extension></context>"#;
        assert_eq!(steps(xml, "17").0, ["callpark_key 27", "transfer 27 XML b"]);
        assert!(steps(xml, "30").2);
        assert!(steps(xml, "40").2, "round and round");
        assert!(!steps(xml, "17").2);
        assert!(Dialplan::read("<section><context name=\"a\"").contexts.is_empty());
    }

    #[test]
    fn a_variable_that_was_set_to_a_part_of_the_number_is_filled_in() {
        let xml = r#"<context name="a"><extension name="x"><condition field="destination_number" expression="^\*59(\d\d)$">
            <action application="set" data="park_lot=$1" inline="true"/><action application="valet_park" data="park *59${park_lot} ${x}"/>
            </condition></extension></context>"#;
        assert_eq!(steps(xml, "*5901").0[1], "valet_park park *5901 ${x}");
    }

    #[test]
    fn nested_conditions_and_breaks_count_as_freeswitch_counts_them() {
        let xml = r#"<context name="a">
            <extension name="x"><condition field="destination_number" expression="^7">
              <condition field="destination_number" expression="^70"><action application="one"/></condition></condition></extension>
            <extension name="y"><condition field="destination_number" expression="^71$" break="on-true"><action application="two"/></condition>
              <condition field="destination_number" expression="^7"><action application="three"/></condition></extension>
            <extension name="z"><condition><action application="four"/></condition></extension></context>"#;
        assert_eq!(steps(xml, "70").0, ["one "]);
        assert_eq!(steps(xml, "71").0, ["two "]);
        assert_eq!(steps(xml, "72").0, ["three "]);
    }
}
