//! Half of a membership whose member is deleted, as a restore from a moment inside of a transaction leaves it.

use std::collections::BTreeSet;
use std::time::Duration;

use serverless_scim::store::{MEMBERS_SHOWN_MAX, Membership, Repair};
use tokio::time::timeout;

use crate::bed::{Bed, GRACE_MS};
use crate::harm::harm;
use crate::odd::{Odd, Oddity};

/// What takes longer goes on for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// Ada is deleted, and this half of her membership is there again; the row that names her is ripe.
async fn left(reverse: bool) -> Bed {
    let bed = Bed::new().await;
    let (forward_key, reverse_key, generation) = bed.edge(bed.team, bed.ada).await;
    bed.delete(bed.ada).await;
    if reverse {
        bed.put(reverse_key, [("gen", generation)]).await;
    } else {
        bed.put(forward_key, []).await;
    }
    bed.host.advance(GRACE_MS);
    bed
}

async fn repair(bed: &Bed) -> Vec<Repair> {
    let report = bed.check().await;
    let repairs = bed.store.repair(&report);
    timeout(PATIENCE, repairs)
        .await
        .expect("a repair that ends")
}

async fn members(bed: &Bed) -> BTreeSet<serverless_scim::store::Id> {
    let tenant = bed.tenant();
    match tenant.get_with_members(bed.team, MEMBERS_SHOWN_MAX).await {
        Ok((_, Membership::Shown(ids))) => ids,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_deletion_ends_where_the_group_does_not_know_its_member() {
    let bed = Bed::new().await;
    let (forward, reverse, _) = bed.edge(bed.team, bed.ada).await;
    bed.remove(forward).await;
    let deleted = timeout(PATIENCE, bed.delete(bed.ada)).await;
    deleted.expect("a deletion that ends");
    assert!(!bed.items().await.contains_key(&reverse));
}

#[tokio::test]
async fn passes_end_where_only_the_member_knew_of_its_group() {
    let bed = left(true).await;
    timeout(PATIENCE, bed.pass())
        .await
        .expect("passes that end");
    let report = bed.check().await;
    assert_eq!((report.findings.len(), report.waiting.rows), (0, 0));
}

#[tokio::test]
async fn half_a_membership_of_the_dead_is_told_and_mended_though_a_row_names_them() {
    for reverse in [true, false] {
        let bed = left(reverse).await;
        assert!(!members(&bed).await.contains(&bed.ada));
        let told = format!(
            "fabrikam: Group {}, member User {}: the member is gone, and nothing waits to remove the edge",
            bed.team, bed.ada
        );
        assert_eq!(bed.findings().await, [told], "{reverse}");
        let repairs = repair(&bed).await;
        assert!(repairs.iter().all(|repair| repair.failed.is_none()));
        let report = bed.check().await;
        assert_eq!((report.findings.len(), report.waiting.rows), (0, 0));
        assert_eq!(members(&bed).await, BTreeSet::from([bed.mei]));
    }
}

#[tokio::test]
async fn a_repair_gives_up_on_passes_that_never_end() {
    let bed = Bed::new().await;
    harm(&bed, "a row without change").await;
    bed.host.advance(GRACE_MS);
    let store = bed.over(Odd::new(bed.table.clone(), Oddity::Stays));
    let report = store.check(None, |_| ()).await.unwrap();
    let repairs = timeout(PATIENCE, store.repair(&report)).await;
    let repairs = repairs.expect("a repair that ends");
    let failed = repairs.last().and_then(|repair| repair.failed.as_deref());
    assert!(
        failed.is_some_and(|why| why.contains("passes")),
        "{repairs:?}"
    );
}
