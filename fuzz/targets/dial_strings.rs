#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| mod_callpark::fuzzing::dial_strings(data));
