//! The rules of a table over every table we have: embedded in memory and in a file, behind wrappers, over HTTP, and over
//! the endpoint that `AWS_ENDPOINT_URL_DYNAMODB` names.

#![cfg(feature = "local")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use std::any::Any;
use std::future::pending;
use std::sync::Arc;

use serverless_scim::table::wrappers::{FrozenIndexes, Metered};
use serverless_scim::table::{DynamoDb, Table, conformance, create_table, embedded};
use serverless_scim::table::{aws_config, emulator_config};

mod table {
    mod durable;
    mod fenced;
    mod sessions;
    mod torn;
    mod wrappers;
}

/// A table under test, and what it needs to live.
struct Backend {
    table: Arc<dyn Table>,
    _keep: Box<dyn Any>,
}

fn backend(table: impl Table + 'static, keep: impl Any) -> Backend {
    Backend {
        table: Arc::new(table),
        _keep: Box::new(keep),
    }
}

mod backends {
    use super::*;

    pub(super) async fn memory() -> Backend {
        backend(embedded::memory().await.expect("memory"), ())
    }

    pub(super) async fn file() -> Backend {
        let folder = tempfile::tempdir().expect("folder");
        let table = embedded::file(&folder.path().join("scim.db"))
            .await
            .expect("file");
        backend(table, folder)
    }

    pub(super) async fn wrapped() -> Backend {
        let table = Arc::new(embedded::memory().await.expect("memory"));
        let frozen = FrozenIndexes::new(Arc::new(Metered::new(table)));
        backend(frozen, ())
    }

    /// An emulator's own HTTP server, so that the SDK's requests travel as they do to AWS.
    pub(super) async fn http() -> Backend {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("port");
        let endpoint = format!("http://{}", listener.local_addr().expect("address"));
        let database = dynoxide::Database::memory().expect("database");
        tokio::spawn(dynoxide::server::serve_with_shutdown(
            listener,
            database,
            pending(),
        ));
        let table = DynamoDb::from_config(&emulator_config(&endpoint), "scim");
        create_table(&table).await.expect("table");
        create_table(&table).await.expect("the same table again");
        backend(table, ())
    }

    pub(super) async fn endpoint() -> Option<Backend> {
        std::env::var_os("AWS_ENDPOINT_URL_DYNAMODB")?;
        let table = DynamoDb::from_config(&aws_config().await, "scim-conformance");
        create_table(&table).await.expect("table");
        Some(backend(table, ()))
    }
}

macro_rules! rules {
    ($($backend:ident)*) => { $(mod $backend { rules! { @named $backend
        writes::a_put_is_read_back_whole_and_replaces
        writes::an_update_sets_adds_and_removes
        writes::an_update_of_nothing_makes_the_item
        writes::adding_to_text_is_invalid
        writes::a_delete_removes_and_may_find_nothing
        writes::conditions_hold_or_fail
        writes::a_failed_condition_brings_the_item
        writes::missing_or_equal
        writes::keys_beyond_their_length_are_refused
        writes::an_item_has_at_most_400_kb
        transactions::all_or_nothing_with_a_reason_for_each
        transactions::every_kind_of_write_at_once
        transactions::a_transaction_sent_twice_happens_once
        transactions::a_token_serves_one_transaction
        transactions::a_hundred_writes_and_no_more
        transactions::a_key_is_written_once
        transactions::more_than_four_megabytes_are_refused
        transactions::one_winner_for_each_version
        queries::sort_keys_stand_in_byte_order
        queries::ranges_hold_what_they_say
        queries::a_strong_query_sees_the_last_write
        queries::pages_join_and_the_limit_counts
        queries::a_page_has_at_most_a_megabyte
        queries::a_batch_finds_what_is_there
        index::an_item_is_in_an_index_when_it_has_both_keys
        index::an_index_holds_keys_only
        index::an_index_is_asked_by_range_in_both_directions
        index::index_pages_join_where_keys_repeat
    } })* };
    (@named $backend:ident $($group:ident::$rule:ident)*) => { $(
        #[tokio::test]
        async fn $rule() {
            let backend: Option<super::Backend> = super::backends::$backend().await.into();
            let Some(backend) = backend else {
                eprintln!("skipped: AWS_ENDPOINT_URL_DYNAMODB names no endpoint");
                return;
            };
            let table = backend.table.as_ref();
            super::conformance::$group::$rule(table).await.expect("the rule's calls succeed");
        }
    )* };
}

rules! { memory file wrapped http endpoint }
