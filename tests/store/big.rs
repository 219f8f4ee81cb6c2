//! Changes of membership that take more than one transaction: all or nothing to readers, finished by whoever comes along.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use serverless_scim::patch::MemberChange;
use serverless_scim::schema::{GROUP, USER};
use serverless_scim::store::{Host as _, Id, Membership, Sizes, StoreError};
use serverless_scim::table::wrappers::{Torn, Trouble, Unreliable};
use serverless_scim::table::{Consistency, DynamoDb, Key, Query, Range, Table as _, embedded};

use crate::bench::{Bench, group, object, user};

/// The time that the maker of a change has it to itself.
const LEASE_MS: i64 = 10_000;
const GRACE_MS: i64 = 60_000;

pub(crate) struct Stage {
    pub(crate) bench: Bench,
    pub(crate) table: Arc<DynamoDb>,
    pub(crate) users: Vec<Id>,
    pub(crate) team: Id,
}

pub(crate) async fn stage(users: usize) -> Stage {
    let table = Arc::new(embedded::memory().await.unwrap());
    let bench = Bench::new(table.clone(), table.clone(), 4).await;
    let mut ids = vec![];
    for n in 0..users {
        let made = bench.create(&USER, user(&format!("u{n}@fabrikam.example")));
        ids.push(made.await.unwrap().id);
    }
    let team = bench.create(&GROUP, group("Team")).await.unwrap().id;
    Stage {
        bench,
        table,
        users: ids,
        team,
    }
}

pub(crate) fn adding(ids: &[Id]) -> MemberChange {
    let mut change = MemberChange::default();
    for id in ids {
        change.add(&id.to_string());
    }
    change
}

pub(crate) fn removing(ids: &[Id]) -> MemberChange {
    let mut change = MemberChange::default();
    for id in ids {
        change.remove(&id.to_string());
    }
    change
}

fn only(ids: &[Id]) -> MemberChange {
    let mut change = MemberChange::default();
    change.clear();
    for id in ids {
        change.add(&id.to_string());
    }
    change
}

fn set(ids: &[Id]) -> BTreeSet<Id> {
    ids.iter().copied().collect()
}

impl Stage {
    /// The same tenant through an instance that dies after its `calls`-th call.
    pub(crate) fn dying_after(&self, calls: u64) -> Bench {
        let trouble = Trouble {
            crash_after: Some(calls),
            ..Trouble::default()
        };
        self.bench
            .over(Arc::new(Unreliable::new(self.table.clone(), 1, trouble)))
    }

    /// Items of a partition of the tenant.
    pub(crate) async fn items(&self, entity: &str) -> usize {
        let query = Query {
            pk: format!("T#{}#{entity}", self.bench.tenant().scope()),
            range: Range::All,
            descending: false,
            limit: None,
            after: None,
        };
        let page = self.table.query(&query, Consistency::Strong).await.unwrap();
        page.items.len()
    }

    pub(crate) fn key(id: Id) -> String {
        id.to_string().replace('-', "")
    }

    /// A change that died right after its commit record: nothing is in the edges yet.
    pub(crate) async fn leave_open(&self, change: &MemberChange) {
        let lanes = format!("O#{}", Self::key(self.team));
        let began = self.bench.host.now_ms();
        for calls in 1.. {
            let ended = self
                .dying_after(calls)
                .members(self.team, change.clone())
                .await;
            // Its vain tries took no time: the dead do not wait.
            self.bench.host.advance(began - self.bench.host.now_ms());
            if self.items(&lanes).await > 0 {
                assert!(!matches!(ended, Err(StoreError::Broken(_))), "{ended:?}");
                return;
            }
            assert!(calls < 100, "never committed");
        }
    }
}

#[tokio::test]
async fn a_large_change_is_one_change() {
    let stage = stage(120).await;
    let (bench, team, ids) = (&stage.bench, stage.team, &stage.users);
    let added = bench.members(team, adding(&ids[..97])).await.unwrap();
    assert_eq!(added.version, 2, "one change, one version");
    assert_eq!(bench.members_of(team).await, set(&ids[..97]));
    assert_eq!(bench.groups_of(ids[96]).await, BTreeSet::from([team]));
    assert_eq!(stage.items("D").await, 0, "nothing is left to do");

    let again = bench.members(team, adding(&ids[..97])).await.unwrap();
    assert_eq!(again.version, 2, "nobody was added");
    let few = bench.members(team, adding(&ids[..98])).await.unwrap();
    assert_eq!(few.version, 3);
    bench.members(team, removing(&ids[..60])).await.unwrap();
    assert_eq!(bench.members_of(team).await, set(&ids[60..98]));
    bench.members(team, only(&ids[40..120])).await.unwrap();
    assert_eq!(bench.members_of(team).await, set(&ids[40..120]));
    assert_eq!(bench.groups_of(ids[39]).await, BTreeSet::new());
    assert_eq!(stage.items("D").await, 0);
}

#[tokio::test]
async fn a_group_is_born_with_many_members() {
    let stage = stage(100).await;
    let members = stage.users.iter().map(Id::to_string).collect();
    let tenant = stage.bench.tenant();
    let born = tenant.create(&GROUP, object(group("Born")), &members).await;
    let id = born.unwrap().id;
    assert_eq!(stage.bench.members_of(id).await, set(&stage.users));
    assert_eq!(
        stage.bench.groups_of(stage.users[99]).await,
        BTreeSet::from([id])
    );
    assert_eq!(stage.items("D").await, 0);

    let mut unknown: BTreeSet<String> = members;
    let stranger = stage.users[0].to_string().replace("-8", "-8f");
    unknown.insert(stranger.chars().take(36).collect());
    let refused = stage
        .bench
        .tenant()
        .create(&GROUP, object(group("Never")), &unknown)
        .await;
    assert!(
        matches!(refused, Err(StoreError::UnknownMember(_))),
        "{refused:?}"
    );
    assert_eq!(
        stage
            .bench
            .search(&GROUP, "displayName eq \"Never\"")
            .await
            .total,
        Some(0)
    );
}

#[tokio::test]
async fn readers_see_all_of_an_open_change() {
    let stage = stage(100).await;
    let (bench, team, ids) = (&stage.bench, stage.team, &stage.users);
    bench.members(team, adding(&ids[..40])).await.unwrap();
    let mut change = adding(&ids[40..]);
    ids[..5]
        .iter()
        .for_each(|id| change.remove(&id.to_string()));
    stage.leave_open(&change).await;
    assert_eq!(bench.members_of(team).await, set(&ids[5..]));
    for (member, there) in [(ids[0], 0), (ids[5], 1), (ids[99], 1)] {
        let filter = format!("id eq \"{team}\" and members eq \"{member}\"");
        assert_eq!(
            bench.search(&GROUP, &filter).await.total,
            Some(there),
            "{filter}"
        );
    }
    for max in [94, 95] {
        let (_, shown) = bench.tenant().get_with_members(team, max).await.unwrap();
        let fits = matches!(shown, Membership::Shown(_));
        assert_eq!(fits, max == 95, "95 members, {max} shown");
    }
    // Somebody who is deleted now leaves at once, whether his edge is there or to come.
    bench.delete(ids[6]).await.unwrap();
    bench.delete(ids[60]).await.unwrap();
    let mut left = set(&ids[5..]);
    left.remove(&ids[6]);
    left.remove(&ids[60]);
    assert_eq!(bench.members_of(team).await, left);
    settle(&stage).await;
    assert_eq!(bench.members_of(team).await, left);
    assert_eq!(stage.items("D").await, 0);
    assert_eq!(stage.items(&format!("V#{}", Stage::key(ids[60]))).await, 0);
}

/// Time passes, and passes are made, until nothing waits.
async fn settle(stage: &Stage) {
    for _ in 0..6 {
        stage.bench.host.advance(GRACE_MS + LEASE_MS);
        while stage.bench.tenant().pass(100).await.unwrap() > 0 {}
    }
}

#[tokio::test]
async fn the_next_writer_waits_and_then_finishes_what_a_dead_one_left() {
    let stage = stage(80).await;
    let (bench, team, ids) = (&stage.bench, stage.team, &stage.users);
    stage.leave_open(&adding(&ids[..70])).await;
    let busy = bench.add(team, ids[79]).await;
    assert!(
        matches!(busy, Err(StoreError::Busy)),
        "its maker may still be at it: {busy:?}"
    );
    let renamed = bench.set(team, "displayName", Value::from("Crew")).await;
    assert!(matches!(renamed, Err(StoreError::Busy)), "{renamed:?}");
    bench.host.advance(LEASE_MS);
    bench.add(team, ids[79]).await.unwrap();
    let mut all = set(&ids[..70]);
    all.insert(ids[79]);
    assert_eq!(bench.members_of(team).await, all);
    assert_eq!(stage.items("D").await, 0);
    assert_eq!(bench.groups_of(ids[69]).await, BTreeSet::from([team]));
}

/// A commit that is slow to become readable, after a throttled table took it late: the lease is over, the head says that a
/// change is open, and none of its lanes can be read yet.
#[tokio::test]
async fn a_change_whose_lanes_are_not_readable_yet_is_not_closed() {
    let stage = stage(71).await;
    let (bench, team, ids) = (&stage.bench, stage.team, &stage.users);
    let mut torn = Arc::new(Torn::steered(stage.table.clone()));
    for calls in 1.. {
        torn = Arc::new(Torn::steered(stage.table.clone()));
        let dying = Trouble {
            crash_after: Some(calls),
            ..Trouble::default()
        };
        let maker = bench.over(Arc::new(Unreliable::new(torn.clone(), 1, dying)));
        let _ = maker.members(team, adding(&ids[..70])).await;
        if !torn.held().is_empty() {
            break;
        }
    }
    let is_lane = |key: &Key| key.pk.contains("#O#");
    for key in torn.held().iter().filter(|key| !is_lane(key)) {
        torn.release(key);
    }
    bench.host.advance(2 * LEASE_MS);
    let helper = bench.over(torn.clone());
    let early = helper.add(team, ids[70]).await;
    assert!(matches!(early, Err(StoreError::Busy)), "{early:?}");
    for key in torn.held() {
        torn.release(&key);
    }
    bench.add(team, ids[70]).await.unwrap();
    assert_eq!(bench.members_of(team).await, set(ids));
    assert_eq!(stage.items(&format!("O#{}", Stage::key(team))).await, 0);
    assert_eq!(stage.items("D").await, 0);
}

#[tokio::test]
async fn a_change_that_dies_anywhere_is_not_there_or_finished() {
    for calls in 1..14 {
        let stage = stage(70).await;
        let (bench, team, ids) = (&stage.bench, stage.team, &stage.users);
        bench.members(team, adding(&ids[..2])).await.unwrap();
        let mut change = adding(&ids[2..]);
        change.remove(&ids[0].to_string());
        let _ = stage.dying_after(calls).members(team, change).await;
        let (before, after) = (set(&ids[..2]), set(&ids[1..]));
        let seen = bench.members_of(team).await;
        assert!(seen == before || seen == after, "after {calls} calls");
        settle(&stage).await;
        assert_eq!(bench.members_of(team).await, seen, "after {calls} calls");
        assert_eq!(stage.items("D").await, 0, "after {calls} calls");
        assert_eq!(stage.items(&format!("O#{}", Stage::key(team))).await, 0);
    }
}

#[tokio::test]
async fn a_group_goes_with_its_open_change() {
    let stage = stage(70).await;
    let (bench, team, ids) = (&stage.bench, stage.team, &stage.users);
    stage.leave_open(&adding(ids)).await;
    bench.delete(team).await.unwrap();
    assert!(matches!(
        bench.tenant().get(team).await,
        Err(StoreError::NotFound)
    ));
    assert_eq!(bench.groups_of(ids[3]).await, BTreeSet::new());
    settle(&stage).await;
    assert_eq!(stage.items("D").await, 0);
    for id in ids {
        assert_eq!(stage.items(&format!("V#{}", Stage::key(*id))).await, 0);
    }
}

#[tokio::test]
async fn what_a_change_names_is_checked_before_it_begins() {
    let stage = stage(60).await;
    let (bench, team, ids) = (&stage.bench, stage.team, &stage.users);
    bench.delete(ids[59]).await.unwrap();
    let mut ghost = adding(ids);
    let refused = bench.members(team, ghost.clone()).await;
    assert!(
        matches!(refused, Err(StoreError::UnknownMember(_))),
        "{refused:?}"
    );
    ghost.add("no id");
    let refused = bench.members(team, ghost).await;
    assert!(matches!(refused, Err(StoreError::UnknownMember(text)) if text == "no id"));
    let mut ghost = adding(ids);
    ghost.add(&"é".repeat(100));
    let refused = bench.members(team, ghost).await;
    assert!(matches!(refused, Err(StoreError::UnknownMember(text)) if text == "é".repeat(64)));
    let mut own = adding(&ids[..50]);
    own.add(&team.to_string());
    assert!(matches!(
        bench.members(team, own).await,
        Err(StoreError::SelfMember)
    ));
    assert_eq!(bench.members_of(team).await, BTreeSet::new());
    assert_eq!(bench.tenant().get(team).await.unwrap().version, 1);
    // Who is no member cannot be removed, and that is no error.
    bench.members(team, removing(ids)).await.unwrap();
    assert_eq!(bench.tenant().get(team).await.unwrap().version, 1);
}

#[tokio::test]
async fn a_list_that_cannot_be_compared_replaces_everybody() {
    let stage = stage(90).await;
    let (team, ids) = (stage.team, &stage.users);
    let sizes = Sizes {
        compared: 50,
        ..Sizes::default()
    };
    let bench = stage.bench.with_sizes(stage.table.clone(), sizes);
    bench.members(team, adding(&ids[..60])).await.unwrap();
    // Sixty are too many to compare: a new generation, few of it in one transaction, many by lanes.
    for list in [&ids[40..90], &ids[85..88], &ids[..70]] {
        bench.members(team, only(list)).await.unwrap();
        assert_eq!(bench.members_of(team).await, set(list));
        for id in ids {
            let groups = bench.groups_of(*id).await;
            assert_eq!(groups.contains(&team), list.contains(id), "{id}");
        }
    }
    assert!(stage.items("D").await > 0, "the old edges wait for a pass");
    settle(&stage).await;
    assert_eq!(stage.items("D").await, 0);
    assert_eq!(bench.members_of(team).await, set(&ids[..70]));
    assert_eq!(stage.items(&format!("V#{}", Stage::key(ids[80]))).await, 0);
}
