//! What a program sees of calls, and what its answers do.

use std::sync::Arc;

use office::entry::Place;
use office::hooks::{Change, Host, Reader, Shown, Suggestion};

use crate::dial::link;
use crate::journal::acts;
use crate::module::Module;
use crate::park::{
    self, Access, Actor, CallUuid, Caller, DisplayName, LotKey, Park, Person, Right, Setting, User,
    domain_name, is_invisible,
};
use crate::switch::{clock, guard, log};

/// The module, as the hooks see it.
pub(super) struct Office(pub(super) Arc<Module>);

impl Host for Office {
    fn shown(&self, reader: &Reader, lot: &str) -> Option<Shown> {
        guard("the webhooks", None, || {
            let lot: LotKey = lot.parse().ok()?;
            self.0.look(|park| shown(park, &actor(reader), &lot))
        })
    }

    fn suggested(
        &self,
        question: &str,
        reader: &Reader,
        uuid: &str,
        parked_at_ms: i64,
        suggestion: Suggestion,
    ) -> Result<(), String> {
        guard("an answer to a question", Err("an internal error".to_owned()), || {
            let settings = settings(suggestion, reader)?;
            let call = (CallUuid::from(uuid), u64::try_from(parked_at_ms).unwrap_or_default());
            acts::acting(&format!("question {question}"), || {
                self.0.act(None, |park, now| apply(park, now, reader, &call, settings))
            })
        })
    }

    fn link(&self, uuid: &str, parked_at_ms: i64, place: &Place) -> Option<String> {
        guard("a link for a webhook", None, || {
            let call = self.0.look(|park| park.find(clock::now(), &CallUuid::from(uuid)))?;
            let parked_at = u64::try_from(parked_at_ms).ok()?;
            let there = (call.lot.to_string(), call.orbit.as_str());
            let same = call.info.parked_at_epoch_ms == parked_at
                && (there.0.as_str(), there.1) == (place.lot.as_str(), place.orbit.as_str());
            let user = call.info.addressee().or_else(|| call.info.parker.clone())?;
            same.then(|| link::to(&self.0, &call, &user, link::GOOD_FOR).ok()).flatten()
        })
    }

    fn say(&self, change: &Change) {
        match change.is_warning() {
            true => log::warning(None, format_args!("{change}")),
            false => log::notice(None, format_args!("{change}")),
        }
    }
}

/// A program is a party of its tenant that is no user, or an administrator, as a token is.
fn actor(reader: &Reader) -> Actor {
    match reader.domain.as_deref().and_then(domain_name) {
        Some(domain) => Actor::from(Person { domain: Some(domain.into()), ..Person::default() }),
        None => Actor::Administrator,
    }
}

/// How much it sees of a caller in that lot, if it sees the call.
fn shown(park: &Park, actor: &Actor, lot: &LotKey) -> Option<Shown> {
    let config = park.lot_config(lot);
    let none = Access::default();
    let access = config.as_ref().map_or(&none, |config| &config.access);
    if !access.decide(Right::List, lot, actor).allowed {
        return None;
    }
    // A lot that is gone has no privacy; its calls have been masked by then, as far as its journal was.
    let shown = config.map_or(park::Shown::All, |config| {
        config.shown_to_party(lot, actor, false, &Caller::default())
    });
    Some(match shown {
        park::Shown::All => Shown::All,
        park::Shown::Masked => Shown::Masked,
        park::Shown::Nothing => Shown::Nothing,
    })
}

/// What there is to change, each checked as `callpark set` does.
fn settings(suggestion: Suggestion, reader: &Reader) -> Result<Vec<Setting>, String> {
    let Suggestion { name, priority, addressed_to, note } = suggestion;
    let mut settings = Vec::new();
    let name = name.map(|name| name.chars().filter(|c| !is_invisible(*c)).collect::<String>());
    if let Some(name) = name.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        settings.push(Setting::Name(DisplayName::of(&name.into())));
    }
    let mut set = |what: &str, value: Option<String>| match value {
        None => Ok(()),
        Some(value) => {
            let setting = Setting::parse(what, &value);
            setting
                .map(|setting| settings.push(setting))
                .map_err(|why| format!("its answer: {why}"))
        }
    };
    set("priority", priority)?;
    let note = note.map(|note| {
        let visible = |c: char| if is_invisible(c) { ' ' } else { c };
        note.chars().map(visible).collect::<String>()
    });
    set("note", note)?;
    if let Some(user) = addressed_to.filter(|user| !user.is_empty()) {
        let user: User =
            user.parse().map_err(|_| "its answer: for is not a user@domain".to_owned())?;
        let domain = reader.domain.as_deref().and_then(domain_name);
        if domain.is_some_and(|domain| domain != user.domain()) {
            return Err("its answer: for is a user of another tenant".to_owned());
        }
        set("for", Some(user.to_string()))?;
    }
    Ok(settings)
}

/// Changes the call, if it is that parking of it, and the reader may see it where it is now.
fn apply(
    park: &mut Park,
    now: park::Moment,
    reader: &Reader,
    (uuid, parked_at_ms): &(CallUuid, u64),
    settings: Vec<Setting>,
) -> Result<(), String> {
    let call = park.find(now, uuid);
    let call = call
        .filter(|call| call.info.uuid == *uuid && call.info.parked_at_epoch_ms == *parked_at_ms)
        .ok_or("the call was not parked any more when the answer came")?;
    if shown(park, &actor(reader), &call.lot).is_none() {
        return Err("the call was in another lot when the answer came".to_owned());
    }
    let place = call.place();
    for setting in settings {
        let same = match &setting {
            Setting::Name(name) => *name == call.info.caller.name,
            Setting::Priority(priority) => *priority == call.info.priority,
            Setting::Note(note) => **note == *call.info.note,
            Setting::For(user) => **user == *call.info.addressed_to,
            Setting::TimeoutMs(_) => false,
        };
        if !same {
            park.set(now, &place, setting).map_err(|refusal| refusal.text().to_owned())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::park::{CallInfo, LotConfig, Moment, OrbitRange, ParkRequest, Privacy, Rule, Want};

    const START: u64 = 1_700_000_000_000;

    fn lot() -> LotKey {
        "sales@a.example".parse().unwrap()
    }

    fn park(set: impl FnOnce(&mut LotConfig)) -> Park {
        let mut park = Park::new(1);
        let mut config = LotConfig::new(lot(), OrbitRange::parse_list("701-703").unwrap());
        set(&mut config);
        park.configure(Moment(0), vec![config]);
        let mut info = CallInfo::new(CallUuid::from("u"), Caller::new("anonymous", "+4930"));
        info.parked_at_epoch_ms = START;
        park.park(Moment(0), ParkRequest::by_administrator(info, lot(), Want::Auto)).unwrap();
        let _ = park.take_effects();
        park
    }

    fn reader(domain: Option<&str>) -> Reader {
        Reader { domain: domain.map(str::to_owned), lots: Vec::new() }
    }

    fn suggestion(name: &str, priority: &str, user: &str, note: &str) -> Suggestion {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Suggestion {
            name: some(name),
            priority: some(priority),
            addressed_to: some(user),
            note: some(note),
        }
    }

    #[test]
    fn a_program_sees_what_a_token_of_its_tenant_sees() {
        let privacy = |privacy| park(|config| config.privacy = privacy);
        let seen = |park: &Park, domain| shown(park, &actor(&reader(domain)), &lot());
        let open = privacy(Privacy::Off);
        assert_eq!(seen(&open, Some("a.example")), Some(Shown::All));
        assert_eq!(seen(&open, Some("b.example")), None);
        assert_eq!(seen(&privacy(Privacy::On), Some("A.example")), Some(Shown::Masked));
        assert_eq!(seen(&privacy(Privacy::On), None), Some(Shown::All));
        assert_eq!(seen(&privacy(Privacy::Strict), None), Some(Shown::Masked));
        let kept = park(|config| {
            let mut rule = Rule::new(false, 1);
            rule.set("action", "list").unwrap();
            config.access.push(rule).unwrap();
        });
        assert_eq!(seen(&kept, Some("a.example")), None);
    }

    #[test]
    fn an_answer_names_the_caller_and_the_lamp_learns_it() {
        let mut park = park(|_| {});
        let all = settings(
            suggestion("Ada\u{202e}\n Lovelace ", "7", "1000@a.example", "gold\ncustomer"),
            &reader(Some("a.example")),
        );
        let call = (CallUuid::from("u"), START);
        apply(&mut park, Moment(5), &reader(None), &call, all.unwrap()).unwrap();
        let info = park.find(Moment(5), &call.0).unwrap().info;
        assert_eq!(&*info.caller.name, "Ada Lovelace");
        assert_eq!((info.priority, &*info.note), (7, "gold customer"));
        assert_eq!(&*info.addressed_to, "1000@a.example");
        let effects = park.take_effects();
        let lamps = effects.iter().filter(|effect| matches!(effect, park::Effect::Presence(_)));
        assert!(lamps.count() > 0);
    }

    #[test]
    fn an_answer_is_for_that_parking_alone() {
        let mut park = park(|_| {});
        let named = || settings(suggestion("Ada", "", "", ""), &reader(None)).unwrap();
        let now = Moment(5);
        let none = reader(None);
        for call in [(CallUuid::from("u"), START + 1), (CallUuid::from("v"), START)] {
            assert!(apply(&mut park, now, &none, &call, named()).is_err());
        }
        let other = reader(Some("b.example"));
        let call = (CallUuid::from("u"), START);
        assert!(apply(&mut park, now, &other, &call, named()).is_err());
        assert!(park.take_effects().is_empty());
    }

    #[test]
    fn a_bad_answer_changes_nothing() {
        let of_a = reader(Some("a.example"));
        for (bad, why) in [
            (suggestion("Ada", "10", "", ""), "priority"),
            (suggestion("", "-1", "", ""), "priority"),
            (suggestion("", "", "nobody", ""), "user@domain"),
            (suggestion("", "", "1000@b.example", ""), "another tenant"),
        ] {
            let error = settings(bad, &of_a).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert!(settings(suggestion("\u{200b}", "", "", ""), &of_a).unwrap().is_empty());
    }
}
