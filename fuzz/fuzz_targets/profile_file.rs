#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hyperv_wsman::fuzzing::profile_file(data));
