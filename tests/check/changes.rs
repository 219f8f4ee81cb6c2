//! A big change that was acknowledged is never lost, whatever its head has forgotten.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use serverless_scim::patch::Verb;
use serverless_scim::schema::USER;
use serverless_scim::store::{Id, MEMBERS_SHOWN_MAX, Membership};
use serverless_scim::table::wrappers::{Trouble, Unreliable};
use serverless_scim::table::{Attr, Item, Key};

use crate::bed::{Bed, GRACE_MS, change_members, hex, text};
use crate::harm::OLD;
use crate::odd::{Odd, Oddity};

/// What the head says of the change, and whether a row names it.
#[derive(Debug, Clone, Copy)]
enum Loss {
    /// Nothing.
    Head,
    HeadAndRow,
    /// The head as it was before the change, as a restore from a moment inside of the transaction leaves it.
    Restored,
    /// It waits for another change.
    Replaced,
    /// It waits, and nobody knows until when.
    Time,
}

impl Loss {
    const ALL: [Self; 5] = [
        Self::Head,
        Self::HeadAndRow,
        Self::Restored,
        Self::Replaced,
        Self::Time,
    ];

    fn told(self) -> &'static str {
        match self {
            Self::Time => "it says which big change it waits for or until when, and not both",
            _ => "lanes of a big change that the group does not wait for",
        }
    }
}

/// A tenant of four users, none of them in Team.
async fn four() -> (Bed, BTreeSet<Id>) {
    let bed = Bed::new().await;
    let mut all = BTreeSet::from([bed.ada, bed.mei]);
    for name in ["third", "fourth"] {
        let user = bed.create(&USER, json!({ "userName": name })).await;
        all.insert(user);
    }
    bed.members(bed.team, true, &[]).await;
    bed.pass().await;
    (bed, all)
}

/// Begins to add them all, and dies after so many calls; whether that left lanes.
async fn begin(bed: &Bed, all: &BTreeSet<Id>, calls: u64) -> bool {
    let trouble = Trouble {
        crash_after: Some(calls),
        ..Trouble::default()
    };
    let table = Unreliable::new(bed.table.clone(), 1, trouble);
    let dying = bed.over(std::sync::Arc::new(table));
    let adds: Vec<(Id, Verb)> = all.iter().map(|id| (*id, Verb::Add)).collect();
    let _ = change_members(&bed.tenant_in(&dying), bed.team, false, &adds).await;
    bed.host.advance(GRACE_MS);
    bed.check().await.waiting.lanes > 0
}

async fn lose(bed: &Bed, before: &BTreeMap<Key, Item>, loss: Loss) {
    let head = bed.document(bed.team);
    let row = format!("P#{}#", hex(bed.team));
    if matches!(loss, Loss::Time) {
        return bed.update(head, [], &["pu"]).await;
    }
    if !matches!(loss, Loss::Head) {
        let items = bed.items().await;
        for key in items.into_keys().filter(|key| key.sk.starts_with(&row)) {
            bed.remove(key).await;
        }
    }
    bed.update(head.clone(), [], &["pend", "pu"]).await;
    match loss {
        Loss::Head | Loss::HeadAndRow | Loss::Time => {}
        Loss::Restored => {
            let old = [head.clone()].map(|key| (key.clone(), before[&key].clone()));
            let mut items = bed.items().await;
            items.extend(old);
            bed.restore(&items).await;
        }
        Loss::Replaced => {
            bed.put(
                bed.key("#D", format!("{row}{OLD}")),
                [("since", Attr::N(0))],
            )
            .await;
            let other = [("pend", text(OLD)), ("pu", Attr::N(0))];
            bed.update(head, other, &[]).await;
        }
    }
}

async fn members(bed: &Bed) -> BTreeSet<Id> {
    let tenant = bed.tenant();
    match tenant.get_with_members(bed.team, MEMBERS_SHOWN_MAX).await {
        Ok((_, Membership::Shown(ids))) => ids,
        other => panic!("{other:?}"),
    }
}

async fn version(bed: &Bed) -> i64 {
    bed.tenant().get(bed.team).await.unwrap().version
}

#[tokio::test]
async fn a_repair_finishes_the_change_that_its_head_forgot() {
    let (bed, all) = four().await;
    let sound = bed.items().await;
    let mut lost = 0;
    for calls in 1..24 {
        for loss in Loss::ALL {
            bed.restore(&sound).await;
            if !begin(&bed, &all, calls).await {
                continue;
            }
            lose(&bed, &sound, loss).await;
            lost += 1;
            let (old, seen) = (version(&bed).await, members(&bed).await);
            assert!(seen.len() < all.len(), "{calls} {loss:?}");
            let report = bed.check().await;
            assert!(
                report.to_string().contains(loss.told()),
                "{loss:?}: {report}"
            );
            let repairs = bed.store.repair(&report).await;
            assert!(repairs.iter().all(|repair| repair.failed.is_none()));
            assert_eq!(members(&bed).await, all, "{calls} {loss:?}");
            assert!(version(&bed).await > old, "the members are others");
            let report = bed.check().await;
            let waits = (report.waiting.rows, report.waiting.lanes);
            assert_eq!((report.findings.len(), waits), (0, (0, 0)), "{report}");
        }
    }
    assert!(lost > 8, "{lost}");
}

/// A tenant whose big change stopped half way, and what was there before it.
async fn stopped() -> (Bed, BTreeMap<Key, Item>) {
    let (bed, all) = four().await;
    let sound = bed.items().await;
    let mut calls = 1;
    while !begin(&bed, &all, calls).await {
        bed.restore(&sound).await;
        calls += 1;
    }
    (bed, sound)
}

/// A lane that does not read cannot be finished; what it was part of is not thrown away for that.
#[tokio::test]
async fn a_change_that_cannot_be_finished_is_not_thrown_away() {
    let (bed, sound) = stopped().await;
    lose(&bed, &sound, Loss::HeadAndRow).await;
    let mut items = bed.items().await.into_keys();
    let lane = items.find(|key| key.pk.contains("#O#")).unwrap();
    bed.update(lane, [], &["pos"]).await;
    let before = bed.items().await;
    let report = bed.check().await;
    let repairs = bed.store.repair(&report).await;
    let failed = repairs.iter().filter_map(|repair| repair.failed.as_deref());
    assert_eq!(
        failed.collect::<Vec<_>>(),
        ["broken data: a lane does not read"],
        "{repairs:?}"
    );
    assert_eq!(bed.items().await, before);
}

/// To a pass, a head that does not say until when it waits is one that does not wait: it would drop the lanes.
#[tokio::test]
async fn no_pass_follows_where_a_head_could_not_be_mended() {
    let (bed, sound) = stopped().await;
    lose(&bed, &sound, Loss::Time).await;
    let before = bed.items().await;
    let store = bed.over(Odd::new(bed.table.clone(), Oddity::Rigid));
    let repairs = store
        .repair(&store.check(None, |_| ()).await.unwrap())
        .await;
    assert_eq!(repairs.len(), 1, "{repairs:?}");
    assert!(repairs[0].failed.is_some(), "{repairs:?}");
    assert_eq!(bed.items().await, before);
}
