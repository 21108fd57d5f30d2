//! Which switch is tested, and where what it needs lies.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::folder::Folder;

/// The two hosts of every scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// The project's own stand-in switch.
    StandIn,
    /// The FreeSWITCH installed under this prefix.
    FreeSwitch(PathBuf),
}

/// The host named by the environment: `FREESWITCH=<prefix>`, else the stand-in.
pub fn host() -> Host {
    match env::var_os("FREESWITCH").filter(|prefix| !prefix.is_empty()) {
        Some(prefix) => Host::FreeSwitch(prefix.into()),
        None => Host::StandIn,
    }
}

impl Host {
    /// The modules of a real one, and `ours` if there is such a file, in the folder's `mod`.
    pub(crate) fn link_modules(&self, folder: &Folder, ours: Option<&Path>) -> io::Result<()> {
        match self {
            Host::StandIn => Ok(()),
            Host::FreeSwitch(prefix) => link_modules(prefix, &folder.join("mod"), ours),
        }
    }

    /// The command that starts a switch in that folder.
    pub(crate) fn command(&self, folder: &Folder) -> io::Result<Command> {
        match self {
            Host::StandIn => {
                let standin = path_from("KIT_STANDIN").unwrap_or_else(|| Built::StandIn.path());
                let mut command = wrapped(standin.into_os_string());
                command.arg(folder.path()).env("CALLPARK_SO", module());
                Ok(command)
            }
            Host::FreeSwitch(prefix) => {
                let mut command = Command::new(prefix.join("bin/freeswitch"));
                command.args(["-nonat", "-nf", "-nc", "-np", "-nocal"]);
                for (option, room) in [
                    ("-conf", "conf"),
                    ("-log", "log"),
                    ("-db", "db"),
                    ("-certs", "tls"),
                    ("-mod", "mod"),
                    ("-run", "run"),
                    ("-sounds", "sounds"),
                    ("-storage", "tmp"),
                    ("-recordings", "tmp"),
                    ("-cache", "tmp"),
                    ("-temp", "tmp"),
                    ("-scripts", "tmp"),
                ] {
                    command.arg(option).arg(folder.join(room));
                }
                Ok(command)
            }
        }
    }
}

/// `KIT_WRAP="valgrind --leak-check=full"` runs the stand-in under another program.
pub(crate) fn wrapper() -> Option<String> {
    env::var("KIT_WRAP").ok().filter(|wrap| !wrap.trim().is_empty())
}

fn wrapped(program: OsString) -> Command {
    let wrap = wrapper().unwrap_or_default();
    let mut words = wrap.split_whitespace();
    match words.next() {
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// The module under test: `CALLPARK_SO`, else the one that this workspace builds.
pub fn module() -> PathBuf {
    path_from("CALLPARK_SO").unwrap_or_else(|| Built::Module.path())
}

/// The path in that variable of the environment, if it is set.
fn path_from(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// What `cargo test` does not build by itself: a cdylib, and another package's binary.
#[derive(Clone, Copy)]
enum Built {
    Module,
    StandIn,
}

impl Built {
    /// Its path, in the folder that this very test was built into.
    fn path(self) -> PathBuf {
        static MODULE: OnceLock<PathBuf> = OnceLock::new();
        static STAND_IN: OnceLock<PathBuf> = OnceLock::new();
        let once = match self {
            Built::Module => &MODULE,
            Built::StandIn => &STAND_IN,
        };
        once.get_or_init(|| self.build()).clone()
    }

    /// Builds that package alone, because its dependencies have other features in the whole workspace. `KIT_NO_BUILD=1` takes what
    /// is there.
    fn build(self) -> PathBuf {
        let exe = env::current_exe().expect("the path of this test");
        let mut profile_dir = exe.parent().expect("a folder").to_owned();
        if profile_dir.ends_with("deps") || profile_dir.ends_with("examples") {
            profile_dir.pop();
        }
        let (file, package) = match self {
            Built::Module => ("libmod_callpark.so", "mod_callpark"),
            // And its library.
            Built::StandIn => ("standin", "standin"),
        };
        let path = profile_dir.join(file);
        if env::var_os("KIT_NO_BUILD").is_some() {
            return path;
        }
        let profile = match profile_dir.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(name) => name,
        };
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args(["build", "--quiet", "--profile", profile, "--package", package])
            .env("CARGO_TARGET_DIR", profile_dir.parent().expect("a target folder"))
            .current_dir(repository())
            .status()
            .expect("cargo runs");
        assert!(status.success(), "cargo build of {package} failed");
        path
    }
}

/// The root of the project's tree.
pub(crate) fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// FreeSWITCH takes one folder of modules: its own, with the one under test among them.
fn link_modules(prefix: &Path, into: &Path, ours: Option<&Path>) -> io::Result<()> {
    // A second start in the same folder takes the module that is there now.
    fs::remove_dir_all(into)?;
    fs::create_dir(into)?;
    for entry in fs::read_dir(prefix.join("lib/freeswitch/mod"))? {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.extension() == Some("so".as_ref())) {
            symlink(&path, into.join(name))?;
        }
    }
    // Without a module (the kit's own tests have none) FreeSWITCH itself says what is missing.
    match ours.map(fs::canonicalize) {
        Some(Ok(path)) => symlink(path, into.join("mod_callpark.so")),
        _ => Ok(()),
    }
}
