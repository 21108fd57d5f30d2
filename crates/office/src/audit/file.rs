//! The audit as lines of JSON in a file of its own, which other programs can collect.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use super::Audited;

/// The file, which is opened when there is something to write.
pub(crate) struct Lines {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Lines {
    pub(crate) fn new(path: PathBuf) -> Self {
        Lines { path, file: None }
    }

    /// Appends these rows. After an error, some of them may be in the file.
    pub(crate) fn append(&mut self, rows: &[Audited]) -> std::io::Result<()> {
        let written = self.write(rows);
        if written.is_err() {
            self.file = None;
        }
        written
    }

    fn write(&mut self, rows: &[Audited]) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut options = OpenOptions::new();
                let file = options.create(true).append(true).mode(0o600).open(&self.path)?;
                self.file.insert(BufWriter::new(file))
            }
        };
        for row in rows {
            serde_json::to_writer(&mut *file, row)?;
            file.write_all(b"\n")?;
        }
        file.flush()
    }

    /// Begins a new file. The old one gets the time as part of its name, unless somebody has already given it another.
    pub(crate) fn rotate(&mut self, now_ms: i64) -> std::io::Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let ours = file.get_ref().metadata()?;
        let there = std::fs::metadata(&self.path);
        let same = there.is_ok_and(|there| there.dev() == ours.dev() && there.ino() == ours.ino());
        if same && ours.len() > 0 {
            let at = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
            let mut name = self.path.clone().into_os_string();
            name.push(at.strftime(".%Y-%m-%dT%H-%M-%S%.3fZ").to_string());
            std::fs::rename(&self.path, name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    fn row(seq: i64) -> Audited {
        let empty = String::new;
        Audited {
            seq,
            at_ms: 1,
            node: empty(),
            actor: "a\n\"b".to_owned(),
            action: empty(),
            lot: empty(),
            orbit: empty(),
            uuid: empty(),
            result: empty(),
            detail: empty(),
            hash: empty(),
        }
    }

    fn lines(path: &std::path::Path) -> usize {
        std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
    }

    #[test]
    fn a_file_is_rotated_by_us_or_by_others() {
        let folder = Folder::new();
        let path = folder.0.join("audit.json");
        let mut file = Lines::new(path.clone());
        file.append(&[row(1), row(2)]).unwrap();
        assert_eq!(lines(&path), 2);
        file.rotate(1_700_000_000_123).unwrap();
        file.append(&[row(3)]).unwrap();
        assert_eq!(lines(&path), 1);
        let old = folder.0.join("audit.json.2023-11-14T22-13-20.123Z");
        assert_eq!(lines(&old), 2);
        let theirs = folder.0.join("theirs");
        std::fs::rename(&path, &theirs).unwrap();
        file.rotate(1_700_000_000_124).unwrap();
        file.append(&[row(4)]).unwrap();
        assert_eq!((lines(&path), lines(&theirs)), (1, 1));
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 3);
    }
}
