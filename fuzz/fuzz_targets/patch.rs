#![no_main]

#[allow(dead_code, reason = "each target uses one entry point")]
#[path = "../../tests/fuzz/entry.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::patch(data));
