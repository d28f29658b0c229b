//! Arbitrary bytes where requests and answers are looked for.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chaos::fuzzing::boundaries(bytes));
