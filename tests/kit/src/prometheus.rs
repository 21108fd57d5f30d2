//! A Prometheus of its own for one test: in its own folder, on its own port, and gone at the end.

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::child::Guarded;
use crate::folder::tail;
use crate::http::Http;
use crate::ports;
use crate::skip::skipped;
use crate::wait::eventually;

/// Long enough for a server to start on a busy machine.
const UP: Duration = Duration::from_secs(60);
/// Where `make need-prometheus` puts its programs, without a server that starts with the machine.
const UNPACKED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/prometheus/usr/bin");

/// A server.
pub struct Prometheus {
    folder: PathBuf,
    at: SocketAddr,
    _lock: UdpSocket,
    _child: Guarded,
}

impl Prometheus {
    /// Starts one that reads the figures of that server every second, with that token, and evaluates the rules of that
    /// file. `None`, and a line that says so: there is no Prometheus on this machine.
    ///
    /// # Panics
    /// It does not start.
    pub fn start(figures: &str, token: &str, rules: &Path) -> Option<Prometheus> {
        let program = program("prometheus")?;
        let (port, lock) = ports::one();
        let at = SocketAddr::from(([127, 0, 0, 1], port));
        let name = format!("kit-prometheus-{}-{:08x}", std::process::id(), fastrand::u32(..));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let conf = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}\n\
             rule_files: [{:?}]\n\
             scrape_configs:\n  - job_name: callpark\n    authorization: {{ credentials: {token:?} }}\n    \
             static_configs: [{{ targets: [{figures:?}] }}]\n",
            rules.display().to_string()
        );
        fs::write(folder.join("prometheus.yml"), conf).expect("a configuration");
        let log = fs::File::create(folder.join("prometheus.log")).expect("a log");
        let mut command = Command::new(program);
        command.current_dir(&folder).stdin(Stdio::null());
        command.arg("--config.file=prometheus.yml").arg("--storage.tsdb.path=data");
        command.arg(format!("--web.listen-address={at}")).arg("--log.level=warn");
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        let child = Guarded::spawn(command).expect("a process");
        let server = Prometheus { folder, at, _lock: lock, _child: child };
        eventually(UP, "Prometheus starts", || {
            std::net::TcpStream::connect(at).ok()?;
            (Http::at(at).get("/-/ready").status == 200).then_some(())
        });
        Some(server)
    }

    /// What that query finds now: the series, each with its value.
    ///
    /// # Errors
    /// It is no query.
    pub fn query(&self, text: &str) -> Result<Vec<Value>, String> {
        let answer = self.api(&format!("query?query={}", encoded(text)))?;
        match answer["result"].as_array() {
            Some(result) => Ok(result.clone()),
            None => Err(answer.to_string()),
        }
    }

    /// The one number that it finds, if it finds one.
    #[track_caller]
    pub fn number(&self, text: &str) -> Option<f64> {
        let found = self.query(text).expect(text);
        found.first()?["value"][1].as_str()?.parse().ok()
    }

    /// What is under `/api/v1/`.
    ///
    /// # Errors
    /// Why there is nothing.
    pub fn api(&self, path: &str) -> Result<Value, String> {
        let response = Http::at(self.at).get(&format!("/api/v1/{path}"));
        let answer = serde_json::from_str::<Value>(&response.body).unwrap_or_default();
        if answer["status"] == "success" { Ok(answer["data"].clone()) } else { Err(response.body) }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("Prometheus's log:\n{}", tail(&self.folder.join("prometheus.log"), 40));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Runs promtool. What it has printed; an error, too: it found something wrong. `None`, and a line that says so: there is no
/// promtool on this machine.
pub fn promtool(arguments: &[&str]) -> Option<Result<String, String>> {
    let output = Command::new(program("promtool")?).args(arguments).stdin(Stdio::null()).output();
    let output = output.expect("promtool runs");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Some(if output.status.success() { Ok(text) } else { Err(text) })
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(PathBuf::from(UNPACKED)).chain(std::env::split_paths(&path));
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        skipped("Prometheus (make need-prometheus)");
    }
    found
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
