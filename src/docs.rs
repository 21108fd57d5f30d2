//! What is made from the code: tables of `docs/reference.md`, lists of the man pages in `docs/man/`, and the params of
//! the sample configuration. `make docs` writes them, and tests compare them.

use std::ffi::CStr;
use std::fs;

use crate::api;
use crate::apps::{callpark, key, retrieve, valet};
use crate::config::{LOT_PARAMS, Param, SETTINGS};
use crate::park::{BadStep, Step};
use crate::switch::module::Application;

/// Its tables with the heads below are written by hand, and repeated in the man pages.
const REFERENCE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference.md"));
const ATTRIBUTES_OF_A_LOT: &str = "| attribute | value |";
const TARGETS_OF_A_STEP: &str = "| `to` |";
const ATTRIBUTES_OF_A_STEP: &str = "| attribute | default | meaning |";
const AFTER_RETURN: &str = "| `after-return` | effect ";

/// What stands in front of a remark, and behind it.
type Remarks = (&'static str, &'static str);
const MARKUP: Remarks = ("<!-- ", " -->");
const ROFF: Remarks = (".\\\" ", "");

/// Lines that are made, between the two remarks that name them.
fn replaced(text: &str, (open, close): Remarks, name: &str, lines: &str) -> String {
    let begin = format!("{open}{name}: made by `make docs`{close}\n");
    let end = format!("{open}end{close}");
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{name} does not end"));
    format!("{before}{begin}{lines}{end}{after}")
}

fn read(path: &str) -> String {
    let file = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Writes the parts of a file that are made, or compares them.
fn update(path: &str, remarks: Remarks, parts: &[(&str, String)]) {
    let old = read(path);
    let mut new = old.clone();
    for (name, lines) in parts {
        new = replaced(&new, remarks, name, lines);
    }
    if std::env::var_os("CALLPARK_DOCS").is_some() {
        let file = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        fs::write(&file, new).unwrap_or_else(|error| panic!("{file}: {error}"));
    } else {
        assert!(new == old, "{path} is not what the code says: make docs");
    }
}

fn default<T>(param: &Param<T>) -> String {
    match param.default {
        "" => "empty".to_owned(),
        default => format!("`{default}`"),
    }
}

fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn table<T>(params: &[Param<T>]) -> String {
    let mut table = row(&["param", "default", "meaning"]) + "|---|---|---|\n";
    for param in params {
        table += &row(&[&format!("`{}`", param.name), &default(param), param.meaning]);
    }
    table
}

/// The rows of the reference's table whose head begins like this, cell by cell.
fn rows(head: &str) -> Vec<Vec<String>> {
    let mut lines = REFERENCE.lines().skip_while(|line| !line.starts_with(head));
    assert!(lines.next().is_some(), "the reference has no table {head}");
    lines.skip(1).take_while(|line| line.starts_with('|')).map(cells).collect()
}

fn cells(row: &str) -> Vec<String> {
    let row = row.replace("\\|", "\u{1}");
    row.trim_matches(['|', ' ']).split(" | ").map(|cell| cell.replace('\u{1}', "|")).collect()
}

#[test]
fn the_reference_says_what_the_code_says() {
    let verbs = api::verbs().map(|(usage, about)| row(&[&format!("`{usage}`"), about]));
    let head = row(&["command", "effect and answer"]) + "|---|---|\n";
    let parts = [
        ("verbs", head + &verbs.collect::<String>()),
        ("params of a lot", table(&LOT_PARAMS)),
        ("settings", table(&SETTINGS)),
    ];
    update("docs/reference.md", MARKUP, &parts);
}

/// The code has no table of them: an error lists their names.
#[test]
fn the_reference_names_every_attribute_of_a_step() {
    let Err(BadStep::Unknown(_, known)) = Step::parker().set("", "") else {
        panic!("an attribute without a name is known");
    };
    let mut known: Vec<String> = known.split(", ").map(str::to_owned).collect();
    let rows = rows(ATTRIBUTES_OF_A_STEP);
    let mut named: Vec<String> = rows.iter().map(|row| row[0].replace('`', "")).collect();
    known.sort_unstable();
    named.sort_unstable();
    assert_eq!(named, known);
}

/// Plain text as roff has to be told it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out += "\\e",
            '-' => out += "\\-",
            '\'' => out += "\\(aq",
            '"' => out += "\\(dq",
            '^' => out += "\\(ha",
            '~' => out += "\\(ti",
            '…' => out += "...",
            c if c.is_ascii() => out.push(c),
            c => out += &format!("\\[u{:04X}]", u32::from(c)),
        }
    }
    out
}

/// Text in which what stands between two of these marks is in that font.
fn in_font(text: &str, mark: char, font: char) -> String {
    let mut out = String::new();
    for (at, piece) in text.split(mark).enumerate() {
        if at % 2 == 1 {
            out += &format!("\\f{font}{piece}\\fR");
        } else {
            out += piece;
        }
    }
    out
}

/// A text of the reference in roff, a line for each sentence: code in bold, links in italics, no line a request.
fn roff(text: &str) -> String {
    let text = in_font(&escaped(&api::unlinked(text, "\u{1}")), '`', 'B');
    let text = in_font(&text, '\u{1}', 'I').replace(". ", ".\n");
    let mut lines = Vec::new();
    for line in text.lines() {
        let guard = if line.starts_with('.') { "\\&" } else { "" };
        lines.push(format!("{guard}{line}"));
    }
    lines.join("\n")
}

/// A term, and what it means.
fn item(term: &str, meaning: &str) -> String {
    format!(".TP\n{}\n{}.\n", roff(term), roff(meaning))
}

fn params<T>(params: &[Param<T>]) -> String {
    let term = |param: &Param<T>| format!("`{}` (default: {})", param.name, default(param));
    params.iter().map(|param| item(&term(param), param.meaning)).collect()
}

fn items(head: &str) -> String {
    let of_row = |row: Vec<String>| match row.as_slice() {
        [term, meaning] => item(term, meaning),
        [term, default, meaning] => item(&format!("{term} (default: {default})"), meaning),
        _ => panic!("{head} {row:?}"),
    };
    rows(head).into_iter().map(of_row).collect()
}

fn application<A: Application>() -> String {
    let text = |text: &'static CStr| text.to_str().expect("an application's text");
    item(&format!("`{} {}`", text(A::NAME), text(A::SYNTAX)), text(A::SHORT))
}

fn title(page: &str, section: u8) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(".TH {page} {section} \"\" \"mod_callpark {version}\" \"FreeSWITCH modules\"\n")
}

#[test]
fn the_man_pages_say_what_the_code_says() {
    let applications = [
        application::<callpark::Callpark>(),
        application::<retrieve::Retrieve>(),
        application::<key::Key>(),
        application::<valet::ValetPark>(),
    ];
    let verbs = api::verbs().map(|(usage, about)| item(&format!("`{usage}`"), about));
    let module = [
        ("title", title("MOD_CALLPARK", 8)),
        ("applications", applications.concat()),
        ("verbs", verbs.collect()),
    ];
    update("docs/man/mod_callpark.8", ROFF, &module);
    let configuration = [
        ("title", title("CALLPARK.CONF", 5)),
        ("settings", params(&SETTINGS)),
        ("attributes of a lot", items(ATTRIBUTES_OF_A_LOT)),
        ("params of a lot", params(&LOT_PARAMS)),
        ("targets of a step", items(TARGETS_OF_A_STEP)),
        ("attributes of a step", items(ATTRIBUTES_OF_A_STEP)),
        ("after-return", items(AFTER_RETURN)),
    ];
    update("docs/man/callpark.conf.5", ROFF, &configuration);
}

#[test]
fn roff_prints_what_the_text_says() {
    for (text, told) in [
        (".x, 'y', \"z\" \\n a-b ~ ^", "\\&.x, \\(aqy\\(aq, \\(dqz\\(dq \\en a\\-b \\(ti \\(ha"),
        ("'x'", "\\(aqx\\(aq"),
        ("…, é", "\\&..., \\[u00E9]"),
        ("`a-b.c` or `.`. `-d`", "\\fBa\\-b.c\\fR or \\fB.\\fR.\n\\fB\\-d\\fR"),
        ("One. .two", "One.\n\\&.two"),
        ("`[<lot>]`: see [How-to](x.md#y). End", "\\fB[<lot>]\\fR: see \\fIHow\\-to\\fR.\nEnd"),
    ] {
        assert_eq!(roff(text), told);
    }
}

/// A remark of the sample, in lines of at most 120 columns.
fn remark(indent: &str, text: &str) -> String {
    // The first ends a remark, and the pre-processor of FreeSWITCH reads remarks too.
    for forbidden in ["--", "$${", "<?", "include>", "PRE-PROCESS"] {
        assert!(!text.contains(forbidden), "{forbidden} cannot stand in a remark: {text}");
    }
    let mut remark = format!("{indent}<!--");
    let mut column = remark.len();
    for word in text.split_whitespace() {
        let width = 1 + word.chars().count();
        // Behind the last one there is room for the end.
        if column + width > 116 {
            remark += &format!("\n{indent}    ");
            column = indent.len() + 4;
        }
        remark += &format!(" {word}");
        column += width;
    }
    remark + " -->\n"
}

/// Params with what they mean, and with the values that the sample has.
fn explained<T>(sample: &str, indent: &str, params: &[Param<T>]) -> String {
    let mut lines = String::new();
    for param in params {
        let meaning = api::unlinked(param.meaning, "`");
        let text = format!("{meaning}. Default: {}", default(param)).replace('`', "\"");
        let begin = format!("<param name=\"{}\" value=\"", param.name);
        let now = sample.split_once(&begin).and_then(|(_, rest)| rest.split_once('"'));
        let value = now.map_or(param.default, |(value, _)| value);
        lines += &format!("\n{}{indent}{begin}{value}\"/>\n", remark(indent, &text));
    }
    lines + "\n" + indent
}

#[test]
fn the_sample_says_what_the_code_says() {
    let path = "conf/autoload_configs/callpark.conf.xml";
    let sample = read(path);
    let parts = [
        ("settings", explained(&sample, "    ", &SETTINGS)),
        ("params of a lot", explained(&sample, "      ", &LOT_PARAMS)),
    ];
    update(path, MARKUP, &parts);
}

#[test]
fn a_remark_is_wrapped() {
    let remark = remark("  ", &"word ".repeat(30));
    let lines: Vec<&str> = remark.lines().collect();
    assert_eq!(lines.len(), 2, "{remark}");
    assert!(lines.iter().all(|line| line.len() <= 120), "{remark}");
    assert!(lines[0].starts_with("  <!-- word word"), "{remark}");
    assert!(lines[1].starts_with("       word"), "{remark}");
    assert!(remark.ends_with(" word -->\n"), "{remark}");
}
