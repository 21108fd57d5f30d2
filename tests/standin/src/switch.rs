//! The switch as a whole: its folder, its global variables, and its end.

use std::collections::HashMap;
use std::ffi::{CString, c_char};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::RwLock;

use crate::strings::text;
use crate::xml::Root;
use crate::{bus, esl, live, loader, log, sys};

const SYSTEM_SHUTDOWN: u32 = 701;

/// Everything that is there once.
pub struct Switch {
    pub folder: PathBuf,
    pub globals: RwLock<HashMap<String, String>>,
    pub xml: RwLock<Root>,
    stopping: AtomicBool,
}

static SWITCH: OnceLock<Switch> = OnceLock::new();

/// The running switch.
pub fn switch() -> &'static Switch {
    SWITCH.get().expect("the switch has been started")
}

impl Switch {
    /// A global variable.
    pub fn global(&self, name: &str) -> Option<String> {
        self.globals.read().get(name).cloned()
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Reads the configuration again; a broken one changes nothing.
    pub fn reload_xml(&self) -> Result<(), String> {
        let (root, globals) = Root::read(&self.folder)?;
        for (name, value) in globals {
            self.globals.write().insert(name, value);
        }
        *self.xml.write() = root;
        bus::fire(crate::event::Event::named("RELOADXML"));
        Ok(())
    }
}

/// Runs until told to stop.
pub fn run(folder: &str) -> Result<(), String> {
    let folder = PathBuf::from(folder);
    log::open(&folder.join("log/freeswitch.log"));
    let (root, globals) = Root::read(&folder)?;
    let modules = root.modules();
    let port = root.param("event_socket.conf", "listen-port").and_then(|port| port.parse().ok());
    let rooms = [("conf_dir", "conf"), ("db_dir", "db"), ("log_dir", "log"), ("certs_dir", "tls")];
    let rooms =
        rooms.map(|(name, room)| (name.to_owned(), folder.join(room).display().to_string()));
    let made = Switch {
        folder,
        globals: RwLock::new(globals.into_iter().chain(rooms).collect()),
        xml: RwLock::new(root),
        stopping: AtomicBool::new(false),
    };
    if SWITCH.set(made).is_err() {
        return Err("started twice".to_owned());
    }
    log::write(5, "standin", 0, None, "the stand-in switch starts");
    bus::start();
    if modules.iter().any(|module| module == "mod_callpark")
        && let Err(error) = loader::load("mod_callpark")
    {
        log::write(3, "standin", 0, None, &format!("mod_callpark: {error}"));
    }
    esl::listen(port.ok_or("no event socket port")?)?;
    while !switch().is_stopping() {
        std::thread::sleep(Duration::from_millis(20));
    }
    for session in live::all() {
        session.hangup(SYSTEM_SHUTDOWN);
    }
    let end = Instant::now() + Duration::from_secs(10);
    while !live::all().is_empty() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    loader::unload_all();
    log::write(5, "standin", 0, None, "the stand-in switch ends");
    bus::stop();
    esl::flush();
    Ok(())
}

/// The time since 1970.
pub fn epoch() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

fn copied(text: Option<String>) -> *mut c_char {
    let text = text.map(|text| CString::new(text).unwrap_or_default());
    // SAFETY: a C string; the module frees the copy.
    text.map_or(std::ptr::null_mut(), |text| unsafe { libc::strdup(text.as_ptr()) })
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_get_switchname() -> *const c_char {
    c"standin".as_ptr()
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_get_domain(_copy: sys::switch_bool_t) -> *mut c_char {
    copied(switch().global("domain"))
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_get_variable_dup(name: *const c_char) -> *mut c_char {
    copied(switch().global(&text(name)))
}
