//! One kind of damage at a time: told in words, and mended where that needs no guess.

use serverless_scim::store::Host as _;
use serverless_scim::table::{Attr, Attrs, Key};

use crate::bed::{Bed, GRACE_MS, hex, text};

/// The damage, what is said of it, and whether a repair ends it.
type Case = (&'static str, &'static [&'static str], bool);

const MENDED: bool = true;
const STAYS: bool = false;

const CASES: &[Case] = &[
    (
        "no alias",
        &["fabrikam: User {ada}: a value of userName has no alias, so no lookup finds it"],
        MENDED,
    ),
    (
        "an alias of another value",
        &["fabrikam: User {ada}: an alias of emails names it, but it is gone or has no such value"],
        MENDED,
    ),
    (
        "an alias of the dead",
        &[
            "fabrikam: User {gone}: an alias of userName names it, but it is gone or has no such value",
        ],
        MENDED,
    ),
    (
        "a stolen alias",
        &[
            "fabrikam: User {ada}: the alias of a value of userName names User {mei} instead, which is gone or has no such value",
        ],
        MENDED,
    ),
    (
        "one name twice",
        &[
            "fabrikam: User {first} and User {second}: one value of userName, which only one can hold; change it in one of them",
        ],
        STAYS,
    ),
    (
        "index attributes of another value",
        &["fabrikam: User {ada}: its index attributes are not those of its document"],
        MENDED,
    ),
    (
        "a document that does not read",
        &["fabrikam: User {ada}: its item does not read"],
        STAYS,
    ),
    (
        "a document without name",
        &["fabrikam: User {ada}: its document has no name or too many e-mail addresses"],
        STAYS,
    ),
    (
        "no generation",
        &[
            "fabrikam: Group {team}: it says of its members what its resource type does not have, or nothing",
        ],
        STAYS,
    ),
    (
        "a count too high",
        &["fabrikam: bucket {bucket} of the User directory counts 2 more than it holds"],
        MENDED,
    ),
    (
        "no count",
        &["fabrikam: bucket {bucket} of the User directory counts {held} fewer than it holds"],
        MENDED,
    ),
    (
        "no reverse edge",
        &[
            "fabrikam: Group {team}, member User {ada}: the group has the member, the member does not have the group",
        ],
        MENDED,
    ),
    (
        "no forward edge",
        &[
            "fabrikam: Group {team}, member User {ada}: the member has the group, the group does not have the member",
        ],
        MENDED,
    ),
    (
        "edges of a group that is gone",
        &[
            "fabrikam: Group {nobody}, member User {ada}: the group is gone, and nothing waits to remove the edge",
        ],
        MENDED,
    ),
    (
        "an edge of another generation",
        &[
            "fabrikam: Group {team}, member User {ada}: the group has given up these members, and nothing waits to remove the edge",
        ],
        MENDED,
    ),
    (
        "edges of a member that is gone",
        &[
            "fabrikam: Group {team}, member User {gone}: the member is gone, and nothing waits to remove the edge",
        ],
        MENDED,
    ),
    (
        "a reverse edge of a member that is gone",
        &[
            "fabrikam: Group {team}, member User {gone}: the member is gone, and nothing waits to remove the edge",
        ],
        MENDED,
    ),
    (
        "a row of a living user",
        &["fabrikam: User {ada}: a row names it as deleted, and it is alive"],
        MENDED,
    ),
    (
        "a row of the present members",
        &["fabrikam: Group {team}: a row would sweep what it has now"],
        MENDED,
    ),
    (
        "a row of a living group",
        &["fabrikam: Group {team}: a row would sweep what it has now"],
        MENDED,
    ),
    (
        "a change without row",
        &[
            "fabrikam: Group {team}: it waits for a big change that no row names, so nobody finishes it",
        ],
        MENDED,
    ),
    ("a young change without row", &[], MENDED),
    (
        "a row without change",
        &["fabrikam: Group {team}: a row names a big change that the group does not wait for"],
        MENDED,
    ),
    (
        "lanes without change",
        &["fabrikam: Group {team}: lanes of a big change that the group does not wait for"],
        MENDED,
    ),
    (
        "a lane that does not read",
        &["fabrikam: a lane of a big change does not read"],
        STAYS,
    ),
    (
        "an unknown key",
        &["fabrikam: an item whose key is none of ours; it begins \"T#{tenant}#Z\""],
        STAYS,
    ),
    (
        "an item of nobody",
        &["an item whose key is none of ours; it begins \"somebody else\""],
        STAYS,
    ),
    (
        "an alias of nobody",
        &["fabrikam: an alias does not read"],
        STAYS,
    ),
    (
        "a work row without time",
        &["fabrikam: a work row does not read"],
        STAYS,
    ),
    (
        "an outbox item that never expires",
        &["fabrikam: an outbox item does not read"],
        STAYS,
    ),
    (
        "a token of another secret",
        &["fabrikam: a token does not read"],
        STAYS,
    ),
    (
        "a schema that does not read",
        &["fabrikam: a schema does not read"],
        STAYS,
    ),
    (
        "no config",
        &["fabrikam: the tenant has no item of its own: no token of it works"],
        STAYS,
    ),
    (
        "no registry row",
        &["fabrikam: the tenant is missing from the registry"],
        STAYS,
    ),
    (
        "another name",
        &["fabrikam: the registry has another name for the tenant"],
        STAYS,
    ),
    (
        "no name",
        &["fabrikam: the tenant's name does not lead to it"],
        STAYS,
    ),
    (
        "a second name",
        &["fabrikam: the name \"contoso\" leads to the tenant, and is not its own"],
        STAYS,
    ),
];

/// Long ago, and now for the host of the tests.
const OLD: &str = "01K00000000000000000000000";
const NOBODY: &str = "10000000-0000-8000-8000-000000000007";
const OTHER: &str = "00000000000000aa";

async fn damage(bed: &Bed, case: &str) {
    let none = Attrs::new;
    let (ada, team) = (hex(bed.ada), hex(bed.team));
    let (forward, reverse, generation) = bed.edge(bed.team, bed.ada).await;
    let alias = |value: &str| bed.key(&format!("#N#0#userName#={value}"), "@");
    let holder = |id| [("id", text(hex(id)))];
    let work = |sk: String| bed.key("#D", sk);
    let since = || [("since", Attr::N(bed.host.now_ms()))];
    let registry = |pk: &str, sk: String| Key {
        pk: pk.to_owned(),
        sk,
    };
    let tenant = bed.tenant().scope().to_string();
    let Attr::S(present) = &generation else {
        panic!("no generation")
    };
    let document = bed.document(bed.ada);
    match case {
        "no alias" => bed.remove(alias("ada.osei")).await,
        "an alias of another value" => {
            let key = bed.key("#N#0#emails#=other@home.example", ada);
            bed.put(key, holder(bed.ada)).await;
        }
        "an alias of the dead" => bed.put(alias("dead"), holder(bed.gone)).await,
        "a stolen alias" => bed.put(alias("ada.osei"), holder(bed.mei)).await,
        "one name twice" => same_name(bed).await,
        "index attributes of another value" => {
            bed.update(document, [("ns", text(format!("bea\u{1}{ada}")))], &[])
                .await;
        }
        "a document that does not read" => bed.update(document, [("d", text("{"))], &[]).await,
        "a document without name" => {
            bed.update(document, [("d", text("{}"))], &["np", "ns", "xp", "xs"])
                .await;
        }
        "no generation" => bed.update(bed.document(bed.team), none(), &["gen"]).await,
        "a count too high" | "no count" => {
            let row = bed.key("#B#0", &ada[1..8]);
            let Attr::N(count) = bed.item(&row).await.attrs["n"] else {
                panic!("no count")
            };
            if case == "no count" {
                bed.remove(row).await;
            } else {
                bed.put(row, [("n", Attr::N(count + 2))]).await;
            }
        }
        "no reverse edge" => bed.remove(reverse).await,
        "no forward edge" => bed.remove(forward).await,
        "edges of a group that is gone" => {
            let nobody = NOBODY.replace('-', "");
            bed.put(
                bed.key(&format!("#M#{nobody}#{OTHER}"), ada.clone()),
                none(),
            )
            .await;
            bed.put(
                bed.key(&format!("#V#{ada}"), nobody),
                [("gen", text(OTHER))],
            )
            .await;
        }
        "an edge of another generation" => {
            bed.put(bed.key(&format!("#M#{team}#{OTHER}"), ada), none())
                .await;
        }
        "edges of a member that is gone" | "a reverse edge of a member that is gone" => {
            let (forward, reverse, generation) = bed.edge(bed.team, bed.gone).await;
            if case == "edges of a member that is gone" {
                bed.put(forward, none()).await;
            }
            bed.put(reverse, [("gen", generation)]).await;
        }
        "a row of a living user" => bed.put(work(format!("U#{ada}")), since()).await,
        "a row of the present members" => {
            bed.put(work(format!("M#{team}#{present}")), since()).await;
        }
        "a row of a living group" => {
            let dead = [("since", Attr::N(0)), ("dead", Attr::N(1))];
            bed.put(work(format!("M#{team}#{OTHER}")), dead).await;
        }
        "a change without row" | "a young change without row" => {
            let young = ulid::Ulid::from_parts(bed.host.now_ms().unsigned_abs(), 1).to_string();
            let op = if case == "a change without row" {
                OLD.to_owned()
            } else {
                young
            };
            let pending = [("pend", text(op)), ("pu", Attr::N(0))];
            bed.update(bed.document(bed.team), pending, &[]).await;
        }
        "a row without change" => bed.put(work(format!("P#{team}#{OLD}")), since()).await,
        "lanes without change" => {
            bed.put(bed.key(&format!("#O#{team}"), format!("{OLD}#00")), lane(0))
                .await
        }
        "a lane that does not read" => {
            bed.put(bed.key(&format!("#O#{team}"), format!("{OLD}#00")), lane(2))
                .await
        }
        "an unknown key" => bed.put(bed.key("#Z", "@"), none()).await,
        "an item of nobody" => {
            bed.put(registry("somebody else", "x".to_owned()), none())
                .await
        }
        "an alias of nobody" => bed.put(alias("nobody"), none()).await,
        "a work row without time" => bed.put(work(format!("U#{}", hex(bed.gone))), none()).await,
        "an outbox item that never expires" => bed.put(bed.key("#X", OLD), outbox(&ada)).await,
        "a token of another secret" => {
            let digest = [("sha256", Attr::B(vec![1; 32]))];
            bed.put(bed.key("", format!("K#{}", "A".repeat(43))), digest)
                .await;
        }
        "a schema that does not read" => bed.put(bed.key("", "S#urn:x"), none()).await,
        "no config" => bed.remove(bed.key("", "@")).await,
        "no registry row" => bed.remove(registry("A#tenants", tenant)).await,
        "another name" => {
            bed.put(registry("A#tenants", tenant), [("name", text("contoso"))])
                .await;
        }
        "no name" => {
            bed.remove(registry("A#name#fabrikam", "@".to_owned()))
                .await
        }
        "a second name" => {
            let name = registry("A#name#contoso", "@".to_owned());
            bed.put(name, [("t", text(tenant))]).await;
        }
        other => panic!("{other}"),
    }
}

/// `mei` has the name of `ada` in everything but the alias.
async fn same_name(bed: &Bed) {
    let document = text(r#"{"userName":"ADA.osei","externalId":"x1"}"#);
    let sort = text(format!("ada.osei\u{1}{}", hex(bed.mei)));
    bed.update(bed.document(bed.mei), [("d", document), ("ns", sort)], &[])
        .await;
    bed.remove(bed.key("#N#0#userName#=mei", "@")).await;
}

fn lane(done: i64) -> [(&'static str, Attr); 7] {
    [
        ("a", Attr::B(vec![0; 16])),
        ("r", Attr::B(vec![])),
        ("pos", Attr::N(done)),
        ("gen", text(OTHER)),
        ("v", Attr::N(1)),
        ("actor", text("a")),
        ("req", text("r")),
    ]
}

fn outbox(id: &str) -> [(&'static str, Attr); 5] {
    [
        ("k", text("user.updated")),
        ("rid", text(id)),
        ("v", Attr::N(1)),
        ("actor", text("a")),
        ("req", text("r")),
    ]
}

/// The finding with the names of this table.
async fn named(bed: &Bed, finding: &str) -> String {
    let (ada, mei) = (bed.ada.to_string(), bed.mei.to_string());
    let bucket = u32::from_str_radix(&ada[1..8], 16).unwrap();
    let held = [bed.ada, bed.mei]
        .into_iter()
        .filter(|id| id.to_string()[..8] == ada[..8]);
    let held = held.count().to_string();
    let tenant = bed.tenant().scope().to_string();
    let names = [
        ("{ada}", &ada),
        ("{mei}", &mei),
        ("{first}", (&ada).min(&mei)),
        ("{second}", (&ada).max(&mei)),
        ("{gone}", &bed.gone.to_string()),
        ("{team}", &bed.team.to_string()),
        ("{nobody}", &NOBODY.to_owned()),
        ("{bucket}", &bucket.to_string()),
        ("{held}", &held),
        ("{tenant}", &tenant),
    ];
    names.iter().fold(finding.to_owned(), |text, (name, is)| {
        text.replace(name, is)
    })
}

#[tokio::test]
async fn each_damage_is_told_and_mended_or_stays() {
    let bed = Bed::new().await;
    let (sound, before) = (bed.items().await, bed.check().await.memberships);
    for (case, findings, mended) in CASES {
        bed.restore(&sound).await;
        damage(&bed, case).await;
        let mut expected = vec![];
        for finding in *findings {
            expected.push(named(&bed, finding).await);
        }
        let report = bed.check().await;
        let found: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{case}");
        let repairs = bed.store.repair(&report).await;
        let repaired: Vec<&String> = repairs.iter().map(|repair| &repair.finding).collect();
        assert!(
            repairs.iter().all(|repair| repair.failed.is_none()),
            "{case}: {repairs:?}"
        );
        if *mended == MENDED {
            assert_eq!(repaired, expected.iter().collect::<Vec<_>>(), "{case}");
            expected.clear();
        }
        assert_eq!(bed.findings().await, expected, "{case}");
        bed.host.advance(GRACE_MS);
        bed.store.repair(&bed.check().await).await;
        let report = bed.check().await;
        assert_eq!(report.findings.len(), expected.len(), "{case}: {report}");
        if *mended == MENDED {
            assert_eq!(report.waiting.rows, 0, "{case}");
            let lost = u64::from(*case == "no forward edge");
            assert_eq!(report.memberships, before - lost, "{case}");
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
            "no count",
        ];
        if *mended == MENDED && !alone.contains(case) {
            damage(&bed, case).await;
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
    damage(&bed, "edges of a member that is gone").await;
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
    damage(&bed, "no alias").await;
    damage(&bed, "an item of nobody").await;
    let report = bed.store.check(Some(&other), |_| ()).await.unwrap();
    assert!(report.findings.is_empty() && report.users == 0, "{report}");
    let own = bed.tenant();
    let report = bed.store.check(Some(own.scope()), |_| ()).await.unwrap();
    assert_eq!(report.findings.len(), 1, "{report}");
}
