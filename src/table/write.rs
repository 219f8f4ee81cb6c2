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
use super::{Attrs, Condition, DynamoDb, Key, TableError, Update, Write, item};

/// A failed condition always brings the item as it stands.
const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

impl Write {
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

pub(super) fn in_transaction(table: &str, write: &Write) -> Result<TransactWriteItem, BuildError> {
    let whole = TransactWriteItem::builder();
    let whole = match write {
        Write::Put {
            key,
            attrs,
            condition,
        } => {
            let texts = Texts::new(None, condition.as_ref());
            let put = Put::builder()
                .table_name(table)
                .set_item(Some(item::item(key, attrs)))
                .set_condition_expression(texts.condition)
                .set_expression_attribute_names(texts.names)
                .set_expression_attribute_values(texts.values)
                .return_values_on_condition_check_failure(ALL_OLD);
            whole.put(put.build()?)
        }
        Write::Update {
            key,
            update,
            condition,
        } => {
            let texts = Texts::new(Some(update), condition.as_ref());
            let update = TransactUpdate::builder()
                .table_name(table)
                .set_key(Some(item::key(key)))
                .set_update_expression(texts.update)
                .set_condition_expression(texts.condition)
                .set_expression_attribute_names(texts.names)
                .set_expression_attribute_values(texts.values)
                .return_values_on_condition_check_failure(ALL_OLD);
            whole.update(update.build()?)
        }
        Write::Delete { key, condition } => {
            let texts = Texts::new(None, condition.as_ref());
            let delete = Delete::builder()
                .table_name(table)
                .set_key(Some(item::key(key)))
                .set_condition_expression(texts.condition)
                .set_expression_attribute_names(texts.names)
                .set_expression_attribute_values(texts.values)
                .return_values_on_condition_check_failure(ALL_OLD);
            whole.delete(delete.build()?)
        }
        Write::Check { key, condition } => {
            let texts = Texts::new(None, Some(condition));
            let check = ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(item::key(key)))
                .set_condition_expression(texts.condition)
                .set_expression_attribute_names(texts.names)
                .set_expression_attribute_values(texts.values)
                .return_values_on_condition_check_failure(ALL_OLD);
            whole.condition_check(check.build()?)
        }
    };
    Ok(whole.build())
}

impl DynamoDb {
    pub(super) async fn write_alone(&self, write: &Write) -> Result<(), TableError> {
        let condition = write.condition();
        match write {
            Write::Put { key, attrs, .. } => self.put(key, attrs, condition).await,
            Write::Update { key, update, .. } => self.update(key, update, condition).await,
            Write::Delete { key, .. } => self.delete(key, condition).await,
            Write::Check { .. } => Err(TableError::Limit("a check stands in a transaction only")),
        }
    }

    async fn put(
        &self,
        key: &Key,
        attrs: &Attrs,
        condition: Option<&Condition>,
    ) -> Result<(), TableError> {
        let texts = Texts::new(None, condition);
        let attempts = Attempts::default();
        self.client
            .put_item()
            .table_name(&self.table_name)
            .set_item(Some(item::item(key, attrs)))
            .set_condition_expression(texts.condition)
            .set_expression_attribute_names(texts.names)
            .set_expression_attribute_values(texts.values)
            .return_values_on_condition_check_failure(ALL_OLD)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await
            .map(drop)
            .map_err(|error| match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => unmet(failed),
                _ => attempts.failure(error),
            })
    }

    async fn update(
        &self,
        key: &Key,
        update: &Update,
        condition: Option<&Condition>,
    ) -> Result<(), TableError> {
        let texts = Texts::new(Some(update), condition);
        let attempts = Attempts::default();
        self.client
            .update_item()
            .table_name(&self.table_name)
            .set_key(Some(item::key(key)))
            .set_update_expression(texts.update)
            .set_condition_expression(texts.condition)
            .set_expression_attribute_names(texts.names)
            .set_expression_attribute_values(texts.values)
            .return_values_on_condition_check_failure(ALL_OLD)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await
            .map(drop)
            .map_err(|error| match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => unmet(failed),
                _ => attempts.failure(error),
            })
    }

    async fn delete(&self, key: &Key, condition: Option<&Condition>) -> Result<(), TableError> {
        let texts = Texts::new(None, condition);
        let attempts = Attempts::default();
        self.client
            .delete_item()
            .table_name(&self.table_name)
            .set_key(Some(item::key(key)))
            .set_condition_expression(texts.condition)
            .set_expression_attribute_names(texts.names)
            .set_expression_attribute_values(texts.values)
            .return_values_on_condition_check_failure(ALL_OLD)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await
            .map(drop)
            .map_err(|error| match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(failed)) => unmet(failed),
                _ => attempts.failure(error),
            })
    }
}

/// After an attempt that was not answered, the item may be what this very write left.
fn unmet(failed: &ConditionalCheckFailedException) -> TableError {
    match failed.item().cloned().map(item::read).transpose() {
        Ok(old) => TableError::Condition(old),
        Err(error) => error.into(),
    }
}
