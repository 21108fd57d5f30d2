//! A folder to compile in.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A temporary folder, removed on drop.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        let name = format!("callpark-headers-{}-{:08x}", std::process::id(), fastrand::u32(..));
        let path = env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    /// Compiles the source and does not link it; else what the compiler says.
    pub fn compile(&self, source: &str, include: &Path) -> Result<(), String> {
        self.cc(source, include, &["-c", "-o"], "probe.o").map(drop)
    }

    /// What the program prints. It may use headers and the C library only.
    pub fn run(&self, source: &str, include: &Path) -> String {
        let program = self.cc(source, include, &["-o"], "probe").unwrap_or_else(|e| panic!("{e}"));
        let output = Command::new(program).output().expect("the probe runs");
        assert!(output.status.success(), "the probe fails: {}", output.status);
        String::from_utf8(output.stdout).expect("text")
    }

    fn cc(&self, source: &str, dir: &Path, args: &[&str], out: &str) -> Result<PathBuf, String> {
        let (file, out) = (self.0.join("probe.c"), self.0.join(out));
        fs::write(&file, source).expect("probe.c");
        let output = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()))
            .args(["-std=gnu11", "-I"])
            .arg(dir)
            .arg(&file)
            .args(args)
            .arg(&out)
            .output()
            .expect("a C compiler, cc or $CC");
        if output.status.success() {
            Ok(out)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
