#![no_main]

use std::cell::RefCell;

#[allow(dead_code, reason = "each target uses one entry point")]
#[path = "../../tests/fuzz/entry.rs"]
mod entry;

thread_local! {
    static SERVICE: RefCell<entry::Service> = RefCell::new(entry::Service::new(true));
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| SERVICE.with_borrow_mut(|service| service.request(data)));
