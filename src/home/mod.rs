//! Where the service runs: as Lambda functions, or on a laptop. Only here and in the binaries are clock and environment read.

mod host;
mod lambda;
#[cfg(feature = "local")]
mod place;
#[cfg(feature = "local")]
mod serve;

pub use host::SystemHost;
pub use lambda::lambda;
#[cfg(feature = "local")]
pub use place::{Place, create_table, find_tenant};
#[cfg(feature = "local")]
pub use serve::{DEFAULT_TENANT, Server};

#[cfg(feature = "local")]
pub use crate::store::Secret;

/// What goes wrong before or outside a request; shown to whoever operates the service.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Sends log lines to standard error as JSON: standard output belongs to what a command prints.
pub fn start_log() {
    let level = tracing_subscriber::filter::LevelFilter::INFO;
    let json = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(level);
    // A second start in one process, as in tests, keeps the first.
    let _ = json
        .with_target(false)
        .with_writer(std::io::stderr)
        .try_init();
}
