//! Secret tokens of a connection: made, listed, labelled, revoked. Only digests are stored.

use super::connection::LAST_USED;
use super::items::digest;
use super::tenant::CREATED;
use super::{Expiry, IdentityError, Scopes, Secret, SecretKind, label};
use crate::store::keys::TenantScope;
use crate::store::{Store, StoreError};
use crate::table::{Attr, Attrs, Item, Key, Update};

/// A token that ended is remembered this long, so that its holder is told what happened.
pub(super) const REMEMBERED_S: i64 = 90 * 86_400;
/// An access token less long: a client gets a new one every hour.
const ACCESS_REMEMBERED_S: i64 = 86_400;

pub(super) const LABEL: &str = "label";
pub(super) const DIGEST: &str = "sha256";
pub(in crate::store) const CONNECTION: &str = "cid";
pub(super) const CLIENT: &str = "cl";
pub(super) const SCOPES: &str = "sc";
pub(super) const UNTIL: &str = "un";
pub(super) const REVOKED: &str = "rv";
/// In a successor until its first use: whose successor it is, and how long they may live on, in seconds. They are
/// several where a successor was replaced before it was used.
pub(super) const PREDECESSORS: &str = "pr";
pub(super) const RETIRE: &str = "rt";
/// How long it was made to live, in seconds; where it has an end.
pub(super) const LIFE: &str = "li";
/// Of a successor for good: the id of the token it replaces.
pub(super) const REPLACES: &str = "of";
pub(super) const TTL: &str = "exp";

/// What a new token is to be.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// What it is for.
    pub label: String,
    /// Seconds it lives; `None`: as the tenant's rules say.
    pub expires_in: Option<i64>,
    /// `None`: everything.
    pub scopes: Option<Scopes>,
}

/// A token as its vendor sees it. Times in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Names the token in lists, logs and the outbox; it gives nothing away.
    pub id: String,
    pub connection: String,
    pub label: String,
    pub scopes: Scopes,
    pub created: i64,
    pub expires: Option<i64>,
    /// To the hour.
    pub last_used: Option<i64>,
    pub revoked: Option<i64>,
    /// The token that this one replaces.
    pub replaces: Option<String>,
}

impl Store {
    /// A new token of the connection, shown this once.
    pub async fn create_token(
        &self,
        tenant: &TenantScope,
        connection: &str,
        new: &NewToken,
    ) -> Result<(Secret, Token), IdentityError> {
        self.connection(tenant, connection).await?;
        let life = self.expiry(tenant).await?.life(new.expires_in)?;
        let mut attrs = Attrs::from([(CONNECTION, Attr::S(connection.to_owned()))]);
        if !new.label.is_empty() {
            attrs.insert(LABEL, Attr::S(label("label", &new.label)?));
        }
        if let Some(scopes) = &new.scopes {
            if scopes.is_empty() {
                let why = "name at least one, or leave it out for all".to_owned();
                return Err(IdentityError::Invalid("scopes", why));
            }
            attrs.insert(SCOPES, Attr::Ss(scopes.names()));
        }
        self.put_token(tenant, attrs, life).await
    }

    /// The tenant's rules.
    pub(super) async fn expiry(&self, tenant: &TenantScope) -> Result<Expiry, IdentityError> {
        let config = self.table().get(&tenant.config()).await?;
        Ok(Expiry::of(
            &config.ok_or(IdentityError::NotFound("tenant"))?,
        ))
    }

    /// Writes a token with a new secret that lives `life` seconds.
    pub(super) async fn put_token(
        &self,
        tenant: &TenantScope,
        mut attrs: Attrs,
        life: Option<i64>,
    ) -> Result<(Secret, Token), IdentityError> {
        let secret = Secret::draw(SecretKind::Token, tenant, self.host());
        let digest = secret.digest();
        let now = self.host().now_ms();
        attrs.insert(DIGEST, Attr::B(digest.to_vec()));
        attrs.insert(CREATED, Attr::N(now));
        if let Some(life) = life {
            attrs.insert(LIFE, Attr::N(life));
            attrs.insert(UNTIL, Attr::N(now + life * 1_000));
            let remembered = if attrs.contains_key(CLIENT) {
                ACCESS_REMEMBERED_S
            } else {
                REMEMBERED_S
            };
            attrs.insert(TTL, Attr::N(now / 1_000 + life + remembered));
        }
        let item = self.put_new(tenant.token(&digest), attrs).await?;
        Ok((secret, read(&item)?))
    }

    /// The connection's tokens, the oldest first; access tokens of its clients are not among them.
    pub async fn tokens(
        &self,
        tenant: &TenantScope,
        connection: &str,
    ) -> Result<Vec<Token>, StoreError> {
        let (pk, prefix) = tenant.tokens();
        let items = self.settings(pk, prefix.to_owned()).await?;
        let own = items.iter().filter(|item| {
            item.text(CONNECTION) == Some(connection) && item.text(CLIENT).is_none()
        });
        let mut tokens: Vec<Token> = own.map(read).collect::<Result<_, _>>()?;
        tokens.sort_by(|left, right| (left.created, &left.id).cmp(&(right.created, &right.id)));
        Ok(tokens)
    }

    /// The token with this id, if it is of this connection.
    pub async fn token(
        &self,
        tenant: &TenantScope,
        connection: &str,
        id: &str,
    ) -> Result<Token, IdentityError> {
        let item = self.token_item(tenant, connection, id).await?;
        Ok(read(&item)?)
    }

    pub(super) async fn token_item(
        &self,
        tenant: &TenantScope,
        connection: &str,
        id: &str,
    ) -> Result<Item, IdentityError> {
        let missing = IdentityError::NotFound("token");
        let Some((pk, prefix)) = tenant.tokens_named(id) else {
            return Err(missing);
        };
        let items = self.settings(pk, prefix).await?;
        let of_connection = |item: &Item| item.text(CONNECTION) == Some(connection);
        items.into_iter().find(of_connection).ok_or(missing)
    }

    /// Ends the token for good. It is refused at once here, and everywhere within 30 s.
    pub async fn revoke_token(
        &self,
        tenant: &TenantScope,
        connection: &str,
        id: &str,
    ) -> Result<(), IdentityError> {
        let item = self.token_item(tenant, connection, id).await?;
        let now = self.host().now_ms();
        let ends = |item: &Item| {
            let mut update = Update::default();
            if item.number(REVOKED).is_none() {
                update.set = Attrs::from([
                    (REVOKED, Attr::N(now)),
                    (TTL, Attr::N(now / 1_000 + REMEMBERED_S)),
                ]);
            }
            Ok::<_, IdentityError>(update)
        };
        let revoked = self.amend(item.key, "token", ends).await;
        self.shared.credentials.forget(tenant);
        revoked.map(drop)
    }

    /// Gives the token another label.
    pub async fn label_token(
        &self,
        tenant: &TenantScope,
        connection: &str,
        id: &str,
        text: &str,
    ) -> Result<Token, IdentityError> {
        let item = self.token_item(tenant, connection, id).await?;
        check_secret(&item)?;
        let label = Attr::S(label("label", text)?);
        let labelled = self.amend(item.key, "token", |_| {
            Ok::<_, IdentityError>(Update::set([(LABEL, label.clone())]))
        });
        Ok(read(&labelled.await?)?)
    }

    /// Keys of every credential of the connection: tokens, access tokens, clients.
    pub(super) async fn credentials_of(
        &self,
        tenant: &TenantScope,
        connection: &str,
    ) -> Result<Vec<Key>, StoreError> {
        let mut keys = vec![];
        for (pk, prefix) in [tenant.tokens(), tenant.clients()] {
            let items = self.settings(pk, prefix.to_owned()).await?;
            let own = |item: &Item| item.text(CONNECTION) == Some(connection);
            keys.extend(items.into_iter().filter(own).map(|item| item.key));
        }
        Ok(keys)
    }
}

/// Access tokens come and go with their client; only a Secret Token is somebody's to care for.
pub(super) fn check_secret(token: &Item) -> Result<(), IdentityError> {
    if token.text(CLIENT).is_none() {
        return Ok(());
    }
    let why = "this is an access token of an OAuth client, which asks for a new one by itself";
    Err(IdentityError::State(why))
}

fn read(item: &Item) -> Result<Token, StoreError> {
    let broken = || StoreError::Broken("a token does not read");
    Ok(Token {
        id: digest(item, DIGEST)
            .map(|digest| TenantScope::token_id(&digest))
            .ok_or_else(broken)?,
        connection: item.text(CONNECTION).ok_or_else(broken)?.to_owned(),
        label: item.text(LABEL).unwrap_or_default().to_owned(),
        scopes: scopes(item),
        created: item.number(CREATED).unwrap_or_default(),
        expires: item.number(UNTIL),
        last_used: item.number(LAST_USED),
        revoked: item.number(REVOKED),
        replaces: item.text(REPLACES).map(str::to_owned),
    })
}

pub(super) fn scopes(item: &Item) -> Scopes {
    if item.attrs.contains_key(SCOPES) {
        Scopes::of_names(item.texts(SCOPES).unwrap_or_default())
    } else {
        Scopes::default()
    }
}
