#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| mod_callpark::fuzzing::configuration(data));
