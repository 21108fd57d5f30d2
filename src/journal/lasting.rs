//! What outlasts a restart besides the calls: closed lots and orbits, the waits of adaptive lots, and the call-backs that are
//! owed. The table says what it is and takes it again; here it is written into the journal's file, and read from there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use office::journal::Journal;
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::begin_thread;
use crate::module::Module;
use crate::module::message::Keep;
use crate::park::{Changed, ClosedPart, LotWaits, OwedCallback, Park, Taken};
use crate::switch::{clock, guard, log};

const CLOSED: &str = "closed";
const WAITS: &str = "waits";
const CALLBACKS: &str = "callbacks";

/// What changes within this time is written at once.
const GATHER: Duration = Duration::from_millis(50);
/// Waits change with every call that is taken, and the latest few matter little.
const WAITS_EVERY: Duration = Duration::from_secs(5);
/// How long an unload waits for the thread to hear that it ends.
const HEARS_WITHIN: Duration = Duration::from_secs(1);
/// A text that is longer is none of ours.
const LONGEST: usize = 16 << 20;

/// Writes it down while the journal runs.
#[derive(Default)]
pub(crate) struct Lasting(Mutex<Option<Running>>);

struct Running {
    keep: Sender<Keep>,
    thread: JoinHandle<()>,
}

impl Lasting {
    /// Takes up what was written down before, and from now on writes down what changes.
    pub(super) fn start(
        &self,
        module: &Arc<Module>,
        journal: &Arc<Journal>,
        kept: &BTreeMap<String, String>,
    ) {
        take_up(module, kept);
        let (keep, kept) = bounded(8);
        let mut writer = Writer {
            module: Arc::clone(module),
            journal: Arc::clone(journal),
            waits_at: Instant::now(),
            waits_changed: false,
        };
        let thread = std::thread::Builder::new().name("callpark-keep".to_owned());
        match thread.spawn(move || {
            begin_thread();
            writer.run(&kept);
        }) {
            Ok(thread) => {
                module.tell_of_changes(keep.clone());
                *self.0.lock() = Some(Running { keep, thread });
            }
            Err(error) => log::error(
                None,
                format_args!("closed orbits and call-backs will not survive a restart: {error}"),
            ),
        }
    }

    /// Hands the journal what has changed. It has it when this returns true, and has not yet written it.
    pub(crate) fn write(&self, within: Duration) -> bool {
        let Some(keep) = self.0.lock().as_ref().map(|running| running.keep.clone()) else {
            return false;
        };
        let (reply, answer) = bounded(1);
        keep.send_timeout(Keep::Now(reply), within).is_ok() && answer.recv_timeout(within).is_ok()
    }

    /// The same for the last time.
    pub(super) fn stop(&self) {
        let Some(Running { keep, thread }) = self.0.lock().take() else { return };
        if keep.send_timeout(Keep::End, HEARS_WITHIN).is_ok() {
            // It has said what went wrong, if anything.
            let _ = thread.join();
        }
    }
}

/// The thread.
struct Writer {
    module: Arc<Module>,
    journal: Arc<Journal>,
    /// When waits may be written again.
    waits_at: Instant,
    waits_changed: bool,
}

impl Writer {
    fn run(&mut self, kept: &Receiver<Keep>) {
        const LONG: Duration = Duration::from_secs(3600);
        loop {
            let patience = match self.waits_changed {
                true => self.waits_at.saturating_duration_since(Instant::now()),
                false => LONG,
            };
            let first = match kept.recv_timeout(patience) {
                Ok(note) => Some(note),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if matches!(first, Some(Keep::Changed)) {
                std::thread::sleep(GATHER);
            }
            let (mut asked, mut ends) = (Vec::new(), false);
            for note in first.into_iter().chain(kept.try_iter()) {
                match note {
                    Keep::Changed => {}
                    Keep::Now(reply) => asked.push(reply),
                    Keep::End => ends = true,
                }
            }
            let at_once = ends || !asked.is_empty();
            guard("what outlasts a restart", (), || self.write(at_once));
            for reply in asked {
                // Whoever asked may have stopped waiting.
                let _ = reply.send(());
            }
            if ends {
                return;
            }
        }
    }

    fn write(&mut self, at_once: bool) {
        let module = &self.module;
        let Changed { closed, waits, callbacks } = module.act(None, |park, _| park.take_changed());
        self.waits_changed |= waits;
        if closed {
            keep(&self.journal, CLOSED, &module.look(Park::closed).lots());
        }
        if callbacks {
            let owed = module.look(|park| park.lasting_callbacks(clock::now()));
            let now_ms = clock::epoch_ms();
            let owed: Vec<_> = owed.iter().map(|owed| OwedCallback::of(owed, now_ms)).collect();
            keep(&self.journal, CALLBACKS, &owed);
        }
        if self.waits_changed && (at_once || Instant::now() >= self.waits_at) {
            self.waits_changed = false;
            self.waits_at = Instant::now() + WAITS_EVERY;
            keep(&self.journal, WAITS, &all_waits(module));
        }
    }
}

fn all_waits(module: &Module) -> Vec<LotWaits> {
    const AT_ONCE: usize = 64;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (some, more) = module.look(|park| park.some_waits(after.as_ref(), AT_ONCE));
        all.extend(some);
        after = more;
        if after.is_none() {
            return all;
        }
    }
}

fn keep(journal: &Journal, name: &str, value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(json) => journal.keep(name, json),
        Err(error) => log::error(None, format_args!("{name} cannot be written down: {error}")),
    }
}

fn take_up(module: &Arc<Module>, kept: &BTreeMap<String, String>) {
    let (closed, mut ignored) = read(kept, CLOSED);
    let (waits, more) = read(kept, WAITS);
    ignored += more;
    let (owed, more) = read(kept, CALLBACKS);
    ignored += more;
    let epoch_ms = clock::epoch_ms();
    let (closed, more) = ClosedPart::of(closed);
    ignored += more;
    let closed = closed.iter().map(|part| module.act(None, |park, _| park.close_again(part)));
    let closed: Taken = closed.sum();
    let waits = chunks(waits).map(|some| module.act(None, |park, _| park.remember_waits(some)));
    let waits: Taken = waits.sum();
    let owed =
        chunks(owed).map(|some| module.act(None, |park, now| park.owe_again(now, epoch_ms, some)));
    let owed: Taken = owed.sum();
    // It is written down as it is.
    module.act(None, |park, _| park.take_changed());
    ignored += closed.ignored + waits.ignored + owed.ignored;
    if ignored > 0 || closed.taken + waits.taken + owed.taken > 0 {
        log::notice(
            None,
            format_args!(
                "as before the restart: closed {}, lots with waits {}, call-backs {}; ignored {ignored}",
                closed.taken, waits.taken, owed.taken
            ),
        );
    }
}

/// So many of them that the table is locked only for a moment.
fn chunks<T>(all: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    const AT_ONCE: usize = 16;
    let mut all = all.into_iter();
    std::iter::from_fn(move || {
        let some: Vec<T> = all.by_ref().take(AT_ONCE).collect();
        (!some.is_empty()).then_some(some)
    })
}

/// What was kept under that name, and how much of it cannot be read.
fn read<T: DeserializeOwned>(kept: &BTreeMap<String, String>, name: &str) -> (Vec<T>, usize) {
    let Some(text) = kept.get(name) else { return (Vec::new(), 0) };
    let parsed = serde_json::from_str::<Vec<Value>>(text).ok().filter(|_| text.len() <= LONGEST);
    let Some(values) = parsed else { return (Vec::new(), 1) };
    let all = values.len();
    let read: Vec<T> =
        values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect();
    let ignored = all - read.len();
    (read, ignored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::park::ClosedLot;

    #[test]
    fn what_cannot_be_read_is_counted() {
        let of = |text: &str| {
            read::<ClosedLot>(&BTreeMap::from([(CLOSED.to_owned(), text.to_owned())]), CLOSED)
        };
        let lot = ClosedLot { lot: "a\"\u{0}王".into(), all: true, orbits: vec!["701".into()] };
        let json = serde_json::to_string(&[&lot]).unwrap();
        assert_eq!(of(&json), (vec![lot], 0));
        for text in ["", "{", "7", "{}", "null", "\u{0}", &"[".repeat(10_000)] {
            assert_eq!(of(text), (vec![], 1), "{text:.20}");
        }
        assert_eq!(of("[]"), (vec![], 0));
        let (read, ignored) =
            of(r#"[7,{"lot":"a","all":false,"orbits":[]},{"lot":"b","all":1,"orbits":[]},{}]"#);
        assert_eq!((read.len(), ignored), (1, 3));
        assert_eq!(of(&format!("[{}]", " ".repeat(LONGEST))), (vec![], 1));
        assert_eq!(super::read::<OwedCallback>(&BTreeMap::new(), CALLBACKS), (vec![], 0));
    }
}
