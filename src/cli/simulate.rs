//! `simulate`: how any SCIM endpoint fares with an identity provider.

use std::fmt;
use std::time::Duration;

use clap::Args;
use serverless_scim::simulate;

use super::failure::Failure;
use super::out::say;

#[derive(Args)]
pub(super) struct Simulate {
    /// The Tenant URL, as one would paste it into Entra ID.
    #[arg(long)]
    url: String,
    /// The Secret Token.
    #[arg(long, env = "SCIM_TOKEN", hide_env_values = true)]
    token: String,
    /// Whose behaviour.
    #[arg(long = "as", value_enum, default_value = "entra")]
    client: simulate::Client,
    /// Users to provision; 0 with no groups leaves the sync out.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=i64::from(simulate::USERS_MAX)))]
    users: u32,
    /// Groups to provision.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=i64::from(simulate::GROUPS_MAX)))]
    groups: u32,
    /// Per cent of the users that change afterwards.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u8).range(..=100))]
    churn: u8,
    /// The same seed, the same users and changes; names differ from run to run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds to wait for one answer.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// Seconds for everything but cleaning up.
    #[arg(long, default_value_t = 1800, value_parser = clap::value_parser!(u64).range(1..))]
    time: u64,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Without the token.
impl fmt::Debug for Simulate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options = f.debug_struct("Simulate");
        options.field("url", &self.url).finish_non_exhaustive()
    }
}

/// The exit status: 0 when everything passed, 1 with findings, 2 when it could not run to its end.
pub(super) async fn run(options: Simulate) -> Result<u8, Failure> {
    let json = options.json;
    let bar = indicatif::ProgressBar::new(0);
    if let Ok(style) = indicatif::ProgressStyle::with_template("{msg:14} {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    let stop = || async {
        let _ = tokio::signal::ctrl_c().await;
    };
    let report = simulate::run(&options.into(), &bar, stop).await;
    let report = report.map_err(|reason| {
        bar.finish_and_clear();
        Failure::Unasked(reason)
    })?;
    if json {
        say(format_args!("{:#}", report.to_json()));
    } else {
        say(&report);
    }
    Ok(report.exit_status())
}

impl From<Simulate> for simulate::Options {
    fn from(options: Simulate) -> Self {
        Self {
            target: simulate::Target {
                url: options.url,
                token: options.token,
                client: options.client,
                timeout: Duration::from_secs(options.timeout),
            },
            users: options.users,
            groups: options.groups,
            churn: options.churn,
            seed: options.seed,
            time: Duration::from_secs(options.time),
        }
    }
}
