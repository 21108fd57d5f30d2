//! What the verbs about past calls have in common: the journal is asked on a thread of its own, never on that of a call.

use std::time::Duration;

use office::journal::Failure;
use office::query::Reader;

use super::Error;
use crate::journal::Keeper;
use crate::journal::questions::{Length, Unanswered};
use crate::module::Module;
use crate::park::{LotKey, Refusal};

/// How long a question waits until what has just happened is in the file.
const WRITTEN_WITHIN: Duration = Duration::from_millis(300);

/// Asks the journal. What was recorded before is in the answer, unless the file cannot be written.
pub(crate) fn ask<T: Send + 'static>(
    module: &Module,
    length: Length,
    question: impl FnOnce(&Reader) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Error> {
    let keeper = Keeper::of(module);
    let Some(journal) = keeper.journal() else { return Err(none()) };
    let answer = keeper.desk().ask(length, move |limits| {
        journal.flush(WRITTEN_WITHIN);
        question(&Reader::new(journal.path()).with(limits))
    });
    answer.map_err(unanswered)
}

/// There is no journal.
pub(super) fn none() -> Error {
    Error::new(Refusal::Failed, "there is no journal; see `callpark health`")
}

pub(super) fn unanswered(why: Unanswered) -> Error {
    match why {
        Unanswered::Failed(failure) => failed(&failure),
        why => Error::new(Refusal::Failed, why.to_string()),
    }
}

pub(super) fn failed(failure: &Failure) -> Error {
    let code = match failure {
        Failure::BadArgument(_) => Refusal::BadArguments,
        _ => Refusal::Failed,
    };
    Error::new(code, failure.to_string())
}

/// The words of a question: filters `key=value`, and at most a lot and a format beside them.
pub(super) struct Asked<'a> {
    /// The lot, as the journal writes it. It need not exist any more.
    pub lot: Option<String>,
    /// Keys and values.
    pub filters: Vec<(&'a str, &'a str)>,
    /// One of the formats.
    pub format: Option<&'a str>,
}

/// Reads the words of a question, which can be answered in these formats.
pub(super) fn read<'a>(words: &[&'a str], formats: &[&str]) -> Result<Asked<'a>, Error> {
    let mut asked = Asked { lot: None, filters: Vec::new(), format: None };
    for &word in words {
        if let Some(filter) = word.split_once('=') {
            asked.filters.push(filter);
        } else if formats.contains(&word) && asked.format.is_none() {
            asked.format = Some(word);
        } else if asked.lot.is_none() {
            let lot: LotKey = word.parse().map_err(|_| Refusal::BadArguments)?;
            asked.lot = Some(lot.to_string());
        } else {
            return Err(Refusal::BadArguments.into());
        }
    }
    Ok(asked)
}
