//! The embedded engine by its own functions: the same table, without the SDK's marshalling and signing, which without
//! optimisation take fifty times as long as the engine. One test compares the two.

use std::fmt;

use async_trait::async_trait;
use dynoxide::actions::batch_get_item::{BatchGetItemRequest, KeysAndAttributes};
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::put_item::PutItemRequest;
use dynoxide::actions::query::QueryRequest;
use dynoxide::actions::transact_write_items::{
    TransactConditionCheck, TransactDelete, TransactPut, TransactUpdate, TransactWriteItem,
    TransactWriteItemsRequest,
};
use dynoxide::actions::update_item::UpdateItemRequest;
use dynoxide::errors::CancellationReason;
use dynoxide::{Database, DynoxideError};
use serde_json::json;
use serverless_scim::table::{
    Consistency, Cursor, Index, Item, Key, Page, Query, Reason, Table, TableError, Transaction,
    Write,
};

use crate::wire::{Texts, Wire, item, key, value, wire};

const TABLE: &str = "scim";

pub(crate) struct Direct(Database);

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Direct")
    }
}

impl Direct {
    pub(crate) fn memory() -> Self {
        let database = Database::memory().unwrap();
        let part = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
        let text = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
        let request = json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [part("PK", "HASH"), part("SK", "RANGE")],
            "AttributeDefinitions": [text("PK"), text("SK")],
        });
        let request = serde_json::from_value(request).unwrap();
        database.create_table(request).unwrap();
        Self(database)
    }
}

fn all_old() -> String {
    "ALL_OLD".to_owned()
}

fn full(key: &Key, attrs: &serverless_scim::table::Attrs) -> Wire {
    let mut full = wire(key);
    full.extend(
        attrs
            .iter()
            .map(|(name, attr)| ((*name).to_owned(), value(attr))),
    );
    full
}

fn transacted(write: &Write) -> TransactWriteItem {
    let mut texts = Texts::default();
    let condition_expression = write
        .condition()
        .map(|condition| texts.condition(condition));
    let table_name = TABLE.to_owned();
    let mut whole = TransactWriteItem::default();
    match write {
        Write::Put { key, attrs, .. } => {
            whole.put = Some(TransactPut {
                table_name,
                item: full(key, attrs),
                condition_expression,
                expression_attribute_names: texts.names(),
                expression_attribute_values: texts.values(),
                return_values_on_condition_check_failure: Some(all_old()),
            });
        }
        Write::Update { key, update, .. } => {
            whole.update = Some(TransactUpdate {
                table_name,
                key: wire(key),
                update_expression: texts.update(update),
                condition_expression,
                expression_attribute_names: texts.names(),
                expression_attribute_values: texts.values(),
                return_values_on_condition_check_failure: Some(all_old()),
            });
        }
        Write::Delete { key, .. } => {
            whole.delete = Some(TransactDelete {
                table_name,
                key: wire(key),
                condition_expression,
                expression_attribute_names: texts.names(),
                expression_attribute_values: texts.values(),
                return_values_on_condition_check_failure: Some(all_old()),
            });
        }
        Write::Check { key, .. } => {
            whole.condition_check = Some(TransactConditionCheck {
                table_name,
                key: wire(key),
                condition_expression: condition_expression.unwrap_or_default(),
                expression_attribute_names: texts.names(),
                expression_attribute_values: texts.values(),
                return_values_on_condition_check_failure: Some(all_old()),
            });
        }
    }
    whole
}

fn reason(reason: CancellationReason) -> Reason {
    match reason.code.as_str() {
        "None" => Reason::None,
        "ConditionalCheckFailed" => Reason::Condition(reason.item.map(item)),
        "ValidationError" => Reason::Invalid,
        other => panic!("a transaction was cancelled for {other}"),
    }
}

fn failed(error: DynoxideError) -> TableError {
    match error {
        DynoxideError::TransactionCanceledException(_, reasons) => {
            TableError::Cancelled(reasons.into_iter().map(reason).collect())
        }
        DynoxideError::ConditionalCheckFailedException(_, old) => {
            TableError::Condition(old.map(item))
        }
        other => TableError::Refused(Box::new(other)),
    }
}

#[async_trait]
impl Table for Direct {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        let request = GetItemRequest {
            table_name: TABLE.to_owned(),
            key: wire(key),
            consistent_read: Some(true),
            ..GetItemRequest::default()
        };
        let found = self.0.get_item(request).map_err(failed)?;
        Ok(found.item.map(item))
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        if keys.is_empty() {
            return Ok((vec![], vec![]));
        }
        let keys = KeysAndAttributes {
            keys: keys.iter().map(wire).collect(),
            consistent_read: Some(true),
            ..KeysAndAttributes::default()
        };
        let request = BatchGetItemRequest {
            request_items: [(TABLE.to_owned(), keys)].into(),
            return_consumed_capacity: None,
        };
        let mut found = self.0.batch_get_item(request).map_err(failed)?;
        assert!(found.unprocessed_keys.is_empty());
        let items = found.responses.remove(TABLE).unwrap_or_default();
        Ok((items.into_iter().map(item).collect(), vec![]))
    }

    async fn query(&self, query: &Query, _: Consistency) -> Result<Page, TableError> {
        let mut texts = Texts::default();
        let request = QueryRequest {
            table_name: TABLE.to_owned(),
            key_condition_expression: Some(texts.range(query)),
            expression_attribute_names: texts.names(),
            expression_attribute_values: texts.values(),
            scan_index_forward: !query.descending,
            limit: query.limit.map(|limit| limit as usize),
            exclusive_start_key: query.after.as_ref().map(|after| wire(&after.key)),
            consistent_read: Some(true),
            ..QueryRequest::default()
        };
        let found = self.0.query(request).map_err(failed)?;
        let items = found.items.unwrap_or_default();
        let next = found.last_evaluated_key.map(|mut last| Cursor {
            key: key(&mut last),
            index_key: None,
        });
        Ok(Page {
            items: items.into_iter().map(item).collect(),
            next,
        })
    }

    async fn query_index(&self, _: Index, _: &Query) -> Result<Page, TableError> {
        panic!("each run has indexes of its own")
    }

    async fn scan(&self, _: Option<&Cursor>) -> Result<Page, TableError> {
        panic!("each run looks at its own part")
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        let request = TransactWriteItemsRequest {
            transact_items: transaction.writes.iter().map(transacted).collect(),
            client_request_token: Some(transaction.token.clone()),
            ..TransactWriteItemsRequest::default()
        };
        self.0
            .transact_write_items(request)
            .map(|_| ())
            .map_err(failed)
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        let mut texts = Texts::default();
        let condition_expression = write
            .condition()
            .map(|condition| texts.condition(condition));
        let table_name = TABLE.to_owned();
        let done = match write {
            Write::Put { key, attrs, .. } => self
                .0
                .put_item(PutItemRequest {
                    table_name,
                    item: full(key, attrs),
                    condition_expression,
                    expression_attribute_names: texts.names(),
                    expression_attribute_values: texts.values(),
                    return_values_on_condition_check_failure: Some(all_old()),
                    ..PutItemRequest::default()
                })
                .map(|_| ()),
            Write::Update { key, update, .. } => self
                .0
                .update_item(UpdateItemRequest {
                    table_name,
                    key: wire(key),
                    update_expression: Some(texts.update(update)),
                    condition_expression,
                    expression_attribute_names: texts.names(),
                    expression_attribute_values: texts.values(),
                    return_values_on_condition_check_failure: Some(all_old()),
                    ..UpdateItemRequest::default()
                })
                .map(|_| ()),
            Write::Delete { key, .. } => self
                .0
                .delete_item(DeleteItemRequest {
                    table_name,
                    key: wire(key),
                    condition_expression,
                    expression_attribute_names: texts.names(),
                    expression_attribute_values: texts.values(),
                    return_values_on_condition_check_failure: Some(all_old()),
                    ..DeleteItemRequest::default()
                })
                .map(|_| ()),
            Write::Check { .. } => panic!("a check alone"),
        };
        done.map_err(failed)
    }
}
