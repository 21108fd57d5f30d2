//! How the parts of the module are.

use serde::Serialize;

use super::{text, to_json};
use crate::module::health::{Finding, Part};

/// A line a part: `worker: ok for 61 s, no deadline yet`, `configuration: wrong for 61 s, line 7: …`.
pub(crate) fn health_text(parts: &[Part], now_ms: u64) -> String {
    let line = |part: &Part| {
        let verdict = if part.ok { "ok" } else { "wrong" };
        let s = now_ms.saturating_sub(part.since_ms) / 1000;
        format!("{}: {verdict} for {s} s, {}\n", part.name, text::line(&part.text))
    };
    parts.iter().map(line).collect()
}

/// The same, then two lines a finding, and how many there are.
pub(crate) fn doctor_text(parts: &[Part], findings: &[Finding], now_ms: u64) -> String {
    let lines = findings.iter().map(|finding| {
        let (text, change) = (text::line(&finding.text), text::line(&finding.change));
        format!("{}: to change, {text}\n  {change}\n", finding.about)
    });
    let lines: String = lines.collect();
    format!("{}{lines}+OK findings: {}\n", health_text(parts, now_ms), findings.len())
}

/// `{"ok":…,"parts":[{"name":…,"ok":…,"since_ms":…,"text":…}]}`.
pub(crate) fn health_json(parts: &[Part]) -> String {
    to_json(&Document::new(parts, None))
}

/// The same, with `"findings":[{"about":…,"text":…,"change":…}]`. With one, it is not `ok`.
pub(crate) fn doctor_json(parts: &[Part], findings: &[Finding]) -> String {
    to_json(&Document::new(parts, Some(findings)))
}

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    parts: Vec<PartRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<FindingRow<'a>>>,
}

#[derive(Serialize)]
struct PartRow<'a> {
    name: &'a str,
    ok: bool,
    since_ms: u64,
    text: &'a str,
}

#[derive(Serialize)]
struct FindingRow<'a> {
    about: &'a str,
    text: &'a str,
    change: &'a str,
}

impl<'a> Document<'a> {
    fn new(parts: &'a [Part], findings: Option<&'a [Finding]>) -> Self {
        let part = |part: &'a Part| {
            let Part { name, ok, since_ms, text } = part;
            PartRow { name, ok: *ok, since_ms: *since_ms, text }
        };
        let finding = |finding: &'a Finding| {
            let Finding { about, text, change } = finding;
            FindingRow { about, text, change }
        };
        Document {
            ok: parts.iter().all(|part| part.ok) && findings.unwrap_or_default().is_empty(),
            parts: parts.iter().map(part).collect(),
            findings: findings.map(|findings| findings.iter().map(finding).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_that_is_wrong_is_all_it_takes() {
        let part = |name, ok, text: &str| Part { name, ok, since_ms: 4_000, text: text.to_owned() };
        let parts = [part("worker", true, "fine"), part("lamps", false, "\"a\"\nworker: ok")];
        assert_eq!(
            health_text(&parts, 65_999),
            "worker: ok for 61 s, fine\nlamps: wrong for 61 s, \"a\"\\nworker: ok\n"
        );
        let json: serde_json::Value = serde_json::from_str(&health_json(&parts)).unwrap();
        assert_eq!(json["ok"], false);
        assert_eq!(json["parts"][1]["text"], "\"a\"\nworker: ok");
        assert_eq!(json["parts"][0]["since_ms"], 4_000);
        assert!(health_json(&parts[..1]).starts_with(r#"{"ok":true,"parts":[{"name":"worker","#));
    }

    #[test]
    fn a_finding_is_not_ok_though_every_part_is() {
        let part = Part { name: "worker", ok: true, since_ms: 4_000, text: "fine".to_owned() };
        let finding = Finding {
            about: "recovery",
            text: "a\nb".to_owned(),
            change: "<param name=\"x\"/>".to_owned(),
        };
        let (parts, findings) = ([part], [finding]);
        assert_eq!(
            doctor_text(&parts, &findings, 5_000),
            "worker: ok for 1 s, fine\nrecovery: to change, a\\nb\n  <param name=\"x\"/>\n+OK findings: 1\n"
        );
        assert_eq!(doctor_text(&parts, &[], 5_000), "worker: ok for 1 s, fine\n+OK findings: 0\n");
        let json: serde_json::Value =
            serde_json::from_str(&doctor_json(&parts, &findings)).unwrap();
        assert_eq!((&json["ok"], &json["findings"][0]["text"]), (&false.into(), &"a\nb".into()));
        assert!(doctor_json(&parts, &[]).ends_with(r#""findings":[]}"#));
        assert!(!health_json(&parts).contains("findings"));
    }
}
