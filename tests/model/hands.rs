//! How people use the switch: by legs without phones, on the stand-in; by SIP phones, on a real FreeSWITCH.

use std::collections::BTreeSet;

use kit::new_uuid;

use crate::ask::Number;
use crate::office::Office;
use crate::people::Person;
use crate::world::World;

/// What people do themselves.
pub trait Hands {
    /// Dials; the leg's uuid. Waits for nothing.
    fn dial(&mut self, office: &mut Office, who: Person, number: &Number) -> String;

    /// Hangs up a leg.
    fn hang_up(&mut self, office: &mut Office, uuid: &str);

    /// Presses keys.
    fn keys(&mut self, office: &mut Office, uuid: &str, keys: &str);

    /// Sends the other party of a bridge to a number. None: it cannot.
    fn blind(
        &mut self,
        office: &mut Office,
        call: &str,
        party: &str,
        number: &Number,
        referred_by: bool,
    ) -> Option<()>;

    /// Whether this leg is a phone's, which can hold and transfer.
    fn is_phone(&self, uuid: &str) -> bool;

    /// Connects the other parties of two legs of one person. None: it cannot.
    fn attended(&mut self, office: &mut Office, call: &str, consultation: &str) -> Option<()>;

    /// Holds, or resumes. None: it cannot.
    fn hold(&mut self, uuid: &str, on: bool) -> Option<()>;

    /// A consultation call that is completed so many ms after its answer; its leg. None: it cannot.
    fn rush(&mut self, office: &mut Office, call: &str, number: &Number, ms: u64)
    -> Option<String>;

    /// Does everybody hear what they should, and see it on their lamps? Whoever has heard a stranger is `wrong`.
    ///
    /// # Errors
    /// Who does not (yet).
    fn sense(&mut self, world: &mut World, expected: &Expected) -> Result<(), String>;

    /// Everybody has hung up.
    fn forget(&mut self) {}
}

/// What phones should hear and show.
pub struct Expected {
    /// By the leg's uuid.
    pub sounds: Vec<(String, Hears)>,
    /// The lamps that are lit, `701@a.local`.
    pub lit: BTreeSet<String>,
}

/// What a leg should hear.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hears {
    /// Somebody.
    Voice(Person),
    /// The music of the parked.
    Music,
    /// Anything but a person.
    Nobody,
}

/// Legs without phones.
pub struct NullLegs;

impl Hands for NullLegs {
    fn dial(&mut self, office: &mut Office, who: Person, number: &Number) -> String {
        let uuid = new_uuid();
        let mut variables = format!(
            "origination_uuid={uuid},origination_caller_id_number={0},origination_caller_id_name={who},\
             presence_id={1}",
            who.user(),
            who.address()
        );
        if let Some(tenant) = who.tenant() {
            variables += &format!(",domain_name={tenant},user_name={}", who.user());
        }
        let number = number.dialled();
        office.begin(&format!("originate {{{variables}}}null/{} {number} XML default", who.user()));
        uuid
    }

    fn hang_up(&mut self, office: &mut Office, uuid: &str) {
        office.send(&format!("uuid_kill {uuid}"));
    }

    fn keys(&mut self, office: &mut Office, uuid: &str, keys: &str) {
        office.send(&format!("uuid_recv_dtmf {uuid} {keys}"));
    }

    fn blind(
        &mut self,
        office: &mut Office,
        _call: &str,
        party: &str,
        number: &Number,
        _by: bool,
    ) -> Option<()> {
        office.send(&format!("uuid_transfer {party} {} XML default", number.dialled()));
        Some(())
    }

    fn is_phone(&self, _uuid: &str) -> bool {
        false
    }

    fn attended(&mut self, _office: &mut Office, _call: &str, _consultation: &str) -> Option<()> {
        None
    }

    fn hold(&mut self, _uuid: &str, _on: bool) -> Option<()> {
        None
    }

    fn rush(&mut self, _: &mut Office, _: &str, _: &Number, _: u64) -> Option<String> {
        None
    }

    fn sense(&mut self, _world: &mut World, _expected: &Expected) -> Result<(), String> {
        Ok(())
    }
}
