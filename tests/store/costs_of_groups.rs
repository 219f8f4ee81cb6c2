//! What groups and what is read of them may cost: capacity units and round trips, as the data model promises them.

use std::collections::BTreeSet;

use serverless_scim::schema::{GROUP, USER};
use serverless_scim::store::{Id, MEMBERS_SHOWN_MAX, Paging, Start};

use crate::bench::{Bench, group, object, user};
use crate::costs::{bill, metered};

async fn users(bench: &Bench, count: usize) -> Vec<Id> {
    let mut ids = vec![];
    for n in 0..count {
        let made = bench.create(&USER, user(&format!("u{n}@fabrikam.example")));
        ids.push(made.await.unwrap().id);
    }
    ids
}

#[tokio::test]
async fn a_group_costs_six_units_for_each_member_it_is_born_with() {
    let (bench, meter) = metered().await;
    let ids = users(&bench, 20).await;
    // The first create looks for the newest buckets.
    bench.create(&GROUP, group("Warm")).await.unwrap();
    for members in [0, 1, 20] {
        let named: BTreeSet<String> = ids[..members].iter().map(Id::to_string).collect();
        let team = object(group(&format!("Team of {members}")));
        bill(&meter);
        bench.tenant().create(&GROUP, team, &named).await.unwrap();
        assert_eq!(
            bill(&meter),
            (0, 12 + 6 * members, 1),
            "POST with {members}"
        );
    }
}

#[tokio::test]
async fn what_is_read_of_groups_costs_what_the_data_model_says() {
    let (bench, meter) = metered().await;
    let ids = users(&bench, 60).await;
    let mut teams = vec![];
    for n in 0..3 {
        let team = bench.create(&GROUP, group(&format!("Team {n}"))).await;
        teams.push(team.unwrap().id);
        bench.add(teams[n], ids[0]).await.unwrap();
    }
    for id in &ids[1..] {
        bench.add(teams[0], *id).await.unwrap();
    }
    bill(&meter);
    bench.tenant().get(teams[0]).await.unwrap();
    assert_eq!(bill(&meter), (1, 0, 1), "GET without members");
    let all = bench.tenant();
    let whole = all.get_with_members(teams[0], MEMBERS_SHOWN_MAX).await;
    whole.unwrap();
    // The head and the work rows, the edges at a hundred bytes each, both again.
    assert_eq!(bill(&meter), (2 + 2 + 2, 0, 3), "GET with 60 members");
    bench.tenant().all_groups_of(ids[0]).await.unwrap();
    assert_eq!(bill(&meter), (1 + 3, 0, 2), "a user's three groups");
    let of = format!("members eq \"{}\"", ids[0]);
    assert_eq!(bench.search(&GROUP, &of).await.total, Some(3));
    // Her document and her edges, then the heads.
    assert_eq!(bill(&meter), (1 + 1 + 3, 0, 2), "members eq, three groups");
    let paging = Paging {
        start: Start::Index(1),
        count: 0,
    };
    let none = bench.tenant().search(&USER, None, None, &paging).await;
    assert_eq!(none.unwrap().total, Some(60));
    assert_eq!(bill(&meter), (1, 0, 1), "count=0");
    bench.delete(teams[1]).await.unwrap();
    let (reads, writes, _) = bill(&meter);
    // The one member's two edges go at once; the sweep looks for edges, for more of them, and for groups that held it.
    assert_eq!((reads, writes), (1 + 3, 14 + 2), "DELETE");
}
