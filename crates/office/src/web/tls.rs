//! Encryption: a certificate, which is read again when its files change. Connections that are open go on as they are.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::host::{Change, Host};
use super::settings::Tls;

/// How often it is looked whether the files have changed.
const EVERY: Duration = Duration::from_secs(2);
/// The longest file.
const LONGEST: u64 = 1024 * 1024;

/// The certificate that new connections get.
pub(super) struct Certificate {
    current: Arc<Mutex<Arc<ServerConfig>>>,
    renewal: AbortHandle,
}

impl Certificate {
    /// That of these files. It is renewed until this value is dropped.
    ///
    /// # Errors
    /// They cannot be read, or do not belong together. No key is in the text.
    pub(super) async fn of(tls: Tls, host: Arc<dyn Host>) -> Result<Self, String> {
        let asked = tls.clone();
        let found = spawn_blocking(move || Found::read(&asked)).await;
        let found = found.map_err(|_| "its certificate cannot be read".to_owned())??;
        let current = Arc::new(Mutex::new(found.config()?));
        let renewal = tokio::spawn(renew(tls, host, found, Arc::clone(&current)));
        Ok(Certificate { current, renewal: renewal.abort_handle() })
    }

    /// What encrypts the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.lock()))
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// Which state of a file was read. A file that was replaced has another one, also if its time was kept.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    /// When it was written, and when anything about it was changed.
    times: [(i64, i64); 2],
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        let times = [(file.mtime(), file.mtime_nsec()), (file.ctime(), file.ctime_nsec())];
        Stamp { inode: file.ino(), length: file.len(), times }
    }
}

/// What the files have.
struct Found {
    stamps: [Stamp; 2],
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Found {
    fn read(tls: &Tls) -> Result<Self, String> {
        let (stamp, text) = file(&tls.certificate)?;
        let (key_stamp, key_text) = match tls.key == tls.certificate {
            true => (stamp, text.clone()),
            false => file(&tls.key)?,
        };
        // What the parser says of a line may quote it.
        let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| wrong(&tls.certificate, "a part of it is cut off"))?;
        if chain.is_empty() {
            return Err(wrong(&tls.certificate, "there is no certificate in it"));
        }
        let key = PrivateKeyDer::from_pem_slice(&key_text)
            .map_err(|_| wrong(&tls.key, "there is no private key in it, or it has a password"))?;
        Ok(Found { stamps: [stamp, key_stamp], chain, key })
    }

    /// The files are as they were when this was read.
    fn is_of(&self, tls: &Tls) -> bool {
        let stamp = |path: &Path| std::fs::metadata(path).ok().map(|found| Stamp::of(&found));
        [&tls.certificate, &tls.key]
            .iter()
            .zip(self.stamps)
            .all(|(path, known)| stamp(path) == Some(known))
    }

    fn config(&self) -> Result<Arc<ServerConfig>, String> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key());
        let mut config = config.map_err(|error| format!("its certificate and key: {error}"))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn wrong(path: &Path, what: &str) -> String {
    format!("{}: {what}", path.display())
}

fn file(path: &Path) -> Result<(Stamp, Vec<u8>), String> {
    let failed = |error: std::io::Error| wrong(path, &error.to_string());
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() || about.len() > LONGEST {
        return Err(wrong(path, "that is not the file of a certificate"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes).map_err(failed)?;
    Ok((Stamp::of(&about), bytes))
}

/// Reads the certificate again whenever its files have changed. Files that are being written fit together a moment later, so only
/// what is wrong twice is reported, and that once.
async fn renew(
    tls: Tls,
    host: Arc<dyn Host>,
    mut used: Found,
    current: Arc<Mutex<Arc<ServerConfig>>>,
) {
    let (mut failed, mut said) = (false, false);
    loop {
        sleep(EVERY).await;
        let asked = tls.clone();
        let looked = spawn_blocking(move || {
            let found = (!used.is_of(&asked)).then(|| {
                let found = Found::read(&asked)?;
                let config = found.config()?;
                Ok::<_, String>((found, config))
            });
            (used, found)
        });
        // The server ends.
        let Ok((before, found)) = looked.await else { return };
        used = before;
        match found {
            None => failed = false,
            Some(Ok((found, config))) => {
                let is_new = found.chain != used.chain;
                used = found;
                if is_new {
                    *current.lock() = config;
                }
                if is_new || said {
                    host.say(&Change::HasCertificate);
                }
                (failed, said) = (false, false);
            }
            Some(Err(why)) => {
                if failed && !said {
                    host.say(&Change::KeepsCertificate(why));
                    said = true;
                }
                failed = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_files_is_said_without_what_is_in_them() {
        let folder = std::env::temp_dir().join(format!("callpark-tls-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("wss.pem");
        let tls = Tls { certificate: path.clone(), key: path.clone() };
        let made = kit::certificate("pbx.example.com");
        let other = kit::certificate("pbx.example.com");
        let read = |text: String| {
            std::fs::write(&path, text).unwrap();
            Found::read(&tls).and_then(|found| found.config()).map(drop)
        };
        let (cut, _) = made.key.split_at(made.key.len() / 2);
        for (text, expected) in [
            (made.chain.clone() + &made.key, Ok(())),
            (made.key.clone() + &made.chain, Ok(())),
            (String::new(), Err("there is no certificate in it")),
            (made.chain.clone(), Err("there is no private key in it")),
            (made.chain.clone() + cut, Err("a part of it is cut off")),
            (made.chain.clone() + &other.key, Err("its certificate and key")),
            (made.key.replace("PRIVATE KEY-----\n", "PRIVATE KEY"), Err("")),
        ] {
            match (read(text), expected) {
                (Ok(()), Ok(())) => {}
                (Err(why), Err(expected)) => {
                    assert!(why.contains(expected), "{why}");
                    let secret = made.key.lines().nth(1).unwrap();
                    assert!(!why.contains(&secret[..16]), "{why}");
                }
                (got, expected) => panic!("{got:?} instead of {expected:?}"),
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert!(Found::read(&tls).err().unwrap().contains("wss.pem: No such file"));
        std::fs::create_dir(&path).unwrap();
        assert!(Found::read(&tls).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
