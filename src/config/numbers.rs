//! Many numbers in few words: as the ranges of a lot, and as the pattern of a dialplan.

use std::collections::BTreeMap;

/// Numbers that follow one another and have the same text in front of them, from the first to the last.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    prefix: String,
    first: String,
    last: String,
}

/// The names in runs. One that does not end in a digit is a run of its own.
fn runs<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Run> {
    let mut by_form: BTreeMap<(&str, usize), Vec<u64>> = BTreeMap::new();
    for name in names {
        let start = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        // A longer one does not fit.
        let start = start.max(name.len().saturating_sub(18));
        let (prefix, digits) = name.split_at(start);
        let number = digits.parse().unwrap_or_default();
        by_form.entry((prefix, digits.len())).or_default().push(number);
    }
    let mut runs = Vec::new();
    for ((prefix, width), mut numbers) in by_form {
        numbers.sort_unstable();
        numbers.dedup();
        for run in numbers.chunk_by(|a, b| a + 1 == *b) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let text = |number: u64| match width {
                0 => String::new(),
                width => format!("{number:0width$}"),
            };
            runs.push(Run { prefix: prefix.to_owned(), first: text(*first), last: text(*last) });
        }
    }
    runs
}

/// As `orbits` of a lot has it: `701-720,*5901`.
pub(crate) fn ranges<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let runs = runs(names).into_iter().map(|Run { prefix, first, last }| match first == last {
        true => format!("{prefix}{first}"),
        false => format!("{prefix}{first}-{prefix}{last}"),
    });
    runs.collect::<Vec<_>>().join(",")
}

/// As the `expression` of a condition has it, without `^(` and `)$`: `70[1-9]|71\d|720`.
pub(crate) fn expression<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut parts = Vec::new();
    for Run { prefix, first, last } in runs(names) {
        let prefix: String = prefix.chars().map(quoted).collect();
        let numbers = between(first.as_bytes(), last.as_bytes());
        parts.extend(numbers.into_iter().map(|number| format!("{prefix}{number}")));
    }
    parts.join("|")
}

/// The same for all numbers from `first` to `last`, which have the same text in front of them.
pub(crate) fn expression_from(first: &str, last: &str) -> String {
    let start = first.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let prefix: String = first.get(..start).unwrap_or_default().chars().map(quoted).collect();
    let digits = |name: &str| name.get(start..).unwrap_or_default().to_owned();
    let (first, last) = (digits(first), digits(last));
    if first.len() != last.len() {
        return format!("{prefix}\\d{{{},{}}}", first.len(), last.len());
    }
    let numbers = between(first.as_bytes(), last.as_bytes());
    numbers.iter().map(|number| format!("{prefix}{number}")).collect::<Vec<_>>().join("|")
}

fn quoted(c: char) -> String {
    if c.is_alphanumeric() || "_-".contains(c) { c.to_string() } else { format!("\\{c}") }
}

/// Patterns for the numbers from `low` to `high`, which have the same length.
fn between(low: &[u8], high: &[u8]) -> Vec<String> {
    let any = |count: usize| match count {
        0 => String::new(),
        1 => "\\d".to_owned(),
        count => format!("\\d{{{count}}}"),
    };
    let ([a, low @ ..], [b, high @ ..]) = (low, high) else { return vec![String::new()] };
    let behind = |digit: u8, rest: Vec<String>| {
        rest.into_iter().map(move |rest| format!("{}{rest}", char::from(digit)))
    };
    let rest = low.len();
    let (zeros, nines) = (vec![b'0'; rest], vec![b'9'; rest]);
    if a == b && !(low == zeros && high == nines) {
        return behind(*a, between(low, high)).collect();
    }
    let mut parts = Vec::new();
    let (mut from, mut to) = (*a, *b);
    let mut last = Vec::new();
    if low != zeros {
        parts.extend(behind(*a, between(low, &nines)));
        from += 1;
    }
    if high != nines {
        last = behind(*b, between(&zeros, high)).collect();
        to = to.saturating_sub(1);
    }
    if from <= to {
        let (first, end) = (char::from(from), char::from(to));
        parts.push(match (first, end) {
            ('0', '9') => any(rest + 1),
            _ if first == end => format!("{first}{}", any(rest)),
            _ => format!("[{first}-{end}]{}", any(rest)),
        });
    }
    parts.append(&mut last);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_ranges_that_a_lot_can_have() {
        let names = ["720", "702", "701", "*5901", "*5902", "bob", "0099", "0100", "703", "702"];
        assert_eq!(ranges(names), "701-703,720,0099-0100,*5901-*5902,bob");
        assert_eq!(ranges([]), "");
    }

    #[test]
    fn a_pattern_matches_its_numbers_and_no_others() {
        for (low, high) in [(1, 9), (701, 720), (5901, 5999), (6000, 6099), (7, 7), (199, 8001)] {
            let width = high.to_string().len();
            let name = |number: usize| format!("*{number:0width$}");
            let names: Vec<String> = (low..=high).map(name).collect();
            let pattern = format!("^(?:{})$", expression(names.iter().map(String::as_str)));
            let regex = fancy_regex::Regex::new(&pattern).expect(&pattern);
            for number in 0..10_usize.pow(u32::try_from(width).expect("few")) {
                let meant = (low..=high).contains(&number);
                assert_eq!(
                    regex.is_match(&name(number)).expect("a match"),
                    meant,
                    "{number} {pattern}"
                );
            }
        }
        let names: Vec<String> = (701..=720).map(|number| number.to_string()).collect();
        assert_eq!(expression(names.iter().map(String::as_str)), "70[1-9]|71\\d|720");
        assert_eq!(expression(["a.b"]), "a\\.b");
        assert_eq!(expression_from("*70000", "*79999"), "\\*7\\d{4}");
        assert_eq!(expression_from("98", "102"), "\\d{2,3}");
    }
}
