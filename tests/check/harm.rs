//! Doing the damage, straight in the table.

use serverless_scim::store::{AuthMethod, Host as _, Id, NewClient};
use serverless_scim::table::{Attr, Key};

use crate::bed::{Bed, hex, text};

/// A big change of long ago.
pub(crate) const OLD: &str = "01K00000000000000000000000";
/// The one after it.
const NEXT: &str = "01K00000000000000000000001";
/// A group that never was.
pub(crate) const NOBODY: &str = "10000000-0000-8000-8000-000000000007";
/// A connection that never was.
const GONE: &str = "aaaaaaaaaa";
/// A generation that nobody has.
const OTHER: &str = "00000000000000aa";

pub(crate) async fn harm(bed: &Bed, case: &str) {
    let done = of_documents(bed, case).await
        || of_edges(bed, case).await
        || of_work(bed, case).await
        || of_lanes(bed, case).await
        || of_items(bed, case).await
        || of_tenants(bed, case).await;
    assert!(done, "{case}");
}

async fn of_documents(bed: &Bed, case: &str) -> bool {
    let (ada, document) = (hex(bed.ada), bed.document(bed.ada));
    let alias = |value: &str| bed.key(&format!("#N#0#userName#={value}"), "@");
    let holder = |id| [("id", text(hex(id)))];
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
            let other = text(format!("bea\u{1}{ada}"));
            bed.update(document, [("ns", other)], &[]).await;
        }
        "a document that does not read" => bed.update(document, [("d", text("{"))], &[]).await,
        "a document without name" => {
            let none = ["np", "ns", "xp", "xs"];
            bed.update(document, [("d", text("{}"))], &none).await;
        }
        "no generation" => bed.update(bed.document(bed.team), [], &["gen"]).await,
        "a count too high" | "no count" => {
            let row = bed.key("#B#0", ada.get(2..8).unwrap());
            let Attr::N(count) = bed.item(&row).await.attrs["n0"] else {
                panic!("no count")
            };
            if case == "no count" {
                bed.remove(row).await;
            } else {
                bed.update(row, [("n0", Attr::N(count + 2))], &[]).await;
            }
        }
        "active users too many" | "no active users" => {
            let row = bed.key("#B#0", ada.get(2..8).unwrap());
            let Attr::N(active) = bed.item(&row).await.attrs["a"] else {
                panic!("no count")
            };
            let more = [("a", Attr::N(active + 3))];
            match case {
                "no active users" => bed.update(row, [], &["a"]).await,
                _ => bed.update(row, more, &[]).await,
            }
        }
        "a count below zero" => {
            let row = bed.key("#B#0", ada.get(2..8).unwrap());
            bed.update(row, [("n0", Attr::N(-1))], &[]).await;
        }
        "a count that is no number" => {
            let row = bed.key("#B#0", ada.get(2..8).unwrap());
            bed.update(row, [("n1", text("2"))], &[]).await;
        }
        "a user with a generation" => {
            bed.update(document, [("gen", text(OTHER))], &[]).await;
        }
        _ => return false,
    }
    true
}

/// `mei` has the name of `ada` in everything but the alias.
async fn same_name(bed: &Bed) {
    let document = text(r#"{"userName":"ADA.osei","externalId":"x1"}"#);
    let sort = text(format!("ada.osei\u{1}{}", hex(bed.mei)));
    let set = [("d", document), ("ns", sort)];
    bed.update(bed.document(bed.mei), set, &[]).await;
    bed.remove(bed.key("#N#0#userName#=mei", "@")).await;
}

async fn of_edges(bed: &Bed, case: &str) -> bool {
    let (ada, team) = (hex(bed.ada), hex(bed.team));
    match case {
        "no reverse edge" => bed.remove(bed.edge(bed.team, bed.ada).await.1).await,
        "no forward edge" => bed.remove(bed.edge(bed.team, bed.ada).await.0).await,
        "edges of a group that is gone" => {
            let nobody = NOBODY.replace('-', "");
            let forward = bed.key(&format!("#M#{nobody}#{OTHER}"), ada.clone());
            bed.put(forward, []).await;
            let reverse = bed.key(&format!("#V#{ada}"), nobody);
            bed.put(reverse, [("gen", text(OTHER))]).await;
        }
        "an edge of another generation" => {
            bed.put(bed.key(&format!("#M#{team}#{OTHER}"), ada), [])
                .await;
        }
        "edges of a member that is gone" | "a reverse edge of a member that is gone" => {
            let (forward, reverse, generation) = bed.edge(bed.team, bed.gone).await;
            if case == "edges of a member that is gone" {
                bed.put(forward, []).await;
            }
            bed.put(reverse, [("gen", generation)]).await;
        }
        "a reverse edge without generation" => {
            bed.update(bed.edge(bed.team, bed.ada).await.1, [], &["gen"])
                .await;
        }
        _ => return false,
    }
    true
}

async fn of_work(bed: &Bed, case: &str) -> bool {
    let (ada, team) = (hex(bed.ada), hex(bed.team));
    let row = |sk: String| bed.key("#D", sk);
    let since = [("since", Attr::N(bed.host.now_ms()))];
    match case {
        "a row of a living user" => bed.put(row(format!("U#{ada}")), since).await,
        "a row of the present members" => {
            let (_, _, generation) = bed.edge(bed.team, bed.ada).await;
            let Attr::S(present) = generation else {
                panic!("no generation")
            };
            bed.put(row(format!("M#{team}#{present}")), since).await;
        }
        "a row of a living group" => {
            let dead = [("since", Attr::N(0)), ("dead", Attr::N(1))];
            bed.put(row(format!("M#{team}#{OTHER}")), dead).await;
        }
        "a change without row" => pending(bed, OLD.to_owned()).await,
        "a young change without row" => {
            let now = bed.host.now_ms().unsigned_abs();
            pending(bed, ulid::Ulid::from_parts(now, 1).to_string()).await;
        }
        "a row without change" => bed.put(row(format!("P#{team}#{OLD}")), since).await,
        "a change without its time" => {
            pending(bed, NEXT.to_owned()).await;
            bed.update(bed.document(bed.team), [], &["pu"]).await;
            bed.put(row(format!("P#{team}#{NEXT}")), since).await;
        }
        "the time of no change" => {
            bed.update(bed.document(bed.team), [("pu", Attr::N(7))], &[])
                .await;
        }
        "a work row without time" => bed.put(row(format!("U#{}", hex(bed.gone))), []).await,
        _ => return false,
    }
    true
}

async fn of_lanes(bed: &Bed, case: &str) -> bool {
    let team = hex(bed.team);
    let present = async |group| match bed.edge(group, bed.ada).await.2 {
        Attr::S(present) => present,
        other => panic!("{other:?}"),
    };
    match case {
        "lanes without change" => lane(bed, &team, OTHER, 0).await,
        "lanes of a group that is gone" => lane(bed, &NOBODY.replace('-', ""), OTHER, 0).await,
        "lanes of the present generation without a change at the head" => {
            let present = present(bed.parent).await;
            lane(bed, &hex(bed.parent), &present, 0).await;
        }
        "lanes of members that the head was put back before" => {
            let present = present(bed.team).await;
            let since = [("since", Attr::N(bed.host.now_ms()))];
            lane(bed, &team, OTHER, 0).await;
            let key = bed.key(&format!("#O#{team}"), format!("{OLD}#00"));
            bed.update(key, [("v", Attr::N(99))], &[]).await;
            bed.put(bed.key("#D", format!("M#{team}#{present}")), since)
                .await;
            // In the edges already, by a lane that is done.
            let mei = hex(bed.mei);
            let forward = bed.key(&format!("#M#{team}#{OTHER}"), mei.clone());
            bed.put(forward, []).await;
            let reverse = bed.key(&format!("#V#{mei}"), team);
            bed.put(reverse, [("gen", text(OTHER))]).await;
        }
        "a lane that does not read" => lane(bed, &team, OTHER, 2).await,
        "a lane with ids that are none" | "a lane of nobody" => {
            lane(bed, &team, OTHER, 0).await;
            let key = bed.key(&format!("#O#{team}"), format!("{OLD}#00"));
            let none = [("a", Attr::B(vec![0; 16]))];
            match case {
                "a lane of nobody" => bed.update(key, [], &["actor"]).await,
                _ => bed.update(key, none, &[]).await,
            }
        }
        _ => return false,
    }
    true
}

async fn pending(bed: &Bed, op: String) {
    let pending = [("pend", text(op)), ("pu", Attr::N(0))];
    bed.update(bed.document(bed.team), pending, &[]).await;
}

/// A lane that adds Ada, with so many ids in the edges.
async fn lane(bed: &Bed, group: &str, generation: &str, done: i64) {
    let lane = [
        ("a", Attr::B(bytes(bed.ada))),
        ("r", Attr::B(vec![])),
        ("pos", Attr::N(done)),
        ("gen", text(generation)),
        ("v", Attr::N(1)),
        ("actor", text("a")),
        ("req", text("r")),
    ];
    let key = bed.key(&format!("#O#{group}"), format!("{OLD}#00"));
    bed.put(key, lane).await;
}

/// An id as it stands in lanes.
fn bytes(id: Id) -> Vec<u8> {
    let number = u128::from_str_radix(&hex(id), 16).unwrap();
    number.to_be_bytes().to_vec()
}

async fn of_items(bed: &Bed, case: &str) -> bool {
    match case {
        "an unknown key" => bed.put(bed.key("#Z", "@"), []).await,
        "a key that begins like the tenant's" => bed.put(bed.key("X", "@"), []).await,
        "an item of nobody" => bed.put(beside("somebody else", "x"), []).await,
        "an alias of nobody" => bed.put(bed.key("#N#0#userName#=x", "@"), []).await,
        "an outbox item that never expires" => {
            let entry = [
                ("k", text("user.updated")),
                ("rid", text(hex(bed.ada))),
                ("v", Attr::N(1)),
                ("actor", text("a")),
                ("req", text("r")),
            ];
            bed.put(bed.key("#X", OLD), entry).await;
        }
        "a token of another secret" => {
            let digest = [("sha256", Attr::B(vec![1; 32]))];
            let key = bed.key("", format!("K#{}", "A".repeat(43)));
            bed.put(key, digest).await;
        }
        "a token of no connection" => {
            let token = [("sha256", Attr::B(vec![1; 32])), ("cid", text(GONE))];
            let key = bed.key("", format!("K#{}AQE", "AQEB".repeat(10)));
            bed.put(key, token).await;
        }
        "a connection that does not read" => {
            let all = bed.items().await;
            let connection = all.keys().find(|key| key.sk.starts_with("C#"));
            bed.update(connection.unwrap().clone(), [], &["p"]).await;
        }
        "a client that does not read" => {
            bed.put(bed.key("", format!("O#{GONE}")), [("cid", text(GONE))])
                .await;
        }
        "a client of no connection" => client(bed).await,
        "a refusal without status" => {
            let refusal = [
                ("m", text("POST")),
                ("rt", text("/Users")),
                ("er", text("uniqueness")),
                ("actor", text("a")),
                ("req", text("r")),
                ("exp", Attr::N(1)),
            ];
            bed.put(bed.key("#E", OLD), refusal).await;
        }
        "a kept record that does not read" => {
            bed.put(bed.key("#Z", hex(bed.gone)), []).await;
        }
        "a schema that does not read" => bed.put(bed.key("", "S#urn:x"), []).await,
        _ => return false,
    }
    true
}

/// A client whose connection is gone.
async fn client(bed: &Bed) {
    let tenant = bed.tenant();
    let connection = bed.store.connections(tenant.scope()).await.unwrap();
    let new = NewClient {
        label: "nightly".to_owned(),
        method: AuthMethod::Secret,
        scopes: None,
        access_token_life: None,
    };
    let made = bed
        .store
        .create_client(tenant.scope(), &connection[0].id, &new);
    let id = made.await.unwrap().0.id;
    let all = bed.items().await;
    let client = all.keys().find(|key| {
        let name = key.sk.strip_prefix("O#");
        name.is_some_and(|name| id.ends_with(name))
    });
    bed.update(client.unwrap().clone(), [("cid", text(GONE))], &[])
        .await;
}

async fn of_tenants(bed: &Bed, case: &str) -> bool {
    let tenant = bed.tenant().scope().to_string();
    let row = beside("A#tenants", &tenant);
    match case {
        "no config" => bed.remove(bed.key("", "@")).await,
        "a config without name" => bed.update(bed.key("", "@"), [], &["name"]).await,
        "no note of a group in a group" => bed.update(bed.key("", "@"), [], &["nested"]).await,
        "no note of twins" => bed.update(bed.key("", "@"), [], &["twx"]).await,
        "no note of groups with one name" => twin_group(bed).await,
        "no registry row" => bed.remove(row).await,
        "a registry row without name" => bed.update(row, [], &["name"]).await,
        "another name" => bed.put(row, [("name", text("contoso"))]).await,
        "no name" => bed.remove(beside("A#name#fabrikam", "@")).await,
        "a second name" => {
            let name = [("t", text(tenant))];
            bed.put(beside("A#name#contoso", "@"), name).await;
        }
        _ => return false,
    }
    true
}

/// Team has its name as the twin of a group that went, from a time before the tenant noted such.
async fn twin_group(bed: &Bed) {
    let team = hex(bed.team);
    let twins = Attr::Ss(vec!["displayName".to_owned()]);
    bed.update(bed.document(bed.team), [("tw", twins)], &[])
        .await;
    let alias = |slot: String| bed.key("#N#1#displayName#=team", slot);
    bed.remove(alias("@".to_owned())).await;
    bed.put(alias(team.clone()), [("id", text(team))]).await;
}

/// A key outside of every tenant.
fn beside(pk: &str, sk: &str) -> Key {
    let (pk, sk) = (pk.to_owned(), sk.to_owned());
    Key { pk, sk }
}
