//! Hands events to the module's listeners and to the event socket's clients, on a thread of its own.

use std::ffi::{c_char, c_void};
use std::sync::OnceLock;
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, unbounded};
use parking_lot::{Mutex, RwLock};

use crate::event::{self, Event};
use crate::strings::text;
use crate::{switch, sys};

type Callback = unsafe extern "C" fn(*mut sys::switch_event_t);
type Client = Box<dyn Fn(&Event) -> bool + Send>;

struct Bus {
    queue: Sender<Option<Event>>,
    /// Read while callbacks run: unbinding waits for them, as FreeSWITCH's does.
    callbacks: RwLock<Vec<(String, Callback)>>,
    clients: Mutex<Vec<Client>>,
    subclasses: Mutex<Vec<String>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

static BUS: OnceLock<Bus> = OnceLock::new();

fn bus() -> &'static Bus {
    BUS.get().expect("the bus has been started")
}

pub fn start() {
    let (queue, events) = unbounded::<Option<Event>>();
    let bus = BUS.get_or_init(|| Bus {
        queue,
        callbacks: RwLock::default(),
        clients: Mutex::default(),
        subclasses: Mutex::default(),
        thread: Mutex::default(),
    });
    let thread = std::thread::spawn(move || {
        while let Ok(Some(event)) = events.recv() {
            bus.clients.lock().retain(|client| client(&event));
            let callbacks = bus.callbacks.read();
            for (_, callback) in callbacks.iter().filter(|(name, _)| name == event.name()) {
                let mut copy = event.clone();
                // SAFETY: a callback the module bound, and has not unbound; the event lives during the call.
                unsafe { callback((&raw mut copy).cast()) };
            }
        }
    });
    *bus.thread.lock() = Some(thread);
}

pub fn stop() {
    drop(bus().queue.send(None));
    if let Some(thread) = bus().thread.lock().take() {
        drop(thread.join());
    }
    bus().clients.lock().clear();
}

/// Queues an event.
pub fn fire(mut event: Event) {
    let now = switch::epoch().as_micros().to_string();
    let after_the_name = 1.min(event.headers.len());
    event.headers.insert(after_the_name, ("Event-Date-Timestamp".to_owned(), now));
    drop(bus().queue.send(Some(event)));
}

/// Sends events to a client until it says that it is gone.
pub fn subscribe(client: Client) {
    bus().clients.lock().push(client);
}

#[unsafe(no_mangle)]
extern "C" fn switch_event_bind(
    _id: *const c_char,
    kind: sys::switch_event_types_t,
    _subclass: *const c_char,
    callback: sys::switch_event_callback_t,
    _data: *mut c_void,
) -> sys::switch_status_t {
    if let Some(callback) = callback {
        bus().callbacks.write().push((event::name_of(kind).to_owned(), callback));
    }
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn switch_event_unbind_callback(
    callback: sys::switch_event_callback_t,
) -> sys::switch_status_t {
    let address = callback.map(|callback| callback as usize);
    bus().callbacks.write().retain(|(_, bound)| Some(*bound as usize) != address);
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn switch_event_reserve_subclass_detailed(
    _owner: *const c_char,
    name: *const c_char,
) -> sys::switch_status_t {
    let name = text(name);
    let mut reserved = bus().subclasses.lock();
    if reserved.contains(&name) {
        return sys::switch_status_t::SWITCH_STATUS_FALSE;
    }
    reserved.push(name);
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn switch_event_free_subclass_detailed(
    _owner: *const c_char,
    name: *const c_char,
) -> sys::switch_status_t {
    let name = text(name);
    bus().subclasses.lock().retain(|reserved| *reserved != name);
    sys::switch_status_t::SWITCH_STATUS_SUCCESS
}
