//! A PostgreSQL of its own for one test: in its own folder, on its own port, and gone at the end.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::UdpSocket;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::child::Guarded;
use crate::folder::tail;
use crate::ports;
use crate::skip::skipped;
use crate::wait::eventually;

/// Long enough for a server to start on a busy machine, also after a crash.
const UP: Duration = Duration::from_secs(90);
/// The role of the module, which owns the database `callpark`, and its password as a URL has it.
pub const ROLE: &str = "callpark";
/// See [`ROLE`]. It has what is difficult in a URL.
pub const PASSWORD: &str = "s3cr:et@/?#'";
const PASSWORD_IN_URL: &str = "s3cr%3Aet%40%2F%3F%23%27";

/// A server.
pub struct Postgres {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    _lock: UdpSocket,
    child: Option<Guarded>,
}

impl Postgres {
    /// Starts one with a database. `None`, and a line that says so: there is no PostgreSQL on this machine.
    ///
    /// # Panics
    /// It does not start.
    pub fn start() -> Option<Postgres> {
        let Some(bin) = bin() else {
            skipped("a PostgreSQL server (Debian: apt-get install postgresql)");
            return None;
        };
        let (port, lock) = ports::one();
        let name = format!("kit-pg-{}-{:08x}", std::process::id(), fastrand::u32(..));
        let shm = Path::new("/dev/shm");
        let folder = if shm.is_dir() { shm.to_owned() } else { std::env::temp_dir() }.join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let mut server = Postgres { folder, bin, port, _lock: lock, child: None };
        server.create().expect("a database cluster");
        server.launch();
        let password = PASSWORD.replace('\'', "''");
        server.sql_in("postgres", &format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{password}'"));
        server.sql_in(
            "postgres",
            &format!("CREATE DATABASE {ROLE} OWNER {ROLE} TEMPLATE template0 ENCODING 'UTF8'"),
        );
        Some(server)
    }

    fn create(&self) -> io::Result<()> {
        let user = server_user();
        if let Some((uid, gid)) = user {
            chown(&self.folder, Some(uid), Some(gid))?;
        }
        let data = self.data();
        let mut command = as_server(&self.bin.join("initdb"));
        command.args([
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "-D",
        ]);
        let output = command.arg(&data).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
        let key = data.join("server.key");
        fs::write(&key, made.signing_key.serialize_pem())?;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
        fs::write(self.certificate(), made.cert.pem())?;
        fs::write(
            data.join("pg_hba.conf"),
            "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n",
        )?;
        let mut conf = String::new();
        let folder = self.folder.display();
        let _ = write!(
            conf,
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{folder}'\nssl = on\n\
             ssl_cert_file = '{}'\nfsync = off\nshared_buffers = '16MB'\nmax_connections = 100\n\
             log_line_prefix = '%m [%p] '\nlog_connections = on\nautovacuum = off\n",
            self.port,
            self.certificate().display(),
        );
        let path = data.join("postgresql.conf");
        fs::write(&path, conf)?;
        if let Some((uid, gid)) = user {
            for file in [&key, &self.certificate(), &path, &data.join("pg_hba.conf")] {
                chown(file, Some(uid), Some(gid))?;
            }
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The certificate that it presents, which is its own root; for `localhost` and `127.0.0.1`.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("server.pem")
    }

    /// Starts it again after a crash.
    ///
    /// # Panics
    /// It does not start.
    pub fn launch(&mut self) {
        // After a crash its children need a moment to notice, and until then another does not start.
        eventually(UP, "PostgreSQL starts", || {
            let alive = self.child.as_mut().is_some_and(|child| child.exited().is_none());
            if !alive {
                let log =
                    fs::File::options().create(true).append(true).open(self.log_path()).ok()?;
                let mut command = as_server(&self.bin.join("postgres"));
                command.arg("-D").arg(self.data()).stdin(Stdio::null());
                command.stdout(log.try_clone().ok()?).stderr(log);
                self.child = Guarded::spawn(command).ok();
                std::thread::sleep(Duration::from_millis(100));
            }
            let ready = self.psql("postgres", "SELECT 1");
            ready.is_ok_and(|answer| answer == "1").then_some(())
        });
    }

    /// Kills it with all its children, as a power cut would.
    pub fn crash(&mut self) {
        let children = self.children();
        if let Some(mut child) = self.child.take() {
            child.kill();
        }
        for pid in children {
            signal(pid, libc::SIGKILL);
        }
    }

    /// It does not do anything any more, and its connections stay open.
    pub fn pause(&self) {
        for pid in self.processes() {
            signal(pid, libc::SIGSTOP);
        }
    }

    /// It goes on.
    pub fn resume(&self) {
        for pid in self.processes() {
            signal(pid, libc::SIGCONT);
        }
    }

    fn processes(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.child.iter().map(Guarded::pid).collect();
        all.extend(self.children());
        all
    }

    fn children(&self) -> Vec<u32> {
        let Some(parent) = self.child.as_ref().map(Guarded::pid) else { return Vec::new() };
        let Ok(all) = fs::read_dir("/proc") else { return Vec::new() };
        let pids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
        let mine = |pid: &u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
            after.split(' ').nth(1).is_some_and(|found| found == parent.to_string())
        };
        pids.filter(mine).collect()
    }

    /// What the setting `database` is for it: encrypted or not as the server likes.
    pub fn url(&self) -> String {
        self.url_with("")
    }

    /// The same with `?` and more.
    pub fn url_with(&self, query: &str) -> String {
        format!("postgresql://{ROLE}:{PASSWORD_IN_URL}@127.0.0.1:{}/{ROLE}{query}", self.port)
    }

    /// Where FreeSWITCH finds it, with mod_pgsql, through a socket that needs no password.
    pub fn dsn(&self) -> String {
        format!(
            "pgsql://host={} port={} dbname={ROLE} user={ROLE}",
            self.folder.display(),
            self.port
        )
    }

    /// Runs SQL as the superuser in the database of the module. The answer: a line a row, `|` between columns.
    ///
    /// # Panics
    /// The server does not take it.
    #[track_caller]
    pub fn sql(&self, text: &str) -> String {
        self.sql_in(ROLE, text)
    }

    #[track_caller]
    fn sql_in(&self, database: &str, text: &str) -> String {
        self.psql(database, text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn psql(&self, database: &str, text: &str) -> Result<String, String> {
        let mut command = Command::new("timeout");
        command.arg("60").arg(self.bin.join("psql")).args([
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
        ]);
        command.arg("-h").arg(&self.folder).args([
            "-p",
            &self.port.to_string(),
            "-d",
            database,
            "-c",
            text,
        ]);
        command.env("PGCONNECT_TIMEOUT", "30").env("PGTZ", "UTC").stdin(Stdio::null());
        let output = command.output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("postgres.log")
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read(self.log_path())
            .map_or_else(|_| String::new(), |log| String::from_utf8_lossy(&log).into_owned())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("PostgreSQL's log:\n{}", tail(&self.log_path(), 60));
        }
        self.crash();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder with `initdb`, `postgres` and `psql`: Debian's, of the newest version, or that of the path.
fn bin() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| {
        ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).exists())
    };
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<(u32, PathBuf)> = debian
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin")))
        })
        .filter(|(_, folder)| complete(folder))
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path).find(complete);
    versions.pop().map(|(_, folder)| folder).or(others)
}

/// PostgreSQL refuses to run as root. Who runs it then, as `uid` and `gid`.
fn server_user() -> Option<(u32, u32)> {
    // SAFETY: it has no arguments and cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        return None;
    }
    let number = |flag: &str| -> Option<u32> {
        let output = Command::new("id").args([flag, "postgres"]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    Some((number("-u")?, number("-g")?))
}

fn as_server(program: &Path) -> Command {
    let Some((uid, gid)) = server_user() else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}"));
    // Another user is not told of the death of a parent unless it asks for that again.
    command.args(["--clear-groups", "--pdeathsig", "KILL", "--"]).arg(program);
    command
}

fn signal(pid: u32, signal: libc::c_int) {
    // SAFETY: it is a child of this one's server, or was a moment ago.
    unsafe { libc::kill(pid.cast_signed(), signal) };
}
