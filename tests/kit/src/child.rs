//! A child process that never outlives this one.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

type Order = (Command, Sender<io::Result<Child>>);

/// Kills and reaps its process on drop: by the handle, so never another's.
pub(crate) struct Guarded {
    child: Child,
}

impl Guarded {
    /// Starts the command. The kernel kills it when this process dies, however it dies.
    pub(crate) fn spawn(mut command: Command) -> io::Result<Guarded> {
        // SAFETY: between fork and exec only prctl is called, which is async-signal-safe and
        // touches no memory of the parent.
        unsafe {
            command.pre_exec(|| {
                match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong) {
                    0 => Ok(()),
                    _ => Err(io::Error::last_os_error()),
                }
            });
        }
        let (answer, answered) = channel();
        spawner().send((command, answer)).map_err(io::Error::other)?;
        let child = answered.recv().map_err(io::Error::other)??;
        Ok(Guarded { child })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    pub(crate) fn wait(&mut self, timeout: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(status) = self.exited() {
                return Some(status);
            }
            if Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.kill();
    }
}

/// PR_SET_PDEATHSIG fires when the *thread* that forked ends, and a test's thread ends before a
/// switch that several tests share. So one thread that never ends does all the forking.
fn spawner() -> Sender<Order> {
    static SPAWNER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let sender = SPAWNER.get_or_init(|| {
        let (orders, inbox) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in inbox {
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    sender.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
