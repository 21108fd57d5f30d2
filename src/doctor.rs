//! THE DOCTOR: looks at the machine, and says what to change.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

mod findings;
mod import;
mod reach;
mod voice;

use crate::config::dialplan::Dialplan;
use crate::config::host::{self, CoreDatabase};
use crate::config::node::Node;
use crate::journal::Keeper;
use crate::module::health::Finding;
use crate::module::{Module, rival, source};
use crate::park::{LotConfig, OrbitRange, Park};
use crate::render::Diff;
use crate::switch::{api, core, folder, module, xml};
use findings::{Core, Facts, Journal, Profile};

/// What is not right. Asks other modules, which may ask a web server, and waits for file systems: not on the thread of a call.
pub(crate) fn examine(module: &Module) -> Vec<Finding> {
    let keeper = Keeper::of(module);
    let journal = keeper.journal();
    let recover = module.settings.read().recovery.on && journal.is_some();
    let switch_conf = xml::configuration("switch.conf").map(|text| host::settings(&text));
    let db_dir = core::variable("db_dir");
    let core = switch_conf.as_ref().map(|settings| Core {
        calls: host::most_calls(settings),
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
    let lots = match module.valet && !has_lots() {
        // The dialplan is one for mod_valet_parking, and the lot that is built in is not meant.
        true => Vec::new(),
        false => module.look(configured_lots),
    };
    let mut findings = reach(module, &lots);
    findings.extend(voice(module, &lots));
    let orbits = lots.iter().flat_map(|lot| &lot.ranges).map(OrbitRange::count).sum();
    findings.extend(findings::of(&Facts {
        rival: rival::interferes(module),
        lamps: module.valet || lots.iter().any(|lot| lot.blf),
        orbits,
        journal,
        recover,
        core,
        profiles: profiles(),
        storage,
    }));
    findings
}

/// Whether the configuration has lots. Without any, there is one that is built in.
fn has_lots() -> bool {
    let root = xml::configuration(source::FILE).and_then(|text| Node::read(&text));
    root.is_some_and(|root| root.walk().any(|node| node.name == "lot"))
}

/// What the dialplan makes of the orbits. Nothing, if it may come from elsewhere.
fn reach(module: &Module, lots: &[Arc<LotConfig>]) -> Vec<Finding> {
    if has_other_dialplans() {
        return Vec::new();
    }
    let dialplan = Dialplan::read(&xml::section("dialplan").unwrap_or_default());
    reach::of(&dialplan, lots, |lot, orbit, step| {
        module.look(|park| reach::leads(park, lot, orbit, step))
    })
}

/// Whether a web server or script delivers dialplans.
fn has_other_dialplans() -> bool {
    const OTHERS: [&str; 4] = ["xml_curl.conf", "lua.conf", "python3.conf", "python.conf"];
    OTHERS.iter().any(|name| xml::configuration(name).is_some_and(|it| reach::is_elsewhere(&it)))
}

/// What the dialplan for mod_valet_parking would be in our words. Not on the thread of a call.
pub(crate) fn import_valet(module: &Module) -> Diff {
    let dialplan = Dialplan::read(&xml::section("dialplan").unwrap_or_default());
    let modules = xml::configuration("modules.conf");
    import::propose(&import::Facts {
        dialplan: &dialplan,
        configured: &module.look(configured_lots),
        modules: modules.as_deref(),
        domain: &core::domain().unwrap_or_default(),
        others: has_other_dialplans(),
    })
}

fn voice(module: &Module, lots: &[Arc<LotConfig>]) -> Vec<Finding> {
    let language = core::variable("default_language").unwrap_or_else(|| "en".to_owned());
    let languages = ["languages", "phrases"].iter().find_map(|name| xml::section(name));
    let everywhere = core::variable("hold_music");
    let music: BTreeSet<String> = lots
        .iter()
        .map(|lot| lot.hold_music.clone())
        .chain(module.valet.then_some(None))
        .filter_map(|music| music.or_else(|| everywhere.clone()))
        .collect();
    let facts = voice::Facts {
        announces: lots.iter().any(|lot| lot.announce),
        valet: module.valet,
        language: languages.and_then(|section| voice::Language::read(&section, &language)),
        music: music.into_iter().collect(),
        streams: xml::configuration("local_stream.conf").and_then(|it| voice::streams(&it)),
    };
    voice::of(&facts, module::is_loaded, |path| Path::new(path).exists())
}

fn above(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// Those of the configuration.
fn configured_lots(park: &Park) -> Vec<Arc<LotConfig>> {
    let lots = park.lots().into_iter().filter(|lot| !lot.removed);
    let configs = lots.filter_map(|lot| park.lot_config(&lot.lot));
    configs.filter(|config| !config.made).collect()
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
