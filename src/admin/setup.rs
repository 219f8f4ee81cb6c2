//! What to paste where, for the identity provider of a connection: exact values, step by step.

use serde_json::json;

use super::asked::Asked;
use super::{AdminAnswer, AdminError};
use crate::store::{AuthMethod, Client, Federation, Provider, Token};

/// What the Secret Token is to the customer, who reads this.
const TOKEN: &str = "the Secret Token that your vendor gave you; it begins with scim_";
/// What OneLogin sends of a user. It says `active` by itself, and would say it twice.
const ONELOGIN_TEMPLATE: &str = r#"{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "{$parameters.scimusername}", "externalId": "{$user.id}", "name": {"givenName": "{$user.firstname}", "familyName": "{$user.lastname}"}, "displayName": "{$user.display_name}", "emails": [{"type": "work", "primary": true, "value": "{$user.email}"}]}"#;

/// What every step may name.
struct Values {
    tenant_url: String,
    token_endpoint: String,
    clients: Vec<Client>,
    /// Whether a Secret Token is a way in: one is good, or there is no other way.
    by_token: bool,
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<AdminAnswer, AdminError> {
    let (tenant, connection) = (asked.tenant()?, asked.connection()?);
    let (scope, now) = (&tenant.scope, asked.store.host().now_ms());
    let clients = asked.store.clients(scope, &connection.id).await?;
    let tokens = asked.store.tokens(scope, &connection.id).await?;
    let is_good =
        |token: &Token| token.revoked.is_none() && token.expires.is_none_or(|end| end > now);
    let values = Values {
        tenant_url: format!("{}/scim/v2", asked.request.base),
        token_endpoint: token_endpoint(asked),
        by_token: clients.is_empty() || tokens.iter().any(is_good),
        clients,
    };
    let mut steps = match connection.provider {
        Provider::Entra => entra(&values),
        Provider::Okta => okta(&values),
        Provider::OneLogin => onelogin(&values),
        Provider::JumpCloud => jumpcloud(&values),
        Provider::Other => other(&values),
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

fn entra(values: &Values) -> Vec<String> {
    let url = &values.tenant_url;
    let token = format!(
        "Authentication method: Bearer authentication.\nTenant URL: {url}\nSecret Token: {TOKEN}."
    );
    vec![
        "Entra admin center > Enterprise applications > your application > Provisioning > New configuration (older portals: Provisioning Mode Automatic).".to_owned(),
        authentication(values, token),
        "Test Connection; it has to succeed. Then Create (older portals: Save).".to_owned(),
        "Attribute mapping > Provision Microsoft Entra ID Users: userPrincipalName -> userName, matching precedence 1.".to_owned(),
        "There: mail -> emails[type eq \"work\"].value, matching precedence 2 if you match by e-mail.".to_owned(),
        "There, before the first cycle: objectId -> externalId (the default maps mailNickname). Leave active as it is: Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\").".to_owned(),
        "Attribute mapping > Provision Microsoft Entra ID Groups: displayName -> displayName, matching precedence 1; objectId -> externalId; members -> members.".to_owned(),
        "Settings > Scope: Sync only assigned users and groups. There too: an address for failure notifications, and Prevent accidental deletion with a threshold.".to_owned(),
        "Users and groups: assign who is to be provisioned.".to_owned(),
        "Provision on demand for one user and look at the result; then Start provisioning.".to_owned(),
    ]
}

/// One step with every way in that there is.
fn authentication(values: &Values, token: String) -> String {
    let ways: Vec<String> = values
        .by_token
        .then_some(token)
        .into_iter()
        .chain(
            values
                .clients
                .iter()
                .map(|client| by_client(values, client)),
        )
        .collect();
    if let [only] = ways.as_slice() {
        return only.clone();
    }
    let ways = ways.iter().zip(1_u32..).map(|(way, number)| {
        let letter = char::from_digit(9 + number, 36);
        let mark = letter.map_or_else(|| number.to_string(), String::from);
        format!("\n{mark}) {}", way.replace('\n', "\n   "))
    });
    format!("Authentication, one of these:{}", ways.collect::<String>())
}

fn by_client(values: &Values, client: &Client) -> String {
    let (url, endpoint, id) = (&values.tenant_url, &values.token_endpoint, &client.id);
    let paste = format!("\nTenant URL: {url}\nToken Endpoint: {endpoint}\nClient Identifier: {id}");
    match &client.method {
        AuthMethod::Secret => format!(
            "Authentication method: OAuth2 client credentials grant.{paste}\nClient Secret: the secret that your vendor gave you; it begins with scimsecret_."
        ),
        AuthMethod::PrivateKey { .. } => format!(
            "Authentication method: an assertion that the client signs itself (RFC 7523 section 2.2), with iss and sub {id} and aud {endpoint}.{paste}"
        ),
        AuthMethod::Federation(federation) => federated(&paste, federation),
    }
}

fn federated(paste: &str, federation: &Federation) -> String {
    let Federation {
        issuer,
        audiences,
        subject,
        ..
    } = federation;
    let audiences = audiences.join(" or ");
    format!(
        "Authentication method: Workload identity federation.{paste}\nThe assertions have to carry issuer {issuer} (for Entra https://login.microsoftonline.com/{{tid}}/v2.0), audience {audiences}, subject {subject}."
    )
}

fn okta(values: &Values) -> Vec<String> {
    let url = &values.tenant_url;
    vec![
        "Okta Admin Console > Applications > your application > General > App Settings > Provisioning: SCIM, then the tab Provisioning > Integration > Edit.".to_owned(),
        format!("SCIM connector base URL: {url}"),
        "Unique identifier field for users: userName".to_owned(),
        "Supported provisioning actions: Push New Users, Push Profile Updates, Push Groups; Import New Users and Profile Updates if Okta is to read whom you have already.".to_owned(),
        format!("Authentication Mode: HTTP Header. Authorization: {TOKEN}. Paste it alone; Okta writes Bearer before it."),
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
        format!("Configuration > API Connection > SCIM Base URL: {url}"),
        format!("There > SCIM JSON Template: {ONELOGIN_TEMPLATE}"),
        format!("There > SCIM Bearer Token: {TOKEN}."),
        "There > API Status: Enable; it has to turn to Enabled. Save.".to_owned(),
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
        format!("Token Key: {TOKEN}."),
        "Test User Email: an address that nobody has. Test Connection, then Activate.".to_owned(),
        "Attribute mapping: userName from username or email, emails (type work) from email, externalId stays JumpCloud's own.".to_owned(),
        "Group Management: on; User Groups: bind the groups to the application.".to_owned(),
    ]
}

fn other(values: &Values) -> Vec<String> {
    let token =
        format!("Authentication: the header Authorization with Bearer, a space, and {TOKEN}.");
    vec![
        format!("SCIM 2.0 base URL: {}", values.tenant_url),
        authentication(values, token),
        "Matching attribute: userName; the work e-mail is emails[type eq \"work\"].value, the provider's own id externalId.".to_owned(),
        "Groups: displayName, externalId, members.".to_owned(),
    ]
}
