//! A pool of threads: at most so many, which end when they have had nothing to do for a while, and a queue before them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::switch::lock::{Condvar, Mutex};

use crate::switch::guard::Inside;

/// FreeSWITCH's own stacks are of this size.
const STACK: usize = 240 * 1024;
/// For how long a thread waits for something to do.
const IDLE: Duration = Duration::from_secs(5);
/// How often it is said that the pool is full.
const SAY_EVERY: Duration = Duration::from_secs(60);
/// With fewer in the queue it is not worth looking for those nobody wants any more.
const FEW: usize = 256;

/// Something to be done.
pub(super) struct Job {
    /// Whether it is still to be done when its turn comes. Asked with the pool's lock held: looks at an atomic, and no more.
    pub wanted: Box<dyn Fn() -> bool + Send>,
    /// Does it.
    pub body: Box<dyn FnOnce() + Send>,
}

/// When a job is done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Now.
    Now,
    /// When one of that many threads has done what it does. `say`: that has not been said for a while.
    Later { threads: usize, say: bool },
}

/// Whether jobs wait for their turn.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// How many wait; 0: none does.
    pub waiting: usize,
    /// How many threads there are.
    pub threads: usize,
    /// For how long some have waited, or none has.
    pub since: Duration,
}

/// At most so many threads.
pub(super) struct Pool {
    name: &'static str,
    most_waiting: usize,
    state: Mutex<State>,
    came: Condvar,
}

struct State {
    /// The most threads.
    most: usize,
    /// With numbers that count up.
    waiting: VecDeque<(u64, Job)>,
    last: u64,
    threads: usize,
    /// Those that are being started.
    starting: usize,
    /// Those of them that wait for a job.
    idle: usize,
    /// Jobs wait because every thread is busy, or none does; and since when that has been so.
    full: bool,
    since: Instant,
    said: Option<Instant>,
    /// How many may be in the queue before it is searched for those nobody wants.
    search_at: usize,
    closed: bool,
}

impl Pool {
    /// At most `most` threads, before which at most `most_waiting` jobs wait.
    pub(super) fn new(name: &'static str, most: usize, most_waiting: usize) -> Arc<Self> {
        let state = State {
            most,
            waiting: VecDeque::new(),
            last: 0,
            threads: 0,
            starting: 0,
            idle: 0,
            full: false,
            since: Instant::now(),
            said: None,
            search_at: 0,
            closed: false,
        };
        Arc::new(Self { name, most_waiting, state: Mutex::new(state), came: Condvar::default() })
    }

    /// Has that done, in the order in which jobs come.
    ///
    /// # Errors
    /// Why nobody will do it: no thread can be started, too many others wait, or the pool is closed.
    pub(super) fn run(self: &Arc<Self>, job: Job) -> Result<Turn, String> {
        let mut unwanted = VecDeque::new();
        let mut state = self.state.lock();
        if state.closed {
            return Err("the module is stopping".to_owned());
        }
        if state.waiting.len() >= state.search_at.max(FEW) {
            unwanted = state.take_unwanted();
        }
        if state.waiting.len() >= self.most_waiting {
            return Err(format!("{} others wait for their turn", state.waiting.len()));
        }
        state.last += 1;
        let number = state.last;
        state.waiting.push_back((number, job));
        let starts = state.starts_one();
        let mut turn = Turn::Now;
        if state.waiting.len() <= state.idle {
            self.came.notify_one();
        } else if !starts && state.waiting.len() > state.idle + state.starting {
            turn = state.wait(Instant::now());
        }
        drop(state);
        // What a job holds may be ours as well.
        drop(unwanted);
        let Err(reason) = self.start_if(starts) else { return Ok(turn) };
        let mut state = self.state.lock();
        let own = state.waiting.iter().rposition(|(other, _)| *other == number);
        match own.filter(|_| state.threads == 0) {
            Some(own) => {
                let own = state.waiting.remove(own);
                drop(state);
                drop(own);
                Err(reason)
            }
            None => Ok(state.wait(Instant::now())),
        }
    }

    /// Starts a thread that was counted. Not with the lock held: that may take a while, and whoever watches deadlines would
    /// wait for it.
    fn start_if(self: &Arc<Self>, counted: bool) -> Result<(), String> {
        if !counted {
            return Ok(());
        }
        let (pool, inside) = (Arc::clone(self), Inside::enter());
        let started = std::thread::Builder::new()
            .name(self.name.to_owned())
            .stack_size(STACK)
            .spawn(move || {
                let _inside = inside;
                let _leaves = Leaves::enter(&pool);
                pool.work();
            });
        if started.is_err() {
            self.state.lock().starting -= 1;
        }
        started.map(drop).map_err(|error| format!("no thread can be started: {error}"))
    }

    /// From now on there are at most `most` threads.
    pub(super) fn allow(self: &Arc<Self>, most: usize) {
        let mut state = self.state.lock();
        state.most = most;
        // It starts the next one, and so on; those that idle and are too many end.
        let starts = state.starts_one();
        self.came.notify_all();
        drop(state);
        drop(self.start_if(starts));
    }

    fn work(self: &Arc<Self>) {
        let mut state = self.state.lock();
        loop {
            if state.threads > state.most {
                // Fewer are allowed than there were.
                return;
            }
            if let Some((_, Job { wanted, body })) = state.waiting.pop_front() {
                // There may be threads again, if there were none when those came.
                let starts = state.starts_one();
                if state.waiting.is_empty() {
                    state.fill(false, Instant::now());
                    state.search_at = 0;
                }
                drop(state);
                drop(self.start_if(starts));
                if wanted() {
                    body();
                } else {
                    drop(body);
                }
                // What a job holds may be ours as well.
                drop(wanted);
                state = self.state.lock();
                continue;
            }
            if state.closed {
                return;
            }
            state.idle += 1;
            let time_is_up = self.came.wait_for(&mut state, IDLE);
            state.idle -= 1;
            if time_is_up && state.waiting.is_empty() {
                return;
            }
        }
    }

    /// Whether jobs wait because every thread is busy.
    pub(super) fn standing(&self) -> Standing {
        let state = self.state.lock();
        let waiting = if state.full { state.waiting.len() } else { 0 };
        Standing { waiting, threads: state.threads, since: state.since.elapsed() }
    }

    /// Takes no more jobs, and its threads end. `finish`: but what waits is done first.
    pub(super) fn close(&self, finish: bool) {
        let mut state = self.state.lock();
        state.closed = true;
        let dropped = if finish { VecDeque::new() } else { std::mem::take(&mut state.waiting) };
        drop(state);
        self.came.notify_all();
        // What a job holds may be ours as well.
        drop(dropped);
    }
}

impl State {
    /// Whether one more thread is needed and allowed, which then counts as being started.
    fn starts_one(&mut self) -> bool {
        let starts = self.waiting.len() > self.idle + self.starting
            && self.threads + self.starting < self.most;
        self.starting += usize::from(starts);
        starts
    }

    fn fill(&mut self, full: bool, now: Instant) {
        if self.full != full {
            (self.full, self.since) = (full, now);
        }
    }

    fn wait(&mut self, now: Instant) -> Turn {
        self.fill(true, now);
        let say = self.said.is_none_or(|said| now.duration_since(said) >= SAY_EVERY);
        if say {
            self.said = Some(now);
        }
        Turn::Later { threads: self.threads, say }
    }

    /// Those nobody wants any more. Searched for when the queue has doubled, so that each job is looked at a few times.
    fn take_unwanted(&mut self) -> VecDeque<(u64, Job)> {
        let all = std::mem::take(&mut self.waiting);
        let (wanted, unwanted) = all.into_iter().partition(|(_, job)| (job.wanted)());
        self.waiting = wanted;
        self.search_at = 2 * self.waiting.len();
        unwanted
    }
}

/// One thread, until it ends, even if a job has come to a bad end.
struct Leaves<'a>(&'a Arc<Pool>);

impl<'a> Leaves<'a> {
    fn enter(pool: &'a Arc<Pool>) -> Self {
        let mut state = pool.state.lock();
        state.starting -= 1;
        state.threads += 1;
        drop(state);
        Self(pool)
    }
}

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.threads -= 1;
        // A job that came while this one was about to end has found no other.
        let starts = state.starts_one();
        drop(state);
        drop(self.0.start_if(starts));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use crossbeam_channel::{Sender, bounded, unbounded};

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn job(body: impl FnOnce() + Send + 'static) -> Job {
        Job { wanted: Box::new(|| true), body: Box::new(body) }
    }

    fn count(done: Arc<AtomicUsize>) -> Job {
        job(move || {
            done.fetch_add(1, Ordering::AcqRel);
        })
    }

    fn tell(say: Sender<()>) -> Job {
        job(move || {
            let _ = say.send(());
        })
    }

    /// A pool of `most` threads, each of which waits for a word of what is returned.
    fn busy(most: usize) -> (Arc<Pool>, Sender<()>) {
        let pool = Pool::new("test", most, usize::MAX);
        let (go, wait) = unbounded::<()>();
        let (say, hear) = unbounded();
        for _ in 0..most {
            let (wait, say) = (wait.clone(), say.clone());
            let body = move || {
                let _ = say.send(());
                let _ = wait.recv();
            };
            assert_eq!(pool.run(job(body)), Ok(Turn::Now));
            assert_eq!(hear.recv_timeout(SOON), Ok(()));
        }
        (pool, go)
    }

    #[test]
    fn more_than_it_has_threads_for_wait_and_all_are_done() {
        let (pool, go) = busy(3);
        let done = Arc::new(AtomicUsize::new(0));
        for n in 0..1_000 {
            let theirs = Arc::clone(&done);
            let turn = pool.run(count(theirs));
            // Said once.
            assert_eq!(turn, Ok(Turn::Later { threads: 3, say: n == 0 }));
        }
        assert_eq!((pool.standing().waiting, pool.standing().threads), (1_000, 3));
        drop(go);
        let end = Instant::now() + SOON;
        while done.load(Ordering::Acquire) < 1_000 && Instant::now() < end {
            std::thread::yield_now();
        }
        assert_eq!((done.load(Ordering::Acquire), pool.standing().waiting), (1_000, 0));
    }

    #[test]
    fn it_can_be_allowed_more_threads_and_fewer() {
        let (pool, go) = busy(1);
        let (say, hear) = unbounded();
        for _ in 0..4 {
            let say = say.clone();
            pool.run(tell(say)).expect("a turn");
        }
        pool.allow(3);
        for _ in 0..4 {
            assert_eq!(hear.recv_timeout(SOON), Ok(()));
        }
        assert_eq!(pool.standing().waiting, 0);
        pool.allow(1);
        drop(go);
        pool.run(tell(say)).expect("a turn");
        assert_eq!(hear.recv_timeout(SOON), Ok(()));
        let end = Instant::now() + SOON;
        while pool.state.lock().threads > 1 && Instant::now() < end {
            std::thread::yield_now();
        }
        assert_eq!(pool.state.lock().threads, 1);
    }

    #[test]
    fn what_nobody_wants_any_more_is_not_done_and_not_kept() {
        let (pool, go) = busy(1);
        let (wanted, done) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let run = |wanted: &Arc<AtomicBool>| {
            let (theirs, done) = (Arc::clone(wanted), Arc::clone(&done));
            let wanted = Box::new(move || theirs.load(Ordering::Acquire));
            let body = count(done).body;
            pool.run(Job { wanted, body }).expect("a thread");
        };
        for _ in 0..10 * FEW {
            let now = Arc::new(AtomicBool::new(true));
            run(&now);
            now.store(false, Ordering::Release);
        }
        run(&wanted);
        assert!(pool.standing().waiting <= 2 * FEW);
        drop(go);
        let end = Instant::now() + SOON;
        while pool.standing().waiting > 0 && Instant::now() < end {
            std::thread::yield_now();
        }
        pool.close(true);
        while pool.state.lock().threads > 0 && Instant::now() < end {
            std::thread::yield_now();
        }
        assert_eq!(done.load(Ordering::Acquire), 1);
    }

    #[test]
    fn the_queue_has_a_limit_if_it_is_given_one() {
        let pool = Pool::new("test", 1, 2);
        let (go, wait) = bounded::<()>(0);
        assert_eq!(pool.run(job(move || while wait.recv().is_ok() {})), Ok(Turn::Now));
        // The first one may still be in the queue.
        let end = Instant::now() + SOON;
        while !pool.state.lock().waiting.is_empty() && Instant::now() < end {
            std::thread::yield_now();
        }
        assert!(pool.run(job(|| {})).is_ok() && pool.run(job(|| {})).is_ok());
        assert!(pool.run(job(|| {})).is_err_and(|why| why.starts_with("2 others")));
        drop(go);
    }

    #[test]
    fn a_closed_pool_drops_or_finishes_what_waits_and_its_threads_end() {
        for (finish, expected) in [(false, 0), (true, 5)] {
            let (pool, go) = busy(2);
            let done = Arc::new(AtomicUsize::new(0));
            for _ in 0..5 {
                let theirs = Arc::clone(&done);
                pool.run(count(theirs)).expect("a turn");
            }
            pool.close(finish);
            assert!(pool.run(job(|| {})).is_err());
            drop(go);
            let end = Instant::now() + SOON;
            while pool.state.lock().threads > 0 && Instant::now() < end {
                std::thread::yield_now();
            }
            assert_eq!((pool.state.lock().threads, done.load(Ordering::Acquire)), (0, expected));
        }
    }

    #[test]
    fn a_job_that_panics_takes_only_its_thread_along() {
        let pool = Pool::new("test", 1, usize::MAX);
        let (go, wait) = bounded::<()>(0);
        pool.run(job(move || {
            let _ = wait.recv();
            panic!("as it must")
        }))
        .expect("a thread");
        // What waited for that thread gets another one, and so does what comes later.
        let (say, hear) = unbounded();
        pool.run(tell(say.clone())).expect("a turn");
        drop(go);
        assert_eq!(hear.recv_timeout(SOON), Ok(()));
        pool.run(tell(say)).expect("a turn");
        assert_eq!(hear.recv_timeout(SOON), Ok(()));
    }
}
