//! What readers of the live stream cost a call: how long a retrieval takes with 200 of them and without, while 20 events a
//! second happen, on the same FreeSWITCH, in blocks that take turns. Every tenth reader takes nothing of what it is sent.
//!
//! `FREESWITCH=<prefix> [READERS=200] [BLOCKS=8] [ROUNDS=50] cargo run --release -p kit --example readers`

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kit::figures::{Series, number};
use kit::phone::Exchange;
use kit::{Http, Phone, SOON, Setup, Switch, eventually, new_uuid};

/// What must be kept: the median with readers, as a share of that without, and what a reader costs in memory.
const RATIO_AT_MOST: f64 = 1.10;
const KIB_A_READER_AT_MOST: f64 = 128.0;
/// Events a second, beside those of the calls that are measured.
const EVENTS: u32 = 20;
/// One in so many readers reads nothing.
const ONE_IN: usize = 10;
/// How often the readers look for what has come.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// These come before the count begins.
const WARM_UP: u32 = 10;
/// A token that is called so, and the hash that `sha256sum` prints of it.
const TOKEN: &str = "all-read";
const CONF: &str = r#"<configuration name="callpark.conf"><settings><param name="web-listen" value="127.0.0.1:{{web_port}}"/>
    <token name="all-read" sha256="ba3816000da93c3363b42dfe540ccb4028061ac69f2029d4a8fba4c5b3e806a7" scope="read"/></settings>
    <lots><lot name="default" orbits="701-705"><param name="timeout" value="0"/><param name="announce" value="false"/></lot>
    </lots></configuration>"#;
/// How an event begins, for a reader.
const EVENT: &[u8] = b"event: call\n";

fn main() -> ExitCode {
    let (readers, blocks): (usize, u32) = (number("READERS", 200), number("BLOCKS", 8));
    let rounds: u32 = number("ROUNDS", 50);
    let setup = Setup::new()
        .sip(true)
        .music()
        .callpark_conf(CONF)
        .extension("park", &[("answer", ""), ("callpark", "default 701")])
        .extension("stay", &[("answer", ""), ("callpark", "default 702")])
        .extension("take", &[("answer", ""), ("callpark_retrieve", "default 701")]);
    let Some(switch) = Switch::start_real(setup) else { return ExitCode::SUCCESS };
    switch.ready_for_long("warning");
    let exchange = Exchange::open(switch.ip());
    let phones =
        [Phone::new(&switch, "1000"), Phone::new(&switch, "1001")].map(|p| p.on(&exchange));
    let web = switch.web().bearer(TOKEN);
    let stays = new_uuid();
    switch.originate(&stays, "stay", &[]);
    let ended = AtomicBool::new(false);
    let found = std::thread::scope(|scope| {
        scope.spawn(|| happen(&switch, &ended));
        let found = measure(&switch, &phones, &web, Plan { readers, blocks, rounds });
        ended.store(true, Ordering::Relaxed);
        found
    });
    report(&found, readers)
}

struct Plan {
    readers: usize,
    blocks: u32,
    rounds: u32,
}

/// Without readers, and with them.
#[derive(Default)]
struct Kind {
    times: Series,
    processor_s: f64,
    seconds: f64,
    rss_kib: u64,
    events: u64,
}

#[derive(Default)]
struct Found {
    kinds: [Kind; 2],
    missed: u64,
    cut: u64,
}

fn measure(switch: &Switch, phones: &[Phone; 2], web: &Http, plan: Plan) -> Found {
    let mut found = Found::default();
    for round in 0..WARM_UP {
        retrieval(switch, phones, round);
    }
    for block in 0..2 * plan.blocks {
        let with = block % 2 == 1;
        let reading = with.then(|| Reading::begin(switch, web, plan.readers));
        let (began, processor_s) = (Instant::now(), switch.processor_s());
        let written = figure(web, "callpark_journal_written_total");
        let kind = &mut found.kinds[usize::from(with)];
        for round in 0..plan.rounds {
            kind.times.add(retrieval(switch, phones, block / 2 * plan.rounds + round));
        }
        kind.seconds += began.elapsed().as_secs_f64();
        kind.processor_s += switch.processor_s() - processor_s;
        let happened = (figure(web, "callpark_journal_written_total") - written) as u64;
        kind.events += happened;
        // Before the first readers, so that what they leave in the heap counts as theirs.
        let rss_kib = switch.rss_kib();
        kind.rss_kib = match (with, kind.rss_kib) {
            (false, 0) | (true, _) => kind.rss_kib.max(rss_kib),
            (false, first) => first,
        };
        if let Some(reading) = reading {
            // What happens last is told a moment later.
            std::thread::sleep(Duration::from_secs(1));
            found.missed += reading.end(happened);
            switch.eventually(SOON, "the readers are gone", || {
                (figure(web, "callpark_web_readers") == 0.0).then_some(())
            });
        }
    }
    found.cut = figure(web, "callpark_web_cut_total") as u64;
    found
}

/// Changes a parked call so often.
fn happen(switch: &Switch, ended: &AtomicBool) {
    let mut esl = switch.esl();
    let began = Instant::now();
    for count in 0.. {
        if ended.load(Ordering::Relaxed) {
            return;
        }
        let answer = esl.api(&format!("callpark set default 702 note {count}"));
        let answer = answer.expect("an answer");
        assert!(answer.starts_with("+OK"), "{answer}");
        let next = began + Duration::from_secs(1) / EVENTS * (count + 1);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

/// One caller parked and retrieved by phones: from the INVITE until the retriever hears the caller, in ms.
fn retrieval(switch: &Switch, [caller, retriever]: &[Phone; 2], round: u32) -> f64 {
    let parked = caller.call_up("park");
    eventually(SOON, "music", || (!parked.voices().is_empty()).then_some(()));
    // Each comes at another moment of the parked leg's media frame of 20 ms.
    std::thread::sleep(Duration::from_millis(30 + u64::from(round) * 7 % 20));
    let begun = Instant::now();
    let call = retriever.call("take");
    let heard = eventually(SOON, "the caller's voice", || {
        let voices = call.voices();
        voices.iter().find(|voice| voice.mark == Some(parked.mark())).map(|voice| voice.first)
    });
    for one in [&call, &parked] {
        one.hangup();
        switch.wait_gone(one.uuid());
    }
    for phone in [caller, retriever] {
        phone.forget_ended();
    }
    heard.saturating_duration_since(begun).as_secs_f64() * 1000.0
}

/// A figure of the module.
fn figure(web: &Http, name: &str) -> f64 {
    let page = web.get("/metrics").body;
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("{name}: {page}"))
}

/// The readers, on one thread that is no hurry: they stand for browsers on other machines.
struct Reading {
    ended: std::sync::Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Vec<u64>>,
    /// They read nothing.
    asleep: Vec<TcpStream>,
}

impl Reading {
    fn begin(switch: &Switch, web: &Http, count: usize) -> Reading {
        let (asleep, awake): (Vec<_>, Vec<_>) =
            (0..count).map(|number| (number, open(switch))).partition(|(n, _)| n % ONE_IN == 0);
        let asleep: Vec<TcpStream> = asleep.into_iter().map(|(_, stream)| stream).collect();
        for stream in &asleep {
            // The kernel takes little for them.
            let least: libc::c_int = 2_048;
            // SAFETY: the socket is open, and the option is an int.
            let set = unsafe {
                libc::setsockopt(
                    stream.as_raw_fd(),
                    libc::SOL_SOCKET,
                    libc::SO_RCVBUF,
                    (&raw const least).cast(),
                    size_of_val(&least) as libc::socklen_t,
                )
            };
            assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
        }
        let ended = std::sync::Arc::new(AtomicBool::new(false));
        let theirs = std::sync::Arc::clone(&ended);
        let thread = std::thread::spawn(move || read(awake, &theirs));
        switch.eventually(SOON, "the readers are there", || {
            (figure(web, "callpark_web_readers") == count as f64).then_some(())
        });
        Reading { ended, thread, asleep }
    }

    /// How many events the reader with the fewest has missed.
    fn end(self, happened: u64) -> u64 {
        self.ended.store(true, Ordering::Relaxed);
        let told = self.thread.join().expect("readers");
        drop(self.asleep);
        happened.saturating_sub(told.into_iter().min().unwrap_or(happened))
    }
}

fn open(switch: &Switch) -> TcpStream {
    let at = ("127.0.0.1", switch.web_port());
    let mut stream = TcpStream::connect(at).expect("a connection");
    let request =
        format!("GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    stream
}

/// How many events each was told.
fn read(readers: Vec<(usize, TcpStream)>, ended: &AtomicBool) -> Vec<u64> {
    // SAFETY: it has no pointers. It concerns this thread alone.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 10) };
    let mut readers: Vec<_> = readers
        .into_iter()
        .map(|(_, stream)| {
            stream.set_nonblocking(true).expect("a socket");
            (stream, Vec::<u8>::new(), 0_u64)
        })
        .collect();
    let mut buffer = vec![0; 65_536];
    while !ended.load(Ordering::Relaxed) {
        for (stream, rest, told) in &mut readers {
            loop {
                match stream.read(&mut buffer) {
                    Ok(0) => panic!("the stream of a reader has ended"),
                    Ok(length) => {
                        rest.extend(&buffer[..length]);
                        *told +=
                            rest.windows(EVENT.len()).filter(|seen| *seen == EVENT).count() as u64;
                        // An event may begin in this piece and go on in the next.
                        let keep = rest.len().saturating_sub(EVENT.len() - 1);
                        rest.drain(..keep);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("a reader: {error}"),
                }
            }
        }
        std::thread::sleep(LOOK_EVERY);
    }
    readers.into_iter().map(|(.., told)| told).collect()
}

fn report(found: &Found, readers: usize) -> ExitCode {
    println!("\nRetrieval, INVITE to the caller's voice, ms");
    println!("{:<18} {} {:>12} {:>9}", "readers", Series::HEAD, "events/s", "cpu %");
    for (kind, name) in found.kinds.iter().zip(["0".to_owned(), readers.to_string()]) {
        println!(
            "{name:<18} {} {:>12.1} {:>9.1}",
            kind.times,
            kind.events as f64 / kind.seconds,
            100.0 * kind.processor_s / kind.seconds
        );
    }
    let [without, with] = &found.kinds;
    let ratio = with.times.median() / without.times.median();
    let kib = with.rss_kib.saturating_sub(without.rss_kib) as f64 / readers as f64;
    println!(
        "ratio of the medians {ratio:.3} (at most {RATIO_AT_MOST}); {kib:.1} KiB a reader (at most {KIB_A_READER_AT_MOST}); \
         missed {}; cut {}",
        found.missed, found.cut
    );
    let kept = ratio <= RATIO_AT_MOST && kib <= KIB_A_READER_AT_MOST && found.missed == 0;
    println!("{}", if kept { "kept" } else { "NOT KEPT" });
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
