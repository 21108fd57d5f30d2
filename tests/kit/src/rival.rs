//! The two modules that park calls, with what a dialplan says to each.

use crate::{Event, Setup};

/// One of them.
#[derive(Debug, Clone, Copy)]
pub struct Rival {
    /// The module.
    pub name: &'static str,
    /// What a caller dials who is to be parked in `<orbit>`: `<park><orbit>`.
    pub park: &'static str,
    /// What a retriever dials.
    pub take: &'static str,
    /// The retriever's application.
    pub application: &'static str,
    subclass: &'static str,
    /// The header that says what has happened, and what it says of a call that is parked now.
    parked: (&'static str, &'static str),
}

/// The module under test.
pub const CALLPARK: Rival = Rival {
    name: "mod_callpark",
    park: "ours_park_",
    take: "ours_take_",
    application: "callpark_retrieve",
    subclass: "callpark::info",
    parked: ("Callpark-Action", "park"),
};

/// FreeSWITCH's own.
pub const VALET: Rival = Rival {
    name: "mod_valet_parking",
    park: "valet_park_",
    take: "valet_take_",
    application: "valet_park",
    subclass: "valet_parking::info",
    parked: ("Action", "hold"),
};

/// Events that [`Rival::parked`] tells from others.
pub const PARKED: [&str; 2] = ["CUSTOM callpark::info", "CUSTOM valet_parking::info"];

impl Rival {
    /// Is this the event of that call being parked?
    pub fn parked(&self, event: &Event, uuid: &str) -> bool {
        let (header, value) = self.parked;
        let about = event.uuid() == uuid || event.is("Callpark-UUID", uuid);
        event.subclass() == self.subclass && event.is(header, value) && about
    }
}

/// Both modules, with their extensions, and one lot of these orbits in which calls stay. Each is used as its documentation
/// says: `valet_park` needs an answer first, `callpark` and `callpark_retrieve` answer themselves.
pub fn both(setup: Setup, orbits: &str) -> Setup {
    both_and(setup, orbits, "")
}

/// The same with other lots beside it.
pub fn both_and(setup: Setup, orbits: &str, others: &str) -> Setup {
    let lot = format!(
        r#"<lot name="default" orbits="{orbits}"><param name="timeout" value="0"/><param name="announce" value="false"/></lot>
      {others}"#
    );
    let digits = "(\\d+)";
    setup
        .module("mod_valet_parking")
        .lots(&lot)
        .extension(&format!("{}{digits}", CALLPARK.park), &[("callpark", "default $1")])
        .extension(&format!("{}{digits}", CALLPARK.take), &[("callpark_retrieve", "default $1")])
        .extension(
            &format!("{}{digits}", VALET.park),
            &[("set", "valet_announce_slot=false"), ("answer", ""), ("valet_park", "bench $1")],
        )
        .extension(
            &format!("{}{digits}", VALET.take),
            &[("answer", ""), ("valet_park", "bench $1")],
        )
}
