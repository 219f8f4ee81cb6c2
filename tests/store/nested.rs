//! Groups in groups, as a member of the innermost sees them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serverless_scim::store::{Credential, Id, Secret, Sizes, Store, StoreError};
use serverless_scim::table::wrappers::Metered;

use crate::house::{House, add, remove_all};

/// One tenant, its member and groups, as the store's own instance knows them.
struct Tower {
    of: House,
    store: Store,
    secret: Secret,
}

impl Tower {
    async fn new() -> Self {
        let house = House::new(1).await;
        let store = house.store();
        let secret = store.connect(&house.tenants[0].0, "").await.unwrap();
        Self {
            of: house,
            store,
            secret,
        }
    }

    /// Who the token stands for, as this store remembers it.
    async fn credential(&self, store: &Store) -> Credential {
        store.authenticate(&self.secret).await.unwrap().unwrap()
    }

    async fn add(&self, group: Id, member: Id) {
        let credential = self.credential(&self.store).await;
        let tenant = self.store.tenant(&credential, self.of.request());
        add(&tenant, group, &[member]).await;
    }

    async fn groups(&self, count: usize) -> Vec<Id> {
        let mut ids = vec![];
        for n in 0..count {
            ids.push(self.of.team(0, &format!("Team {n}")).await);
        }
        ids
    }

    /// A user in the first of so many groups, each of which is in the next.
    async fn chain(&self, count: usize) -> (Id, Vec<Id>) {
        let (ada, groups) = (self.of.users(0, 1).await[0], self.groups(count).await);
        self.add(groups[0], ada).await;
        for pair in groups.windows(2) {
            self.add(pair[1], pair[0]).await;
        }
        (ada, groups)
    }

    /// The groups shown, and whether each is direct.
    async fn shown(&self, member: Id) -> BTreeMap<Id, bool> {
        let credential = self.credential(&self.store).await;
        let tenant = self.store.tenant(&credential, self.of.request());
        let groups = tenant.all_groups_of(member).await.unwrap();
        let shown: BTreeMap<_, _> = groups
            .iter()
            .map(|(group, direct)| (group.id, *direct))
            .collect();
        assert_eq!(shown.len(), groups.len(), "each once");
        assert!(
            groups.is_sorted_by_key(|(_, direct)| !direct),
            "direct ones first"
        );
        shown
    }
}

/// The first group direct, the others not.
fn tower(groups: &[Id]) -> BTreeMap<Id, bool> {
    let direct = |(level, id): (usize, &Id)| (*id, level == 0);
    groups.iter().enumerate().map(direct).collect()
}

#[tokio::test]
async fn groups_of_groups_are_shown_as_indirect() {
    let house = Tower::new().await;
    let (ada, groups) = house.chain(3).await;
    assert_eq!(house.shown(ada).await, tower(&groups));
    assert_eq!(house.shown(groups[0]).await, tower(&groups[1..]));
}

#[tokio::test]
async fn a_group_that_is_both_is_direct() {
    let house = Tower::new().await;
    let (ada, groups) = house.chain(3).await;
    house.add(groups[2], ada).await;
    let expected = [(groups[0], true), (groups[1], false), (groups[2], true)];
    assert_eq!(house.shown(ada).await, expected.into());
}

#[tokio::test]
async fn a_circle_ends() {
    let house = Tower::new().await;
    let (ada, groups) = house.chain(2).await;
    house.add(groups[0], groups[1]).await;
    assert_eq!(house.shown(ada).await, tower(&groups));
    assert_eq!(house.shown(groups[0]).await, tower(&groups[1..]));
}

#[tokio::test]
async fn the_ninth_level_is_not_shown() {
    let house = Tower::new().await;
    let (ada, groups) = house.chain(9).await;
    assert_eq!(house.shown(ada).await, tower(&groups[..8]));
}

#[tokio::test]
async fn what_a_group_held_that_is_gone_or_emptied_is_not_shown() {
    let house = Tower::new().await;
    let (ada, groups) = house.chain(5).await;
    for member in house.of.users(0, 4).await {
        house.add(groups[3], member).await;
    }
    let tenant = house.of.tenant(&house.store, 0);
    // With transactions as small as that the members go by way of a new generation, and the edges stay for now.
    let sizes = Sizes {
        writes: 8,
        lanes: 4,
        compared: 100_000,
    };
    let small = Store::with_sizes(house.of.table.clone(), house.of.host.clone(), sizes);
    remove_all(&house.of.tenant(&small, 0), groups[3]).await;
    assert_eq!(house.of.left(0, groups[2]).await, (1, 1));
    assert_eq!(house.shown(ada).await, tower(&groups[..3]));
    tenant
        .delete(groups[1], |_| Ok::<_, StoreError>(()))
        .await
        .unwrap();
    assert_eq!(house.shown(ada).await, tower(&groups[..1]));
}

#[tokio::test]
async fn who_never_nested_pays_nothing() {
    let house = Tower::new().await;
    let [ada, mei] = house.of.users(0, 2).await[..] else {
        panic!("two users")
    };
    let groups = house.groups(3).await;
    house.add(groups[0], ada).await;
    let table = Arc::new(Metered::new(house.of.table.clone()));
    let store = Store::new(table.clone(), house.of.host.clone());
    let credential = house.credential(&store).await;
    let tenant = || store.tenant(&credential, house.of.request());
    table.reset();
    tenant().groups_of(ada).await.unwrap();
    let direct = table.reset();
    tenant().all_groups_of(ada).await.unwrap();
    assert_eq!(table.reset(), direct);

    let writes = |usage: serverless_scim::table::wrappers::Usage| usage.write_units;
    add(&tenant(), groups[0], &[mei]).await;
    assert_eq!(writes(table.reset()), 10);
    add(&tenant(), groups[1], &[groups[0]]).await;
    assert_eq!(writes(table.reset()), 12, "the first nesting is noted");
    let credential = house.credential(&store).await;
    table.reset();
    let tenant = store.tenant(&credential, house.of.request());
    add(&tenant, groups[2], &[groups[1]]).await;
    assert_eq!(writes(table.reset()), 10, "and only the first");
}

#[tokio::test]
async fn another_instance_learns_of_the_first_nesting_in_half_a_minute() {
    let house = Tower::new().await;
    let other = house.of.store();
    house.credential(&other).await;
    let (ada, groups) = house.chain(2).await;
    let shown = async |store: &Store| {
        let credential = house.credential(store).await;
        let tenant = store.tenant(&credential, house.of.request());
        tenant.all_groups_of(ada).await.unwrap().len()
    };
    assert_eq!(shown(&house.store).await, groups.len(), "here at once");
    assert_eq!(shown(&other).await, 1);
    house.of.host.advance(30_000);
    assert_eq!(shown(&other).await, groups.len());
}
