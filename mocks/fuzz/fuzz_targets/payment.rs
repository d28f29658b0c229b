//! Arbitrary requests to the first payment provider.
#![no_main]

use std::sync::LazyLock;

use mocks::fuzzing::Providers;

static DIRECTORY: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a directory"));
static PROVIDERS: LazyLock<Providers> = LazyLock::new(|| Providers::open(DIRECTORY.path()).expect("a store"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(PROVIDERS.payment(bytes)));
