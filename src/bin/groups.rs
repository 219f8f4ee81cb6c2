//! The Lambda function for `/Groups`, `/Groups/{id}` and `/Groups/.search`: RFC 7644 §3.3 to §3.6.

use serverless_scim::api::Function;
use serverless_scim::home;

#[tokio::main]
async fn main() -> Result<(), home::Error> {
    home::lambda(Function::Groups).await
}
