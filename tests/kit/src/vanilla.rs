//! FreeSWITCH's own vanilla configuration, as an installation has it: on ports of this switch, and on the loopback.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::folder::Folder;
use crate::ports::Ports;
use crate::setup::DOMAIN;

/// The password of every user of its directory, 1000…1019.
pub const PASSWORD: &str = "1234";

/// Copies the configuration of that FreeSWITCH into the folder's `conf`, and makes `prefix` there, which `make install`
/// takes for an installation. No mod_callpark in it.
pub(crate) fn write(prefix: &Path, folder: &Folder, ports: &Ports) -> io::Result<()> {
    let conf = folder.join("conf");
    fs::remove_dir_all(&conf)?;
    copy(&prefix.join("etc/freeswitch"), &conf)?;
    for (file, from, to) in edits(ports) {
        let path = conf.join(file);
        let text = fs::read_to_string(&path)?;
        if !text.contains(from) {
            return Err(io::Error::other(format!("{}: there is no {from}", path.display())));
        }
        fs::write(path, text.replace(from, &to))?;
    }
    let ours = folder.join("prefix");
    for (link, to) in [
        ("bin", prefix.join("bin")),
        ("lib/freeswitch/mod", folder.join("mod")),
        ("etc/freeswitch", conf),
    ] {
        let link = ours.join(link);
        fs::create_dir_all(link.parent().unwrap_or(&ours))?;
        symlink(to, link)?;
    }
    Ok(())
}

/// What a machine with a FreeSWITCH of its own, other tests and no network needs, and no user of the README.
fn edits(ports: &Ports) -> Vec<(&'static str, &'static str, String)> {
    let (vars, internal) = ("vars.xml", "sip_profiles/internal.xml");
    let switch = "autoload_configs/switch.conf.xml";
    vec![
        // It would be the machine's address.
        (
            vars,
            "data=\"domain=$${local_ip_v4}\"/>",
            format!(
                "data=\"domain={DOMAIN}\"/>\n  <X-PRE-PROCESS cmd=\"set\" data=\"local_ip_v4=127.0.0.1\"/>"
            ),
        ),
        (vars, "\"stun-set\"", "\"set\"".into()),
        (vars, "stun:stun.freeswitch.org", "127.0.0.1".into()),
        (vars, "internal_sip_port=5060", format!("internal_sip_port={}", ports.sip())),
        (vars, "external_sip_port=5080", format!("external_sip_port={}", ports.other(4))),
        // The phones' Call-IDs are their channels' uuids.
        (
            internal,
            "<settings>",
            "<settings>\n<param name=\"inbound-use-callid-as-uuid\" value=\"true\"/>\n\
             <param name=\"outbound-use-uuid-as-callid\" value=\"true\"/>\n"
                .into(),
        ),
        (internal, ":5066", format!(":{}", ports.other(5))),
        (internal, ":7443", format!(":{}", ports.other(6))),
        ("autoload_configs/event_socket.conf.xml", "8021", ports.esl().to_string()),
        (
            switch,
            "<!-- <param name=\"rtp-start-port\" value=\"16384\"/> -->",
            range("start", ports.rtp_start()),
        ),
        (
            switch,
            "<!-- <param name=\"rtp-end-port\" value=\"32768\"/> -->",
            range("end", ports.rtp_end()),
        ),
    ]
}

fn range(end: &str, port: u16) -> String {
    format!("<param name=\"rtp-{end}-port\" value=\"{port}\"/>")
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let into = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &into)?;
        } else {
            fs::copy(entry.path(), into)?;
        }
    }
    Ok(())
}
