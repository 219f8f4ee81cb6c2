//! The Lambda function for the discovery endpoints; it also answers paths that do not exist. RFC 7644 §4.

use serverless_scim::api::Function;
use serverless_scim::home;

#[tokio::main]
async fn main() -> Result<(), home::Error> {
    home::lambda(Function::Discovery).await
}
