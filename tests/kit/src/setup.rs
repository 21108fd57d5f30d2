//! What a switch is to be started with.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use crate::folder::Folder;
use crate::host::repository;
use crate::ports::Ports;
use crate::{tls, wav};

/// The domain of every phone, extension and presentity.
pub const DOMAIN: &str = "test.local";

/// Where the users of a domain are reached: at the phones they have registered.
const DIAL_STRING: &str = r#"<param name="dial-string" value="{presence_id=${dialed_user}@${dialed_domain}}${sofia_contact(*/${dialed_user}@${dialed_domain})}"/>"#;

/// mod_local_stream takes a stream of the listener's rate, if there is one.
const WIDE_STREAM: &str = r#"
      <directory name="moh/48000" path="{{folder}}/moh48">
        <param name="rate" value="48000"/>
        <param name="shuffle" value="false"/>
        <param name="channels" value="1"/>
        <param name="interval" value="20"/>
        <param name="timer-name" value="soft"/>
      </directory>"#;

const INTERNAL: &str = "<profile name=\"internal\">";

/// A builder. The default is a switch with mod_callpark, the repository's sample configuration
/// and sample dialplan, no SIP, and hold music that is a steady 400 Hz tone.
#[derive(Debug, Clone)]
pub struct Setup {
    pub(crate) sip: bool,
    callpark_conf: Option<String>,
    load_module: bool,
    sample_dialplan: bool,
    dialplan: String,
    contexts: String,
    modules: Vec<String>,
    globals: Vec<(String, String)>,
    hold_music: String,
    local_stream: bool,
    music: bool,
    rtp: Option<(u16, u16)>,
    track_calls: bool,
    codecs: String,
    sip_params: String,
    dropped_sip_params: Vec<String>,
    sounds: Vec<(String, f32, u32)>,
    configurations: String,
    dial_strings: Vec<(u32, String)>,
    user_variables: Vec<(u32, String)>,
    passwords: Vec<(u32, String)>,
    sections: String,
    domains: Vec<String>,
    other_profile: Option<String>,
    pub(crate) vanilla: bool,
    ipv6: bool,
    tls: bool,
    pub(crate) uid: Option<u32>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup::new()
    }
}

impl Setup {
    /// The default, see [`Setup`].
    pub fn new() -> Setup {
        Setup {
            sip: false,
            callpark_conf: fs::read_to_string(sample("autoload_configs/callpark.conf.xml")).ok(),
            load_module: true,
            sample_dialplan: true,
            dialplan: String::new(),
            contexts: String::new(),
            modules: Vec::new(),
            globals: Vec::new(),
            hold_music: "tone_stream://%(500,0,400);loops=-1".into(),
            local_stream: false,
            music: false,
            rtp: None,
            track_calls: false,
            codecs: "PCMU,PCMA".into(),
            sip_params: String::new(),
            dropped_sip_params: Vec::new(),
            sounds: Vec::new(),
            configurations: String::new(),
            dial_strings: Vec::new(),
            user_variables: Vec::new(),
            passwords: Vec::new(),
            sections: String::new(),
            domains: Vec::new(),
            other_profile: None,
            vanilla: false,
            ipv6: false,
            tls: false,
            uid: None,
        }
    }

    /// Another callpark.conf: a whole `<configuration name="callpark.conf">` element.
    pub fn callpark_conf(mut self, xml: &str) -> Setup {
        self.callpark_conf = Some(xml.into());
        self
    }

    /// A callpark.conf with these lots: what stands between `<lots>` and `</lots>`.
    pub fn lots(self, lots: &str) -> Setup {
        self.callpark_conf(&format!(
            "<configuration name=\"callpark.conf\">\n<lots>\n{lots}\n</lots>\n</configuration>\n"
        ))
    }

    /// No callpark.conf at all.
    pub fn no_callpark_conf(mut self) -> Setup {
        self.callpark_conf = None;
        self
    }

    /// Whether mod_callpark is loaded at start (default: yes). Its file is there anyway.
    pub fn load_module(mut self, load: bool) -> Setup {
        self.load_module = load;
        self
    }

    /// Leaves out the repository's sample dialplan.
    pub fn no_sample_dialplan(mut self) -> Setup {
        self.sample_dialplan = false;
        self
    }

    /// Adds `<extension>` elements to the context `default`, before the sample dialplan.
    pub fn dialplan(mut self, xml: &str) -> Setup {
        self.dialplan.push_str(xml);
        self.dialplan.push('\n');
        self
    }

    /// Adds an extension to the context `default`: a number (a regular expression without its
    /// anchors; `$1` is its first group) and its actions, application and data.
    pub fn extension(self, number: &str, actions: &[(&str, &str)]) -> Setup {
        let mut xml = format!(
            "<extension name=\"{0}\">\n<condition field=\"destination_number\" \
             expression=\"^{0}$\">\n",
            escape(number)
        );
        for (application, data) in actions {
            let data = escape(data);
            xml.push_str(&format!("<action application=\"{application}\" data=\"{data}\"/>\n"));
        }
        xml.push_str("</condition>\n</extension>");
        self.dialplan(&xml)
    }

    /// Adds whole `<context>` elements to the dialplan.
    pub fn contexts(mut self, xml: &str) -> Setup {
        self.contexts.push_str(xml);
        self
    }

    /// Loads one more module of FreeSWITCH. The stand-in has its own and passes over it.
    pub fn module(mut self, name: &str) -> Setup {
        self.modules.extend((!name.is_empty()).then(|| name.into()));
        self
    }

    /// Sets a global variable, `$${name}`.
    pub fn global(mut self, name: &str, value: &str) -> Setup {
        self.globals.push((name.into(), value.into()));
        self
    }

    /// Sets the global variable `hold_music`.
    pub fn hold_music(mut self, stream: &str) -> Setup {
        self.hold_music = stream.into();
        self
    }

    /// Loads mod_local_stream with one stream, `local_stream://moh`: 500 Hz out of a WAV file.
    pub fn local_stream(mut self) -> Setup {
        self.local_stream = true;
        self
    }

    /// The hold music is `local_stream://moh`, a piece of music out of a file, at the rate that a listener's codec has: 8 or
    /// 48 kHz.
    pub fn music(mut self) -> Setup {
        self.music = true;
        self.local_stream().hold_music("local_stream://moh")
    }

    /// Takes the ports from `first` to `last` for audio: the kit's own are enough for 440 calls. Two switches of one machine
    /// must not share them.
    pub fn rtp_ports(mut self, first: u16, last: u16) -> Setup {
        self.rtp = Some((first, last));
        self
    }

    /// Loads mod_sofia, with one profile `internal` on a free port, no authentication, presence,
    /// RTP on 127.0.0.1, and a directory of users 1000…1019. FreeSWITCH only.
    pub fn sip(mut self, sip: bool) -> Setup {
        self.sip = sip;
        self
    }

    /// The profile's codecs (default `PCMU,PCMA`).
    pub fn codecs(mut self, codecs: &str) -> Setup {
        self.codecs = codecs.into();
        self
    }

    /// Adds a `<param>` to the SIP profile.
    pub fn sip_param(mut self, name: &str, value: &str) -> Setup {
        let value = escape(value);
        self.sip_params.push_str(&format!("<param name=\"{name}\" value=\"{value}\"/>\n"));
        self
    }

    /// Lets the SIP profile keep what `sofia recover` needs.
    pub fn track_calls(mut self) -> Setup {
        self.track_calls = true;
        self
    }

    /// Adds whole `<configuration>` elements.
    pub fn configurations(mut self, xml: &str) -> Setup {
        self.configurations.push_str(xml);
        self
    }

    /// A sound file in the folder `{{folder}}/sounds`: so many ms of a tone.
    pub fn sound(mut self, path: &str, hz: f32, ms: u32) -> Setup {
        self.sounds.push((path.into(), hz, ms));
        self
    }

    /// Leaves out a parameter of the SIP profile that the kit sets.
    pub fn without_sip_param(mut self, name: &str) -> Setup {
        self.dropped_sip_params.push(format!("<param name=\"{name}\" "));
        self
    }

    /// The password of a user of the directory, 1000…1019, for the module's web server.
    pub fn password(mut self, user: u32, password: &str) -> Setup {
        self.passwords.push((user, password.into()));
        self
    }

    /// Says where a user of the directory, 1000…1019, is reached: a dial string, instead of the phones it has
    /// registered.
    pub fn user_at(mut self, user: u32, dial_string: &str) -> Setup {
        self.dial_strings.push((user, escape(dial_string)));
        self
    }

    /// Gives a user of the directory, 1000…1019, a variable.
    pub fn user_variable(mut self, user: u32, name: &str, value: &str) -> Setup {
        let value = escape(value);
        self.user_variables.push((user, format!("<variable name=\"{name}\" value=\"{value}\"/>")));
        self
    }

    /// Adds a domain: another tenant on the same SIP profile, with the same users 1000…1019. Phones then register and
    /// watch under their own domain.
    pub fn domain(mut self, name: &str) -> Setup {
        self = self.own_domains();
        self.domains.push(name.into());
        self
    }

    /// Adds a second SIP profile, on a port of its own, which answers for that domain. Its phones: `Phone::at_other`.
    pub fn other_profile(mut self, domain: &str) -> Setup {
        self = self.own_domains();
        self.other_profile = Some(domain.into());
        self
    }

    fn own_domains(mut self) -> Setup {
        if self.domains.is_empty() {
            for param in [
                "force-register-domain",
                "force-register-db-domain",
                "force-subscription-domain",
                // With it FreeSWITCH takes the users of one of these domains for those of any other.
                "presence-hosts",
            ] {
                self = self.without_sip_param(param);
            }
        }
        self
    }

    /// The second profile, made from the text of the first.
    fn second_profile(&self, text: &str) -> String {
        let (Some(domain), Some((_, rest))) = (&self.other_profile, text.split_once(INTERNAL))
        else {
            return String::new();
        };
        let Some((body, _)) = rest.split_once("</profile>") else { return String::new() };
        let aliases = "            <alias name=\"{{domain}}\"/>\n{{aliases}}";
        let hosted =
            "            <domain name=\"{{domain}}\" alias=\"true\" parse=\"false\"/>\n{{hosted}}";
        let alias = format!("            <alias name=\"{domain}\"/>");
        let body = body.replace(aliases, &alias).replace(hosted, "");
        let body = body.replace("{{sip_port}}", "{{other_port}}");
        format!("<profile name=\"other\">{body}</profile>")
    }

    /// Adds whole `<section>` elements, such as one of languages.
    pub fn sections(mut self, xml: &str) -> Setup {
        self.sections.push_str(xml);
        self
    }

    /// The SIP profile and its phones are on `::1`.
    pub fn ipv6(mut self) -> Setup {
        self.ipv6 = true;
        self
    }

    pub(crate) fn ip(&self) -> IpAddr {
        match self.ipv6 {
            true => Ipv6Addr::LOCALHOST.into(),
            false => Ipv4Addr::LOCALHOST.into(),
        }
    }

    /// Runs as a user of its own, whose threads can be limited: see [`Switch::limit_threads`](crate::Switch::limit_threads).
    /// Only root can start such a switch.
    pub fn own_user(mut self) -> Setup {
        self.uid = Some(100_000 + fastrand::u32(..1_000_000));
        self
    }

    /// The SIP profile takes TLS as well, with a certificate of its own.
    pub fn tls(mut self) -> Setup {
        self.tls = true;
        self
    }

    /// FreeSWITCH's own vanilla configuration, and nothing of the kit's or the repository's; of what else is set here
    /// only the sounds count. An installation to work on is in `prefix`, in the switch's folder. FreeSWITCH only.
    pub fn vanilla() -> Setup {
        Setup { sip: true, vanilla: true, ..Setup::new() }
    }

    /// Writes everything the switch reads.
    pub(crate) fn write(&self, folder: &Folder, ports: &Ports) -> io::Result<()> {
        write_callpark_conf(folder, ports, self.callpark_conf.as_deref())?;
        if self.sample_dialplan {
            copy_xml(&sample("dialplan"), &folder.join("conf/dialplan"))?;
        }
        if self.music {
            for (path, rate) in [("moh/music.wav", 8000), ("moh48/music.wav", 48_000)] {
                let path = folder.join(path);
                fs::create_dir_all(path.parent().unwrap_or(&path))?;
                wav::write_music(&path, rate)?;
            }
        } else if self.local_stream {
            wav::write_tone(&folder.join("moh/tone.wav"), 500.0, 4000)?;
        }
        self.write_sounds(folder)?;
        if self.tls {
            tls::write_certificate(&folder.join("tls"))?;
        }
        fs::write(folder.join("conf/freeswitch.xml"), self.render(folder, ports))
    }

    pub(crate) fn write_sounds(&self, folder: &Folder) -> io::Result<()> {
        for (path, hz, ms) in &self.sounds {
            let path = folder.join("sounds").join(path);
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            wav::write_tone(&path, *hz, *ms)?;
        }
        Ok(())
    }

    fn render(&self, folder: &Folder, ports: &Ports) -> String {
        let mut modules: Vec<&str> = Vec::new();
        if self.sip {
            modules.push("mod_sofia");
        }
        if self.local_stream {
            modules.extend(["mod_sndfile", "mod_local_stream"]);
        }
        modules.extend(self.modules.iter().map(String::as_str));
        // mod_sofia asks for its database when it is loaded.
        modules.sort_by_key(|name| *name != "mod_pgsql");
        if self.load_module {
            modules.push("mod_callpark");
        }
        let load = |name: &&str| format!("        <load module=\"{name}\"/>\n");
        let set = |(name, value): &(String, String)| {
            format!("  <X-PRE-PROCESS cmd=\"set\" data=\"{name}={value}\"/>\n")
        };
        let params = [("dial-string", &self.dial_strings), ("callpark-password", &self.passwords)];
        let user = |number| {
            let params = params.iter().flat_map(|(name, values)| {
                let own = values.iter().filter(move |(user, _)| *user == number);
                own.map(move |(_, value)| format!("<param name=\"{name}\" value=\"{value}\"/>"))
            });
            let params: String = params.collect();
            let variables = self.user_variables.iter().filter(|(user, _)| *user == number);
            let variables: String = variables.map(|(_, variable)| variable.as_str()).collect();
            format!(
                "        <user id=\"{number}\"><params>{params}</params><variables>{variables}</variables></user>\n"
            )
        };
        let dropped =
            |line: &&str| self.dropped_sip_params.iter().any(|param| line.contains(param));
        let lines = include_str!("../freeswitch.xml").lines().filter(|line| !dropped(line));
        let mut text: String = lines.flat_map(|line| [line, "\n"]).collect();
        let users: String = (1000..1020).map(user).collect();
        let domain = |name: &String| {
            format!(
                "    <domain name=\"{name}\"><params>{DIAL_STRING}</params>\n<users>\n{users}</users></domain>\n"
            )
        };
        let alias = |name: &String| format!("            <alias name=\"{name}\"/>\n");
        let hosted = |name: &String| {
            format!("            <domain name=\"{name}\" alias=\"true\" parse=\"false\"/>\n")
        };
        let other_profile = self.second_profile(&text);
        let domains = self.domains.iter().chain(&self.other_profile);
        for (name, value) in [
            ("other_profile", other_profile),
            ("other_port", ports.other_sip().to_string()),
            ("domains", domains.map(domain).collect()),
            ("aliases", self.domains.iter().map(alias).collect()),
            ("hosted", self.domains.iter().map(hosted).collect()),
            ("dial_string", DIAL_STRING.into()),
            ("sections", self.sections.clone()),
            ("streams", if self.music { WIDE_STREAM.into() } else { String::new() }),
            ("folder", folder.path().display().to_string()),
            ("domain", DOMAIN.into()),
            ("hold_music", self.hold_music.clone()),
            ("globals", self.globals.iter().map(set).collect()),
            ("modules", modules.iter().map(load).collect()),
            ("esl_port", ports.esl().to_string()),
            ("sip_port", ports.sip().to_string()),
            ("sip_ip", self.ip().to_string()),
            ("tls", self.tls.to_string()),
            ("tls_port", ports.tls().to_string()),
            ("rtp_start", self.rtp.map_or(ports.rtp_start(), |(first, _)| first).to_string()),
            ("rtp_end", self.rtp.map_or(ports.rtp_end(), |(_, last)| last).to_string()),
            ("codecs", self.codecs.clone()),
            ("track_calls", self.track_calls.to_string()),
            ("sip_params", self.sip_params.clone()),
            ("configurations", self.configurations.clone()),
            ("dialplan", self.dialplan.clone()),
            ("contexts", self.contexts.clone()),
            ("users", users.clone()),
        ] {
            text = text.replace(&format!("{{{{{name}}}}}"), &value);
        }
        text
    }
}

/// Writes or removes autoload_configs/callpark.conf.xml in the switch's folder.
/// `{{web_port}}` in it is a port of that switch.
pub(crate) fn write_callpark_conf(
    folder: &Folder,
    ports: &Ports,
    xml: Option<&str>,
) -> io::Result<()> {
    let path = folder.join("conf/autoload_configs/callpark.conf.xml");
    match xml {
        Some(xml) => fs::write(path, xml.replace("{{web_port}}", &ports.web().to_string())),
        None if path.exists() => fs::remove_file(path),
        None => Ok(()),
    }
}

/// A file of the samples that the project installs.
fn sample(path: &str) -> std::path::PathBuf {
    repository().join("conf").join(path)
}

fn copy_xml(from: &Path, into: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.extension() == Some("xml".as_ref())) {
            fs::copy(&path, into.join(name))?;
        }
    }
    Ok(())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
