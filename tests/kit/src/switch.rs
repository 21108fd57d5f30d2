//! A switch under test: a process of its own, in a folder of its own, on ports of its own.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::child::Guarded;
use crate::esl::Esl;
use crate::events::Events;
use crate::folder::{Folder, tail};
use crate::host::{Host, host, module, wrapper};
use crate::http::Http;
use crate::ports::Ports;
use crate::setup::{Setup, write_callpark_conf};
use crate::skip::skipped;
use crate::vanilla;
use crate::wait::SOON;

/// A start may take so long; under valgrind it does.
const START_DEADLINE: Duration = Duration::from_secs(90);

/// So long may an orderly shutdown take.
const STOP_DEADLINE: Duration = Duration::from_secs(60);

/// Killed on drop; while the thread is panicking its log's end is printed.
pub struct Switch {
    host: Host,
    setup: Setup,
    // In this order: the connection closes, the process dies, its files and ports become free.
    api: Mutex<Option<Esl>>,
    child: Mutex<Option<Guarded>>,
    folder: Folder,
    ports: Ports,
    /// How many phones it has got.
    phones: AtomicU32,
}

impl Switch {
    /// Starts a switch and waits until it takes commands (and, with SIP, calls).
    ///
    /// # Panics
    /// When it does not come up; its log is in the message.
    #[track_caller]
    pub fn start(setup: Setup) -> Switch {
        let folder = Folder::new().expect("a temporary folder");
        let ports = Ports::take();
        match &host() {
            Host::FreeSwitch(prefix) if setup.vanilla => {
                host().link_modules(&folder, None).expect("FreeSWITCH's modules");
                setup.write_sounds(&folder).expect("sounds");
                vanilla::write(prefix, &folder, &ports).expect("FreeSWITCH's configuration");
            }
            _ => setup.write(&folder, &ports).expect("the switch's configuration"),
        }
        let (api, child) = (Mutex::new(None), Mutex::new(None));
        let phones = AtomicU32::new(0);
        let switch = Switch { host: host(), setup, api, child, folder, ports, phones };
        switch.launch();
        switch
    }

    /// Starts a switch for what only a real FreeSWITCH can show; without one says that loudly.
    #[track_caller]
    pub fn start_real(setup: Setup) -> Option<Switch> {
        if host() == Host::StandIn {
            skipped("a real FreeSWITCH (FREESWITCH=<prefix>)");
            return None;
        }
        Some(Switch::start(setup))
    }

    /// Its web server, at `127.0.0.1:{{web_port}}` of callpark.conf, as soon as it answers.
    #[track_caller]
    pub fn web(&self) -> Http {
        let at = SocketAddr::from(([127, 0, 0, 1], self.ports.web()));
        self.eventually(SOON, "the web server listens", || {
            std::net::TcpStream::connect(at).ok().map(|_| Http::at(at))
        })
    }

    /// The port of its web server.
    pub fn web_port(&self) -> u16 {
        self.ports.web()
    }

    /// Whether anything listens at the port of its web server.
    pub fn listens_to_web(&self) -> bool {
        std::net::TcpStream::connect(("127.0.0.1", self.ports.web())).is_ok()
    }

    /// Is this a FreeSWITCH, not the stand-in?
    pub fn is_real(&self) -> bool {
        self.host != Host::StandIn
    }

    /// Runs an API command on a connection that all threads share, one after another.
    ///
    /// # Panics
    /// When the connection breaks or the answer takes too long.
    #[track_caller]
    pub fn api(&self, command: &str) -> String {
        match self.try_api(command) {
            Ok(answer) => answer,
            Err(error) => panic!("{command}: {error}\nend of the log:\n{}", self.log_tail(60)),
        }
    }

    /// As [`Switch::api`], for a switch that may be gone.
    ///
    /// # Errors
    /// When the connection breaks or the answer takes too long.
    pub fn try_api(&self, command: &str) -> io::Result<String> {
        let mut api = lock(&self.api);
        let mut esl = match api.take() {
            Some(esl) => esl,
            None => Esl::connect(self.ports.esl())?,
        };
        let answer = esl.api(command)?;
        *api = Some(esl);
        Ok(answer)
    }

    /// A connection of its own, for commands that must not wait for each other.
    ///
    /// # Panics
    /// When the switch does not take it.
    #[track_caller]
    pub fn esl(&self) -> Esl {
        Esl::connect(self.ports.esl()).expect("an event socket connection")
    }

    /// As [`Switch::esl`], for a command that may take a minute: FreeSWITCH waits 10 s for each application of a module.
    ///
    /// # Panics
    /// When the switch does not take it.
    #[track_caller]
    pub fn esl_patient(&self) -> Esl {
        self.esl().patient().expect("an event socket connection")
    }

    /// Collects these events from now on; a name is `CHANNEL_BRIDGE` or `CUSTOM callpark::info`.
    ///
    /// # Panics
    /// When the switch refuses.
    #[track_caller]
    pub fn events(&self, names: &[&str]) -> Events {
        Events::subscribe(self.ports.esl(), names, self.folder.log()).expect("a subscription")
    }

    /// Replaces callpark.conf.xml (`None` removes it). Nobody is told: see `reloadxml` and
    /// `callpark reload`.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn write_callpark_conf(&self, xml: Option<&str>) {
        write_callpark_conf(&self.folder, &self.ports, xml).expect("callpark.conf.xml");
    }

    /// The whole log so far.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.folder.log()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Is there such a text in the log?
    pub fn log_contains(&self, text: &str) -> bool {
        self.log().contains(text)
    }

    /// The last lines of the log, and of what the process printed when there is no log.
    pub fn log_tail(&self, lines: usize) -> String {
        let log = tail(&self.folder.log(), lines);
        format!("{log}\nprinted:\n{}", tail(&self.folder.join("log/printed.txt"), 30))
    }

    /// The folder it lives in: `conf/freeswitch.xml`, `log/freeswitch.log`, `db`, …
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The event socket's port on 127.0.0.1.
    pub fn esl_port(&self) -> u16 {
        self.ports.esl()
    }

    /// The SIP profile's port on 127.0.0.1.
    pub fn sip_port(&self) -> u16 {
        self.ports.sip()
    }

    /// The second SIP profile's port on 127.0.0.1: see [`Setup::other_profile`].
    pub fn other_sip_port(&self) -> u16 {
        self.ports.other_sip()
    }

    /// The SIP profile's port for TLS: see [`Setup::tls`].
    pub fn tls_port(&self) -> u16 {
        self.ports.tls()
    }

    /// Where its SIP profiles and its audio are: on the loopback.
    pub fn ip(&self) -> IpAddr {
        self.setup.ip()
    }

    /// The voice of its next phone: 600, 700, … 3300 Hz, one after another, so that no two phones of a test sound
    /// alike, however many tests run. What a test plays must sound like none of them: an odd multiple of 50 Hz.
    pub(crate) fn next_voice(&self) -> u32 {
        600 + 100 * (self.phones.fetch_add(1, Ordering::Relaxed) % 28)
    }

    /// Waits until it takes calls, and logs from that level on, or from what `KIT_LOG` says: for a run that is measured or
    /// long.
    ///
    /// # Panics
    /// When it takes none.
    #[track_caller]
    pub fn ready_for_long(&self, level: &str) {
        self.eventually(SOON, "the core is ready", || {
            self.api("status").contains("is ready").then_some(())
        });
        let asked = std::env::var("KIT_LOG").ok().filter(|asked| !asked.is_empty());
        self.api(&format!("fsctl loglevel {}", asked.as_deref().unwrap_or(level)));
    }

    /// Its process id; 0 when it is stopped.
    pub fn pid(&self) -> u32 {
        lock(&self.child).as_ref().map_or(0, Guarded::pid)
    }

    /// Is the process there?
    pub fn running(&self) -> bool {
        lock(&self.child).as_mut().is_some_and(|child| child.exited().is_none())
    }

    /// Its resident memory, in KiB.
    pub fn rss_kib(&self) -> u64 {
        self.status_number("VmRSS:")
    }

    /// Its memory that is no file's, in KiB: what others have of the same files changes nothing in it.
    pub fn anonymous_kib(&self) -> u64 {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid()));
        number_after(&rollup.unwrap_or_default(), "Anonymous:")
    }

    /// The processor time it has had, in seconds. The kernel counts in steps of 10 ms.
    pub fn processor_s(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        let ticks: f64 = fields.skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
        ticks / 100.0
    }

    /// How many files and sockets it has open.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).map_or(0, Iterator::count)
    }

    /// How many threads it has.
    pub fn threads(&self) -> u64 {
        self.status_number("Threads:")
    }

    /// From now on the switch gets no new thread (`false`), or as many as before. Needs [`Setup::own_user`].
    ///
    /// # Panics
    /// When the kernel refuses.
    #[track_caller]
    pub fn limit_threads(&self, any: bool) {
        let uid = self.setup.uid.expect("a user of its own: nothing limits the threads of root");
        let limits = fs::read_to_string(format!("/proc/{}/limits", self.pid())).expect("limits");
        let most = limits.lines().find_map(|line| line.strip_prefix("Max processes"));
        let most = most.and_then(|line| line.split_whitespace().nth(1)).unwrap_or("unlimited");
        // The soft limit, which the user itself may lower and raise.
        let limit = format!("--nproc={}:", if any { most } else { "1" });
        let mut command = Command::new("prlimit");
        command.args(["--pid", &self.pid().to_string(), &limit]).uid(uid).gid(uid);
        let status = command.status().expect("prlimit, of util-linux");
        assert!(status.success(), "{command:?}: {status}");
    }

    /// Kills the process without a word and starts it again: same folder, same ports.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    pub fn crash_and_restart(&self) {
        self.crash();
        self.launch();
    }

    /// Starts it again with a clock, and so times in its events, in steps of 1 ms instead of 20 ms.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    pub fn fine_clock(&self) {
        let path = self.folder().join("conf/freeswitch.xml");
        let conf = std::fs::read_to_string(&path).expect("the switch's configuration");
        let at = r#"<configuration name="switch.conf">
      <settings>"#;
        let with = format!(r#"{at}<param name="1ms-timer" value="true"/>"#);
        assert!(conf.contains(at), "switch.conf has another shape");
        self.crash();
        std::fs::write(&path, conf.replace(at, &with)).expect("the switch's configuration");
        self.launch();
    }

    /// Kills the process without a word.
    pub fn crash(&self) {
        *lock(&self.api) = None;
        *lock(&self.child) = None;
    }

    /// Shuts it down in order (`fsctl shutdown`); its exit status.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn stop(&self) -> ExitStatus {
        let _ = self.try_api("fsctl shutdown");
        *lock(&self.api) = None;
        let status = lock(&self.child).as_mut().and_then(|child| child.wait(STOP_DEADLINE));
        let Some(status) = status else {
            panic!("no shutdown within {STOP_DEADLINE:?}\n{}", self.log_tail(60));
        };
        *lock(&self.child) = None;
        status
    }

    /// Starts it again after [`Switch::crash`] or [`Switch::stop`].
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    pub fn launch(&self) {
        if !self.setup.vanilla {
            // A second start takes the module that is there now.
            self.host.link_modules(&self.folder, Some(&module())).expect("its modules");
        }
        let command = self.host.command(&self.folder).expect("the command that starts it");
        let described = format!("{command:?}");
        let child = self.spawn(command).unwrap_or_else(|error| panic!("{described}: {error}"));
        *lock(&self.child) = Some(child);
        let deadline = Instant::now() + START_DEADLINE;
        while !self.takes_calls() {
            if !self.running() || Instant::now() > deadline {
                panic!("the switch did not start: {described}\n{}", self.log_tail(80));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn spawn(&self, mut command: Command) -> io::Result<Guarded> {
        let printed = self.folder.join("log/printed.txt");
        let printed = fs::File::options().append(true).create(true).open(printed)?;
        if let Some(uid) = self.setup.uid {
            self.folder.give_to(uid)?;
            command.uid(uid).gid(uid);
        }
        command.stdin(Stdio::null()).stdout(printed.try_clone()?).stderr(printed);
        Guarded::spawn(command)
    }

    /// Whether it takes calls now, over SIP if it has SIP.
    pub fn takes_calls(&self) -> bool {
        let command = if self.setup.sip { "sofia status profile internal" } else { "status" };
        match self.try_api(command) {
            Ok(answer) => !self.setup.sip || answer.contains("sip:mod_sofia@"),
            Err(_) => false,
        }
    }

    fn status_number(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()));
        number_after(&status.unwrap_or_default(), field)
    }
}

/// The number after that word at the beginning of a line; 0 without one.
fn number_after(text: &str, field: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

impl Drop for Switch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the switch's log ends:\n{}\n---", self.log_tail(80));
        } else if wrapper().is_some() && !self.is_real() && self.running() {
            let status = self.stop();
            assert!(status.success(), "{status}\n{}", self.log_tail(80));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
