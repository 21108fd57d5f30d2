//! The dialplans for FusionPBX in `contrib`, as FusionPBX would put them into the context of each tenant: by their `order`.

use std::fs;
use std::path::Path;

use kit::phone::{Call, ReferredBy};
use kit::{Ends, MUSIC, Phone, SOON, Scene, Setup, two_way};

use super::desk::refer;
use super::lamp::{wait_state, watch};
use super::tenants::{phone, trunk};

/// The lot of which contrib's README says that all tenants share it.
fn lot() -> String {
    let readme = file(&folder().join("README.md"));
    readme.lines().find(|line| line.starts_with("<lot ")).expect("a lot").to_owned()
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/fusionpbx")
}

fn file(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn attribute<'a>(xml: &'a str, name: &str) -> &'a str {
    let (_, rest) =
        xml.split_once(&format!(" {name}=\"")).unwrap_or_else(|| panic!("{name}: {xml}"));
    rest.split_once('"').expect("a value").0
}

/// Each as `<extension>`, and its place among the others.
fn extensions() -> Vec<(u32, String)> {
    let entries = fs::read_dir(folder()).expect("a folder").flatten().map(|entry| entry.path());
    let files = entries.filter(|path| path.extension().is_some_and(|end| end == "xml"));
    let mut extensions: Vec<(u32, String)> = files
        .map(|path| {
            let text = file(&path);
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let (_, extension) = text.split_once("-->").expect("a comment, and the extension");
            // The whole of what FusionPBX reads from a file.
            assert!(extension.trim().starts_with("<extension "), "{name}");
            assert_eq!(extension.matches("<extension ").count(), 1, "{name}");
            for needed in ["name", "number", "app_uuid", "enabled", "description"] {
                attribute(extension, needed);
            }
            assert_eq!(attribute(extension, "context"), "${domain_name}", "{name}");
            let order: u32 = attribute(extension, "order").parse().expect("a number");
            assert!(name.starts_with(&order.to_string()), "{name}");
            (order, extension.to_owned())
        })
        .collect();
    // FusionPBX has these two itself.
    let ring = "<extension name=\"user\"><condition field=\"destination_number\" expression=\"^(10[01]\\d)$\">\
                <action application=\"bridge\" data=\"user/$1@${domain_name}\"/></condition></extension>";
    let pick_up = "<extension name=\"intercept-ext\"><condition field=\"destination_number\" expression=\"^\\*\\*(.+)$\">\
                   <action application=\"hangup\" data=\"CALL_REJECTED\"/></condition></extension>";
    extensions.extend([(890, ring.to_owned()), (290, pick_up.to_owned())]);
    extensions.sort();
    extensions
}

/// Two tenants, each with a context of its own.
fn open() -> Option<Scene> {
    let all: String = extensions().into_iter().map(|(_, extension)| extension).collect();
    let contexts: String = ["a.local", "b.local"]
        .iter()
        .map(|domain| format!("<context name=\"{domain}\">{all}</context>"))
        .collect();
    // A tenant's phones come into its context, and callers from outside into that of the number they dial.
    let way = |field: &str, expression: &str, data: &str, domain: &str| {
        format!(
            "<extension name=\"{domain}\"><condition field=\"{field}\" expression=\"{expression}\">\
             <action application=\"set\" data=\"domain_name={domain}\" inline=\"true\"/>\
             <action application=\"transfer\" data=\"{data} XML {domain}\"/></condition></extension>"
        )
    };
    let setup = Setup::new()
        .sip(true)
        .lots(&lot())
        .domain("a.local")
        .domain("b.local")
        .contexts(&contexts)
        .dialplan(&way("${sip_from_host}", "^a.local$", "${destination_number}", "a.local"))
        .dialplan(&way("${sip_from_host}", "^b.local$", "${destination_number}", "b.local"))
        .dialplan(&way("destination_number", "^4930(\\d+)$", "$1", "a.local"));
    Scene::start_real(setup)
}

fn talk(from: &Phone, number: &str, to: &Phone) -> (Call, Call) {
    let call = from.call_up(number);
    let theirs = to.incoming(SOON);
    two_way(&call, to.voice(), &theirs, from.voice());
    (call, theirs)
}

#[test]
fn the_files_for_fusionpbx_park_and_retrieve_in_the_lot_of_the_tenant() {
    let Some(desk) = open() else { return };
    let (caller, bob, carol) =
        (trunk(&desk), phone(&desk, "1001", "a.local"), phone(&desk, "1002", "a.local"));
    let other = phone(&desk, "1001", "b.local");
    let lamp = watch(&carol, "*5901");
    let elsewhere = watch(&other, "*5901");
    let ways = ["*5901", "park+*5901", "***5901", "*58"];
    for (target, way) in ["*5900", "park+*5900", "*5901", "park+*5901"].into_iter().zip(ways) {
        let (call, theirs) = talk(&caller, "49301001", &bob);
        refer(&theirs, target, ReferredBy::Yes);
        let parked = desk.action(&call, "park");
        let place = (parked.text("Callpark-Lot"), parked.text("Callpark-Orbit"));
        assert_eq!(place, ("park@a.local", "*5901"), "{target}");
        assert_eq!(parked.text("Callpark-Parker"), "1001@a.local");
        call.wait_hears(MUSIC, SOON);
        // The target that the lamp names is one of the ways.
        assert_eq!(wait_state(&lamp, "confirmed").target, "***5901");
        // The same key of another tenant is another orbit.
        other.call(way).wait_ended(SOON);
        assert_eq!(desk.calls().len(), 1);
        desk.take(&carol, way, &call, caller.voice(), Ends::Other);
        wait_state(&lamp, "terminated");
        desk.wait_empty();
    }
    assert!(elsewhere.all().iter().all(|notify| !notify.body.contains("confirmed")));
}
