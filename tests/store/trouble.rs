//! Random histories over a table that conflicts, throttles, loses requests and loses answers: afterwards the reliable
//! table must hold a consistent whole, and everything acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use serverless_scim::patch::MemberChange;
use serverless_scim::schema::{GROUP, USER};
use serverless_scim::store::{Id, StoreError};
use serverless_scim::table::embedded;
use serverless_scim::table::wrappers::{FrozenIndexes, Trouble, Unreliable};

use crate::bench::{Bench, group, user};

const TROUBLE: Trouble = Trouble {
    conflict: 0.1,
    throttle: 0.05,
    lost_before: 0.05,
    lost_after: 0.1,
    unprocessed: 0.1,
    short_page: 0.1,
    crash_after: None,
};

/// What the acknowledged operations say must be there. `None` where an operation's fate was not told.
#[derive(Default)]
struct Model {
    users: BTreeMap<Id, Option<String>>,
    groups: BTreeSet<Id>,
    /// (group, member) -> whether it is there, if known.
    edges: BTreeMap<(Id, Id), Option<bool>>,
    gone: BTreeSet<Id>,
}

#[tokio::test]
async fn acknowledged_changes_survive_trouble() {
    for seed in 0..12 {
        history(seed, 80).await;
    }
}

async fn history(seed: u64, steps: usize) {
    let reliable = Arc::new(embedded::memory().await.unwrap());
    let table = Arc::new(Unreliable::new(reliable.clone(), seed, TROUBLE));
    let bench = Bench::new(reliable.clone(), table, seed).await;
    let (mut model, mut random) = (Model::default(), StdRng::seed_from_u64(seed));
    for step in 0..steps {
        step_of(&bench, &mut model, &mut random, step).await;
    }
    verify(&bench.over(reliable), &model, seed).await;
}

async fn step_of(bench: &Bench, model: &mut Model, random: &mut StdRng, step: usize) {
    let users: Vec<Id> = model.users.keys().copied().collect();
    let groups: Vec<Id> = model.groups.iter().copied().collect();
    let (ada, team) = (
        users.choose(random).copied(),
        groups.choose(random).copied(),
    );
    match (random.random_range(0..10), ada, team) {
        (0..=2, _, _) | (_, None, _) => {
            let name = format!("u{step}@fabrikam.example");
            if let Ok(record) = bench.create(&USER, user(&name)).await {
                model.users.insert(record.id, Some(name));
            }
        }
        (3, _, _) | (_, _, None) => {
            if let Ok(record) = bench.create(&GROUP, group(&format!("g{step}"))).await {
                model.groups.insert(record.id);
            }
        }
        (4..=6, Some(ada), Some(team)) => {
            let told = known(bench.add(team, ada).await).map(|()| true);
            model.edges.insert((team, ada), told);
        }
        (7, Some(ada), Some(team)) => {
            let told = known(bench.remove(team, ada).await).map(|()| false);
            model.edges.insert((team, ada), told);
        }
        (8, Some(ada), Some(team)) if step.is_multiple_of(2) => {
            replace(bench, model, team, ada).await;
        }
        (8, Some(ada), _) => {
            let name = format!("r{step}@fabrikam.example");
            let told = known(bench.set(ada, "userName", json!(name)).await).map(|()| name);
            model.users.insert(ada, told);
        }
        (_, Some(ada), _) => {
            if bench.delete(ada).await.is_ok() {
                model.gone.insert(ada);
            }
            // Deleted, or perhaps: nothing more is known of it.
            model.users.remove(&ada);
            model.edges.retain(|(_, member), _| *member != ada);
        }
    }
}

/// The list of one replaces all members.
async fn replace(bench: &Bench, model: &mut Model, team: Id, ada: Id) {
    let mut only = MemberChange::default();
    only.clear();
    only.add(&ada.to_string());
    let told = known(bench.members(team, only).await);
    for ((group, _), edge) in &mut model.edges {
        if *group == team {
            *edge = told.map(|()| false);
        }
    }
    model.edges.insert((team, ada), told.map(|()| true));
}

/// Whether the outcome was told; an operation that certainly did not happen must not be tried here.
fn known<T>(result: Result<T, StoreError>) -> Option<()> {
    match result {
        Ok(_) => Some(()),
        Err(StoreError::Busy | StoreError::Unavailable(_)) => None,
        Err(error) => panic!("{error:?}"),
    }
}

async fn verify(bench: &Bench, model: &Model, seed: u64) {
    assert_eq!(bench.findings().await, Vec::<String>::new(), "seed {seed}");
    let users: BTreeSet<Id> = bench
        .list(&USER)
        .await
        .records
        .iter()
        .map(|user| user.id)
        .collect();
    for (id, name) in &model.users {
        assert!(users.contains(id), "seed {seed}: {id} is lost");
        let Some(name) = name else { continue };
        let found = bench
            .search(&USER, &format!("userName eq \"{name}\""))
            .await;
        let ids: Vec<Id> = found.records.iter().map(|user| user.id).collect();
        assert_eq!(ids, [*id], "seed {seed}: {name}");
    }
    assert!(
        users.is_disjoint(&model.gone),
        "seed {seed}: a deleted user is back"
    );
    let list = bench.list(&GROUP).await;
    for page in [&list, &bench.list(&USER).await] {
        assert_eq!(
            page.total,
            Some(page.records.len() as u64),
            "seed {seed}: the count is wrong"
        );
    }
    for group in list.records.iter().map(|group| group.id) {
        for member in bench.members_of(group).await {
            assert!(
                users.contains(&member),
                "seed {seed}: {member} is a dead member"
            );
            assert!(
                bench.groups_of(member).await.contains(&group),
                "seed {seed}: one-sided edge"
            );
        }
    }
    for ((group, member), there) in &model.edges {
        let Some(there) = there else { continue };
        assert_eq!(
            bench.members_of(*group).await.contains(member),
            *there,
            "seed {seed}: {group} {member}"
        );
        assert_eq!(
            bench.groups_of(*member).await.contains(group),
            *there,
            "seed {seed}: {member} {group}"
        );
    }
}

#[tokio::test]
async fn a_lost_answer_is_neither_a_second_user_nor_a_false_conflict() {
    let reliable = Arc::new(embedded::memory().await.unwrap());
    let trouble = Trouble {
        lost_after: 0.5,
        ..Trouble::default()
    };
    let table = Arc::new(Unreliable::new(reliable.clone(), 7, trouble));
    let bench = Bench::new(reliable, table, 7).await;
    for n in 0..30 {
        match bench
            .create(&USER, user(&format!("u{n}@fabrikam.example")))
            .await
        {
            Ok(_) | Err(StoreError::Unavailable(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn exact_answers_do_not_rest_on_an_index() {
    let reliable = Arc::new(embedded::memory().await.unwrap());
    let table = Arc::new(FrozenIndexes::new(reliable.clone()));
    table.empty();
    let bench = Bench::new(reliable, table.clone(), 3).await;
    let ada = bench
        .create(&USER, user("ada@fabrikam.example"))
        .await
        .unwrap()
        .id;
    for filter in [
        "userName eq \"Ada@Fabrikam.Example\"",
        "externalId eq \"x-ada@fabrikam.example\"",
        "emails eq \"ada@fabrikam.example\"",
    ] {
        assert_eq!(bench.search(&USER, filter).await.total, Some(1), "{filter}");
    }
    let again = bench.create(&USER, user("ADA@fabrikam.example")).await;
    assert!(
        matches!(again, Err(StoreError::Taken { attribute: "userName", holder }) if holder == ada)
    );
    assert_eq!(bench.list(&USER).await.total, Some(1));
    assert_eq!(
        bench.search(&USER, "userName sw \"ada\"").await.total,
        Some(0),
        "a prefix goes by index"
    );
    table.thaw();
    assert_eq!(
        bench.search(&USER, "userName sw \"ada\"").await.total,
        Some(1)
    );
}
