//! Starting and stopping: what `load` makes, in order, and `shutdown` takes apart.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::switch::lock::Mutex;
use crossbeam_channel::unbounded;

use crate::api;
use crate::dial::ringing::Rings;
#[cfg(feature = "web")]
use crate::hooks::Webhooks;
use crate::journal::Keeper;
use crate::journal::acts::Signals;
use crate::journal::audit::Audit;
use crate::leg::departed;
use crate::leg::recordings::Begun;
use crate::leg::replaces::OnTop;
use crate::leg::watching::{self, Watching};
use crate::module::Module;
use crate::module::message::Message;
use crate::module::rival;
use crate::module::source::{self, First, Readings};
use crate::park::End;
use crate::service::registrations::Registrations;
use crate::service::{effects, recovery, worker};
use crate::switch::clock;
use crate::switch::event::{Binding, Subclass};
use crate::switch::hangup::Hangups;
use crate::switch::hooks::Hooks;
use crate::switch::{Cause, Located, guard, inside, lock, log};
use crate::tell::event;
use crate::tell::lamps;
use crate::tell::lamps::probes::Probes;
use crate::tell::lamps::queue::LampQueue;
use crate::tell::lamps::subscriptions;
use crate::tell::valet;
#[cfg(feature = "web")]
use crate::web::Web;

/// How long `shutdown` waits for threads that are still inside the module, beyond the 10 s FreeSWITCH has waited.
const EMPTY_WITHIN: Duration = Duration::from_secs(5);
/// How long calls that `shutdown` has hung up may take to leave.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);

/// What exists besides the module while it runs. Taken apart from the top down.
struct Service {
    hooks: Option<Hooks>,
    bindings: Vec<Binding>,
    hangups: Option<Hangups>,
    completions: api::complete::Completions,
    subclasses: [Option<Subclass>; 2],
    worker: JoinHandle<()>,
    lamps: JoinHandle<()>,
}

static SERVICE: Mutex<Option<Service>> = Mutex::new(None);

/// Starts the module. Returns whether it stands in for mod_valet_parking.
///
/// # Errors
/// What stands in its way; nothing is left behind.
pub(crate) fn start() -> Result<bool, String> {
    if Module::running().is_some() {
        return Err("the module is already running".to_owned());
    }
    let First { text, config, wrong } = source::first();
    if config.settings.valet {
        rival::refuse()?;
    }
    let (sender, messages) = unbounded();
    let lots = config.lots.len();
    let module = Module::new(config, clock::epoch_ms(), sender, effects::carry_out);
    Readings::of(&module).loaded(text);
    if let Some(wrong) = wrong {
        module.health.configuration.wrong(wrong);
    }
    // Before anything can happen that it should record.
    Keeper::of(&module).start(&module);
    let worker = {
        let module = Arc::clone(&module);
        std::thread::Builder::new()
            .name("callpark".to_owned())
            .spawn(move || worker::run(&module, &messages))
            .map_err(|error| format!("the worker thread cannot be started: {error}"))?
    };
    let lamps = {
        let theirs = Arc::clone(&module);
        let started = std::thread::Builder::new()
            .name("callpark-lamps".to_owned())
            .spawn(move || lamps::run(&theirs));
        started.map_err(|error| {
            module.tell_worker(Message::Stop);
            Keeper::of(&module).stop();
            format!("the lamp thread cannot be started: {error}")
        })?
    };
    rival::check(&module);
    Module::set_running(Arc::clone(&module));
    let unheard = |text: &str| {
        log::error(None, format_args!("{text}"));
        module.health.hooks.wrong(text);
    };
    let subclass = Subclass::reserve(event::SUBCLASS);
    if subclass.is_none() {
        log::warning(None, format_args!("another module owns the event subclass callpark::info"));
    }
    let valet = module.valet.then(|| Subclass::reserve(valet::SUBCLASS)).flatten();
    let completions = api::complete::Completions::register();
    // Last: from here on FreeSWITCH calls us.
    let probes = Binding::new::<Probes>();
    if probes.is_none() {
        module.health.lamps.wrong("FreeSWITCH does not report when a phone subscribes to a lamp");
    }
    let bindings = [
        Binding::new::<source::Reloads>(),
        probes,
        Binding::new::<OnTop>(),
        Binding::new::<Registrations>(),
        Binding::new::<Begun>(),
        Binding::new::<Signals>(),
    ];
    if bindings.iter().any(Option::is_none) {
        unheard("FreeSWITCH does not report every event, so lamps or reloads will fail");
    }
    let hooks = Hooks::new::<Watching>();
    if hooks.is_none() {
        unheard("FreeSWITCH refuses the channel handlers, so callpark_key parks every moved call");
    }
    watching::know_all(&module);
    let bindings = bindings.into_iter().flatten().collect();
    let hangups = Hangups::new::<departed::Listener>();
    if hangups.is_none() {
        unheard("FreeSWITCH does not report calls that end, so some parkers may be unknown");
    }
    subscriptions::answer_all(&module);
    if let Err(error) = Audit::start(&module) {
        let text = format_args!("the thread that checks every minute cannot be started: {error}");
        log::warning(None, text);
    }
    #[cfg(feature = "web")]
    Web::of(&module).configured(&module);
    #[cfg(feature = "web")]
    Webhooks::of(&module).configured(&module);
    #[cfg(not(feature = "web"))]
    if module.settings.read().web.listen.is_some() {
        module.health.web.wrong("this build has no web server");
    }
    // When all of the above listens.
    recovery::begin(&module);
    let subclasses = [subclass, valet];
    let valet = module.valet;
    *SERVICE.lock() =
        Some(Service { hooks, bindings, hangups, completions, subclasses, worker, lamps });
    log::notice(
        None,
        format_args!("mod_callpark {} is loaded, lots: {lots}", env!("CARGO_PKG_VERSION")),
    );
    Ok(valet)
}

/// Hangs up every call that is inside the module, parked, retrieved, or on its way to that. FreeSWITCH has done so with those
/// it has found; it does not find a call for which something else runs on top of our application. A call that does not
/// leave, because what runs on top takes no notice, ends for the table all the same.
fn end_calls(module: &Arc<Module>) {
    clock::poll(LEAVE_WITHIN, Duration::from_millis(5), || {
        let inside = inside::calls();
        for leg in inside.iter().filter_map(|uuid| Located::find(uuid)) {
            leg.session().channel().hangup(Cause::MANAGER_REQUEST);
        }
        inside.is_empty()
    });
    for call in module.calls(None) {
        module.act(None, |park, now| park.gone(now, &call.info.uuid, End::Shutdown));
    }
}

/// Stops the module. Returns false if a thread is still inside, so that the code must stay mapped.
pub(crate) fn stop() -> bool {
    let Some(module) = Module::running() else { return true };
    module.begin_stopping();
    Audit::of(&module).close();
    #[cfg(feature = "web")]
    Web::of(&module).stop();
    Rings::of(&module).stop_all();
    module.threads.close();
    // While lamps are still shown: those of these calls go out.
    end_calls(&module);
    let service = SERVICE.lock().take();
    if let Some(service) = service {
        drop(service.hooks);
        drop(service.bindings);
        drop(service.hangups);
        drop(service.completions);
        module.tell_worker(Message::Stop);
        if service.worker.join().is_err() {
            log::error(None, format_args!("the worker thread had failed before the unload"));
        }
        // They show first what has changed before.
        LampQueue::of(&module).stop();
        if service.lamps.join().is_err() {
            log::error(None, format_args!("the lamp thread had failed before the unload"));
        }
        drop(service.subclasses);
    }
    Module::take_running();
    #[cfg(feature = "web")]
    Webhooks::of(&module).stop();
    // Last: until here everything was recorded.
    Keeper::of(&module).stop();
    drop(module);
    for (what, most) in lock::longest() {
        log::info(None, format_args!("the lock of {what} was held for {most:?} at the most"));
    }
    let inside = guard::wait_until_empty(EMPTY_WITHIN);
    if inside > 0 {
        log::error(
            None,
            format_args!("mod_callpark is not unloaded; calls still inside the module: {inside}"),
        );
    }
    inside == 0
}
