//! Arbitrary bytes where the control interface expects JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chaos::fuzzing::bodies(bytes));
