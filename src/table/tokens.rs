//! The embedded engine's memory of tokens: a transaction that is sent again is not carried out again.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use dynoxide::actions::transact_write_items::{
    TransactWriteItemsRequest, TransactWriteItemsResponse,
};
use dynoxide::{Database, DynoxideError};

/// Tokens remembered. Who sends a transaction again does so at once.
const TOKENS_MAX: usize = 100_000;

/// The newest tokens, each with the fingerprint of its transaction.
///
/// dynoxide's own memory of tokens is not used: every transaction looks through all of the last ten minutes, and it
/// keeps kilobytes for each.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    known: HashMap<String, u64>,
    in_order: VecDeque<String>,
}

impl Tokens {
    /// Carries out a transaction whose token is new; a known one it was carried out for already.
    pub(super) fn once(
        &mut self,
        db: &Database,
        mut request: TransactWriteItemsRequest,
        body: &[u8],
    ) -> Result<TransactWriteItemsResponse, DynoxideError> {
        let Some(token) = request.client_request_token.take() else {
            return db.transact_write_items(request);
        };
        let print = fingerprint(body);
        match self.known.get(&token) {
            Some(known) if *known == print => return Ok(TransactWriteItemsResponse::default()),
            Some(_) => {
                let text = "the token belongs to another transaction".to_owned();
                return Err(DynoxideError::IdempotentParameterMismatchException(text));
            }
            None => {}
        }
        let done = db.transact_write_items(request)?;
        if self.in_order.len() >= TOKENS_MAX
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.known.insert(token.clone(), print);
        self.in_order.push_back(token);
        Ok(done)
    }
}

/// The same for a request whose maps are written in another order, which the SDK does at will.
fn fingerprint(body: &[u8]) -> u64 {
    let parts = body.split(|byte| b",{}".contains(byte));
    let hash = |part: &[u8]| {
        let mut hasher = DefaultHasher::new();
        part.hash(&mut hasher);
        hasher.finish()
    };
    parts.map(hash).fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_a_map_does_not_matter_and_everything_else_does() {
        let print = |text: &str| fingerprint(text.as_bytes());
        let one = print(r#"{"a":{"S":"x"},"b":{"N":"1"}}"#);
        assert_eq!(one, print(r#"{"b":{"N":"1"},"a":{"S":"x"}}"#));
        assert_ne!(one, print(r#"{"a":{"S":"x"},"b":{"N":"2"}}"#));
        assert_ne!(one, print(r#"{"a":{"S":"x"}}"#));
    }
}
