//! What can be asked: over a read-only connection, and for a limited time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

mod at;
mod audit;
#[cfg(feature = "web")]
mod due;
mod export;
mod history;
mod recent;
mod since;
mod verify;

#[cfg(test)]
mod tests;

pub use at::Waited;
pub use audit::{AuditFilter, AuditVerified};
#[cfg(feature = "web")]
pub(crate) use due::Due;
pub use export::{Exported, ExportedCall};
pub use history::Filter;
pub use recent::{Recent, Waiting};
pub use verify::{Broken, Promise, Verified};

use crate::journal::Failure;

/// The most calls that one answer has.
pub const MOST_ROWS: usize = 1_000;
/// How long an answer may take.
pub const LONGEST: Duration = Duration::from_secs(2);
/// After how many steps of SQLite's machine the time is looked at.
const STEPS: i32 = 10_000;
/// How long another process may keep the file locked.
const BUSY: Duration = Duration::from_millis(500);

/// How long an answer may take, and whether anybody still wants it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long it may take.
    pub time: Duration,
    /// Set it, and the answer is given up within milliseconds.
    pub interrupt: Arc<AtomicBool>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { time: LONGEST, interrupt: Arc::default() }
    }
}

/// Answers questions about the journal in that file. Each question opens the file anew, so that a file that was put aside is
/// not read any more. Use it on a thread that may wait.
#[derive(Clone, Debug)]
pub struct Reader {
    path: PathBuf,
    limits: Limits,
}

impl Reader {
    /// Asks that file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Reader { path: path.into(), limits: Limits::default() }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Has a question answered within the limits.
    pub(crate) fn ask<T>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "query_only", true)?;
        // KiB, and only what is used of it.
        connection.pragma_update(None, "cache_size", -32_768)?;
        // For sorting; otherwise SQLite may write a file of its own.
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        let until = Instant::now() + self.limits.time;
        let interrupt = Arc::clone(&self.limits.interrupt);
        connection.progress_handler(
            STEPS,
            Some(move || interrupt.load(Ordering::Relaxed) || Instant::now() >= until),
        )?;
        // One state of the file for all parts of the question.
        connection.execute_batch("BEGIN")?;
        let answer = question(&connection);
        answer.map_err(|err| match &err {
            Failure::Sql(sql)
                if sql.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) =>
            {
                if self.limits.interrupt.load(Ordering::Relaxed) {
                    Failure::Interrupted
                } else {
                    Failure::TooLong(self.limits.time.as_secs())
                }
            }
            _ => err,
        })
    }
}
