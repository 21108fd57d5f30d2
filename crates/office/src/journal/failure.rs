//! Why the file could not be read or written.

use rusqlite::ErrorCode;

/// Why the journal could not do something.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// SQLite's reason.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// The file system's reason.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The file was written by a newer version, and is left alone.
    #[error("the file has format {found}, and this version knows up to {known}")]
    Newer {
        /// The format of the file.
        found: usize,
        /// The latest that is known here.
        known: usize,
    },
    /// Somebody has removed or replaced the file. A new one is begun.
    #[error("the file was removed or replaced")]
    Removed,
    /// A time, a filter or another argument cannot be used.
    #[error("{0}")]
    BadArgument(String),
    /// It took longer than it may.
    #[error("this takes longer than {0} s; ask for less")]
    TooLong(u64),
    /// Whoever asked no longer wants to know.
    #[error("interrupted")]
    Interrupted,
    /// The journal's thread has ended, or did not answer in time.
    #[error("the journal does not answer")]
    NoAnswer,
}

impl Failure {
    /// The file is damaged: putting it aside helps, trying again does not.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        let Failure::Sql(err) = self else { return false };
        matches!(
            err.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
    }
}
