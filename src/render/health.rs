//! How the parts of the module are.

use serde::Serialize;

use super::{text, to_json};
use crate::module::health::Part;

/// A line a part: `worker: ok for 61 s, no deadline yet`, `configuration: wrong for 61 s, line 7: …`.
pub(crate) fn health_text(parts: &[Part], now_ms: u64) -> String {
    let line = |part: &Part| {
        let verdict = if part.ok { "ok" } else { "wrong" };
        let s = now_ms.saturating_sub(part.since_ms) / 1000;
        format!("{}: {verdict} for {s} s, {}\n", part.name, text::line(&part.text))
    };
    parts.iter().map(line).collect()
}

/// `{"ok":…,"parts":[{"name":…,"ok":…,"since_ms":…,"text":…}]}`.
pub(crate) fn health_json(parts: &[Part]) -> String {
    #[derive(Serialize)]
    struct Row<'a> {
        name: &'a str,
        ok: bool,
        since_ms: u64,
        text: &'a str,
    }
    #[derive(Serialize)]
    struct Document<'a> {
        ok: bool,
        parts: Vec<Row<'a>>,
    }
    fn row(part: &Part) -> Row<'_> {
        Row { name: part.name, ok: part.ok, since_ms: part.since_ms, text: &part.text }
    }
    to_json(&Document {
        ok: parts.iter().all(|part| part.ok),
        parts: parts.iter().map(row).collect(),
    })
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
}
