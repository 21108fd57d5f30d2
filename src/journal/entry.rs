//! The module's events as entries of the journal, and the journal's health as a part of the module's.

use office::entry::{Action, Entry, Outcome, Place, Step, StepResult, Subject};
use office::journal::{Health, State};

use super::acts;
use crate::module::health::Part;
use crate::park::{self, ParkEvent, Shown, Viewer};
use crate::switch::clock;

/// The entry for an event that happens now.
pub(crate) fn entry(event: &ParkEvent) -> Entry {
    at(event, clock::epoch_ms())
}

/// The entry for an event at that moment, in ms since 1970.
fn at(event: &ParkEvent, now_ms: u64) -> Entry {
    let info = &event.info;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let deadline = event.timeout_ms_left.map(|left_ms| ms(now_ms.saturating_add(left_ms)));
    Entry {
        at_ms: ms(now_ms),
        action: action(event.action),
        uuid: info.uuid.as_str().to_owned(),
        place: Place {
            lot: event.lot.to_string(),
            orbit: text(event.orbit.as_ref().map(|orbit| orbit.as_str())),
        },
        subject: Subject {
            domain: text(event.lot.domain.as_deref()),
            caller_name: info.caller.name.to_string(),
            caller_number: info.caller.number.to_string(),
            did: info.did.to_string(),
            parker: text(info.parker.as_deref()),
            addressed_to: info.addressed_to.to_string(),
            priority: info.priority,
            note: info.note.to_string(),
            parked_at_ms: ms(info.parked_at_epoch_ms),
        },
        // What has ended is not returned any more.
        deadline_ms: deadline.filter(|_| event.outcome.is_none()),
        capacity: event.capacity,
        wait_ms: ms(event.wait_ms),
        outcome: event.outcome.map(outcome),
        actor: acts::actor_of(event),
        private: event.privacy.shown_to(Viewer::Record, &info.caller) != Shown::All,
        retriever: text(event.retriever.as_deref()),
        retriever_uuid: text(event.retriever_uuid.as_ref().map(|uuid| uuid.as_str())),
        reason: text(event.reason.as_deref()),
        rule: text(event.rule.as_deref()),
        step: event.step.as_ref().zip(event.step_result).map(|(step, result)| Step {
            number: u32::try_from(step.number).unwrap_or(u32::MAX),
            to: step.to.clone(),
            result: step_result(result),
        }),
        from_uuid: text(event.from_uuid.as_ref().map(|uuid| uuid.as_str())),
    }
}

fn ms(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

fn action(action: park::Action) -> Action {
    match action {
        park::Action::Park => Action::Park,
        park::Action::Retrieve => Action::Retrieve,
        park::Action::Resume => Action::Resume,
        park::Action::Return => Action::Return,
        park::Action::Abandon => Action::Abandon,
        park::Action::Leave => Action::Leave,
        park::Action::Move => Action::Move,
        park::Action::Replace => Action::Replace,
        park::Action::Drop => Action::Drop,
        park::Action::Remind => Action::Remind,
        park::Action::Refuse => Action::Refuse,
        park::Action::Set => Action::Set,
        park::Action::Recover => Action::Recover,
    }
}

fn outcome(outcome: park::Outcome) -> Outcome {
    match outcome {
        park::Outcome::Retrieved => Outcome::Retrieved,
        park::Outcome::Returned => Outcome::Returned,
        park::Outcome::Abandoned => Outcome::Abandoned,
        park::Outcome::Left => Outcome::Left,
        park::Outcome::Callback => Outcome::Callback,
        park::Outcome::Transferred => Outcome::Transferred,
        park::Outcome::Dropped => Outcome::Dropped,
        park::Outcome::Shutdown => Outcome::Shutdown,
        park::Outcome::Lost => Outcome::Lost,
    }
}

fn step_result(result: park::StepResult) -> StepResult {
    match result {
        park::StepResult::Started => StepResult::Started,
        park::StepResult::Took => StepResult::Took,
        park::StepResult::Declined => StepResult::Declined,
        park::StepResult::Failed => StepResult::Failed,
        park::StepResult::Skipped => StepResult::Skipped,
    }
}

/// The journal's health as a part of that name. What was given up is not shown any more after the next load.
pub(super) fn part(name: &'static str, health: &Health) -> Part {
    let Health { state, reason, written, in_memory, shed, shed_endings, put_aside, .. } = health;
    let lost = match shed {
        0 => String::new(),
        _ => format!(
            "; entries lost because there was no room in memory: {shed}, of which {shed_endings} were the end of a call"
        ),
    };
    let aside = put_aside.as_ref();
    let aside = aside.map(|path| format!("; a damaged file is now {}", path.display()));
    let text = match state {
        State::Starting => "the file is being opened".to_owned(),
        State::Ok => format!("{written} entries written, {in_memory} on their way"),
        State::Failing => {
            format!("the file cannot be written ({reason}); {in_memory} entries wait in memory")
        }
        State::Stopped => "it has ended".to_owned(),
    };
    Part {
        name,
        ok: matches!(state, State::Starting | State::Ok) && *shed == 0,
        since_ms: u64::try_from(health.since_ms).unwrap_or_default(),
        text: format!("{text}{lost}{}", aside.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::park::{
        Actor, CallInfo, CallUuid, Caller, Claimant, LotConfig, LotKey, Moment, OrbitKey,
        OrbitRange, Outcome, Park, ParkRequest, Setting, Step, Target, User, Want,
    };

    const START_MS: u64 = 1_700_000_000_000;

    fn lot() -> LotKey {
        "sales@example.com".parse().unwrap()
    }

    fn orbit() -> OrbitKey {
        OrbitKey { lot: lot(), orbit: "701".parse().unwrap() }
    }

    fn park() -> Park {
        let mut park = Park::new(1);
        let ranges = OrbitRange::parse_list("701-703").unwrap();
        let mut config = LotConfig::new(lot(), ranges);
        config.returns = Step::parse_list("parker|user/2").unwrap();
        park.configure(Moment(0), vec![config]);
        park
    }

    fn request(uuid: &str) -> ParkRequest {
        let mut info =
            CallInfo::new(CallUuid::from(uuid), Caller::new("Ada \"<&\u{202e}", "+4930"));
        info.parker = Some(User::new("1001", "example.com").unwrap());
        info.priority = 3;
        info.note = "a\nnote".into();
        info.addressed_to = "1002@example.com".into();
        info.parked_at_epoch_ms = START_MS;
        ParkRequest {
            timeout_ms: Some(60_000),
            ..ParkRequest::by_administrator(info, lot(), Want::Auto)
        }
    }

    /// The entries of what has happened at that moment.
    fn entries(park: &mut Park, now: Moment) -> Vec<Entry> {
        let effects = park.take_effects().into_iter();
        let events = effects.filter_map(|effect| match effect {
            park::Effect::Event(event) => Some(at(&event, START_MS + now.0)),
            _ => None,
        });
        events.collect()
    }

    #[test]
    fn a_park_has_the_whole_subject_a_deadline_and_a_capacity() {
        let mut park = park();
        park.park(Moment(0), request("a")).unwrap();
        let entry = entries(&mut park, Moment(0)).remove(0);
        let (action, at) = (Action::Park, START_MS.cast_signed());
        assert_eq!((entry.action, entry.at_ms, entry.uuid.as_str()), (action, at, "a"));
        assert_eq!(
            (entry.place.lot.as_str(), entry.place.orbit.as_str()),
            ("sales@example.com", "701")
        );
        assert_eq!((entry.deadline_ms, entry.capacity), (Some(at + 60_000), Some(3)));
        let subject = &entry.subject;
        assert_eq!(
            (subject.domain.as_str(), subject.priority, subject.parked_at_ms),
            ("example.com", 3, at)
        );
        assert_eq!(
            (subject.parker.as_str(), subject.caller_number.as_str()),
            ("1001@example.com", "+4930")
        );
        assert_eq!(
            (subject.addressed_to.as_str(), subject.note.as_str()),
            ("1002@example.com", "a\nnote")
        );
        assert!(entry.outcome.is_none() && entry.step.is_none() && !entry.is_ending());
    }

    #[test]
    fn a_refusal_has_its_code_its_rule_and_the_capacity() {
        let mut park = park();
        for uuid in ["a", "b", "c"] {
            park.park(Moment(0), request(uuid)).unwrap();
        }
        drop(park.take_effects());
        park.park(Moment(5), request("d")).unwrap_err();
        let entry = entries(&mut park, Moment(5)).remove(0);
        assert_eq!(
            (entry.action, entry.reason.as_str(), entry.capacity),
            (Action::Refuse, "full", Some(3))
        );
        assert_eq!((entry.place.orbit.as_str(), entry.deadline_ms), ("", None));
    }

    #[test]
    fn return_steps_have_their_results() {
        let mut park = park();
        park.park(Moment(0), request("a")).unwrap();
        drop(park.take_effects());
        park.handle_timeout(Moment(60_000));
        let rings = |park: &mut Park| {
            let effects = park.take_effects();
            let run = effects.iter().find_map(|effect| match effect {
                park::Effect::Ring(ring) => Some(ring.run),
                _ => None,
            });
            let events = effects.into_iter().filter_map(|effect| match effect {
                park::Effect::Event(event) => Some(at(&event, START_MS)),
                _ => None,
            });
            let steps: Vec<_> = events.map(|entry| (entry.action, entry.step.unwrap())).collect();
            (run.unwrap(), steps)
        };
        let (run, steps) = rings(&mut park);
        let step = |number, to: &str, result| {
            (Action::Return, office::entry::Step { number, to: to.into(), result })
        };
        assert_eq!(steps, [step(1, "parker", StepResult::Started)]);
        park.step_failed(Moment(61_000), &"a".into(), run, "BUSY");
        let (run, steps) = rings(&mut park);
        let expected =
            [step(1, "parker", StepResult::Failed), step(2, "user/2", StepResult::Started)];
        assert_eq!(steps, expected);
        let leg = Claimant::StepLeg { uuid: "s".into(), user: None, run };
        let claim = park.claim(Moment(62_000), None, Target::Call(&"a".into()), leg).unwrap();
        drop(park.take_effects());
        park.complete(Moment(63_000), &"a".into(), claim.ticket);
        let entry = entries(&mut park, Moment(63_000)).remove(0);
        assert_eq!(entry.step.unwrap().result, StepResult::Took);
        assert_eq!(
            (entry.outcome, entry.wait_ms),
            (Some(office::entry::Outcome::Returned), 63_000)
        );
        assert_eq!((entry.retriever_uuid.as_str(), entry.deadline_ms), ("s", None));
    }

    #[test]
    fn a_phone_that_answered_and_left_has_declined() {
        let mut park = park();
        park.park(Moment(0), request("a")).unwrap();
        park.handle_timeout(Moment(60_000));
        let run = |park: &mut Park| {
            park.take_effects().into_iter().find_map(|effect| match effect {
                park::Effect::Ring(ring) => Some(ring.run),
                _ => None,
            })
        };
        let first = run(&mut park).unwrap();
        let leg = Claimant::StepLeg { uuid: "s".into(), user: None, run: first };
        let claim = park.claim(Moment(61_000), None, Target::Call(&"a".into()), leg).unwrap();
        park.unclaim(Moment(62_000), &"a".into(), claim.ticket);
        let declined = |park: &mut Park, number| {
            let effects = park.take_effects();
            let run = effects.iter().find_map(|effect| match effect {
                park::Effect::Ring(ring) => Some(ring.run),
                _ => None,
            });
            let step = effects.iter().find_map(|effect| match effect {
                park::Effect::Event(event) => at(event, START_MS).step,
                _ => None,
            });
            let step = step.unwrap();
            assert_eq!((step.number, step.result), (number, StepResult::Declined));
            run
        };
        let second = declined(&mut park, 1).unwrap();
        park.step_answered(Moment(63_000), &"a".into(), second);
        park.step_failed(Moment(64_000), &"a".into(), second, "it hung up while it listened");
        declined(&mut park, 2);
    }

    #[test]
    fn what_is_skipped_is_not_what_failed() {
        let mut park = park();
        let mut request = request("a");
        request.info.parker = None;
        park.park(Moment(0), request).unwrap();
        drop(park.take_effects());
        park.handle_timeout(Moment(60_000));
        let first = entries(&mut park, Moment(60_000)).remove(0);
        assert_eq!(first.step.unwrap().result, StepResult::Skipped);
        assert_eq!(first.reason, "the parker is not known");
    }

    #[test]
    fn set_move_replace_and_a_claim_given_back_are_recorded() {
        let mut park = park();
        park.park(Moment(0), request("a")).unwrap();
        drop(park.take_effects());
        park.set(Moment(1_000), &orbit(), Setting::Note("later".into())).unwrap();
        let set = entries(&mut park, Moment(1_000)).remove(0);
        assert_eq!((set.action, set.subject.note.as_str()), (Action::Set, "later"));
        park.set(Moment(1_000), &orbit(), Setting::TimeoutMs(0)).unwrap();
        assert_eq!(entries(&mut park, Moment(1_000)).remove(0).deadline_ms, None);
        park.set(Moment(1_000), &orbit(), Setting::TimeoutMs(5_000)).unwrap();
        let set = entries(&mut park, Moment(1_000)).remove(0);
        assert_eq!(set.deadline_ms, Some(START_MS.cast_signed() + 6_000));
        let by = Claimant::Retriever {
            uuid: "r".into(),
            user: User::new("7", "d").ok(),
            by: Actor::Administrator,
        };
        let claim = park.claim(Moment(2_000), None, Target::Call(&"a".into()), by).unwrap();
        park.unclaim(Moment(2_500), &"a".into(), claim.ticket);
        let resume = entries(&mut park, Moment(2_500)).remove(0);
        assert_eq!((resume.action, resume.retriever.as_str()), (Action::Resume, "7@d"));
        let to = Want::Orbit("703".parse().unwrap());
        park.move_call(Moment(3_000), &orbit(), &lot(), to).unwrap();
        let moved = entries(&mut park, Moment(3_000)).remove(0);
        assert_eq!((moved.action, moved.place.orbit.as_str()), (Action::Move, "703"));
        let new = park::NewLeg { uuid: "n".into(), caller: Caller::new("New", "1"), parker: None };
        park.replace(Moment(4_000), &"a".into(), new).unwrap();
        let replaced = entries(&mut park, Moment(4_000)).remove(0);
        assert_eq!((replaced.action, replaced.uuid.as_str()), (Action::Replace, "n"));
        assert_eq!((replaced.from_uuid.as_str(), replaced.wait_ms), ("a", 4_000));
        park.gone(Moment(5_000), &"n".into(), park::End::HungUp);
        let end = entries(&mut park, Moment(5_000)).remove(0);
        assert_eq!(end.outcome.map(|outcome| outcome.as_str()), Some(Outcome::Abandoned.as_str()));
    }

    #[test]
    fn what_was_given_up_is_wrong_even_when_the_file_is_written_again() {
        let mut health = Health {
            state: State::Ok,
            since_ms: 7,
            reason: String::new(),
            written: 3,
            in_memory: 1,
            shed: 0,
            shed_endings: 0,
            put_aside: None,
        };
        let good = part("journal", &health);
        assert_eq!(
            (good.ok, good.since_ms, good.text.as_str()),
            (true, 7, "3 entries written, 1 on their way")
        );
        (health.shed, health.shed_endings) = (9, 2);
        assert!(
            !part("journal", &health).ok
                && part("journal", &health).text.contains("memory: 9, of which 2")
        );
        (health.state, health.reason, health.shed) = (State::Failing, "disk full".into(), 0);
        let bad = part("journal", &health);
        assert!(!bad.ok && bad.text.contains("(disk full); 1 entries wait"), "{}", bad.text);
    }
}
