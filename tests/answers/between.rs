//! What others do, and what fails, in the middle of a request.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use serverless_scim::table::{
    Consistency, Cursor, Index, Item, Key, Page, Query, Table, TableError, Transaction, Write,
};

use crate::bed::{Bed, Customer, instance, user};

const TRUNCATED: &str = "urn:serverless-scim:params:scim:schemas:extension:truncated:2.0:Group";

/// Who gives groups other names: their paths, and what they are called then.
type Renames = (Customer, Vec<(String, String)>);

/// A table of which some partitions cannot be read, once a change was made if it is to be made first; and where
/// somebody may come in before members are read.
struct Between {
    inner: Arc<dyn Table>,
    unread: Mutex<Vec<&'static str>>,
    unread_after: Mutex<Vec<&'static str>>,
    renames: Mutex<Option<Renames>>,
}

impl fmt::Debug for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Between").finish_non_exhaustive()
    }
}

#[async_trait]
impl Table for Between {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.inner.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        self.inner.batch_get(keys).await
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        let reads_members = query.pk.contains("#M#");
        let come_in = reads_members.then(|| self.renames.lock().unwrap().take());
        if let Some((other, renames)) = come_in.flatten() {
            for (path, name) in renames {
                let done = other.set(&path, "displayName", json!(name)).await;
                assert_eq!(done.status, 204, "{done:?}");
            }
        }
        let unread = self.unread.lock().unwrap().clone();
        if unread.iter().any(|part| query.pk.contains(part)) {
            return Err(TableError::Busy);
        }
        self.inner.query(query, consistency).await
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        self.inner.query_index(index, query).await
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        self.inner.scan(after).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        let done = self.inner.transact(transaction).await;
        let after = self.unread_after.lock().unwrap().clone();
        self.unread.lock().unwrap().extend(after);
        done
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.inner.write(write).await
    }
}

/// A customer, and the same one where something comes in between.
async fn customers(policies: Value) -> (Customer, Customer, Arc<Between>) {
    let bed = Bed::new().await;
    let plain = bed.customer(policies).await;
    let table = Arc::new(Between {
        inner: bed.table.clone(),
        unread: Mutex::default(),
        unread_after: Mutex::default(),
        renames: Mutex::default(),
    });
    let other = Customer {
        app: instance(table.clone(), bed.host.clone()),
        ..plain.clone()
    };
    (plain, other, table)
}

#[tokio::test]
async fn a_users_groups_that_cannot_be_read_do_not_undo_her_change() {
    let (plain, troubled, table) = customers(json!({})).await;
    let ada = plain.user("ada").await;
    table.unread.lock().unwrap().push("#V#");
    let put = json!({ "userName": "ada@fabrikam.example", "title": "Boss" });
    for (title, changed) in [
        ("Lead", troubled.set(&ada, "title", json!("Lead")).await),
        ("Boss", troubled.put(&ada, &put).await),
    ] {
        assert_eq!(changed.status, 200, "{changed:?}");
        assert_eq!(changed.body["title"], title);
    }
    assert_eq!(plain.get(&ada).await.body["title"], "Boss");
    // What was not changed is not made up.
    assert_eq!(troubled.get(&ada).await.status, 429);
    let gone = troubled.set("/Users/1", "title", json!("x")).await;
    assert_eq!(gone.status, 404, "{gone:?}");
}

#[tokio::test]
async fn members_that_cannot_be_read_after_a_change_do_not_make_it_a_failure() {
    let (plain, troubled, table) = customers(json!({ "unknownMembers": "skip" })).await;
    let ada = plain.post("/Users", &user("ada")).await.body["id"].clone();
    let team = plain.group("Team").await;
    table.unread_after.lock().unwrap().push("#M#");
    let fresh = || table.unread.lock().unwrap().clear();
    let members = json!([{ "value": ada }]);
    let put = json!({ "displayName": "Crew", "members": members });
    let changed = troubled.put(&team, &put).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["displayName"], "Crew");
    assert_eq!(changed.body["members"], Value::Null);
    assert_eq!(changed.body[TRUNCATED]["members"], true);
    fresh();
    let patch =
        json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": "Band" }] });
    let shown = format!("{team}?attributes=displayName,members");
    let changed = troubled.send("PATCH", &shown, Some(&patch)).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["displayName"], "Band");
    fresh();
    let post = json!({ "displayName": "Other", "members": members });
    let made = troubled.post("/Groups", &post).await;
    assert_eq!(made.status, 201, "{made:?}");
    let there = plain.get(&team).await;
    assert_eq!(there.body["members"][0]["value"], ada);
    assert_eq!(plain.total("/Groups").await, 2);
}

/// The page is cut at 4 MiB, and the group it was cut behind has another name by then.
#[tokio::test]
async fn a_walk_goes_on_from_where_a_row_was_found() {
    const GROUPS: usize = 60;
    let (plain, walker, table) = customers(json!({})).await;
    let long = "\\\"x".repeat(12_000);
    let mut paths = vec![];
    for number in 0..GROUPS {
        let body = json!({ "displayName": format!("g{number:03}"), "externalId": long });
        let made = plain.post("/Groups", &body).await;
        paths.push(format!("/Groups/{}", made.body["id"].as_str().unwrap()));
    }
    // Around the cut all have other names before the page is complete; they would sort behind everybody.
    let moved = 25..50;
    let new = |number: usize| (paths[number].clone(), format!("z{number:03}"));
    let names = moved.clone().map(new).collect();
    *table.renames.lock().unwrap() = Some((plain.clone(), names));
    let (mut cursor, mut seen) = (String::new(), vec![]);
    loop {
        let page = walker
            .get(&format!("/Groups?sortBy=displayName&cursor={cursor}"))
            .await;
        let rows = page.body["Resources"].as_array().unwrap();
        seen.extend(
            rows.iter()
                .map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        match page.body["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert!(table.renames.lock().unwrap().is_none());
    let stable = (0..GROUPS).filter(|number| !moved.contains(number));
    for number in stable {
        let id = paths[number].trim_start_matches("/Groups/");
        let times = seen.iter().filter(|seen| *seen == id).count();
        assert_eq!(times, 1, "g{number:03} of {} rows", seen.len());
    }
}
