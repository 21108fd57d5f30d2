//! What parking does, seen from outside: written once, run on the stand-in switch, and on a real FreeSWITCH when
//! `FREESWITCH=<prefix>` is given.

mod scenarios {
    mod bad_input;
    mod basic;
    mod choices;
    mod health;
    mod hostile;
    mod lot;
    mod moves;
    mod partings;
    mod people;
    mod races;
    mod retrievers;
    mod returns;
    mod settings;
    mod steps;
    mod storms;
    mod stress;
    mod taken;
    mod tenants;
    mod threads;
    mod unload;
}
