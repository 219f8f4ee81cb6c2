//! Where the service runs: as Lambda functions, or on a laptop. Only here and in the binaries are clock and environment read.

mod event;
mod front;
mod host;
mod issuers;
mod lambda;
#[cfg(feature = "local")]
mod place;
#[cfg(feature = "local")]
mod serve;
#[cfg(feature = "local")]
mod timer;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use host::SystemHost;
pub use lambda::{admin_lambda, lambda, tick_lambda};
#[cfg(feature = "local")]
pub use place::{Place, create_table};
#[cfg(feature = "local")]
pub use serve::{DEFAULT_TENANT, Server};

use crate::store::Ticked;
#[cfg(feature = "local")]
pub use crate::store::{AdminSecret, Secret};

/// What goes wrong before or outside a request; shown to whoever operates the service.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Sends log lines to standard error as JSON: standard output belongs to what a command prints.
///
/// Only our own lines: libraries below us would quote requests and answers.
pub fn start_log() {
    let ours = Targets::new()
        .with_target("serverless_scim", LevelFilter::INFO)
        .with_target("lambda_runtime", LevelFilter::ERROR);
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_writer(std::io::stderr);
    // A second start in one process, as in tests, keeps the first.
    let _ = tracing_subscriber::registry()
        .with(json.with_filter(ours))
        .try_init();
}

/// One line for a tick that had something to do.
fn log_tick(ticked: &Ticked) {
    if ticked.with_work + ticked.failed > 0 {
        let (tenants, with_work, failed) = (ticked.tenants, ticked.with_work, ticked.failed);
        tracing::info!(tenants, with_work, failed, "tick");
    }
}
