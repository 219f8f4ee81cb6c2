//! OAuth clients of a connection: how they prove who they are, and the access tokens they get. RFC 6749 §4.4, RFC 7523.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use super::connections::{LAST_USED, draw_id};
use super::items::{number, text};
use super::tenants::{CREATED, State};
use super::tokens::{CONNECTION, SCOPES, scopes};
use super::{Connection, IdentityError, Scopes, Secret, SecretKind, connections, label};
use crate::store::keys::TenantScope;
use crate::store::{Store, StoreError};
use crate::table::{Attr, Attrs, Condition, Item, TableError, Update, Write};

/// Live secrets of one client: the present one and its successor.
pub const CLIENT_SECRETS_MAX: usize = 2;
/// Clients of one connection.
const CLIENTS_MAX: usize = 20;
/// Life of an access token in seconds: what Entra accepts, and what it gets where nothing else is said.
pub(super) const ACCESS_TOKEN_MIN_S: i64 = 3_600;
pub(super) const ACCESS_TOKEN_MAX_S: i64 = 6 * 3_600;

const LABEL: &str = "label";
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

impl Client {
    /// Whether this is one of the client's secrets.
    pub fn has_secret(&self, secret: &Secret) -> bool {
        let digest = hex(&secret.digest());
        let same =
            |known: &ClientSecret| bool::from(known.digest.as_bytes().ct_eq(digest.as_bytes()));
        *secret.tenant() == self.scope && self.secrets.iter().any(same)
    }
}

impl Store {
    /// A new client of the connection; with a secret, shown this once, where it proves itself by one.
    pub async fn create_client(
        &self,
        tenant: &TenantScope,
        connection: &str,
        new: &NewClient,
    ) -> Result<(Client, Option<Secret>), IdentityError> {
        self.connection(tenant, connection).await?;
        if self.clients(tenant, connection).await?.len() >= CLIENTS_MAX {
            return Err(IdentityError::TooMany(format!(
                "a connection can have {CLIENTS_MAX} clients, and this one has them"
            )));
        }
        let life = new.access_token_life.unwrap_or(ACCESS_TOKEN_MIN_S);
        let mut attrs = Attrs::from([
            (CONNECTION, Attr::S(connection.to_owned())),
            (LABEL, Attr::S(label("label", &new.label)?)),
            (CREATED, Attr::N(self.host().now_ms())),
            (LIFE, Attr::N(checked_life(life)?)),
        ]);
        if let Some(scopes) = new.scopes.as_ref().filter(|scopes| !scopes.is_empty()) {
            attrs.insert(SCOPES, Attr::Ss(scopes.names()));
        }
        let secret = (new.method == AuthMethod::Secret).then(|| self.draw_secret(tenant));
        let stored = Stored {
            method: new.method.clone(),
            secrets: secret.iter().map(|(_, kept)| kept.clone()).collect(),
        };
        attrs.insert(AUTH, Attr::S(json(&stored)?));
        let id = draw_id(self);
        let put = Write::Put {
            key: tenant.client(&id),
            attrs,
            condition: Some(Condition::NotExists),
        };
        self.table().write(&put).await?;
        let client = self
            .client(tenant, connection, &client_id(tenant, &id))
            .await?;
        Ok((client, secret.map(|(secret, _)| secret)))
    }

    /// The connection's clients, the oldest first.
    pub async fn clients(
        &self,
        tenant: &TenantScope,
        connection: &str,
    ) -> Result<Vec<Client>, StoreError> {
        let (pk, prefix) = tenant.clients();
        let items = self.settings(pk, prefix.to_owned()).await?;
        let read = items.iter().map(|item| read(tenant, item));
        let mut clients: Vec<Client> = read.collect::<Result<_, _>>()?;
        clients.retain(|client| client.connection == connection);
        clients.sort_by(|left, right| (left.created, &left.id).cmp(&(right.created, &right.id)));
        Ok(clients)
    }

    pub async fn client(
        &self,
        tenant: &TenantScope,
        connection: &str,
        id: &str,
    ) -> Result<Client, IdentityError> {
        let found = self.find_client(id).await?;
        let own = |client: &Client| client.scope == *tenant && client.connection == connection;
        let found = found.map(|(client, ..)| client).filter(own);
        found.ok_or(IdentityError::NotFound("client"))
    }

    /// The client that calls itself so, its connection, and whether its tenant is served. Read anew each time.
    ///
    /// One that is not there costs the same reads, whether or not the tenant that it names exists.
    pub async fn find_client(
        &self,
        id: &str,
    ) -> Result<Option<(Client, Connection, State)>, StoreError> {
        let Some((tenant, name)) = split(id) else {
            return Ok(None);
        };
        let keys = [tenant.config(), tenant.client(name)];
        let (items, unprocessed) = self.table().batch_get(&keys).await?;
        if !unprocessed.is_empty() {
            return Err(StoreError::Busy);
        }
        let item = |key| items.iter().find(|item| item.key == key);
        let [config, client] = keys;
        let client = item(client).map(|item| read(&tenant, item)).transpose()?;
        let connection = client.as_ref().map_or(name, |client| &client.connection);
        let connection = self.table().get(&tenant.connection(connection)).await?;
        let (Some(config), Some(client), Some(connection)) = (item(config), client, connection)
        else {
            return Ok(None);
        };
        let connection = connections::read(&connection)?;
        Ok(Some((client, connection, State::of(config))))
    }

    /// Changes the client. Others feel it at the next token they ask for.
    pub async fn change_client(
        &self,
        client: &Client,
        change: &ClientChange,
    ) -> Result<Client, IdentityError> {
        let mut set = Attrs::new();
        if let Some(text) = &change.label {
            set.insert(LABEL, Attr::S(label("label", text)?));
        }
        if let Some(life) = change.access_token_life {
            set.insert(LIFE, Attr::N(checked_life(life)?));
        }
        if let Some(method) = &change.method {
            let of_a_kind =
                (*method == AuthMethod::Secret) == (client.method == AuthMethod::Secret);
            if !of_a_kind {
                let why = "a client with secrets stays one; make another client instead";
                return Err(IdentityError::State(why));
            }
            let stored = Stored {
                method: method.clone(),
                secrets: client.secrets.clone(),
            };
            set.insert(AUTH, Attr::S(json(&stored)?));
        }
        self.write_client(client, set, Condition::Exists).await
    }

    /// A further secret, shown this once; the others stay good.
    pub async fn add_client_secret(
        &self,
        client: &Client,
    ) -> Result<(Secret, Client), IdentityError> {
        if client.method != AuthMethod::Secret {
            return Err(IdentityError::State(
                "the client proves itself without a secret",
            ));
        }
        if client.secrets.len() >= CLIENT_SECRETS_MAX {
            return Err(IdentityError::TooMany(format!(
                "a client has at most {CLIENT_SECRETS_MAX} secrets; remove the one that is not used any more"
            )));
        }
        let (secret, kept) = self.draw_secret(&client.scope);
        let mut secrets = client.secrets.clone();
        secrets.push(kept);
        Ok((secret, self.write_secrets(client, secrets).await?))
    }

    /// Takes a secret away; access tokens it was exchanged for live on until they end.
    pub async fn remove_client_secret(
        &self,
        client: &Client,
        id: &str,
    ) -> Result<Client, IdentityError> {
        let mut secrets = client.secrets.clone();
        secrets.retain(|secret| secret.id != id);
        if secrets.len() == client.secrets.len() {
            return Err(IdentityError::NotFound("secret"));
        }
        self.write_secrets(client, secrets).await
    }

    async fn write_secrets(
        &self,
        client: &Client,
        secrets: Vec<ClientSecret>,
    ) -> Result<Client, IdentityError> {
        let as_read = Stored {
            method: client.method.clone(),
            secrets: client.secrets.clone(),
        };
        let unchanged = Condition::Equals(AUTH, Attr::S(json(&as_read)?));
        let stored = Stored {
            method: client.method.clone(),
            secrets,
        };
        let set = Attrs::from([(AUTH, Attr::S(json(&stored)?))]);
        self.write_client(client, set, unchanged).await
    }

    async fn write_client(
        &self,
        client: &Client,
        set: Attrs,
        condition: Condition,
    ) -> Result<Client, IdentityError> {
        let missing = IdentityError::NotFound("client");
        let (_, name) = split(&client.id).ok_or(IdentityError::NotFound("client"))?;
        let key = client.scope.client(name);
        if !set.is_empty() {
            let update = Update {
                set,
                ..Update::default()
            };
            match self.update_setting(key, update, condition).await {
                Ok(()) => {}
                Err(TableError::Condition(None)) => return Err(missing),
                Err(TableError::Condition(Some(_))) => return Err(StoreError::Busy.into()),
                Err(error) => return Err(error.into()),
            }
        }
        self.client(&client.scope, &client.connection, &client.id)
            .await
    }

    /// Takes the client away; its access tokens are unknown within 30 s.
    pub async fn delete_client(&self, client: &Client) -> Result<(), IdentityError> {
        let (_, name) = split(&client.id).ok_or(IdentityError::NotFound("client"))?;
        let delete = Write::Delete {
            key: client.scope.client(name),
            condition: None,
        };
        self.table().write(&delete).await?;
        self.shared.credentials.forget(&client.scope);
        Ok(())
    }

    fn draw_secret(&self, tenant: &TenantScope) -> (Secret, ClientSecret) {
        let secret = Secret::draw(SecretKind::Client, tenant, self.host());
        let digest = secret.digest();
        let kept = ClientSecret {
            id: TenantScope::token_id(&digest),
            digest: hex(&digest),
            created: self.host().now_ms(),
        };
        (secret, kept)
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

fn json(stored: &Stored) -> Result<String, StoreError> {
    serde_json::to_string(stored).map_err(|_| StoreError::Broken("a client does not become JSON"))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(digit).collect()
}

pub(in crate::store) fn read(tenant: &TenantScope, item: &Item) -> Result<Client, StoreError> {
    let broken = || StoreError::Broken("a client does not read");
    let stored = text(item, AUTH).ok_or_else(broken)?;
    let stored: Stored = serde_json::from_str(&stored).map_err(|_| broken())?;
    let name = TenantScope::client_of(&item.key).ok_or_else(broken)?;
    Ok(Client {
        id: client_id(tenant, name),
        scope: tenant.clone(),
        connection: text(item, CONNECTION).ok_or_else(broken)?,
        label: text(item, LABEL).unwrap_or_default(),
        method: stored.method,
        secrets: stored.secrets,
        scopes: scopes(item),
        access_token_life: number(item, LIFE).unwrap_or(ACCESS_TOKEN_MIN_S),
        created: number(item, CREATED).unwrap_or_default(),
        last_used: number(item, LAST_USED),
    })
}
