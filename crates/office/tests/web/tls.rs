//! Encryption: certificates that are renewed, half written, or not there, and clients that do not speak it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kit::{Certificate, Http, certificate};
use office::web::{Change, Settings, Tls};

use crate::{Rig, SOON, settings_of};

/// A file with a certificate and its key, in a folder that ends with this value.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Files {
        let folder =
            std::env::temp_dir().join(format!("callpark-web-tls-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Files(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.join("wss.pem")
    }

    fn settings(&self) -> Settings {
        let tls = Tls { certificate: self.path(), key: self.path() };
        Settings { tls: Some(tls), https: true, ..settings_of() }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// As certbot and its like replace a file.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, path).unwrap();
}

fn both(made: &Certificate) -> String {
    made.chain.clone() + &made.key
}

/// What the server has said of its certificate so far.
fn said(rig: &Rig) -> Vec<Change> {
    let said = rig.host.said.lock().unwrap();
    said.iter().filter(|change| !matches!(change, Change::Listens(_))).cloned().collect()
}

#[test]
fn what_is_sent_is_encrypted_and_a_renewed_certificate_ends_no_connection() {
    let files = Files::new("renewed");
    let (first, second, third) = (certificate("a"), certificate("b"), certificate("c"));
    replace(&files.path(), &both(&first));
    let rig = Rig::start_with(files.settings());
    let http = Http::at(rig.at()).encrypted();
    let login = http.post("/v1/login", r#"{"token":"secret"}"#);
    assert_eq!(login.status, 200);
    assert!(login.header("set-cookie").unwrap().contains("; Secure"), "{login:?}");
    assert!(login.header("strict-transport-security").is_none(), "{login:?}");
    let mut stream = http.bearer("secret").stream("/v1/events", None);
    assert_eq!(stream.next(SOON).unwrap().event, "snapshot");
    let presented = http.certificate().unwrap();

    // The file is being written: what is there is half of it.
    let text = both(&second);
    let (half, _) = text.split_at(text.len() / 2);
    replace(&files.path(), half);
    kit::eventually(SOON, "it is said that it cannot be read", || {
        matches!(said(&rig)[..], [Change::KeepsCertificate(_)]).then_some(())
    });
    assert_eq!(http.certificate().unwrap(), presented);
    // Said once, however often it is tried.
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(said(&rig).len(), 1, "{:?}", said(&rig));
    let why = said(&rig)[0].to_string();
    assert!(why.contains("wss.pem: ") && !why.contains("PRIVATE"), "{why}");
    // A key of another certificate.
    replace(&files.path(), &(second.chain.clone() + &first.key));
    replace(&files.path(), &both(&third));
    kit::eventually(SOON, "the new one is presented", || {
        (http.certificate().unwrap() != presented).then_some(())
    });
    kit::eventually(SOON, "that is said", || {
        (said(&rig).last() == Some(&Change::HasCertificate)).then_some(())
    });
    // The stream goes on as it was.
    rig.record(1);
    let told = stream.next(SOON).unwrap();
    assert_eq!((told.event.as_str(), told.data["seq"].as_i64()), ("call", Some(1)));
    assert_eq!(http.get("/v1/health").status, 200);
}

#[test]
fn without_a_certificate_it_does_not_listen_and_it_does_as_soon_as_there_is_one() {
    let files = Files::new("missing");
    let rig = Rig::start_with(files.settings());
    let why = kit::eventually(SOON, "it is said", || said(&rig).into_iter().next());
    match &why {
        Change::CannotListen { why, .. } => assert!(why.contains("wss.pem: No such file"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert!(rig.host.at.lock().unwrap().is_none(), "it listens without encryption");
    replace(&files.path(), &both(&certificate("a")));
    assert_eq!(Http::at(rig.at()).encrypted().get("/v1/health").status, 200);
    // Settings that name other files, and then none.
    let other = Files::new("other");
    replace(&other.path(), &both(&certificate("b")));
    let before = Http::at(rig.at()).certificate().unwrap();
    rig.host.at.lock().unwrap().take();
    rig.server.configure(other.settings());
    assert_ne!(Http::at(rig.at()).certificate().unwrap(), before);
    rig.host.at.lock().unwrap().take();
    rig.server.configure(settings_of());
    assert_eq!(Http::at(rig.at()).get("/v1/health").status, 200);
}

#[test]
fn who_speaks_something_else_or_nothing_is_cut_and_counted_among_the_connections() {
    let files = Files::new("plain");
    replace(&files.path(), &both(&certificate("a")));
    let rig = Rig::start_with(files.settings());
    let at = rig.at();
    let http = Http::at(at).encrypted();
    let mut plain = TcpStream::connect(at).unwrap();
    plain.set_read_timeout(Some(SOON)).unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
    // As many as there is room for begin a handshake and do not go on.
    let began = Instant::now();
    let mut idle: Vec<_> = (0..256).map(|_| TcpStream::connect(at).unwrap()).collect();
    kit::eventually(SOON, "one more is cut", || {
        let mut more = TcpStream::connect(at).ok()?;
        more.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
        matches!(more.read(&mut [0; 1]), Ok(0)).then_some(())
    });
    idle[0].set_read_timeout(Some(SOON)).unwrap();
    let cut = idle[0].read(&mut [0; 1]);
    assert!(matches!(cut, Ok(0)) || cut.is_err_and(|error| !would_block(&error)), "it stays");
    let took = began.elapsed();
    assert!(took > Duration::from_secs(8) && took < Duration::from_secs(20), "{took:?}");
    assert_eq!(http.get("/v1/health").status, 200);
    assert!(said(&rig).is_empty(), "{:?}", said(&rig));
}

fn would_block(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}
