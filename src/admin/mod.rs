//! The vendor's side: tenants, connections, credentials, policies, schemas, the provisioning log, as REST under `/admin/v1`.
