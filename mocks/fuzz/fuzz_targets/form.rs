//! Arbitrary bytes where a form is read.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mocks::fuzzing::form(bytes));
