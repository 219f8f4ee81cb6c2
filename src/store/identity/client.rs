//! What an OAuth client is, and how it stands in its item.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use super::connection::LAST_USED;
use super::tenant::CREATED;
use super::tokens::{CONNECTION, LABEL, SCOPES, scopes};
use super::{IdentityError, Scopes, Secret, label};
use crate::store::StoreError;
use crate::store::keys::TenantScope;
use crate::table::{Attr, Attrs, Item, Update};

/// Life of an access token in seconds: what Entra accepts, and what it gets where nothing else is said.
pub(super) const ACCESS_TOKEN_MIN_S: i64 = 3_600;
pub(super) const ACCESS_TOKEN_MAX_S: i64 = 6 * 3_600;

const AUTH: &str = "auth";
const LIFE: &str = "tl";

/// How a client proves who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum AuthMethod {
    /// A secret that we made: `client_secret_basic` or `client_secret_post`.
    Secret,
    /// Assertions that the client signs with one of these keys (a JWK Set).
    PrivateKey { jwks: Value },
    /// Assertions that the customer's identity provider signs.
    Federation(Federation),
}

/// Whose assertions are trusted, and which of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Federation {
    /// Compared byte for byte.
    pub issuer: String,
    /// Any one of these.
    pub audiences: Vec<String>,
    /// What the claim of the same name must be; the subject always, the others where they stand here.
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
}

/// A secret of a client as its vendor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSecret {
    /// Names the secret in lists; it gives nothing away.
    pub id: String,
    /// SHA-256, in hex.
    digest: String,
    /// Milliseconds since 1970.
    pub created: i64,
}

/// An OAuth client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// What the client sends as `client_id`.
    pub id: String,
    pub scope: TenantScope,
    pub connection: String,
    pub label: String,
    pub method: AuthMethod,
    pub secrets: Vec<ClientSecret>,
    /// What its access tokens may do at most.
    pub scopes: Scopes,
    /// Seconds an access token lives.
    pub access_token_life: i64,
    /// Milliseconds since 1970.
    pub created: i64,
    pub last_used: Option<i64>,
}

/// What a new client is to be.
#[derive(Debug, Clone)]
pub struct NewClient {
    pub label: String,
    pub method: AuthMethod,
    /// `None`: everything.
    pub scopes: Option<Scopes>,
    /// Seconds an access token lives; `None`: an hour.
    pub access_token_life: Option<i64>,
}

/// What is to be other than it is; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct ClientChange {
    pub label: Option<String>,
    pub method: Option<AuthMethod>,
    pub access_token_life: Option<i64>,
}

/// What stands in the item.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    method: AuthMethod,
    secrets: Vec<ClientSecret>,
}

impl ClientSecret {
    pub(super) fn of(secret: &Secret, created: i64) -> Self {
        let digest = secret.digest();
        Self {
            id: TenantScope::token_id(&digest),
            digest: hex(&digest),
            created,
        }
    }
}

impl NewClient {
    /// The attributes of a client of this connection.
    pub(super) fn attrs(
        &self,
        connection: &str,
        secrets: Vec<ClientSecret>,
    ) -> Result<Attrs, IdentityError> {
        let life = self.access_token_life.unwrap_or(ACCESS_TOKEN_MIN_S);
        let mut attrs = Attrs::from([
            (CONNECTION, Attr::S(connection.to_owned())),
            (LABEL, Attr::S(label("label", &self.label)?)),
            (LIFE, Attr::N(checked_life(life)?)),
            (AUTH, stored(self.method.clone(), secrets)?),
        ]);
        if let Some(scopes) = self.scopes.as_ref().filter(|scopes| !scopes.is_empty()) {
            attrs.insert(SCOPES, Attr::Ss(scopes.names()));
        }
        Ok(attrs)
    }
}

impl ClientChange {
    /// The change of a client that is so.
    pub(super) fn update(&self, was: &Client) -> Result<Update, IdentityError> {
        let mut update = Update::default();
        let set = &mut update.set;
        if let Some(text) = &self.label {
            set.insert(LABEL, Attr::S(label("label", text)?));
        }
        if let Some(life) = self.access_token_life {
            set.insert(LIFE, Attr::N(checked_life(life)?));
        }
        if let Some(method) = &self.method {
            if (*method == AuthMethod::Secret) != (was.method == AuthMethod::Secret) {
                let why = "a client with secrets stays one; make another client instead";
                return Err(IdentityError::State(why));
            }
            set.insert(AUTH, stored(method.clone(), was.secrets.clone())?);
        }
        Ok(update)
    }
}

impl Client {
    /// The client's own part of its id.
    pub(super) fn name(&self) -> &str {
        self.id.rsplit('.').next().unwrap_or_default()
    }

    /// The change to these secrets.
    pub(super) fn with_secrets(&self, secrets: Vec<ClientSecret>) -> Result<Update, IdentityError> {
        Ok(Update::set([(AUTH, stored(self.method.clone(), secrets)?)]))
    }

    /// Whether this is one of the client's secrets.
    pub fn has_secret(&self, secret: &Secret) -> bool {
        let digest = hex(&secret.digest());
        let same =
            |known: &ClientSecret| bool::from(known.digest.as_bytes().ct_eq(digest.as_bytes()));
        *secret.tenant() == self.scope && self.secrets.iter().any(same)
    }
}

/// The client's id as it calls itself: it names its tenant.
fn client_id(tenant: &TenantScope, name: &str) -> String {
    format!("{tenant}.{name}")
}

pub(super) fn split(id: &str) -> Option<(TenantScope, &str)> {
    let (tenant, name) = id.split_once('.')?;
    // A client's own part is drawn like a tenant's id.
    TenantScope::parse(name)?;
    Some((TenantScope::parse(tenant)?, name))
}

fn checked_life(seconds: i64) -> Result<i64, IdentityError> {
    if (ACCESS_TOKEN_MIN_S..=ACCESS_TOKEN_MAX_S).contains(&seconds) {
        return Ok(seconds);
    }
    let range = format!("{ACCESS_TOKEN_MIN_S} to {ACCESS_TOKEN_MAX_S} seconds");
    Err(IdentityError::Invalid("accessTokenLife", range))
}

fn stored(method: AuthMethod, secrets: Vec<ClientSecret>) -> Result<Attr, StoreError> {
    serde_json::to_string(&Stored { method, secrets })
        .map(Attr::S)
        .map_err(|_| StoreError::Broken("a client does not become JSON"))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(digit).collect()
}

pub(in crate::store) fn read(tenant: &TenantScope, item: &Item) -> Result<Client, StoreError> {
    let broken = || StoreError::Broken("a client does not read");
    let stored = item.text(AUTH).ok_or_else(broken)?.to_owned();
    let stored: Stored = serde_json::from_str(&stored).map_err(|_| broken())?;
    let name = TenantScope::client_of(&item.key).ok_or_else(broken)?;
    Ok(Client {
        id: client_id(tenant, name),
        scope: tenant.clone(),
        connection: item.text(CONNECTION).ok_or_else(broken)?.to_owned(),
        label: item.text(LABEL).unwrap_or_default().to_owned(),
        method: stored.method,
        secrets: stored.secrets,
        scopes: scopes(item),
        access_token_life: item.number(LIFE).unwrap_or(ACCESS_TOKEN_MIN_S),
        created: item.number(CREATED).unwrap_or_default(),
        last_used: item.number(LAST_USED),
    })
}
