//! The switch in which all of it happens.

use kit::Setup;

/// Desks: users 1000, 1001, …, each with a phone of its own.
pub const DESKS: u32 = 12;
/// Whose phone lets everything ring.
pub const RINGS: &str = "1018";
/// What a lamp is watched of, beside the lots.
pub const LAMPS: [&str; 6] = ["7001", "7002", "8001", "8002", "default", "quick"];

/// callpark.conf: a good one, the same with other details, and one that is refused.
pub fn configuration(kind: Kind) -> String {
    let (orbits, assign) = match kind {
        Kind::First => ("7001-7060", "first"),
        Kind::Other => ("7001-7080", "longest-free"),
        Kind::Wrong => ("7001-", "first"),
    };
    format!(
        r#"<configuration name="callpark.conf"><lots>
  <lot name="default" orbits="{orbits}">
    <param name="timeout" value="0"/><param name="announce" value="false"/>
    <param name="assign" value="{assign}"/>
    <return><step to="parker" ring="2"/><step to="user/{RINGS}@$${{domain}}" ring="1"/>
      <step to="hangup:NORMAL_CLEARING"/></return></lot>
  <lot name="quick" orbits="8001-8060">
    <param name="timeout" value="1"/><param name="announce" value="false"/>
    <return><step to="user/{RINGS}@$${{domain}}" ring="1"/><step to="parker" ring="2"/>
      <step to="hangup:NORMAL_CLEARING"/></return></lot>
</lots></configuration>"#
    )
}

/// Which of them.
#[derive(Clone, Copy)]
pub enum Kind {
    First,
    Other,
    Wrong,
}

/// A caller without audio is gone after a few seconds, as is a phone that vanished.
pub fn setup() -> Setup {
    let busy = ("hangup", "USER_BUSY");
    Setup::new()
        .sip(true)
        .sip_param("rtp-timeout-sec", "4")
        .sip_param("rtp-hold-timeout-sec", "6")
        .callpark_conf(&configuration(Kind::First))
        .extension(
            "park_([a-z]+)_(10\\d\\d)",
            &[("set", "callpark_parker=$2@test.local"), ("callpark", "$1 auto"), busy],
        )
        .extension("auto_([a-z]+)", &[("callpark", "$1 auto"), busy])
        .extension("take_([a-z]+)_(\\d+)", &[("callpark_retrieve", "$1 $2"), busy])
        .extension("key_([a-z]+)_(\\d+)", &[("callpark_key", "$1 $2"), busy])
        .extension("next_([a-z]+)", &[("callpark_retrieve", "$1 next"), busy])
        .extension("(10[01]\\d)", &[("bridge", "user/$1@$${domain}")])
}
