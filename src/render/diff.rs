//! A proposal of changes, as a diff to look at. Its texts come from configurations, which may hold anything.

use std::fmt::{self, Display};

use super::text;

/// Lines, each of which stays one.
#[derive(Debug, Default)]
pub(crate) struct Diff(String);

impl Diff {
    fn line(&mut self, sign: &str, text: &str) {
        self.0.push_str(sign);
        self.0.push_str(&text::line(text));
        self.0.push('\n');
    }

    /// Something to know.
    pub(crate) fn note(&mut self, text: &str) {
        self.line("# ", text);
    }

    /// The file in which the changes behind are.
    pub(crate) fn file(&mut self, name: &str) {
        self.line("--- ", name);
        self.line("+++ ", name);
    }

    /// Where in the file they are.
    pub(crate) fn at(&mut self, place: &str) {
        self.line("@@ ", place);
    }

    /// A line that goes.
    pub(crate) fn remove(&mut self, line: &str) {
        self.line("- ", line);
    }

    /// A line that comes.
    pub(crate) fn add(&mut self, line: &str) {
        self.line("+ ", line);
    }

    /// The last line.
    pub(crate) fn end(&mut self, line: &str) {
        self.line("", line);
    }
}

impl Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
