//! The Lambda function for `/Users`, `/Users/{id}` and `/Users/.search`: RFC 7644 §3.3 to §3.6.

use serverless_scim::api::Function;
use serverless_scim::home;

#[tokio::main]
async fn main() -> Result<(), home::Error> {
    home::lambda(Function::Users).await
}
