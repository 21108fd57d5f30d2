//! Call legs without phones: `null/` channels, which answer at once and send silence.

use std::time::{Duration, Instant};

use crate::switch::Switch;
use crate::wait::{SOON, eventually};

impl Switch {
    /// Starts a leg of that uuid, which answers at once and runs the extension. Variables may hold
    /// anything.
    ///
    /// # Panics
    /// When the switch refuses.
    #[track_caller]
    pub fn originate(&self, uuid: &str, exten: &str, vars: &[(&str, &str)]) {
        let answer = self.try_originate(uuid, exten, vars);
        assert!(answer.starts_with("+OK"), "originate {exten}: {answer}\n{}", self.log_tail(60));
    }

    /// As [`Switch::originate`]; returns what the switch said.
    #[track_caller]
    pub fn try_originate(&self, uuid: &str, exten: &str, vars: &[(&str, &str)]) -> String {
        self.api(&originate_command(uuid, exten, vars))
    }

    /// Starts a leg in the background and returns as soon as its channel exists, within a
    /// millisecond or so: for what must happen while the leg is still on its way.
    ///
    /// # Panics
    /// When no channel comes.
    #[track_caller]
    pub fn originate_bg(&self, uuid: &str, exten: &str, vars: &[(&str, &str)]) {
        let mut esl = self.esl();
        esl.bgapi(&originate_command(uuid, exten, vars)).expect("bgapi");
        let deadline = Instant::now() + SOON;
        let exists = format!("uuid_exists {uuid}");
        while esl.api(&exists).expect("uuid_exists").trim() != "true" {
            assert!(Instant::now() < deadline, "no channel {uuid}\n{}", self.log_tail(60));
        }
    }

    /// Is there a channel of that uuid?
    #[track_caller]
    pub fn alive(&self, uuid: &str) -> bool {
        self.api(&format!("uuid_exists {uuid}")).trim() == "true"
    }

    /// A channel's variable; `None` when it has none or the channel is gone.
    #[track_caller]
    pub fn getvar(&self, uuid: &str, name: &str) -> Option<String> {
        let value = self.api(&format!("uuid_getvar {uuid} {name}"));
        let value = value.strip_suffix('\n').unwrap_or(&value);
        (value != "_undef_" && !value.starts_with("-ERR")).then(|| value.to_owned())
    }

    /// Sets a channel's variable.
    ///
    /// # Panics
    /// When the switch refuses.
    #[track_caller]
    pub fn setvar(&self, uuid: &str, name: &str, value: &str) {
        let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
        let answer = self.api(&format!("uuid_setvar {uuid} {name} {escaped}"));
        assert!(answer.starts_with("+OK"), "uuid_setvar {uuid} {name}: {answer}");
    }

    /// Hangs a channel up; whether it was there.
    #[track_caller]
    pub fn kill(&self, uuid: &str) -> bool {
        self.api(&format!("uuid_kill {uuid}")).starts_with("+OK")
    }

    /// Waits until a channel is gone.
    ///
    /// # Panics
    /// When it stays.
    #[track_caller]
    pub fn wait_gone(&self, uuid: &str) {
        self.eventually(SOON, "the channel is gone", || (!self.alive(uuid)).then_some(()));
    }

    /// Waits until a variable of a channel has this value.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn wait_var(&self, uuid: &str, name: &str, value: &str) {
        self.eventually(SOON, &format!("{name}={value} on {uuid}"), || {
            (self.getvar(uuid, name).as_deref() == Some(value)).then_some(())
        });
    }

    /// Waits until two channels are each other's partner.
    ///
    /// # Panics
    /// When they are not.
    #[track_caller]
    pub fn wait_bridged(&self, one: &str, other: &str) {
        self.eventually(SOON, &format!("{one} and {other} are bridged"), || {
            let there = self.getvar(one, "bridge_uuid").as_deref() == Some(other);
            (there && self.getvar(other, "bridge_uuid").as_deref() == Some(one)).then_some(())
        });
    }

    /// How many channels there are. FreeSWITCH counts them in its database, a moment late: to
    /// wait for a number take [`Switch::wait_channels`].
    ///
    /// # Panics
    /// When the answer is no number.
    #[track_caller]
    pub fn channels(&self) -> usize {
        let answer = self.api("show channels count");
        let number = answer.split_whitespace().next().and_then(|word| word.parse().ok());
        number.unwrap_or_else(|| panic!("show channels count: {answer}"))
    }

    /// Waits until there are so many channels.
    ///
    /// # Panics
    /// When there are not.
    #[track_caller]
    pub fn wait_channels(&self, count: usize) {
        self.eventually(SOON, &format!("{count} channels"), || {
            (self.channels() == count).then_some(())
        });
    }

    /// [`eventually`], with the switch's log when it fails.
    ///
    /// # Panics
    /// When there was no answer before the deadline.
    #[track_caller]
    pub fn eventually<T>(
        &self,
        deadline: Duration,
        what: &str,
        mut ask: impl FnMut() -> Option<T>,
    ) -> T {
        let start = Instant::now();
        eventually(deadline, what, || {
            let answer = ask();
            if answer.is_none() && start.elapsed() >= deadline {
                panic!("not within {deadline:?}: {what}\nend of the log:\n{}", self.log_tail(60));
            }
            answer
        })
    }
}

/// `originate {…}null/100 <exten> XML default`.
pub(crate) fn originate_command(uuid: &str, exten: &str, vars: &[(&str, &str)]) -> String {
    let mut list = format!("origination_uuid={uuid}");
    for (name, value) in vars {
        list.push_str(&format!(",{name}={}", quoted(value)));
    }
    format!("originate {{{list}}}null/100 {exten} XML default")
}

/// A value for the `{}` of a dial string. FreeSWITCH takes the command apart three times, at
/// spaces, commas and `=`, and each time takes off one layer of quotes and backslashes
/// (`switch_separate_string`).
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.:/@+*#()%;$".contains(c);
    if value.chars().all(plain) {
        return value.to_owned();
    }
    if value.trim() == value && value.chars().all(|c| plain(c) || c == ' ') {
        return format!("'{value}'");
    }
    let layer = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
    let value = layer(value).replace('=', "\\=").replace(' ', "\\s");
    layer(&layer(&value).replace(',', "\\,"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_awkward_values_are_quoted() {
        let vars = [("a", "1.5"), ("b", "x y"), ("c", "d,e f")];
        let wanted =
            r"originate {origination_uuid=u,a=1.5,b='x y',c=d\\,e\\\\sf}null/100 701 XML default";
        assert_eq!(originate_command("u", "701", &vars), wanted);
    }
}
