//! Answers are as `/openapi.json` says, whatever is sent: asked by [schemathesis](https://schemathesis.io).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kit::skipped;

use super::{A, B, LISTEN, Scene, conf, setup};

/// What is looked at in every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,unsupported_method";
/// Addresses that are believed, so that what fails in one run keeps no other away.
const PROXY: &str = "<param name=\"web-proxy-header\" value=\"X-User 127.0.0.1\"/>\n";

fn program() -> Option<PathBuf> {
    let program =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("target/schemathesis/bin/schemathesis");
    program.exists().then_some(program)
}

/// Runs it for some seconds against these operations. Returns what it has printed, if it has found something.
fn run(
    program: &Path,
    url: &str,
    folder: &Path,
    seconds: u32,
    header: &[String],
    more: &[&str],
) -> Option<String> {
    let mut command = Command::new(program);
    command.arg("--config-file").arg(folder.join("schemathesis.toml"));
    command.args(["run", url, "--checks", CHECKS, "--phases", "examples,coverage,fuzzing"]);
    command.args(["--seed", "1", "--workers", "1", "--request-timeout", "10", "--no-color"]);
    command.args(["--warnings", "off", "--max-time", &seconds.to_string()]);
    // The stream does not end. It has tests of its own.
    command.args(["--exclude-path", "/v1/events"]).args(more);
    for header in header {
        command.args(["-H", header]);
    }
    // It remembers what it has found in the folder in which it runs.
    let output = command.current_dir(folder).stdin(Stdio::null()).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let ran = text.contains("Test cases:") || text.contains("test cases");
    let errors = String::from_utf8_lossy(&output.stderr);
    (!output.status.success() || !ran).then(|| format!("{:?}\n{text}\n{errors}", output.status))
}

#[test]
fn every_answer_is_as_the_document_says() {
    let Some(program) = program() else {
        return skipped("schemathesis (make need-schemathesis, with python3 and pip)");
    };
    let conf = conf(&format!("{LISTEN}{PROXY}"));
    let setup = setup("").callpark_conf(&conf).domain("a.local").domain("b.local");
    let scene = Scene::start(setup);
    let web = scene.switch.web();
    let (shared, _) = scene.park("park_701");
    let (in_a, _) = scene.park_with("park_sales_801", &A);
    scene.park_with("park_sales_801", &B);
    let url = web.url("/openapi.json");
    let folder = scene.switch.folder().join("tmp");
    let overrides = format!(
        "[parameters]\n\"path.uuid\" = [\"{shared}\", \"{in_a}\"]\n\"path.lot\" = [\"default\", \"sales@a.local\"]\n\
         \"path.name\" = [\"usage\", \"waits\", \"timeouts\", \"people\", \"lots\"]\n"
    );
    let config = |text: &str| {
        std::fs::write(folder.join("schemathesis.toml"), text).expect("a file");
    };
    let headers = |token: &str, from: &str| {
        vec![format!("Authorization: Bearer {token}"), format!("X-Forwarded-For: {from}")]
    };
    let mut found = Vec::new();
    // Calls that are there, by somebody who may change them, and by somebody who may not.
    config(&overrides);
    let stays = ["--exclude-path-regex", "/drop$|/v1/login|/v1/logout|/r/"];
    found.extend(run(&program, &url, &folder, 20, &headers("all-admin", "192.0.2.1"), &stays));
    found.extend(run(&program, &url, &folder, 12, &headers("b-read", "192.0.2.2"), &stays));
    // Whatever comes to its mind.
    config("");
    let all = ["--exclude-path-regex", "/v1/login|/r/"];
    found.extend(run(&program, &url, &folder, 15, &headers("a-act", "192.0.2.3"), &all));
    let guesses = ["--include-path-regex", "/v1/login|/r/"];
    let from = vec!["X-Forwarded-For: 192.0.2.4".to_owned()];
    found.extend(run(&program, &url, &folder, 8, &from, &guesses));
    assert!(found.is_empty(), "{}", found.join("\n"));
    let health = scene.api("health");
    assert!(health.contains("errors: ok"), "{health}");
}
