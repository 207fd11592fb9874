#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hyperv_wsman::fuzzing::wql_literal(data));
