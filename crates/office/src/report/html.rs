//! A report as one HTML file that needs nothing else: data, style and drawing code are inside.
//!
//! A caller's name can contain anything. It gets into the page in two ways: in the JSON, in which `<`, `>` and `&` are escapes,
//! and in the text, in which they are entities. The drawing code makes text nodes of it, never markup. Should all that fail, the
//! page's policy lets only this one script run.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Cell, Report, Scope};
use crate::time::Clock;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");
/// How many rows of a table are on the page.
const MOST_ROWS: usize = 100;
/// How many times stand below a period.
const TICKS: i64 = 6;

#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    made: String,
    reports: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    kind: &'static str,
    period: String,
    /// The times below the period, from its start to its end.
    ticks: Vec<String>,
    /// How long it is as far as it is past, in ms.
    length: i64,
    /// When the busiest moment was.
    busiest: Option<String>,
    data: &'a Report,
    tables: Vec<TableOf>,
}

#[derive(Serialize)]
struct TableOf {
    title: String,
    columns: Vec<String>,
    numbers: Vec<bool>,
    rows: Vec<Vec<String>>,
    /// How many rows are not on the page.
    more: usize,
}

/// One page with these reports.
#[must_use]
pub fn html(title: &str, reports: &[Report], clock: &Clock) -> String {
    let page = Page {
        title,
        made: clock.show(clock.now_ms()),
        reports: reports.iter().map(|report| part(report, clock)).collect(),
    };
    // Strings, numbers and string keys: nothing that serde_json could refuse.
    let data = inside_script(&serde_json::to_string(&page).unwrap_or_default());
    let text: Vec<String> = reports.iter().map(|report| report.text(clock)).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{style_hash}'; \
         script-src '{script_hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main id=\"main\"></main>\n<details><summary>The same as text</summary><pre>{text}</pre></details>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        style_hash = hash(STYLE),
        script_hash = hash(SCRIPT),
        title = entities(title),
        text = entities(&text.join("\n")),
    )
}

fn part<'a>(report: &'a Report, clock: &Clock) -> Part<'a> {
    let scope: &Scope = report.scope();
    let mut period =
        format!("{} to {} ({})", clock.show(scope.from_ms), clock.show(scope.to_ms), scope.zone);
    for (what, name) in [("lot", &scope.lot), ("tenant", &scope.domain)] {
        if let Some(name) = name {
            period.push_str(&format!(", {what} {name}"));
        }
    }
    let busiest = match report {
        Report::Lots(lots) => lots.busiest.map(|most| clock.show(most.at_ms)),
        _ => None,
    };
    let tables = report.tables(clock).into_iter().map(|table| {
        let numbers = (0..table.columns.len())
            .map(|index| table.rows.iter().any(|row| row.get(index).is_some_and(Cell::is_number)))
            .collect();
        let more = table.rows.len().saturating_sub(MOST_ROWS);
        let rows = table.rows.iter().take(MOST_ROWS);
        TableOf {
            rows: rows.map(|row| row.iter().map(Cell::shown).collect()).collect(),
            title: table.title,
            columns: table.columns,
            numbers,
            more,
        }
    });
    // What has not happened yet is not drawn.
    let to_ms = scope.to_ms.min(clock.now_ms()).max(scope.from_ms + 1);
    let length = to_ms - scope.from_ms;
    let ticks = (0..=TICKS).map(|tick| clock.show(scope.from_ms + length / TICKS * tick));
    Part {
        kind: report.kind().as_str(),
        period,
        ticks: ticks.collect(),
        length,
        busiest,
        data: report,
        tables: tables.collect(),
    }
}

/// What a policy calls this text.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// JSON that cannot end the element it is in. All of these stand only in strings.
fn inside_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
