//! The Lambda function for `/admin/v1`: the vendor's tenants, connections, credentials and policies.

use serverless_scim::home;

#[tokio::main]
async fn main() -> Result<(), home::Error> {
    home::admin_lambda().await
}
