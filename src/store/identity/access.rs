//! What a client gets for its proof: access tokens, and assertions that are good once. RFC 6749 §4.4.3, RFC 7523 §3.

use super::connection::LAST_USED;
use super::tokens::{CLIENT, CONNECTION, SCOPES};
use super::{Client, IdentityError, Scopes, Secret, Token};
use crate::store::keys::TenantScope;
use crate::store::{Store, StoreError};
use crate::table::{Attr, Attrs, Condition, TableError, Update, Write};

const TTL: &str = "exp";

impl Store {
    /// An access token for the client, which may do what `scopes` say.
    pub async fn issue_access_token(
        &self,
        client: &Client,
        scopes: &Scopes,
    ) -> Result<(Secret, Token), IdentityError> {
        let attrs = Attrs::from([
            (CONNECTION, Attr::S(client.connection.clone())),
            (CLIENT, Attr::S(client.id.clone())),
            (SCOPES, Attr::Ss(scopes.names())),
        ]);
        let life = client.access_token_life;
        let issued = self.put_token(&client.scope, attrs, Some(life)).await?;
        let update = Update::set([(LAST_USED, Attr::N(self.host().now_ms()))]);
        // Only a note; the token is good without it.
        let key = client.scope.client(client.name());
        drop(self.update_setting(key, update, Condition::Exists).await);
        Ok(issued)
    }

    /// Notes that an assertion was used, until it ends (milliseconds since 1970); `false` where it was used before.
    pub async fn use_assertion(
        &self,
        tenant: &TenantScope,
        digest: &[u8; 32],
        ends: i64,
    ) -> Result<bool, StoreError> {
        let put = Write::put(
            tenant.used_assertion(digest),
            [(TTL, Attr::N(ends / 1_000 + 1))],
        )
        .when(Condition::NotExists);
        match self.table().write(&put).await {
            Ok(()) => Ok(true),
            Err(TableError::Condition(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
