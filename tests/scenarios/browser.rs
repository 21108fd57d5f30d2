//! What a browser does with a report about callers who are not friendly.

use std::path::Path;
use std::process::Command;

use kit::skipped;

use super::lot::{LOTS, Scene, setup};

/// Each runs if a name or number is taken for a part of the page.
const HOSTILE: [&str; 3] = [
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=document.title='owned'>",
    "'\"--><svg onload=document.title='owned'>",
];

/// The page after its scripts have run, as HTML.
fn page(path: &Path, profile: &Path) -> Option<String> {
    let mut chromium = Command::new("chromium");
    chromium.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=2000",
        "--dump-dom",
    ]);
    chromium.arg(format!("--user-data-dir={}", profile.display()));
    let output = chromium.arg(format!("file://{}", path.display())).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn no_script_of_a_caller_runs_in_a_report() {
    let scene = Scene::start(setup(LOTS));
    for hostile in HOSTILE {
        // Twice, and so a repeat caller, whose number the report shows.
        for _ in 0..2 {
            let vars = [
                ("origination_callee_id_name", hostile),
                ("origination_callee_id_number", hostile),
                ("callpark_note", hostile),
            ];
            let (caller, _) = scene.park_with("park_701", &vars);
            scene.switch.kill(&caller);
            scene.outcome(&caller, "abandoned");
        }
    }
    let mut shown = 0;
    for kind in ["usage", "waits", "timeouts", "people", "lots"] {
        let answer = scene.api(&format!("report {kind} html"));
        let path = Path::new(answer.trim().trim_start_matches("+OK "));
        let Some(dom) = page(path, &scene.switch.folder().join("chromium")) else {
            return skipped("chromium, which is not installed (make setup)");
        };
        assert!(dom.contains("data-drawn=\"true\""), "the page has run: {dom}");
        assert!(
            !dom.contains("<title>owned")
                && !dom.contains("onerror=\"")
                && !dom.contains("onload=\""),
            "{dom}"
        );
        shown += dom.matches("&lt;img src=x").count();
    }
    assert!(shown > 0, "the hostile number is on a page, as text");
}
