//! valgrind, and what it finds.

use std::fs;
use std::path::{Path, PathBuf};

/// The words before the stand-in's command.
pub fn command(report: &Path) -> String {
    // The unloaded module's names are kept, or none of its frames would be known as its own.
    format!(
        "valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect --num-callers=40 \
         --keep-debuginfo=yes --fair-sched=yes --xml=yes --xml-file={}",
        report.display()
    )
}

/// The report; its file is removed when it has been read.
pub struct Report(String);

impl Report {
    /// A place for one.
    pub fn path() -> PathBuf {
        let name = format!("callpark-memory-{}-{:08x}.xml", std::process::id(), fastrand::u32(..));
        std::env::temp_dir().join(name)
    }

    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("valgrind's report");
        let _ = fs::remove_file(path);
        Self(text)
    }

    /// Those in that folder.
    pub fn all_in(folder: &Path) -> Vec<Self> {
        let files = fs::read_dir(folder).expect("the folder of the reports");
        files.map(|file| Self::read(&file.expect("a report").path())).collect()
    }

    pub fn finished(&self) -> bool {
        self.0.contains("<state>FINISHED</state>") && self.0.contains("</valgrindoutput>")
    }

    /// Bytes lost, and memory misused, with a function of the module on the stack.
    pub fn of_the_module(&self) -> Vec<String> {
        let errors = self.0.split("<error>").skip(1);
        errors
            .filter_map(|error| error.split("</error>").next())
            .filter(|error| error.contains("mod_callpark"))
            .filter(|error| !["Leak_PossiblyLost", "Leak_StillReachable"].contains(&kind(error)))
            .filter(|error| !is_of_a_cipher(error))
            .map(described)
            .collect()
    }
}

/// To valgrind, what the assembly of ring computes is not initialised, and so is what rustls sends of it.
fn is_of_a_cipher(error: &str) -> bool {
    let taints = ["UninitCondition", "UninitValue", "SyscallParam"].contains(&kind(error));
    taints && ["ring::aead", "rustls"].iter().any(|library| error.contains(library))
}

fn between<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    rest.split_once(&format!("</{tag}>")).map(|(value, _)| value)
}

fn kind(error: &str) -> &str {
    between(error, "kind").unwrap_or("")
}

/// The kind, valgrind's sentence, and the functions of the stack.
fn described(error: &str) -> String {
    let what = between(error, "text").or_else(|| between(error, "what")).unwrap_or("");
    let frames = error.split("<frame>").skip(1);
    let frames: Vec<&str> = frames.filter_map(|frame| between(frame, "fn")).collect();
    format!("{}: {what}\n  {}", kind(error), frames.join("\n  "))
}
