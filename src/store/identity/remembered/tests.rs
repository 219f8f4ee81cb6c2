use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::schema::ResourceTypes;
use crate::store::identity::credentials::TokenMark;
use crate::store::{Connection, Policies, Provider, Scopes};

fn digest(number: usize) -> [u8; 32] {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    digest
}

fn credential(until: Option<i64>) -> Credential {
    let connection = Connection {
        id: "aaaaaaaaaa".to_owned(),
        name: "default".to_owned(),
        provider: Provider::Entra,
        policies: Policies::default(),
        entra_bearer: None,
        created: 0,
        active_since: None,
        last_used: None,
    };
    Credential {
        scope: TenantScope::parse("k3v5q2m7xa").unwrap(),
        tenant: "fabrikam".to_owned(),
        actor: "K-test".to_owned(),
        connection: Arc::new(connection),
        scopes: Scopes::default(),
        types: ResourceTypes::default(),
        nested: false,
        twins_ever: BTreeSet::new(),
        token: Some(TokenMark {
            digest: digest(0),
            until,
            predecessors: None,
        }),
    }
}

#[test]
fn a_flood_of_guesses_is_bounded_and_displaces_nobody_who_is_known() {
    let remembered = Credentials::default();
    remembered.put(digest(0), 0, &Ok(credential(None)));
    for guess in 1..=2 * REMEMBERED_MAX {
        remembered.put(digest(guess), 0, &Err(Refused::Unknown));
        assert!(remembered.refused.lock().unwrap().len() <= REMEMBERED_MAX);
    }
    assert!(matches!(remembered.get(&digest(0), 1), Some(Ok(_))));
    let last = remembered.get(&digest(2 * REMEMBERED_MAX), 1);
    assert_eq!(last, Some(Err(Refused::Unknown)));
}

#[test]
fn what_is_remembered_ends() {
    let remembered = Credentials::default();
    remembered.put(digest(0), 0, &Ok(credential(None)));
    remembered.put(digest(1), 0, &Err(Refused::Unknown));
    assert!(remembered.get(&digest(0), KNOWN_MS - 1).is_some());
    assert!(remembered.get(&digest(0), KNOWN_MS).is_none());
    assert!(remembered.get(&digest(1), REFUSED_MS - 1).is_some());
    assert!(remembered.get(&digest(1), REFUSED_MS).is_none());
}

#[test]
fn a_token_that_ends_while_it_is_remembered_is_looked_up_again() {
    let remembered = Credentials::default();
    remembered.put(digest(0), 0, &Ok(credential(Some(1_000))));
    assert!(remembered.get(&digest(0), 999).is_some());
    assert!(remembered.get(&digest(0), 1_000).is_none());
}
