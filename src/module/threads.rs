//! Threads for what takes a while. There are at most so many of each kind, however many calls there are: what is more waits
//! for its turn, and whoever has asked for it does not. What takes only a moment never waits behind what waits for people.

mod pool;

use std::sync::Arc;

use crate::module::health::Part;
use crate::module::threads::pool::{Job, Pool, Standing, Turn};
use crate::switch::{clock, guard, log};

/// The most phones that are paged at one time. They are apart, so that a lot that pages a hundred phones does not keep
/// return steps waiting.
const MOST_PAGES: usize = 128;
/// The most pages that wait: later than that, nobody wants to hear of a call.
const MOST_PAGES_WAITING: usize = 1_024;
/// The most questions that are put to FreeSWITCH at one time, whose directory may be a slow web server.
const MOST_QUESTIONS: usize = 32;
/// The most phones that are told something at one time, for which the same directory is asked. They are apart, so that those who
/// park do not keep what else is asked waiting.
const MOST_NOTICES: usize = 16;
/// The most notices that wait, for the same reason.
const MOST_NOTICES_WAITING: usize = 1_024;
/// The most threads for what takes only a moment.
const MOST_MOMENTS: usize = 4;
/// What is asked by the module itself, and not for each call, waits in a queue that is never so long.
const MOST_WAITING: usize = 16_384;

/// The most streams of hold music, and a few that have ended but whose threads have not.
const MOST_STREAMS: usize = 72;

/// The threads of the module, besides its worker and the one that shows lamps.
pub(crate) struct Threads {
    calls: Arc<Pool>,
    pages: Arc<Pool>,
    notices: Arc<Pool>,
    questions: Arc<Pool>,
    moments: Arc<Pool>,
    streams: Arc<Pool>,
}

impl Threads {
    /// With so many threads for calling at the most.
    pub(super) fn new(most_calls: u32) -> Self {
        Self {
            calls: Pool::new("callpark-call", most_calls as usize, usize::MAX),
            pages: Pool::new("callpark-page", MOST_PAGES, MOST_PAGES_WAITING),
            notices: Pool::new("callpark-tell", MOST_NOTICES, MOST_NOTICES_WAITING),
            questions: Pool::new("callpark-ask", MOST_QUESTIONS, MOST_WAITING),
            moments: Pool::new("callpark-moment", MOST_MOMENTS, MOST_WAITING),
            streams: Pool::new("callpark-music", MOST_STREAMS, MOST_STREAMS),
        }
    }

    /// From now on so many threads call at the most.
    pub(super) fn allow_calls(&self, most: u32) {
        self.calls.allow(most as usize);
    }

    /// Calls somebody, which takes as long as it pleases people. `wanted`: whether that is still to be done when its turn
    /// comes; looks at an atomic, and no more.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(crate) fn call(
        &self,
        wanted: impl Fn() -> bool + Send + 'static,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<(), String> {
        let turn = self.calls.run(Job { wanted: Box::new(wanted), ..job("calling", body) })?;
        if let Turn::Later { threads, say: true } = turn {
            log::warning(
                None,
                format_args!(
                    "calls wait for their turn, because {threads} phones ring for parked calls at this moment; \
                     see `callpark health`"
                ),
            );
        }
        Ok(())
    }

    /// Pages a phone.
    ///
    /// # Errors
    /// There is no thread to be had, or so many wait that it would come too late.
    pub(crate) fn page(&self, body: impl FnOnce() + Send + 'static) -> Result<(), String> {
        self.pages.run(job("paging", body)).map(drop)
    }

    /// Tells a phone something that is worth nothing later.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub(crate) fn tell(&self, body: impl FnOnce() + Send + 'static) -> Result<(), String> {
        self.notices.run(job("telling a phone", body)).map(drop)
    }

    /// Asks FreeSWITCH something to which the answer may take seconds.
    ///
    /// # Errors
    /// There is no thread to be had, or too much waits.
    pub(crate) fn ask(&self, body: impl FnOnce() + Send + 'static) -> Result<(), String> {
        self.questions.run(job("asking FreeSWITCH", body)).map(drop)
    }

    /// Does what takes a few ms and must not wait for longer.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(crate) fn soon(&self, body: impl FnOnce() + Send + 'static) -> Result<(), String> {
        self.moments.run(job("a moment's work", body)).map(drop)
    }

    /// Plays hold music until nobody hears it.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(crate) fn play(&self, body: impl FnOnce() + Send + 'static) -> Result<(), String> {
        self.streams.run(job("hold music", body)).map(drop)
    }

    /// Nobody is called any more who is not being called now; the rest is finished.
    pub(crate) fn close(&self) {
        self.calls.close(false);
        self.pages.close(false);
        self.notices.close(false);
        self.streams.close(false);
        self.questions.close(true);
        self.moments.close(true);
    }

    /// Whether calls wait for their turn.
    pub(crate) fn part(&self) -> Part {
        let Standing { waiting, threads, since } = self.calls.standing();
        let text = match waiting {
            0 => "no call waits for its turn".to_owned(),
            1 => format!("1 call waits for its turn, because {threads} phones ring"),
            _ => format!("{waiting} calls wait for their turn, because {threads} phones ring"),
        };
        let since_ms = clock::epoch_ms().saturating_sub(since.as_millis() as u64);
        Part { name: "calls", ok: waiting == 0, since_ms, text }
    }
}

/// A panic in it is logged and ends there.
fn job(name: &'static str, body: impl FnOnce() + Send + 'static) -> Job {
    Job { wanted: Box::new(|| true), body: Box::new(move || guard(name, (), body)) }
}
