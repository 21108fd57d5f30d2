//! THE DOCTOR: looks at the machine, and says what to change.

use std::path::Path;

mod findings;

use crate::config::host::{self, CoreDatabase};
use crate::journal::Keeper;
use crate::module::health::Finding;
use crate::module::{Module, rival};
use crate::park::Park;
use crate::switch::{api, core, folder, xml};
use findings::{Core, Facts, Journal, Profile};

/// What is not right. Asks other modules, which may ask a web server, and waits for file systems: not on the thread of a call.
pub(crate) fn examine(module: &Module) -> Vec<Finding> {
    let keeper = Keeper::of(module);
    let journal = keeper.journal();
    let recover = module.settings.read().recovery.on && journal.is_some();
    let switch_conf = xml::configuration("switch.conf").map(|text| host::settings(&text));
    let db_dir = core::variable("db_dir");
    let core = switch_conf.as_ref().map(|settings| Core {
        keeps_ports: settings.is_ever_true("rtp-port-usage-robustness"),
        database: match host::core_database(settings, db_dir.as_deref()) {
            Some(CoreDatabase::File { path, param }) => Some((param, folder::look(above(&path)))),
            Some(CoreDatabase::Server(_)) | None => None,
        },
    });
    let storage = core::variable("storage_dir")
        .filter(|dir| folder::look(Path::new(dir)) == folder::Folder::Kept);
    let journal = match journal {
        Some(journal) => {
            Journal::At(above(journal.path()).into(), folder::look(above(journal.path())))
        }
        // Otherwise it should be there, and `health` says why it is not.
        None if keeper.part().ok => Journal::Off,
        None => Journal::Wrong,
    };
    findings::of(&Facts {
        rival: rival::interferes(module),
        lamps: module.look(has_lamps),
        journal,
        recover,
        core,
        profiles: profiles(),
        storage,
    })
}

fn above(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn has_lamps(park: &Park) -> bool {
    let lots = park.lots();
    lots.iter().any(|lot| park.lot_config(&lot.lot).is_some_and(|config| config.blf))
}

/// The SIP profiles that are running. `None` if the configuration does not say how each of them is set.
fn profiles() -> Option<Vec<Profile>> {
    let running = host::running(&api::execute("sofia", "xmlstatus")?);
    let configured = host::profiles(&xml::configuration("sofia.conf")?);
    let conf_dir = core::variable("conf_dir");
    let profile = |name: String| {
        let params = configured.get(&name)?;
        let tracks_calls = params.is_ever_true("track-calls");
        let presence = params.last("manage-presence").is_some_and(host::accepts_presence);
        let file = format!("sip_profiles/{name}.xml");
        // Where the samples of FreeSWITCH have it. Other installations have it elsewhere, or in a database.
        let is_there = conf_dir.as_ref().is_some_and(|dir| Path::new(dir).join(&file).is_file());
        let file = is_there.then_some(file);
        Some(Profile { name, file, tracks_calls, presence })
    };
    running.into_iter().map(profile).collect()
}
