//! The module that gets in our way.

use crate::module::Module;
use crate::switch::{log, module};

const RIVAL: &str = "mod_valet_parking";

/// Refuses to stand in for mod_valet_parking while it is there itself.
///
/// # Errors
/// It is loaded.
pub(crate) fn refuse() -> Result<(), String> {
    if !module::is_loaded(RIVAL) {
        return Ok(());
    }
    Err(format!(
        "<param name=\"valet\" value=\"true\"/> in callpark.conf.xml has it stand in for {RIVAL}, which is loaded too. Remove \
         {RIVAL} from modules.conf.xml and restart FreeSWITCH (it cannot be unloaded), or set valet to false"
    ))
}

/// Whether mod_valet_parking answers for our lamps.
pub(crate) fn interferes(running: &Module) -> bool {
    module::is_loaded(RIVAL) && is_in_the_way(running)
}

/// It would, if it were loaded. If we stand in for it, its application is ours.
fn is_in_the_way(running: &Module) -> bool {
    !running.valet && running.settings.read().presence_proto == "park"
}

/// Says so, loudly, if mod_valet_parking answers for our lamps.
pub(crate) fn check(running: &Module) {
    if module::is_loaded(RIVAL) {
        warn(running);
    } else {
        running.health.modules.good();
    }
}

/// Says so, loudly and once, unless our lamps are called otherwise.
pub(crate) fn warn(running: &Module) {
    if !is_in_the_way(running) {
        return running.health.modules.good();
    }
    let text = format!(
        "{RIVAL} is loaded too and reports every park+ lamp of mod_callpark as free. Remove it from modules.conf.xml \
         and restart FreeSWITCH (it cannot be unloaded), or set <param name=\"presence-proto\"> in callpark.conf.xml \
         to a value other than \"park\""
    );
    if running.health.modules.wrong(text.as_str()) {
        log::warning(None, format_args!("{text}"));
    }
}
