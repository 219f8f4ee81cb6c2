//! The two indexes, which may be late.

use std::time::Duration;

use super::{
    Attrs, Held, Page, Query, Range, Table, Update, Write, all, delete, item, key, partition, put,
    sort_keys, text,
};
use crate::table::{BY_EXTERNAL_ID, BY_NAME, Index};

/// How often a late index is asked again, and how many times: ten seconds.
const POLL: Duration = Duration::from_millis(100);
const POLLS_MAX: u32 = 100;

/// Waits for the index to show these sort keys of the table in this order.
async fn shows(table: &dyn Table, index: Index, query: &Query, expected: &[&str]) -> Held {
    let mut found = Page::default();
    for _ in 0..POLLS_MAX {
        found = table.query_index(index, query).await?;
        if sort_keys(&found.items) == expected {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
    assert_eq!(sort_keys(&found.items), expected);
    Ok(())
}

fn named(pk: &str, name: &str) -> Attrs {
    Attrs::from([("np", text(pk)), ("ns", text(name))])
}

pub async fn an_item_is_in_an_index_when_it_has_both_keys(table: &dyn Table) -> Held {
    let pk = partition("membership");
    let at = key(&pk, "@");
    let query = all(&pk);
    let write = |update: Update| Write::Update {
        key: at.clone(),
        update,
        condition: None,
    };
    let set = |name, value: &str| {
        write(Update {
            set: [(name, text(value))].into(),
            ..Update::default()
        })
    };
    let remove = |name| {
        write(Update {
            remove: vec![name],
            ..Update::default()
        })
    };
    table.write(&put(at.clone(), Attrs::new())).await?;
    shows(table, BY_NAME, &query, &[]).await?;
    for (change, there) in [
        (set("np", &pk), false),
        (set("ns", "ada"), true),
        (set("ns", "bea"), true),
        (remove("np"), false),
        (set("np", &pk), true),
        (delete(at.clone()), false),
    ] {
        table.write(&change).await?;
        let expected: &[&str] = if there { &["@"] } else { &[] };
        shows(table, BY_NAME, &query, expected).await?;
        shows(table, BY_EXTERNAL_ID, &query, &[]).await?;
    }
    Ok(())
}

pub async fn an_index_holds_keys_only(table: &dyn Table) -> Held {
    let pk = partition("projection");
    let at = key(&pk, "@");
    let mut attrs = named(&pk, "ada");
    attrs.insert("d", text("document"));
    attrs.insert("xp", text(&pk));
    attrs.insert("xs", text("0a21"));
    table.write(&put(at.clone(), attrs)).await?;
    shows(table, BY_NAME, &all(&pk), &["@"]).await?;
    shows(table, BY_EXTERNAL_ID, &all(&pk), &["@"]).await?;
    let page = table.query_index(BY_NAME, &all(&pk)).await?;
    assert_eq!(page.items, [item(&at, named(&pk, "ada"))]);
    let page = table.query_index(BY_EXTERNAL_ID, &all(&pk)).await?;
    let external = Attrs::from([("xp", text(&pk)), ("xs", text("0a21"))]);
    assert_eq!(page.items, [item(&at, external)]);
    Ok(())
}

pub async fn an_index_is_asked_by_range_in_both_directions(table: &dyn Table) -> Held {
    let pk = partition("index_range");
    for (sk, name) in [("1", "hr\u{1}x"), ("2", "hr!\u{1}y"), ("3", "it\u{1}z")] {
        table.write(&put(key(&pk, sk), named(&pk, name))).await?;
    }
    let query = |range, descending| Query {
        range,
        descending,
        ..all(&pk)
    };
    let prefix = || Range::BeginsWith("hr".to_owned());
    shows(table, BY_NAME, &query(prefix(), false), &["1", "2"]).await?;
    shows(table, BY_NAME, &query(prefix(), true), &["2", "1"]).await?;
    let above = Range::Greater("hr\u{1}x".to_owned());
    shows(table, BY_NAME, &query(above, false), &["2", "3"]).await
}

/// Index keys need not be unique, and pages that end between equal ones neither skip nor repeat.
pub async fn index_pages_join_where_keys_repeat(table: &dyn Table) -> Held {
    let pk = partition("repeated");
    for n in 0..7 {
        let name = if n < 5 { "same" } else { "tail" };
        let at = key(&format!("{pk}#{n}"), "@");
        table.write(&put(at, named(&pk, name))).await?;
    }
    shows(table, BY_NAME, &all(&pk), &["@"; 7]).await?;
    for descending in [false, true] {
        let mut query = Query {
            limit: Some(2),
            descending,
            ..all(&pk)
        };
        let mut partitions = Vec::new();
        loop {
            let page = table.query_index(BY_NAME, &query).await?;
            assert!(page.items.len() <= 2);
            partitions.extend(page.items.into_iter().map(|item| item.key.pk));
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        partitions.sort();
        let expected: Vec<_> = (0..7).map(|n| format!("{pk}#{n}")).collect();
        assert_eq!(partitions, expected, "descending: {descending}");
    }
    Ok(())
}
