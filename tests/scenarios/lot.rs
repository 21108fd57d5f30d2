//! A switch with lots to park in, and the words of the scenarios.

use std::time::Duration;

use kit::{Event, Events, SOON, Setup, Switch, new_uuid};

/// The configuration most scenarios run with: short times, a lot for each policy.
pub const LOTS: &str = r#"
  <lot name="default" orbits="701-705">
    <param name="timeout" value="0"/>
    <param name="announce" value="false"/>
  </lot>
  <lot name="quick" orbits="801-803">
    <param name="timeout" value="1"/>
    <param name="announce" value="false"/>
    <return>
      <step to="transfer:7777 XML default"/>
    </return>
  </lot>
  <lot name="one" orbits="901">
    <param name="timeout" value="0"/>
    <param name="announce" value="false"/>
  </lot>"#;

/// These lots, an extension `park_<args>` for `callpark <args>` (`_` stands for a blank), `take_<args>` for
/// `callpark_retrieve`, `key_<args>` for `callpark_key`, each of which sets `went_on` when the application came back,
/// and 7777, which answers and stays.
pub fn setup(lots: &str) -> Setup {
    let mut dialplan = String::new();
    for (prefix, application) in
        [("park", "callpark"), ("take", "callpark_retrieve"), ("key", "callpark_key")]
    {
        for (words, pattern, data) in
            [(0, "", ""), (1, "_([^_]+)", "$1"), (2, "_([^_]+)_([^_]+)", "$1 $2")]
        {
            dialplan += &format!(
                r#"<extension name="{prefix}{words}"><condition field="destination_number" expression="^{prefix}{pattern}$">
                <action application="{application}" data="{data}"/>
                <action application="set" data="went_on=${{callpark_status}}"/>
                <action application="park"/></condition></extension>"#
            );
        }
    }
    Setup::new()
        .lots(lots)
        .dialplan(&dialplan)
        .extension("7777", &[("answer", ""), ("park", "")])
        .extension("7778", &[("answer", ""), ("sleep", "60000")])
}

/// What a scenario looks at.
pub struct Scene {
    pub switch: Switch,
    pub events: Events,
}

impl Scene {
    pub fn new() -> Self {
        Self::with(setup(LOTS))
    }

    pub fn with(setup: Setup) -> Self {
        let switch = Switch::start(setup);
        let events = switch.events(&["CUSTOM callpark::info", "CHANNEL_BRIDGE"]);
        Self { switch, events }
    }

    /// A caller in extension `exten`, and the `park` event.
    pub fn park(&self, exten: &str) -> (String, Event) {
        self.park_with(exten, &[])
    }

    pub fn park_with(&self, exten: &str, vars: &[(&str, &str)]) -> (String, Event) {
        let uuid = new_uuid();
        self.switch.originate(&uuid, exten, vars);
        let event = self.action(&uuid, "park");
        (uuid, event)
    }

    /// Somebody dials `exten`.
    pub fn dial(&self, exten: &str) -> String {
        let uuid = new_uuid();
        self.switch.originate(&uuid, exten, &[]);
        uuid
    }

    /// As [`Scene::dial`], with variables of the leg.
    pub fn dial_with(&self, exten: &str, vars: &[(&str, &str)]) -> String {
        let uuid = new_uuid();
        self.switch.originate(&uuid, exten, vars);
        uuid
    }

    /// The next event of that action for that parked call.
    pub fn action(&self, uuid: &str, action: &str) -> Event {
        self.events.wait(SOON, |e| e.is("Callpark-UUID", uuid) && e.is("Callpark-Action", action))
    }

    /// The call's one event with an outcome, which must be this one.
    pub fn outcome(&self, uuid: &str, outcome: &str) -> Event {
        let event = self
            .events
            .wait(SOON, |e| e.is("Callpark-UUID", uuid) && !e.text("Callpark-Outcome").is_empty());
        assert_eq!(event.text("Callpark-Outcome"), outcome, "{}", event.summary());
        event
    }

    pub fn api(&self, command: &str) -> String {
        self.switch.api(&format!("callpark {command}"))
    }

    /// `callpark list json`, parsed.
    pub fn calls(&self) -> Vec<serde_json::Value> {
        let text = self.api("list json");
        let list: serde_json::Value = serde_json::from_str(&text).expect(&text);
        list["calls"].as_array().expect("calls").clone()
    }

    /// Waits until the lots hold nothing. What is held for a channel that never came lapses in 5 s.
    pub fn wait_empty(&self) {
        self.switch.eventually(SOON, "every orbit free", || {
            let status: serde_json::Value = serde_json::from_str(&self.api("status json")).ok()?;
            let free =
                |lot: &serde_json::Value| lot["parked"] == 0 && lot["capacity"] == lot["free"];
            status["lots"].as_array()?.iter().all(free).then_some(())
        });
        assert!(self.calls().is_empty());
    }
}

pub const MOMENT: Duration = Duration::from_millis(400);
