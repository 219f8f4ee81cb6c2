//! What is noted after a request that went well: last use to the hour, first use, a successor's first use.

use std::sync::PoisonError;

use super::connection::{ACTIVE_SINCE, LAST_USED};
use super::credentials::Credential;
use super::tokens::{PREDECESSORS, REMEMBERED_S, RETIRE, TTL, UNTIL};
use crate::store::{Store, StoreError};
use crate::table::{Attr, Attrs, Condition, Key, TableError, Update};

/// How coarse "last used" is.
const COARSE_MS: i64 = 3_600_000;
/// Credentials whose last note is remembered.
const REMEMBERED_MAX: usize = 10_000;

impl Store {
    /// Notes that the credential was used well just now. Costs nothing if that was noted within the hour.
    pub async fn touch(&self, credential: &Credential) -> Result<(), StoreError> {
        let now = self.host().now_ms();
        let first = credential
            .token
            .as_ref()
            .is_some_and(|token| token.predecessors.is_some());
        if !self.is_due(&credential.actor, now) && !first {
            return Ok(());
        }
        if let Some(token) = &credential.token {
            self.note(credential.scope.token(&token.digest), now, LAST_USED)
                .await?;
            if let Some((predecessors, retire_s)) = &token.predecessors {
                self.retire(credential, predecessors, now + retire_s * 1_000)
                    .await?;
            }
        }
        let connection = credential.scope.connection(&credential.connection.id);
        self.note(connection.clone(), now, LAST_USED).await?;
        if credential.connection.active_since.is_none() {
            let set = Attrs::from([(ACTIVE_SINCE, Attr::N(now))]);
            self.set(connection, set, Condition::Lacks(ACTIVE_SINCE))
                .await?;
        }
        Ok(())
    }

    fn is_due(&self, actor: &str, now: i64) -> bool {
        let touched = &self.shared.credentials.touched;
        let mut touched = touched.lock().unwrap_or_else(PoisonError::into_inner);
        if touched
            .get(actor)
            .is_some_and(|last| now < last + COARSE_MS)
        {
            return false;
        }
        if touched.len() >= REMEMBERED_MAX {
            touched.clear();
        }
        touched.insert(actor.to_owned(), now);
        true
    }

    async fn note(&self, key: Key, now: i64, name: &'static str) -> Result<(), StoreError> {
        let set = Attrs::from([(name, Attr::N(now))]);
        let older = Condition::Less(name, now - COARSE_MS + 1);
        let condition = Condition::Or(vec![Condition::Lacks(name), older]);
        self.set(key, set, condition).await
    }

    /// The successor is in use: from now on the days of those before it are counted.
    async fn retire(
        &self,
        credential: &Credential,
        predecessors: &[[u8; 32]],
        until: i64,
    ) -> Result<(), StoreError> {
        for predecessor in predecessors {
            let ends_later = Condition::Or(vec![
                Condition::Lacks(UNTIL),
                Condition::Greater(UNTIL, until),
            ]);
            let set = Attrs::from([
                (UNTIL, Attr::N(until)),
                (TTL, Attr::N(until / 1_000 + REMEMBERED_S)),
            ]);
            self.set(credential.scope.token(predecessor), set, ends_later)
                .await?;
        }
        if let Some(token) = &credential.token {
            let update = Update {
                remove: vec![PREDECESSORS, RETIRE],
                ..Update::default()
            };
            let key = credential.scope.token(&token.digest);
            match self.update_setting(key, update, Condition::Exists).await {
                Ok(()) | Err(TableError::Condition(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.shared.credentials.forget(&credential.scope);
        Ok(())
    }

    /// Sets attributes of an item that is there and meets the condition; else nothing.
    async fn set(&self, key: Key, set: Attrs, condition: Condition) -> Result<(), StoreError> {
        let update = Update::set(set);
        let condition = Condition::And(vec![Condition::Exists, condition]);
        match self.update_setting(key, update, condition).await {
            Ok(()) | Err(TableError::Condition(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
