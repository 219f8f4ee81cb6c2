//! The command: its exit status, its words and its JSON, and that looking changes nothing.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use serverless_scim::table::{Attr, DynamoDb, Item, Key, Table as _, Write, embedded};
use tempfile::TempDir;

use crate::support::Server;
use crate::support::process::{run, text};

fn check(data: &Path, options: &[&str]) -> Output {
    run(&[&["check", "--data", text(data)], options].concat())
}

fn words(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

async fn open(data: &Path) -> DynamoDb {
    let table = embedded::file_as_it_is(&data.join("scim.db")).await;
    table.expect("a table")
}

async fn items(data: &Path) -> Vec<Item> {
    let table = open(data).await;
    let mut items = table.scan(None).await.expect("a page").items;
    items.sort_by(|one, other| one.key.cmp(&other.key));
    items
}

/// A served user and group, and the user's alias lost.
async fn damaged() -> (TempDir, String) {
    let data = TempDir::new().expect("a folder");
    let server = Server::on(data.path());
    let client = server.client();
    let id = client.user("Ozzy@fabrikam.example").await;
    client.group("Team", std::slice::from_ref(&id)).await;
    let (status, shown, _) = words(&check(data.path(), &[]));
    assert_eq!(status, Some(0), "{shown}");
    server.kill();
    let all = items(data.path()).await;
    let alias = all
        .iter()
        .find(|item| item.key.pk.ends_with("#userName#=ozzy@fabrikam.example"));
    let key: Key = alias.expect("an alias").key.clone();
    let table = open(data.path()).await;
    let delete = Write::Delete {
        key,
        condition: None,
    };
    table.write(&delete).await.expect("a deletion");
    (data, id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finding_is_told_without_values_and_repaired_when_asked() {
    let (data, id) = damaged().await;
    let before = items(data.path()).await;
    let (status, shown, log) = words(&check(data.path(), &[]));
    assert_eq!((status, log.as_str()), (Some(1), ""), "{shown}");
    let finding =
        format!("default: User {id}: a value of userName has no alias, so no lookup finds it");
    assert!(shown.starts_with(&format!("{finding}\n\n")), "{shown}");
    assert!(
        shown.contains("\nmemberships                   1\n"),
        "{shown}"
    );
    assert!(
        shown.contains("\nfindings                      1\n"),
        "{shown}"
    );
    // A part that no id can contain.
    assert!(!shown.to_lowercase().contains("ozzy"), "{shown}");

    let (status, shown, _) = words(&check(data.path(), &["--json", "--tenant", "Default"]));
    let report: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((status, &report["exitStatus"]), (Some(1), &json!(1)));
    let expected = json!([{
        "tenant": "default",
        "kind": "alias",
        "resource": id,
        "attribute": "userName",
        "text": format!("User {id}: a value of userName has no alias, so no lookup finds it"),
        "repairable": true,
    }]);
    assert_eq!(report["findings"], expected);
    assert_eq!(items(data.path()).await, before, "a look changes nothing");

    let (status, shown, _) = words(&check(data.path(), &["--repair"]));
    assert_eq!(status, Some(0), "{shown}");
    assert!(
        shown.starts_with(&format!("Repaired: {finding}\n")),
        "{shown}"
    );
    assert!(shown.ends_with("The table is sound.\n"), "{shown}");
    assert_eq!(items(data.path()).await.len(), before.len() + 1);
}

/// A look removes nothing, not even what has expired.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_item_is_no_finding_and_stays_for_serve_to_remove() {
    let data = TempDir::new().expect("a folder");
    run(&["tenant", "create", "fabrikam", "--data", text(data.path())]);
    let before = items(data.path()).await;
    let own = |item: &&Item| item.key.pk.starts_with("T#") && item.key.sk == "@";
    let config = before.iter().find(own);
    let pk = format!("{}#E", config.expect("a tenant's item").key.pk);
    let string = |text: &str| Attr::S(text.to_owned());
    let expired = Write::Put {
        key: Key {
            pk,
            sk: "01K00000000000000000000000".to_owned(),
        },
        attrs: [
            ("m", string("POST")),
            ("rt", string("/Users")),
            ("st", Attr::N(409)),
            ("er", string("uniqueness")),
            ("actor", string("a")),
            ("req", string("r")),
            ("exp", Attr::N(1)),
        ]
        .into(),
        condition: None,
    };
    let put = open(data.path()).await;
    put.write(&expired).await.expect("a put");
    drop(put);
    let (status, shown, _) = words(&check(data.path(), &[]));
    assert_eq!(status, Some(0), "{shown}");
    assert_eq!(items(data.path()).await.len(), before.len() + 1);
    Server::on(data.path()).kill();
    let after = items(data.path()).await;
    assert!(
        !after.iter().any(|item| item.key == *expired.key()),
        "{after:?}"
    );
}

#[tokio::test]
async fn where_nothing_can_be_checked_one_sentence_says_why() {
    let empty = TempDir::new().expect("a folder");
    let (status, shown, log) = words(&check(empty.path(), &[]));
    assert_eq!((status, shown.as_str()), (Some(2), ""));
    assert!(log.starts_with("there is no data in "), "{log}");
    assert_eq!(std::fs::read_dir(empty.path()).expect("it").count(), 0);

    let data = TempDir::new().expect("a folder");
    run(&["tenant", "create", "fabrikam", "--data", text(data.path())]);
    let (status, shown, log) = words(&check(data.path(), &["--tenant", "contoso"]));
    assert_eq!((status, shown.as_str()), (Some(2), ""));
    assert!(log.contains("there is no tenant \"contoso\""), "{log}");
    assert_eq!(
        check(data.path(), &["--tenant", "FABRIKAM"]).status.code(),
        Some(0)
    );
    assert_eq!(run(&["check"]).status.code(), Some(2));
}
