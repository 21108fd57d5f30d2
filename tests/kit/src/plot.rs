//! Plots of measurements, as SVG that needs no font, script or style sheet of its own and is legible on light and dark.

use std::fmt::Write;

use crate::figures::Series;

const WIDTH: f64 = 720.0;
const LEFT: f64 = 230.0;
const RIGHT: f64 = 70.0;
const ROW: f64 = 26.0;
const TOP: f64 = 44.0;
/// Ours, theirs, the floor, and one more.
const COLOURS: [&str; 4] = ["#2f7ed8", "#d9822b", "#7f8c8d", "#3fa34d"];
const INK: &str = "#555e66";

/// One bar: its words, its length, and its colour, 0 to 3.
#[derive(Debug, Clone)]
pub struct Bar {
    /// What stands before it.
    pub name: String,
    /// How long it is.
    pub value: f64,
    /// Ours, theirs, the floor, and one more.
    pub colour: usize,
}

/// Bars from zero, with their values.
pub fn bars(title: &str, unit: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let height = TOP + ROW * bars.len() as f64 + 12.0;
    let mut svg = open(title, height);
    for (row, bar) in bars.iter().enumerate() {
        let y = TOP + ROW * row as f64;
        let length = (WIDTH - LEFT - RIGHT) * bar.value.max(0.0) / most;
        let colour = COLOURS[bar.colour % COLOURS.len()];
        text(&mut svg, (LEFT - 8.0, y + 14.0), "end", &bar.name);
        let _ = writeln!(
            svg,
            r#"<rect x="{LEFT}" y="{y:.0}" width="{length:.1}" height="18" fill="{colour}"/>"#
        );
        let value = format!("{:.1} {unit}", bar.value);
        text(&mut svg, (LEFT + length + 6.0, y + 14.0), "start", &value);
    }
    svg + "</svg>\n"
}

/// Which share of all measurements took at most so long: one stair for each series, with its name and colour.
pub fn shares(title: &str, unit: &str, series: &[(&str, &Series, usize)]) -> String {
    let (left, right, bottom, height) = (60.0, 20.0, 330.0, 390.0 + 18.0 * series.len() as f64);
    // Without the slowest in a hundred, which would press all others together.
    let most = series.iter().map(|(_, s, _)| s.at(0.99)).fold(f64::MIN_POSITIVE, f64::max);
    let x = |value: f64| left + (WIDTH - left - right) * (value / most).min(1.0);
    let y = |share: f64| bottom - (bottom - TOP) * share;
    let mut svg = open(title, height);
    for tenth in 0..=4 {
        let share = f64::from(tenth) / 4.0;
        line(&mut svg, (left, y(share)), (WIDTH - right, y(share)));
        text(&mut svg, (left - 6.0, y(share) + 4.0), "end", &format!("{:.0} %", share * 100.0));
        let value = most * share;
        text(&mut svg, (x(value), bottom + 18.0), "middle", &format!("{value:.0} {unit}"));
    }
    for (row, (name, series, colour)) in series.iter().enumerate() {
        let colour = COLOURS[colour % COLOURS.len()];
        let sorted = series.sorted();
        let mut points = format!("{:.1},{:.1}", x(0.0), y(0.0));
        for (n, value) in sorted.iter().enumerate() {
            let (before, share) = (n as f64, (n + 1) as f64);
            let count = sorted.len() as f64;
            let at = x(*value);
            let _ =
                write!(points, " {at:.1},{:.1} {at:.1},{:.1}", y(before / count), y(share / count));
        }
        let _ = writeln!(
            svg,
            r#"<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>"#
        );
        let below = bottom + 40.0 + 18.0 * row as f64;
        let _ = writeln!(
            svg,
            r#"<rect x="{left}" y="{:.0}" width="14" height="10" fill="{colour}"/>"#,
            below - 9.0
        );
        let words = format!("{name}: median {:.1} {unit}", series.median());
        text(&mut svg, (left + 22.0, below), "start", &words);
    }
    svg + "</svg>\n"
}

fn open(title: &str, height: f64) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<title>{}</title>\n",
        escape(title)
    );
    text(&mut svg, (8.0, 22.0), "start", title);
    svg
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        r#"<line x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" stroke="{INK}" stroke-opacity="0.3"/>"#,
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, at: (f64, f64), anchor: &str, words: &str) {
    let _ = writeln!(
        svg,
        r#"<text x="{:.1}" y="{:.1}" text-anchor="{anchor}" fill="{INK}">{}</text>"#,
        at.0,
        at.1,
        escape(words)
    );
}

fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
