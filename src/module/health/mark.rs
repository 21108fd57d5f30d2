//! Whether a part is all right, and since when.

use crate::switch::lock::Mutex;

use super::Part;
use crate::switch::clock;

/// A part that is all right until it says otherwise.
pub(crate) struct Mark(Mutex<State>);

struct State {
    wrong: Option<String>,
    since_ms: u64,
}

impl Default for Mark {
    fn default() -> Self {
        Self(Mutex::new(State { wrong: None, since_ms: clock::epoch_ms() }))
    }
}

impl Mark {
    /// It is all right; since now, if it was not.
    pub(crate) fn good(&self) {
        let mut state = self.0.lock();
        if state.wrong.take().is_some() {
            state.since_ms = clock::epoch_ms();
        }
    }

    /// Something is wrong; since now, if it was all right. Whether that is news.
    pub(crate) fn wrong(&self, text: impl Into<String>) -> bool {
        let (mut state, text) = (self.0.lock(), text.into());
        let is_news = state.wrong.as_ref() != Some(&text);
        if state.wrong.replace(text).is_none() {
            state.since_ms = clock::epoch_ms();
        }
        is_news
    }

    #[cfg(test)]
    pub(crate) fn is_good(&self) -> bool {
        self.0.lock().wrong.is_none()
    }

    /// As a part of that name; `good`: what is said of it while it is all right.
    pub(super) fn part(&self, name: &'static str, good: &str) -> Part {
        let state = self.0.lock();
        Part {
            name,
            ok: state.wrong.is_none(),
            since_ms: state.since_ms,
            text: state.wrong.clone().unwrap_or_else(|| good.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_when_changes_only_with_the_verdict() {
        let mark = Mark::default();
        let since = || mark.part("it", "fine").since_ms;
        mark.0.lock().since_ms = 1;
        mark.good();
        assert_eq!(since(), 1);
        mark.wrong("one");
        assert!(since() > 1);
        mark.0.lock().since_ms = 2;
        mark.wrong("another");
        let part = mark.part("it", "fine");
        assert_eq!((part.ok, part.since_ms, part.text.as_str()), (false, 2, "another"));
        mark.good();
        let part = mark.part("it", "fine");
        assert_eq!((part.ok, part.since_ms > 2, part.text.as_str()), (true, true, "fine"));
    }
}
