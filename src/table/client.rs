//! How the SDK reaches DynamoDB: endpoint, credentials, time limits, retries.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Builder, Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::tls;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

/// Attempts of one call, the first included.
const ATTEMPTS_MAX: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(25);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);
const CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// Region, credentials and endpoint (`AWS_ENDPOINT_URL_DYNAMODB`) as the AWS tools find them.
pub async fn aws_config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .load()
        .await
}

/// An emulator at `endpoint`, which asks for credentials but does not look at them.
pub fn emulator_config(endpoint: &str) -> SdkConfig {
    no_account(http_client())
        .into_builder()
        .endpoint_url(endpoint)
        .build()
}

/// Credentials of no account, for a client that does not reach AWS.
pub(super) fn no_account(http_client: SharedHttpClient) -> SdkConfig {
    let nobody = Credentials::new("local", "local", None, None, "local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(SharedCredentialsProvider::new(nobody))
        .http_client(http_client)
        .build()
}

/// Speaks HTTPS, and plain HTTP to emulators.
fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::Ring,
        ))
        .build_https()
}

pub(super) fn over_a_network(config: &SdkConfig) -> Builder {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS_MAX)
        .with_initial_backoff(FIRST_BACKOFF);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    Builder::from(config)
        .retry_config(retries)
        .timeout_config(timeouts)
}
