//! `Table` over the DynamoDB SDK: render, send, map.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::expression::Expression;
use super::item::{PK, SK, Unkeyed, Wire};
use super::outcome::Attempts;
use super::write::in_transaction;
use super::{
    Consistency, Cursor, Index, Item, Key, Page, Query, Range, Table, TableError, Transaction,
    Write, client, item, limits,
};

/// Items of one page of a scan, so that it comes in time over a slow line as well.
const SCAN_PAGE: i32 = 1_000;

/// One DynamoDB table, wherever its client leads: AWS, an emulator, the engine in this process.
#[derive(Debug, Clone)]
pub struct DynamoDb {
    pub(super) client: Client,
    pub(super) table_name: String,
}

impl DynamoDb {
    /// The table of that name, with the time limits and retries that a request can afford.
    pub fn from_config(config: &SdkConfig, table_name: impl Into<String>) -> Self {
        Self::new(client::over_a_network(config), table_name)
    }

    pub(super) fn new(config: Builder, table_name: impl Into<String>) -> Self {
        Self {
            client: Client::from_conf(config.build()),
            table_name: table_name.into(),
        }
    }

    async fn ask(
        &self,
        query: &Query,
        index: Option<Index>,
        how: impl FnOnce(QueryFluentBuilder) -> QueryFluentBuilder + Send,
    ) -> Result<Page, TableError> {
        limits::query(query)?;
        if matches!(&query.range, Range::Between(low, high) if low > high) {
            return Ok(Page::default());
        }
        let mut expression = Expression::default();
        let keys = index.map_or((PK, SK), |index| (index.pk, index.sk));
        let text = expression.range(keys, &query.pk, &query.range);
        let limit = query
            .limit
            .map(|limit| i32::try_from(limit).unwrap_or(i32::MAX));
        let attempts = Attempts::default();
        let call = self
            .client
            .query()
            .table_name(&self.table_name)
            .key_condition_expression(text)
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values())
            .scan_index_forward(!query.descending)
            .set_limit(limit)
            .set_exclusive_start_key(query.after.as_ref().map(|c| item::cursor(c, index)));
        let answer = how(call)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await
            .map_err(|error| attempts.failure(error))?;
        let next = answer
            .last_evaluated_key
            .map(|wire| item::read_cursor(wire, index))
            .transpose()?;
        Ok(Page {
            items: items(answer.items.unwrap_or_default())?,
            next,
        })
    }
}

#[async_trait]
impl Table for DynamoDb {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        limits::key(key)?;
        let attempts = Attempts::default();
        let answer = self
            .client
            .get_item()
            .table_name(&self.table_name)
            .set_key(Some(item::key(key)))
            .consistent_read(true)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await
            .map_err(|error| attempts.failure(error))?;
        Ok(answer.item.map(item::read).transpose()?)
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        limits::batch(keys)?;
        if keys.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(item::key).collect()))
            .consistent_read(true)
            .build()?;
        let attempts = Attempts::default();
        let answer = self
            .client
            .batch_get_item()
            .request_items(&self.table_name, wanted)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await
            .map_err(|error| attempts.failure(error))?;
        let found = flat(answer.responses, |items| items);
        let unread = flat(answer.unprocessed_keys, |left| left.keys);
        let unread = unread.into_iter().map(item::read_key);
        Ok((items(found)?, unread.collect::<Result<_, _>>()?))
    }

    async fn query(&self, query: &Query, consistency: Consistency) -> Result<Page, TableError> {
        let strong = consistency == Consistency::Strong;
        self.ask(query, None, |call| call.consistent_read(strong))
            .await
    }

    async fn query_index(&self, index: Index, query: &Query) -> Result<Page, TableError> {
        self.ask(query, Some(index), |call| call.index_name(index.name))
            .await
    }

    async fn scan(&self, after: Option<&Cursor>) -> Result<Page, TableError> {
        let attempts = Attempts::default();
        let answer = self
            .client
            .scan()
            .table_name(&self.table_name)
            .consistent_read(true)
            .limit(SCAN_PAGE)
            .set_exclusive_start_key(after.map(|cursor| item::cursor(cursor, None)))
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await
            .map_err(|error| attempts.failure(error))?;
        let next = answer
            .last_evaluated_key
            .map(|wire| item::read_cursor(wire, None))
            .transpose()?;
        Ok(Page {
            items: items(answer.items.unwrap_or_default())?,
            next,
        })
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        limits::transaction(transaction)?;
        let writes = &transaction.writes;
        let rendered = writes
            .iter()
            .map(|write| in_transaction(&self.table_name, write))
            .collect::<Result<_, _>>()?;
        let attempts = Attempts::default();
        let answer = self
            .client
            .transact_write_items()
            .set_transact_items(Some(rendered))
            .client_request_token(&transaction.token)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        let Err(error) = answer else { return Ok(()) };
        let cancelled = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                attempts.cancelled(cancelled.cancellation_reasons(), writes.len())
            }
            _ => None,
        };
        Err(cancelled.unwrap_or_else(|| attempts.failure(error)))
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        limits::write(write)?;
        self.write_alone(write).await
    }
}

fn items(wire: Vec<Wire>) -> Result<Vec<Item>, Unkeyed> {
    wire.into_iter().map(item::read).collect()
}

/// The parts of an answer that is kept by table: we ask for one table only.
fn flat<T, V>(by_table: Option<HashMap<String, T>>, part: impl Fn(T) -> Vec<V>) -> Vec<V> {
    by_table
        .into_iter()
        .flat_map(HashMap::into_values)
        .flat_map(part)
        .collect()
}

impl From<Unkeyed> for TableError {
    fn from(error: Unkeyed) -> Self {
        TableError::Refused(error.into())
    }
}

impl From<BuildError> for TableError {
    fn from(error: BuildError) -> Self {
        TableError::Refused(error.into())
    }
}
