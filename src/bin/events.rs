//! The Lambda function of the hourly tick: it finishes what functions that died left behind.

use serverless_scim::home;

#[tokio::main]
async fn main() -> Result<(), home::Error> {
    home::tick_lambda().await
}
