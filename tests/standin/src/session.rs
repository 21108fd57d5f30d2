//! A call: a thread with a state, flags, variables and a caller profile.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::{CString, c_char};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, ReentrantMutex};

use crate::hooks::Hooks;
use crate::state::{
    CF_ANSWERED, CF_EARLY_MEDIA, CF_REDIRECT, CF_TRANSFER, CS_HANGUP, CS_INIT, CS_NEW, CS_RESET,
    CS_ROUTING,
};
use crate::{live, strings, switch};

mod data;
mod transfer;

/// One frame of media.
pub const FRAME: Duration = Duration::from_millis(20);

/// Applications to be run, and their data.
pub type Actions = Mutex<VecDeque<(String, String)>>;

/// The fields of a caller profile, by name.
pub type Profile = BTreeMap<String, String>;

pub struct Session {
    uuid: CString,
    name: CString,
    pub outbound: bool,
    /// Nobody has to pick it up.
    pub answers_itself: bool,
    pub variables: Mutex<BTreeMap<String, String>>,
    /// What stands before them (`switch_channel_set_scope_variables`).
    pub scopes: Mutex<Vec<Vec<(String, String)>>>,
    pub profile: Mutex<Profile>,
    flags: Vec<AtomicU32>,
    state: AtomicU32,
    running: AtomicU32,
    /// Nobody else hangs it up: the one who sets this sets the state, and then the cause.
    hung_up: AtomicBool,
    cause: AtomicU32,
    thread: Mutex<Option<ThreadId>>,
    /// Who holds a read lock.
    pub readers: AtomicUsize,
    /// The actions it runs, or is about to. Whoever runs them keeps to his list, as FreeSWITCH does, until CF_RESET.
    pub actions: Mutex<Arc<Actions>>,
    pub digits: Mutex<VecDeque<char>>,
    /// What others have asked it to do.
    pub requests: Mutex<VecDeque<String>>,
    /// Applications from outside of its dialplan.
    pub broadcasts: Mutex<VecDeque<(String, String)>>,
    /// When the frame it read last was due.
    clock: Mutex<Option<Instant>>,
    changing: Mutex<()>,
    /// Held while the state changes: its thread enters the new one when those who watch have seen it.
    stating: ReentrantMutex<()>,
    pub hooks: Hooks,
    changed: Condvar,
    /// The other leg of a bridge that this one is to run its side of (`_bridge_`).
    pub bridge: Mutex<Option<String>>,
    /// The other leg of a `uuid_bridge` that this one drives.
    pub uuid_bridge: Mutex<Option<String>>,
    /// The other half of a loopback pair.
    pub twin: Mutex<Option<String>>,
    /// What was handed out to C; lives as long as the session.
    pool: Mutex<Vec<CString>>,
}

impl Session {
    /// A new call, registered; none: there is one of that uuid.
    pub fn new(
        uuid: &str,
        name: &str,
        outbound: bool,
        variables: BTreeMap<String, String>,
        profile: Profile,
    ) -> Option<Arc<Session>> {
        let text = |text: &str| CString::new(text).unwrap_or_default();
        let session = Arc::new(Session {
            uuid: text(uuid),
            name: text(name),
            outbound,
            answers_itself: name.starts_with("null/"),
            variables: Mutex::new(variables),
            scopes: Mutex::default(),
            profile: Mutex::new(profile),
            flags: (0..256).map(|_| AtomicU32::new(0)).collect(),
            state: AtomicU32::new(CS_INIT),
            running: AtomicU32::new(CS_NEW),
            hung_up: AtomicBool::new(false),
            cause: AtomicU32::new(0),
            thread: Mutex::default(),
            readers: AtomicUsize::new(0),
            actions: Mutex::default(),
            digits: Mutex::default(),
            requests: Mutex::default(),
            broadcasts: Mutex::default(),
            clock: Mutex::default(),
            changing: Mutex::default(),
            stating: ReentrantMutex::default(),
            hooks: Hooks::default(),
            changed: Condvar::new(),
            bridge: Mutex::default(),
            uuid_bridge: Mutex::default(),
            twin: Mutex::default(),
            pool: Mutex::default(),
        });
        session.set("direction", Some(if outbound { "outbound" } else { "inbound" }));
        session.set("uuid", Some(uuid));
        live::add(Arc::clone(&session)).then_some(session)
    }

    pub fn uuid(&self) -> String {
        self.uuid.to_string_lossy().into_owned()
    }

    pub fn uuid_c(&self) -> *const c_char {
        self.uuid.as_ptr()
    }

    pub fn name(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }

    pub fn name_c(&self) -> *const c_char {
        self.name.as_ptr()
    }

    /// Hands a text out to C.
    pub fn keep(&self, text: &str) -> *const c_char {
        let text = CString::new(text).unwrap_or_default();
        let raw = text.as_ptr();
        self.pool.lock().push(text);
        raw
    }

    /// A variable, or a field of the profile, or a global one.
    pub fn get(&self, name: &str) -> Option<String> {
        let mut scopes = self.scopes.lock().clone().into_iter().rev().flatten();
        let scoped = scopes.find(|(scoped, _)| scoped == name).map(|(_, value)| value);
        let own = || self.variables.lock().get(name).cloned();
        scoped
            .or_else(own)
            .or_else(|| self.profile.lock().get(name).cloned())
            .or_else(|| switch::switch().global(name))
    }

    pub fn set(&self, name: &str, value: Option<&str>) {
        let mut variables = self.variables.lock();
        match value.filter(|value| !value.is_empty()) {
            Some(value) => variables.insert(name.to_owned(), value.to_owned()),
            None => variables.remove(name),
        };
    }

    pub fn expand(&self, text: &str) -> String {
        strings::expand(text, |name| self.get(name))
    }

    pub fn flag(&self, flag: usize) -> bool {
        self.flags.get(flag).is_some_and(|flag| flag.load(Ordering::Acquire) != 0)
    }

    pub fn set_flag(&self, flag: usize, on: bool) {
        if let Some(flag) = self.flags.get(flag) {
            flag.store(u32::from(on), Ordering::Release);
        }
    }

    pub fn state(&self) -> u32 {
        self.state.load(Ordering::Acquire)
    }

    /// The state its thread has got to.
    pub fn running(&self) -> u32 {
        self.running.load(Ordering::Acquire)
    }

    /// Its thread enters a state: what it was told meanwhile is done with.
    pub fn enter(&self, state: u32) {
        let _entering = self.stating.lock();
        self.running.store(state, Ordering::Release);
        self.set_flag(CF_TRANSFER, false);
        self.set_flag(CF_REDIRECT, false);
    }

    /// Changes the state; once it has hung up only onwards.
    pub fn set_state(&self, state: u32) {
        {
            let _changing = self.stating.lock();
            let change = |now: u32| (now < CS_HANGUP || state > now).then_some(state);
            let was = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, change);
            if was.is_ok_and(|was| was != state) {
                self.state_changed();
            }
        }
        self.wake();
    }

    /// Changes the state if it is still that one.
    pub fn advance(&self, from: u32, to: u32) {
        let _ = self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        self.wake();
    }

    fn wake(&self) {
        let _changing = self.changing.lock();
        self.changed.notify_all();
    }

    /// Sleeps until its state is another than the one it runs, at most `limit`.
    pub fn wait_for_change(&self, limit: Duration) {
        let mut changing = self.changing.lock();
        if self.state() == self.running() {
            self.changed.wait_for(&mut changing, limit);
        }
    }

    /// From now on the current thread is its own.
    pub fn claim_thread(&self) {
        *self.thread.lock() = Some(std::thread::current().id());
    }

    pub fn cause(&self) -> u32 {
        self.cause.load(Ordering::Acquire)
    }

    pub fn up(&self) -> bool {
        self.state() < CS_HANGUP
    }

    pub fn in_thread(&self) -> bool {
        *self.thread.lock() == Some(std::thread::current().id())
    }

    /// As `switch_channel_test_ready`.
    pub fn ready(&self) -> bool {
        let state = self.state();
        let pending = self.in_thread() && self.running() != state;
        self.cause() == 0
            && state > CS_ROUTING
            && state < CS_HANGUP
            && state != CS_RESET
            && !self.flag(CF_TRANSFER)
            && !pending
    }

    /// Gives it another list of actions.
    pub fn is_to_run(&self, actions: impl IntoIterator<Item = (String, String)>) {
        *self.actions.lock() = Arc::new(Mutex::new(actions.into_iter().collect()));
    }

    /// How long a variable says; 0 without it.
    pub fn milliseconds(&self, name: &str) -> Duration {
        let ms = self.variables.lock().get(name).and_then(|ms| ms.parse().ok());
        Duration::from_millis(ms.unwrap_or(0))
    }

    /// Hangs up, from any thread. As in FreeSWITCH, the state comes before the cause; on a busy machine, or with this
    /// variable, some ms before.
    pub fn hangup(&self, cause: u32) {
        let cause = if cause == 0 { 16 } else { cause };
        if !self.hung_up.swap(true, Ordering::AcqRel) {
            let late = self.milliseconds("late_cause");
            self.set_state(CS_HANGUP);
            std::thread::sleep(late);
            self.cause.store(cause, Ordering::Release);
            self.fire("CHANNEL_HANGUP");
            if let Some(twin) = self.twin.lock().take().and_then(|twin| live::get(&twin)) {
                twin.hangup(cause);
            }
        }
    }

    /// Answers. A call that was made is answered by its far end alone, and FreeSWITCH says nothing of it.
    pub fn answer(&self) -> bool {
        if self.up() && !self.outbound {
            self.answered();
        }
        self.up()
    }

    /// It has been answered.
    pub fn answered(&self) {
        self.reached(CF_ANSWERED, "CHANNEL_ANSWER");
    }

    /// There are tones or announcements, and no answer.
    pub fn early_media(&self) {
        self.reached(CF_EARLY_MEDIA, "CHANNEL_PROGRESS_MEDIA");
    }

    fn reached(&self, flag: usize, event: &str) {
        if !self.up() || self.flag(flag) {
            return;
        }
        self.set_flag(flag, true);
        self.fire(event);
        let twin = self.twin.lock().as_ref().and_then(|twin| live::get(twin));
        if let Some(twin) = twin {
            twin.reached(flag, event);
        }
    }

    /// Waits for the next media frame, as `null/` channels do: nothing but time ends it.
    pub fn read_frame(&self) {
        let now = Instant::now();
        let mut clock = self.clock.lock();
        // Who has not read for a while begins anew.
        let due = clock
            .map(|last| last + FRAME)
            .filter(|due| *due + 5 * FRAME > now)
            .unwrap_or(now + FRAME);
        *clock = Some(due);
        drop(clock);
        std::thread::sleep(due.saturating_duration_since(now));
    }
}
