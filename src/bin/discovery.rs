//! The Lambda function for What the service offers, and every path that is no resource: RFC 7644 §4.

use serverless_scim::api::Function;
use serverless_scim::home;

#[tokio::main]
async fn main() -> Result<(), home::Error> {
    home::lambda(Function::Discovery).await
}
