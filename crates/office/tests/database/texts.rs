//! What callers are called.

use kit::Postgres;
use office::entry::{Action, Entry, Outcome, Place};
use office::journal::Callers;

use super::rig::{Folder, Rig, calls, now_ms};
use super::same::same;

const NAMES: &[&str] = &[
    "O'Brien \"Bob\" \\ \\' E'x' $$ $1 -- /* */ ;",
    "'; DROP TABLE callpark_call; --",
    "\\N\t\\.\n\\x00 COPY callpark_call FROM stdin;\r\n",
    "nul \0 in \0\0 the middle\0",
    "\\u0000 is not a nul, \\\\u0000 neither",
    "王 ñ Ä 👩‍👩‍👧‍👦 \u{202e}evil\u{2066} \u{feff}\u{10ffff}",
    "{\"a\": [1, null]} %s %n {}() , |",
    "replaced \u{fffd} bytes",
    "",
    " ",
];

#[test]
fn every_name_is_the_same_on_both_sides() {
    let Some(server) = Postgres::start() else { return };
    let folder = Folder::new();
    let rig = Rig::new(&folder.file(), &server.url());
    let all: String = (0..=0x2ff).filter_map(char::from_u32).collect();
    for (number, name) in NAMES.iter().copied().chain([all.as_str()]).enumerate() {
        let place = Place { lot: name.into(), orbit: name.into() };
        let mut park = Entry::new(now_ms(), Action::Park, &format!("{number}{name}"), place);
        park.subject.caller_name = name.into();
        park.subject.caller_number = name.into();
        park.subject.note = name.into();
        park.subject.parker = name.into();
        park.subject.addressed_to = name.into();
        let mut end = park.clone();
        (end.action, end.outcome) = (Action::Retrieve, Some(Outcome::Retrieved));
        (end.retriever, end.reason) = (name.into(), name.into());
        rig.record([park, end]);
    }
    rig.shipped();
    assert_eq!(same(&server, &[&folder.file()]), (2 * (NAMES.len() + 1), NAMES.len() + 1));
    // And no name is in the way of who reads.
    for view in ["callpark_calls", "callpark_by_hour", "callpark_people"] {
        server.sql(&format!("SELECT * FROM {view}"));
    }
    server.sql("SELECT json #>> '{subject,caller_id_name}' FROM callpark_entry");
    rig.stop();
}

/// What the file has only while a call waits is nowhere in the database, not even meanwhile.
#[test]
fn callers_that_the_file_does_not_have_the_database_does_not_have() {
    let Some(server) = Postgres::start() else { return };
    for callers in [Callers::Masked, Callers::Hashed, Callers::None] {
        let folder = Folder::new();
        let set = |settings: &mut office::journal::Settings| {
            settings.callers = callers;
            settings.node = callers.to_string();
        };
        let rig = Rig::with(&folder.file(), &server.url(), set, |_| {});
        rig.record(calls(0..20));
        rig.shipped();
        let dumped = server.sql(
            "SELECT to_jsonb(e) FROM callpark_entry e; SELECT to_jsonb(c) FROM callpark_call c",
        );
        assert!(dumped.len() > 1_000 && dumped.contains(callers.as_str()));
        assert!(!dumped.contains("Caller 1") && !dumped.contains("+49300000001"), "{callers}");
        rig.stop();
        server.sql("SELECT count(*) FROM callpark_calls");
    }
}
