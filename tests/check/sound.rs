//! What the store does by itself is never a finding, whatever waits.

use std::sync::Arc;

use serverless_scim::patch::Verb;
use serverless_scim::store::{Host as _, Progress, Store};
use serverless_scim::table::wrappers::{FrozenIndexes, Metered, Trouble, Unreliable};
use serverless_scim::table::{Attr, embedded};

use crate::bed::{Bed, change_members, hex, texts};
use crate::bench::TestHost;
use crate::odd::{Odd, Oddity, SHADOW};

#[tokio::test]
async fn a_tenant_with_a_past_is_sound() {
    let bed = Bed::new().await;
    let mut read = 0;
    let report = bed.store.check(None, |progress| match progress {
        Progress::Read(items) => read = items,
        Progress::Suspects(count) => panic!("{count} suspicions"),
    });
    let report = report.await.unwrap();
    assert_eq!(texts(&report), Vec::<String>::new());
    assert_eq!(report.warnings, Vec::<String>::new());
    assert_eq!((report.users, report.groups), (2, 2));
    assert_eq!((report.memberships, report.aliases), (3, 10));
    assert_eq!((report.waiting.rows, report.waiting.edges), (0, 0));
    assert!(read > 30, "{read}");
    assert_eq!(report.exit_status(), 0);
}

#[tokio::test]
async fn what_waits_for_a_pass_is_no_finding() {
    let bed = Bed::new().await;
    bed.delete(bed.mei).await;
    bed.members(bed.team, true, &[]).await;
    bed.delete(bed.team).await;
    let report = bed.check().await;
    assert_eq!(texts(&report), Vec::<String>::new());
    assert_eq!(report.waiting.rows, 2);
    bed.pass().await;
    let report = bed.check().await;
    assert_eq!((texts(&report), report.waiting.rows), (vec![], 0));
}

/// The worker of a big change dies after any number of calls; what it leaves is named, and a repair finishes it.
#[tokio::test]
async fn a_change_that_stopped_half_way_waits() {
    let mut open = 0;
    let bed = Bed::new().await;
    let fourth = bed
        .create(
            &serverless_scim::schema::USER,
            serde_json::json!({ "userName": "fourth" }),
        )
        .await;
    bed.members(bed.team, true, &[]).await;
    bed.pass().await;
    let sound = bed.items().await;
    for calls in 1..24 {
        bed.restore(&sound).await;
        let trouble = Trouble {
            crash_after: Some(calls),
            ..Trouble::default()
        };
        let dying = bed.over(Arc::new(Unreliable::new(bed.table.clone(), 1, trouble)));
        let adds = [bed.ada, bed.mei, fourth].map(|id| (id, Verb::Add));
        let _ = change_members(&bed.tenant_in(&dying), bed.team, false, &adds).await;
        let report = bed.check().await;
        assert_eq!(texts(&report), Vec::<String>::new(), "{calls}");
        open += report.waiting.lanes;
        bed.host.advance(crate::bed::GRACE_MS);
        let repairs = bed.store.repair(&report).await;
        assert!(repairs.is_empty(), "{repairs:?}");
        let report = bed.check().await;
        assert_eq!((texts(&report), report.waiting.lanes), (vec![], 0));
        assert!(
            matches!(report.memberships, 1 | 4),
            "{}",
            report.memberships
        );
    }
    assert!(open > 0, "no change was ever left open");
}

#[tokio::test]
async fn a_small_table_takes_a_handful_of_calls() {
    let table = Arc::new(embedded::memory().await.unwrap());
    let meter = Arc::new(Metered::new(table));
    let store = Store::new(meter.clone(), TestHost::new(1));
    store.create_tenant("fabrikam").await.unwrap();
    meter.reset();
    let report = store.check(None, |_| ()).await.unwrap();
    assert_eq!(texts(&report), Vec::<String>::new());
    assert_eq!(
        meter.reset().calls,
        6,
        "one page, whether it is served, and two indexes of two types"
    );
}

#[tokio::test]
async fn an_index_that_is_late_is_a_warning() {
    let bed = Bed::new().await;
    let frozen = Arc::new(FrozenIndexes::new(bed.table.clone()));
    frozen.empty();
    let report = bed.over(frozen).check(None, |_| ()).await.unwrap();
    assert_eq!(texts(&report), Vec::<String>::new());
    let first = bed.ada.min(bed.mei);
    assert_eq!(report.warnings.len(), 4);
    assert_eq!(
        report.warnings[0],
        format!("fabrikam: the index byName is late or wrong for 2 Users, {first} among them")
    );
}

#[tokio::test]
async fn work_that_waits_for_hours_is_a_warning() {
    let bed = Bed::new().await;
    let row = bed.key("#D", format!("U#{}", hex(bed.gone)));
    for (hours, warnings) in [(2, 0), (3, 1)] {
        let since = bed.host.now_ms() - hours * 3_600_000;
        bed.put(row.clone(), [("since", Attr::N(since))]).await;
        let report = bed.check().await;
        assert_eq!(texts(&report), Vec::<String>::new());
        assert_eq!(report.warnings.len(), warnings, "{report}");
    }
}

#[tokio::test]
async fn an_index_with_an_entry_too_many_is_a_warning() {
    let bed = Bed::new().await;
    let store = bed.over(Odd::new(bed.table.clone(), Oddity::Shadow));
    let report = store.check(None, |_| ()).await.unwrap();
    assert_eq!(texts(&report), Vec::<String>::new());
    let told = "fabrikam: the index byName is late or wrong for 1 Users, ";
    let [warning] = &report.warnings[..] else {
        panic!("{report}")
    };
    let shadow = format!("{SHADOW} among them");
    assert!(
        warning.starts_with(told) && warning.ends_with(&shadow),
        "{warning}"
    );
}
