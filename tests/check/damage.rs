//! One kind of damage at a time: told in words, and mended where that needs no guess.

use crate::bed::{Bed, GRACE_MS};
use crate::cases::{CASES, MENDED, named};
use crate::harm::harm;

#[tokio::test]
async fn each_damage_is_told_and_mended_or_stays() {
    let bed = Bed::new().await;
    let (sound, before) = (bed.items().await, bed.check().await.memberships);
    for (case, findings, mended) in CASES {
        bed.restore(&sound).await;
        harm(&bed, case).await;
        let mut expected: Vec<String> = findings.iter().map(|text| named(&bed, text)).collect();
        let report = bed.check().await;
        let found: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{case}");
        let repairs = bed.store.repair(&report).await;
        let repaired: Vec<&String> = repairs.iter().map(|repair| &repair.finding).collect();
        let repairable = report.findings.iter().filter(|told| told.is_repairable());
        let repairable: Vec<String> = repairable.map(ToString::to_string).collect();
        assert!(
            repairs.iter().all(|repair| repair.failed.is_none()),
            "{case}: {repairs:?}"
        );
        if *mended == MENDED {
            assert_eq!(repaired, repairable.iter().collect::<Vec<_>>(), "{case}");
            expected.clear();
        }
        assert_eq!(bed.findings().await, expected, "{case}");
        bed.host.advance(GRACE_MS);
        bed.store.repair(&bed.check().await).await;
        let report = bed.check().await;
        assert_eq!(report.findings.len(), expected.len(), "{case}: {report}");
        if *mended == MENDED {
            assert_eq!(report.waiting.rows, 0, "{case}");
            let expected = match *case {
                "no forward edge" => before - 1,
                "lanes of the present generation without a change at the head" => before + 1,
                _ => before,
            };
            assert_eq!(report.memberships, expected, "{case}");
        }
    }
}

#[tokio::test]
async fn several_damages_are_mended_together() {
    let bed = Bed::new().await;
    for (case, _, mended) in CASES {
        let alone = [
            "a row of the present members",
            "a stolen alias",
            "no reverse edge",
            "a reverse edge without generation",
            "no count",
            "no active users",
        ];
        if *mended == MENDED && !alone.contains(case) {
            harm(&bed, case).await;
        }
    }
    let report = bed.check().await;
    assert!(report.findings.len() > 10, "{report}");
    bed.store.repair(&report).await;
    assert_eq!(bed.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_member_that_is_gone_leaves_by_an_ordinary_change() {
    let bed = Bed::new().await;
    harm(&bed, "edges of a member that is gone").await;
    let before = bed.tenant().get(bed.team).await.unwrap().version;
    let report = bed.check().await;
    bed.store.repair(&report).await;
    assert_eq!(
        bed.tenant().get(bed.team).await.unwrap().version,
        before + 1
    );
}

#[tokio::test]
async fn other_tenants_are_left_alone() {
    let bed = Bed::new().await;
    let other = bed.store.create_tenant("contoso").await.unwrap();
    harm(&bed, "no alias").await;
    harm(&bed, "an item of nobody").await;
    let report = bed.store.check(Some(&other), |_| ()).await.unwrap();
    assert!(report.findings.is_empty() && report.users == 0, "{report}");
    let own = bed.tenant();
    let report = bed.store.check(Some(own.scope()), |_| ()).await.unwrap();
    assert_eq!(report.findings.len(), 1, "{report}");
}
