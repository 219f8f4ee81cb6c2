//! Sizes at which everything takes several pages, lanes of several steps, and passes that do not finish.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use serverless_scim::patch::MemberChange;
use serverless_scim::schema::{GROUP, USER};
use serverless_scim::store::seed::{user_id, user_name};
use serverless_scim::store::{Id, StoreError};
use serverless_scim::table::wrappers::{Trouble, Unreliable};
use serverless_scim::table::{DynamoDb, embedded};

use crate::bench::{Bench, group, object};

/// Three steps in some lanes.
const MEMBERS: u64 = 3_000;
/// More than a page of edges. `GROUPS_OF_ONE=5000` takes half a minute.
const GROUPS: usize = 1_100;

async fn seeded(users: u64, groups: &[Range<u64>]) -> (Arc<DynamoDb>, Bench, Vec<Id>) {
    let table = Arc::new(embedded::memory().await.unwrap());
    let bench = Bench::new(table.clone(), table.clone(), 3).await;
    let teams = bench.tenant().seed(users, groups, |_| ()).await.unwrap();
    (table, bench, teams)
}

fn ids(of: Range<u64>) -> BTreeSet<Id> {
    of.map(user_id).collect()
}

fn changed(add: Range<u64>, remove: Range<u64>) -> MemberChange {
    let mut change = MemberChange::default();
    for id in ids(add) {
        change.add(&id.to_string());
    }
    for id in ids(remove) {
        change.remove(&id.to_string());
    }
    change
}

/// Time passes, and ticks do their work, until nothing waits.
async fn settled(bench: &Bench) {
    for _ in 0..20 {
        bench.host.advance(70_000);
        while bench.tenant().pass(100).await.unwrap() > 0 {}
        if bench.findings().await.is_empty() && bench.waiting().await == 0 {
            return;
        }
    }
    panic!("never at rest: {:?}", bench.findings().await);
}

#[tokio::test]
async fn three_thousand_members_come_move_and_go_as_one_change_each() {
    let (_, bench, teams) = seeded(2 * MEMBERS, std::slice::from_ref(&(0..0))).await;
    let team = teams[0];
    let named = ids(0..MEMBERS).iter().map(Id::to_string).collect();
    let tenant = bench.tenant();
    let born = tenant.create(&GROUP, object(group("Born")), &named).await;
    let born = born.unwrap();
    assert_eq!(born.version, 1);
    assert_eq!(bench.members_of(born.id).await, ids(0..MEMBERS));
    let add = changed(0..MEMBERS, 0..0);
    assert_eq!(bench.members(team, add).await.unwrap().version, 2);
    assert_eq!(bench.members_of(team).await, ids(0..MEMBERS));
    let both = BTreeSet::from([team, born.id]);
    assert_eq!(bench.groups_of(user_id(MEMBERS - 1)).await, both);
    let mixed = changed(MEMBERS..MEMBERS + 1_000, 0..1_000);
    assert_eq!(bench.members(team, mixed).await.unwrap().version, 3);
    assert_eq!(bench.members_of(team).await, ids(1_000..MEMBERS + 1_000));
    let mut list = changed(MEMBERS..2 * MEMBERS, 0..0);
    list.clear = true;
    assert_eq!(bench.members(team, list).await.unwrap().version, 4);
    assert_eq!(bench.members_of(team).await, ids(MEMBERS..2 * MEMBERS));
    let remove = changed(0..0, MEMBERS..2 * MEMBERS);
    assert_eq!(bench.members(team, remove).await.unwrap().version, 5);
    assert_eq!(bench.members_of(team).await, BTreeSet::new());
    assert_eq!(bench.findings().await, [""; 0]);
    settled(&bench).await;
}

/// Whoever deleted her died right after the transaction.
#[tokio::test]
async fn who_was_in_more_groups_than_a_page_holds_is_gone_at_once_and_swept_later() {
    let groups = std::env::var("GROUPS_OF_ONE").map_or(GROUPS, |groups| groups.parse().unwrap());
    let (table, bench, teams) = seeded(2, &vec![0..2; groups]).await;
    let (ada, ben) = (user_id(0), user_id(1));
    let dying = Trouble {
        crash_after: Some(3),
        ..Trouble::default()
    };
    let deleter = bench.over(Arc::new(Unreliable::new(table, 1, dying)));
    deleter.delete(ada).await.unwrap();
    let gone = bench.tenant().get(ada).await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
    let named = format!("userName eq \"{}\"", user_name(0));
    assert_eq!(bench.search(&USER, &named).await.total, Some(0));
    let holding = format!("members eq \"{ada}\"");
    assert_eq!(bench.search(&GROUP, &holding).await.total, Some(0));
    for team in [teams[0], teams[groups / 2], teams[groups - 1]] {
        assert_eq!(bench.members_of(team).await, [ben].into());
        let one = format!("id eq \"{team}\" and members eq \"{ada}\"");
        assert_eq!(bench.search(&GROUP, &one).await.total, Some(0));
    }
    assert!(bench.waiting().await > 0);
    settled(&bench).await;
    assert_eq!(bench.members_of(teams[groups - 1]).await, [ben].into());
    assert_eq!(bench.tenant().get(teams[0]).await.unwrap().version, 2);
}
