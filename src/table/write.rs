//! One write as the SDK's requests, alone and in a transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update as TransactUpdate,
};

use super::expression::Expression;
use super::outcome::Attempts;
use super::{Attrs, Condition, DynamoDb, Key, Query, Range, TableError, Update, Write, item};

/// A failed condition always brings the item as it stands.
const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

impl Write {
    pub fn put(key: Key, attrs: impl Into<Attrs>) -> Self {
        Self::Put {
            key,
            attrs: attrs.into(),
            condition: None,
        }
    }

    pub fn update(key: Key, update: Update) -> Self {
        Self::Update {
            key,
            update,
            condition: None,
        }
    }

    pub fn delete(key: Key) -> Self {
        Self::Delete {
            key,
            condition: None,
        }
    }

    pub fn check(key: Key, condition: Condition) -> Self {
        Self::Check { key, condition }
    }

    /// The same, provided that this holds.
    #[must_use]
    pub fn when(mut self, holds: impl Into<Option<Condition>>) -> Self {
        let holds = holds.into();
        match &mut self {
            Self::Put { condition, .. }
            | Self::Update { condition, .. }
            | Self::Delete { condition, .. } => *condition = holds,
            // It is nothing but its condition.
            Self::Check { .. } => {}
        }
        self
    }

    pub fn key(&self) -> &Key {
        match self {
            Write::Put { key, .. }
            | Write::Update { key, .. }
            | Write::Delete { key, .. }
            | Write::Check { key, .. } => key,
        }
    }

    pub fn condition(&self) -> Option<&Condition> {
        match self {
            Write::Put { condition, .. }
            | Write::Update { condition, .. }
            | Write::Delete { condition, .. } => condition.as_ref(),
            Write::Check { condition, .. } => Some(condition),
        }
    }
}

impl Update {
    pub fn set(attrs: impl Into<Attrs>) -> Self {
        Self {
            set: attrs.into(),
            ..Self::default()
        }
    }
}

impl Query {
    /// Everything in a partition, in the order of the sort keys.
    pub fn all(pk: String) -> Self {
        Self {
            pk,
            range: Range::All,
            descending: false,
            limit: None,
            after: None,
        }
    }
}

/// The expressions of one write.
#[derive(Debug)]
struct Texts {
    update: Option<String>,
    condition: Option<String>,
    names: Option<HashMap<String, String>>,
    values: Option<HashMap<String, AttributeValue>>,
}

impl Texts {
    fn new(update: Option<&Update>, condition: Option<&Condition>) -> Self {
        let mut expression = Expression::default();
        Self {
            update: update.map(|update| expression.update(update)),
            condition: condition.map(|condition| expression.condition(condition)),
            names: expression.names(),
            values: expression.values(),
        }
    }
}

/// Sets what the SDK's builders of every kind of write have in common.
macro_rules! guarded {
    ($builder:expr, $texts:expr) => {
        $builder
            .set_condition_expression($texts.condition)
            .set_expression_attribute_names($texts.names)
            .set_expression_attribute_values($texts.values)
            .return_values_on_condition_check_failure(ALL_OLD)
    };
}

/// Sends a write by itself.
macro_rules! alone {
    ($request:expr, $texts:expr, $error:ident) => {{
        let attempts = Attempts::default();
        let sent = guarded!($request, $texts)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        sent.map(drop)
            .map_err(|error| match error.as_service_error() {
                Some($error::ConditionalCheckFailedException(failed)) => unmet(failed),
                _ => attempts.failure(error),
            })
    }};
}

pub(super) fn in_transaction(table: &str, write: &Write) -> Result<TransactWriteItem, BuildError> {
    let whole = TransactWriteItem::builder();
    let condition = write.condition();
    let key = Some(item::key(write.key()));
    let whole = match write {
        Write::Put { key, attrs, .. } => {
            let put = Put::builder().set_item(Some(item::item(key, attrs)));
            let put = guarded!(put.table_name(table), Texts::new(None, condition));
            whole.put(put.build()?)
        }
        Write::Update { update, .. } => {
            let texts = Texts::new(Some(update), condition);
            let builder = TransactUpdate::builder().set_key(key);
            let builder = builder.set_update_expression(texts.update);
            whole.update(guarded!(builder.table_name(table), texts).build()?)
        }
        Write::Delete { .. } => {
            let delete = Delete::builder().set_key(key).table_name(table);
            whole.delete(guarded!(delete, Texts::new(None, condition)).build()?)
        }
        Write::Check { .. } => {
            let check = ConditionCheck::builder().set_key(key).table_name(table);
            whole.condition_check(guarded!(check, Texts::new(None, condition)).build()?)
        }
    };
    Ok(whole.build())
}

impl DynamoDb {
    pub(super) async fn write_alone(&self, write: &Write) -> Result<(), TableError> {
        let (table, condition) = (&self.table_name, write.condition());
        let key = Some(item::key(write.key()));
        match write {
            Write::Put { key, attrs, .. } => {
                let put = self.client.put_item().table_name(table);
                let put = put.set_item(Some(item::item(key, attrs)));
                alone!(put, Texts::new(None, condition), PutItemError)
            }
            Write::Update { update, .. } => {
                let texts = Texts::new(Some(update), condition);
                let builder = self.client.update_item().table_name(table).set_key(key);
                let builder = builder.set_update_expression(texts.update);
                alone!(builder, texts, UpdateItemError)
            }
            Write::Delete { .. } => {
                let delete = self.client.delete_item().table_name(table).set_key(key);
                alone!(delete, Texts::new(None, condition), DeleteItemError)
            }
            Write::Check { .. } => Err(TableError::Limit("a check stands in a transaction only")),
        }
    }
}

/// After an attempt that was not answered, the item may be what this very write left.
fn unmet(failed: &ConditionalCheckFailedException) -> TableError {
    match failed.item().cloned().map(item::read).transpose() {
        Ok(old) => TableError::Condition(old),
        Err(error) => error.into(),
    }
}
