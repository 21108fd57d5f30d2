//! Events of a switch, collected by a thread of their own from the moment of subscription.

use std::collections::VecDeque;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::esl::Esl;
use crate::event::Event;
use crate::folder::tail;

/// So many events are remembered for a failure report.
const REMEMBERED: usize = 300;

#[derive(Default)]
struct Queue {
    /// Not yet taken by a wait.
    waiting: VecDeque<(Instant, Event)>,
    /// One line for each event of the past, taken or not.
    seen: VecDeque<String>,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    came: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A subscription. [`Events::wait`] takes the first match out and leaves the others.
pub struct Events {
    shared: Arc<Shared>,
    socket: TcpStream,
    reader: Option<JoinHandle<()>>,
    log: PathBuf,
}

impl Events {
    pub(crate) fn subscribe(port: u16, names: &[&str], log: PathBuf) -> std::io::Result<Events> {
        let mut esl = Esl::connect(port)?;
        esl.subscribe(names)?;
        let socket = esl.socket()?;
        socket.set_read_timeout(None)?;
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let reader = std::thread::Builder::new().name("kit-events".into()).spawn(move || {
            while let Ok(event) = esl.next_event() {
                let mut queue = theirs.lock();
                if queue.seen.len() == REMEMBERED {
                    queue.seen.pop_front();
                }
                queue.seen.push_back(event.summary());
                queue.waiting.push_back((Instant::now(), event));
                theirs.came.notify_all();
            }
            theirs.lock().closed = true;
            theirs.came.notify_all();
        })?;
        Ok(Events { shared, socket, reader: Some(reader), log })
    }

    /// Has FreeSWITCH send each event at once. It looks for events to send whenever something comes from the client, and else
    /// once in 20 ms. So an empty line, which means nothing to it, comes every millisecond.
    ///
    /// # Panics
    /// When the socket cannot be had a second time.
    #[must_use]
    pub fn at_once(self) -> Events {
        const EVERY: Duration = Duration::from_millis(1);
        let mut socket = self.socket.try_clone().expect("the socket once more");
        // Not waited for: it ends with the connection.
        std::thread::spawn(move || {
            while socket.write_all(b"\n").is_ok() {
                std::thread::sleep(EVERY);
            }
        });
        self
    }

    /// The first event that fits, come or coming.
    ///
    /// # Panics
    /// When none came in time, with what came instead and the end of the switch's log.
    #[track_caller]
    pub fn wait(&self, timeout: Duration, fits: impl FnMut(&Event) -> bool) -> Event {
        match self.take(timeout, fits) {
            Some((_, event)) => event,
            None => self.fail(&format!("no such event within {timeout:?}")),
        }
    }

    /// As [`Events::wait`], with the moment at which the event arrived.
    ///
    /// # Panics
    /// As [`Events::wait`].
    #[track_caller]
    pub fn wait_timed(
        &self,
        timeout: Duration,
        fits: impl FnMut(&Event) -> bool,
    ) -> (Instant, Event) {
        match self.take(timeout, fits) {
            Some(timed) => timed,
            None => self.fail(&format!("no such event within {timeout:?}")),
        }
    }

    /// The first event that fits, if it comes in time.
    ///
    /// # Panics
    /// When the connection has closed: what did not come then says nothing.
    #[track_caller]
    pub fn try_wait(&self, timeout: Duration, fits: impl FnMut(&Event) -> bool) -> Option<Event> {
        self.take(timeout, fits).map(|(_, event)| event)
    }

    /// All events that came and that no wait has taken.
    pub fn drain(&self) -> Vec<Event> {
        self.shared.lock().waiting.drain(..).map(|(_, event)| event).collect()
    }

    /// Makes sure that no such event is there or comes.
    ///
    /// # Panics
    /// When one does, or when the connection has closed.
    #[track_caller]
    pub fn none_for(&self, duration: Duration, fits: impl FnMut(&Event) -> bool) {
        if let Some((_, event)) = self.take(duration, fits) {
            self.fail(&format!("this event was not to come: {event:#?}"));
        }
    }

    #[track_caller]
    fn take(
        &self,
        timeout: Duration,
        mut fits: impl FnMut(&Event) -> bool,
    ) -> Option<(Instant, Event)> {
        let deadline = Instant::now() + timeout;
        let mut queue = self.shared.lock();
        let mut looked_at = 0;
        loop {
            while looked_at < queue.waiting.len() {
                if fits(&queue.waiting[looked_at].1) {
                    return queue.waiting.remove(looked_at);
                }
                looked_at += 1;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if queue.closed {
                drop(queue);
                self.fail("nothing more can come");
            }
            if left.is_zero() {
                return None;
            }
            let woken = self.shared.came.wait_timeout(queue, left);
            queue = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        let queue = self.shared.lock();
        let closed = if queue.closed { " (the connection has closed)" } else { "" };
        let seen: Vec<_> = queue.seen.iter().map(|line| format!("  {line}")).collect();
        drop(queue);
        panic!(
            "{what}{closed}\nevents so far:\n{}\nend of the log:\n{}",
            seen.join("\n"),
            tail(&self.log, 60)
        );
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
