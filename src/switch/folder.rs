//! Folders of the machine, as the process of FreeSWITCH finds them.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// `TMPFS_MAGIC` and `RAMFS_MAGIC` of linux/magic.h.
const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];

/// What becomes of a file that is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folder {
    /// It is written to a disk, or at least nothing is known that speaks against it.
    Kept,
    /// It is gone when the machine restarts.
    InMemory,
    /// There is no such folder.
    Missing,
    /// FreeSWITCH may not write there.
    Denied,
    /// Nobody can write there.
    ReadOnly,
}

/// Looks at a folder. Waits for its file system, which may be a slow one.
pub(crate) fn look(path: &Path) -> Folder {
    let Ok(name) = CString::new(path.as_os_str().as_bytes()) else { return Folder::Missing };
    // SAFETY: reads the name, a C string that outlives the call.
    let denied = unsafe {
        libc::faccessat(libc::AT_FDCWD, name.as_ptr(), libc::W_OK | libc::X_OK, libc::AT_EACCESS)
    };
    if denied != 0 {
        return match std::io::Error::last_os_error().raw_os_error() {
            Some(libc::ENOENT | libc::ENOTDIR) => Folder::Missing,
            Some(libc::EACCES) => Folder::Denied,
            Some(libc::EROFS) => Folder::ReadOnly,
            _ => Folder::Kept,
        };
    }
    // SAFETY: the struct is plain numbers, for which zeroes are values; statfs fills it and reads the name.
    let kind = unsafe {
        let mut found: libc::statfs = std::mem::zeroed();
        (libc::statfs(name.as_ptr(), &raw mut found) == 0).then_some(found.f_type)
    };
    // Its type is another one on other machines, and some of them have it negative.
    let kind = kind.map(|kind| u64::from(kind as u32));
    match kind {
        Some(kind) if IN_MEMORY.contains(&kind) => Folder::InMemory,
        _ => Folder::Kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_its_file_system() {
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
        if mounts.contains(" /dev/shm tmpfs rw") {
            assert_eq!(look(Path::new("/dev/shm")), Folder::InMemory);
        }
        assert_ne!(look(Path::new("/proc")), Folder::InMemory);
        assert_eq!(look(Path::new("/nowhere/at/all")), Folder::Missing);
        assert_eq!(look(Path::new("/dev/null/x")), Folder::Missing);
    }
}
