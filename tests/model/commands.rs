//! The module's own command, with right and wrong arguments, and its unloading.

use crate::act::Stage;
use crate::ask::Ask;
use crate::office;
use crate::op::{Do, Kind};
use crate::people::{Lot, Person};

impl Stage<'_> {
    pub fn park(&mut self, one: &Do) -> Option<String> {
        let leg = self.leg(one, 0)?;
        let (lot, orbit) = self.orbit(one, 1, None);
        let orbit = if one.chance(2, 50) { orbit } else { "auto" };
        self.parks_for(&leg, lot);
        let command = format!("callpark park {leg} {} {orbit}", lot.full());
        self.callpark(command.clone(), &command)
    }

    fn parks_for(&mut self, leg: &str, lot: &Lot) {
        if let Some(leg) = self.world.leg_mut(leg) {
            leg.parks_for.extend(lot.domain.map(str::to_owned));
        }
    }

    pub fn retrieve(&mut self, one: &Do) -> Option<String> {
        let (lot, orbit) = self.orbit(one, 0, None);
        let orbit = if one.chance(1, 80) { Some(orbit) } else { None };
        let whom = if one.kind == Kind::RetrieveLeg {
            let leg = self.leg(one, 2)?;
            self.world.wants(&leg, Ask::Take(lot.full(), orbit.map(str::to_owned)));
            leg
        } else {
            // Its leg says for which call it was called.
            format!("user/{}", Person(one.index(2, Person::COUNT)).address())
        };
        let command =
            format!("callpark retrieve {} {} {whom}", lot.full(), orbit.unwrap_or("next"));
        self.callpark(command.clone(), &command)
    }

    pub fn manage(&mut self, one: &Do) -> Option<String> {
        let (lot, orbit) = self.orbit(one, 0, None);
        let at = format!("{} {orbit}", lot.full());
        let command = match one.kind {
            Kind::Move => {
                let (to, there) = self.orbit(one, 1, None);
                let there = if one.chance(2, 50) { there } else { "auto" };
                format!("callpark move {at} {} {there}", to.full())
            }
            Kind::Set => {
                let what = ["timeout 1", "timeout 0", "priority 9", "note x y", "for 1002@a.local"];
                format!("callpark set {at} {}", one.pick(1, &what)?)
            }
            Kind::Return => format!("callpark return {at}"),
            _ => format!("callpark drop {at} {}", one.pick(1, &["", "USER_BUSY", "NONSENSE"])?),
        };
        self.callpark(command.clone(), &command)
    }

    pub fn close(&mut self, one: &Do) -> Option<String> {
        let (lot, orbit) = self.orbit(one, 0, None);
        let verb = if one.kind == Kind::Close { "close" } else { "open" };
        let orbit = if one.chance(1, 60) { orbit } else { "" };
        let command = format!("callpark {verb} {} {orbit}", lot.full());
        self.callpark(command.clone(), &command)
    }

    pub fn nonsense(&mut self, one: &Do) -> Option<String> {
        let leg = self.leg(one, 1).unwrap_or_default();
        let lines = [
            "park".to_owned(),
            "park 00000000-0000-4000-8000-000000000000 default@a.local auto".to_owned(),
            format!("park {leg} nowhere auto"),
            format!("park {leg} default auto"),
            format!("park {leg} common 701"),
            format!("park {leg} common 801 more words than there may be"),
            "retrieve common next nobody".to_owned(),
            format!("retrieve default 701 {leg}"),
            "retrieve common 801".to_owned(),
            "retrieve common next error/USER_BUSY".to_owned(),
            "retrieve common next nonsense/x".to_owned(),
            "move common 801 common 801".to_owned(),
            "move common 801".to_owned(),
            "set common 801 timeout -1".to_owned(),
            "set common 801 color red".to_owned(),
            "drop common 999".to_owned(),
            "return nowhere 801".to_owned(),
            "close common 701".to_owned(),
            "frobnicate".to_owned(),
            "show common 801 json".to_owned(),
        ];
        let command = format!("callpark {}", one.pick(0, &lines)?);
        self.callpark(command.clone(), &command)
    }

    pub fn module(&mut self, one: &Do) -> Option<String> {
        let force = if one.chance(0, 50) { "-f " } else { "" };
        let unloaded = self.office.api(&format!("unload {force}mod_callpark"));
        if !unloaded.starts_with("+OK") {
            if force.is_empty() && unloaded.contains("in use") {
                return Some(format!("unload mod_callpark: {unloaded}"));
            }
            self.world.wrong.push(format!("unload {force}: {unloaded}"));
        }
        // With a broken file it would begin with the lot that is built in.
        self.office.switch.write_callpark_conf(Some(&office::conf(0, self.office.valet)));
        let loaded = self.office.api("load mod_callpark");
        if !loaded.contains("+OK") {
            self.world.wrong.push(format!("load: {loaded}"));
        }
        Some(format!("unload {force}mod_callpark, and load"))
    }

    pub fn command(&mut self, command: String) -> Option<String> {
        self.office.send(&command);
        Some(command)
    }

    /// A command of the module's, whose answer must be one.
    pub fn callpark(&mut self, said: String, command: &str) -> Option<String> {
        if self.office.racing {
            self.office.begin(command);
            return Some(said);
        }
        let answer = self.office.api(command);
        let code = answer.strip_prefix("-ERR ").map(|rest| rest.split(' ').next().unwrap_or(""));
        const CODES: [&str; 12] = [
            "full",
            "occupied",
            "empty",
            "closed",
            "denied",
            "unknown_lot",
            "unknown_orbit",
            "bad_arguments",
            "gone",
            "failed",
            "parked",
            "retrieved",
        ];
        let good = answer.starts_with("+OK")
            || answer.starts_with('{')
            || code.is_some_and(|code| CODES.contains(&code))
            || answer.is_empty();
        if !good {
            self.world.wrong.push(format!("{command}: {answer}"));
        }
        Some(format!("{said}: {answer}"))
    }
}
