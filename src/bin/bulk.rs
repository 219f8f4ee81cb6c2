//! The Lambda function for `/Bulk` and `/.search`: RFC 7644 §3.7, §3.4.3.

use serverless_scim::api::Function;
use serverless_scim::home;

#[tokio::main]
async fn main() -> Result<(), home::Error> {
    home::lambda(Function::Bulk).await
}
