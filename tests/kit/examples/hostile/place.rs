//! The switch under siege, and what in it nobody may reach.

use std::path::PathBuf;

use kit::phone::Policy;
use kit::{Phone, Setup, Switch};

/// The user whose phone is never to ring: only what a caller sends names it.
const NOBODY: &str = "1015";

/// What an administrator could have configured, the careless parts included; `9999` only a caller can name.
pub fn setup() -> Setup {
    let lots = r#"<lot name="default" orbits="5000-5999">
        <param name="timeout" value="0"/><param name="announce" value="false"/>
        <return><step to="parker" ring="10"/></return></lot>
      <lot name="visitors" orbits="8001-8400">
        <param name="timeout" value="2"/><param name="announce" value="false"/>
        <param name="page" value="[origination_caller_id_number=${caller_id_number}]null/page"/>
        <return><step to="parker" ring="2"/>
          <step to="[origination_caller_id_name=${caller_id_name}]loopback/crm_${caller_id_number}/default" ring="2"/>
          <step to="hangup:NORMAL_CLEARING"/></return></lot>
      <lot name="menu" orbits="8501-8600">
        <param name="timeout" value="0"/><param name="announce" value="false"/>
        <param name="exit-key" value="0"/><param name="exit-to" value="ivr XML default"/>
        <param name="max-wait" value="20"/><param name="page" value="null/page"/></lot>"#;
    let honest = |setup: Setup, name: &str, timeout: &str| {
        let (parker, timeout) =
            ("callpark_parker=$1@test.local", format!("callpark_timeout={timeout}"));
        setup.extension(
            &format!("{name}_(10\\d\\d)"),
            &[("set", parker), ("set", &timeout), ("callpark", "default auto")],
        )
    };
    let mut setup = Setup::new().sip(true).lots(lots);
    if let Ok(dsn) = std::env::var("HOSTILE_DSN") {
        setup = setup.module("mod_pgsql").sip_param("odbc-dsn", &dsn);
    }
    let setup = honest(honest(setup, "stay", "0"), "return", "4");
    setup
        .extension("(5\\d\\d\\d)", &[("callpark_key", "default $1"), ("hangup", "USER_BUSY")])
        .extension("visit.*", &[("callpark", "visitors auto"), ("hangup", "USER_BUSY")])
        .extension("ivr", &[("callpark", "menu auto"), ("hangup", "USER_BUSY")])
        .extension(
            "feature",
            &[("bind_meta_app", "1 ab s callpark::visitors auto"), ("bridge", "null/100")],
        )
        .extension("crm_.*", &[("hangup", "USER_BUSY")])
        .extension("9999", &[("set_global", "trap=reached"), ("answer", ""), ("park", "")])
}

/// What nobody may reach.
pub struct Traps {
    /// What a shell command in a caller's name would make.
    pub file: PathBuf,
    phone: Phone,
}

impl Traps {
    pub fn set(switch: &Switch) -> Traps {
        let phone = Phone::new(switch, NOBODY).policy(Policy::Reject(486));
        phone.register();
        Traps { file: switch.folder().join("touched"), phone }
    }

    /// Those that were reached; `rung`: how many calls the hostile caller got.
    pub fn sprung(&self, switch: &Switch, rung: u64) -> Vec<String> {
        let mut all = Vec::new();
        if switch.api("global_getvar trap").trim() == "reached" {
            all.push("trap: extension 9999 was reached".to_owned());
        }
        if self.file.exists() {
            all.push("trap: a command from a caller's name was run".to_owned());
        }
        if rung > 0 {
            all.push(format!("trap: the hostile caller was called {rung} times"));
        }
        let rings = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.phone.no_incoming_for(std::time::Duration::ZERO);
        }));
        if rings.is_err() {
            all.push(format!("trap: the phone of {NOBODY} rang"));
        }
        all
    }
}

/// What the module itself says is wrong.
pub fn unwell(switch: &Switch) -> Option<String> {
    let health = switch.api("callpark health json");
    println!("{}", health.trim());
    (!health.starts_with(r#"{"ok":true"#)).then(|| format!("health: {health}"))
}
