//! Reports, on a real file.

use std::path::Path;

use jiff::tz::TimeZone;

use super::*;
use crate::entry::{Action, Entry, Outcome, StepResult};
use crate::journal::Journal;
use crate::query::Limits;
use crate::testing::{Folder, LONG, end, journal, park, step};

/// Monday, 2026-11-23 00:00 in UTC.
const MONDAY: i64 = 1_795_392_000_000;
const HOUR: i64 = 3_600_000;

fn clock() -> Clock {
    Clock::at(MONDAY + 14 * DAY_MS, TimeZone::UTC)
}

/// Ten calls: one an hour on Monday from 8:00, in two lots of two orbits, by two parkers.
fn fill(journal: &Journal) {
    for number in 0..10 {
        let mut begun =
            park(MONDAY + (8 + number) * HOUR, &format!("u{number}"), &format!("70{}", number % 2));
        begun.capacity = Some(2);
        begun.subject.caller_number =
            if number < 4 { "0301".into() } else { format!("04{number}") };
        begun.subject.parker = if number % 2 == 0 { "1001@a" } else { "1002@a" }.into();
        begun.place.lot = if number < 8 { "default" } else { "sales" }.into();
        journal.record(begun.clone());
        let ended = match number {
            0..=3 => end(&begun, (number + 1) * 10_000, Outcome::Retrieved, "1005@a"),
            4 | 5 => end(&begun, 60_000, Outcome::Abandoned, ""),
            6 => {
                journal.record(step(&begun, 90_000, 1, "parker", StepResult::Started));
                journal.record(step(&begun, 110_000, 1, "parker", StepResult::Failed));
                journal.record(step(&begun, 110_000, 2, "user/9", StepResult::Started));
                step(&begun, 115_000, 2, "user/9", StepResult::Took)
            }
            7 => {
                journal.record(step(&begun, 90_000, 1, "parker", StepResult::Started));
                let mut resumed = begun.clone();
                (resumed.action, resumed.retriever) = (Action::Resume, "1006@a".into());
                journal.record(resumed);
                end(&begun, 100_000, Outcome::Retrieved, "1005@a")
            }
            // From 16:00 to 18:30, and from 17:00 on.
            8 => end(&begun, 2 * HOUR + HOUR / 2, Outcome::Dropped, ""),
            _ => continue,
        };
        journal.record(ended);
    }
    for reason in ["full", "full", "denied"] {
        let refused = Entry {
            action: Action::Refuse,
            reason: reason.into(),
            ..park(MONDAY + 17 * HOUR, "u99", "")
        };
        journal.record(refused);
    }
    assert!(journal.flush(LONG));
}

fn week() -> Scope {
    Scope::new(MONDAY, MONDAY + 7 * DAY_MS)
}

fn report(path: &Path, kind: Kind, scope: &Scope) -> Report {
    let limits = Limits { time: LONG, ..Limits::default() };
    Reader::new(path).with(limits).report(kind, scope, &clock(), |_| {}).unwrap()
}

#[test]
fn usage_counts_by_hour_outcome_and_caller() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    fill(&journal);
    let Report::Usage(usage) = report(&folder.file(), Kind::Usage, &week()) else { panic!() };
    assert_eq!((usage.parks, usage.refused, usage.waiting), (10, 3, 1));
    assert_eq!(usage.outcomes[&Outcome::Retrieved], 5);
    assert_eq!(usage.hours[0][7..19], [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    assert_eq!(usage.hours.as_flattened().iter().sum::<u64>(), 10);
    assert_eq!(usage.days.len(), 1);
    assert_eq!(usage.days["2026-11-23"], 10);
    assert_eq!((usage.callers, usage.repeat_callers), (7, 1));
    assert_eq!(usage.repeated, [Repeated { caller: "0301".into(), calls: 4 }]);
    // Berlin is an hour ahead.
    let berlin = Clock::at(MONDAY, TimeZone::posix("CET-1").unwrap());
    let moved = Reader::new(folder.file()).report(Kind::Usage, &week(), &berlin, |_| {}).unwrap();
    let Report::Usage(moved) = moved else { panic!() };
    assert_eq!((moved.hours[0][8], moved.hours[0][18]), (0, 1));
    let scope = Scope { lot: Some("sales".into()), ..week() };
    let Report::Usage(sales) = report(&folder.file(), Kind::Usage, &scope) else { panic!() };
    assert_eq!((sales.parks, sales.refused), (2, 0));
}

#[test]
fn waits_have_percentiles_curves_and_bars() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    fill(&journal);
    let Report::Waits(waits) = report(&folder.file(), Kind::Waits, &week()) else { panic!() };
    let retrieved = waits.outcomes[&Outcome::Retrieved];
    assert_eq!((retrieved.calls, retrieved.median_ms, retrieved.p90_ms), (5, 30_000, 100_000));
    assert_eq!(waits.all.calls, 9);
    assert_eq!((waits.came.events, waits.came.censored), (6, 4));
    assert_eq!((waits.gave_up.events, waits.gave_up.censored), (2, 8));
    // 9/10, 8/9 and so on to 6/10; two censored at 60 s; then 3/4 and 2/3 of it.
    let shares: Vec<f64> = waits.came.points.iter().map(|point| point.waiting).collect();
    for (share, expected) in shares.iter().zip([1.0, 0.9, 0.8, 0.7, 0.6, 0.45, 0.3]) {
        assert!((share - expected).abs() < 1e-9, "{shares:?}");
    }
    assert_eq!(waits.came.median_ms, Some(100_000));
    assert_eq!(waits.gave_up.median_ms, None);
    let sum: u64 = waits.histogram.iter().map(|bar| bar.came + bar.gave_up + bar.other).sum();
    assert_eq!(sum, 9);
    let minute = waits.histogram.iter().find(|bar| bar.from_s == 60).unwrap();
    assert_eq!((minute.came, minute.gave_up, minute.to_s), (0, 2, Some(90)));
    assert!(Report::Waits(waits).text(&clock()).contains("censored"));
}

#[test]
fn timeouts_and_people_count_what_steps_and_users_did() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    fill(&journal);
    let Report::Timeouts(timeouts) = report(&folder.file(), Kind::Timeouts, &week()) else {
        panic!()
    };
    assert_eq!((timeouts.reached, timeouts.returned, timeouts.retrieved), (2, 1, 1));
    let parker = &timeouts.steps[0];
    assert_eq!((parker.to.as_str(), parker.tried, parker.failed), ("parker", 2, 1));
    assert_eq!((parker.answered, parker.took), (0, 0));
    assert_eq!((timeouts.steps[1].answered, timeouts.steps[1].took), (1, 1));

    let Report::People(people) = report(&folder.file(), Kind::People, &week()) else { panic!() };
    let parker = &people.parkers[0];
    assert_eq!((parker.user.as_str(), parker.parked, parker.retrieved), ("1001@a", 5, 2));
    assert_eq!((parker.returned, parker.gave_up), (1, 1));
    let retrievers: Vec<_> = people
        .retrievers
        .iter()
        .map(|one| (one.user.as_str(), one.retrieved, one.given_back))
        .collect();
    assert_eq!(retrievers, [("1005@a", 5, 0), ("1006@a", 0, 1)]);
}

#[test]
fn lots_know_their_busiest_moment_and_what_they_refused() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    fill(&journal);
    // As if it were 20:00.
    let scope = Scope::new(MONDAY, MONDAY + 20 * HOUR);
    let Report::Lots(lots) = report(&folder.file(), Kind::Lots, &scope) else { panic!() };
    assert_eq!(lots.busiest, Some(Most { at_ms: MONDAY + 17 * HOUR, parked: 2 }));
    let [default, sales] = &lots.lots[..] else { panic!("{lots:?}") };
    assert_eq!((default.lot.as_str(), default.parks, default.capacity), ("default", 8, Some(20)));
    assert_eq!((default.refused["full"], default.refused["denied"]), (2, 1));
    assert_eq!(default.busiest.unwrap().parked, 1);
    assert_eq!(default.full_ms, 0);
    assert_eq!((sales.parks, sales.busiest.unwrap().parked), (2, 2));
    assert_eq!(sales.full_ms, HOUR + HOUR / 2);
    let taken: i64 = sales.orbits.iter().map(|orbit| orbit.taken_ms).sum();
    assert_eq!(taken, 2 * HOUR + HOUR / 2 + 3 * HOUR);
    assert!((sales.mean_parked - 5.5 / 20.0).abs() < 1e-9);
    assert_eq!(sales.course.iter().max(), Some(&2));
    assert_eq!(sales.course[0], 0);

    // The call of 17:00 is still there on the next day, and did not come on it.
    let scope = Scope::new(MONDAY + DAY_MS, MONDAY + 2 * DAY_MS);
    let Report::Lots(next) = report(&folder.file(), Kind::Lots, &scope) else { panic!() };
    assert_eq!((next.lots.len(), next.lots[0].parks), (1, 0));
    assert_eq!(next.lots[0].busiest.unwrap().parked, 1);
}

#[test]
fn a_period_has_a_length_and_progress_is_reported() {
    let folder = Folder::new();
    let (journal, _) = journal(&folder.file(), |_| {});
    assert!(journal.flush(LONG));
    let reader = Reader::new(folder.file());
    let none = reader.report(Kind::Usage, &Scope::new(5, 5), &clock(), |_| {});
    assert!(matches!(none, Err(Failure::BadArgument(_))));
    for kind in Kind::ALL {
        let empty = report(&folder.file(), *kind, &week());
        assert!(empty.text(&clock()).starts_with(kind.as_str()));
        assert!(empty.json().contains(&format!("\"report\":\"{kind}\"")), "{}", empty.json());
        assert!(!empty.csv(&clock()).is_empty());
    }
}

/// A name that is dangerous wherever text is taken for something else.
const HOSTILE: &str = "</script><script>document.title='PWNED'</script><img src=x onerror=\"document.title='PWNED'\">\
    ]]>--><!--<svg onload=alert(1)>\u{2028}\u{202e}&lt;\"'\\\n=1+1";

fn hostile(path: &Path) -> Vec<Report> {
    let (journal, _) = journal(path, |_| {});
    for number in 0..3 {
        let mut begun = park(MONDAY + number, &format!("u{number}"), HOSTILE);
        begun.subject.caller_name = HOSTILE.into();
        begun.subject.caller_number = HOSTILE.into();
        begun.subject.parker = HOSTILE.into();
        begun.place.lot = HOSTILE.into();
        journal.record(begun.clone());
        journal.record(step(&begun, 5, 1, HOSTILE, StepResult::Started));
        journal.record(end(&begun, 9, Outcome::Retrieved, HOSTILE));
    }
    assert!(journal.flush(LONG));
    Kind::ALL.iter().map(|kind| report(path, *kind, &week())).collect()
}

#[test]
fn nothing_that_a_caller_is_called_is_markup() {
    let folder = Folder::new();
    let reports = hostile(&folder.file());
    let page = html(HOSTILE, &reports, &clock());
    for part in ["<img", "<svg o", "]]>", "<!--"] {
        assert_eq!(page.matches(part).count(), 0, "{part}");
    }
    assert_eq!(page.matches("</script>").count(), 2);
    assert_eq!(page.matches("<script").count(), 2);
    assert!(
        !page.contains("http://") || page.matches("http://").count() == 1,
        "no address but SVG's"
    );
    // The JSON inside is what it was.
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    let data: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(data["reports"][3]["data"]["parkers"][0]["user"], HOSTILE);
    assert_eq!(data["title"], HOSTILE);
    // In a text each row keeps its line; a CSV gives back what it was given.
    for report in &reports {
        let text = report.text(&clock());
        assert!(!text.contains('\u{202e}') && !text.contains('\u{2028}'));
    }
    let csv = reports[3].csv(&clock());
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(&reader.records().next().unwrap().unwrap()[0], HOSTILE);
    let calls_of = Reader::new(folder.file()).history(&Filter::default()).unwrap();
    let csv = calls(&calls_of, &clock(), true).csv();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(&reader.records().next().unwrap().unwrap()[3], HOSTILE);
    assert_eq!(calls(&calls_of, &clock(), false).text().lines().count(), 5);
    let json: serde_json::Value = serde_json::from_str(&calls_json(&calls_of)).unwrap();
    assert_eq!(json["calls"][0]["caller_id_name"], HOSTILE);
    assert_eq!(json["calls"][0]["lot"], HOSTILE);
    assert_eq!(json["calls"][0]["outcome"], "retrieved");
    let then = Reader::new(folder.file()).at(MONDAY + 5).unwrap();
    let json: serde_json::Value = serde_json::from_str(&calls_json(&then)).unwrap();
    assert_eq!(json["calls"][2]["then"]["orbit"], HOSTILE);
    assert_eq!(json["calls"][2]["waited_ms"], 3);
    assert_eq!(waited(&then, &clock()).text().lines().count(), 5);
}

#[test]
fn a_browser_draws_the_page_and_runs_nothing_of_it() {
    let folder = Folder::new();
    let full = html(HOSTILE, &hostile(&folder.file()), &clock());
    let nothing = Folder::new();
    let (journal, _) = journal(&nothing.file(), |_| {});
    assert!(journal.flush(LONG));
    let empty: Vec<Report> =
        Kind::ALL.iter().map(|kind| report(&nothing.file(), *kind, &week())).collect();
    let (Some(full), Some(empty)) =
        (drawn(&folder.0, &full), drawn(&folder.0, &html("Nothing", &empty, &clock())))
    else {
        println!("SKIPPED: no Chromium is installed");
        return;
    };
    assert!(!full.contains("<title>PWNED"), "a name ran as a script");
    assert!(full.matches("<svg").count() >= 4, "plots are missing");
    assert_eq!(full.matches("<img").count(), 0);
    for page in [full, empty] {
        assert!(page.contains("data-drawn=\"true\""), "the page was not drawn to its end");
        assert!(!page.contains("NaN") && !page.contains("undefined"), "a number is missing");
    }
}

/// What a browser has made of that page.
fn drawn(folder: &Path, page: &str) -> Option<String> {
    let path = folder.join("report.html");
    std::fs::write(&path, page).unwrap();
    let browser = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| std::process::Command::new(name).arg("--version").output().is_ok())?;
    let output = std::process::Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", path.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    // Without the drawing code.
    let (before, rest) = dom.split_once("<script>")?;
    Some(format!("{before}{}", rest.split_once("</script>")?.1))
}
