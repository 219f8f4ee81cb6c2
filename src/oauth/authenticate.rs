//! Whether a client is who it says. RFC 6749 §2.3, RFC 7521 §4.2, RFC 7523 §3.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::error::OAuthError;
use super::form::{Form, Proof};
use super::{TOKEN_PATH, TokenEndpoint};
use crate::api::Call;
use crate::jose::{Assertion, Fault, Keys};
use crate::store::{AuthMethod, Client, Federation, Secret, SecretKind, State};

impl TokenEndpoint {
    /// The client, once it has proved itself and its tenant is served.
    pub(super) async fn authenticate(
        &self,
        call: &Call,
        form: &Form,
    ) -> Result<Client, OAuthError> {
        let (client, state) = match &form.proof {
            Proof::Secret(secret) => self.by_secret(form.client_id.as_deref(), secret).await?,
            Proof::Assertion(text) => self.by_assertion(call, form, text).await?,
        };
        match state {
            State::Active => Ok(client),
            State::Suspended => Err(OAuthError::suspended()),
            State::Erasing | State::Erased => Err(OAuthError::erased()),
        }
    }

    async fn by_secret(
        &self,
        id: Option<&str>,
        secret: &str,
    ) -> Result<(Client, State), OAuthError> {
        let id = id.ok_or_else(missing_id)?;
        let secret = Secret::parse(SecretKind::Client, secret).map_err(|_| {
            let words = "the client secret is incomplete or mistyped; it begins with scimsecret_";
            OAuthError::invalid_client("client_secret_malformed", words)
        })?;
        let (client, state) = self.find(id).await?;
        let proven = client.method == AuthMethod::Secret && client.has_secret(&secret);
        proven
            .then_some((client, state))
            .ok_or_else(OAuthError::unproven)
    }

    async fn by_assertion(
        &self,
        call: &Call,
        form: &Form,
        text: &str,
    ) -> Result<(Client, State), OAuthError> {
        let now = self.store.host().now_ms();
        let assertion = Assertion::read(text)?;
        let ends = assertion.claims.check_time(now)?;
        // A client that signs itself may leave its name to the assertion (RFC 7521 §4.2).
        let (iss, sub) = (&assertion.claims.iss, &assertion.claims.sub);
        let own = sub.as_deref().filter(|_| iss == sub);
        let named = form.client_id.as_deref().or(own);
        let (client, state) = self.find(named.ok_or_else(missing_id)?).await?;
        match &client.method {
            AuthMethod::Secret => return Err(OAuthError::unproven()),
            AuthMethod::PrivateKey { jwks } => {
                self.by_own_key(call, &client, jwks, &assertion, ends)
                    .await?;
            }
            AuthMethod::Federation(federation) => {
                self.by_federation(federation, &assertion, now).await?;
            }
        }
        Ok((client, state))
    }

    async fn find(&self, id: &str) -> Result<(Client, State), OAuthError> {
        let found = self.store.find_client(id).await?;
        found.ok_or_else(OAuthError::unproven)
    }

    /// An assertion that the client signed itself, for us, once.
    async fn by_own_key(
        &self,
        call: &Call,
        client: &Client,
        jwks: &Value,
        assertion: &Assertion<'_>,
        ends: i64,
    ) -> Result<(), OAuthError> {
        let claims = &assertion.claims;
        if claims.iss.as_ref() != Some(&client.id) {
            return Err(issuer());
        }
        if claims.sub.as_ref() != Some(&client.id) {
            return Err(subject());
        }
        let keys = Keys::of_client(jwks).map_err(|_| Fault::Key)?;
        assertion.check_signature(&keys)?;
        let origin = call.origin.as_str();
        let endpoint = format!("{origin}{TOKEN_PATH}");
        if !claims.are_for([endpoint.as_str(), origin, &format!("{origin}/")]) {
            return Err(audience());
        }
        let jti = claims.jti.as_deref().filter(|jti| !jti.is_empty());
        let jti = jti.ok_or_else(|| {
            let words = "the assertion has no jti, and is good for one use only";
            OAuthError::invalid_client("assertion_without_jti", words)
        })?;
        let digest = Sha256::digest(format!("{} {jti}", client.id)).into();
        if !self
            .store
            .use_assertion(&client.scope, &digest, ends)
            .await?
        {
            let words = "an assertion with this jti was used before; sign a new one";
            return Err(OAuthError::invalid_client("assertion_replayed", words));
        }
        Ok(())
    }

    /// An assertion that the customer's identity provider signed, for this client.
    async fn by_federation(
        &self,
        federation: &Federation,
        assertion: &Assertion<'_>,
        now: i64,
    ) -> Result<(), OAuthError> {
        let claims = &assertion.claims;
        if claims.iss.as_ref() != Some(&federation.issuer) {
            return Err(issuer());
        }
        let kid = assertion.kid.as_deref();
        let keys = self.keys.keys(&federation.issuer, kid, now).await?;
        assertion.check_signature(&keys)?;
        if !claims.are_for(federation.audiences.iter().map(String::as_str)) {
            return Err(audience());
        }
        if claims.sub.as_ref() != Some(&federation.subject) {
            return Err(subject());
        }
        let pinned =
            |wanted: &Option<String>, claim: &Option<String>| wanted.is_none() || wanted == claim;
        if !pinned(&federation.tenant_id, &claims.tid) {
            let words = "the tid is another than the one agreed";
            return Err(OAuthError::invalid_client("assertion_tenant", words));
        }
        if !pinned(&federation.object_id, &claims.oid) {
            let words = "the oid is another than the one agreed";
            return Err(OAuthError::invalid_client("assertion_object", words));
        }
        Ok(())
    }
}

fn missing_id() -> OAuthError {
    OAuthError::invalid_request("client_id", "send client_id")
}

fn issuer() -> OAuthError {
    let words = "the iss is another than the one agreed, byte for byte";
    OAuthError::invalid_client("assertion_issuer", words)
}

fn subject() -> OAuthError {
    let words = "the sub is another than the one agreed";
    OAuthError::invalid_client("assertion_subject", words)
}

fn audience() -> OAuthError {
    let words = "the aud is none of those agreed";
    OAuthError::invalid_client("assertion_audience", words)
}
