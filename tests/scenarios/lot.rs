//! A switch with lots to park in, and the words of the scenarios.

use std::time::Duration;

pub use kit::Scene;
use kit::Setup;

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

/// Long enough to be sure that something does not happen.
pub const MOMENT: Duration = Duration::from_millis(400);
