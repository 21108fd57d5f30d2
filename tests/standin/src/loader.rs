//! Modules: there is one, the real one under test.

use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::event::Event;
use crate::strings::text;
use crate::{bus, console, live, log, stream, sys};

const MANAGER_REQUEST: u32 = 703;
/// What the stand-in has built in, by the names FreeSWITCH has for it.
const OWN: &[&str] = &[
    "mod_commands",
    "mod_dialplan_xml",
    "mod_dptools",
    "mod_event_socket",
    "mod_logfile",
    "mod_loopback",
    "mod_tone_stream",
];

/// What a module registers.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "the module fills them in by their addresses")]
struct Interfaces {
    applications: Vec<Box<sys::switch_application_interface_t>>,
    commands: Vec<Box<sys::switch_api_interface_t>>,
}

struct Loaded {
    name: String,
    handle: *mut c_void,
    table: *const sys::switch_loadable_module_function_table_t,
    interfaces: Box<Interfaces>,
    users: Mutex<usize>,
}

// SAFETY: handle, table and interfaces are written before the module is published, and only read after that.
unsafe impl Send for Loaded {}
// SAFETY: as above; `users` is behind its lock.
unsafe impl Sync for Loaded {}

static LOADED: Mutex<Option<Arc<Loaded>>> = Mutex::new(None);
/// Loading and unloading, one at a time.
static RELOAD: Mutex<()> = Mutex::new(());

/// Somebody who runs code of the module: it is not unloaded meanwhile, unless by force.
struct User(Arc<Loaded>);

impl User {
    fn enter() -> Option<User> {
        let loaded = LOADED.lock();
        let module = Arc::clone(loaded.as_ref()?);
        *module.users.lock() += 1;
        Some(User(module))
    }
}

impl Drop for User {
    fn drop(&mut self) {
        *self.0.users.lock() -= 1;
    }
}

fn named(raw: *const c_char, name: &str) -> bool {
    !raw.is_null() && text(raw) == name
}

/// Runs the module's application of that name; false: it has none.
pub fn run_application(session: *mut sys::switch_core_session_t, name: &str, data: &str) -> bool {
    let Some(user) = User::enter() else { return false };
    let mut all = user.0.interfaces.applications.iter();
    let Some(function) =
        all.find(|it| named(it.interface_name, name)).and_then(|it| it.application_function)
    else {
        return false;
    };
    let data = CString::new(data).unwrap_or_default();
    // SAFETY: the module's application, on the session's own thread; the module stays while we are a user.
    unsafe { function(session, data.as_ptr()) };
    true
}

/// Runs the module's command of that name; none: it has none.
pub fn run_command(
    name: &str,
    arguments: Option<&CStr>,
    here: *mut sys::switch_core_session_t,
) -> Option<Vec<u8>> {
    let user = User::enter()?;
    let mut all = user.0.interfaces.commands.iter();
    let function = all.find(|it| named(it.interface_name, name))?.function?;
    Some(stream::call(function, arguments, here))
}

pub fn exists(name: &str) -> bool {
    OWN.contains(&name) || LOADED.lock().as_ref().is_some_and(|module| module.name == name)
}

/// `load`: the file is the one of the environment variable `CALLPARK_SO`.
pub fn load(name: &str) -> Result<(), String> {
    let _reload = RELOAD.lock();
    if exists(name) {
        return Err("Module already loaded".to_owned());
    }
    let file = std::env::var("CALLPARK_SO").ok().filter(|_| name == "mod_callpark");
    let file =
        CString::new(file.ok_or("module load file routine returned an error")?).unwrap_or_default();
    // SAFETY: a C string; what it runs is the module's own constructors.
    let handle = unsafe { libc::dlopen(file.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if handle.is_null() {
        // SAFETY: dlerror gives a C string after a failure.
        let why = text(unsafe { libc::dlerror() });
        let hint = match why.split_once("undefined symbol: ") {
            Some((_, symbol)) => {
                format!("the stand-in has no {symbol} yet: add it in tests/standin/src ({why})")
            }
            None => why,
        };
        log::write(2, "standin", 0, None, &hint);
        return Err(hint);
    }
    let loaded = start(name, handle).inspect_err(|_| {
        // SAFETY: our handle, and nothing of the module runs.
        unsafe { libc::dlclose(handle) };
    })?;
    let registered: Vec<(&str, String)> = {
        let applications = loaded
            .interfaces
            .applications
            .iter()
            .map(|it| ("application", text(it.interface_name)));
        let commands = loaded.interfaces.commands.iter().map(|it| ("api", text(it.interface_name)));
        applications.chain(commands).collect()
    };
    *LOADED.lock() = Some(Arc::new(loaded));
    for (kind, interface) in registered {
        let mut event = Event::named("MODULE_LOAD");
        event.add("type", kind);
        event.add("name", &interface);
        bus::fire(event);
    }
    log::write(5, "standin", 0, None, &format!("{name} is loaded"));
    Ok(())
}

fn start(name: &str, handle: *mut c_void) -> Result<Loaded, String> {
    let symbol = CString::new(format!("{name}_module_interface")).unwrap_or_default();
    // SAFETY: our handle; the symbol is a function table in every FreeSWITCH module.
    let table = unsafe { libc::dlsym(handle, symbol.as_ptr()) }
        .cast_const()
        .cast::<sys::switch_loadable_module_function_table_t>();
    // SAFETY: NULL or such a table.
    let load = unsafe { table.as_ref() }
        .and_then(|table| table.load)
        .ok_or("module has no load routine")?;
    let mut raw: *mut sys::switch_loadable_module_interface_t = std::ptr::null_mut();
    // SAFETY: as FreeSWITCH calls it; nobody here reads the pool.
    let status = unsafe { load(&raw mut raw, std::ptr::NonNull::dangling().as_ptr()) };
    // SAFETY: made by switch_loadable_module_create_module_interface, and taken over once.
    let interfaces = (!raw.is_null()).then(|| unsafe { Box::from_raw(raw.cast::<Interfaces>()) });
    if status != sys::switch_status_t::SWITCH_STATUS_SUCCESS {
        return Err("module load routine returned an error".to_owned());
    }
    let interfaces = interfaces.ok_or("module did not initialize an interface")?;
    Ok(Loaded { name: name.to_owned(), handle, table, interfaces, users: Mutex::new(0) })
}

/// `unload`, and by force `unload -f`.
pub fn unload(name: &str, force: bool) -> Result<(), String> {
    let _reload = RELOAD.lock();
    let module = {
        let mut loaded = LOADED.lock();
        let module =
            loaded.as_ref().filter(|module| module.name == name).ok_or("No such module!")?;
        // Nobody can enter: that needs the lock we hold.
        if !force && *module.users.lock() > 0 {
            log::write(4, "standin", 0, None, &format!("Module {name} is in use, cannot unload."));
            return Err("Module in use.".to_owned());
        }
        loaded.take().ok_or("No such module!")?
    };
    let applications: Vec<String> =
        module.interfaces.applications.iter().map(|it| text(it.interface_name)).collect();
    for session in live::all() {
        if session.get("current_application").is_some_and(|current| applications.contains(&current))
        {
            session.hangup(MANAGER_REQUEST);
        }
    }
    let end = Instant::now() + Duration::from_secs(10);
    while *module.users.lock() > 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    // SAFETY: the table of a module that is loaded.
    let status = unsafe { (*module.table).shutdown }.map(|shutdown| unsafe { shutdown() });
    if status == Some(sys::switch_status_t::SWITCH_STATUS_NOUNLOAD) {
        log::write(3, "standin", 0, None, &format!("{name} stays in memory"));
    } else {
        // SAFETY: our handle; whoever is still inside is lost, as in FreeSWITCH.
        unsafe { libc::dlclose(module.handle) };
    }
    // FreeSWITCH would not say so. It would call code that is gone.
    let left: Vec<String> = [bus::held_by_modules(), console::held_by_modules()].concat();
    if left.is_empty() { Ok(()) } else { Err(format!("{name} has left behind: {left:?}")) }
}

/// At the end of the switch.
pub fn unload_all() {
    let name = LOADED.lock().as_ref().map(|module| module.name.clone());
    if let Some(name) = name {
        // Everything has hung up: there is nothing to be done about an error any more.
        drop(unload(&name, true));
    }
}

#[unsafe(no_mangle)]
extern "C" fn switch_loadable_module_create_module_interface(
    _pool: *mut sys::switch_memory_pool_t,
    _name: *const c_char,
) -> *mut sys::switch_loadable_module_interface_t {
    Box::into_raw(Box::<Interfaces>::default()).cast()
}

#[unsafe(no_mangle)]
extern "C" fn switch_loadable_module_create_interface(
    module: *mut sys::switch_loadable_module_interface_t,
    kind: sys::switch_module_interface_name_t,
) -> *mut c_void {
    /// A new one at the end of the list; where it is.
    fn added<T>(list: &mut Vec<Box<T>>) -> *mut c_void {
        // SAFETY: all-zero is right for both structs of C that come here: NULLs and zeros.
        let mut new = Box::new(unsafe { std::mem::zeroed::<T>() });
        let place = (&raw mut *new).cast();
        list.push(new);
        place
    }
    // SAFETY: made above, and filled by the module's load alone.
    let interfaces = unsafe { &mut *module.cast::<Interfaces>() };
    match kind {
        sys::switch_module_interface_name_t::SWITCH_APPLICATION_INTERFACE => {
            added(&mut interfaces.applications)
        }
        sys::switch_module_interface_name_t::SWITCH_API_INTERFACE => {
            added(&mut interfaces.commands)
        }
        _ => std::ptr::null_mut(),
    }
}

/// There is no JSON API here.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "the name of a function of C")]
extern "C" fn cJSON_Parse(_text: *const c_char) -> *mut sys::cJSON {
    std::ptr::null_mut()
}

#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "the name of a function of C")]
extern "C" fn cJSON_PrintUnformatted(_item: *const sys::cJSON) -> *mut c_char {
    std::ptr::null_mut()
}

#[unsafe(no_mangle)]
extern "C" fn switch_loadable_module_exists(name: *const c_char) -> sys::switch_status_t {
    crate::channel::status(exists(&text(name)))
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_get_app_flags(
    application: *const c_char,
    flags: *mut i32,
) -> sys::switch_status_t {
    let name = text(application);
    let loaded = LOADED.lock();
    let mut all = loaded.iter().flat_map(|module| module.interfaces.applications.iter());
    match all.find(|it| named(it.interface_name, &name)) {
        Some(found) => {
            // SAFETY: a place for the flags.
            unsafe { *flags = found.flags as i32 };
            crate::channel::status(true)
        }
        None => crate::channel::status(false),
    }
}
