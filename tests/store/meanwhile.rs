//! A change that is overtaken between its first plan and its second.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use serde_json::json;
use serverless_scim::patch::{MemberChange, Verb};
use serverless_scim::schema::{GROUP, USER};
use serverless_scim::store::{Change, Holds, Id, Membership, Record, Sizes, StoreError};
use serverless_scim::table::wrappers::Torn;
use serverless_scim::table::{
    Consistency, Cursor, Index, Item, Key, Page, Query, Table, TableError, Transaction, Write,
    embedded,
};

use crate::bench::{Bench, group, user, verb};

/// When somebody else changes a group's members.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Before the first transaction goes out.
    First,
    /// Before the second transaction goes out.
    Transaction,
    /// Before the second look at the group.
    Look,
    /// Before groups are first read by the batch.
    Batch,
    /// Before the lanes of a group are first read.
    Lanes,
}

pub(crate) struct Meanwhile {
    inner: Arc<dyn Table>,
    when: When,
    batches: AtomicU32,
    looks: AtomicU32,
    lanes: AtomicU32,
    transactions: AtomicU32,
    /// Who changes the group, which one, and how.
    pub(crate) other: OnceLock<(Bench, Id, Other)>,
}

/// What somebody else does to the group.
pub(crate) enum Other {
    Members(MemberChange),
    Rename,
    /// Members change, then the name does.
    MembersAndName(MemberChange),
    /// This group goes, and the value that it had is given to the other.
    TakeExternalIdOf(Id),
    Delete,
}

impl fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meanwhile").finish_non_exhaustive()
    }
}

impl Meanwhile {
    pub(crate) fn new(inner: Arc<dyn Table>, when: When) -> Arc<Self> {
        Arc::new(Self {
            inner,
            when,
            batches: AtomicU32::new(0),
            looks: AtomicU32::new(0),
            lanes: AtomicU32::new(0),
            transactions: AtomicU32::new(0),
            other: OnceLock::new(),
        })
    }

    async fn come_between(&self) {
        let (other, team, change) = self.other.get().unwrap();
        let done = match change {
            Other::Rename => other.set(*team, "displayName", json!("Other")).await,
            Other::MembersAndName(change) => {
                other.members(*team, change.clone()).await.unwrap();
                other.set(*team, "displayName", json!("Other")).await
            }
            Other::Members(change) => other.members(*team, change.clone()).await,
            Other::Delete => return other.delete(*team).await.unwrap(),
            Other::TakeExternalIdOf(holder) => {
                let value = other.tenant().get(*holder).await.unwrap();
                let value = value.document["externalId"].clone();
                other.delete(*holder).await.unwrap();
                other.set(*team, "externalId", value).await
            }
        };
        done.unwrap();
    }
}

#[async_trait]
impl Table for Meanwhile {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        if self.looks.fetch_add(1, Ordering::SeqCst) == 1 && self.when == When::Look {
            self.come_between().await;
        }
        self.inner.get(key).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        if self.batches.fetch_add(1, Ordering::SeqCst) == 0 && self.when == When::Batch {
            self.come_between().await;
        }
        self.inner.batch_get(keys).await
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        let of_lanes = self.when == When::Lanes && query.pk.contains("#O#");
        if of_lanes && self.lanes.fetch_add(1, Ordering::SeqCst) == 0 {
            self.come_between().await;
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
        match (self.transactions.fetch_add(1, Ordering::SeqCst), self.when) {
            (0, When::First) | (1, When::Transaction) => self.come_between().await,
            _ => {}
        }
        self.inner.transact(transaction).await
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        self.inner.write(write).await
    }
}

/// He was a member while the group had another name, and is none when somebody else has renamed it.
#[tokio::test]
async fn who_was_a_member_before_a_rename_is_added_again_after_it() {
    let table: Arc<dyn Table> = Arc::new(embedded::memory().await.unwrap());
    let other = Bench::new(table.clone(), table.clone(), 9).await;
    let meanwhile = Meanwhile::new(table, When::Transaction);
    let bench = other.over(meanwhile.clone());
    let team = other.create(&GROUP, group("Team")).await.unwrap().id;
    let ada = other.create(&USER, user("ada@fabrikam.example"));
    let ada = ada.await.unwrap().id;
    other.add(team, ada).await.unwrap();
    let between = Other::MembersAndName(verb(ada, Verb::Remove));
    assert!(meanwhile.other.set((other, team, between)).is_ok());
    let change = |old: &Record| {
        let mut document = old.document.clone();
        document.insert("displayName".to_owned(), json!("Other"));
        let holds = Holds::Document;
        let members = verb(ada, Verb::Add);
        Ok::<_, StoreError>(Change {
            document,
            members,
            holds,
        })
    };
    let done = bench.tenant().modify(team, change).await.unwrap();
    assert_eq!(bench.members_of(team).await, BTreeSet::from([ada]));
    assert_eq!(done.document["displayName"], "Other");
}

#[tokio::test]
async fn who_was_a_member_at_the_first_try_is_added_again_after_a_replacement() {
    for when in [When::Transaction, When::Look] {
        overtaken(when).await;
    }
}

async fn overtaken(when: When) {
    let table: Arc<dyn Table> = Arc::new(embedded::memory().await.unwrap());
    let other = Bench::new(table.clone(), table.clone(), 9).await;
    let team = other.create(&GROUP, group("Team")).await.unwrap().id;
    let mut ids = vec![];
    for n in 0..60 {
        let id = other
            .create(&USER, user(&format!("u{n}@fabrikam.example")))
            .await
            .unwrap()
            .id;
        other.add(team, id).await.unwrap();
        ids.push(id);
    }
    let [new, only] = ["new@fabrikam.example", "only@fabrikam.example"].map(user);
    let new = other.create(&USER, new).await.unwrap().id;
    let only = other.create(&USER, only).await.unwrap().id;

    // So many leave that the members become a new generation.
    let mut replaced = MemberChange::default();
    replaced.clear();
    replaced.add(&only.to_string());
    let meanwhile = Meanwhile::new(table, when);
    let bench = other.over(meanwhile.clone());
    assert!(
        meanwhile
            .other
            .set((other, team, Other::Members(replaced)))
            .is_ok()
    );

    let mut both = MemberChange::default();
    both.add(&ids[0].to_string());
    both.add(&new.to_string());
    bench.members(team, both).await.unwrap();
    assert_eq!(
        bench.members_of(team).await,
        BTreeSet::from([ids[0], new, only])
    );
    assert_eq!(bench.groups_of(ids[0]).await, BTreeSet::from([team]));
}

/// With three members a list is no longer compared with them.
fn few_compared() -> Sizes {
    Sizes {
        compared: 2,
        ..Sizes::default()
    }
}

/// A group of three, and the list that leaves the first in it, by a new generation.
async fn of_three(table: &Arc<dyn Table>) -> (Bench, Id, Id, MemberChange) {
    let bench = Bench::new(table.clone(), table.clone(), 9).await;
    let bench = bench.with_sizes(table.clone(), few_compared());
    let team = bench.create(&GROUP, group("Team")).await.unwrap().id;
    let mut ids = vec![];
    for n in 0..3 {
        let new = user(&format!("u{n}@fabrikam.example"));
        let id = bench.create(&USER, new).await.unwrap().id;
        bench.add(team, id).await.unwrap();
        ids.push(id);
    }
    let mut list = MemberChange::default();
    list.clear();
    list.add(&ids[0].to_string());
    (bench, team, ids[0], list)
}

/// The edge was read before the replacement, the group after it.
#[tokio::test]
async fn who_comes_along_into_a_new_generation_is_in_the_group_all_the_while() {
    let table: Arc<dyn Table> = Arc::new(embedded::memory().await.unwrap());
    let (other, team, who, list) = of_three(&table).await;
    let meanwhile = Meanwhile::new(table, When::Batch);
    let bench = other.over(meanwhile.clone());
    assert!(
        meanwhile
            .other
            .set((other, team, Other::Members(list)))
            .is_ok()
    );
    assert_eq!(bench.groups_of(who).await, BTreeSet::from([team]));
    assert_eq!(bench.members_of(team).await, BTreeSet::from([who]));
}

/// The edge is readable before the group is.
#[tokio::test]
async fn who_comes_along_is_in_the_group_while_the_replacement_is_readable_in_part() {
    let table: Arc<dyn Table> = Arc::new(embedded::memory().await.unwrap());
    let (bench, team, who, list) = of_three(&table).await;
    let torn = Arc::new(Torn::steered(table));
    let bench = bench.with_sizes(torn.clone(), few_compared());
    bench.members(team, list).await.unwrap();
    let edge = torn.held().into_iter().find(|key| key.pk.contains("#V#"));
    torn.release(&edge.unwrap());
    assert_eq!(bench.groups_of(who).await, BTreeSet::from([team]));
    for key in torn.held() {
        torn.release(&key);
    }
    assert_eq!(bench.groups_of(who).await, BTreeSet::from([team]));
    assert_eq!(bench.members_of(team).await, BTreeSet::from([who]));
}

/// Okta names the group again with every change of its members: that it is called so already holds of its attributes,
/// whoever else came in.
#[tokio::test]
async fn naming_a_group_as_it_is_named_commutes_with_changes_of_its_members() {
    let table: Arc<dyn Table> = Arc::new(embedded::memory().await.unwrap());
    let (other, team, who, _) = of_three(&table).await;
    let all = other.members_of(team).await;
    other.remove(team, who).await.unwrap();
    let new = other.create(&USER, user("new@fabrikam.example")).await;
    let new = new.unwrap().id;
    let meanwhile = Meanwhile::new(table, When::First);
    let bench = other.over(meanwhile.clone());
    let back = verb(who, Verb::Add);
    assert!(
        meanwhile
            .other
            .set((other, team, Other::Members(back)))
            .is_ok()
    );
    let mut change = MemberChange::default();
    change.add(&new.to_string());
    let decide = |old: &Record| {
        let mut document = old.document.clone();
        document.insert("displayName".to_owned(), json!("Team"));
        Ok::<_, StoreError>(Change {
            document,
            members: change.clone(),
            holds: Holds::Document,
        })
    };
    bench.tenant().modify(team, decide).await.unwrap();
    let tries = meanwhile.transactions.load(Ordering::SeqCst);
    assert_eq!(tries, 1, "nobody was in the way");
    assert_eq!(bench.members_of(team).await, &all | &[new].into());
    assert_eq!(bench.tenant().get(team).await.unwrap().version, 7);
}

/// The same, but somebody gives it another name before the change is written.
#[tokio::test]
async fn naming_a_group_as_it_was_named_takes_back_another_name() {
    let table: Arc<dyn Table> = Arc::new(embedded::memory().await.unwrap());
    let (other, team, who, _) = of_three(&table).await;
    let meanwhile = Meanwhile::new(table, When::First);
    let bench = other.over(meanwhile.clone());
    assert!(meanwhile.other.set((other, team, Other::Rename)).is_ok());
    let decided = |old: &Record| {
        let mut document = old.document.clone();
        document.insert("displayName".to_owned(), json!("Team"));
        Ok::<_, StoreError>(Change {
            document,
            members: verb(who, Verb::Remove),
            holds: Holds::Document,
        })
    };
    bench.tenant().modify(team, decided).await.unwrap();
    let group = bench.tenant().get(team).await.unwrap();
    assert_eq!(group.document["displayName"], "Team");
    assert!(!bench.members_of(team).await.contains(&who));
}

/// Reading back what took its time to write: somebody else comes in at the first look, and the second is good.
#[tokio::test]
async fn a_late_reader_of_a_busy_group_looks_again_before_it_gives_up() {
    let table: Arc<dyn Table> = Arc::new(embedded::memory().await.unwrap());
    let (other, team, who, _) = of_three(&table).await;
    let all = other.members_of(team).await;
    let meanwhile = Meanwhile::new(table, When::Look);
    let bench = other.over(meanwhile.clone());
    let leave = Other::Members(verb(who, Verb::Remove));
    assert!(meanwhile.other.set((other, team, leave)).is_ok());
    let tenant = bench.tenant();
    bench.host.advance(4_000);
    let (_, members) = tenant.get_with_members(team, 10).await.unwrap();
    assert_eq!(members, Membership::Shown(&all - &[who].into()));
}

/// At the first try another group holds the externalId; at the second this one does, and needs no slot of its own.
#[tokio::test]
async fn a_value_that_is_the_groups_own_meanwhile_stays_where_it_is() {
    let table: Arc<dyn Table> = Arc::new(embedded::memory().await.unwrap());
    let (other, team, who, _) = of_three(&table).await;
    other.remove(team, who).await.unwrap();
    let holder = other.create(&GROUP, group("Holder")).await.unwrap().id;
    let value = json!("the one");
    other
        .set(holder, "externalId", value.clone())
        .await
        .unwrap();
    let meanwhile = Meanwhile::new(table, When::Look);
    let bench = other.over(meanwhile.clone());
    let take = Other::TakeExternalIdOf(holder);
    assert!(meanwhile.other.set((other, team, take)).is_ok());
    let decide = |old: &Record| {
        let mut document = old.document.clone();
        document.insert("externalId".to_owned(), value.clone());
        Ok::<_, StoreError>(Change {
            document,
            members: verb(who, Verb::Add),
            holds: Holds::Document,
        })
    };
    bench.tenant().modify(team, decide).await.unwrap();
    assert!(bench.members_of(team).await.contains(&who));
    bench
        .set(team, "externalId", json!("another"))
        .await
        .unwrap();
    bench.delete(team).await.unwrap();
}
