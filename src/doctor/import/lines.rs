//! The lines of a dialplan that change, theirs and ours.

use quick_xml::escape::escape;

use super::actions::{Asked, Uses, is_theirs, read, set, valet_data, variable};
use super::lots::Lots;
use crate::config::dialplan::{Action, Extension};
use crate::render::Diff;

/// The lines of the dialplan that change, and how many.
pub(super) fn write(uses: &Uses<'_>, lots: &Lots, diff: &mut Diff) -> usize {
    let mut changed = 0;
    let mut last = None;
    for (context, extension) in &uses.extensions {
        if last.replace(&context.name) != Some(&context.name) {
            diff.file(&format!("dialplan, <context name=\"{}\">", escape(&*context.name)));
        }
        diff.at(&format!("in <extension name=\"{}\">", escape(&*extension.name)));
        if extension.reads_valet_info() {
            diff.note(&format!(
                "the extension {} reads valet_info: use ${{callpark(list <lot> xml)}}, or keep it with the setting valet",
                extension.name
            ));
        }
        let theirs = extension.actions().filter_map(valet_data).filter_map(read).next();
        let lot = theirs.map(|(lot, _)| uses.resolved(context, lot));
        for action in extension.actions().filter(|action| is_theirs(action)) {
            diff.remove(&line(action));
            if let Some(ours) = ours(action, extension, lot.as_deref(), lots) {
                diff.add(&line(&ours));
            }
            changed += 1;
        }
    }
    changed
}

fn line(action: &Action) -> String {
    let (application, data) = (escape(action.application.as_str()), escape(action.data.as_str()));
    format!("<action application=\"{application}\" data=\"{data}\"/>")
}

/// Our action in the place of that one. `None`: there is none, because the lot's params say it.
fn ours(action: &Action, extension: &Extension, lot: Option<&str>, lots: &Lots) -> Option<Action> {
    let with = |application: &str, data: String| {
        Some(Action { application: application.to_owned(), data })
    };
    if let Some((name, value)) = variable(action) {
        if lot.is_some_and(|lot| lots.sets(lot, name)) {
            return None;
        }
        let set = set(extension);
        let part = |name: &str| set.get(name).cloned();
        let ours = match name {
            "valet_parking_timeout" => format!("callpark_timeout={value}"),
            "valet_hold_music" => format!("callpark_hold_music={value}"),
            "valet_announce_slot" => format!("callpark_announce={value}"),
            "valet_parking_orbit_exten" => {
                let dialplan =
                    part("valet_parking_orbit_dialplan").unwrap_or_else(|| "XML".to_owned());
                let context = part("valet_parking_orbit_context").unwrap_or_default();
                format!("callpark_return=transfer:{value} {dialplan} {context}")
                    .trim_end()
                    .to_owned()
            }
            _ => return None,
        };
        return with(&action.application, ours);
    }
    let data = valet_data(action)?;
    let (lot, asked) = read(data)?;
    let (application, data) = match asked {
        Asked::Auto { out: false, .. } => ("callpark", format!("{lot} auto")),
        Asked::Auto { out: true, .. } => ("callpark_retrieve", format!("{lot} next")),
        Asked::Ask => ("callpark_retrieve", format!("{lot} ask")),
        Asked::Slot(slot) => ("callpark_key", format!("{lot} {slot}")),
    };
    match action.data.split_once("valet_park::") {
        Some((keys, _)) if action.application == "bind_meta_app" => {
            with("bind_meta_app", format!("{keys}{application}::{data}"))
        }
        _ => with(application, data),
    }
}
