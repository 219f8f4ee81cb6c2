//! What to paste where, for the identity provider of a connection: exact values, step by step.

use serde_json::json;

use super::asked::Asked;
use super::{AdminAnswer, AdminError};
use crate::store::{AuthMethod, Client, Federation, Provider};

/// What the Secret Token is.
const TOKEN: &str = "the text that begins with scim_; it is shown once, when the token is made";

/// What every step may name.
struct Values {
    tenant_url: String,
    token_endpoint: String,
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let (tenant, connection) = (asked.tenant()?, asked.connection()?);
    let values = Values {
        tenant_url: format!("{}/scim/v2", asked.request.base),
        token_endpoint: token_endpoint(asked),
    };
    let clients = asked.store.clients(&tenant.scope, &connection.id).await?;
    let mut steps = match connection.provider {
        Provider::Entra => entra(&values, &clients),
        Provider::Okta => okta(&values),
        Provider::OneLogin => onelogin(&values),
        Provider::JumpCloud => jumpcloud(&values),
        Provider::Other => other(&values, &clients),
    };
    let required = &connection.policies.required_attributes;
    if !required.is_empty() {
        let required = required.join(", ");
        steps.push(format!(
            "Map these too, this connection requires them: {required}."
        ));
    }
    // A token that Entra signs names no tenant of ours; its URL must, and by the id.
    let id = tenant.scope.to_string();
    let named = connection
        .entra_bearer
        .as_ref()
        .map_or(&tenant.name, |_| &id);
    Ok(AdminAnswer::ok(json!({
        "tenantUrl": values.tenant_url,
        "perTenantUrl": format!("{}/t/{named}/scim/v2", asked.request.base),
        "tokenEndpoint": values.token_endpoint,
        "steps": steps,
    })))
}

/// Where clients of this deployment get their access tokens.
pub(super) fn token_endpoint(asked: &Asked<'_>) -> String {
    format!("{}/oauth2/token", asked.request.base)
}

fn entra(values: &Values, clients: &[Client]) -> Vec<String> {
    let mut steps = vec![
        "Entra admin center > Enterprise applications > your application > Provisioning > New configuration."
            .to_owned(),
    ];
    steps.extend(authentication(values, clients));
    steps.extend([
        "Test Connection; it has to succeed before you create the configuration.".to_owned(),
        "Attribute mapping > Provision Microsoft Entra ID Users: userPrincipalName -> userName, matching precedence 1."
            .to_owned(),
        "There: mail -> emails[type eq \"work\"].value, matching precedence 2 if you match by e-mail."
            .to_owned(),
        "There: objectId -> externalId (the default maps mailNickname); Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\") -> active stays."
            .to_owned(),
        "Attribute mapping > Provision Microsoft Entra ID Groups: displayName -> displayName, matching precedence 1; objectId -> externalId; members -> members."
            .to_owned(),
        "Users and groups: assign who is to be provisioned. Provision on demand for one user, then Start provisioning."
            .to_owned(),
    ]);
    steps
}

/// One way for each client that there is, and the Secret Token where there is none.
fn authentication(values: &Values, clients: &[Client]) -> Vec<String> {
    let (url, endpoint) = (&values.tenant_url, &values.token_endpoint);
    if clients.is_empty() {
        return vec![
            "Authentication method: Bearer authentication.".to_owned(),
            format!("Tenant URL: {url}"),
            format!("Secret Token: {TOKEN} (POST .../tokens)."),
        ];
    }
    let of_client = |client: &Client| {
        let id = &client.id;
        match &client.method {
            AuthMethod::Secret => format!(
                "Authentication method: OAuth2 client credentials grant. Tenant URL: {url} - Token Endpoint: {endpoint} - Client Identifier: {id} - Client Secret: the text that begins with scimsecret_, shown once when it was made."
            ),
            AuthMethod::PrivateKey { .. } => format!(
                "Client {id}: Tenant URL {url}; at {endpoint} it sends an assertion that it signs itself (RFC 7523 section 2.2), with iss and sub {id} and aud {endpoint}."
            ),
            AuthMethod::Federation(federation) => federated(values, id, federation),
        }
    };
    clients.iter().map(of_client).collect()
}

fn federated(values: &Values, id: &str, federation: &Federation) -> String {
    let (url, endpoint) = (&values.tenant_url, &values.token_endpoint);
    let Federation {
        issuer,
        audiences,
        subject,
        ..
    } = federation;
    let audiences = audiences.join(" or ");
    format!(
        "Authentication method: Workload identity federation. Tenant URL: {url} - Token Endpoint: {endpoint} - Client Identifier: {id}. Entra's assertions have to carry issuer {issuer} (for Entra https://login.microsoftonline.com/{{tid}}/v2.0), audience {audiences}, subject {subject}."
    )
}

fn okta(values: &Values) -> Vec<String> {
    let url = &values.tenant_url;
    vec![
        "Okta Admin Console > Applications > your application > General > App Settings > Provisioning: SCIM, then the tab Provisioning > Integration > Edit.".to_owned(),
        format!("SCIM connector base URL: {url}"),
        "Unique identifier field for users: userName".to_owned(),
        "Supported provisioning actions: Push New Users, Push Profile Updates, Push Groups; Import too if Okta is to read.".to_owned(),
        format!("Authentication Mode: HTTP Header. Authorization: Bearer {TOKEN} (POST .../tokens)."),
        "Test Connector Configuration, then Save.".to_owned(),
        "Provisioning > To App: Create Users, Update User Attributes, Deactivate Users.".to_owned(),
        "Attribute mappings: userName from the application's user name, emails[type eq \"work\"].value from email (Okta's \"Primary email\", type work); externalId stays Okta's user id.".to_owned(),
        "Assignments: assign people; Push Groups: choose the groups.".to_owned(),
    ]
}

fn onelogin(values: &Values) -> Vec<String> {
    let url = &values.tenant_url;
    vec![
        "OneLogin Administration > Applications > Add App: SCIM Provisioner with SAML (SCIM v2 Enterprise).".to_owned(),
        format!("Configuration > SCIM Base URL: {url}"),
        format!("Configuration > SCIM Bearer Token: {TOKEN} (POST .../tokens)."),
        "SCIM JSON Template: userName from {$parameters.scimusername}, an element of emails with type work and the user's e-mail as value, externalId from {$user.id}.".to_owned(),
        "API Connection: Enable; it has to turn to Enabled.".to_owned(),
        "Provisioning > Enable provisioning; when users are deleted or disabled: Suspend keeps them, Delete removes them.".to_owned(),
        "Parameters > Groups: Include in User Provisioning, and a rule that sets groups.".to_owned(),
    ]
}

fn jumpcloud(values: &Values) -> Vec<String> {
    let url = &values.tenant_url;
    vec![
        "JumpCloud Admin Portal > SSO Applications > your application > Identity Management > Configuration settings.".to_owned(),
        "API Type: SCIM API. SCIM Version: SCIM 2.0.".to_owned(),
        format!("Base URL: {url}"),
        format!("Token Key: {TOKEN} (POST .../tokens)."),
        "Test User Email: an address that nobody has yet. Test Connection, then Activate.".to_owned(),
        "Attribute mapping: userName from username or email, emails (type work) from email, externalId stays JumpCloud's own.".to_owned(),
        "Group Management: on; User Groups: bind the groups to the application.".to_owned(),
    ]
}

fn other(values: &Values, clients: &[Client]) -> Vec<String> {
    let (url, endpoint) = (&values.tenant_url, &values.token_endpoint);
    let mut steps = vec![
        format!("SCIM 2.0 base URL: {url}"),
        format!("Authentication: the header Authorization: Bearer {TOKEN} (POST .../tokens)."),
    ];
    steps.extend(clients.iter().map(|client| {
        format!(
            "Or OAuth 2.0 client credentials: token endpoint {endpoint}, client id {}.",
            client.id
        )
    }));
    steps.extend([
        "Matching attribute: userName; the work e-mail is emails[type eq \"work\"].value, the provider's own id externalId.".to_owned(),
        "Groups: displayName, externalId, members.".to_owned(),
    ]);
    steps
}
