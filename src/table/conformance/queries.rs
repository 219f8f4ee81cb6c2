//! Reading a partition, and keys in bulk.

use super::{
    Attr, Attrs, Consistency, Held, Item, Key, Page, Query, Range, Table, TableError, all, delete,
    is_limit, item, key, partition, put, sort_keys, transaction,
};

/// In the order of their bytes, which is not that of UTF-16.
const ORDERED: [&str; 9] = ["A", "a", "a\u{1}", "a!", "aa", "b", "é", "\u{ffff}", "😀"];

async fn filled(table: &dyn Table, rule: &str) -> Result<String, TableError> {
    let pk = partition(rule);
    for sk in ORDERED.iter().rev() {
        table.write(&put(key(&pk, sk), Attrs::new())).await?;
    }
    Ok(pk)
}

pub async fn sort_keys_stand_in_byte_order(table: &dyn Table) -> Held {
    let mut query = all(&filled(table, "order").await?);
    let page = table.query(&query, Consistency::Strong).await?;
    assert_eq!(sort_keys(&page.items), ORDERED);
    query.descending = true;
    let page = table.query(&query, Consistency::Strong).await?;
    let mut reversed = ORDERED;
    reversed.reverse();
    assert_eq!(sort_keys(&page.items), reversed);
    Ok(())
}

pub async fn ranges_hold_what_they_say(table: &dyn Table) -> Held {
    let pk = filled(table, "ranges").await?;
    let t = |text: &str| text.to_owned();
    let cases: [(Range, &[&str]); 8] = [
        (Range::All, &ORDERED),
        (Range::BeginsWith(t("a")), &["a", "a\u{1}", "a!", "aa"]),
        (Range::BeginsWith(t("")), &ORDERED),
        (Range::Between(t("a!"), t("b")), &["a!", "aa", "b"]),
        (Range::Between(t("b"), t("a")), &[]),
        (Range::LessOrEqual(t("a\u{1}")), &["A", "a", "a\u{1}"]),
        (Range::Greater(t("é")), &["\u{ffff}", "😀"]),
        (Range::GreaterOrEqual(t("é")), &["é", "\u{ffff}", "😀"]),
    ];
    for (range, expected) in cases {
        let query = Query { range, ..all(&pk) };
        let page = table.query(&query, Consistency::Strong).await?;
        assert_eq!(sort_keys(&page.items), expected, "{:?}", query.range);
        assert_eq!(page.next, None);
    }
    Ok(())
}

pub async fn a_strong_query_sees_the_last_write(table: &dyn Table) -> Held {
    let pk = partition("strong");
    for n in 0..10 {
        let sk = n.to_string();
        table
            .transact(&transaction(vec![put(key(&pk, &sk), Attrs::new())]))
            .await?;
        let page = table.query(&all(&pk), Consistency::Strong).await?;
        assert_eq!(page.items.len(), n + 1);
    }
    Ok(())
}

/// Reads all pages and returns their sizes and their items together.
async fn pages(table: &dyn Table, mut query: Query) -> Result<(Vec<usize>, Page), TableError> {
    let (mut sizes, mut whole) = (Vec::new(), Page::default());
    loop {
        let page = table.query(&query, Consistency::Strong).await?;
        sizes.push(page.items.len());
        whole.items.extend(page.items);
        query.after = page.next;
        if query.after.is_none() {
            return Ok((sizes, whole));
        }
    }
}

pub async fn pages_join_and_the_limit_counts(table: &dyn Table) -> Held {
    let pk = filled(table, "pages").await?;
    for descending in [false, true] {
        let mut expected = ORDERED;
        if descending {
            expected.reverse();
        }
        for limit in [1, 2, 4, 100] {
            let query = Query {
                limit: Some(limit),
                descending,
                ..all(&pk)
            };
            let (sizes, whole) = pages(table, query).await?;
            assert_eq!(sort_keys(&whole.items), expected);
            let (last, full) = sizes.split_last().unwrap_or((&0, &[]));
            assert!(full.iter().all(|size| *size == limit as usize), "{sizes:?}");
            assert!(*last <= limit as usize, "{sizes:?}");
        }
    }
    Ok(())
}

pub async fn a_page_has_at_most_a_megabyte(table: &dyn Table) -> Held {
    let pk = partition("megabyte");
    let large = Attrs::from([("d", Attr::B(vec![1; 300_000]))]);
    for n in 0..5 {
        let at = key(&pk, &n.to_string());
        table.write(&put(at, large.clone())).await?;
    }
    let (sizes, whole) = pages(table, all(&pk)).await?;
    assert_eq!(sort_keys(&whole.items), ["0", "1", "2", "3", "4"]);
    assert!(
        sizes.len() > 1 && sizes.iter().all(|size| *size <= 4),
        "{sizes:?}"
    );
    for item in whole.items {
        table.write(&delete(item.key)).await?;
    }
    Ok(())
}

pub async fn a_batch_finds_what_is_there(table: &dyn Table) -> Held {
    let pk = partition("batch");
    let at = |n: usize| key(&pk, &n.to_string());
    for n in 0..3 {
        table.write(&put(at(n), [("n", Attr::N(7))].into())).await?;
    }
    let keys: Vec<Key> = (0..100).map(at).collect();
    let (mut items, unread) = table.batch_get(&keys).await?;
    items.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(unread, []);
    let expected: Vec<Item> = (0..3)
        .map(|n| item(&at(n), [("n", Attr::N(7))].into()))
        .collect();
    assert_eq!(items, expected);
    assert_eq!(table.batch_get(&[]).await?, (vec![], vec![]));
    let too_many: Vec<Key> = (0..101).map(at).collect();
    assert!(is_limit(&table.batch_get(&too_many).await));
    assert!(is_limit(&table.batch_get(&[at(0), at(0)]).await));
    Ok(())
}
