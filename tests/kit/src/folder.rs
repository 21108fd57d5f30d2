//! The folder that a switch lives in.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A temporary folder, removed on drop. `KIT_KEEP=1` keeps it, to look at.
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Everything FreeSWITCH wants a folder for.
    const ROOMS: [&str; 9] = [
        "conf/autoload_configs",
        "conf/dialplan",
        "log",
        "db",
        "run",
        "mod",
        "moh",
        "sounds",
        "tmp",
    ];

    pub(crate) fn new() -> io::Result<Folder> {
        let name = format!("kit-{}-{:08x}", std::process::id(), fastrand::u32(..));
        let path = place().join(name);
        for room in Folder::ROOMS {
            fs::create_dir_all(path.join(room))?;
        }
        Ok(Folder { path })
    }

    /// Makes it, and all that is in it now, that user's.
    pub(crate) fn give_to(&self, uid: u32) -> io::Result<()> {
        fn give(path: &Path, uid: u32) -> io::Result<()> {
            std::os::unix::fs::lchown(path, Some(uid), Some(uid))?;
            if path.is_dir() && !path.is_symlink() {
                for entry in fs::read_dir(path)? {
                    give(&entry?.path(), uid)?;
                }
            }
            Ok(())
        }
        give(&self.path, uid)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.join("log/freeswitch.log")
    }
}

/// Where folders are: in memory if there is room, for FreeSWITCH waits for its databases to be on the disk, or else, and with
/// `TMPDIR`, where temporary files are.
fn place() -> PathBuf {
    const MEMORY: &str = "/dev/shm";
    const ROOM: u64 = 512 * 1024 * 1024;
    let wished = std::env::var_os("TMPDIR").is_some();
    if !wished && free(MEMORY) >= ROOM { PathBuf::from(MEMORY) } else { std::env::temp_dir() }
}

/// How many bytes this process can write there.
fn free(folder: &str) -> u64 {
    let Ok(name) = std::ffi::CString::new(folder) else { return 0 };
    // SAFETY: the struct is plain numbers, for which zero is a value; statvfs writes to it and reads the name.
    unsafe {
        let mut stat: libc::statvfs = std::mem::zeroed();
        let usable = libc::access(name.as_ptr(), libc::W_OK) == 0;
        if !usable || libc::statvfs(name.as_ptr(), &raw mut stat) != 0 {
            return 0;
        }
        stat.f_bavail.saturating_mul(stat.f_frsize)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::env::var_os("KIT_KEEP").is_some() {
            let _ = writeln!(io::stderr(), "kept: {}", self.path.display());
        } else {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// The last lines of a file, or why it cannot be read.
pub(crate) fn tail(path: &Path, lines: usize) -> String {
    match fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            // FreeSWITCH greets with pictures made of bars, and with its lists of networks.
            let noise = |line: &&str| {
                line.starts_with("|") || line.starts_with(".=") || line.contains("] to list ")
            };
            let all: Vec<_> = text.lines().filter(|line| !noise(line)).collect();
            all[all.len().saturating_sub(lines)..].join("\n")
        }
        Err(error) => format!("({}: {error})", path.display()),
    }
}
