//! What only real SIP phones can show: who hears whom, transfers as phones send them, lamps and displays. Runs on a real
//! FreeSWITCH (`FREESWITCH=<prefix>`); without one every scenario says that it was skipped.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test says what is wrong by a panic"
)]

mod sip {
    mod addressed;
    mod announce;
    mod arrivals;
    mod attended;
    mod blind;
    mod board;
    mod broken_steps;
    mod callback;
    mod choices;
    mod commanded;
    mod console;
    mod contrib;
    mod desk;
    mod doctor;
    mod full;
    mod guessing;
    mod handover;
    mod hold;
    mod journal;
    mod lamp;
    mod lamp_life;
    mod lamp_storms;
    mod lamps;
    mod media;
    mod media_changes;
    mod media_far;
    mod media_timers;
    mod messages;
    mod midcall;
    mod names;
    mod onward;
    mod parker;
    mod people_after;
    mod people_ends;
    mod people_features;
    mod people_history;
    mod people_names;
    mod people_orbits;
    mod people_recordings;
    mod people_steps;
    mod people_tone;
    mod ping_pong;
    mod races;
    mod recordings;
    mod recovery;
    mod remind;
    mod replaces;
    mod replaces_pickup;
    mod replaces_races;
    mod replaces_refer;
    mod replaces_tenants;
    mod retrievers;
    mod returns;
    mod rules;
    mod shared_music;
    mod socket;
    mod step_looks;
    mod step_races;
    mod steps;
    mod storms;
    mod tenant_lamps;
    mod tenants;
    mod torture;
    mod transferred;
    mod transferred_menus;
    mod transferred_onto;
    mod unconfirmed;
    mod unconfirmed_commands;
    mod unload;
    mod valet;
    mod valet_keys;
    mod voicemail;
    mod web;
}
