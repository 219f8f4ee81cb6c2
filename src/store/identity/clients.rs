//! OAuth clients of a connection and their secrets: made, listed, found, changed, deleted. RFC 6749 §4.4, RFC 7523.

use super::amend::Limited;
use super::client::{read, split};
use super::connections::draw_id;
use super::tenant::CREATED;
use super::{
    AuthMethod, Client, ClientChange, ClientSecret, Expiry, IdentityError, NewClient, Secret,
    SecretKind, State,
};
use crate::store::keys::TenantScope;
use crate::store::{Store, StoreError};
use crate::table::{Attr, Update, Write};

/// Live secrets of one client: the present one and its successor.
pub const CLIENT_SECRETS_MAX: usize = 2;
/// Clients of one connection.
const CLIENTS_MAX: usize = 20;

impl Store {
    /// A new client of the connection; with a secret, shown this once, where it proves itself by one.
    pub async fn create_client(
        &self,
        tenant: &TenantScope,
        connection: &str,
        new: &NewClient,
    ) -> Result<(Client, Option<Secret>), IdentityError> {
        let secret = (new.method == AuthMethod::Secret)
            .then(|| Secret::draw(SecretKind::Client, tenant, self.host()));
        let now = self.host().now_ms();
        let kept = secret.iter().map(|secret| ClientSecret::of(secret, now));
        let mut attrs = new.attrs(connection, kept.collect())?;
        attrs.insert(CREATED, Attr::N(now));
        let id = draw_id(self);
        let limited = Limited {
            of: &tenant.connection(connection),
            what: "connection",
            max: CLIENTS_MAX,
            too_many: format!("a connection can have {CLIENTS_MAX} clients, and this one has them"),
        };
        let count = async || Ok(self.clients(tenant, connection).await?.len());
        let added = self.add(&limited, tenant.client(&id), attrs, count);
        Ok((read(tenant, &added.await?)?, secret))
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

    /// The client with this id, if it is of this connection.
    pub async fn client(
        &self,
        tenant: &TenantScope,
        connection: &str,
        id: &str,
    ) -> Result<Client, IdentityError> {
        let missing = || IdentityError::NotFound("client");
        let (scope, name) = split(id).ok_or_else(missing)?;
        let item = self.table().get(&tenant.client(name)).await?;
        let client = item.map(|item| read(tenant, &item)).transpose()?;
        let own = |client: &Client| scope == *tenant && client.connection == connection;
        client.filter(own).ok_or_else(missing)
    }

    /// The client that calls itself so, and whether its tenant is served. Read anew each time. Its access tokens live
    /// no longer than its tenant allows any token to.
    ///
    /// One that is not there costs the same reads, whether or not the tenant that it names exists.
    pub async fn find_client(&self, id: &str) -> Result<Option<(Client, State)>, StoreError> {
        let Some((tenant, name)) = split(id) else {
            return Ok(None);
        };
        let [config, client] = self.pair([tenant.config(), tenant.client(name)]).await?;
        let client = client.map(|item| read(&tenant, &item)).transpose()?;
        let connection = client.as_ref().map_or(name, |client| &client.connection);
        // What is left of a client whose connection is gone gets no token.
        let connection = self.table().get(&tenant.connection(connection)).await?;
        let (Some(config), Some(mut client), Some(_)) = (config, client, connection) else {
            return Ok(None);
        };
        if let Some(maximum) = Expiry::of(&config).maximum {
            client.access_token_life = client.access_token_life.min(maximum);
        }
        Ok(Some((client, State::of(&config))))
    }

    /// Changes the client. Others feel it at the next token they ask for.
    pub async fn change_client(
        &self,
        client: &Client,
        change: &ClientChange,
    ) -> Result<Client, IdentityError> {
        self.amend_client(client, |was| change.update(was)).await
    }

    /// A further secret, shown this once; the others stay good.
    pub async fn add_client_secret(
        &self,
        client: &Client,
    ) -> Result<(Secret, Client), IdentityError> {
        let secret = Secret::draw(SecretKind::Client, &client.scope, self.host());
        let kept = ClientSecret::of(&secret, self.host().now_ms());
        let further = |was: &Client| {
            if was.method != AuthMethod::Secret {
                let why = "the client proves itself without a secret";
                return Err(IdentityError::State(why));
            }
            if was.secrets.contains(&kept) {
                return Ok(Update::default());
            }
            if was.secrets.len() >= CLIENT_SECRETS_MAX {
                return Err(IdentityError::TooMany(format!(
                    "a client has at most {CLIENT_SECRETS_MAX} secrets; remove the one that is not used any more"
                )));
            }
            was.with_secrets([was.secrets.as_slice(), std::slice::from_ref(&kept)].concat())
        };
        let client = self.amend_client(client, further).await?;
        Ok((secret, client))
    }

    /// Takes a secret away; access tokens it was exchanged for live on until they end.
    pub async fn remove_client_secret(
        &self,
        client: &Client,
        id: &str,
    ) -> Result<Client, IdentityError> {
        let without = |was: &Client| {
            let mut secrets = was.secrets.clone();
            secrets.retain(|secret| secret.id != id);
            if secrets.len() == was.secrets.len() {
                return Err(IdentityError::NotFound("secret"));
            }
            was.with_secrets(secrets)
        };
        self.amend_client(client, without).await
    }

    async fn amend_client(
        &self,
        client: &Client,
        change: impl Fn(&Client) -> Result<Update, IdentityError>,
    ) -> Result<Client, IdentityError> {
        let scope = &client.scope;
        let key = scope.client(client.name());
        let changed = self.amend(key, "client", |item| change(&read(scope, item)?));
        Ok(read(scope, &changed.await?)?)
    }

    /// Takes the client away; its access tokens are unknown within 30 s.
    pub async fn delete_client(&self, client: &Client) -> Result<(), IdentityError> {
        let delete = Write::delete(client.scope.client(client.name()));
        self.table().write(&delete).await?;
        self.shared.credentials.forget(&client.scope);
        Ok(())
    }
}
